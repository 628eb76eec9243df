"""Checks that take no run: surface, neuron, shape of the loss, kinks, arithmetic, update rules."""

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compare.claims import Workbench, load_claims
from compare.claims.formula import parse
from compare.claims.pointwise import judge_formula, judge_one_sided, judge_surface
from compare.claims.shapes import judge_convex, judge_critical_point, judge_crossings, judge_minimum
from compare.claims.updates import judge_update
from compare.claims.values import (
    Condition,
    ConvexCheck,
    CriticalPointCheck,
    CrossingsCheck,
    FormulaCheck,
    KinkCheck,
    MinimumCheck,
    SurfaceCheck,
    UpdateCheck,
)
from reference import SGD, Adam, Experiment, Parameters, RMSprop, Target, train

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
    ("experiment", "convex"),
    [
        (RELU, False),  # at 0 the derivative falls from 0 to -1
        (LEAKY, False),
        (Experiment(negative_slope=1.0), True),
        (Experiment(negative_slope=2.0), True),  # from -2 up to -1
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
        ("sqrt(h)", {"h": 2.0}, {"near": math.sqrt(2.0), "within": 0.0}, None),  # irrational: lost in rounding
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


# Update rules: the right ones pass, and each wrong one is caught.

ADAM = {
    "m": "beta_1 * m + (1 - beta_1) * g",
    "v": "beta_2 * v + (1 - beta_2) * g**2",
    "w": "w - learning_rate * (m / (1 - beta_1**t)) / (sqrt(v) / sqrt(1 - beta_2**t) + epsilon / sqrt(1 - beta_2**t))",
}
AMSGRAD = {
    "m": ADAM["m"],
    "v": ADAM["v"],
    "v_hat": "max(v_hat, v)",
    "w": ADAM["w"].replace("sqrt(v)", "sqrt(v_hat)"),
}
RIGHT = [
    (SGD(learning_rate=0.1), {"w": "w - learning_rate * g"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"m": "momentum * m - learning_rate * g", "w": "w + m"}),
    (
        SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
        {"m": "momentum * m - learning_rate * g", "w": "w + momentum * m - learning_rate * g"},
    ),
    (Adam(), ADAM),
    (Adam(learning_rate=0.25, amsgrad=True), AMSGRAD),
    (RMSprop(), {"v": "rho * v + (1 - rho) * g * g", "w": "w - learning_rate * g / sqrt(v + epsilon)"}),
]
WRONG = [
    (SGD(learning_rate=0.1), {"w": "w + learning_rate * g"}),
    (SGD(learning_rate=0.1), {"w": "w - 1.001 * learning_rate * g"}),
    (SGD(learning_rate=0.1), {"w": "w"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"w": "w - learning_rate * g"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"m": "momentum * m - g", "w": "w + learning_rate * m"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"m": "momentum * m - (1 - momentum) * learning_rate * g", "w": "w + m"}),
    (SGD(learning_rate=0.1, momentum=0.9, nesterov=True), {"m": "momentum * m - learning_rate * g", "w": "w + m"}),
    (Adam(), ADAM | {"w": "w - learning_rate * m / (sqrt(v) + epsilon)"}),
    (Adam(), ADAM | {"v": "beta_1 * v + (1 - beta_1) * g**2"}),
    (Adam(learning_rate=0.25, amsgrad=True), AMSGRAD | {"v_hat": "v"}),
    (Adam(learning_rate=0.25, amsgrad=True), ADAM),
    (RMSprop(), {"v": "rho * v + (1 - rho) * g", "w": "w - learning_rate * g / sqrt(v + epsilon)"}),
]


def judged(optimizer, rule, dtype, **changes):
    names = {"w", "g", "t", "m", "v", "v_hat", *vars(optimizer)}
    check = UpdateCheck(rule=tuple((name, parse(text, names)) for name, text in rule.items()))
    experiment = Experiment(
        initial=Parameters(w=2.0, b=0.5),
        trainable=("w", "b"),
        optimizer=optimizer,
        steps=60,
        batch_size=20,
        dtype=dtype,
        **changes,
    )
    return judge_update(check, train(experiment))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "rule"), RIGHT, ids=lambda value: "" if isinstance(value, dict) else repr(value))
def test_the_right_rule_is_within_rounding(optimizer, rule, dtype):
    found = judged(optimizer, rule, dtype)
    assert found.met is True
    assert found.number <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "rule"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_rule_is_not(optimizer, rule, dtype):
    found = judged(optimizer, rule, dtype)
    assert found.met is False
    assert found.number > 1
    assert "by the rule" in found.says


def test_where_epsilon_sits_shows_near_the_minimum():
    outside = {"v": "rho * v + (1 - rho) * g * g", "w": "w - learning_rate * g / (sqrt(v) + epsilon)"}
    check = UpdateCheck(
        rule=tuple((n, parse(text, {"w", "g", "v", "rho", "learning_rate", "epsilon"})) for n, text in outside.items())
    )
    near = Experiment(initial=Parameters(w=1.0 + 2.0**-10), optimizer=RMSprop(), steps=60, dtype="float64")
    assert judge_update(check, train(near)).met is False


def test_the_worked_examples_rule_is_judged():
    claims = {claim.id: claim for claim in load_claims(Path(__file__).with_name("every_kind.toml"))}
    claim = claims["momentum-rule"]
    assert judge_update(claim.checks[0], train(claim.experiment)).met is True
    assert np.isfinite(judge_update(claim.checks[0], train(claim.experiment)).number)
