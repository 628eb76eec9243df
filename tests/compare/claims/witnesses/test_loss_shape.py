"""Checks of the shape of the expected loss: minima, critical points, convexity, lines across it."""

import math
from dataclasses import replace

import mpmath
import pytest

from compare.claims import SharedRuns
from compare.claims.values import Condition, ConvexCheck, CriticalPointCheck, CrossingsCheck, MinimumCheck
from compare.claims.witnesses.loss_shape import judge_convex, judge_critical_point, judge_crossings, judge_minimum
from reference import Experiment, Parameters, Target

RELU, LEAKY = Experiment(), Experiment(negative_slope=0.25)


# The minimum, by hand: w = 1 / (1 + s^2) without bias, where the loss is s^2 / (2 (1 + s^2)).


@pytest.mark.parametrize(("s", "w", "loss"), [(0.0, 1.0, 0.0), (0.5, 0.8, 0.1), (1.0, 0.5, 0.25), (-0.5, 0.8, 0.1)])
def test_the_minimum_is_where_it_is_by_hand(s, w, loss):
    shared, experiment = SharedRuns(), Experiment(negative_slope=s)
    for quantity, number in (("minimum.w", w), ("minimum.loss", loss)):
        check = MinimumCheck(quantity=quantity, condition=Condition(near=number, within=2.0**-40))
        assert judge_minimum(check, experiment, shared.critical_points).met is True
        wrong = replace(check, condition=Condition(above=number + 0.01))
        assert judge_minimum(wrong, experiment, shared.critical_points).met is False


@pytest.mark.parametrize(
    ("quantity", "slope", "condition", "met"),
    [
        ("minimum.w", 0.0, {"near": 1.0, "within": 0.0}, True),
        ("minimum.w", 0.5, {"near": 0.8, "within": 0.0}, True),
        ("minimum.loss", 0.5, {"near": 0.1, "within": 0.0}, True),
        ("minimum.w", 0.1, {"near": 1 / 1.01, "within": 0.0}, False),  # 100/101 is no decimal of 17 digits
        ("minimum.w", 0.1, {"near": 1 / 1.01, "within": 1e-16}, True),
        ("minimum.loss", 0.3, {"above": 0.09 / 2.18}, True),  # 9/218, above the float next to it
    ],
)
def test_a_minimum_that_is_rational_is_exact(quantity, slope, condition, met):
    check = MinimumCheck(quantity=quantity, condition=Condition(**condition))
    experiment = Experiment(negative_slope=slope)
    assert judge_minimum(check, experiment, SharedRuns().critical_points).met is met


def test_a_minimum_with_a_bias_is_at_the_teacher_exactly():
    both = Experiment(trainable=("w", "b"), target=Target(w=0.3, b=0.1), initial=Parameters(w=1.0, v=0.5))
    for name, number in (("w", 0.6), ("b", 0.2), ("loss", 0.0)):
        check = MinimumCheck(quantity=f"minimum.{name}", condition=Condition(near=number, within=0.0))
        assert judge_minimum(check, both, SharedRuns().critical_points).met is True


def minimum_by_moments(slope):
    """Where the gradient by w and b vanishes, the teacher being relu(x) and the neuron's kink left of 0."""
    P, p, inf = mpmath.ncdf, mpmath.npdf, mpmath.inf

    def moments(low, high):
        m0, edges = P(high) - P(low), [0 if abs(x) == inf else x * p(x) for x in (low, high)]
        return m0, p(low) - p(high), m0 + edges[0] - edges[1]

    def gradient(w, b):
        k, by_w, by_b = -b / w, 0, 0
        for low, high, gain, label in ((-inf, k, slope, 0), (k, 0, 1, 0), (0, inf, 1, 1)):
            m0, m1, m2 = moments(low, high)
            by_w += gain * ((gain * w - label) * m2 + gain * b * m1)
            by_b += gain * ((gain * w - label) * m1 + gain * b * m0)
        return by_w, by_b

    return mpmath.findroot(gradient, (mpmath.mpf("0.96"), mpmath.mpf("0.04")))


def test_a_minimum_that_is_irrational_is_known_to_more_digits_than_a_float_has():
    leaky, points = Experiment(trainable=("w", "b"), negative_slope=0.1), SharedRuns().critical_points
    with mpmath.workdps(30):
        minimum = minimum_by_moments(mpmath.mpf(1) / 10)
    for name, true in zip("wb", minimum, strict=True):
        check = MinimumCheck(quantity=f"minimum.{name}", condition=Condition(above=float(true)))
        found = judge_minimum(check, leaky, points)
        assert found.met is bool(true > float(true))
        assert found.number == float(true)
        shown = found.says.rpartition(" = ")[2]
        with mpmath.workdps(30):
            assert mpmath.nstr(true, len(shown.partition(".")[2].lstrip("0")), strip_zeros=False) == shown


def test_a_set_of_minima_has_no_place():
    experiment = Experiment(trainable=("w", "v"))
    check = MinimumCheck(quantity="minimum.w", condition=Condition(above=0.0))
    found = judge_minimum(check, experiment, SharedRuns().critical_points)
    assert found.met is None
    assert "not a single point" in found.reason


@pytest.mark.parametrize(
    ("w", "kind", "met"),
    [
        (1.0, "global minimum", True),
        (0.0, "one-sided stationary", True),
        (0.0, "global minimum", False),
        (-1.0, "none", True),
        (-1.0, "saddle", False),
    ],
)
def test_critical_points_have_their_kind(w, kind, met):
    check = CriticalPointCheck(at=Parameters(w=w), kind=kind, within=2.0**-30)
    assert judge_critical_point(check, RELU, SharedRuns().critical_points).met is met


@pytest.mark.parametrize(
    ("at", "within", "kind", "met"),
    [
        (0.9, 0.1, "global minimum", True),  # 1 is within 0.1 of 0.9, though 1 - 0.9 is less in float64
        (0.7, 0.3, "global minimum", True),
        (0.7, 0.29, "global minimum", False),
        (-0.0, 0.0, "one-sided stationary", True),
        (0.5, 2.0, "global minimum", None),  # both are within 2
        (0.5, 2.0, "saddle", False),
        (0.5, 2.0, "none", False),
    ],
)
def test_what_is_within_is_told_of_the_decimals(at, within, kind, met):
    check = CriticalPointCheck(at=Parameters(w=at), kind=kind, within=within)
    assert judge_critical_point(check, RELU, SharedRuns().critical_points).met is met


@pytest.mark.parametrize(
    ("experiment", "convex"),
    [
        (RELU, False),  # at 0 the derivative falls from 0 to -1
        (LEAKY, False),
        (Experiment(negative_slope=1.0), True),
        (Experiment(negative_slope=2.0), True),  # from -2 up to -1
        (Experiment(negative_slope=0.9999999999999999), False),  # from -1 + 1e-16 down to -1
        (Experiment(trainable=("v", "d")), True),
        (Experiment(trainable=("w", "b"), negative_slope=1.0), True),
        (Experiment(trainable=("w", "b")), False),
        (Experiment(trainable=("w", "v")), False),
    ],
)
def test_convexity(experiment, convex):
    assert judge_convex(ConvexCheck(expected=convex), experiment).met is True
    assert judge_convex(ConvexCheck(expected=not convex), experiment).met is False


def test_that_no_chord_is_found_proves_nothing():
    # With the target far away, the box that is searched may hold no counterexample.
    experiment = Experiment(initial=Parameters(w=1.0, b=5.0), target=Target(w=1.0, b=5.0))
    found = judge_convex(ConvexCheck(expected=True), experiment)
    assert found.met is None or found.met is False
    assert found.met is False or "proves nothing" in found.reason


@pytest.mark.parametrize(
    ("at_zero", "slope", "places"),
    [
        (0.625, 0.0, [-0.5, 1 + math.sqrt(1.25)]),  # w^2/2 = 1/8; w^2/2 - w = 1/8
        (0.25, 0.0, [1 - math.sqrt(0.5), 1 + math.sqrt(0.5)]),
        (0.0, 0.0, []),  # touches at the minimum
        (-1.0, 0.0, []),
        (0.5, -0.5, [-1.0, 1.0]),  # touches in between, at the kink
        (0.5, 0.5, [0.0, 3.0]),  # crosses at the kink
        (0.5, 0.0, [0.0, 2.0]),  # tangent on the left: w^2/2 > 0, w^2/2 - w < 0
        (0.5, -1.0, [-2.0, 0.0]),  # tangent on the right: w^2/2 + w < 0 left of 0, w^2/2 > 0 right of it
        (0.32, -0.4, []),  # (1 - w)^2/2 less 0.32 - 0.4 w is (w - 0.6)^2/2: it touches
        (0.32, -0.39, [0.61 - math.sqrt(0.0121), 0.61 + math.sqrt(0.0121)]),
    ],
)
def test_a_line_crosses_where_the_parabolas_are_solved(at_zero, slope, places):
    check = CrossingsCheck(at_zero=at_zero, slope=slope, above=max(len(places) - 1, 0))
    found = judge_crossings(check, RELU)
    assert found.number == len(places)
    assert found.met is (len(places) > check.above)
    for place in places:
        assert f"{place:.4g}" in found.says


@pytest.mark.parametrize(
    ("experiment", "at_zero", "slope", "places"),
    [
        # The loss is constant, 1/2: the line is the loss, or crosses it once.
        (Experiment(initial=Parameters(w=1.0, v=0.0)), 0.5, 0.0, []),
        (Experiment(initial=Parameters(w=1.0, v=0.0)), 0.5, 0.1, [0.0]),
        (Experiment(initial=Parameters(w=1.0, v=0.0)), 0.8, 0.1, [-3.0]),
        # No kink: (w^2 - w + 1/2) either side; the line through (0, 1/2) and (1, 1/2).
        (Experiment(negative_slope=1.0), 0.5, 0.0, [0.0, 1.0]),
        # w^2/2 on the left, w^2/2 + w on the right of 0: y = 1/2 touches on the left, and no more.
        (Experiment(initial=Parameters(w=1.0, v=-1.0)), 0.5, 0.0, []),
        # s = 0.3: 0.545 w^2 - 0.3 w + 1/2 is touched at w = -0.2 by its tangent there, slope -0.518, 0.4782 at 0,
        # which crosses twice on the right, where the parabola is 0.545 w^2 - w + 1/2.
        (
            Experiment(negative_slope=0.3),
            0.4782,
            -0.518,
            [(0.482 - math.sqrt(0.1848)) / 1.09, (0.482 + math.sqrt(0.1848)) / 1.09],
        ),
        # v = 0.1 in float32 is 0.1: 0.00545 w^2 - 0.03 w left of 0 is touched there, 0.00545 w^2 - 0.1 w is crossed.
        (Experiment(initial=Parameters(w=1.0, v=0.1), negative_slope=0.3), 0.5, -0.03, [0.0, 0.07 / 0.00545]),
    ],
)
def test_lines_cross_exactly_as_often_as_the_decimals_say(experiment, at_zero, slope, places):
    found = judge_crossings(CrossingsCheck(at_zero=at_zero, slope=slope, above=0), experiment)
    assert found.number == len(places)
    for place in places:
        assert f"{place:.4g}" in found.says


@pytest.mark.parametrize("v", [-1.7e308, 5e-324])
@pytest.mark.parametrize("slope", [0.0, 1e38])
@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), ("v", "d"), ("w", "d")])
def test_numbers_of_any_size_give_neither_a_warning_nor_an_error(v, slope, trainable):
    run = Experiment(initial=Parameters(w=1.0, v=v), trainable=trainable, dtype="float64", negative_slope=slope)
    points = SharedRuns().critical_points
    minimum = MinimumCheck(quantity="minimum.loss", condition=Condition(above=1.0))
    place = CriticalPointCheck(at=Parameters(w=1.0), kind="saddle", within=1e-9)
    line = CrossingsCheck(at_zero=1e308, slope=-1e308, above=1)
    for found in (
        judge_convex(ConvexCheck(expected=True), run),
        judge_minimum(minimum, run, points),
        judge_minimum(replace(minimum, quantity=f"minimum.{trainable[0]}"), run, points),
        judge_critical_point(place, run, points),
        judge_crossings(line, run),
    ):
        assert found.met is not None or found.reason
