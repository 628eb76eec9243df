"""Upside-down starts with a bias, against the flow, descent and batches of the reference."""

import math

import mpmath
import numpy as np
import pytest

from compare.rounding import gamma
from compare.surface import expected_descent, expected_gradient, gradient_flow
from compare.surface.flow import ACCURACY
from compare.theory.plane import dead_end, dead_kink, turning_bias
from reference import SGD, Experiment, Parameters, train

REACH = 2000 * ACCURACY
U = 2.0**-53
ROUNDINGS = 64  # more than there are in the formulas held against here


@pytest.mark.parametrize("kink", [0.0, 0.5, 2.0, 5.0])
def test_the_kink_of_a_dying_neuron_moves_at_twice_the_density(kink):
    w = -0.75
    g = expected_gradient(Parameters(w, kink * w))
    # d(b / w)/dt = (w db/dt - b dw/dt) / w^2
    speed = (-w * float(g.b) + kink * w * float(g.w)) / w**2
    density = math.exp(-kink * kink / 2) / math.sqrt(2 * math.pi)
    assert abs(speed - 2 * density) <= gamma(ROUNDINGS, U) * (1 + kink**2) * 2 * density / abs(w)


@pytest.mark.parametrize("kink", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("time", [0.0, 1e-3, 1.0, 20.0, 1e4, 1e12])
def test_its_position_solves_the_equation_with_erfi(time, kink):
    with mpmath.workdps(40):
        goal = mpmath.erfi(kink / mpmath.sqrt(2)) + 2 * mpmath.mpf(time) / mpmath.pi
        truth = mpmath.sqrt(2) * mpmath.findroot(lambda z: mpmath.erfi(z) - goal, float(dead_kink(time, kink)) / 1.4142)
    assert abs(float(dead_kink(time, kink)) - float(truth)) <= gamma(ROUNDINGS, U) * (1 + float(truth)) * (1 + kink)


@pytest.mark.parametrize("start", [(-2.0, -1.0), (-0.5, -0.25), (-1.0, 0.0)])
@pytest.mark.parametrize("time", [20.0, 2000.0])
def test_the_flow_goes_where_the_formula_says(start, time):
    end = gradient_flow(Parameters(*start), trainable=("w", "b"), until=time).end
    assert math.dist(end[:2], dead_end(*start, time)) <= REACH


def test_sgd_with_batches_is_near_it_after_two_thousand_and_twenty_thousand_steps():
    # Learning rate 0.01, batches of 1000: Euler's method is off by about lr times the speed, batches by noise.
    for steps in (2000, 20_000):
        common = {"initial": Parameters(-2.0, -1.0), "trainable": ("w", "b"), "steps": steps}
        experiment = Experiment(**common, optimizer=SGD(learning_rate=0.01), batch_size=1000, dtype="float64")
        predicted = dead_end(-2.0, -1.0, 0.01 * steps)
        exact = expected_descent(experiment, record="end").end
        way = math.dist((-2.0, -1.0), predicted)
        assert math.dist(exact[:2], predicted) < way * experiment.optimizer.learning_rate
        if steps == 2000:
            sampled = train(experiment, record="end").end
            assert math.dist(sampled[:2], predicted) < way / 20


def test_it_never_stops_but_needs_exponentially_long():
    times = 10.0 ** np.arange(2, 13, 2)
    kinks = dead_kink(times)
    assert (np.diff(kinks) > 0).all()
    # kappa^2 / 2 = log t + log kappa + O(1), so that kappa / sqrt(2 log t) tends to 1, from above.
    ratio = kinks / np.sqrt(2 * np.log(times))
    assert (np.diff(ratio) < 0).all()
    assert (ratio > 1).all()


@pytest.mark.parametrize("w", [-3.0, -1.0, -0.1])
def test_a_start_just_above_the_curve_turns_around_and_one_just_below_dies(w):
    bias = float(turning_bias(w))
    for factor, turns in ((1 + 2.0**-14, True), (1 - 2.0**-14, False)):
        end = gradient_flow(Parameters(w, factor * bias), trainable=("w", "b"), until=100.0).end
        assert bool(end.w > 0) == turns
        assert (math.dist(end[:2], (1.0, 0.0)) <= 1e3 * REACH) == turns


def test_near_the_tip_the_curve_is_sqrt2_times_w_to_the_three_halves():
    sizes = 10.0 ** -np.arange(2, 6)
    excess = 1 - turning_bias(-sizes) / (math.sqrt(2) * sizes**1.5)
    assert (excess > 0).all()
    # What is left is of order sqrt |w|: a tenth of w, about a third of it.
    assert np.all((excess[:-1] / excess[1:] > 2.5) & (excess[:-1] / excess[1:] < 4))


def test_the_measured_backward_starts_are_on_the_side_that_they_ended_on():
    assert turning_bias(-2.0) < 2.0
    assert turning_bias(-0.5) < 1.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dead_kink(-1.0), "at least 0"),
        (lambda: dead_kink(1.0, -1.0), "at least 0"),
        (lambda: dead_end(1.0, -1.0, 1.0), "w must be negative"),
        (lambda: dead_end(-1.0, 1.0, 1.0), "b at most 0"),
        (lambda: turning_bias(0.5), "w must be between"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
