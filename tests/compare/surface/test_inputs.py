"""The surface for other input distributions against high-precision integrals of its definition."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from compare.surface import (
    activation_probability,
    expected_gradient,
    expected_hessian,
    expected_loss,
    expected_loss_and_gradient,
    expected_loss_error,
)
from compare.surface.arguments import checked_inputs
from compare.surface.errors import GRADIENT_ERROR, HESSIAN_ERROR
from compare.surface.integrals.distribution_moments import CLOSED_FORMS, ROUNDINGS, moments_of
from reference import Parameters, Target

U = 2.0**-53


def normal(x, mean, scale):
    return mp.exp(-(((x - mean) / scale) ** 2) / 2) / (scale * mp.sqrt(2 * mp.pi))


# Distribution, density in mpmath, ends to integrate between.
DISTRIBUTIONS = {
    "uniform": (stats.uniform(-1, 3), lambda x: mp.mpf(1) / 3, (-1, 2)),
    "norm": (stats.norm(1.5, 0.75), lambda x: normal(x, 1.5, 0.75), (-12, 1.5, 15)),
    "expon": (stats.expon(-0.75, 2.0), lambda x: mp.exp(-(x + 0.75) / 2) / 2, (-0.75, 20, 200)),
    "laplace": (stats.laplace(0.25, 0.5), lambda x: mp.exp(-2 * abs(x - 0.25)), (-50, 0.25, 50)),
    "gamma": (stats.gamma(3, scale=0.5), lambda x: 4 * x**2 * mp.exp(-2 * x), (0, 5, 60)),
    "beta": (stats.beta(2, 3), lambda x: 12 * x * (1 - x) ** 2, (0, 1)),
    "logistic": (stats.logistic(), lambda x: mp.sech(x / 2) ** 2 / 4, (-90, 0, 90)),
}
POINTS = [
    ((1.0, 0.5, 1.5, -0.25), 0.25, (1.25, -0.5, 0.5)),
    ((-1.0, 0.25, 1.0, 0.0), 0.0, (1.0, 0.0, 0.0)),
    ((1.0 + 2.0**-30, -0.5, 1.0, 2.0**-32), 0.0, (1.0, -0.5, 0.0)),
    ((2.0, -1.0, 0.5, 0.0), 0.125, (1.0, -0.5 - 2.0**-40, 0.125)),
    ((0.0, 0.5, 1.0, 0.0), 0.5, (1.0, 0.25, 0.0)),
    ((0.5, 100.0, 1.0, 0.0), 0.5, (0.0, 0.25, 0.0)),
]


def integral(function, name, point):
    """E[function(x, phi'(z), phi(z), residual)] in 30 digits."""
    (w, b, v, d), s, (tw, tb, ts) = point
    _, density, ends = DISTRIBUTIONS[name]
    with mp.workdps(30):
        kinks = [-mp.mpf(shift) / mp.mpf(slope) for slope, shift in ((w, b), (tw, tb)) if slope]
        cuts = sorted({*map(mp.mpf, ends), *(k for k in kinks if ends[0] < k < ends[-1])})

        def integrand(x, g, h):
            z = w * x + b
            return function(x, g, g * z, v * g * z + d - h * (tw * x + tb)) * density(x)

        total = mp.mpf(0)
        for low, high in pairwise(cuts):
            middle = (low + high) / 2
            g, h = (1 if w * middle + b > 0 else mp.mpf(s)), (1 if tw * middle + tb > 0 else mp.mpf(ts))
            # The quadrature stops at an absolute error, so its integrand is made about 1.
            size = max(abs(integrand(low + (high - low) * i / 64, g, h)) for i in range(1, 64)) or 1
            parts = mp.linspace(low, high, 1 + max(1, int((high - low) / 3)))
            total += size * mp.quad(lambda x, g=g, h=h, c=size: integrand(x, g, h) / c, parts, method="gauss-legendre")
        return total


def options(name, point):
    return {"negative_slope": point[1], "target": Target(*point[2]), "inputs": DISTRIBUTIONS[name][0]}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_loss_is_as_near_to_the_integral_as_its_error_says(name, point):
    exact = integral(lambda x, g, phi, r: r * r, name, point)
    p, error = Parameters(*point[0]), expected_loss_error(Parameters(*point[0]), **options(name, point))
    assert abs(mp.mpf(float(expected_loss(p, **options(name, point)))) - exact) <= error
    assert error <= (1e-13 if name in CLOSED_FORMS else 1e-9) * exact  # relative, near the minimum as well


@pytest.mark.parametrize("point", POINTS[::3])
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_gradient_and_probability_are_those_of_the_definition(name, point):
    (w, b, v, d), _, _ = point
    p = Parameters(w, b, v, d)
    gradient = expected_gradient(p, **options(name, point))
    definitions = (
        lambda x, g, phi, r: 2 * v * r * g * x,
        lambda x, g, phi, r: 2 * v * r * g,
        lambda x, g, phi, r: 2 * r * phi,
        lambda x, g, phi, r: 2 * r,
    )
    for seen, definition in zip(gradient, definitions, strict=True):
        size = integral(lambda *at, f=definition: abs(f(*at)), name, point)
        assert abs(mp.mpf(float(seen)) - integral(definition, name, point)) <= 2 * GRADIENT_ERROR * size
    active = integral(lambda x, g, phi, r: mp.mpf(w * x + b > 0), name, point)
    seen = activation_probability(p, inputs=DISTRIBUTIONS[name][0])
    assert abs(mp.mpf(float(seen)) - active) <= 2 * ROUNDINGS * U * active


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_the_hessian_is_the_derivative_of_the_gradient(name):
    # Both by integrals: d/dw of E[r f'] across the kink is what the density there adds.
    point = POINTS[0]
    (w, b, v, d), s, (tw, tb, ts) = point
    h = expected_hessian(Parameters(*point[0]), **options(name, point))
    k, density = -b / w, DISTRIBUTIONS[name][1](mp.mpf(-b / w))
    label = max(tw * k + tb, ts * (tw * k + tb))
    jump = 2 * v * (1 - s) * (d - label) * density / abs(w)
    expected = {
        (0, 0): 2 * integral(lambda x, g, phi, r: (v * g * x) ** 2, name, point) + jump * k**2,
        (0, 1): 2 * integral(lambda x, g, phi, r: v * v * g * g * x, name, point) + jump * k,
        (1, 1): 2 * integral(lambda x, g, phi, r: (v * g) ** 2, name, point) + jump,
        (0, 2): 2 * integral(lambda x, g, phi, r: v * g * x * phi + r * g * x, name, point),
        (2, 2): 2 * integral(lambda x, g, phi, r: phi**2, name, point),
        (2, 3): 2 * integral(lambda x, g, phi, r: phi, name, point),
    }
    for (i, j), exact in expected.items():
        assert abs(mp.mpf(float(h[i, j])) - exact) <= 2 * HESSIAN_ERROR * np.abs(h).max()
        assert h[i, j] == h[j, i]


def test_the_standard_normal_distribution_is_the_default():
    rng = np.random.default_rng(0)
    p, slope = Parameters(*rng.normal(size=(4, 50))), rng.normal(size=50)
    default = expected_loss(p, negative_slope=slope)
    same = expected_loss(p, negative_slope=slope, inputs=stats.norm())
    assert (np.abs(default - same) <= expected_loss_error(p, negative_slope=slope, inputs=stats.norm())).all()


def test_a_shifted_normal_distribution_is_another_neuron():
    # x = m + c u: phi(w x + b) = phi(c w u + (b + m w)), for neuron and teacher.
    p, t, m, c = Parameters(0.75, -0.5, 1.5, 0.25), Target(0.5, 0.25, 0.5), 2.0, 0.5
    here = expected_loss(p, negative_slope=0.25, target=t, inputs=stats.norm(m, c))
    there = expected_loss(
        Parameters(c * p.w, p.b + m * p.w, p.v, p.d), negative_slope=0.25, target=Target(c * t.w, t.b + m * t.w, 0.5)
    )
    assert abs(here - there) <= 2 * expected_loss_error(p, negative_slope=0.25, target=t, inputs=stats.norm(m, c))


@pytest.mark.parametrize(
    ("w", "b", "loss"),
    [(1.0, 0.0, 0.0), (0.0, 0.0, 1 / 6), (-1.0, 0.0, 1 / 3), (1.0, 1.0, 5 / 12 - 1 / 12 + 1 / 3), (2.0, 0.0, 1 / 6)],
)
def test_on_a_symmetric_interval_it_is_a_polynomial(w, b, loss):
    # x ~ U(-1, 1); for w = b = 1 the residual is 1 on the right, 1 + x on the left: (1 + 1/3) / 2.
    seen = expected_loss(Parameters(w, b), inputs=stats.uniform(-1, 2))
    assert abs(seen - loss) <= 4 * U


def test_both_sides_and_grad_at_zero_work_alike():
    p, inputs = Parameters(0.0, 0.0, 2.0), stats.uniform(-1, 2)
    # E[x relu(x)] = 1/6 and E[-x relu(x)] on the other side; the label's mean is 1/4.
    right, left = (expected_gradient(p, negative_slope=0.5, inputs=inputs, side=side) for side in ("right", "left"))
    at_zero = expected_gradient(p, negative_slope=0.5, inputs=inputs, grad_at_zero=1.0)
    for seen, exact in ((right.w, -2 / 3), (left.w, -1 / 3), (right.b, -1.0), (left.b, -0.5), (at_zero.w, -2 / 3)):
        assert abs(seen - exact) <= 4 * U
    loss, gradient = expected_loss_and_gradient(p, negative_slope=0.5, inputs=inputs, side="left")
    assert loss == expected_loss(p, negative_slope=0.5, inputs=inputs)
    assert gradient == left


def test_outside_of_the_support_no_kink_is_noticed():
    p = Parameters(np.array([1.0, 1.0, -1.0, -1.0]), np.array([5.0, -5.0, 5.0, -5.0]))
    inputs = stats.uniform(0, 1)
    assert activation_probability(p, inputs=inputs).tolist() == [1.0, 0.0, 1.0, 0.0]
    assert expected_hessian(p, inputs=inputs)[1, :3, :3].tolist() == np.zeros((3, 3)).tolist()


def test_quadrature_and_closed_forms_agree():
    rng = np.random.default_rng(1)
    for name in CLOSED_FORMS:
        inputs = checked_inputs(DISTRIBUTIONS[name][0])
        anchor = inputs.distribution.ppf(rng.uniform(0.05, 0.95, 20))
        leftward = anchor < inputs.median
        room = np.where(leftward, anchor - inputs.low, inputs.high - anchor)
        width = np.minimum(room, rng.uniform(0, 3, 20))
        closed, rounding = moments_of(inputs, anchor, width, leftward)
        quadrature, error = moments_of(inputs._replace(name="other"), anchor, width, leftward)
        for m, u, q, e in zip(closed, rounding, quadrature, error, strict=True):
            assert (np.abs(m - q) <= u + e).all()


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (0.5, TypeError, "inputs must be None or a continuous frozen distribution of scipy.stats, got 0.5"),
        (stats.norm, TypeError, "inputs must be None or a continuous frozen distribution of scipy.stats, got <scipy"),
        (stats.poisson(3), TypeError, "inputs must be None or a continuous frozen distribution of scipy.stats, got <"),
        (stats.t(2), ValueError, "inputs must have a finite variance, got t with standard deviation inf"),
        (stats.cauchy(), ValueError, "inputs must have a finite variance, got cauchy with standard deviation nan"),
    ],
)  # fmt: skip
def test_other_things_are_no_distribution(inputs, error, message):
    for function in (expected_loss, expected_gradient, expected_hessian, expected_loss_error, activation_probability):
        with pytest.raises(error, match="^" + message.replace(".", r"\.")) as raised:
            function(Parameters(1.0), inputs=inputs)
        assert "\n" not in str(raised.value)
