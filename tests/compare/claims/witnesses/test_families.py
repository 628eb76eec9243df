"""Experiments that are stepped together take the very steps that they take alone."""

from dataclasses import replace

import numpy as np
import pytest

from compare.claims.witnesses.seeds.families import Family, kind_of
from compare.claims.witnesses.seeds.many_runs import Request, run_expected, run_together
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop

BASE = Experiment(initial=Parameters(w=-1.5), steps=12, batch_size=32)

# Each list is one family: they differ in start, slope, learning rate, momentum and length only.
FAMILIES = {
    "plain": [
        replace(BASE, optimizer=SGD(learning_rate=rate), steps=steps, negative_slope=slope)
        for rate, steps, slope in ((0.01, 12, 0.0), (0.7, 5, 0.3), (0.1, 12, -1.0), (2.5, 1, 0.0), (0.3, 9, 1.0))
    ],
    "momentum": [
        replace(BASE, optimizer=SGD(learning_rate=0.1, momentum=momentum, nesterov=True), steps=steps)
        for momentum, steps in ((0.5, 3), (0.9, 12), (1.0, 7))
    ],
    "adamw": [replace(BASE, optimizer=AdamW(learning_rate=rate)) for rate in (0.1, 0.25)],
    "rmsprop with a bias": [
        replace(
            BASE,
            initial=Parameters(w=w, b=0.5),
            trainable=("w", "b"),
            optimizer=RMSprop(learning_rate=rate, momentum=0.3, centered=True),
            steps=steps,
            dtype="float64",
        )
        for w, rate, steps in ((1.0, 0.01, 6), (-2.0, 0.1, 12))
    ],
    "all four": [
        replace(BASE, initial=Parameters(w, 0.25, 0.5, 0.0), trainable=("w", "b", "v", "d"), steps=steps)
        for w, steps in ((1.0, 4), (0.5, 12), (-2.0, 4))
    ],
}


def is_the_same(ours, theirs):
    pairs = [
        *zip(ours.parameters, theirs.parameters, strict=True),
        *zip(ours.gradient, theirs.gradient, strict=True),
        (ours.loss, theirs.loss),
    ]
    return all((a is None and b is None) or (a.shape == b.shape and a.tobytes() == b.tobytes()) for a, b in pairs)


@pytest.mark.parametrize("experiments", FAMILIES.values(), ids=FAMILIES)
def test_a_family_takes_the_steps_that_each_takes_alone(experiments):
    assert len({kind_of(experiment) for experiment in experiments}) == 1
    together = run_together(Request(experiment, 3) for experiment in experiments)
    for experiment in experiments:
        request = Request(experiment, 3)
        path = together[request]
        assert path.experiment == experiment
        assert path.steps == experiment.steps
        assert is_the_same(path, run_together([request])[request])


def test_settings_that_are_not_a_members_own_are_seen():
    slow, fast = (Request(replace(BASE, optimizer=SGD(learning_rate=rate)), 2) for rate in (0.125, 0.25))
    together = run_together([slow, fast])
    assert not is_the_same(together[slow], together[fast])


def test_expected_runs_of_many_starts_take_the_steps_that_each_takes_alone():
    starts = Parameters(w=np.array([-1.0, 2.0, 0.5]), b=np.array([0.0, 1.0, -1.0]))
    runs = [
        Experiment(initial=starts, trainable=("w", "b"), negative_slope=slope, steps=steps, optimizer=Adam())
        for slope, steps in ((0.0, 5), (0.5, 5), (0.5, 3))
    ]
    together = run_expected(Request(run, 1) for run in runs)
    for run in runs:
        assert is_the_same(together[Request(run, 1)], run_expected([Request(run, 1)])[Request(run, 1)])


def test_runs_with_and_without_momentum_are_no_family():
    # What overflows has a velocity of infinity, and infinity times a momentum of 0 is no number.
    plain, heavy = (replace(BASE, optimizer=SGD(learning_rate=1e20, momentum=mu), steps=6) for mu in (0.0, 0.5))
    assert kind_of(plain) != kind_of(heavy)
    together = run_together([Request(plain, 2), Request(heavy, 2)])
    assert is_the_same(together[Request(plain, 2)], run_together([Request(plain, 2)])[Request(plain, 2)])


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, optimizer=SGD(momentum=0.5)),
        replace(BASE, optimizer=Adam()),
        replace(BASE, trainable=("w", "b")),
        replace(BASE, target=BASE.target._replace(w=2.0)),
        replace(BASE, initial=Parameters(w=-1.5, b=0.5)),
        replace(BASE, dtype="float64"),
    ],
)
def test_what_is_evaluated_or_stepped_otherwise_is_no_family(other):
    assert kind_of(other) != kind_of(BASE)


def test_a_run_that_is_over_is_left_behind():
    long, short = replace(BASE, steps=10), replace(BASE, steps=4)
    family = Family([long, short], [10, 4], members=2)
    assert [(stage.first, stage.end, len(stage.slope)) for stage in family.stages] == [(0, 4, 2), (4, 10, 1)]


@pytest.mark.parametrize("trainable", [("w",), ("w", "b")])
def test_without_what_belongs_to_batches_the_states_are_the_same(trainable):
    run = replace(BASE, initial=Parameters(w=np.array([-1.0, 2.0])), trainable=trainable)
    whole, states = Request(run, 1), Request(run, 1, batchwise=False)
    for found in (run_together([whole, states]), run_expected([whole, states])):
        assert found[states].loss is found[states].gradient.w is None
        assert found[whole].loss.shape == found[whole].gradient.w.shape == (12, 2)
        assert found[states].parameters.w.tobytes() == found[whole].parameters.w.tobytes()
