"""Training: whole paths by hand, what is recorded, ensembles, divergence."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

import reference.experiment
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Trajectory, draw_batches, train

DTYPES = ["float32", "float64"]
VARIANTS = [
    SGD(),
    SGD(momentum=0.9, nesterov=True),
    Adam(learning_rate=0.1, amsgrad=True),
    AdamW(learning_rate=0.1),
    RMSprop(momentum=0.5, centered=True),
]
ALL = ("w", "b", "v", "d")


def coarse(steps, batch_size, dtype):
    """Samples -1, 0 and 1: both branches and the kink of a neuron without bias."""
    x = np.random.default_rng(5).integers(-1, 2, (steps, batch_size))
    return x.astype(dtype), np.maximum(x, 0).astype(dtype)


def bits(run):
    groups = [run.parameters, run.gradient, *run.slots.values()]
    return [a if a is None else a.tobytes() for group in groups for a in group] + [run.loss.tobytes()]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("momentum", [Fraction(0), Fraction(1, 2)])
def test_a_whole_path_of_sgd_equals_the_rationals(momentum, dtype):
    # With slope 2, rate 1/4 and x whole, w and b are multiples of 1/2, 1/16 and 1/128 before
    # the three steps, with or without momentum: the squares of the errors fit 24 bits.
    x, y = coarse(3, 4, dtype)
    w, b, slope, lr = Fraction(-3, 2), Fraction(1, 2), Fraction(2), Fraction(1, 4)
    velocity = [Fraction(0), Fraction(0)]
    path, gradients, losses = [(w, b)], [], []
    for batch, labels in zip(x, y, strict=True):
        samples = [(Fraction(float(a)), Fraction(float(label))) for a, label in zip(batch, labels, strict=True)]
        sides = [1 if w * a + b > 0 else slope for a, _ in samples]
        errors = [side * (w * a + b) - label for side, (a, label) in zip(sides, samples, strict=True)]
        dw = sum(2 * e * k * a for e, k, (a, _) in zip(errors, sides, samples, strict=True)) / 4
        db = sum(2 * e * k for e, k in zip(errors, sides, strict=True)) / 4
        velocity = [momentum * m - lr * g for m, g in zip(velocity, (dw, db), strict=True)]
        w, b = w + velocity[0], b + velocity[1]
        path.append((w, b))
        gradients.append((dw, db))
        losses.append(sum(e**2 for e in errors) / 4)
    run = train(
        Experiment(
            initial=Parameters(-1.5, 0.5),
            trainable=("w", "b"),
            negative_slope=2.0,
            optimizer=SGD(learning_rate=0.25, momentum=float(momentum)),
            batch_size=4,
            steps=3,
            dtype=dtype,
        ),
        batches=(x, y),
    )
    assert list(zip(run.parameters.w.tolist(), run.parameters.b.tolist(), strict=True)) == path
    assert list(zip(run.gradient.w.tolist(), run.gradient.b.tolist(), strict=True)) == gradients
    assert run.loss.tolist() == losses


def test_the_derivative_at_the_kink_decides_whether_zero_is_left():
    # At w = 0 every sample is on the kink, and dL/dw = -(2/n) sum y x phi'(0): here -1 phi'(0).
    x = np.array([[1.0, -1.0]])
    ends = {}
    for at_zero in (None, 0.0, 0.5, 1.0):
        e = Experiment(
            initial=Parameters(w=0.0),
            grad_at_zero=at_zero,
            batch_size=2,
            steps=1,
            dtype="float64",
            optimizer=SGD(learning_rate=1.0),
        )
        ends[at_zero] = float(train(e, batches=(x, np.maximum(x, 0))).end.w)
    assert ends == {None: 0.0, 0.0: 0.0, 0.5: 0.5, 1.0: 1.0}


@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_shapes_and_dtypes_of_everything_recorded(optimizer):
    e = Experiment(
        initial=Parameters(w=[[1.0, 2.0, -3.0], [0.5, -1.0, 0.0]], b=0.25),
        trainable=("w", "b"),
        optimizer=optimizer,
        steps=5,
        batch_size=4,
    )
    for record, states, batches in (("all", 6, 5), ("end", 1, 1)):
        run = train(e, record=record)
        assert [p.shape for p in run.parameters] == [(states, 2, 3)] * 4
        assert [g if g is None else g.shape for g in run.gradient] == [(batches, 2, 3)] * 2 + [None] * 2
        assert run.loss.shape == (batches, 2, 3)
        assert tuple(run.slots) == optimizer.slots
        for slot in run.slots.values():
            assert [s if s is None else s.shape for s in slot] == [(states, 2, 3)] * 2 + [None] * 2
        assert [p.shape for p in run.end] == [(2, 3)] * 4
        assert {a.dtype for a in (*run.parameters, run.loss, run.gradient.w)} == {np.dtype("float32")}
        assert run.experiment is e


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_recording_the_end_only_is_the_end_of_recording_all(optimizer, dtype):
    e = Experiment(
        initial=Parameters(0.5, -0.25, 1.5, 0.125),
        trainable=ALL,
        negative_slope=0.3,
        optimizer=optimizer,
        steps=30,
        batch_size=20,
        dtype=dtype,
    )
    everything, end = train(e), train(e, record="end")
    assert end.loss == everything.loss[-1:]
    assert end.end == everything.end
    groups = ((run.gradient, *run.slots.values()) for run in (end, everything))
    for short, long in zip(*groups, strict=True):
        assert [a.tobytes() for a in short] == [a[-1:].tobytes() for a in long]


def test_parameters_that_are_not_trained_keep_their_start():
    e = Experiment(initial=Parameters(0.5, 0.25, 1.5, 0.125), trainable=("v",), steps=4, batch_size=50)
    run = train(e)
    assert [len(set(p.tolist())) for p in run.parameters] == [1, 1, 5, 1]
    assert [g is None for g in run.gradient] == [True, True, False, True]


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.25), SGD(learning_rate=0.25, momentum=0.5)], ids=repr)
def test_an_ensemble_is_its_single_runs_where_nothing_is_rounded(optimizer):
    batches = coarse(3, 4, "float64")
    w, b = np.array([[-1.5], [0.5], [0.0]]), np.array([0.5, -1.0])
    common = {"trainable": ("w", "b"), "negative_slope": 2.0, "optimizer": optimizer}
    common |= {"batch_size": 4, "steps": 3, "dtype": "float64"}
    together = train(Experiment(initial=Parameters(w, b), **common), batches=batches)
    for i, j in np.ndindex(3, 2):
        alone = train(Experiment(initial=Parameters(w[i, 0], b[j]), **common), batches=batches)
        for name in ("w", "b"):
            assert getattr(together.parameters, name)[:, i, j].tolist() == getattr(alone.parameters, name).tolist()
            assert getattr(together.gradient, name)[:, i, j].tolist() == getattr(alone.gradient, name).tolist()
        assert together.loss[:, i, j].tolist() == alone.loss.tolist()


@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_members_of_an_ensemble_do_not_influence_each_other(optimizer):
    common = {"trainable": ALL, "negative_slope": 0.3, "optimizer": optimizer, "steps": 20, "batch_size": 10}
    w = np.array([-2.0, 0.5, 3.0])
    run = train(Experiment(initial=Parameters(w), **common))
    other = train(Experiment(initial=Parameters(np.array([7.0, 0.5, -1.0])), **common))
    for ours, theirs in zip(run.parameters, other.parameters, strict=True):
        assert ours[:, 1].tobytes() == theirs[:, 1].tobytes()


@pytest.mark.parametrize("record", ["all", "end"])
def test_divergence_is_a_result_with_its_step(record):
    # Slope 1 and one sample x = 1 with label 1: w - 1 is multiplied by 1 - 2 lr = -2^21 in each
    # step. From w = 2 it is 2^126 after six steps, and beyond float32's 2^128 after seven.
    e = Experiment(
        initial=Parameters(w=[2.0, 1.0, 2.0**-100]),
        negative_slope=1.0,
        optimizer=SGD(learning_rate=2.0**20 + 0.5),
        batch_size=1,
        steps=12,
    )
    ones = np.ones((12, 1), np.float32)
    run = train(e, batches=(ones, ones), record=record)
    assert run.diverged_at.tolist() == [7, -1, 7]
    assert run.end.w[1] == 1
    assert not np.isfinite(run.end.w[[0, 2]]).any()


@pytest.mark.parametrize("record", ["all", "end"])
def test_a_single_run_says_at_which_step_it_stopped_being_finite_or_none(record):
    ones = np.ones((12, 1), np.float32)
    sgd = SGD(learning_rate=2.0**20 + 0.5)  # as above
    steep = Experiment(initial=Parameters(w=2.0), negative_slope=1.0, optimizer=sgd, batch_size=1, steps=12)
    assert train(steep, batches=(ones, ones), record=record).diverged_at == 7
    assert type(train(steep, batches=(ones, ones), record=record).diverged_at) is int
    assert train(Experiment(steps=12), record=record).diverged_at is None


def test_a_slot_that_overflows_counts_although_the_parameters_are_finite():
    # The squared gradient of about (2^80)^2 overflows; the step is then m / inf = 0 (and NaN in the next one).
    e = Experiment(initial=Parameters(w=2.0**80), optimizer=Adam(), batch_size=1, steps=1)
    ones = np.ones((1, 1), np.float32)
    run = train(e, batches=(ones, ones))
    assert run.diverged_at == 1
    assert np.isfinite(run.parameters.w).all()
    assert np.isinf(run.slots["velocity"].w[1])


def test_a_slope_beyond_one_diverges_quietly():
    e = Experiment(initial=Parameters(w=-1.0), negative_slope=50.0, optimizer=SGD(learning_rate=1.0), steps=50)
    assert train(e).diverged_at is not None


@pytest.mark.parametrize("record", ["all", "end"])
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_batches_drawn_in_blocks_train_as_batches_drawn_at_once(optimizer, record, monkeypatch):
    e = Experiment(optimizer=optimizer, steps=11, batch_size=6, trainable=("w", "b"))
    at_once = train(e, batches=draw_batches(e), record=record)
    monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", 24)
    assert bits(train(e, record=record)) == bits(at_once)


def test_training_repeats_to_the_bit():
    e = Experiment(trainable=ALL, optimizer=Adam(), steps=20)
    assert bits(train(e)) == bits(train(e))


E = Experiment(steps=2, batch_size=3)
GOOD = np.zeros((2, 3), np.float32)
WITH_NAN = np.array([[0, 1, 2], [3, np.nan, 5]], np.float32)
BAD_CALLS = [
    (lambda: train(E, record="last"), 'record must be "all", "end" or an integer of at least 1, got \'last\''),
    (lambda: train(E, record=None), 'record must be "all", "end" or an integer of at least 1, got None'),
    (lambda: train("relu"), "experiment must be an Experiment, got 'relu'"),
    (lambda: train(E, batches=GOOD), "batches must be a tuple of x and y, got ndarray"),
    (lambda: train(E, batches=(GOOD,)), "batches must be a tuple of x and y, got tuple of 1"),
    (
        lambda: train(E, batches=(GOOD.astype(np.float64), GOOD)),
        "batches: x must be float32 of shape (2, 3), got float64 of shape (2, 3)",
    ),
    (
        lambda: train(E, batches=(GOOD, GOOD.T)),
        "batches: y must be float32 of shape (2, 3), got float32 of shape (3, 2)",
    ),
    (lambda: train(E, batches=(GOOD, GOOD.tolist())), "batches: y must be float32 of shape (2, 3), got list"),
    (lambda: train(E, batches=(WITH_NAN, GOOD)), "batches: x must be finite, got nan at step 1, sample 1"),
    (lambda: train(E, batches=(GOOD, GOOD - np.inf)), "batches: y must be finite, got -inf at step 0, sample 0"),
]


@pytest.mark.parametrize(("call", "message"), BAD_CALLS, ids=[message[:60] for _, message in BAD_CALLS])
def test_a_bad_argument_is_refused_in_one_line(call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert str(error.value) == message


def test_a_trajectory_is_frozen_and_its_slots_are_read_only():
    run = train(Experiment(steps=2, optimizer=Adam()))
    assert isinstance(run, Trajectory)
    with pytest.raises(AttributeError):
        run.loss = None
    with pytest.raises(TypeError):
        run.slots["momentum"] = None


def test_a_member_of_an_ensemble_is_the_run_alone():
    optimizer = Adam(learning_rate=0.5)
    starts = Parameters(w=np.array([[-1.0, 2.0], [0.5, 3.0]]), b=np.array([0.25, 1e30]))
    common = {"trainable": ("w", "b"), "optimizer": optimizer, "steps": 4, "batch_size": 8}
    ensemble = train(Experiment(initial=starts, **common))
    for index, (w, b) in enumerate([(-1.0, 0.25), (2.0, 1e30), (0.5, 0.25), (3.0, 1e30)]):
        member, alone = ensemble.member(index), train(Experiment(initial=Parameters(w=w, b=b), **common))
        assert member.experiment == alone.experiment
        assert member.diverged_at == alone.diverged_at
        for ours, theirs in zip(
            (*member.parameters, member.loss, member.gradient.b, member.slots["velocity"].w),
            (*alone.parameters, alone.loss, alone.gradient.b, alone.slots["velocity"].w),
            strict=True,
        ):
            assert ours.tobytes() == theirs.tobytes()


RATES = np.array([0.25, 0.0, 0.5])
EACH_ITS_OWN = [
    SGD(learning_rate=RATES),
    SGD(learning_rate=RATES, momentum=[[0.0], [0.9]]),
    SGD(momentum=RATES, nesterov=True),
    Adam(learning_rate=RATES),
    AdamW(learning_rate=RATES),
    RMSprop(learning_rate=RATES, momentum=[[0.0], [0.5]]),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", EACH_ITS_OWN, ids=lambda o: type(o).__name__)
def test_a_member_with_settings_of_its_own_is_the_run_alone(optimizer, dtype):
    common = {"trainable": ("w", "b"), "steps": 4, "batch_size": 8, "dtype": dtype}
    starts, slopes = Parameters(w=-1.0, b=0.25), np.array([[0.3], [0.0]])
    ensemble = train(Experiment(initial=starts, negative_slope=slopes, optimizer=optimizer, **common))
    for index, (i, j) in enumerate(np.ndindex(2, 3)):
        own = {
            name: float(np.broadcast_to(getattr(optimizer, name), (2, 3))[i, j])
            for name in ("learning_rate", "momentum")
            if hasattr(optimizer, name)
        }
        alone = train(
            Experiment(
                initial=starts,
                negative_slope=float(slopes[i, 0]),
                optimizer=dataclasses.replace(optimizer, **own),
                **common,
            )
        )
        member = ensemble.member(index)
        assert member.experiment == alone.experiment
        assert member.slots.keys() == alone.slots.keys()
        paths = ((*t.parameters, *t.gradient[:2], t.loss, *(s.w for s in t.slots.values())) for t in (member, alone))
        for ours, theirs in zip(*paths, strict=True):
            assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("index", [4, -5])
def test_a_member_that_is_not_there_is_one_line(index):
    ensemble = train(Experiment(initial=Parameters(w=np.ones(4)), steps=1, batch_size=2))
    with pytest.raises(IndexError, match="member must be an index of an ensemble"):
        ensemble.member(index)


def test_a_single_run_has_no_members():
    with pytest.raises(IndexError, match=r"one of shape \(\)"):
        train(Experiment(steps=1, batch_size=2)).member(0)
