"""Formulas as text: parsed into a small tree of our own, never run as Python.

The grammar is arithmetic: numbers, names, ``+ - * / **``, comparisons, ``a if c else b``,
``and``, ``or``, ``not`` and the functions below. Python's parser is used to read it,
after the text's size has been checked; of its tree only the listed nodes are accepted,
and each is turned into a plain tuple. Powers need a constant exponent of size at most 64,
or the name t, so that nobody's formula can grow without bound.

A number in the tree is kept twice: as the float64 next to it, and as the fraction that its
decimals are; pi has a node of its own. The same tree is evaluated on floats, on NumPy arrays
and on `compare.rounding.Ball`, and on real numbers by `compare.claims.witnesses.update_rules.formula_values`.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

__all__ = ["CONSTANTS", "FUNCTIONS", "Formula", "FormulaArithmetic", "FormulaError", "Tree", "parse"]

LONGEST = 500
DEEPEST = 40
LARGEST_EXPONENT = 64
EXPONENT_NAMES = frozenset({"t"})

FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "sqrt": (1, np.sqrt),
    "abs": (1, np.absolute),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sign": (1, np.sign),
    "max": (2, np.maximum),
    "min": (2, lambda a, b: -np.maximum(-a, -b)),
}
CONSTANTS: Mapping[str, float] = {"pi": math.pi}

_Operations = Mapping[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]]
_ARITHMETIC: _Operations = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Pow: ("**", operator.pow),
}
_CONDITIONS: _Operations = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.And: ("and", np.logical_and),
    ast.Or: ("or", np.logical_or),
}
_OPERATIONS = dict((*_ARITHMETIC.values(), *_CONDITIONS.values()))

Tree = tuple[Any, ...]


class FormulaArithmetic(NamedTuple):
    """How constants are read, and how powers are taken whose exponent is no small whole number."""

    number: Callable[[float], Any] = np.float64
    power: Callable[[Any, Any], Any] = np.power


class FormulaError(ValueError):
    """A text that is not a formula; the message is one line."""


@dataclass(frozen=True)
class Formula:
    """A parsed formula: its text, its tree of nested tuples (an operation and its operands each), its variables."""

    text: str
    tree: Tree
    names: frozenset[str]

    def __call__(self, values: Mapping[str, Any], arithmetic: FormulaArithmetic | None = None) -> Any:
        """What arithmetic gives on a number, array or Ball for each name, by default in float64.

        Division by zero and the like follow IEEE 754.

        Examples
        --------
        >>> float(parse("w - learning_rate * g", {"w", "learning_rate", "g"})(
        ...     {"w": np.float64(1.0), "learning_rate": 0.25, "g": 2.0}))
        0.5
        """
        with np.errstate(all="ignore"):
            return _evaluate(self.tree, values, arithmetic or FormulaArithmetic())

    def __str__(self) -> str:
        return self.text


def parse(text: str, names: Any) -> Formula:
    """Read a formula that may use the given names; FormulaError if it is too long, too deep, or not arithmetic of them.

    Examples
    --------
    >>> parse("1 if x > 0 else negative_slope", {"x", "negative_slope"}).names == {"x", "negative_slope"}
    True
    >>> parse("__import__('os')", {"w"})
    Traceback (most recent call last):
    compare.claims.formula.FormulaError: unknown function "__import__"; functions: sqrt, abs, exp, log, sign, max, min
    """
    if len(text) > LONGEST:
        raise FormulaError(f"is too long: at most {LONGEST} characters, has {len(text)}")
    if _nesting(text) > DEEPEST:
        raise FormulaError(f"is nested too deeply: at most {DEEPEST} levels")
    if "\n" in text or "\0" in text:
        raise FormulaError("must be a single line")
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError("is not arithmetic that can be read") from None
    used: set[str] = set()
    tree = _convert(expression, text.strip(), frozenset(names), used, 0)
    if tree[0] == "not" or tree[0] in dict(_CONDITIONS.values()):
        raise FormulaError("must be a number, is a condition")
    return Formula(text, tree, frozenset(used))


def _nesting(text: str) -> int:
    """Deepest nesting of brackets, before any parser sees them."""
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _convert(node: ast.AST, text: str, names: frozenset[str], used: set[str], depth: int) -> Tree:
    if depth > DEEPEST:
        raise FormulaError(f"is nested too deeply: at most {DEEPEST} levels")

    def convert(child: ast.AST) -> Tree:
        return _convert(child, text, names, used, depth + 1)

    if isinstance(node, ast.Constant):
        return ("number", *_number(node.value, ast.get_source_segment(text, node) or ""))
    if isinstance(node, ast.Name):
        return _name(node.id, names, used)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd, ast.Not)):
        word = {ast.USub: "negative", ast.UAdd: "positive", ast.Not: "not"}[type(node.op)]
        return (word, convert(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        left, right = convert(node.left), convert(node.right)
        if isinstance(node.op, ast.Pow):
            _require_small_exponent(right)
        return (_ARITHMETIC[type(node.op)][0], left, right)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _CONDITIONS:
        return (_CONDITIONS[type(node.ops[0])][0], convert(node.left), convert(node.comparators[0]))
    if isinstance(node, ast.BoolOp):
        word = _CONDITIONS[type(node.op)][0]
        return reduce(lambda left, right: (word, left, right), map(convert, node.values))
    if isinstance(node, ast.IfExp):
        return ("if", convert(node.test), convert(node.body), convert(node.orelse))
    if isinstance(node, ast.Call):
        return _call(node, convert)
    raise FormulaError(f"may not contain {_word(node)}")


def _number(value: Any, text: str) -> tuple[float, Fraction]:
    """A constant as float64, and as the fraction that is written."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FormulaError(f"may not contain {type(value).__name__} constants")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FormulaError("contains a number that is too large")
    if isinstance(value, int):
        return number, Fraction(value)
    if number == 0:  # perhaps of a billion digits, as 1e-1000000000 is
        if any(digit in "123456789" for digit in text.lower().partition("e")[0]):
            raise FormulaError("contains a number that is too small")
        return number, Fraction(0)
    return number, Fraction(text.replace("_", ""))


def _name(name: str, names: frozenset[str], used: set[str]) -> Tree:
    if name in names:
        used.add(name)
        return ("name", name)
    if name in CONSTANTS:
        return ("constant", name)
    raise FormulaError(f'unknown name "{name[:60]}"; names: {", ".join(sorted(names)) or "none"}')


def _require_small_exponent(exponent: Tree) -> None:
    constant = exponent[1] if exponent[0] == "negative" else exponent
    if constant[0] == "number" and abs(constant[2]) <= LARGEST_EXPONENT:
        return
    if exponent[0] == "name" and exponent[1] in EXPONENT_NAMES:
        return
    raise FormulaError(f"may only have constant exponents of size at most {LARGEST_EXPONENT}, or t")


def _call(node: ast.Call, convert: Callable[[ast.AST], Tree]) -> Tree:
    if not isinstance(node.func, ast.Name):
        raise FormulaError(f"may not contain {_word(node.func)}")
    name = node.func.id
    if name not in FUNCTIONS:
        raise FormulaError(f'unknown function "{name[:60]}"; functions: {", ".join(FUNCTIONS)}')
    wanted = FUNCTIONS[name][0]
    if node.keywords or len(node.args) != wanted:
        raise FormulaError(f"{name} takes {wanted} argument{'s' if wanted > 1 else ''}")
    return ("call", name, *(convert(argument) for argument in node.args))


def _word(node: ast.AST) -> str:
    operator = getattr(node, "op", None)
    kind = type(operator if operator is not None and not isinstance(node, ast.BoolOp) else node).__name__
    return {
        "Attribute": "attributes",
        "Subscript": "brackets",
        "Lambda": "lambda",
        "Compare": "chained comparisons",
        "Tuple": "tuples",
        "List": "lists",
        "Call": "calls of what is no function",
        "NamedExpr": "assignments",
    }.get(kind, kind)


def _evaluate(tree: Tree, values: Mapping[str, Any], arithmetic: FormulaArithmetic) -> Any:
    kind = tree[0]
    if kind == "number":
        return arithmetic.number(tree[1])
    if kind == "constant":
        return arithmetic.number(CONSTANTS[tree[1]])
    if kind == "name":
        return values[tree[1]]
    if kind == "**":
        return _evaluate_power(tree, values, arithmetic)
    operands = [_evaluate(operand, values, arithmetic) for operand in tree[2 if kind == "call" else 1 :]]
    if kind == "call":
        return FUNCTIONS[tree[1]][1](*operands)
    if kind == "if":
        return np.where(*operands)
    if kind in ("negative", "positive"):
        return -operands[0] if kind == "negative" else operands[0]
    if kind == "not":
        return np.logical_not(operands[0])
    return _OPERATIONS[kind](*operands)


def _evaluate_power(tree: Tree, values: Mapping[str, Any], arithmetic: FormulaArithmetic) -> Any:
    """A power; one with a small whole exponent by multiplication, which keeps error bounds finite."""
    base = _evaluate(tree[1], values, arithmetic)
    if tree[2][0] == "name":
        return arithmetic.power(base, values[tree[2][1]])
    exponent = -tree[2][1][1] if tree[2][0] == "negative" else tree[2][1]
    if exponent != int(exponent) or exponent == 0:
        return arithmetic.power(base, exponent)
    product = base
    for _ in range(int(abs(exponent)) - 1):
        product = product * base
    return product if exponent > 0 else arithmetic.number(1.0) / product
