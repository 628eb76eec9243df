"""Moments of pieces of the normal distribution against 60 digits, and where their coefficients come from."""

import mpmath as mp
import numpy as np
import pytest

from compare.surface.gaussian import HALF_LINE, REACH, SHORT, SMALL, between, density_root, near, tail
from compare.surface.integrals import tail_coefficients
from compare.surface.integrals.double_double import DoubleDouble

U = 2.0**-53
MOMENT_ERROR, ROOT_ERROR = 8 * U, 4 * U  # the promise of the module's docstring

rng = np.random.default_rng(11)
NASTY = [0.0, 5e-324, 1e-300, np.nextafter(SMALL, 0), SMALL, 0.85, np.nextafter(REACH, 0), REACH]
ENDS = np.concatenate([NASTY, 10 ** rng.uniform(-8, np.log10(REACH), 300), rng.uniform(0, 8, 300)])


def density(x):
    return mp.exp(-(mp.mpf(x) ** 2) / 2) / mp.sqrt(2 * mp.pi)


def upper(x):
    return mp.erfc(mp.mpf(x) / mp.sqrt(2)) / 2


def about(a, m0, m1, m2):
    """Moments about a from those about 0."""
    return m0, m1 - a * m0, m2 - 2 * a * m1 + a * a * m0


def exact_tail(a):
    a = mp.mpf(a)
    p = density(a)
    return [m / p for m in about(a, upper(a), p, upper(a) + a * p)]


def exact_between(a, h):
    a, c = mp.mpf(a), mp.mpf(a) + mp.mpf(h)
    m0, p, q = upper(a) - upper(c), density(a), density(c)
    return [m / p for m in about(a, m0, p - q, m0 + a * p - c * q)]


def error(value, exact):
    return float(abs(mp.mpf(float(value)) - exact) / exact) if exact else float(abs(value))


def worst(values, exacts):
    return max(error(value, exact) for value, exact in zip(values, exacts, strict=True))


@pytest.mark.parametrize("k", range(3))
def test_moments_of_the_tail(k):
    with mp.workdps(80):
        assert worst(tail(ENDS)[k], [exact_tail(a)[k] for a in ENDS]) <= MOMENT_ERROR


@pytest.mark.parametrize("k", range(3))
def test_the_recurrence_for_the_tail_would_not_do(k):
    m0 = tail(ENDS).zeroth
    naive = (m0, 1 - ENDS * m0, m0 - ENDS * (1 - ENDS * m0))[k]
    with mp.workdps(80):
        assert (worst(naive, [exact_tail(a)[k] for a in ENDS]) <= MOMENT_ERROR) is (k == 0)


@pytest.mark.parametrize("k", range(3))
def test_moments_next_to_zero(k):
    a = ENDS[ENDS >= 1e-100]  # below, the cube underflows
    root = density_root(DoubleDouble(a))
    with mp.workdps(80):
        exacts = [about(0, upper(0) - upper(x), density(0) - density(x),
                        upper(0) - upper(x) - mp.mpf(x) * density(x))[k] for x in a]  # fmt: skip
        assert worst(near(a, np.square(root), tail(a))[k], exacts) <= MOMENT_ERROR
    assert near(np.float64(0.0), density(0), tail(np.float64(0.0)))[k] == 0


def test_next_to_zero_up_to_the_end_is_the_half_line():
    end = np.float64(REACH)
    root = density_root(DoubleDouble(end))
    assert [float(m) for m in near(end, root**2, tail(end))] == list(HALF_LINE)


@pytest.mark.parametrize("k", range(3))
def test_moments_between_two_kinks(k):
    a = np.concatenate([ENDS, ENDS, ENDS])
    fall = np.concatenate(
        [10 ** rng.uniform(-12, 1.3, ENDS.size), np.full(ENDS.size, SHORT), rng.uniform(1, 6, ENDS.size)]
    )
    h = 2 * fall / (a + np.sqrt(a**2 + 2 * fall))  # phi falls by exp(-fall)
    inside = a + h <= REACH
    a, h = a[inside], h[inside]
    with mp.workdps(120):
        exacts = [exact_between(x, y)[k] for x, y in zip(a, h, strict=True)]
    assert worst(between(a, h, tail(a), tail(a + h))[k], exacts) <= MOMENT_ERROR


def test_root_of_the_density():
    lo = ENDS * U * rng.uniform(-1, 1, ENDS.size)
    with mp.workdps(60):
        exacts = [mp.sqrt(density(mp.mpf(x) + mp.mpf(y))) for x, y in zip(ENDS, lo, strict=True)]
        assert worst(density_root(DoubleDouble(ENDS, lo)), exacts) <= ROOT_ERROR
        assert worst(np.exp(-(ENDS**2) / 4) * float(density(0)) ** 0.5, exacts) > 10 * ROOT_ERROR


@pytest.mark.parametrize(("k", "shift", "name"), [(0, "0.8", "ZEROTH"), (1, "1", "FIRST"), (2, "1.5", "SECOND")])
def test_coefficients_of_the_tail_are_those_of_the_stated_series(k, shift, name):
    stated = getattr(tail_coefficients, name)
    nodes, terms = 80, len(stated)
    with mp.workdps(60):
        angles = [mp.pi * (j + mp.mpf(1) / 2) / nodes for j in range(nodes)]
        ends = [456 / (53 * mp.cos(angle) + 61) - 4 for angle in angles]
        values = [exact_tail(a)[k] * (a + mp.mpf(shift)) ** (k + 1) for a in ends]
        chebyshev = [2 * sum(f * mp.cos(n * angle) for f, angle in zip(values, angles, strict=True)) / nodes
                     for n in range(nodes // 2)]  # fmt: skip
        powers = [mp.mpf(0)] * terms
        previous, polynomial = [mp.mpf(0)] * terms, [mp.mpf(1)] + [mp.mpf(0)] * (terms - 1)
        for n in range(terms):
            for i, c in enumerate(polynomial):
                powers[i] += c * chebyshev[n] / (2 if n == 0 else 1)
            twice = 1 if n == 0 else 2
            polynomial, previous = (
                [twice * x - y for x, y in zip([mp.mpf(0), *polynomial[:-1]], previous, strict=True)],
                polynomial,
            )
        assert [float(c) for c in powers] == list(stated)
        assert sum(abs(c) for c in chebyshev[terms:]) <= 2e-18 * min(values)
        assert sum(abs(c) for c in powers) <= 4.3 * min(values)
