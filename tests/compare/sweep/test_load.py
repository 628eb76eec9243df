"""Sweeps from tables: what may stand in one, and every mistake told at once."""

import tomllib

import numpy as np
import pytest

from compare.sweep import SweepError, load_sweep
from compare.sweep.reading.load import build_sweep, shipped_sweeps
from reference import SGD, Adam, RMSprop


def built(text):
    return build_sweep(tomllib.loads(text), "x.toml")


def mistakes(text):
    with pytest.raises(SweepError) as caught:
        built(text)
    return caught.value.lines


HEAD = '[sweep]\nname = "a"\n'


def test_what_comes_with_the_package_can_be_read_and_is_named_as_its_file():
    sweeps = {name: load_sweep(name) for name in shipped_sweeps()}
    assert {name: sweep.name for name, sweep in sweeps.items()} == {name: name for name in sweeps}
    assert all(sweep.says for sweep in sweeps.values())
    for neuron in ("relu", "leaky"):
        for optimizer in ("sgd", "momentum", "adam"):
            sweep = sweeps[f"{neuron}-{optimizer}"]
            assert sweep.shape == (2, 512, 512)
            assert dict(sweep.grid)["steps"] == (2000, 20000)
            assert (sweep.experiment.negative_slope > 0) == (neuron == "leaky")
            assert isinstance(sweep.experiment.optimizer, Adam if optimizer == "adam" else SGD)


def test_a_table_holds_lists_ranges_and_distributions():
    sweep = built(
        HEAD
        + """
        resolution = 0.25
        experiment = { negative_slope = 0.5, optimizer = { name = "RMSprop" } }
        [sweep.grid]
        optimizer.rho = [0.5, 0.75]
        initial.w = { from = -1.0, to = 1.0, number = 5 }
        "optimizer.learning_rate" = { from = 0.01, to = 1, number = 3, spacing = "log" }
        batch_size = { from = 1, to = 100, number = 3, spacing = "log" }
        [sweep.random]
        number = 7
        seed = 3
        initial = { b = { uniform = [0, 2] } }
        """
    )
    values = dict(sweep.grid)
    assert list(values) == ["optimizer.rho", "initial.w", "optimizer.learning_rate", "batch_size"]
    assert values["initial.w"] == (-1.0, -0.5, 0.0, 0.5, 1.0)
    assert values["batch_size"] == (1, 10, 100)
    assert values["optimizer.learning_rate"] == tuple(np.geomspace(0.01, 1, 3))
    assert (sweep.shape, sweep.size) == ((2, 5, 3, 3, 7), 630)
    assert [tuple(draw) for draw in sweep.draws] == [("initial.b", "uniform", 0.0, 2.0)]
    assert (sweep.random_seed, sweep.resolution) == (3, 0.25)
    assert sweep.experiment.optimizer == RMSprop()
    assert [axis.setting for axis in sweep.loops] == ["optimizer.rho", "batch_size"]


def test_optimizers_can_be_an_axis_each_with_its_own_defaults():
    sweep = built(HEAD + '[sweep.grid]\noptimizer.name = ["SGD", "Adam"]\ninitial.w = [1.0]')
    assert sweep.shape == (2, 1)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["sweep: is missing"]),
        ("sweep = 3", ["sweep = 3: must be a table"]),
        (HEAD, ['sweep.grid: is missing; a sweep needs "grid", "random" or both']),
        ('[sweep]\nname = "A b"\n[sweep.grid]\nsteps = [1]', ["lower-case words joined by hyphens"]),
        (HEAD + "[sweep.grdi]\nsteps = [1]", ['did you mean "grid"?']),
        (HEAD + "[sweep.grid]\nlearning_rate = [1.0]", ['cannot be varied; did you mean "optimizer.learning_rate"?']),
        (HEAD + "[sweep.grid]\noptimizer.beta_1 = [0.5]", ["cannot be varied"]),
        (HEAD + "[sweep.grid]\ninitial.w = []", ["sweep.grid.initial.w: must have 1 to 100,000 values, has 0"]),
        (HEAD + "[sweep.grid]\ninitial.w = [1.0, inf]", ["must be a finite number"]),
        (HEAD + "[sweep.grid]\ninitial.w = [1.0, 'x']", ["must be numbers"]),
        (HEAD + "[sweep.grid]\ninitial.w = [1.0, 1.0]", ["must have no value twice"]),
        (HEAD + "[sweep.grid]\ninitial.w = [1e39]", ["finite in float32"]),
        (HEAD + "[sweep.grid]\ninitial.w = {from = 1, to = 1, number = 3}", ["from a smaller to a larger number"]),
        (HEAD + "[sweep.grid]\ninitial.w = {from = 0, to = 1, number = 1}", ["must be at least 2"]),
        (HEAD + "[sweep.grid]\ninitial.w = {from = 0, to = 1, number = 3, spacing = 'log'}", ["must be above 0"]),
        (HEAD + "[sweep.grid]\ninitial.w = {from = 0, too = 1, number = 3}", ['did you mean "to"?', "to: is missing"]),
        (HEAD + "[sweep.grid]\nbatch_size = [0]", ["an integer of at least 1"]),
        (HEAD + "[sweep.grid]\nbatch_size = [1.5]", ["an integer of at least 1"]),
        (HEAD + "[sweep.grid]\nsteps = {from = 1, to = 2, number = 9}", ["must have no value twice"]),
        (HEAD + "[sweep.grid]\nbatch_size = {from = 0.5, to = 9.5, number = 3}", ["an integer of at least 1"]),
        (HEAD + "[sweep.grid]\noptimizer.name = ['Adm']", ['unknown optimizer; did you mean "Adam"?']),
        (HEAD + "[sweep.grid]\noptimizer.name = [1]", ["unknown optimizer"]),
        (HEAD + "[sweep.grid]\noptimizer.momentum = [0.5, 2.0]", ["must be in [0, 1], got 2.0"]),
        (HEAD + "[sweep.grid]\noptimizer.momentum = [true]", ["must be numbers"]),
        (HEAD + "[sweep.grid]\noptimizer.nesterov = [0.5]", ["must be True or False"]),
        (
            HEAD + "[sweep.grid]\noptimizer.name = ['SGD', 'Adam']\noptimizer.momentum = [0.5]",
            ["Adam has no setting 'momentum'"],
        ),
        (
            HEAD + "experiment.optimizer.name = 'SGD'\n[sweep.grid]\noptimizer.name = ['SGD']",
            ['must not stand beside an axis "optimizer.name"'],
        ),
        (HEAD + "[sweep.grid]\nsteps = [1]\n[sweep.random]\nnumber = 3", ["needs at least one setting to draw"]),
        (HEAD + "[sweep.random]\ninitial.w = {normal = [0, 1]}", ["sweep.random.number: is missing"]),
        (HEAD + "[sweep.random]\nnumber = 3\nsteps = {uniform = [1, 9]}", ["cannot be drawn"]),
        (HEAD + "[sweep.random]\nnumber = 3\ninitial.w = {normal = [0, 0]}", ["a standard deviation above 0"]),
        (HEAD + "[sweep.random]\nnumber = 3\ninitial.w = {uniform = [1, 0]}", ["from a smaller to a larger number"]),
        (HEAD + "[sweep.random]\nnumber = 3\ninitial.w = {log_uniform = [0, 1]}", ["must lie above 0"]),
        (HEAD + "[sweep.random]\nnumber = 3\ninitial.w = {normal = [0, 1e9]}", ["must lie within"]),
        (HEAD + "[sweep.random]\nnumber = 3\ninitial.w = {gamma = [0, 1]}", ["unknown key"]),
        (HEAD + "[sweep.random]\nnumber = 3\noptimizer.momentum = {uniform = [0, 2]}", ["must be in [0, 1]"]),
        (
            HEAD + "[sweep.grid]\ninitial.w = [1.0]\n[sweep.random]\nnumber = 3\ninitial.w = {normal = [0, 1]}",
            ["must not be drawn and on the grid too"],
        ),
        (
            HEAD + "[sweep.grid]\ninitial.w = {from = 0, to = 1, number = 5000}\n"
            "initial.b = {from = 0, to = 1, number = 5000}",
            ["at most 16,777,216 neurons, has 25,000,000"],
        ),
        (
            HEAD + "[sweep.grid]\nseed = {from = 0, to = 99999, number = 100000}",
            ["at most 10,000 values, each of which is a run of its own, has 100,000"],
        ),
        (
            HEAD + "[sweep.grid]\nseed = {from = 1, to = 200, number = 200}\n"
            "batch_size = {from = 1, to = 200, number = 200}",
            ["at most 10,000 runs of their own, has 40,000"],
        ),
        (
            HEAD + "[sweep.random]\nnumber = 20000\ninitial.b = {normal = [0, 1]}",
            ["at most 10,000 combinations of slopes and of starts that are not trained, has 20,000"],
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(text, lines):
    found = mistakes(text)
    assert len(found) == len(lines)
    for line, part in zip(found, lines, strict=True):
        assert line.startswith("x.toml: ")
        assert part in line
        assert "\n" not in line


def test_all_mistakes_are_told_at_once():
    found = mistakes(
        """
        [sweep]
        nmae = "a"
        resolution = 2
        experiment = { steps = 0, optimizer = { name = "SGD" } }
        [sweep.grid]
        setps = [1]
        "target.w" = "x"
        """
    )
    assert len(found) == 5
    experiment = mistakes(HEAD + "experiment = {dtype = 'float16', initial = {u = 1}}\n[sweep.grid]\nsteps = [1]")
    assert len(experiment) == 2
    several = mistakes(HEAD + "[sweep.grid]\nsetps = [1]\nbatch_size = [0]\n[sweep.random]\nnumber = 0")
    assert len(several) == 3


def test_names_and_descriptions_do_not_make_another_sweep_but_numbers_do():
    one = built(HEAD + 'says = "this"\n[sweep.grid]\ninitial.w = [1.0, 2.0]')
    named = built('[sweep]\nname = "b"\n[sweep.grid]\ninitial.w = [1.0, 2.0]')
    other = built(HEAD + "[sweep.grid]\ninitial.w = [1.0, 2.5]")
    finer = built(HEAD + "resolution = 0.5\n[sweep.grid]\ninitial.w = [1.0, 2.0]")
    assert one.key == named.key
    assert len({one.key, other.key, finer.key}) == 3


@pytest.mark.parametrize(
    ("content", "part"), [(b"\xff", "is not UTF-8"), (b"[sweep", "is not TOML"), (b"a = " + b"[" * 3000, "deeply")]
)
def test_a_file_that_is_no_toml_is_one_line(tmp_path, content, part):
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(SweepError, match=part) as caught:
        load_sweep(file)
    assert len(caught.value.lines) == 1


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(SweepError, match="cannot be read"):
        load_sweep(tmp_path / "none.toml")
