"""Real numbers: exact where they are rational, else an interval that holds them. Expected values by mpmath."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from compare.claims.values import Condition
from compare.claims.witnesses.certainty import meets, rounded, settle, shown
from compare.claims.witnesses.real_numbers import NoNumber, Reals, Undecided, written

REALS = Reals(30)


def number(value):
    return REALS.number(Fraction(value))


def holds(real, exact):
    """Whether an interval holds a number of mpmath, and is not wider than its digits."""
    with mpmath.workdps(80):
        low, high = (REALS.points.mpf(end) for end in (real.value.a, real.value.b))
        low, high = (mpmath.mpf(end) for end in (low, high))
        return low <= exact <= high and mpmath.log10(abs(exact) / (high - low)) >= 30


@pytest.mark.parametrize(
    ("value", "decimal"),
    [
        (0.1, "1/10"),
        (-1e-9, "-1/1000000000"),
        (np.float32(0.1), "1/10"),  # not 0.10000000149
        (np.array(0.3, np.float32), "3/10"),
        (np.float64(2.5), "5/2"),
        (5e-324, f"5/1{'0' * 324}"),
        (-0.0, "0"),
    ],
)
def test_a_number_is_the_decimal_that_is_written(value, decimal):
    assert written(value) == Fraction(decimal)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_no_decimal(value):
    with pytest.raises(NoNumber):
        written(value)


@pytest.mark.parametrize("x", ["0.1", "2", "-7.5", "100", "-1000", "1e-30"])
def test_exponentials_and_logarithms_hold_the_true_ones(x):
    with mpmath.workdps(80):
        true = mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator
        assert holds(REALS.exp(number(x)), mpmath.exp(true))
        if true > 0:
            assert holds(REALS.log(number(x)), mpmath.log(true))
            assert holds(REALS.power(number(x), Fraction("0.3")), true ** (mpmath.mpf(3) / 10))


@pytest.mark.parametrize("x", ["0.001", "0.5", "3", "37", "999"])
def test_the_tail_has_its_own_digits(x):
    with mpmath.workdps(80):
        true = mpmath.erfc(mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator / mpmath.sqrt(2)) / 2
        assert holds(REALS.tail(Fraction(x)), true)


def test_the_far_tail_agrees_with_its_continued_fraction():
    # Laplace: 1 - P = p / (x + 1 / (x + 2 / (x + ...))), by fractions from the 40th term inwards.
    x = Fraction(1001)
    inner = x
    for k in range(40, 0, -1):
        inner = x + k / inner
    quotient = REALS.tail(x) / REALS.density(x) * inner - 1
    with pytest.raises(Undecided):
        quotient.sign()
    assert REALS.points.log10(REALS.points.mpf(quotient.value.delta)) < -30


def test_what_is_rational_stays_so():
    assert REALS.sqrt(number("9/4")).value == Fraction(3, 2)
    assert REALS.power(number(16), Fraction(-3, 4)).value == Fraction(1, 8)
    assert (REALS.pi() * 0).value == 0
    assert isinstance(REALS.sqrt(number(2)).value, Fraction) is False


@pytest.mark.parametrize(
    "undefined",
    [
        lambda: number(1) / number(0),
        lambda: REALS.sqrt(number(-1)),
        lambda: REALS.log(number(0)),
        lambda: REALS.exp(number(10**13)),
        lambda: REALS.power(number(0), Fraction(-1)),
        lambda: REALS.power(number(-8), Fraction(1, 2)),
    ],
)
def test_what_has_no_value_says_so(undefined):
    with pytest.raises(NoNumber):
        undefined()


def test_dividing_by_what_may_be_zero_is_not_told():
    two = REALS.sqrt(number(2)) * REALS.sqrt(number(2))
    with pytest.raises(Undecided):
        number(1) / (two - 2)


def test_a_threshold_within_the_interval_is_told_with_more_digits_or_not_at_all():
    close = Fraction(math.isqrt(2 * 10**200), 10**100)  # sqrt 2 to a hundred digits, from below
    assert settle(lambda reals: reals.sqrt(reals.number(2)) - close + 1, Condition(above=1.0)).met is True
    same = settle(lambda reals: reals.sqrt(reals.number(2)) * reals.sqrt(reals.number(8)), Condition(above=4.0))
    assert same.met is None
    assert "640 digits" in same.reason


def test_a_condition_of_several_parts_is_refuted_by_one():
    # Of the first part the interval does not tell; the second one is certainly not met.
    four = REALS.sqrt(number(2)) * REALS.sqrt(number(8))
    assert meets(Condition(above=4.0, near=5.0, within=0.5), four) is False
    with pytest.raises(Undecided):
        meets(Condition(above=4.0, near=4.0, within=0.5), four)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("2/3", 12, "0.666666666667"),
        ("-1/2000", 12, "-0.0005"),
        ("1/20000000", 12, "5e-08"),
        ("123456789012345", 12, "1.23456789012e+14"),
        ("-1234567", 4, "-1.235e+06"),
        ("2.5", 1, "2"),  # to even
        ("0.49999999999950000000000000001", 12, "0.5"),
    ],
)
def test_digits_are_rounded_correctly(value, digits, text):
    assert float(rounded(Fraction(value), digits)) == float(text)
    assert rounded(Fraction(value), digits).startswith("-") == text.startswith("-")


def test_as_many_digits_are_shown_as_tell_a_number_from_its_threshold():
    assert shown(number("1/2") + number("5e-19"), Condition(above=0.5)) == "0.5000000000000000005"
    assert shown(number("1/2"), Condition(above=0.5)) == "0.5"
    assert shown(REALS.pi(), Condition(near=3.141592653589793, within=0.0)) == "3.1415926535897932"
    assert shown(REALS.exp(number(-1000))) == mpmath.nstr(mpmath.exp(-1000), 4)
    assert shown(-REALS.exp(number(-1000))).startswith("-5.07")
    assert shown(REALS.density(Fraction(10**6))) == "about 1e-217147240952"
