"""The gradient flow against closed forms, the conserved quantity and descent with small steps."""

import math

import numpy as np
import pytest

from compare.surface.critical import critical_points
from compare.surface.descent import expected_descent
from compare.surface.flow import ACCURACY, gradient_flow
from reference import SGD, Experiment, Parameters, Target

REACH = 2000 * ACCURACY  # errors of a few hundred steps, added up; the flow brings neighbours together


def closed_form(w, s, t):
    """w(t) without bias, the crossing included."""
    rate, left, right = 1 + s * s, s / (1 + s * s), 1 / (1 + s * s)
    crossing = math.log(1 - w / left) / rate if w < 0 < left else math.inf
    if t > crossing:
        return right - right * math.exp(-rate * (t - crossing))
    centre = left if w < 0 else right
    return centre + (w - centre) * math.exp(-rate * t)


@pytest.mark.parametrize("s", [0.0, 0.25, 0.5, 2.0, -0.5])
@pytest.mark.parametrize("w", [-10.0, -1.0, 0.25, 3.0])
def test_without_bias_the_path_is_two_exponentials(w, s):
    times = np.linspace(0, 8, 17)
    flow = gradient_flow(Parameters(w), negative_slope=s, until=8.0, times=times)
    expected = np.array([closed_form(w, s, t) for t in times])
    assert np.abs(flow.parameters.w - expected).max() <= REACH * abs(w)
    assert len(flow.kink_times) == (w < 0 < s and bool(flow.end.w > 0))


def test_the_crossing_time_is_a_logarithm():
    (time,) = gradient_flow(Parameters(-1.0), negative_slope=0.5).kink_times
    assert abs(time - math.log(1 + 1 / 0.4) / 1.25) <= REACH


def test_a_path_ends_at_a_kink_that_both_sides_lead_to():
    # v = -1: the loss is (w^2 + ... ) with its least value at w = 0, approached from the right with slope 1.
    flow = gradient_flow(Parameters(w=1.0, v=-1.0), until=5.0, times=[0.0, 5.0])
    assert (flow.ended, float(flow.end.w), len(flow.kink_times)) == ("kink", 0.0, 1)
    # dw/dt = -(w + 1): w = 2 exp(-t) - 1.
    assert abs(flow.kink_times[0] - math.log(2)) <= REACH


@pytest.mark.parametrize(
    ("names", "start"),
    [
        (("w", "b", "v"), Parameters(-1.5, 0.25, 0.5, 0.25)),
        (("w", "b", "v", "d"), Parameters(1.5, 0.25, -0.5, 0.25)),
        (("w", "v"), Parameters(-1.0, 0.0, 2.0)),
    ],
)
@pytest.mark.parametrize("s", [0.0, 0.3])
def test_v2_less_w2_less_b2_is_conserved(names, start, s):
    flow = gradient_flow(start, trainable=names, negative_slope=s, until=30.0)
    assert 0 < flow.drift <= REACH
    assert float(np.ptp(flow.parameters.w)) > 0.1


def test_without_v_nothing_is_claimed_to_be_conserved():
    assert math.isnan(gradient_flow(Parameters(-1.0, 1.0), trainable=("w", "b"), until=1.0).drift)


def test_small_steps_of_descent_follow_the_flow():
    start, until = Parameters(-2.0, 2.0), 4.0
    flow = gradient_flow(start, trainable=("w", "b"), until=until).end
    ends = []
    for steps in (400, 800):
        experiment = Experiment(
            initial=start, trainable=("w", "b"), steps=steps, optimizer=SGD(learning_rate=until / steps)
        )
        end = expected_descent(experiment, record="end").end
        ends.append(np.array([end.w - flow.w, end.b - flow.b]))
    # Descent is Euler's method, of first order: extrapolation leaves an error of second order only.
    assert np.hypot(*ends[0]) > 1.8 * np.hypot(*ends[1])
    assert np.hypot(*(2 * ends[1] - ends[0])) < np.hypot(*ends[1]) / 20


def test_a_backward_relu_is_never_carried_across_by_rounding():
    for names in (("w",), ("w", "v")):
        flow = gradient_flow(Parameters(-1.0, 0.0, 1.5), trainable=names, until=200.0)
        assert not flow.kink_times
        assert float(flow.parameters.w.max()) < 0
    # exp(-600) is far below the accuracy asked for, and still a number with relative accuracy.
    end = gradient_flow(Parameters(-1.0), until=600.0).end.w
    assert abs(math.log(-end) + 600) <= 600 * REACH


def test_backward_starts_with_a_large_bias_turn_around_and_the_others_freeze():
    target = critical_points(trainable=("w", "b"))[0].parameters
    for start in ((-2.0, 2.0), (-0.5, 1.5)):
        end = gradient_flow(Parameters(*start), trainable=("w", "b"), until=400.0).end
        assert math.hypot(end.w - target.w, end.b - target.b) <= REACH
    for start in ((-2.0, -1.0), (-0.5, -0.25)):
        end = gradient_flow(Parameters(*start), trainable=("w", "b"), until=400.0).end
        assert end.w < 0
        assert end.b < 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": (1.0, 0.0)}, "start must be Parameters"),
        ({"start": Parameters(np.ones(2))}, "start must be Parameters of numbers"),
        ({"start": Parameters(math.nan)}, "start must be finite"),
        ({"trainable": "w"}, "trainable must be some of"),
        ({"until": 0.0}, "until must be positive"),
        ({"accuracy": -1.0}, "accuracy must be positive"),
        ({"times": [0.0, 50.0]}, "times must ascend"),
        ({"times": [1.0, 0.0]}, "times must ascend"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        gradient_flow(**({"start": Parameters(1.0)} | arguments))


def test_a_target_other_than_the_neurons_own_kind_is_followed_too():
    target = Target(2.0, -0.5, 0.25)
    end = gradient_flow(Parameters(1.0, 0.0), trainable=("w", "b"), negative_slope=0.25, target=target, until=200.0).end
    assert math.hypot(end.w - 2.0, end.b + 0.5) <= REACH
