"""Whole runs of ensembles: what is recorded, when members cross and diverge, which method runs, how much memory."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import reference.ensembles.loop
from compare.rounding.ensembles import bounds_from_exact
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target, draw_batches, train
from reference.ensembles.choice import pays

NAMES = Parameters._fields
DTYPES = ["float32", "float64"]
OPTIMIZERS = [
    SGD(),
    SGD(momentum=0.9, nesterov=True),
    Adam(learning_rate=0.1, amsgrad=True),
    AdamW(learning_rate=0.1),
    RMSprop(momentum=0.5, centered=True),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("method", ["moments", "neuron"])
def test_recording_less_keeps_the_same_numbers(method, optimizer, dtype):
    e = Experiment(
        initial=Parameters(np.array([[0.5, -1.0, 2.0], [-0.25, 1e-3, 0.0]]), 0.25),
        trainable=("w", "b"),
        negative_slope=0.3,
        optimizer=optimizer,
        steps=11,
        batch_size=20,
        dtype=dtype,
    )
    every = train(e, record="all", method=method)
    for record, states in (("end", [11]), (4, [0, 4, 8, 11]), (11, [0, 11]), (100, [0, 11]), (1, list(range(12)))):
        some = train(e, record=record, method=method)
        assert some.recorded.tolist() == states
        batches = [state - 1 for state in states if state]
        for ours, theirs, rows in [
            (some.parameters, every.parameters, states),
            (some.gradient, every.gradient, batches),
        ] + [(some.slots[slot], every.slots[slot], states) for slot in optimizer.slots]:
            for a, b in zip(ours, theirs, strict=True):
                assert (a is None and b is None) or np.array_equal(a, b[rows])
        assert np.array_equal(some.loss, every.loss[batches])
        assert np.array_equal(some.crossed_at, every.crossed_at)
        assert np.array_equal(some.diverged_at, every.diverged_at)
        assert [p.shape for p in some.end] == [(2, 3)] * 4


@pytest.mark.parametrize("method", ["moments", "neuron"])
def test_crossing_is_seen_between_records_and_only_the_first_time(method):
    # One sample x = 1 with label 1 and slope 1: e = w - 1, and with rate 5/4 each step makes
    # it -3/2 e. From w = -1: e = -2, 3, -9/2, 27/4, so w = 4 is across after one step, and
    # w = -7/2 is back. From w = 2 it is e = 1, -3/2, 9/4: across after one; from 1 never.
    x = np.ones((3, 1))
    start = np.array([-1.0, 2.0, 1.0, 0.0])
    e = Experiment(
        initial=Parameters(start),
        negative_slope=1.0,
        target=Target(negative_slope=1.0),
        optimizer=SGD(learning_rate=1.25),
        batch_size=1,
        steps=3,
        dtype="float64",
    )
    for record in ("all", "end", 2):
        run = train(e, batches=(x, x), record=record, method=method)
        assert run.end.w.tolist() == [1 + 27 / 4, 1 - 27 / 8, 1.0, 1 + 27 / 8]
        assert run.crossed_at.tolist() == [1, 1, -1, -1]
    alone = train(replace(e, initial=Parameters(-1.0)), batches=(x, x), method=method)
    assert alone.crossed_at == 1
    assert train(replace(e, initial=Parameters(0.0)), batches=(x, x), method=method).crossed_at is None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), NAMES])
def test_members_diverge_when_the_neuron_does(trainable, dtype):
    # The rate of growth differs from member to member, so that numbers next to overflow come
    # in many ways; paths of so few steps have not been driven apart by rounding.
    rate = np.geomspace(0.5, 1e6, 40)
    e = Experiment(
        initial=Parameters(np.linspace(-2, 2, 40)),
        trainable=trainable,
        negative_slope=0.5,
        optimizer=SGD(learning_rate=rate),
        batch_size=20,
        steps=60,
        dtype=dtype,
    )
    slow = train(e, record="all", method="neuron")
    assert 0 < np.count_nonzero(slow.diverged_at >= 0) < 40
    for record in ("all", "end", 7):
        fast = train(e, record=record, method="moments")
        assert np.array_equal(fast.diverged_at, slow.diverged_at)
        assert np.array_equal(fast.crossed_at, slow.crossed_at)
    states = [np.isfinite(getattr(fast.end, name)) for name in trainable]
    assert np.array_equal(np.logical_and.reduce(states), fast.diverged_at < 0)


@pytest.mark.parametrize("trainable", [("w", "b"), ("w", "b", "v", "d")])
def test_who_diverges_goes_through_the_neuron_for_the_steps_next_to_overflow_only(trainable, monkeypatch):
    e = Experiment(
        initial=Parameters(np.linspace(-2, 2, 40), 0.5),
        trainable=trainable,
        optimizer=SGD(learning_rate=np.where(np.arange(40) % 2, 30.0, 0.01)),
        negative_slope=0.3,
        batch_size=50,
        steps=1000,
        dtype="float64",
    )
    steps, neuron_gradient = [], reference.ensembles.loop.neuron_gradient
    monkeypatch.setattr(
        reference.ensembles.loop,
        "neuron_gradient",
        lambda e, values, *rest: steps.append(len(values["w"])) or neuron_gradient(e, values, *rest),
    )
    fast = train(e, method="moments", record="end")
    assert np.array_equal(fast.diverged_at, train(e, method="neuron", record="end").diverged_at)
    diverged = np.count_nonzero(fast.diverged_at >= 0)
    assert diverged == 20
    assert diverged <= sum(steps) < 16 * diverged  # which is a block


def test_members_that_diverged_leave_the_others_alone():
    w = np.linspace(-2, 2, 21)
    rate = np.where(np.arange(21) % 3 == 0, 1e30, 0.01)
    e = Experiment(
        initial=Parameters(w), trainable=("w", "b"), negative_slope=0.5, batch_size=20, steps=40, dtype="float64"
    )
    mixed = train(replace(e, optimizer=SGD(learning_rate=rate)), method="moments")
    calm = train(replace(e, optimizer=SGD(learning_rate=0.01)), method="moments")
    stays = mixed.diverged_at < 0
    assert np.array_equal(stays, rate == 0.01)
    for a, b in zip(mixed.parameters, calm.parameters, strict=True):
        assert np.array_equal(a[:, stays], b[:, stays])


@pytest.mark.parametrize("method", ["moments", "neuron"])
@pytest.mark.parametrize("slope", [0.25, np.array([[0.0], [0.25], [-0.5]])])
@pytest.mark.parametrize("d", [0.0, 0.5])  # without d and with one slope gradients are looked up as lines
def test_every_member_has_its_own_settings(method, slope, d):
    optimizer = SGD(learning_rate=np.array([0.01, 0.1, 0.5, 0.02]), momentum=np.array([0.0, 0.5, 0.0, 0.9]))
    e = Experiment(
        initial=Parameters(-1.5, np.array([0.5, 0.25, 0.0, -0.5]), d=d),
        trainable=("w", "b"),
        negative_slope=slope,
        optimizer=optimizer,
        steps=20,
        batch_size=30,
        dtype="float64",
    )
    run = train(e, method=method)
    for index in range(int(np.prod(e.shape))):
        alone = run.member(index)
        again = train(alone.experiment, method=method)
        assert np.array_equal(alone.recorded, again.recorded)
        if method == "neuron" or np.ndim(slope) == 0 or d != 0:  # the same kernel, bit for bit
            assert np.array_equal(alone.parameters.w, again.parameters.w)
        else:
            first = Parameters(*(parameter[:1] for parameter in again.parameters))
            x, y = (each[:1] for each in draw_batches(alone.experiment))
            bounds = bounds_from_exact(first, x, y, alone.experiment.negative_slope, e.target)
            gap = np.abs(alone.gradient.w[0] - again.gradient.w[0])
            assert gap <= 2 * bounds.gradient.w[0]
        assert alone.crossed_at == again.crossed_at


def test_few_members_and_single_neurons_stay_sample_by_sample():
    few = Experiment(initial=Parameters(np.linspace(-1, 1, 5)), trainable=("w", "b"), steps=3, dtype="float64")
    assert not pays(few)
    for e in (few, replace(few, initial=Parameters(-1.0))):
        auto, neuron = train(e), train(e, method="neuron")
        assert np.array_equal(auto.parameters.w, neuron.parameters.w)
        assert np.array_equal(auto.gradient.w, neuron.gradient.w)


def test_many_members_take_the_sums():
    many = Experiment(initial=Parameters(np.linspace(-1, 1, 2000)), trainable=("w", "b"), steps=2, dtype="float64")
    auto, moments, neuron = (train(many, method=method) for method in ("auto", "moments", "neuron"))
    assert np.array_equal(auto.gradient.w, moments.gradient.w)
    assert not np.array_equal(auto.gradient.w, neuron.gradient.w)


def test_labels_of_ones_own_are_left_to_the_neuron():
    e = Experiment(
        initial=Parameters(np.linspace(-1, 1, 2000)), trainable=("w", "b"), steps=2, batch_size=100, dtype="float64"
    )
    x, y = draw_batches(e)
    y = y.copy()
    y[1, 7] += 1
    auto, neuron = (train(e, batches=(x, y), method=method) for method in ("auto", "neuron"))
    assert np.array_equal(auto.gradient.w, neuron.gradient.w)


E = Experiment(initial=Parameters(np.zeros(2)), steps=2, batch_size=3, dtype="float64")
X = np.array([[1.0, 2.0, -1.0], [0.5, -0.5, 0.0]])
BAD_CALLS = [
    (lambda: train(E, method="fast"), "method must be one of ('auto', 'neuron', 'moments'), got 'fast'"),
    (lambda: train(E, record=0), 'record must be "all", "end" or an integer of at least 1, got 0'),
    (lambda: train(E, record=True), 'record must be "all", "end" or an integer of at least 1, got True'),
    (lambda: train(E, record=2.0), 'record must be "all", "end" or an integer of at least 1, got 2.0'),
    (
        lambda: train(E, batches=(X, X), method="moments"),
        'method "moments" cannot be used: labels must be the target\'s, got -1.0 at step 0, sample 2',
    ),
    (
        lambda: train(replace(E, grad_at_zero=1.0), method="moments"),
        'method "moments" cannot be used: grad_at_zero must be the slope, got 1.0',
    ),
    (
        lambda: train(replace(E, target=Target(1e308)), method="moments"),
        'method "moments" cannot be used: labels must be finite in float64, '
        "got Target(w=1e+308, b=0.0, negative_slope=0.0)",
    ),
    (
        lambda: train(E, batches=(1e200 * X, np.maximum(1e200 * X, 0)), method="moments"),
        'method "moments" cannot be used: samples must have squares that can be summed in float64, got 2e+200',
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD_CALLS, ids=[message[-50:] for _, message in BAD_CALLS])
def test_what_sums_cannot_do_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message


def test_a_derivative_at_the_kink_that_is_the_slope_changes_nothing():
    e = Experiment(initial=Parameters(np.array([0.0, 1.0])), negative_slope=0.25, steps=3, batch_size=4)
    a, b = (train(replace(e, grad_at_zero=at), method="moments") for at in (None, 0.25))
    assert np.array_equal(a.parameters.w, b.parameters.w)


@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=repr)
def test_the_memory_of_a_large_ensemble_stays_below_200_megabytes(optimizer):
    w, b = np.meshgrid(np.linspace(-3, 3, 512), np.linspace(-3, 3, 512))
    e = Experiment(initial=Parameters(w, b), trainable=("w", "b"), optimizer=optimizer, steps=3, dtype="float64")
    tracemalloc.start()
    try:
        train(replace(e, steps=3), record="end")
        largest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Samples, which are drawn 16 MB at a time, and their labels come on top in longer runs.
    assert largest + 5 * 16e6 < 200e6
