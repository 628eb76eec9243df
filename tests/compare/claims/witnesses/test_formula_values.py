"""Formulas decided for certain: thresholds at, and next to, the true value."""

import time

import pytest

from compare.claims.formula import FormulaError, parse
from compare.claims.values import Condition, FormulaCheck
from compare.claims.witnesses.pointwise import judge_formula

EXACTLY = {"within": 0.0}

# The numbers are decimals as they are written; the truth is by hand.
DECIDED = [
    ("a + b", {"a": 0.1, "b": 0.2}, {"near": 0.3, **EXACTLY}, True),
    ("a + b", {"a": 0.1, "b": 0.2}, {"above": 0.3}, False),
    ("0.1 * 3", {}, {"near": 0.3, **EXACTLY}, True),
    ("1 - 0.9", {}, {"near": 0.1, **EXACTLY}, True),
    ("exp(log(3))", {}, {"near": 3.0, **EXACTLY}, True),
    ("log(exp(x))", {"x": 0.3}, {"near": 0.3, **EXACTLY}, True),
    ("sqrt(x) ** 2", {"x": 0.3}, {"near": 0.3, **EXACTLY}, True),
    ("sqrt(2) * sqrt(2)", {}, {"near": 2.0, **EXACTLY}, True),
    ("sqrt(x) ** 3 / sqrt(x)", {"x": 4.0}, {"near": 4.0, **EXACTLY}, True),
    ("exp(1) - exp(1)", {}, {"near": 0.0, **EXACTLY}, True),
    ("exp(1) / exp(1)", {}, {"near": 1.0, **EXACTLY}, True),
    ("sqrt(0.25)", {}, {"near": 0.5, **EXACTLY}, True),
    ("sqrt(x)", {"x": 0.09}, {"near": 0.3, **EXACTLY}, True),
    ("16 ** 0.25", {}, {"near": 2.0, **EXACTLY}, True),
    ("pi", {}, {"near": 3.141592653589793, **EXACTLY}, False),
    ("pi", {}, {"above": 3.141592653589793}, True),  # 3.14159265358979323...
    ("pi", {}, {"near": 3.141592653589793, "within": 1e-15}, True),
    ("pi", {}, {"near": 3.141592653589793, "within": 2e-16}, False),  # 2.38e-16
    ("sqrt(2) * sqrt(8)", {}, {"near": 4.0, **EXACTLY}, None),
    ("sqrt(2) * sqrt(8)", {}, {"near": 4.0, "within": 1e-300}, True),
    ("1 if sqrt(2) * sqrt(8) > 4 else 0", {}, {"above": -1.0}, None),  # which branch is not told
    ("1 if sqrt(2) > 1.4142 else 1 / 0", {}, {"above": 0.5}, True),
    ("1 if sqrt(2) * sqrt(8) > 4 and 1 > 2 else 0", {}, {"near": 0.0, **EXACTLY}, True),
    ("1 if x + 0.2 == 0.3 else 0", {"x": 0.1}, {"near": 1.0, **EXACTLY}, True),
    ("max(sqrt(2) * sqrt(8), 4)", {}, {"near": 4.0, "within": 1e-9}, True),
    ("sign(sqrt(2) - 1.414213562373095)", {}, {"near": 1.0, **EXACTLY}, True),
    ("exp(-1000)", {}, {"above": 0.0}, True),  # no float64 is as small
    ("exp(1000) / exp(999)", {}, {"near": 2.718281828459045, "within": 1e-15}, True),
    ("(1 + x) ** 64", {"x": 1e-20}, {"above": 1.0}, True),
    ("log(1 + x) / x", {"x": 1e-20}, {"below": 1.0}, True),
    ("x * 1e308", {"x": 5e-324}, {"near": 5e-16, **EXACTLY}, True),
    ("beta ** t", {"beta": 0.999, "t": 1e6}, {"below": 1e-300}, True),
    ("9007199254740993 - 9007199254740992", {}, {"near": 1.0, **EXACTLY}, True),  # 2^53 + 1
    ("0.1000000000000000055511151231257827 - 0.1", {}, {"above": 0.0}, True),
    ("1 / (exp(log(2)) - 2)", {}, {"above": 0.0}, None),
    ("sqrt(-1) ** 2", {}, {"below": 0.0}, None),
    ("0 / 0", {}, {"below": 1.0}, None),
    ("exp(710)", {}, {"above": 0.0}, None),
]


@pytest.mark.parametrize(("text", "at", "condition", "met"), DECIDED)
def test_rounding_decides_nothing(text, at, condition, met):
    began = time.process_time()
    found = judge_formula(FormulaCheck(formula=parse(text, set(at)), at=at, condition=Condition(**condition)))
    assert found.met is met
    assert bool(found.reason) is (met is None)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["1e-400", "0.0001e-999999999", "1E-99_9"])
def test_a_number_that_no_float_holds_is_refused_at_once(text):
    began = time.process_time()
    with pytest.raises(FormulaError, match="too small"):
        parse(text, set())
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["0e-999999999", "0.0", "0_0.0e5"])
def test_nothing_is_nothing_however_it_is_written(text):
    found = judge_formula(FormulaCheck(formula=parse(text, set()), at={}, condition=Condition(near=0.0, within=0.0)))
    assert found.met is True


@pytest.mark.parametrize("x", [1e308, -1.7e308, 5e-324, -5e-324, 0.0, -0.0])
@pytest.mark.parametrize(
    "text", ["x", "x * x", "x / 3", "1 / x", "x ** -64", "sqrt(abs(x))", "exp(x)", "log(abs(x))", "max(x, 1e308 * x)"]
)
def test_numbers_of_any_size_give_no_warning(text, x):
    judge_formula(FormulaCheck(formula=parse(text, {"x"}), at={"x": x}, condition=Condition(above=1e308)))
