"""What is said about a mistake does not mislead: nothing is offered that is not near, nothing echoed that is long."""

import re

import pytest

from compare.bench.__main__ import main as bench
from compare.claims.reading.structure import nearest
from compare.defects.__main__ import main as defects
from compare.run.__main__ import main as run
from compare.sweep.__main__ import main as sweep

HEAD = '[[claim]]\nid = "a"\nsays = "It is so."\nsource = "a test"\n'
CHECK = '[[claim.check]]\nquantity = "w"\nwhen = "end"\nbelow = 0.0\n'


def said(tmp_path, capsys, text):
    """The lines about a claim file, without its name."""
    file = tmp_path / "mine.toml"
    file.write_text(text)
    assert run([str(file), "--list"]) == 2
    return [line.removeprefix(f"compare.run: {file}: ") for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[claim.experiment]\noptimizer = { name = "SGD", clipnorm = 1.0 }\n' + CHECK,
            "a: experiment.optimizer.clipnorm = 1.0: is an argument of Keras that is not supported here; "
            'allowed for SGD: "learning_rate", "momentum", "nesterov"',
        ),
        (
            CHECK.replace('"end"', "-1"),
            'a: check[1].when = -1: must be "end" or "ever" or "always" or an integer of at least 0',
        ),
        (
            f"[claim.experiment]\nseed = {'7' * 5000}\n{CHECK}",
            "holds a number of too many digits in line 6: at most 4300",
        ),
        (
            f"[claim.experiment]\nseed = {'7' * 4000}\n{CHECK}",
            "a: experiment.seed = an integer of 13288 bits: must be a finite number, within 1.7e308 of 0",
        ),
        (
            '[claim.experiment]\ndtype = "bfloat16"\n' + CHECK,
            'a: experiment.dtype = "bfloat16": allowed: "float32", "float64"',
        ),
        (
            "[claim.vary]\nlearning_rate = [0.1, 0.2, 0.3]\n" + CHECK,
            "a: vary.learning_rate: must have 2 entries, has 3",
        ),
        ("[claim.experiment]\nsteps = 2020-01-01\n" + CHECK, "a: experiment.steps = 2020-01-01: must be an integer"),
    ],
)
def test_a_claim_file(text, line, tmp_path, capsys):
    assert said(tmp_path, capsys, HEAD + text) == [line]


def test_one_bracket_too_few_is_told(tmp_path, capsys):
    (line,) = said(tmp_path, capsys, HEAD.replace("[[claim]]", "[claim]"))
    assert line.endswith("must be an array; double brackets around a heading make one")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lr", "learning_rate"),
        ("LEARNING_RATE", "learning_rate"),
        ("learnin_rate", "learning_rate"),
        ("sgd", "SGD"),
        ("rmsprop", "RMSprop"),
        ("beta1", "beta_1"),
        ("weight", "w"),
    ],
)
def test_what_is_near_is_offered(word, meant):
    names = ["SGD", "RMSprop", "learning_rate", "momentum", "nesterov", "beta_1", "beta_2", "w", "b"]
    assert nearest(word, names).startswith(f'did you mean "{meant}"?')


@pytest.mark.parametrize("word", ["clipnorm", "use_ema", "global_clipnorm", "rho", "ftrl", "beta_3", "7" * 5000, ""])
def test_what_is_not_near_is_not_offered(word):
    names = ["SGD", "RMSprop", "learning_rate", "momentum", "nesterov", "beta_1", "beta_2"]
    assert nearest(word, names).startswith("allowed: ")


LONG = "7" * 5000


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (run, ["--seed", LONG]),
        (run, ["--seed", f"-{LONG}"]),
        (run, ["--dtype", LONG]),
        (run, ["--only", LONG]),
        (run, [LONG]),
        (run, ["--out", f"{LONG}/x", "--only", "jump", "--no-keras"]),
        (run, ["--junit", f"{LONG}.xml", "--only", "jump", "--no-keras"]),
        (run, [f"--{LONG}"]),
        (sweep, ["--grid", f"initial.w={LONG}:2:3"]),
        (sweep, ["--grid", f"{LONG}=1,2"]),
        (sweep, ["--grid", "initial.w=1,2", "--seed", LONG]),
        (sweep, ["--grid", "initial.w=1,2", "--workers", LONG]),
        (sweep, ["--random", f"initial.w=normal:0:{LONG}", "--number", LONG]),
        (sweep, [LONG]),
        (bench, ["--rounds", LONG]),
        (bench, ["--only", LONG]),
        (defects, ["--jobs", LONG]),
        (defects, ["--only", LONG]),
    ],
    ids=lambda value: value.__module__ if callable(value) else value[0][:9],
)
def test_a_long_value_is_shortened(main, arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert all(len(line) < 700 for line in printed.splitlines())
    assert not re.search(r"7{201}", printed)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_without_arguments_says_what_to_do(capsys):
    assert sweep([]) == 2
    assert capsys.readouterr().err == (
        "compare.sweep: nothing to sweep over; name a file or one of --list, or give --grid or --random, "
        "such as --grid initial.w=-3:3:64\n"
    )


def test_an_argument_of_keras_that_is_not_here_is_told_to_a_sweep_too(capsys):
    assert sweep(["--grid", "optimizer.clipnorm=1,2"]) == 2
    assert "is an argument of Keras that is not supported here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (run, ["--out", ""]),
        (run, ["--junit", ""]),
        (run, [""]),
        (sweep, ["--out", ""]),
        (bench, ["--out", ""]),
        (defects, ["--out", ""]),
    ],
)
def test_an_empty_path_is_no_path(main, arguments, capsys):
    assert main(arguments) == 2
    assert "must be a path, which is not empty" in capsys.readouterr().err
