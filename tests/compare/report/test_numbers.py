"""One form of numbers: digits, commas, signs and powers of ten."""

import math
import random
from decimal import Decimal

import pytest

from compare.report.numbers import plain, typeset

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (999999.5, "1e6"),
        (999499.0, "999,000"),
        (0.00099996, "0.001"),
        (0.0009994, f"9.99e{MINUS}4"),
        (-1.864e-8, f"{MINUS}1.86e{MINUS}8"),
        (1.125, "1.13"),  # a tie
        (-1.125, f"{MINUS}1.13"),
        (1e300, "1e300"),
        (5e-324, f"4.94e{MINUS}324"),
        (math.inf, "infinity"),
        (-math.inf, f"{MINUS}infinity"),
        (math.nan, "not a number"),
    ],
)
def test_a_number_in_three_digits(value, text):
    assert plain(value) == text


def test_as_many_digits_as_asked_for_are_given_and_no_more():
    rng = random.Random(3)
    for _ in range(2000):
        value, digits = rng.choice([-1, 1]) * 10 ** rng.uniform(-9, 9), rng.randint(1, 12)
        text = plain(value, digits).replace(",", "").replace(MINUS, "-")
        last_place = Decimal(10) ** (Decimal(value).adjusted() + 1 - digits)
        assert abs(Decimal(text) - Decimal(value)) <= last_place / 2
        significant = text.partition("e")[0].replace("-", "").replace(".", "").strip("0")
        assert len(significant) <= digits


def test_signs_of_numbers_are_typeset_and_hyphens_are_not():
    assert typeset("w = -10 to -1e-06, |w - 1| at momentum-0.9 (-2), x**-1") == (
        f"w = {MINUS}10 to {MINUS}1e{MINUS}6, |w {MINUS} 1| at momentum-0.9 ({MINUS}2), x**{MINUS}1"
    )
    assert typeset("below -s all the way, a well-known -one and - x") == (
        f"below {MINUS}s all the way, a well-known -one and {MINUS} x"
    )
    assert typeset("(w^2 + 1) / 2, beta_2**t * x**20, sqrt(v), m <- g") == "(w² + 1) / 2, beta_2ᵗ · x²⁰, √(v), m ← g"
    assert typeset("1e+03 and 2.5e-08 and c3e5d") == f"1e3 and 2.5e{MINUS}8 and c3e5d"
