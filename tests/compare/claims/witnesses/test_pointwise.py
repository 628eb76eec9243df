"""Checks at points, which take no run: surface, neuron, kinks, arithmetic."""

import math
import time
from dataclasses import replace

import pytest

from compare.claims.formula import parse
from compare.claims.values import Condition, FormulaCheck, KinkCheck, SurfaceCheck
from compare.claims.witnesses.pointwise import judge_formula, judge_one_sided, judge_surface
from reference import Experiment

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
