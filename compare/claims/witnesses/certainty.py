"""Comparing a number with a condition so that the answer is certain, or there is none.

A number is given as a function from `Reals` to a `Real`. It is evaluated to 20 digits, and to
more until the condition is met, or not, by all that the interval holds; what 640 digits do not
tell is undecided. Thresholds are decimals as they are written, so 0.1 + 0.2 is within 0 of 0.3.
"""

import math
import re
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from compare.claims.values import Condition
from compare.claims.witnesses.real_numbers import NoNumber, Real, Reals, Undecided, decided_by, reals_of, written

__all__ = ["DIGITS", "LOST", "NO_NUMBER", "Settled", "meets", "rounded", "settle", "shown"]

DIGITS = (20, 40, 80, 160, 320, 640)
SHOWN = 4  # significant digits, where no more are needed
PLAIN = 12  # digits before the point up to which a number is written without a power of ten
LONGEST = 2**16  # bits of what is shown
LOST = f"on the threshold, as far as {DIGITS[-1]} digits tell"
NO_NUMBER = "no number that float64 holds: something is too large, divided by 0 or undefined"


class Settled(NamedTuple):
    """Result of comparing a number with a condition."""

    met: bool | None  # None with a reason
    number: Real | None  # what was compared, where it is known at all
    reason: str = ""


def settle(number: Callable[[Reals], Real], condition: Condition) -> Settled:
    """Compare a number, a function of `Reals` that may raise `Undecided` or `NoNumber`, with a condition.

    Examples
    --------
    >>> settle(lambda reals: reals.sqrt(reals.number(2)), Condition(above=1.414213562373095)).met
    True
    >>> settle(lambda reals: reals.sqrt(reals.number(2)) * reals.sqrt(reals.number(2)), Condition(above=2.0)).reason
    'on the threshold, as far as 640 digits tell'
    """
    found: Real | None = None
    for digits in DIGITS:
        try:
            found = number(reals_of(digits))
            return Settled(meets(condition, found), found)
        except Undecided:
            continue
        except NoNumber:
            return Settled(None, None, NO_NUMBER)
    return Settled(None, found, LOST)


def meets(condition: Condition, number: Real) -> bool:
    """`Condition.met` of all that a number may be; raises `Undecided` where that is not told.

    Examples
    --------
    >>> meets(Condition(near=0.3, within=0.0), reals_of(20).number(Fraction(3, 10)))
    True
    """
    parts: list[Callable[[], bool]] = []
    below, above, near, within = condition
    if below is not None:
        parts.append(lambda: (number - written(below)).sign() < 0)
    if above is not None:
        parts.append(lambda: (number - written(above)).sign() > 0)
    if near is not None and within is not None:
        parts.append(lambda: (abs(number - written(near)) - written(within)).sign() <= 0)
    return not decided_by(False, parts)


def shown(number: Real, condition: Condition | None = None) -> str:
    """A number in four significant digits, each of which is correct, or in as many as tell it from a threshold.

    Examples
    --------
    >>> shown(reals_of(20).number(Fraction(2, 3))), shown(reals_of(20).number(-0.25))
    ('0.6667', '-0.25')
    >>> shown(reals_of(20).number(Fraction("0.5000000000000000005")), Condition(above=0.5))
    '0.5000000000000000005'
    >>> reals = reals_of(20)
    >>> shown(reals.exp(reals.number(-1000)))
    '5.076e-435'
    """
    return "0" if number.value == 0 else re.sub(r"^(-?)(\d{4,})(?=$|\.)", _with_commas, _digits(number, condition))


def _with_commas(found: re.Match[str]) -> str:
    return f"{found[1]}{int(found[2]):,}"


def _digits(number: Real, condition: Condition | None) -> str:
    ends = _ends(number)
    if ends is None:
        return _magnitude(number)
    low, high = ends
    thresholds = [] if condition is None else _thresholds(condition)
    for digits in (SHOWN, 7, 12, 17, 25, 40):
        text = rounded(low, digits)
        if text != rounded(high, digits):
            break
        if not any(rounded(threshold, digits) == text and not low == threshold == high for threshold in thresholds):
            return text
    else:
        digits = SHOWN
    for fewer in range(digits, 0, -1):
        text = rounded(low, fewer)
        if text == rounded(high, fewer):
            return text
    return f"from {rounded(low, 2)} to {rounded(high, 2)}"


def _ends(number: Real) -> tuple[Fraction, Fraction] | None:
    """Ends of the interval that holds a number; None where they would take too many digits."""
    if isinstance(number.value, Fraction):
        return number.value, number.value
    points = [number.field.points.mpf(end) for end in (number.value.a, number.value.b)]
    if any(abs(point.exp) > LONGEST for point in points):
        return None
    signs = [-1 if point < 0 else 1 for point in points]
    low, high = (sign * int(p.man) * Fraction(2) ** int(p.exp) for sign, p in zip(signs, points, strict=True))
    return low, high


def _magnitude(number: Real) -> str:
    """Words for the magnitude of a number with too many zeros to be written."""
    size = number.field.points.mpf(abs(number.value).b)
    sign = "-" if number.value.b <= 0 else ""
    exponent = int(size.exp) + int(size.man).bit_length()
    if abs(exponent) > 2**53:
        return f"a number that is too {'large' if exponent > 0 else 'small'} to be written down"
    about = f"about {sign}1e{math.floor(exponent * math.log10(2)):+d}"
    return f"between 0 and {about}" if number.value.a == 0 or number.value.b == 0 else about


def _thresholds(condition: Condition) -> list[Fraction]:
    below, above, near, within = (None if part is None else written(part) for part in condition)
    found = [part for part in (below, above, near) if part is not None]
    return found + [near + sign * within for sign in (-1, 1) if near is not None and within is not None]


def rounded(number: Fraction, digits: int) -> str:
    """A fraction in significant digits, rounded correctly, written as `format` does with "g".

    Examples
    --------
    >>> rounded(Fraction(1, 3), 4), rounded(Fraction(-5, 10**9), 4)
    ('0.3333', '-5e-09')
    """
    context = Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX)
    decimal = context.divide(Decimal(number.numerator), Decimal(number.denominator)).normalize(context)
    exponent = decimal.adjusted()
    if -5 < exponent < PLAIN:
        return f"{decimal:f}"
    sign, figures, _ = decimal.as_tuple()
    text = "".join(map(str, figures))
    return f"{'-' * sign}{text[0]}{'.' * (len(text) > 1)}{text[1:]}e{exponent:+03d}"
