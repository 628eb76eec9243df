"""Formulas: what is arithmetic and what is not, and what it comes to."""

import time
from fractions import Fraction

import numpy as np
import pytest

from compare.claims.formula import FormulaArithmetic, FormulaError, parse
from compare.rounding import Ball

NAMES = {"w", "g", "t", "beta"}
AT = {"w": np.float64(0.75), "g": np.float64(-2.0), "t": np.float64(3.0), "beta": np.float64(0.5)}

# Few-bit values: each result is exact, and was worked out by hand.
VALUES = {
    "w - 0.25 * g": 1.25,
    "-w": -0.75,
    "+w": 0.75,
    "w / g": -0.375,
    "w ** 2": 0.5625,
    "g ** 3": -8.0,
    "w ** -2 * w": 1 / 0.75,
    "4 ** 0.5": 2.0,
    "beta ** t": 0.125,
    "1 - beta ** t": 0.875,
    "w ** 0": 1.0,
    "max(w, g) - min(w, g)": 2.75,
    "abs(g) + sign(g)": 1.0,
    "sqrt(abs(g) * 2)": 2.0,
    "exp(0) + log(1)": 1.0,
    "w if g > 0 else g": -2.0,
    "w if g <= 0 and w > 0 else g": 0.75,
    "w if g > 0 or not w < 0 else g": 0.75,
    "1 if w == 0.75 else 0": 1.0,
    "1 if w != 0.75 else 0": 0.0,
    "1 if w >= 0.75 else 0": 1.0,
    "2 * (w + (g - 1))": -4.5,
}

REFUSED = {
    "__import__('os').system('true')": "may not contain attributes",
    "__import__('os')": 'unknown function "__import__"',
    "abs(1)(2)": "may not contain calls of what is no function",
    "(w := 3)": "may not contain assignments",
    "().__class__": "may not contain attributes",
    "w.real": "may not contain attributes",
    "[w]": "may not contain lists",
    "(w, g)": "may not contain tuples",
    "w[0]": "may not contain brackets",
    "lambda: 1": "may not contain lambda",
    "(lambda w: w)(1)": "may not contain lambda",
    "w := 3": "not arithmetic",
    "w = 3": "not arithmetic",
    "w; g": "not arithmetic",
    "w % 2": "may not contain Mod",
    "w // 2": "may not contain FloorDiv",
    "~w": "may not contain Invert",
    "w & 1": "may not contain BitAnd",
    "f'{w}'": "may not contain JoinedStr",
    "'text'": "may not contain str constants",
    "b'text'": "may not contain bytes constants",
    "True": "may not contain bool constants",
    "None": "may not contain NoneType constants",
    "2j": "may not contain complex constants",
    "[x for x in (1, 2)]": "may not contain ListComp",
    "0 < w < 1": "chained comparisons",
    "w > 0": "must be a number, is a condition",
    "not w": "must be a number, is a condition",
    "open('x')": "unknown function",
    "sqrt(w, g)": "sqrt takes 1 argument",
    "max(w)": "max takes 2 arguments",
    "max(a=w, b=g)": "max takes 2 arguments",
    "max(*w)": "max takes 2 arguments",
    "eta * g": 'unknown name "eta"; names: beta, g, t, w',
    "9 ** 9 ** 9": "constant exponents of size at most 64",
    "w ** 65": "constant exponents of size at most 64",
    "w ** g": "constant exponents of size at most 64",
    "2 ** (w + 1)": "constant exponents of size at most 64",
    "1" + "0" * 400: "a number that is too large",
    "1e999": "a number that is too large",
    "1 +": "not arithmetic",
    "": "not arithmetic",
    "w\ng": "must be a single line",
    "w\0": "must be a single line",
    "w" * 501: "too long",
    "(" * 41 + "w" + ")" * 41: "nested too deeply",
    "-" * 60 + "w": "nested too deeply",
    "+".join("w" * 100): "nested too deeply",
    " if w > 0 else ".join("w" * 45): "too long",
}


@pytest.mark.parametrize("text", VALUES)
def test_a_formula_has_its_value(text):
    assert float(parse(text, NAMES)(AT)) == VALUES[text]


@pytest.mark.parametrize("text", VALUES)
def test_a_formula_is_evaluated_alike_on_arrays(text):
    arrays = {name: np.full(3, value) for name, value in AT.items()}
    result = np.broadcast_to(parse(text, NAMES)(arrays), 3)
    assert result.tolist() == [VALUES[text]] * 3


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text)[:30])
def test_what_is_not_arithmetic_is_refused_in_one_line(text):
    began = time.process_time()
    with pytest.raises(FormulaError) as caught:
        parse(text, NAMES)
    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.process_time() - began < 1


def test_the_names_are_those_in_the_formula():
    assert parse("w - 0.5 * pi * g", NAMES).names == {"w", "g"}


def test_division_by_zero_follows_ieee_754():
    assert float(parse("1 / w", NAMES)({"w": np.float64(0.0)})) == np.inf


def test_rational_numbers_stay_rational():
    third = parse("(1 - w) / 3", NAMES)({"w": Fraction(1, 2)}, FormulaArithmetic(Fraction))
    assert third == Fraction(1, 6)


def test_balls_carry_a_bound_through_a_formula():
    ball = parse("w - 0.1 * g", NAMES)({name: Ball.exact(value) for name, value in AT.items()})
    exact = Fraction(0.75) + 2 * Fraction(0.1)
    assert abs(Fraction(float(ball.value)) - exact) <= Fraction(float(ball.bound))
    assert 0 < ball.bound < np.spacing(4.0)
