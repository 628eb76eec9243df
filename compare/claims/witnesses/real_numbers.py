"""Real numbers: exact where they are rational, otherwise within an interval of as many digits as asked for.

A number in a file means the decimal that is written there (`written`): 0.1 is 1/10, not the
float64 next to it. Sums, products and quotients of such numbers are fractions, and stay so.
What is irrational, a root, an exponential, pi or the normal distribution, is an interval that
holds it, from mpmath's interval arithmetic, which rounds outwards; every operation on intervals
holds the true result. What an interval does not tell, a sign or whether one divides by 0, raises
`Undecided`: more digits may tell. What has no value, or none that can be written down, raises `NoNumber`.

mpmath's functions are accurate to their last bits but not proven so: each result is widened by
2^-(p - GUARD) of itself at p bits.
"""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["NoNumber", "Real", "Reals", "Undecided", "decided_by", "rational_root", "reals_of", "written"]

MOST_BITS = 100_000  # of a fraction; nested powers would take for ever
GUARD = 10  # bits
LARGEST_ARGUMENT = 2**40  # of exp; far beyond, only small results are of use
LONGEST_ARGUMENT = 2**11  # bits of an argument of exp; mpmath needs as many of log 2
FAR = 1000  # standard deviations, from where on the tail has its asymptotic series


class Undecided(ArithmeticError):
    """An interval does not tell; one of more digits may."""


class NoNumber(ArithmeticError):
    """Undefined, or too large to be written down."""


def decided_by(outcome: bool, conditions: Iterable[Callable[[], bool]]) -> bool:
    """Whether one of several conditions has this outcome, whatever is not told of the others."""
    undecided = False
    for condition in conditions:
        try:
            if condition() is outcome:
                return True
        except Undecided:
            undecided = True
    if undecided:
        raise Undecided
    return False


def written(number: Any) -> Fraction:
    """The decimal of which a float was read: the shortest that gives it, in its own dtype.

    Raises
    ------
    NoNumber
        If it is not finite.

    Examples
    --------
    >>> written(0.1), written(np.float32(-0.3))
    (Fraction(1, 10), Fraction(-3, 10))
    """
    if not math.isfinite(number):
        raise NoNumber
    return Fraction(str(np.asarray(number)[()]))


def rational_root(number: Fraction) -> Fraction | None:
    """Square root of a number that is not negative, where it is rational."""
    roots = [math.isqrt(part) for part in number.as_integer_ratio()]
    return Fraction(*roots) if [root * root for root in roots] == [*number.as_integer_ratio()] else None


class Reals:
    """Arithmetic where intervals, of what cannot be exact, have so many decimal digits.

    Examples
    --------
    >>> reals = Reals(30)
    >>> root = reals.sqrt(reals.number(2))
    >>> (root * root - 2).sign()
    Traceback (most recent call last):
    compare.claims.witnesses.real_numbers.Undecided
    >>> (root - reals.number(Fraction("1.41421356237309504"))).sign()
    1
    >>> reals.sqrt(reals.number(Fraction(9, 4))).value
    Fraction(3, 2)
    """

    def __init__(self, digits: int) -> None:
        from mpmath.ctx_iv import MPIntervalContext
        from mpmath.ctx_mp import MPContext

        self.digits = digits
        self.intervals = MPIntervalContext()
        self.intervals.dps = digits + GUARD
        self.points = MPContext()
        self.points.prec = self.intervals.prec
        width = Fraction(1, 2 ** (self.intervals.prec - GUARD))
        self._widening = self.intervals.mpf([self._interval(1 - width).a, self._interval(1 + width).b])

    def number(self, value: Any) -> "Real":
        """A fraction, an integer, or a float taken as the binary number that it is."""
        return Real(self, Fraction(value))

    def pi(self) -> "Real":
        """The number pi."""
        return self._widened(self.intervals.pi)

    def sqrt(self, x: "Real") -> "Real":
        """Square root, a fraction where it is one."""
        if (sign := x.sign()) <= 0:
            if sign < 0:
                raise NoNumber
            return x
        if isinstance(x.value, Fraction) and (root := rational_root(x.value)) is not None:
            return Real(self, root)
        return self._widened(self.intervals.sqrt(x.interval()))

    def exp(self, x: "Real") -> "Real":
        """Exponential function; raises `NoNumber` beyond what can be of use."""
        if x.value == 0:
            return self.number(1)
        argument = x.interval()
        if argument.b > LARGEST_ARGUMENT:
            raise NoNumber if argument.a > LARGEST_ARGUMENT else Undecided
        if argument.a < -(self.intervals.mpf(2) ** LONGEST_ARGUMENT):
            return Real(self, self.intervals.mpf([0, self.intervals.exp(-self.intervals.mpf(LARGEST_ARGUMENT)).b]))
        return self._widened(self.intervals.exp(argument))

    def log(self, x: "Real") -> "Real":
        """Natural logarithm of what is positive."""
        if x.value == 1:
            return self.number(0)
        if x.sign() <= 0:
            raise NoNumber
        low = self.intervals.log(x.interval())
        # Next to 1 the logarithm has fewer digits than its argument, so what is added is absolute.
        return self._widened(low) if low.a > 0 or low.b < 0 else Real(self, low)

    def power(self, base: "Real", exponent: Fraction) -> "Real":
        """A power with a rational exponent; 0^0 is 1, and roots are those of positive numbers."""
        if exponent == 0:
            return self.number(1)
        if exponent.denominator == 1 and abs(exponent) <= LARGEST_ARGUMENT:
            return base.to_the(int(exponent))
        sign = base.sign()
        if sign == 0 and exponent > 0:
            return self.number(0)
        if sign == 0 or (sign < 0 and exponent.denominator != 1):
            raise NoNumber
        root, halvings = base, exponent
        while halvings.denominator % 2 == 0 and isinstance(root.value, Fraction):
            root, halvings = self.sqrt(root), 2 * halvings
        if halvings.denominator == 1 and isinstance(root.value, Fraction) and halvings != exponent:
            return root.to_the(int(halvings))
        size = self.exp(Real(self, exponent) * self.log(abs(base)))
        return -size if sign < 0 and exponent % 2 == 1 else size

    def density(self, x: Fraction) -> "Real":
        """The standard normal density at a point."""
        return self.exp(Real(self, -x * x / 2)) / self.sqrt(2 * self.pi())

    def tail(self, x: Fraction) -> "Real":
        """The probability of what is beyond x >= 0, to as many digits of its own.

        From 1000 on by its alternating asymptotic series, between two of whose partial sums
        it lies (DLMF 7.12.1), before that by mpmath's erfc with some digits more.
        """
        if x == 0:
            return self.number(Fraction(1, 2))
        if x <= FAR:
            with self.points.extraprec(4 * GUARD):
                z = self.points.mpf(x.numerator) / x.denominator / self.points.sqrt(2)
                return self._widened(self.intervals.mpf(self.points.erfc(z) / 2))
        last = self._interval(Fraction(1, 2**self.intervals.prec)).b
        term, total, n = self.number(1), self.number(0), 0
        while abs(term).interval().b >= last:
            total = total + Real(self, term.interval())
            term = term * (-(2 * n + 1) / (x * x))
            n += 1
        between = self.intervals.mpf([(total - abs(term)).interval().a, (total + abs(term)).interval().b])
        return self.density(x) * Real(self, between) / x

    def _interval(self, x: Fraction) -> Any:
        return self.intervals.mpf(x.numerator) / self.intervals.mpf(x.denominator)

    def _widened(self, interval: Any) -> "Real":
        return Real(self, interval * self._widening)


def _bits(number: Fraction) -> int:
    return number.numerator.bit_length() + number.denominator.bit_length()


@lru_cache(maxsize=16)
def reals_of(digits: int) -> Reals:
    """Reals of so many digits, made once."""
    return Reals(digits)


class Real:
    """A number of some `Reals`: a Fraction, or an interval of mpmath that holds it."""

    __slots__ = ("field", "value")

    def __init__(self, field: Reals, value: Any) -> None:
        self.field = field
        self.value = value

    def interval(self) -> Any:
        """The number as an interval."""
        return self.field._interval(self.value) if isinstance(self.value, Fraction) else self.value

    def middle(self) -> float:
        """The float64 next to the middle of what the number may be, infinite where none is as large."""
        if isinstance(self.value, Fraction):
            try:
                return float(self.value)
            except OverflowError:
                return math.inf if self.value > 0 else -math.inf
        return float(self.field.points.mpf(self.value.mid)) + 0.0

    def sign(self) -> int:
        """-1, 0 or 1; raises `Undecided` where the interval reaches over 0."""
        if isinstance(self.value, Fraction):
            return (self.value > 0) - (self.value < 0)
        low, high = self.value.a, self.value.b
        if low > 0:
            return 1
        if high < 0:
            return -1
        if low == 0 and high == 0:
            return 0
        raise Undecided

    def _of(self, other: "Real | Fraction | float") -> "Real":
        return other if isinstance(other, Real) else Real(self.field, Fraction(other))

    def _multiplies(self, other: "Real") -> bool:
        """Whether both are fractions that may be multiplied: not too long."""
        values = self.value, other.value
        return all(isinstance(value, Fraction) for value in values) and sum(map(_bits, values)) <= MOST_BITS

    def __add__(self, other: "Real | Fraction | float") -> "Real":
        other = self._of(other)
        if self._multiplies(other):
            return Real(self.field, self.value + other.value)
        return Real(self.field, self.interval() + other.interval())

    def __neg__(self) -> "Real":
        return Real(self.field, -self.value)

    def __sub__(self, other: "Real | Fraction | float") -> "Real":
        return self + -self._of(other)

    def __mul__(self, other: "Real | Fraction | float") -> "Real":
        other = self._of(other)
        if self._multiplies(other):
            return Real(self.field, self.value * other.value)
        if self.value == 0 or other.value == 0:  # exactly
            return Real(self.field, Fraction(0))
        return Real(self.field, self.interval() * other.interval())

    def __truediv__(self, other: "Real | Fraction | float") -> "Real":
        other = self._of(other)
        if other.sign() == 0:
            raise NoNumber
        if self._multiplies(other):
            return Real(self.field, self.value / other.value)
        return Real(self.field, self.interval() / other.interval())

    def __rmul__(self, other: "Real | Fraction | float") -> "Real":
        return self * other

    def __abs__(self) -> "Real":
        return Real(self.field, abs(self.value))

    def to_the(self, exponent: int) -> "Real":
        """A power with a whole exponent other than 0."""
        if exponent < 0:
            return self._of(1) / self.to_the(-exponent)
        value = self.value
        if isinstance(value, Fraction) and (exponent * _bits(value) <= MOST_BITS or abs(value) in (0, 1)):
            return Real(self.field, value**exponent)
        return Real(self.field, self.interval() ** exponent)
