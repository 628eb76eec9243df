"""Crossing under the expected gradient: thresholds and steps against exact recurrences."""

import math
from fractions import Fraction

import pytest

from compare.surface import gradient_flow
from compare.surface.flow import ACCURACY
from compare.theory.crossing import crossing_step, crossing_threshold, crossing_time
from reference import SGD, Adam, Parameters

RATES = (
    Fraction(1, 100),
    Fraction(1, 16),
    Fraction(1, 4),
    Fraction(1, 2),
    Fraction(15, 16),
    Fraction(1),
    Fraction(5, 4),
)
MOMENTA = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(49, 64), Fraction(7, 8), Fraction(1))


def step_by_step(lr, momentum, nesterov, steps=400):
    """First state with w > 0, from the update rule in rational arithmetic."""
    m = Fraction(0)
    for t in range(1, steps + 1):
        m = momentum * m + lr  # at w = -1, where dL/dw = w
        w = -1 + momentum * m + lr if nesterov else -1 + m
        if w > 0:
            return t
        if w == 0:
            return t + 1 if momentum > 0 else None  # no gradient: the velocity goes on, if there is one
        # The rule is linear: back to w = -1. Cutting the ratio to 80 digits moves no sign.
        m = (m / -w).limit_denominator(10**80)
    return None


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize("lr", RATES)
def test_sgd_crosses_when_the_update_rule_does(lr, momentum, nesterov):
    optimizer = SGD(learning_rate=float(lr), momentum=float(momentum), nesterov=nesterov and momentum > 0)
    assert crossing_step(optimizer) == step_by_step(lr, momentum, nesterov and momentum > 0)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("root", [Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)])
def test_at_the_threshold_it_does_not_cross_and_beyond_it_does(root, nesterov):
    momentum = root * root
    threshold = ((1 - momentum) / (1 + momentum)) ** 2 if nesterov else (1 - root) ** 2
    assert abs(crossing_threshold(float(momentum), nesterov=nesterov) - float(threshold)) <= 4 * math.ulp(1.0)
    assert step_by_step(threshold, momentum, nesterov) is None
    assert step_by_step(threshold * Fraction(101, 100), momentum, nesterov) is not None


def test_where_the_start_is_does_not_matter_to_sgd():
    optimizer = SGD(learning_rate=0.01, momentum=0.9)
    assert {crossing_step(optimizer, w) for w in (-1e-6, -1.0, -10.0, -1e6)} == {24}


def test_the_questions_optimizers_from_minus_ten_and_minus_one():
    # learning rate 0.01; momentum 0.9 is above (1 - sqrt(0.01))^2 = 0.81.
    assert crossing_step(SGD(learning_rate=0.01), -10.0) is None
    assert crossing_step(SGD(learning_rate=0.01, momentum=0.8), -10.0) is None
    assert crossing_step(SGD(learning_rate=0.01, momentum=0.82), -10.0) is not None
    late, never = (crossing_step(Adam(learning_rate=0.01, amsgrad=a), -10.0, steps=20_000) for a in (False, True))
    assert late > 2000
    assert never is None
    assert all(crossing_step(Adam(learning_rate=0.01, amsgrad=a), -1.0, steps=2000) for a in (False, True))


def test_adam_sees_only_the_ratio_of_start_and_learning_rate():
    # Without epsilon, w -> c w and lr -> c lr scale the whole path; 1/16 is exact.
    one = Adam(learning_rate=0.125, epsilon=0.0)
    small = Adam(learning_rate=0.125 / 16, epsilon=0.0)
    assert crossing_step(one, -2.0, steps=5000) == crossing_step(small, -2.0 / 16, steps=5000)


def test_amsgrad_in_the_end_is_a_heavy_ball_below_its_threshold():
    # From -10 the largest mean square is that of gradients of several units: lr / sqrt(velocity_hat), times
    # 1 - beta_1, stays below the threshold, and both roots are real.
    from compare.surface import expected_descent
    from reference import Experiment

    run = expected_descent(
        Experiment(initial=Parameters(-10.0), optimizer=Adam(learning_rate=0.01, amsgrad=True), steps=20_000),
        record="end",
    )
    largest = float(run.slots["velocity_hat"].w)
    rate = 0.01 / (math.sqrt(largest) + 1e-7)
    assert float(run.slots["velocity"].w) < largest  # and it will not grow again: the gradient only shrinks
    assert (1 - 0.9) * rate < crossing_threshold(0.9)


@pytest.mark.parametrize("s", [0.125, 0.5, 2.0])
@pytest.mark.parametrize("w", [-10.0, -0.25])
def test_the_flow_crosses_at_the_time_of_the_formula(w, s):
    (found,) = gradient_flow(Parameters(w), negative_slope=s).kink_times
    assert abs(found - crossing_time(w, negative_slope=s)) <= 2000 * ACCURACY * abs(w) * (1 + 1 / s)


def test_the_crossing_time_grows_like_a_logarithm_as_the_slope_vanishes():
    # log(1 + (1 + s^2) / s) / (1 + s^2): halving a small slope adds log 2.
    s = 2.0**-20
    gain = crossing_time(negative_slope=s / 2) - crossing_time(negative_slope=s)
    assert abs(gain - math.log(2)) <= s


def test_a_leaky_relu_is_carried_across_by_plain_sgd():
    # e = w - 2/5 shrinks by 1 - 5/4 lr: crossing when (7/5) (1 - 5/4 lr)^t < 2/5.
    lr = 0.125
    expected = math.floor(math.log(2 / 7) / math.log(1 - 1.25 * lr)) + 1
    assert crossing_step(SGD(learning_rate=lr), negative_slope=0.5) == expected


@pytest.mark.parametrize("call", [lambda: crossing_step(SGD(), 1.0), lambda: crossing_time(0.0, negative_slope=0.5)])
def test_a_start_that_is_not_on_the_left_is_refused(call):
    with pytest.raises(ValueError, match="w must be negative"):
        call()


def test_a_momentum_out_of_range_is_refused():
    with pytest.raises(ValueError, match="momentum must be in"):
        crossing_threshold(1.5)
