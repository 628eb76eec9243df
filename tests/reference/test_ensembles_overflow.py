"""Ensembles next to overflow: who diverges and when is the neuron's word, as are slots and losses up to there."""

import numpy as np
import pytest

from reference import SGD, Adam, Experiment, Parameters, RMSprop, Target, train

LINE = {"negative_slope": 1.0, "target": Target(negative_slope=1.0)}
HUGE = [3e38, 2e38, 1e38, 1e37, 1.0]
TWO = np.array([[1.0, -1.0]] * 20, np.float32)
JUMPS = np.array([[1.0, -1.0], [1e19, -1.0], [1.0, -1.0]] * 6, np.float32)  # the second is out of all proportion


def both(experiment, batches=None, record="end"):
    if batches is not None:
        batches = batches, experiment.target.labels(batches)
    return [train(experiment, method=method, batches=batches, record=record) for method in ("moments", "neuron")]


def same_events(experiment, batches=None):
    fast, slow = both(experiment, batches)
    assert np.array_equal(fast.diverged_at, slow.diverged_at)
    stays = np.asarray(slow.diverged_at) < 0 if np.ndim(slow.diverged_at) else slow.diverged_at is None
    assert np.array_equal(np.asarray(fast.crossed_at)[stays], np.asarray(slow.crossed_at)[stays])
    return np.atleast_1d(np.array(slow.diverged_at, float))


@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), ("w", "b", "v", "d")])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=1.0), SGD(learning_rate=1.0, momentum=0.5), Adam(), RMSprop()])
def test_a_step_that_begins_next_to_overflow_and_ends_far_from_it_is_the_neurons(optimizer, trainable):
    start = Parameters(np.array(HUGE), np.zeros(5))
    common = {"initial": start, "trainable": trainable, "optimizer": optimizer}
    diverged = same_events(Experiment(batch_size=2, steps=20, **common), TWO)
    assert diverged[-1] == -1
    same_events(Experiment(batch_size=1000, steps=40, **common))


def test_a_step_in_the_middle_of_a_block_that_goes_next_to_overflow_and_back_is_the_neurons():
    # From moderate numbers to 1e38 and back, as batches of one's own may have it.
    e = Experiment(
        initial=Parameters(np.linspace(1.001, 1.5, 40), np.zeros(40)),
        trainable=("w", "b"),
        optimizer=SGD(learning_rate=1.0),
        batch_size=2,
        steps=18,
        **LINE,
    )
    diverged = same_events(e, JUMPS)
    assert (diverged >= 0).any()


@pytest.mark.parametrize("v", [1e-3, 1e-2, 0.1, 30.0])
@pytest.mark.parametrize(("dtype", "rates"), [("float32", (1.1, 1.5)), ("float64", (2.5, 4.0))])
def test_an_activation_that_overflows_before_the_residual_does_is_seen(v, dtype, rates):
    e = Experiment(
        initial=Parameters(np.full(12, 2.0), 0.1, v),
        trainable=("w", "b"),
        optimizer=SGD(learning_rate=np.linspace(*rates, 12) / v**2),
        batch_size=100,
        steps=1500,
        dtype=dtype,
        **LINE,
    )
    assert (same_events(e) > 0).sum() > 6


@pytest.mark.parametrize("shape", [(), (3,)])
def test_an_activation_that_overflows_at_the_start_is_seen(shape):
    e = Experiment(initial=Parameters(np.full(shape, 2e38)[()], v=1e-3), batch_size=100, steps=5)
    assert (same_events(e) == 1).all()


def test_the_neuron_adds_the_samples_up_as_they_were_drawn():
    # Sorted, partial sums of x would be larger by the square root of their number, and overflow.
    e = Experiment(
        initial=Parameters(np.geomspace(1e35, 1e37, 400), v=30.0),
        trainable=("b",),
        negative_slope=1.0,
        optimizer=SGD(learning_rate=1e-3),
        steps=1,
    )
    diverged = same_events(e)
    assert (diverged >= 0).any()
    assert (diverged < 0).any()


@pytest.mark.parametrize("optimizer", [SGD, RMSprop])
def test_slots_of_those_without_momentum_are_kept_where_others_have_momentum(optimizer):
    momentum, rate = np.repeat([0.0, 0.9], 20), np.repeat([1e6, 0.01], 20)
    e = Experiment(
        initial=Parameters(np.linspace(-2, 2, 40), 0.5),
        trainable=("w", "b"),
        optimizer=optimizer(learning_rate=rate, momentum=momentum),
        negative_slope=0.3,
        batch_size=50,
        steps=80,
        dtype="float64",
    )
    run = train(e, method="moments")
    assert optimizer is RMSprop or (run.diverged_at[:20] > 0).any()
    for name in e.trainable:
        w, g = getattr(run.parameters, name), getattr(run.gradient, name)
        slots = {slot: getattr(run.slots[slot], name) for slot in e.optimizer.slots}
        for t in range(e.steps):
            before = {slot: path[t] for slot, path in slots.items()}
            with np.errstate(all="ignore"):
                _, due = e.optimizer.update(w[t], g[t].copy(), t, before)
            for slot, path in slots.items():
                goes_on = (run.diverged_at < 0) | (run.diverged_at > t + 1)
                assert np.array_equal(path[t + 1][goes_on], due[slot][goes_on])
        assert slots["momentum"][1, :20].any()


@pytest.mark.parametrize("trainable", [("w", "b"), ("w", "b", "v", "d"), ("b", "d")])
def test_the_loss_of_a_neuron_that_is_never_active_is_finite_however_large_it_is(trainable):
    e = Experiment(
        initial=Parameters(np.array([1e160, 1e200]), np.array([-1e165, -1e250])),
        trainable=trainable,
        batch_size=4,
        steps=2,
        dtype="float64",
    )
    fast, slow = both(e, np.array([[1.0, -1.0, 2.0, 0.0], [-2.0, -1.0, 0.5, 2.0]]), record="all")
    assert slow.loss[0].tolist() == [(1 + 4) / 4] * 2
    assert fast.loss[0].tolist() == slow.loss[0].tolist()
    assert np.isfinite(fast.loss).all()
