"""What holds for each subject, whichever system it drives."""

from dataclasses import replace

import numpy as np
import pytest

import reference.experiment
from compare.subjects import open_subject
from reference import SGD, Adam, Experiment, Parameters, RMSprop, draw_batches, train

NEEDS = {"torch": ("torch",), "jax": ("jax", "optax")}
ALL = ("w", "b", "v", "d")

TRAINED = Experiment(
    initial=Parameters(w=-1.5, b=0.5, v=0.75, d=0.25),
    trainable=ALL,
    negative_slope=0.3,
    optimizer=RMSprop(centered=True, momentum=0.5),
    batch_size=50,
    steps=10,
    constants="direct",
)


@pytest.fixture(scope="module", params=NEEDS)
def subject(request):
    for module in NEEDS[request.param]:
        pytest.importorskip(module)
    return open_subject(request.param)


def arrays(blocks):
    """Everything that a run's blocks say, as bytes by name; a state between two blocks once."""
    found = {"first_step": [], "x": [], "y": [], "y_pred": [], "loss": []}
    for block in blocks:
        for name in ("x", "y", "y_pred", "loss"):
            found[name].append(getattr(block, name))
        groups = {"parameters": block.parameters, **block.slots}
        for group, numbers in groups.items():
            for name, path in numbers._asdict().items():
                found.setdefault(f"{group} {name}", []).append(path if len(found["x"]) == 1 else path[1:])
        for name, path in block.gradient._asdict().items():
            found.setdefault(f"gradient {name}", []).append(path)
        found["first_step"].append(np.arange(block.first_step, block.first_step + len(block.x)))
    return {name: np.concatenate(paths).tobytes() for name, paths in found.items()}


def test_what_it_is_called_and_how_it_runs(subject):
    assert subject.name.split()[0] in ("PyTorch", "JAX")
    assert (subject.mode, subject.operations) in (("eager", "contracted"), ("xla", "fused"))
    assert subject.constants == "direct"
    assert subject.takes_optimizer
    assert (subject.system, subject.argument) in (("pytorch", 'subject="torch"'), ("optax", 'subject="jax"'))
    assert open_subject(subject) is subject
    assert subject.refuses("float32") is subject.refuses("float64") is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_dtypes_and_first_states(subject, dtype):
    experiment = replace(TRAINED, dtype=dtype)
    (block,) = subject.record(experiment)
    x, y = draw_batches(experiment)
    assert (block.first_step, block.x.tobytes(), block.y.tobytes()) == (0, x.tobytes(), y.tobytes())
    assert block.slots.keys() == {"velocity", "momentum", "average_gradient"}
    groups = {"parameters": (block.parameters, 11), "gradient": (block.gradient, 10)}
    for name, (group, length) in {**groups, **{n: (slot, 11) for n, slot in block.slots.items()}}.items():
        assert {(a.dtype.name, a.shape) for a in group} == {(dtype, (length,))}, name
    assert (block.y_pred.dtype.name, block.y_pred.shape) == (dtype, (10, 50))
    assert (block.loss.dtype.name, block.loss.shape) == (dtype, (10,))
    assert [path[0] for path in block.parameters] == [-1.5, 0.5, 0.75, 0.25]
    assert {path[0] for slot in block.slots.values() for path in slot} == {0.0}
    assert all((path[1:] != 0).all() for slot in block.slots.values() for path in slot)


@pytest.mark.parametrize("size", [150, 350, 50])
def test_blocks_are_as_one(subject, size, monkeypatch):
    one = list(subject.record(TRAINED))
    monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", size)
    several = list(subject.record(TRAINED))
    assert len(one) == 1
    assert [len(block.x) for block in several] == {150: [3, 3, 3, 1], 350: [7, 3], 50: [1] * 10}[size]
    assert arrays(several) == arrays(one)


def test_blocks_that_forget_the_optimizer_would_be_seen(subject):
    (one,) = subject.record(TRAINED)
    x, y = draw_batches(TRAINED)
    after = replace(TRAINED, initial=Parameters(*(path[7] for path in one.parameters)), steps=3)
    (rest,) = subject.record(after, (x[7:], y[7:]))
    assert rest.parameters.w[0] == one.parameters.w[7]
    assert rest.parameters.w[-1] != one.parameters.w[-1]


def test_runs_do_not_influence_each_other(subject):
    other = replace(TRAINED, seed=1, optimizer=replace(TRAINED.optimizer, learning_rate=0.1))
    first, between, again = (arrays(subject.record(e)) for e in (TRAINED, other, TRAINED))
    assert first == again
    assert first["parameters w"] != between["parameters w"]


def test_runs_that_take_turns_do_not_influence_each_other(subject, monkeypatch):
    alone = arrays(subject.record(TRAINED))
    monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", 150)
    turns = list(zip(subject.record(TRAINED), subject.record(replace(TRAINED, seed=1)), strict=True))
    assert arrays([block for block, _ in turns]) == alone
    assert arrays([block for _, block in turns]) != alone


@pytest.mark.parametrize("trainable", [("w",), ("b",), ("v", "d"), ("w", "d")])
def test_what_is_not_trained_stays(subject, trainable):
    experiment = replace(TRAINED, trainable=trainable, optimizer=Adam(learning_rate=0.01), steps=4)
    (block,) = subject.record(experiment)
    for name, start in experiment.initial._asdict().items():
        path = getattr(block.parameters, name)
        assert path[0] == start
        assert (path == start).all() == (name not in trainable)
        assert (getattr(block.gradient, name) is None) == (name not in trainable)
        assert {getattr(slot, name) is None for slot in block.slots.values()} == {name not in trainable}


def test_what_the_network_does_not_have_is_recorded_as_it_started(subject):
    (block,) = subject.record(Experiment(steps=3, batch_size=4))
    assert [path.tolist()[1:] for path in block.parameters[1:]] == [[0.0] * 3, [1.0] * 3, [0.0] * 3]
    assert block.gradient[1:] == (None, None, None)
    assert block.slots == {}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_that_diverges_is_recorded_to_the_end(subject, dtype):
    experiment = replace(TRAINED, optimizer=SGD(learning_rate=1e10), dtype=dtype, steps=60)
    (block,) = subject.record(experiment)
    finite = np.isfinite(block.parameters.w)
    assert finite[0]
    assert not finite[-1]
    assert not np.isfinite(block.loss[-1])
    assert all(np.isfinite(path).all() for path in next(iter(subject.record(TRAINED))).parameters)


def test_float64_is_real_there(subject):
    """Numbers of more bits than float32 has, of which nothing has to be rounded."""
    assert subject.in_single("float64") == frozenset()
    assert block_of(subject, "float64") == (1 + 2.0**-30, 2.0**-60, 2.0**-29, 1 + 2.0**-30 - 2.0**-31)
    assert block_of(subject, "float32") == (1.0, 0.0, 0.0, 1.0)


def block_of(subject, dtype):
    """One step of SGD from 1 + 2^-30 on a sample at 1, labelled 1."""
    ones = np.ones((1, 1), dtype)
    start = Parameters(w=1 + 2.0**-30)
    experiment = Experiment(initial=start, optimizer=SGD(learning_rate=0.25), batch_size=1, steps=1, dtype=dtype)
    (block,) = subject.record(experiment, (ones, ones))
    return block.y_pred[0, 0], block.loss[0], block.gradient.w[0], block.parameters.w[1]


def test_a_step_of_few_bits_is_that_of_the_reference(subject):
    x, y = np.array([[-1.0, 2.0, 4.0, 0.5]]), np.array([[0.0, 1.0, 4.0, 0.5]])
    experiment = replace(
        TRAINED,
        optimizer=SGD(learning_rate=0.25),
        negative_slope=0.5,
        initial=Parameters(w=-0.5, b=0.25, v=2.0, d=-1.0),
        batch_size=4,
        steps=1,
        dtype="float64",
        grad_at_zero=subject.at_kink(0.5, "float64"),  # where the last sample is
    )
    (block,) = subject.record(experiment, (x, y))
    run = train(experiment, batches=(x, y))
    assert [path.tolist() for path in block.parameters] == [path.tolist() for path in run.parameters]
    assert [path.tolist() for path in block.gradient] == [path.tolist() for path in run.gradient]
    assert block.loss.tolist() == run.loss.tolist()


def test_a_sample_on_the_kink_is_taken_as_the_probe_says(subject):
    x, y = np.array([[1.0]]), np.array([[-1.0]])
    experiment = Experiment(
        initial=Parameters(w=0.0), negative_slope=0.25, batch_size=1, steps=1, dtype="float64", constants="direct"
    )
    (block,) = subject.record(experiment, (x, y))
    assert (block.y_pred[0, 0], block.loss[0]) == (0.0, 1.0)
    assert block.gradient.w[0] == 2 * subject.at_kink(0.25, "float64") != 0


def test_a_probe_of_another_dtype_is_refused(subject):
    for ask in (lambda: subject.at_kink(0.5, "float16"), lambda: subject.subnormals("float16")):
        with pytest.raises(ValueError, match=r"^dtype must be float32 or float64, got 'float16'$"):
            ask()


def test_ensembles_and_batches_that_do_not_fit_are_refused(subject):
    ensemble = replace(TRAINED, initial=Parameters(w=[1.0, 2.0]))
    with pytest.raises(ValueError, match=r"^only the reference runs ensembles, got one of shape \(2,\)$"):
        list(subject.record(ensemble))
    x, y = draw_batches(replace(TRAINED, dtype="float64"))
    with pytest.raises(ValueError, match=r"^batches: x must be float32 of shape \(10, 50\), got float64 of .*$"):
        list(subject.record(TRAINED, (x, y)))
