"""The expected loss and its derivatives in real numbers, beside quadrature, `compare.surface` and hand algebra."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from compare import surface
from compare.claims.values import Condition, SurfaceCheck
from compare.claims.witnesses.loss_values import Neuron, expected_gradient, expected_hessian, expected_loss
from compare.claims.witnesses.pointwise import judge_surface
from compare.claims.witnesses.real_numbers import reals_of
from compare.surface.errors import LOSS_ERROR
from reference import Experiment, Parameters, Target

REALS = reals_of(30)
NAMES = "wbvd"


def neuron(*numbers):
    return Neuron(*(Fraction(str(number)) for number in numbers))


def surface_check(quantity, *points, side=None, **condition):
    return SurfaceCheck(quantity=quantity, points=points, condition=Condition(**condition), side=side)


# w, b, v, d, s, w*, b*, s*
POINTS = [
    (0.5, 0.25, 1.5, -0.5, 0.25, 1.0, 0.5, 0.0),
    (-1.5, 0.75, -0.5, 1.0, -0.5, 2.0, -1.0, 0.125),
    (0.0, 1.0, 2.0, 0.5, 0.5, -1.0, 0.25, 0.0),
    (2.0, -3.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.5),
]


@pytest.mark.parametrize("point", POINTS)
def test_the_loss_is_the_integral(point):
    w, b, v, d, s, w_, b_, s_ = map(mpmath.mpf, point)

    def phi(z, slope):
        return z if z > 0 else slope * z

    kinks = sorted(-b / w for w, b in ((w, b), (w_, b_)) if w)
    with mpmath.workdps(30):
        integral = mpmath.quad(
            lambda x: (v * phi(w * x + b, s) + d - phi(w_ * x + b_, s_)) ** 2 * mpmath.npdf(x), [-12, *kinks, 12]
        )
    found = expected_loss(neuron(*point))(REALS).middle()
    assert abs(found - integral) <= LOSS_ERROR * integral


@pytest.mark.parametrize("seed", range(40))
def test_the_surface_agrees_to_its_own_bounds(seed):
    draw = np.random.default_rng(seed)
    values = [
        float(x) for x in draw.choice([0.0, 1.0, -1.0, *draw.normal(size=6), *np.exp(draw.normal(size=3) * 3)], 8)
    ]
    w, b, v, d, s, *teacher = values
    exact, at = Neuron(*map(Fraction, values)), Parameters(w, b, v, d)
    options = {"negative_slope": s, "target": Target(*teacher)}
    loss = float(surface.expected_loss(at, **options))
    assert abs(expected_loss(exact)(REALS).middle() - loss) <= float(surface.expected_loss_error(at, **options))
    error = surface.expected_gradient_error(at, **options)
    for name, side in itertools.product(NAMES, ("left", "right")):
        gradient = float(getattr(surface.expected_gradient(at, side=side, **options), name))
        found = expected_gradient(exact, name, side)(REALS).middle()
        bound = float(getattr(error, name)) + math.ulp(found)
        if w == b == 0 and name in "wb":  # the bound is of what phi' is elsewhere
            bound = surface.errors.GRADIENT_ERROR * (1 + abs(v)) * (1 + abs(s)) * (2 + loss)
        assert abs(found - gradient) <= bound
    hessian = surface.expected_hessian(at, **options)
    for i, j in itertools.product(range(4), repeat=2):
        entry = expected_hessian(exact, NAMES[i], NAMES[j])
        assert (entry is None) == bool(np.isnan(hessian[i, j]))
        if entry is not None:
            largest = np.nanmax(np.abs(hessian))
            assert abs(entry(REALS).middle() - hessian[i, j]) <= surface.errors.HESSIAN_ERROR * largest


def test_without_biases_the_loss_is_a_fraction():
    # (w^2 + 1) / 2 left of 0, (1 - w)^2 / 2 right of it.
    assert expected_loss(neuron("-1e-9", 0, 1, 0, 0, 1, 0, 0))(REALS).value == Fraction(1, 2) + Fraction(1, 2 * 10**18)
    assert expected_loss(neuron(0.3, 0, 1, 0, 0, 1, 0, 0))(REALS).value == Fraction(49, 200)


DECIDED = [
    ("expected_loss", {"w": -1e-9}, None, {"above": 0.5}, True),
    ("expected_loss", {"w": -5e-324}, None, {"above": 0.5}, True),
    ("expected_loss", {"w": -0.0}, None, {"near": 0.5, "within": 0.0}, True),
    ("expected_loss", {"w": 0.3}, None, {"near": 0.245, "within": 0.0}, True),
    ("expected_loss", {"w": 1.000000001}, None, {"above": 0.0}, True),
    ("expected_loss", {"w": 1.0, "b": 1e-12}, None, {"above": 0.0}, True),
    ("expected_loss", {"w": 1.0, "b": 0.0}, None, {"above": 0.0}, False),
    ("expected_gradient.w", {"w": 0.1}, None, {"near": -0.9, "within": 0.0}, True),
    ("expected_gradient.w", {"w": 0.1, "b": -10.0}, None, {"below": 0.0}, True),  # by 1e-2170
    ("expected_gradient.w", {"w": 0.0}, "left", {"near": 0.0, "within": 0.0}, True),
    ("expected_gradient.w", {"w": 0.0}, "right", {"near": -1.0, "within": 0.0}, True),
    ("expected_hessian.w.w", {"w": 0.3}, None, {"near": 1.0, "within": 0.0}, True),
    ("expected_hessian.v.v", {"w": 0.3}, None, {"near": 0.09, "within": 0.0}, True),
    ("prediction", {"w": 0.1, "x": 3.0}, None, {"near": 0.3, "within": 0.0}, True),
    ("prediction_gradient.v", {"w": 0.1, "b": 0.2, "x": 1.0}, None, {"near": 0.3, "within": 0.0}, True),
    ("prediction_gradient.x", {"w": 0.1, "v": 3.0, "x": 1.0}, None, {"near": 0.3, "within": 0.0}, True),
    # 0.1 * 3 + b at b = -0.3 is the kink exactly.
    ("prediction_gradient.b", {"w": 0.1, "b": -0.3, "x": 3.0}, None, {"above": -1.0}, None),
    ("prediction_gradient.b", {"w": 0.1, "b": -0.3, "x": 3.0}, "left", {"near": 0.0, "within": 0.0}, True),
]


@pytest.mark.parametrize(("quantity", "at", "side", "condition", "met"), DECIDED)
def test_rounding_decides_nothing(quantity, at, side, condition, met):
    assert judge_surface(surface_check(quantity, at, side=side, **condition), Experiment()).met is met


def test_numbers_are_shown_with_as_many_digits_as_tell():
    assert judge_surface(surface_check("expected_loss", {"w": -1e-9}, above=0.5), Experiment()).says == (
        "expected loss = 0.5000000000000000005 at w = -1e-09"
    )


def test_a_start_in_float32_is_the_decimal_that_is_written():
    slope = Experiment(negative_slope=0.1, initial=Parameters(w=-0.1), dtype="float32")
    # (s w - 1)^2 / 2 + w^2 / 2 at s = 0.1, w = -0.1.
    check = surface_check("expected_loss", {"w": -0.1}, near=0.51505, within=0.0)
    assert judge_surface(check, slope).met is True


def test_a_point_that_fails_decides_before_one_that_is_undecided():
    points = ({"w": 0.0}, {"w": 1.0}, {"w": -1.0})  # no derivative, 0, -1
    refuted = judge_surface(surface_check("expected_gradient.w", *points, above=-0.5), Experiment(negative_slope=0.5))
    assert (refuted.met, refuted.number) == (False, -1.75)
    assert "w = -1" in refuted.says
    undecided = judge_surface(surface_check("expected_gradient.w", *points, above=-2.0), Experiment(negative_slope=0.5))
    assert undecided.met is None
    assert "side" in undecided.reason


@pytest.mark.parametrize("quantity", ["expected_loss", "expected_gradient.w", "expected_hessian.w.b"])
@pytest.mark.parametrize("w", [1e308, -1.7e308, 5e-324, 1.0])
@pytest.mark.parametrize("b", [0.0, -1.7e308, 5e-324])
def test_points_of_any_size_give_no_warning(quantity, w, b):
    found = judge_surface(surface_check(quantity, {"w": w, "b": b}, above=0.0), Experiment())
    assert found.met is not None or found.reason
