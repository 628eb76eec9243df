"""Double-doubles against rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from compare.surface.integrals.double_double import (
    DoubleDouble,
    add,
    divide,
    multiply,
    product,
    select,
    square,
    subtract,
)

rng = np.random.default_rng(0)
PAIRS = [(a, a * 2.0**-53 * e, b, b * 2.0**-53 * f) for a, b, e, f in rng.uniform(-1, 1, (200, 4))]


def fraction(x):
    return Fraction(float(x.hi)) + Fraction(float(x.lo))


@pytest.mark.parametrize("a", [1.0, -0.1, 3.0, 1e100, 1 + 2.0**-52])
@pytest.mark.parametrize("b", [0.0, 1.0, 1 / 3, -7.0, 1e-100])
def test_a_product_is_exact_but_for_its_last_bit(a, b):
    exact = Fraction(a) * Fraction(b)
    assert abs(fraction(product(a, b)) - exact) <= abs(exact) * Fraction(2) ** -105


@pytest.mark.parametrize("a", [0.1, 3.0, 1e100])
def test_a_square_is_exact_but_for_its_last_bit(a):
    exact = Fraction(a) ** 2
    assert abs(fraction(square(a)) - exact) <= exact * Fraction(2) ** -105


def test_a_product_with_few_bits_is_exact():
    x = product(np.float64(3.0), np.float64(0.25))
    assert (x.hi, x.lo) == (0.75, 0.0)


def test_sums_products_and_quotients_keep_their_documented_errors():
    for row in PAIRS:
        a, b = DoubleDouble(row[0], row[1]), DoubleDouble(row[2], row[3])
        x, y = fraction(a), fraction(b)
        assert abs(fraction(add(a, b)) - (x + y)) <= Fraction(2) ** -104 * (abs(x) + abs(y))
        assert abs(fraction(subtract(a, b)) - (x - y)) <= Fraction(2) ** -104 * (abs(x) + abs(y))
        assert abs(fraction(multiply(a, b)) - x * y) <= Fraction(2) ** -103 * abs(x * y)
        exact = Fraction(row[0]) / Fraction(row[2])
        assert abs(fraction(divide(row[0], row[2])) - exact) <= Fraction(2) ** -104 * abs(exact)


def test_what_nearly_cancels_keeps_all_its_bits():
    a, b = 1 + 2.0**-30, 1 - 2.0**-30
    assert subtract(product(a, b), DoubleDouble(1.0)).value == -(2.0**-60)
    assert a * b - 1.0 == 0.0  # what rounding each product leaves of it


def test_selection_takes_both_parts():
    x = select(np.array([True, False]), DoubleDouble(1.0, 2.0**-60), DoubleDouble(2.0))
    assert x.hi.tolist() == [1.0, 2.0]
    assert x.lo.tolist() == [2.0**-60, 0.0]
