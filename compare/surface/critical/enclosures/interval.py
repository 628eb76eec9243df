"""Interval arithmetic, and intervals that carry the enclosure of a derivative.

Every operation is rounded outwards by one unit in the last place, which holds what
round-to-nearest may have lost (Moore, Kearfott and Cloud 2009, "Introduction to interval
analysis", chapter 2). A `Jet` is forward-mode differentiation on intervals: a function
evaluated on Jets encloses its values and its derivative on a whole cell, and that is
what lets `roots.isolate` prove that a cell holds no root, or exactly one.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Interval", "Jet"]


@dataclass(frozen=True)
class Interval:
    """Closed intervals [low, high], elementwise; the ends may be infinite.

    Examples
    --------
    >>> one = Interval.of(1.0) + Interval.of(0.0)
    >>> bool(one.low < 1 < one.high), bool((Interval.of(2.0) - 1).contains(1.0))
    (True, True)
    """

    low: Any
    high: Any

    __array_ufunc__ = None  # a NumPy number on the left leaves the operation to this class

    def __iter__(self) -> Iterator[Any]:
        return iter((self.low, self.high))

    @classmethod
    def of(cls, value: Any) -> "Interval":
        """The interval of a single number that is exactly representable; an interval stays one."""
        if isinstance(value, Interval):
            return value
        number = np.asarray(value, np.float64)
        return cls(number, number)

    @classmethod
    def around(cls, values: Any, roundings: Any) -> "Interval":
        """The hull of numbers that are each off by at most `roundings` units in the last place.

        `values` has the numbers along its first axis.
        """
        reach = roundings * np.spacing(np.abs(values))
        return cls(np.min(values - reach, axis=0), np.max(values + reach, axis=0))

    def contains(self, value: Any) -> Any:
        """Whether the number may lie inside, elementwise; NaN, an enclosure lost, leaves that open."""
        return ~((self.low > value) | (self.high < value))

    def hull(self, other: "Interval") -> "Interval":
        """The smallest interval that holds both."""
        return Interval(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def __add__(self, other: Any) -> "Interval":
        other = Interval.of(other)
        return _outwards(self.low + other.low, self.high + other.high)

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Any) -> "Interval":
        return self + (-Interval.of(other))

    def __mul__(self, other: Any) -> "Interval":
        other = Interval.of(other)
        ends = (other.low,) if other.low is other.high else (other.low, other.high)  # a single number has one
        with np.errstate(invalid="ignore", over="ignore"):
            products = [a * b for a in (self.low, self.high) for b in ends]
            low, high = functools.reduce(np.minimum, products), functools.reduce(np.maximum, products)
            if np.isnan(low).any():  # 0 times infinity is 0, and NaN, an enclosure lost, stays one
                products = [
                    np.where((a == 0) & ~np.isnan(b) | (b == 0) & ~np.isnan(a), 0.0, a * b) for a in self for b in ends
                ]
                low, high = np.minimum.reduce(products), np.maximum.reduce(products)
        return _outwards(low, high)

    def __truediv__(self, other: Any) -> "Interval":
        """Quotient; the divisor must not hold zero in its interior."""
        other = Interval.of(other)
        with np.errstate(divide="ignore"):
            inverse = _outwards(1 / other.high, 1 / other.low)
        spans = (other.low <= 0) & (other.high >= 0)
        inverse = Interval(np.where(spans, -np.inf, inverse.low), np.where(spans, np.inf, inverse.high))
        return self * inverse

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> "Interval":
        return Interval.of(other) + (-self)


@dataclass(frozen=True)
class Jet:
    """Enclosures of a function's values and of its derivative on a cell.

    Examples
    --------
    On [0, 1], t * t - t has values within [-1, 1] and slopes within [-1, 1].

    >>> t = Jet(Interval(0.0, 1.0), Interval.of(1.0))
    >>> square = t * t - t
    >>> bool(square.slope.contains(-1.0)), bool(square.slope.contains(1.5))
    (True, False)
    """

    value: Interval
    slope: Interval

    __array_ufunc__ = None

    @classmethod
    def constant(cls, value: Any) -> "Jet":
        """A number that does not change over the cell; a Jet stays one."""
        if isinstance(value, Jet):
            return value
        return cls(Interval.of(value), Interval.of(0.0))

    def __add__(self, other: Any) -> "Jet":
        other = Jet.constant(other)
        return Jet(self.value + other.value, self.slope + other.slope)

    def __neg__(self) -> "Jet":
        return Jet(-self.value, -self.slope)

    def __sub__(self, other: Any) -> "Jet":
        return self + (-Jet.constant(other))

    def __mul__(self, other: Any) -> "Jet":
        other = Jet.constant(other)
        return Jet(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other: Any) -> "Jet":
        other = Jet.constant(other)
        quotient = self.value / other.value
        return Jet(quotient, (self.slope - quotient * other.slope) / other.value)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> "Jet":
        return Jet.constant(other) + (-self)

    def __rtruediv__(self, other: Any) -> "Jet":
        return Jet.constant(other) / self


def _outwards(low: Any, high: Any) -> Interval:
    return Interval(np.nextafter(low, -np.inf), np.nextafter(high, np.inf))
