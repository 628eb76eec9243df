"""One way to write numbers, everywhere on the page: that of script/numbers.js."""

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["count", "plain", "typeset", "unbroken"]

SMALLEST, LARGEST = Decimal("1e-3"), Decimal("1e6")  # beyond, powers of ten
MINUS = "\N{MINUS SIGN}"
# Signs of numbers in a text, not hyphens of words nor the minus between two terms; and powers of ten.
_SIGN = re.compile(r"(?<![\w)\].-])-(?=\.?\d)")
_MINUS = re.compile(r"(?<= )-(?= )|(?<![\w)\].-])-(?=[a-z](?![\w-]))")  # between terms, or before a name
_RAISED = re.compile(r"(?<=[\w)])(?:\*\*|\^)([0-9]+|t\b)")
_RAISE = str.maketrans("0123456789t", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ")
_TIES = re.compile(r" (?== )|(?<= =) |(?<=\d) (?=%)")
_POWER = re.compile(r"(?<=\d)e([+-]?)0*(\d+)\b")


def plain(value: float, digits: int = 3) -> str:
    """A number in few characters: digits that count, commas between thousands, a true minus sign, never -0.

    What lies halfway between two numbers of so many digits is rounded away from 0, as
    JavaScript's `toPrecision` does.

    Examples
    --------
    >>> [plain(x) for x in (1234.5, 0.5, -0.0, 1.864e-8, 1e-3, 12345678.0, float("inf"))]
    ['1,230', '0.5', '0', '1.86e−8', '0.001', '1.23e7', 'infinity']
    >>> plain(-10), plain(1.125)
    ('−10', '1.13')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinity" if value > 0 else f"{MINUS}infinity"
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).plus(Decimal(float(value)))
    size = abs(rounded)
    if size == 0:
        return "0"
    sign = MINUS if rounded < 0 else ""
    power = size.adjusted() if size < SMALLEST or size >= LARGEST else 0
    whole, _, fraction = f"{size.scaleb(-power):,f}".partition(".")
    fraction = fraction.rstrip("0")
    text = sign + whole + (f".{fraction}" if fraction else "")
    return f"{text}e{power}".replace("-", MINUS) if power else text


def count(value: int) -> str:
    """A whole number with commas between thousands.

    Examples
    --------
    >>> count(2000)
    '2,000'
    """
    return f"{value:,}"


def typeset(text: str) -> str:
    """A text with its numbers as `plain` writes them: true minus signs, powers of ten without zeros before them.

    Their digits stay, as they may be what tells two numbers apart. Formulas have raised powers, roots and arrows.

    Examples
    --------
    >>> typeset("median w = -1.874e-08; momentum-rule at -10, x - 1")
    'median w = −1.874e−8; momentum-rule at −10, x − 1'
    >>> typeset("v <- sqrt(w**2 + h^3) * w")
    'v ← √(w² + h³) · w'
    """
    powers = _POWER.sub(lambda found: f"e{MINUS if found[1] == '-' else ''}{found[2]}", text)
    raised = _RAISED.sub(lambda found: found[1].translate(_RAISE), powers)
    for typed, sign in ((" * ", " · "), ("sqrt(", "√("), ("<-", "←")):
        raised = raised.replace(typed, sign)
    return _MINUS.sub(MINUS, _SIGN.sub(MINUS, raised))


def unbroken(text: str) -> str:
    """A text in whose lines "w = 3" and "40 %" stay together.

    Examples
    --------
    >>> unbroken("40 % at w = 3, or more").replace("\N{NO-BREAK SPACE}", "~")
    '40~% at w~=~3, or more'
    """
    return _TIES.sub("\N{NO-BREAK SPACE}", text)
