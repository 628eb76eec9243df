"""The formulas in the page, as the browser computes them, against the exact surface."""

import math
from fractions import Fraction
from importlib import resources

import numpy as np
import pytest

from compare.rounding import gamma
from compare.surface import expected_gradient, expected_loss_and_gradient
from compare.surface.errors import GRADIENT_ERROR, LOSS_ERROR
from reference import Parameters

U = 2.0**-53
ROUNDINGS = 9000  # counted and stated in surface.js
REACH = 37.5  # of a kink, in normal.js
SLOPES = (0.0, 0.3, -0.5, 1.0, -1.0, 1.5, 0.01)


def test_the_bound_that_the_script_counts_is_what_is_promised():
    script = resources.files("compare.report").joinpath("script")
    assert f"Stated are {ROUNDINGS}, which is 1e-12" in script.joinpath("surface.js").read_text()
    assert f"REACH = {REACH};" in script.joinpath("normal.js").read_text()
    assert gamma(ROUNDINGS, U) <= 1e-12


def points(number=6000):
    """Weights and biases of many sizes, near the minimum, with the kink everywhere in reach, and special ones."""
    rng = np.random.default_rng(7)
    w = rng.choice([-1, 1], number) * 10 ** rng.uniform(-3, 1.2, number)
    kink = rng.choice([-1, 1], number) * 10 ** rng.uniform(-4, 1.6, number)
    b = np.where(rng.random(number) < 0.1, 0.0, -kink * w)
    near = rng.random(number) < 0.2
    w = np.where(near, 1 + 10 ** rng.uniform(-16, -1, number), w)
    b = np.where(near, rng.normal(size=number) * 10 ** rng.uniform(-16, -1, number), b)
    special = [(0.0, 0.0), (0.0, 2.0), (0.0, -2.0), (1.0, 0.0), (-1.0, 0.0), (1.0, -1.0), (-1.0, 1.0), (1e-9, 3.0)]
    w, b = (np.concatenate([values, [pair[i] for pair in special]]) for i, values in enumerate((w, b)))
    return w, b, rng.choice(SLOPES, len(w))


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def ratios(sizes, found, w, b, s):
    """Largest observed/bound of loss, gradient by w and gradient by b."""
    loss, gradient = expected_loss_and_gradient(Parameters(w=w, b=b), negative_slope=s)
    size = np.array([sizes(*point) for point in zip(w.tolist(), b.tolist(), s.tolist(), strict=True)])
    # Moments of order 0 to 2 beyond the reach, which the script leaves away.
    beyond = 4 * (1 + np.abs(w) + np.abs(b)) * REACH**2 * density(REACH)
    bounds = (
        (gamma(ROUNDINGS, U) + LOSS_ERROR) * loss + beyond,
        (gamma(ROUNDINGS, U) + GRADIENT_ERROR) * size[:, 0] + beyond,
        (gamma(ROUNDINGS, U) + GRADIENT_ERROR) * size[:, 1] + beyond,
    )
    exact = (loss, gradient.w, gradient.b)
    return [float(np.max(np.abs(found[:, i] - exact[i]) / bounds[i])) for i in range(3)]


def in_page(session, w, b, s):
    code = """return arguments[0].map(([w, b, s]) => {
        const found = expectedLossAndGradient(w, b, s);
        return [found.loss, found.w, found.b];
    });"""
    triples = [list(triple) for triple in zip(w.tolist(), b.tolist(), s.tolist(), strict=True)]
    return np.array(session.execute_script(code, triples), float)


def test_loss_and_gradient_with_a_bias_are_those_of_the_surface(functions, sizes):
    w, b, s = points()
    worst = ratios(sizes, in_page(functions, w, b, s), w, b, s)
    print("observed/bound of loss, dL/dw, dL/db:", worst)
    assert max(worst) <= 1


@pytest.mark.parametrize("column", range(3))
def test_an_error_a_hundred_times_the_bound_would_be_seen(functions, sizes, column):
    w, b, s = points(200)
    found = in_page(functions, w, b, s)
    found[:, column] *= 1 + 100 * gamma(ROUNDINGS, U)
    assert ratios(sizes, found, w, b, s)[column] > 1


def test_the_wrong_value_at_the_origin_would_be_seen(functions, sizes):
    w, b, s = np.zeros(1), np.zeros(1), np.full(1, 0.3)
    assert max(ratios(sizes, in_page(functions, w, b, s), w, b, s)) <= 1
    assert ratios(sizes, in_page(functions, w + 1e-300, b, s), w, b, s)[1] > 1


def test_without_bias_the_two_halves_are_exact_on_dyadic_numbers(functions):
    cases = [(w / 8, s / 4) for w in range(-20, 21) for s in range(-6, 7)]
    code = "return arguments[0].map(([w, s]) => [lossWithoutBias(w, s), slopeWithoutBias(w, s)]);"
    for (w, s), found in zip(cases, functions.execute_script(code, cases), strict=True):
        w, s = Fraction(w), Fraction(s)
        right, left = (w - 1, s * w) if w > 0 else (s * w - 1, w)  # residuals of x = 1 and x = -1
        gains = (1, s) if w > 0 else (s, 1) if w < 0 else (s, s)  # phi' on either side
        assert tuple(map(Fraction, found)) == ((right**2 + left**2) / 2, gains[0] * right + gains[1] * left)


def test_a_path_without_bias_is_that_of_rational_arithmetic(functions):
    settings = {
        "w": -8,
        "b": 0,
        "bias": False,
        "optimizer": "SGD",
        "rate": 0.5,
        "second": 0.5,
        "slope": 0.5,
        "steps": 9,
    }
    found = functions.execute_script("return descend(arguments[0]);", settings)
    w, velocity, path = Fraction(-8), Fraction(0), [Fraction(-8)]
    half, slope = Fraction(1, 2), Fraction(1, 2)
    for _ in range(9):
        gradient = (1 + slope**2) * w - (1 if w > 0 else slope)
        velocity = velocity * half - gradient * half
        w += velocity
        path.append(w)
    assert list(map(Fraction, found["w"])) == path
    assert set(found["b"]) == {0}
    assert any(x > 0 for x in path)  # both halves are visited


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_each_step_with_a_bias_is_the_step_on_the_exact_gradient(functions, sizes, slope):
    rate = 0.125
    start = {"w": -2, "b": 2, "bias": True, "slope": slope}
    settings = start | {"optimizer": "SGD", "rate": rate, "second": 0, "steps": 300}
    found = functions.execute_script("return descend(arguments[0]);", settings)
    w, b = np.array(found["w"], float), np.array(found["b"], float)
    exact = expected_gradient(Parameters(w=w[:-1], b=b[:-1]), negative_slope=slope)
    size = np.array([sizes(x, y, slope) for x, y in zip(w[:-1].tolist(), b[:-1].tolist(), strict=True)])
    for values, gradient, bound in ((w, exact.w, size[:, 0]), (b, exact.b, size[:, 1])):
        off = np.abs(values[1:] - (values[:-1] - rate * gradient))
        # The gradient's error, and the roundings of product and difference on either side.
        allowed = rate * (gamma(ROUNDINGS, U) + GRADIENT_ERROR) * bound
        allowed += gamma(4, U) * (np.abs(values[1:]) + rate * bound)
        assert (off <= allowed).all()
