"""Moments of the standard normal distribution over the pieces of a line cut at 0 and at kinks.

Every piece is [a, a + h] with 0 <= a (the left half-line is reflected) and 0 <= h <= oo, and
its moments are taken about a, the end nearest zero:

    U_k = integral_a^(a+h) (x - a)^k phi(x) dx,    k = 0, 1, 2

They are returned relative to phi(a), the square of `density_root(a)`, which is a factor of
its own so that it may underflow where the product with large residuals does not.

Errors, relative and in units of u = 2^-53: at most 8 for each moment of `tail`, `near` and
`between`, 4 for `density_root`, established by comparison with 50 digits
(`tests/compare/surface/test_gaussian.py`). Sums have nonnegative terms throughout, but for
differences that leave at least two thirds of the larger term.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from compare.surface.integrals.double_double import DoubleDouble, square
from compare.surface.integrals.tail_coefficients import FIRST, SECOND, ZEROTH

__all__ = ["HALF_LINE", "REACH", "Moments", "between", "density_root", "gauss_legendre", "near", "tail"]

REACH = 53.0  # phi(53) < 1e-610: no square of a float64 brings it back
DENSITY_AT_ZERO = 1 / math.sqrt(2 * math.pi)
SMALL = 2.0  # below, `near` sums its series
SHORT = 4.0  # below this log of phi(a) / phi(a + h), `between` integrates
NODES = 14
KUMMER = tuple(1 / math.prod(range(3, 2 * n + 4, 2)) for n in range(22))  # the next is below 1e-18 of the sum at a = 2


class Moments(NamedTuple):
    """Integrals of (x - a)^0, (x - a)^1, (x - a)^2, as arrays or scalars."""

    zeroth: Any
    first: Any
    second: Any


HALF_LINE = Moments(0.5, DENSITY_AT_ZERO, 0.5)  # [0, oo), with its density


def density_root(a: DoubleDouble) -> Any:
    """phi(a)^(1/2), a in [0, REACH] with an error that a's own rounding would square.

    The relative error of exp(-a^2/4) is that of a^2/4 in absolute terms, so a and a^2 are
    carried as hi + lo, and exp(-lo) is 1 - lo to 2^-80.
    """
    hi, lo = square(a.hi)
    lo = lo + 2 * a.hi * a.lo
    return np.exp(-0.25 * hi) * (1 - 0.25 * lo) * (DENSITY_AT_ZERO**0.5)


def tail(a: Any) -> Moments:
    """Moments of [a, oo) about a, relative to phi(a), for a in [0, REACH].

    The first is Mills' ratio M. The others, 1 - a M and M - a (1 - a M), cancel; so all
    three are polynomials, in a variable for which the half-line is an interval
    (`compare.surface.integrals.tail_coefficients`).
    """
    t = (456 / (a + 4) - 61) / 53
    m0, m1, m2 = (_horner(c, t) for c in (ZEROTH, FIRST, SECOND))
    return Moments(m0 / (a + 0.8), m1 / np.square(a + 1), m2 / ((a + 1.5) * np.square(a + 1.5)))


def near(a: Any, density: Any, beyond: Moments) -> Moments:
    """Moments of [0, a] about 0, a in [0, REACH], with their density.

    By parts, U_0 = U_2 + a phi(a). For a < 2 both come from Kummer's series of positive
    terms U_2 = phi(a) a^3 (1/3 + a^2/15 + a^4/105 + ...) (DLMF 7.6.2 integrated), otherwise
    from 1/2 less the tail, `beyond`.
    """
    edge = a * density
    small = a < SMALL
    p = np.square(np.minimum(a, SMALL))
    series = density * a * p * _horner(KUMMER, p)
    rest = 0.5 - density * beyond.zeroth
    first = -DENSITY_AT_ZERO * np.expm1(-0.5 * np.square(a))
    return Moments(np.where(small, series + edge, rest), first, np.where(small, series, rest - edge))


def between(a: Any, h: Any, at: Moments, after: Moments) -> Moments:
    """Moments of [a, a + h] about a, relative to phi(a), from those of `tail` at a and after a + h.

    Where phi falls by less than exp(-4), Gauss-Legendre quadrature of a positive entire
    function (13 nodes leave less than 1e-16, 14 are used); otherwise the tail at a less that beyond
    a + h, moved to a: (x - a)^2 = (x - a - h)^2 + 2 h (x - a - h) + h^2.
    """
    a, h = np.broadcast_arrays(a, h)
    fall = h * (a + 0.5 * h)
    short = fall < SHORT
    q = np.exp(-fall)
    u0 = at.zeroth - q * after.zeroth
    u1 = at.first - q * (after.first + h * after.zeroth)
    u2 = at.second - q * (after.second + h * (2 * after.first + h * after.zeroth))
    if not short.any():
        return Moments(u0, u1, u2)
    start, length = a[short], h[short]
    sums: list[Any] = [0.0, 0.0, 0.0]
    for node, weight in zip(*gauss_legendre(), strict=True):
        t = length * node
        term = length * weight * np.exp(-t * (start + 0.5 * t))
        for k in range(3):
            sums[k] = sums[k] + term
            term = term * t
    for u, total in zip((u0, u1, u2), sums, strict=True):
        u[short] = total
    return Moments(u0, u1, u2)


def gauss_legendre() -> tuple[Any, Any]:
    """Nodes and weights of `NODES` points on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return 0.5 + 0.5 * nodes, 0.5 * weights


def _horner(coefficients: tuple[float, ...], t: Any) -> Any:
    """Sum of coefficients[k] t^k."""
    total = coefficients[-1] * t
    for c in coefficients[-2:0:-1]:
        total += c
        total *= t
    return total + coefficients[0]
