"""One neuron from two sums a batch: as a member of an ensemble, and as the readable neuron at the extremes."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target, draw_batches, train

DTYPES = ["float32", "float64"]
OPTIMIZERS = [
    SGD(),
    SGD(momentum=0.9, nesterov=True),
    RMSprop(momentum=0.5, centered=True),
]
POWERS = [
    Adam(learning_rate=0.1, amsgrad=True),
    AdamW(learning_rate=0.1),
]  # pow of a number is another than of an array


def same(one, other):
    """Whether two runs are the same numbers, to the bit."""
    pairs = [(one.parameters.w, other.parameters.w), (one.gradient.w, other.gradient.w), (one.loss, other.loss)]
    pairs += [(one.slots[name].w, other.slots[name].w) for name in one.slots]
    events = (one.crossed_at, one.diverged_at) == (other.crossed_at, other.diverged_at)
    return events and all(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", [0.0, 0.3, -0.5, 2.0])
@pytest.mark.parametrize("optimizer", OPTIMIZERS + POWERS, ids=repr)
def test_alone_is_the_member_of_an_ensemble_of_one(optimizer, slope, dtype):
    common = {"negative_slope": slope, "optimizer": optimizer, "steps": 300, "batch_size": 20, "dtype": dtype}
    for w, v, target in [(-1.0, 1.0, Target()), (2.0, -0.7, Target(-1.5, 0.0, 0.25)), (0.01, 3.0, Target())]:
        alone = train(Experiment(initial=Parameters(w, v=v), target=target, **common), method="moments")
        member = train(Experiment(initial=Parameters([w], v=v), target=target, **common), method="moments").member(0)
        assert same(alone, member)


def test_the_comparison_sees_one_bit():
    run = train(Experiment(steps=5), method="moments")
    w = run.parameters.w.copy()
    w[3] = np.nextafter(w[3], np.float32(0))
    assert not same(run, replace(run, parameters=run.parameters._replace(w=w)))
    assert not same(run, replace(run, crossed_at=3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("record", ["all", "end", 7])
def test_recording_less_keeps_the_same_numbers(record, dtype):
    e = Experiment(initial=Parameters(-0.5), optimizer=Adam(learning_rate=0.25), steps=300, batch_size=8, dtype=dtype)
    every, some = train(e, method="moments"), train(e, method="moments", record=record)
    batches = some.recorded[some.recorded > 0] - 1
    assert np.array_equal(some.parameters.w, every.parameters.w[some.recorded])
    assert np.array_equal(some.slots["velocity"].w, every.slots["velocity"].w[some.recorded])
    assert np.array_equal(some.loss, every.loss[batches])
    assert np.array_equal(some.gradient.w, every.gradient.w[batches])
    assert (some.crossed_at, some.diverged_at) == (every.crossed_at, every.diverged_at)
    assert every.crossed_at is not None


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_path_of_few_bits_is_the_rational_one(dtype):
    # With rate 1/4, slope 1/2 and samples -1 and 1 a step is w <- w - ((w - 1) + s (s w)) / 4 for w > 0
    # and w <- w - (s (s w - 1) + w) / 4 for w < 0.
    x = np.tile(np.array([[-1.0, 1.0]], dtype), (5, 1))
    for start in (-1.0, 1.0, 0.0):
        w, path = Fraction(start), [Fraction(start)]
        for _ in range(5):
            right = (w - 1) + w / 4
            left = (w / 2 - 1) / 2 + w
            w -= (right if w > 0 else left if w < 0 else Fraction(-1, 2)) / 4
            path.append(w)
        e = Experiment(
            initial=Parameters(start),
            negative_slope=0.5,
            optimizer=SGD(learning_rate=0.25),
            batch_size=2,
            steps=5,
            dtype=dtype,
        )
        run = train(e, batches=(x, np.maximum(x, 0)), method="moments")
        assert [Fraction(float(value)) for value in run.parameters.w] == path


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("start", [0.0, -0.0, 1.0, -1.0])
def test_next_to_zero_the_neuron_decides(start, dtype):
    start *= float(np.finfo(dtype).smallest_subnormal)
    e = Experiment(initial=Parameters(start), negative_slope=0.3, steps=1, batch_size=10, dtype=dtype)
    assert same(train(e, method="moments"), train(e, method="neuron"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=1e4), SGD(learning_rate=300.0, momentum=0.9)], ids=repr)
def test_it_diverges_when_the_neuron_does(optimizer, dtype):
    e = Experiment(initial=Parameters(2.0), negative_slope=0.5, optimizer=optimizer, steps=400, dtype=dtype)
    batches = draw_batches(e)
    fast, slow = (train(e, batches=batches, method=method) for method in ("moments", "neuron"))
    assert slow.diverged_at is not None
    assert fast.diverged_at == slow.diverged_at
    assert np.isfinite(fast.parameters.w[: fast.diverged_at]).all()


def test_batches_of_ones_own_and_drawn_ones_give_the_same_run():
    e = Experiment(steps=500, batch_size=300)
    assert same(train(e, method="moments"), train(e, batches=draw_batches(e), method="moments"))
