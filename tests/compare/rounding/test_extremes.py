"""Bounds against rational arithmetic, for numbers of any size: subnormal, next to overflow, far apart.

Every value is a rational number, so the exact loss and gradient of a neuron whose active
samples are given can be had without rounding. Nothing computed may be farther from them
than its bound.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from compare.rounding.batch import batch_bounds, sides
from compare.rounding.ensembles import bounds_from_exact, bounds_from_neuron, sums_bounds
from reference import Parameters, Target, backward, forward, mean_squared_error, train
from reference.ensembles.kernels.unbiased_kernel import UnbiasedKernel
from reference.ensembles.loop import kernel_of
from reference.ensembles.members import Members
from reference.optimizers import cast_like_keras

NAMES = Parameters._fields


def by_kernel(case):
    """Loss and gradient by sums, None for members that the fast path hands on to the neuron."""
    e, dtype = case.experiment, case.x.dtype
    kernel = kernel_of(e, len(case.parameters.w))
    values = dict(zip(NAMES, map(np.array, case.parameters), strict=True))
    with np.errstate(all="ignore"):
        members = Members(values, {name: {} for name in e.trainable}, float(case.slope), e.optimizer, kernel.of_side)
        (table,) = kernel.tables(case.x[None])
        members.attend(kernel, 0, 1)
        members.watch()
        found = {"loss": kernel.loss(table, members)} | kernel.gradient(table, members)
        handed_on = np.zeros(len(case.parameters.w), bool)
        handed_on[members.next_to_overflow()] = True
        if isinstance(kernel, UnbiasedKernel):
            handed_on[members.special] |= case.parameters.w[members.special] != 0
        return {name: value.astype(dtype) for name, value in found.items()}, handed_on


def bound_of(bounds):
    return {"loss": bounds.loss} | bounds.gradient._asdict()


def worst_ratio(extremes, seed, members, observed, bounds):
    """Largest distance of what `observed` says from the exact values, in bounds; how many have one, how many none."""
    worst, compared, unbounded = 0.0, 0, 0
    for case in extremes.cases(seed, members):
        with np.errstate(all="ignore"):
            found, left_out, bound = *observed(case), bound_of(bounds(*case.arguments))
        for i, exact in enumerate(extremes.exactly(case)):
            for name, values in found.items():
                if not left_out[i] and np.isfinite(values[i]):
                    worst = max(worst, extremes.ratio(values[i], exact[name], bound[name][i]))
                    compared += bool(np.isfinite(bound[name][i]))
                    unbounded += not np.isfinite(bound[name][i])
    return worst, compared, unbounded


def by_train(case):
    """What the fast path says, whoever answers."""
    run = train(case.experiment, method="moments", batches=(case.x[None], case.y[None]))
    found = {"loss": run.loss} | {name: getattr(run.gradient, name) for name in case.experiment.trainable}
    return {name: value[0] for name, value in found.items()}, np.zeros(len(case.parameters.w), bool)


def by_each_alone(case):
    """What the fast path says of one neuron at a time; only of those without biases it has a way of its own."""
    k = len(case.parameters.w)
    if not UnbiasedKernel.fits(case.experiment):
        return {}, np.ones(k, bool)
    found = {"loss": np.empty(k, case.x.dtype), "w": np.empty(k, case.x.dtype)}
    for i, parameters in enumerate(zip(*case.parameters, strict=True)):
        one = replace(case.experiment, initial=Parameters(*map(float, parameters)))
        run = train(one, method="moments", batches=(case.x[None], case.y[None]))
        found["loss"][i], found["w"][i] = run.loss[0], run.gradient.w[0]
    return found, np.zeros(k, bool)


def by_neuron(case):
    x, y = case.of_each
    at = forward(case.parameters, x, case.slope)
    gradient = backward(case.parameters, x, y, at, case.slope)
    return {"loss": mean_squared_error(at.y_pred, y)} | gradient._asdict(), np.zeros(len(x), bool)


def of_the_neuron(parameters, x, y, slope, target):
    s = cast_like_keras(slope, x.dtype)
    at = forward(parameters, x, s)
    return batch_bounds(parameters, x, at, sides(x, y, at, s), s, NAMES)


@pytest.mark.parametrize(
    ("observed", "bounds"),
    [
        (by_kernel, sums_bounds),
        (by_train, bounds_from_exact),
        (by_each_alone, bounds_from_exact),
        (by_neuron, of_the_neuron),
    ],
    ids=["sums", "fast path", "alone", "neuron"],
)
def test_nothing_is_farther_from_rational_arithmetic_than_its_bound(extremes, observed, bounds):
    worst, compared, unbounded = worst_ratio(extremes, 0, 2000, observed, bounds)
    print(f"observed/bound {worst:.3g} of {compared}, {unbounded} without a bound")
    assert worst <= 1
    assert worst > 2**-4
    assert compared > 2 * unbounded


def test_the_fast_path_and_the_neuron_are_as_near_as_their_bound(extremes):
    worst = 0.0
    for case in extremes.cases(1, 2000):
        with np.errstate(all="ignore"):
            (found, _), (other, _), bound = (
                by_train(case),
                by_neuron(case),
                bound_of(bounds_from_neuron(*case.arguments)),
            )
        for name, values in found.items():
            for mine, theirs, radius in zip(values, other[name], bound[name], strict=True):
                if np.isfinite(theirs):
                    worst = max(worst, extremes.ratio(mine, extremes.fraction(theirs), radius))
    assert 2**-4 < worst <= 1


# What bounds without one of the terms missed, each with its exact value derived by hand.

SAMPLES = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
TINY_W, HUGE_V = 2.0**-149, 1e8


def alone(w, v=1.0, b=0.0, d=0.0):
    return Parameters(np.array([w]), b, v, d)


def of_a_handed_on_neuron():
    """fl(w x) > 0 where x > 1/2: a product of half the smallest number rounds to even, to 0."""
    w, v = Fraction(TINY_W), Fraction(HUGE_V)
    return -sum(v * (1 - v * w) * Fraction(float(x)) ** 2 for x in SAMPLES if x > 0.5) * 2 / 1000


NOTHING = Target(0.0, 0.0, 0.0)


def called(*arguments, **named):
    return arguments, named


MISSED = {
    "alpha^2 underflows and meets a large x^2": (
        called(alone(1.25 * 2.0**-538), [2.0**500], 0.0, NOTHING, "float64", ("w",)),
        {"loss": Fraction(25, 16) / 2**76},
    ),
    "v w underflows and meets a large x": (
        called(alone(1.5 * 2.0**-600, 2.0**-476), [2.0**500], 0.0, NOTHING, "float64"),
        {"d": Fraction(3) / 2**576, "w": Fraction(3) / 2**552},
    ),
    "v b underflows and meets a large x": (
        called(alone(2.0**-1070, 2.0**-476, b=1.5 * 2.0**-600), [2.0**500], 0.0, NOTHING, "float64"),
        {"w": Fraction(2) * (Fraction(3, 2) / 2**600 + Fraction(1) / 2**570) / 2**952 * 2**500},
    ),
    "the teacher's slope times its weight underflows and meets a large x": (
        called(alone(0.0, 0.0), [-(2.0**500)], 0.0, Target(2.0**-600, 0.0, 2.0**-480), "float64"),
        {"d": Fraction(2) / 2**580},
    ),
    "a label that a teacher of two to a power rounds to a subnormal number": (
        called(alone(2.0**100, 0.0), [1.25], 0.0, Target(2.0**-148)),
        {"v": -2 * Fraction(2) / 2**149 * 2**100 * Fraction(5, 4)},
    ),
    "w x underflows where the label is not 0": (
        called(alone(-(2.0**-77), 2.0**120), [-(2.0**-74)], 0.0, Target(-(2.0**60)), trainable=("w",)),
        {"loss": Fraction(1) / 2**28},
    ),
    "the neuron is asked, and rounds term by term": (
        called(alone(TINY_W, HUGE_V), SAMPLES, trainable=("w",)),
        {"w": of_a_handed_on_neuron()},
    ),
}


@pytest.mark.parametrize("name", MISSED)
def test_what_bounds_missed_is_within_them(extremes, name):
    (arguments, named), by_hand = MISSED[name]
    case = extremes.case_of(*arguments, **named)
    (exact,), (found, _), (by_sums, handed_on) = extremes.exactly(case), by_train(case), by_kernel(case)
    of_sums, of_all = (bound_of(bounds(*case.arguments)) for bounds in (sums_bounds, bounds_from_exact))
    for quantity, value in by_hand.items():
        assert exact[quantity] == value
        apart = abs(Fraction(float(found[quantity][0])) - value)
        rounded = abs(value) * Fraction(float(np.finfo(case.x.dtype).eps)) / 2
        assert apart > rounded
        assert extremes.ratio(found[quantity][0], value, of_all[quantity][0]) <= 1
        if quantity == "loss" or not handed_on[0]:
            assert extremes.ratio(by_sums[quantity][0], value, of_sums[quantity][0]) <= 1


def test_sums_alone_say_nothing_of_a_neuron_that_is_handed_on(extremes):
    # As the docstring says: the neuron rounds a thousand terms in float32, sums round once.
    (arguments, named), by_hand = MISSED["the neuron is asked, and rounds term by term"]
    case = extremes.case_of(*arguments, **named)
    (found, _), (_, handed_on) = by_train(case), by_kernel(case)
    assert handed_on.all()
    assert extremes.ratio(found["w"][0], by_hand["w"], sums_bounds(*case.arguments).gradient.w[0]) > 1
