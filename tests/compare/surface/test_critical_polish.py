"""That a listed point is stationary, and says how nearly: against quadrature, and what is not stationary is refused."""

import functools
import itertools
import math

import mpmath as mp
import numpy as np
import pytest

from compare.surface import expected_gradient, expected_loss
from compare.surface.critical import conditions, critical_points, polish
from compare.surface.critical.classification import make_critical_point
from compare.surface.critical.conditions import Problem
from compare.surface.critical.enclosures.interval import Interval, Jet
from compare.surface.critical.enclosures.normal import near
from compare.surface.critical.enclosures.roots import isolate
from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.critical.teacher import facing
from compare.surface.errors import LOSS_ERROR
from reference import Parameters, Target

ALL = ("w", "b", "v", "d")
FAR = 12  # the density is 1e-32 there


def true_gradient(at, slope, target):
    """Derivatives by quadrature between the kinks, of the definition: 2 E[r df/dp]."""
    w, b, v, d = map(mp.mpf, at)
    kinks = {-b / w, -mp.mpf(target.b) / mp.mpf(target.w)}

    def phi(z, s):
        return (z, mp.mpf(1)) if z > 0 else (s * z, mp.mpf(s))

    @functools.cache
    def integrands(x):
        out, gain = phi(w * x + b, mp.mpf(slope))
        residual = v * out + d - phi(mp.mpf(target.w) * x + mp.mpf(target.b), mp.mpf(target.negative_slope))[0]
        density = mp.npdf(x)
        return [2 * residual * factor * density for factor in (v * gain * x, v * gain, out, 1)]

    def derivative(i):
        ends = [-FAR, -4, *sorted({mp.mpf(0), *kinks}), 4, FAR]
        return mp.quad(lambda x: integrands(x)[i], ends, method="gauss-legendre")

    return [derivative(i) for i in range(4)]


def test_the_saddle_of_a_leaky_neuron_with_a_shifted_teacher():
    # All four trained, slope 1/2, y = relu(x + 0.8). Of the curve (c w, c b, v / c) the point with v^2 = w^2 + b^2 is
    # the root of the four integrals, found by a secant method on them that starts from a rounder point.
    target = Target(b=0.8)
    with mp.workdps(20):

        def equations(w, b, d):
            # On the curve one of the four follows from the others: w dL/dw + b dL/db = v dL/dv.
            g = true_gradient((w, b, -mp.hypot(w, b), d), 0.5, target)
            return g[0], g[1], g[3]

        w, b, d = mp.findroot(equations, (-0.98225, -0.52504, 0.73031), tol=1e-28)
        true = (w, b, -mp.hypot(w, b), d)
    points = critical_points(trainable=ALL, negative_slope=0.5, target=target)
    (saddle,) = (p for p in points if p.kind == "saddle" and p.parameters.w < 0 and p.parameters.b < 0)
    for value, expected in zip(saddle.parameters, true, strict=True):
        assert abs(value - expected) <= 2.0**-44  # the curvature, at least 0.01, times the stated error
    assert [round(float(p), 5) for p in saddle.parameters] == [-0.98225, -0.52504, -1.11377, 0.73031]
    with mp.workdps(25):
        for name, derivative in zip(ALL, true_gradient(saddle.parameters, 0.5, target), strict=True):
            assert abs(derivative) <= getattr(saddle.error, name)
    assert max(saddle.error) < 2.0**-46


@pytest.mark.parametrize("slope", [-2.0, -1.0, -0.5, 0.0, 0.1, 0.5, 0.75, 1.5, 2.0])
def test_with_shifted_teachers_every_derivative_is_within_the_stated_error(slope, exact, make_point):
    checked = 0
    for b in np.arange(-20, 21, 8) / 10:
        target = Target(1.0, float(b))
        for point in critical_points(trainable=ALL, negative_slope=slope, target=target):
            at = point.parameters
            if all(map(math.isfinite, at)) and (at.w or at.b):
                true = exact(make_point(*at, slope, tuple(target))).gradient
                assert all(abs(t) <= e for t, e in zip(true, point.error, strict=True)), point
                checked += 1
    assert checked > 15


def test_points_at_infinity_are_evaluated_where_the_neuron_is_a_line():
    options = {"negative_slope": 0.5, "target": Target(b=0.8)}
    lines = [p for p in critical_points(trainable=ALL, **options) if "infinity" in p.kind]
    assert len(lines) == 4
    for point in lines:
        assert math.isinf(point.parameters.b)
        gradient = expected_gradient(point.parameters, **options)
        assert all(abs(g) <= e for g, e in zip(gradient, point.error, strict=True))
        # The far neuron's own parameters are rounded, each to 2^-53 of up to 64 times the label's unit.
        assert abs(expected_loss(point.parameters, **options) - point.loss) <= (LOSS_ERROR + 2.0**-46) * point.loss
        assert np.isnan(expected_gradient(Parameters(*point.parameters), **options).w)  # by themselves they say nothing


def test_what_is_not_trained_has_no_stated_error():
    (point,) = critical_points(trainable=("b",), negative_slope=0.3)
    assert [math.isinf(e) for e in point.error] == [True, False, True, True]
    tip = next(p for p in critical_points(trainable=("w",), negative_slope=-0.5) if p.parameters.w == 0)
    assert tip.error is None


def surface(names=ALL, slope=0.5, target=Target(b=0.8)):
    return TrainedSurface(names, Parameters(1.0), slope, target)


def test_a_point_that_is_off_is_brought_to_rest():
    points = critical_points(trainable=ALL, negative_slope=0.5, target=Target(b=0.8))
    best = points[0].parameters
    found, error = polish.polished(surface(), best._replace(d=best.d + 2.0**-20, b=best.b - 2.0**-18), 1)
    gradient = expected_gradient(found, negative_slope=0.5, target=Target(b=0.8))
    assert all(abs(g) <= e for g, e in zip(gradient, error, strict=True))
    assert abs(found.d - best.d) < 2.0**-40


@pytest.mark.parametrize(
    "at",
    [
        Parameters(-0.9516201903901382, -0.41333442769300316, -1.0375096798943446, 0.8138098814024306),
        Parameters(0.5, 0.25, 1.0, 0.0),
        Parameters(1.0, -3.0, 0.125, 0.5),
    ],
)
def test_a_point_that_is_not_stationary_is_refused_in_one_line(at):
    with pytest.raises(ArithmeticError, match=r"the gradient is .* times what rounding explains") as error:
        make_critical_point(surface(), at, dimension=1)
    assert "\n" not in str(error.value)


def test_a_curvature_that_rounding_explains_is_refused():
    # Without an output nothing depends on w: the gradient vanishes, and so does the second derivative.
    with pytest.raises(ArithmeticError, match="degenerate") as error:
        make_critical_point(surface(("w",), 0.0, Target()), Parameters(1.0, -0.5, 0.0, 0.0), dimension=0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("low", "high"), [(-30.0, 0.8), (-30.0, 0.1), (-1 / 30, 0.0), (0.3, 30.0), (-0.7, 30.0)])
def test_no_cell_reaches_beyond_the_interval(low, high):
    # One bit beyond 0.8 there was another formula, and cells that it excluded held a root.
    def spied(a, b):
        assert np.min(a) >= low
        assert np.max(b) <= high
        t = Jet(Interval(a, b), Interval.of(np.ones_like(a)))
        return t * t - (low + high) ** 2 / 7

    isolate(spied, low, high)


def test_cells_on_both_sides_of_the_teachers_kink_have_no_formula():
    problem = Problem(facing(Target(b=0.8), -1), 0.5, None)
    with pytest.raises(AssertionError, match="both sides"):
        conditions.both(problem, near(np.array([0.0, 0.75]), np.array([0.5, 0.875])))


def test_a_cell_that_newton_does_not_narrow_is_cut():
    # The slope runs from 1 to 301 over the cell, and Newton's step with all of them ends outside of it.
    def cubic(a, b):
        t = Jet(Interval(a, b), Interval.of(np.ones_like(a)))
        return t * (1.0 + t * t * 100.0) - 12.8125

    (found,) = isolate(cubic, 0.0, 1.0)
    true = mp.findroot(lambda t: t + 100 * t**3 - mp.mpf("12.8125"), 0.5)
    assert found.low <= true <= found.high
    assert found.high - found.low < 2.0**-45
    assert found.sign == 1


SMALL = (1e-3, 1e-4, 3e-3, -1e-3, 1e-2, 1e-6, 0.999, 1.001, 1e3)
TARGETS = (Target(), Target(b=0.8), Target(b=-2.0), Target(1.0, 0.5, 0.3))


@pytest.mark.parametrize("slope", SMALL)
@pytest.mark.parametrize("names", [("w", "b"), ALL], ids="".join)
def test_slopes_next_to_special_ones_take_few_evaluations(monkeypatch, names, slope):
    # One takes a millisecond for the hundreds of cells that it is given, so that a question takes a part of a second.
    for target in TARGETS:
        calls = itertools.count()
        for function in ("both", "output"):
            original = getattr(conditions, function)

            def counted(problem, cells, original=original, calls=calls):
                assert np.size(cells.k.low) <= 4 * 4096
                next(calls)
                return original(problem, cells)

            monkeypatch.setattr(conditions, function, counted)
        points = critical_points(trainable=names, negative_slope=slope, target=target)
        assert any("global minimum" in p.kind or "infinity" in p.kind for p in points)
        assert next(calls) < 400
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("names", "fixed", "target"),
    [
        (("w",), Parameters(1.0, 0.5, 1e-320), Target(1.0, 0.5)),
        (("v", "d"), Parameters(1.0, 1e30), Target(1.0, 0.5)),
        (("w", "v"), Parameters(1.0, 1e200), Target(1.0, 0.5)),
        (("w", "b", "v", "d"), Parameters(1.0), Target(1e-320, 5e-321)),
        (("w", "b", "v", "d"), Parameters(1.0), Target(1e300, 5e299)),
    ],
)
def test_numbers_too_different_in_size_are_refused_in_one_line(names, fixed, target):
    with pytest.raises(ArithmeticError, match="critical_points: ") as error:
        critical_points(trainable=names, negative_slope=0.3, target=target, parameters=fixed)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("power", [-300, -100, 100, 300])
def test_the_unit_of_the_target_is_that_of_the_output(power):
    c, names = 2.0**power, ("w", "b")
    here = critical_points(trainable=names, negative_slope=0.3, target=Target(1.0, 0.5))
    there = critical_points(trainable=names, negative_slope=0.3, target=Target(c, 0.5 * c))
    assert [p.kind for p in here] == [p.kind for p in there]
    for a, b in zip(here, there, strict=True):
        # Either gradient is within its error: so are the parameters, over the smallest curvature.
        off = 2 * (a.error.w + a.error.b) / min(map(abs, a.hessian_eigenvalues)) if a.error else 0.0
        assert math.dist(a.parameters[:2], [p / c for p in b.parameters[:2]]) <= off
