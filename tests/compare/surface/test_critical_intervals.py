"""The proofs behind the stationary points: enclosures hold the true values, and no root is lost."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from numpy.polynomial import Chebyshev

from compare.surface.critical import conditions
from compare.surface.critical.conditions import Problem
from compare.surface.critical.enclosures.interval import Interval, Jet
from compare.surface.critical.enclosures.normal import far, near
from compare.surface.critical.enclosures.roots import isolate
from compare.surface.critical.search import kinks
from compare.surface.critical.teacher import Teacher

CELLS = [(k, k + width) for k in (-7.5, -2.0, -0.25, 0.0, 1.0, 3.5, 7.0, 25.0) for width in (0.0, 2.0**-20, 0.125)]


@pytest.fixture(autouse=True)
def many_digits():
    # 1 - P(x > 25) needs 137 of them before its derivative shows.
    with mpmath.workdps(190):
        yield


def tail(n, k):
    """E[x^n; x > k] for n up to 2."""
    upper, density = mpmath.ncdf(-k), mpmath.npdf(k)
    return (upper, density, upper + k * density)[n]


QUANTITIES = {
    "upper": (lambda cells: cells.upper(), lambda k: mpmath.ncdf(-k)),
    "lower": (lambda cells: cells.lower(), mpmath.ncdf),
    "density": (lambda cells: cells.density(), mpmath.npdf),
    "density(3)": (lambda cells: cells.density(3), lambda k: k**3 * mpmath.npdf(k)),
    "overshoot": (lambda cells: cells.overshoot(), lambda k: mpmath.npdf(k) / mpmath.ncdf(-k) - k),
    "spread": (
        lambda cells: cells.spread(),
        lambda k: mpmath.ncdf(-k) + k * mpmath.npdf(k) - mpmath.npdf(k) ** 2 / mpmath.ncdf(-k),
    ),
}


def holds(interval, value):
    return bool(mpmath.mpf(float(interval.low)) <= value <= mpmath.mpf(float(interval.high)))


@pytest.mark.parametrize("name", QUANTITIES)
def test_enclosures_hold_value_and_derivative(name):
    enclosure, truth = QUANTITIES[name]
    for low, high in CELLS:
        jet = enclosure(near(low, high))
        for k in (low, (low + high) / 2, high):
            assert holds(jet.value, truth(mpmath.mpf(k))), (low, high, k)
            assert holds(jet.slope, mpmath.diff(truth, mpmath.mpf(k))), (low, high, k)


def test_enclosures_far_out_hold_value_and_derivative_in_the_inverse():
    for name in ("upper", "lower", "density", "density(3)", "spread"):
        enclosure, truth = QUANTITIES[name]
        for low, high in ((0.0625, 0.0625), (0.04, 0.125)):
            jet = enclosure(far(low, high, 1))
            for u in (low, high):
                assert holds(jet.value, truth(1 / mpmath.mpf(u)))
                assert holds(jet.slope, mpmath.diff(lambda t, f=truth: f(1 / t), mpmath.mpf(u)))


def test_the_mean_far_out_lies_between_birnbaums_and_sampfords_bounds():
    for low, high in ((1 / 64, 1 / 64), (1 / 64, 1 / 32), (0.0, 1 / 1024)):
        jet = far(low, high, 1).scaled_mean()
        for u in (high, (low + high) / 2):
            k = 1 / mpmath.mpf(u)
            # An asymptotic series, of which the first terms left out bound the error from either side.
            truth = mpmath.npdf(k) / mpmath.ncdf(-k) / k if k < 70 else 1 + k**-2 - 2 * k**-4 + 10 * k**-6
            assert holds(jet.value, truth)


def test_the_variance_above_a_kink_holds_value_and_derivative():
    def truth(k):
        over = mpmath.npdf(k) / mpmath.ncdf(-k) - k
        return 1 - (over + k) * over

    for low, high in CELLS:
        jet = near(low, high).variance()
        for k in (low, high):
            assert holds(jet.value, truth(mpmath.mpf(k)))
            assert holds(jet.slope, mpmath.diff(truth, mpmath.mpf(k)))


def test_the_shortfall_holds_value_and_derivative():
    for kink in (-0.5, 0.0, 2.0):
        for low, high in ((-3.0, -2.875), (-0.625, -0.5), (-1.0, -1.0)):
            for j, jet in enumerate(near(low, high).shortfall(kink)):

                def truth(k, j=j, kink=kink):
                    return kink * (tail(j, k) - tail(j, kink)) - (tail(j + 1, k) - tail(j + 1, kink))

                for k in (low, high):
                    assert holds(jet.value, truth(mpmath.mpf(k)))
                    assert holds(jet.slope, -(kink - mpmath.mpf(k)) * mpmath.mpf(k) ** j * mpmath.npdf(k))


def test_arithmetic_holds_the_exact_result():
    rng = np.random.default_rng(3)
    for a, b in rng.normal(size=(50, 2)):
        exact = {"+": mpmath.mpf(a) + b, "-": mpmath.mpf(a) - b, "*": mpmath.mpf(a) * b, "/": mpmath.mpf(a) / b}
        x, y = Interval.of(a), Interval.of(b)
        for sign, interval in {"+": x + y, "-": x - y, "*": x * y, "/": x / y}.items():
            assert holds(interval, exact[sign])
            assert not holds(interval, exact[sign] + mpmath.mpf(np.spacing(float(exact[sign]))) * 4)


def test_a_quotient_by_what_may_be_zero_says_nothing():
    assert (Interval.of(1.0) / Interval(-1.0, 1.0)).contains(1e300)


@pytest.mark.parametrize("n", [2, 4, 8])
def test_every_root_of_a_chebyshev_polynomial_is_found_once(n):
    coefficients = Chebyshev.basis(n).convert(kind=np.polynomial.Polynomial).coef

    def polynomial(low, high):
        t = Jet(Interval(low, high), Interval.of(np.ones_like(low)))
        total = Jet.constant(0.0)
        for c in coefficients[::-1]:
            total = total * t + float(c)
        return total

    roots = isolate(polynomial, -1.0625, 1.0625)
    assert len(roots) == n
    exact = sorted(mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * n)) for i in range(n))
    assert all(root.low <= x <= root.high for root, x in zip(roots, exact, strict=True))


def test_a_double_root_is_refused():
    def square(low, high):
        t = Jet(Interval(low, high), Interval.of(np.ones_like(low))) - 0.3
        return t * t

    with pytest.raises(ArithmeticError, match=r"near 0\.(29|30).* degenerate"):
        isolate(square, -1.0, 1.0)


def test_a_root_at_the_end_is_found_once():
    assert [r.value for r in isolate(lambda a, b: Jet(Interval(a, b), Interval.of(np.ones_like(a))), 0.0, 1.0)] == [0.0]


def residual_moments(teacher, s, k, m, d):
    """E[r], E[r D], E[r D x] of the neuron m phi(x - k) + d, piece by piece between the two kinks."""
    ends = sorted([mpmath.mpf(-40), mpmath.mpf(k), mpmath.mpf(teacher.kink), mpmath.mpf(40)])
    totals = [mpmath.mpf(0)] * 3
    for low, high in itertools.pairwise(ends):
        middle = (low + high) / 2
        gain = 1 if middle > k else s
        label = teacher.left if middle < teacher.kink else teacher.right
        slope, height = m * gain - label, d - m * gain * k - teacher.level + label * teacher.kink
        x0, x1, x2 = (tail(n, low) - tail(n, high) for n in range(3))
        r0, r1 = slope * x1 + height * x0, slope * x2 + height * x1
        totals = [t + part for t, part in zip(totals, (r0, gain * r0, gain * r1), strict=True)]
    return totals


@pytest.mark.parametrize("s", [0.25, -0.75])
@pytest.mark.parametrize("d", [0.0, None])
def test_kinks_hold_the_root_of_all_three_equations(s, d):
    teacher = Teacher(0.25, -0.5, 1.0)
    problem = Problem(teacher, s, d)
    roots = kinks(problem, conditions.both, conditions.dead_both, -math.inf, math.inf)
    assert roots
    for root in roots:
        if d is None:
            k, _, _ = mpmath.findroot(lambda k, m, d: residual_moments(teacher, s, k, m, d), (root.value, 0.5, 0.1))
        else:
            k, _ = mpmath.findroot(lambda k, m: residual_moments(teacher, s, k, m, 0)[1:], (root.value, 0.5))
        assert root.low <= k <= root.high
        assert root.high - root.low < 1
