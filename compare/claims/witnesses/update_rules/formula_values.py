"""Evaluate formulas in real numbers.

Fractions stay fractions, so most formulas have their exact value; roots, exponentials,
logarithms and pi are intervals of as many digits as asked for (`compare.claims.witnesses.real_numbers`).
Of a conditional only the branch that applies is evaluated. Where the two sides of a
difference, quotient or comparison are the same expression, and where exp meets log or a root
its square, no digits are needed.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

from compare.claims.formula import Formula, Tree
from compare.claims.witnesses.real_numbers import NoNumber, Real, Reals, Undecided, decided_by

__all__ = ["value_of"]

Values = Mapping[str, Fraction]


def value_of(formula: Formula, values: Values, reals: Reals) -> Real:
    """Evaluate a formula, with values for the names in it.

    Raises `Undecided` if so many digits do not tell which branch applies, or whether one divides by 0, and `NoNumber`
    if it is undefined, or too large.

    Examples
    --------
    >>> from compare.claims.formula import parse
    >>> from compare.claims.witnesses.real_numbers import reals_of
    >>> value_of(parse("a + 0.2", {"a"}), {"a": Fraction(1, 10)}, reals_of(20)).value
    Fraction(3, 10)
    >>> value_of(parse("exp(log(3)) - sqrt(2)**2", {}), {}, reals_of(20)).value
    Fraction(1, 1)
    """
    return _value(formula.tree, values, reals)


def _value(tree: Tree, values: Values, reals: Reals) -> Real:
    kind = tree[0]

    def operand(i: int) -> Real:
        return _value(tree[i], values, reals)

    if kind == "number":
        return reals.number(tree[2])
    if kind == "constant":
        return reals.pi()
    if kind == "name":
        return reals.number(values[tree[1]])
    if kind in ("negative", "positive"):
        return -operand(1) if kind == "negative" else operand(1)
    if kind == "if":
        return operand(2) if _is_met(tree[1], values, reals) else operand(3)
    if kind == "**":
        return _power(tree[1], _exponent(tree[2], values), values, reals)
    if kind == "call":
        return _call(tree, values, reals)
    left, right = operand(1), operand(2)
    if kind == "+":
        return left + right
    if kind == "-":
        return reals.number(0) if tree[1] == tree[2] else left - right
    if kind == "*":
        return _power(tree[1], Fraction(2), values, reals) if tree[1] == tree[2] else left * right
    if tree[1] == tree[2] and left.sign() != 0:
        return reals.number(1)
    return left / right


def _exponent(tree: Tree, values: Values) -> Fraction:
    if tree[0] == "negative":
        return -_exponent(tree[1], values)
    return values[tree[1]] if tree[0] == "name" else Fraction(tree[2])


def _power(base: Tree, exponent: Fraction, values: Values, reals: Reals) -> Real:
    if base[:2] == ("call", "sqrt"):
        under = _value(base[2], values, reals)
        if under.sign() < 0:
            raise NoNumber
        return reals.power(under, exponent / 2)
    return reals.power(_value(base, values, reals), exponent)


def _call(tree: Tree, values: Values, reals: Reals) -> Real:
    name, inner = tree[1], tree[2]
    if name == "exp" and inner[:2] == ("call", "log"):
        return _positive(_value(inner[2], values, reals))
    if name == "log" and inner[:2] == ("call", "exp"):
        return _value(inner[2], values, reals)
    arguments = [_value(argument, values, reals) for argument in tree[2:]]
    return _FUNCTIONS[name](reals, *arguments)


def _positive(number: Real) -> Real:
    if number.sign() <= 0:
        raise NoNumber
    return number


def _larger(a: Real, b: Real) -> Real:
    """The larger one, or an interval that holds it where that is not told."""
    try:
        return a if (a - b).sign() >= 0 else b
    except Undecided:
        # (a + b + |a - b|) / 2, the absolute value being known as an interval.
        return (a + b + abs(a - b)) * Fraction(1, 2)


_FUNCTIONS: Mapping[str, Callable[..., Real]] = {
    "sqrt": lambda reals, x: reals.sqrt(x),
    "exp": lambda reals, x: reals.exp(x),
    "log": lambda reals, x: reals.log(x),
    "abs": lambda reals, x: abs(x),
    "sign": lambda reals, x: reals.number(x.sign()),
    "max": lambda reals, a, b: _larger(a, b),
    "min": lambda reals, a, b: -_larger(-a, -b),
}

_MEETS: Mapping[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}


def _is_met(tree: Tree, values: Values, reals: Reals) -> bool:
    """Whether a condition is met; a number is one unless it is 0."""
    kind = tree[0]
    if kind == "not":
        return not _is_met(tree[1], values, reals)
    if kind in ("and", "or"):
        found = decided_by(kind == "or", (partial(_is_met, side, values, reals) for side in tree[1:]))
        return found if kind == "or" else not found
    if kind in _MEETS:
        left, right = (_value(side, values, reals) for side in tree[1:])
        return _MEETS[kind](0 if tree[1] == tree[2] else (left - right).sign())
    return _value(tree, values, reals).sign() != 0
