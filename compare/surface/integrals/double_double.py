"""Sums and products kept to twice the working precision.

A double-double is the unevaluated sum hi + lo of two float64, |lo| at most about an ulp of
hi: some 106 bits. Residuals of the neuron at the kinks are differences of nearly equal
products when it nearly equals its teacher; formed this way they keep a relative error of
a few 2^-53 even if half of all the bits cancel.

Source: Dekker 1971, "A floating-point technique for extending the available precision";
Knuth, TAOCP vol. 2, section 4.2.2, theorem B. Valid while no factor exceeds 2^996 and no
product that matters falls below 2^-968; `units` sees to that.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["DoubleDouble", "add", "divide", "multiply", "negative", "product", "select", "square", "subtract"]

SPLITTER = 2.0**27 + 1  # Veltkamp's: leaves 26 bits in the upper part


class DoubleDouble(NamedTuple):
    """hi + lo, float64 scalars or arrays; a float64 is one with lo = 0."""

    hi: Any
    lo: Any = 0.0

    @property
    def value(self) -> Any:
        """The sum, rounded once."""
        return self.hi + self.lo


def add(a: DoubleDouble, b: DoubleDouble) -> DoubleDouble:
    """Sum a + b; the error is below 2^-104 (|a| + |b|), and 0 if no lo has to be rounded."""
    total = a.hi + b.hi
    shadow = total - a.hi
    error = (a.hi - (total - shadow)) + (b.hi - shadow)
    return DoubleDouble(total, error + (a.lo + b.lo))


def negative(a: DoubleDouble) -> DoubleDouble:
    """-a, exactly."""
    return DoubleDouble(-a.hi, -a.lo)


def subtract(a: DoubleDouble, b: DoubleDouble) -> DoubleDouble:
    """Difference a - b, as `add`."""
    return add(a, negative(b))


def product(a: Any, b: Any) -> DoubleDouble:
    """Product a * b of two float64, exactly but for the last bit of lo.

    Examples
    --------
    >>> product(1.0 + 2.0**-30, 1.0 - 2.0**-30)
    DoubleDouble(hi=1.0, lo=-8.673617379884035e-19)
    """
    if _is_simple(a) or _is_simple(b):  # what the defaults v = 1, d = 0 are
        return DoubleDouble(a * b)
    (a_up, a_low), (b_up, b_low) = _split(a), _split(b)
    p = a * b
    return DoubleDouble(p, ((a_up * b_up - p) + a_up * b_low + a_low * b_up) + a_low * b_low)


def square(a: Any) -> DoubleDouble:
    """Product a * a of a float64, as `product`."""
    up, low = _split(a)
    p = a * a
    return DoubleDouble(p, ((up * up - p) + 2 * (up * low)) + low * low)


def multiply(a: DoubleDouble, b: DoubleDouble) -> DoubleDouble:
    """Product a * b; the error is below 2^-103 |a b|."""
    p = product(a.hi, b.hi)
    lo = p.lo
    if not _is_zero(a.lo):
        lo = lo + a.lo * b.hi
    if not _is_zero(b.lo):
        lo = lo + a.hi * b.lo
    return DoubleDouble(p.hi, lo)


def divide(a: Any, b: Any) -> DoubleDouble:
    """Quotient a / b of two float64; the error is below 2^-104 |a / b|."""
    q = a / b
    back = product(q, b)
    return DoubleDouble(q, ((a - back.hi) - back.lo) / b)


def select(condition: Any, a: DoubleDouble, b: DoubleDouble) -> DoubleDouble:
    """Return a where the condition holds, b elsewhere."""
    lo = 0.0 if _is_zero(a.lo) and _is_zero(b.lo) else np.where(condition, a.lo, b.lo)
    return DoubleDouble(np.where(condition, a.hi, b.hi), lo)


def _is_zero(a: Any) -> bool:
    return isinstance(a, float) and a == 0


def _is_simple(a: Any) -> bool:
    return isinstance(a, float) and a in (0.0, 1.0, -1.0)


def _split(a: Any) -> tuple[Any, Any]:
    c = SPLITTER * a
    up = c - (c - a)
    return up, a - up
