"""Checks that take no run: surface, neuron, shape of the loss, kinks, arithmetic."""

import math
import time
from dataclasses import replace

import mpmath
import pytest

from compare.claims import Workbench
from compare.claims.formula import parse
from compare.claims.pointwise import judge_formula, judge_one_sided, judge_surface
from compare.claims.shapes import judge_convex, judge_critical_point, judge_crossings, judge_minimum
from compare.claims.values import (
    Condition,
    ConvexCheck,
    CriticalPointCheck,
    CrossingsCheck,
    FormulaCheck,
    KinkCheck,
    MinimumCheck,
    SurfaceCheck,
)
from reference import Experiment, Parameters, Target

RELU, LEAKY = Experiment(), Experiment(negative_slope=0.25)


def surface(quantity, at, side=None, **condition):
    return SurfaceCheck(quantity=quantity, points=(at,), condition=Condition(**condition), side=side)


# At points where hand algebra gives an exact number.
POINTS = [
    ("expected_loss", {"w": 1.0}, None, 0.0),
    ("expected_gradient.w", {"w": 0.0}, "left", 0.0),
    ("expected_gradient.w", {"w": 0.0}, "right", -1.0),
    ("prediction", {"w": -2.0, "b": 1.0, "v": 0.5, "d": 3.0, "x": -1.0}, None, 4.5),
    ("prediction", {"w": -2.0, "b": 1.0, "v": 0.5, "d": 3.0, "x": 1.0}, None, 2.875),
    ("prediction_gradient.x", {"w": -2.0, "x": -1.0}, None, -2.0),
    ("prediction_gradient.x", {"w": -2.0, "x": 1.0}, None, -0.5),
    ("prediction_gradient.w", {"w": -2.0, "v": 3.0, "x": -1.0}, None, -3.0),
    ("prediction_gradient.b", {"w": 1.0, "x": -1.0}, None, 0.25),
    ("prediction_gradient.v", {"w": 1.0, "x": -1.0}, None, -0.25),
    ("prediction_gradient.d", {"w": 0.0, "x": 0.0}, None, 1.0),
    # At the kink, from either side of the variable that moves.
    ("prediction_gradient.x", {"w": 2.0, "x": 0.0}, "left", 0.5),
    ("prediction_gradient.x", {"w": 2.0, "x": 0.0}, "right", 2.0),
    ("prediction_gradient.x", {"w": -2.0, "x": 0.0}, "left", -2.0),
    ("prediction_gradient.x", {"w": -2.0, "x": 0.0}, "right", -0.5),
    ("prediction_gradient.b", {"w": 1.0, "x": 0.0}, "left", 0.25),
]


@pytest.mark.parametrize(("quantity", "at", "side", "number"), POINTS)
def test_a_quantity_has_its_value(quantity, at, side, number):
    experiment = RELU if quantity.startswith("expected") else LEAKY
    found = judge_surface(surface(quantity, at, side, near=number, within=0.0), experiment)
    assert (found.met, found.number) == (True, number)
    assert judge_surface(surface(quantity, at, side, above=number), experiment).met is False


@pytest.mark.parametrize(
    ("quantity", "at"),
    [
        ("expected_gradient.w", {"w": 0.0}),
        ("expected_gradient.b", {"w": 0.0}),
        ("expected_hessian.w.w", {"w": 0.0}),
        ("prediction_gradient.x", {"w": 2.0, "x": 0.0}),
        ("prediction_gradient.w", {"w": 1.0, "b": -3.0, "x": 3.0}),
    ],
)
def test_at_the_kink_nothing_is_decided_without_a_side(quantity, at):
    found = judge_surface(surface(quantity, at, above=-9.0), LEAKY)
    assert found.met is None
    assert "side" in found.reason


def test_of_several_points_the_one_that_fails_decides():
    check = SurfaceCheck(
        quantity="expected_loss", points=({"w": 1.0}, {"w": -1.0}, {"w": 0.5}), condition=Condition(below=0.5)
    )
    found = judge_surface(check, RELU)
    assert found.met is False
    assert found.says.endswith("at w = -1")


def test_a_formula_may_say_what_a_quantity_equals():
    formula = parse("(w**2 + 1) / 2", {"w"})
    points = tuple({"w": float(w)} for w in (-3.0, -1.0, -0.25))
    holds = SurfaceCheck(quantity="expected_loss", points=points, condition=None, equals=formula, within=2.0**-40)
    assert judge_surface(holds, RELU).met is True
    assert judge_surface(replace(holds, points=(*points, {"w": 1.0})), RELU).met is False


# The minimum, by hand: w = 1 / (1 + s^2) without bias, where the loss is s^2 / (2 (1 + s^2)).


@pytest.mark.parametrize(("s", "w", "loss"), [(0.0, 1.0, 0.0), (0.5, 0.8, 0.1), (1.0, 0.5, 0.25), (-0.5, 0.8, 0.1)])
def test_the_minimum_is_where_it_is_by_hand(s, w, loss):
    bench, experiment = Workbench(), Experiment(negative_slope=s)
    for quantity, number in (("minimum.w", w), ("minimum.loss", loss)):
        check = MinimumCheck(quantity=quantity, condition=Condition(near=number, within=2.0**-40))
        assert judge_minimum(check, experiment, bench.critical_points).met is True
        wrong = replace(check, condition=Condition(above=number + 0.01))
        assert judge_minimum(wrong, experiment, bench.critical_points).met is False


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
    assert judge_minimum(check, experiment, Workbench().critical_points).met is met


def test_a_minimum_with_a_bias_is_at_the_teacher_exactly():
    both = Experiment(trainable=("w", "b"), target=Target(w=0.3, b=0.1), initial=Parameters(w=1.0, v=0.5))
    for name, number in (("w", 0.6), ("b", 0.2), ("loss", 0.0)):
        check = MinimumCheck(quantity=f"minimum.{name}", condition=Condition(near=number, within=0.0))
        assert judge_minimum(check, both, Workbench().critical_points).met is True


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
    leaky, points = Experiment(trainable=("w", "b"), negative_slope=0.1), Workbench().critical_points
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
    found = judge_minimum(check, experiment, Workbench().critical_points)
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
    assert judge_critical_point(check, RELU, Workbench().critical_points).met is met


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
    assert judge_critical_point(check, RELU, Workbench().critical_points).met is met


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


@pytest.mark.parametrize(
    ("function", "side", "number"),
    [
        ("relu", "left", 0.0),
        ("relu", "right", 1.0),
        ("leaky_relu", "left", 0.25),
        ("leaky_relu", "right", 1.0),
        ("abs", "left", -1.0),
        ("maximum", "right", 1.0),
    ],
)
def test_one_sided_derivatives(function, side, number):
    check = KinkCheck(
        function=function, negative_slope=0.25, side=side, framework=None, condition=Condition(near=number, within=0.0)
    )
    assert judge_one_sided(check).met is True


@pytest.mark.parametrize(
    ("text", "at", "condition", "met"),
    [
        ("(max(h, 0) - max(-h, 0)) / (2 * h)", {"h": 0.1}, {"near": 0.5, "within": 0.0}, True),
        ("h / 3 * 3", {"h": 0.1}, {"near": 0.1, "within": 0.0}, True),  # exactly, though not in float64
        ("1 / 3", {}, {"above": 1 / 3}, True),  # the float is below a third
        ("h ** 2", {"h": 3.0}, {"below": 9.0}, False),
        ("sqrt(h)", {"h": 2.0}, {"near": math.sqrt(2.0), "within": 0.0}, False),  # irrational
        ("sqrt(h)", {"h": 2.0}, {"above": 1.4142}, True),
        ("exp(h)", {"h": 1.0}, {"near": math.e, "within": 0.01}, True),
    ],
)
def test_arithmetic_is_decided_exactly_or_not_at_all(text, at, condition, met):
    check = FormulaCheck(formula=parse(text, set(at)), at=at, condition=Condition(**condition))
    assert judge_formula(check).met is met


@pytest.mark.parametrize(
    ("text", "met", "number"),
    [
        ("(9 ** 64) ** 64", True, math.inf),  # known exactly, though no float is as large
        ("-(9 ** 64) ** 64", False, -math.inf),
        ("9 ** 64 / 9 ** 64", True, 1.0),
        ("(((((9 ** 64) ** 64) ** 64) ** 64) ** 64) ** 64", None, math.inf),  # of 10^11 digits
        ("exp(exp(exp(9)))", None, math.inf),
        ("1 / (h - h)", None, math.inf),
        ("log(0 - h)", None, math.nan),
    ],
)
def test_what_no_float_holds_decides_nothing_unless_it_is_known_exactly(text, met, number):
    began = time.process_time()
    at = {"h": 2.0} if "h" in text else {}
    finding = judge_formula(FormulaCheck(formula=parse(text, set(at)), at=at, condition=Condition(above=0.5)))
    assert finding.met is met
    assert finding.number == number or (math.isnan(finding.number) and math.isnan(number))
    assert time.process_time() - began < 1
