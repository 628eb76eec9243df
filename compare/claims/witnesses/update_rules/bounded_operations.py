"""An equivalent update rule in operations for which `compare.rounding` has bounds.

Conditions are brought to ``>`` and ``==``, with branches exchanged; a power 1/2 is a root.
"""

from fractions import Fraction

from compare.claims.formula import Tree

__all__ = ["in_bounded_operations"]

MIRRORED = {"<": ">", "<=": ">="}
OPPOSITE = {">=": "<", "!=": "=="}


def in_bounded_operations(tree: Tree) -> Tree:
    """Rewrite a tree; what has no other form stays.

    Examples
    --------
    >>> from compare.claims.formula import parse
    >>> in_bounded_operations(parse("1 if a <= b else 2", {"a", "b"}).tree)[1:3]
    (('>', ('name', 'a'), ('name', 'b')), ('number', 2.0, Fraction(2, 1)))
    """
    tree = tuple(in_bounded_operations(part) if isinstance(part, tuple) else part for part in tree)
    if tree[0] == "if":
        return _choice(*tree[1:])
    if tree[0] == "**":
        negative = tree[2][0] == "negative"
        exponent = tree[2][1] if negative else tree[2]
        if exponent[0] == "number" and exponent[1] == 0.5:
            root = ("call", "sqrt", tree[1])
            return ("/", _ONE, root) if negative else root
    if tree[:2] == ("call", "sign"):
        return _choice((">", tree[2], _ZERO), _ONE, _choice(("<", tree[2], _ZERO), ("negative", _ONE), _ZERO))
    return tree


def _choice(condition: Tree, then: Tree, other: Tree) -> Tree:
    kind = condition[0]
    if kind == "not":
        return _choice(condition[1], other, then)
    if kind == "and":
        return _choice(condition[1], _choice(condition[2], then, other), other)
    if kind == "or":
        return _choice(condition[1], then, _choice(condition[2], then, other))
    if kind in MIRRORED:
        return _choice((MIRRORED[kind], condition[2], condition[1]), then, other)
    if kind in OPPOSITE:
        return _choice((OPPOSITE[kind], *condition[1:]), other, then)
    return ("if", condition, then, other)


_ZERO: Tree = ("number", 0.0, Fraction(0))
_ONE: Tree = ("number", 1.0, Fraction(1))
