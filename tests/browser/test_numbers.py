"""Numbers as the script writes them, against those of the templates: one form everywhere."""

import math
import random

from compare.report.numbers import count, plain

SPECIAL = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 999999.5, 999499.9, 999500.0, 1e6, -1e6, 0.00099996, 0.0009994, 1e-3, 1e-8),
    *(1.125, 1.375, -1.125, 0.0625, 10.25, 1234.5, 12345.0, 123450.0, 5e-324, 1.7976931348623157e308, 2.0**-149, 1e21),
)


def test_script_and_templates_write_the_same_numbers(functions):
    rng = random.Random(11)
    drawn = [rng.choice([-1, 1]) * 10 ** rng.uniform(-12, 12) for _ in range(3000)]
    halves = [rng.randint(1, 10**5) / 2 ** rng.randint(1, 12) for _ in range(1000)]  # many of them are ties
    asked = [(value, digits) for value in (*SPECIAL, *drawn, *halves) for digits in (1, 2, 3, 4, 7)]
    code = "return arguments[0].map(([value, digits]) => plain(value, digits))"
    theirs = functions.execute_script(code, asked)
    differing = [(*case, text) for case, text in zip(asked, theirs, strict=True) if plain(*case) != text]
    assert differing == []
    assert functions.execute_script("return [NaN, Infinity, -Infinity, -0].map((value) => plain(value))") == [
        plain(value) for value in (math.nan, math.inf, -math.inf, -0.0)
    ]


def test_a_wrong_number_would_be_seen(functions):
    assert functions.execute_script("return plain(1.125)") != f"{1.125:.3g}"  # which rounds a tie to even


def test_script_and_templates_count_alike(functions):
    numbers = [0, 7, 999, 1000, 12345, 2_000_000, 10**9]
    assert functions.execute_script("return arguments[0].map(count)", numbers) == [count(number) for number in numbers]
