"""Enclosures of what a normal input does on either side of a kink, on whole cells of kinks.

A cell is an interval of kinks k, or, far out, of u = 1 / k. Both are written in
homogeneous coordinates (a : b), (k : 1) or (1 : u), so that x - k becomes b x - a and
each of `compare.surface.critical.conditions` is one expression that stays regular as k goes to infinity.

`exp`, `ndtr` and `erfcx` are taken to be within `roundings(k)` units in the last place,
which the tests hold against 50 digits.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np

from compare.surface.critical.enclosures.interval import Interval, Jet

__all__ = ["DEEPEST", "FAR", "Cells", "far", "near", "roundings"]

FAR = 30.0  # from here on u = 1 / k is the coordinate
VANISHED = 40.0  # k^n density(k) < 1e-320 from here on
DEEPEST = FAR  # a ReLU is active beyond with probability 1e-197: nothing that a float64 gradient shows


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _once(method: Callable[Concatenate["Cells", _P], _R]) -> Callable[Concatenate["Cells", _P], _R]:
    """Evaluate a method of `Cells` once for each of its arguments: a condition takes most of them several times."""

    @functools.wraps(method)
    def remembered(self: "Cells", /, *arguments: _P.args, **named: _P.kwargs) -> _R:
        key = method.__name__, arguments, *named.items()
        if key not in self.known:
            self.known[key] = method(self, *arguments, **named)
        return cast(_R, self.known[key])

    return remembered


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells, and the functions of the kink that the expected gradient is made of."""

    a: Jet  # homogeneous coordinates of the kink, k = a / b
    b: Jet
    k: Interval  # the kinks themselves
    known: dict[Any, Any] = field(default_factory=dict, repr=False)  # what `_once` has evaluated

    @property
    def is_far(self) -> bool:
        """Whether the coordinate is 1 / k."""
        return bool(np.all(self.a.slope.low == 0))

    @_once
    def density(self, n: int = 0) -> Jet:
        """k^n times the normal density at k."""
        rise = Interval.of(0.0) if n == 0 else self._rate(n - 1) * float(n)
        return Jet(self._power_density(n), rise - self._rate(n + 1))

    @_once
    def upper(self) -> Jet:
        """P(x > k)."""
        return Jet(_upper(self.k), -self._rate(0))

    @_once
    def lower(self) -> Jet:
        """P(x < k)."""
        return Jet(_upper(-self.k), self._rate(0))

    @_once
    def mirrored(self) -> "Cells":
        """The cells of -k."""
        t = self.b.value if self.is_far else self.a.value
        if not self.is_far:
            return near(-t.high, -t.low)
        return far(-t.high, -t.low, side=-1 if np.all(self.k.low > 0) else 1)

    @_once
    def overshoot(self) -> Jet:
        """E[x - k | x > k] of near cells: it falls with k, at the rate of minus the variance of x given x > k."""
        ends = [Interval.of(k) for k in self.k]
        over = [_inverse_mills(k.low) - k for k in ends]
        variance = [1.0 - (o + k) * o for o, k in zip(over, ends, strict=True)]
        return Jet(over[0].hull(over[1]), -variance[0].hull(variance[1]))

    @_once
    def variance(self) -> Jet:
        """var(x | x > k) of near cells; its slope is E[x | x > k] (var - over^2)."""
        over = self.overshoot()
        value = -over.slope
        return Jet(value, (over.value + self.k) * (value - over.value * over.value))

    def scaled_mean(self) -> Jet:
        """The mean b E[x | x > k]; far cells must have k > 0.

        There, with u = 1 / k, it is 1 + u over, where

            2 / (k + sqrt(k^2 + 8)) < over < 2 / (k + sqrt(k^2 + 4))

        (Birnbaum 1942 the upper, Sampford 1953 the lower bound of density / P(x > k)), both
        rising in u, and its slope is over + k var(x | x > k), where var < u^2 because the density
        falls faster than exp(-k x) beyond k.
        """
        if not self.is_far:
            return self.overshoot() + self.a
        u = self.b.value
        low, high = (2 * end * end / (1 + np.sqrt(1 + c * end * end)) for end, c in ((u.low, 8), (u.high, 4)))
        value = 1.0 + Interval.around(low[None], 8).hull(Interval.around(high[None], 8))
        return Jet(value, Interval(np.zeros_like(u.high), 2 * u.high))

    @_once
    def spread(self) -> Jet:
        """E[(x - E[x | x > k])^2; x > k], which falls at the rate over^2 density.

        Far out at most u^2 P(x > k), with slope k^2 over^2 density < density.
        """
        if not self.is_far:
            over = self.overshoot()
            value = self.upper().value * (1.0 - (over.value + self.k) * over.value)
            return Jet(value, -(over.value * over.value * self.density().value))
        zero = np.zeros_like(self.k.low)
        return Jet(Interval(zero, self.upper().value.high), Interval(zero, self.density().value.high))

    @_once
    def shortfall(self, kink: float) -> tuple[Jet, Jet]:
        """E[(kink - x) x^j; k < x < kink] for j = 0, 1, of cells with k <= kink."""
        zero = Interval(np.minimum(np.maximum(self.k.low, 0.0), self.k.high), self.k.high)
        zeroth = [_shortfall(Interval.of(k), kink)[0] for k in self.k]
        # d/dk of the second one is -(kink - k) k density(k), so its turning point is at 0.
        first = [_shortfall(Interval.of(k), kink)[1] for k in (*self.k, zero.low)]
        rates = [self._rate(n + 1) - self._rate(n) * kink for n in (0, 1)]
        return Jet(zeroth[0].hull(zeroth[1]), rates[0]), Jet(first[0].hull(first[1]).hull(first[2]), rates[1])

    @_once
    def _rate(self, n: int) -> Interval:
        """k^n density(k) dk, with dk = 1 near and -k^2 far out."""
        return -self._power_density(n + 2) if self.is_far else self._power_density(n)

    @_once
    def _power_density(self, n: int) -> Interval:
        return _power_density(n, self.k)


def roundings(k: Any) -> Any:
    """Units in the last place that exp(-k^2 / 2) and its integrals may be off: it magnifies the rounding of k^2 / 2."""
    return 16 + np.square(np.minimum(np.abs(k), 2 * DEEPEST))


def near(low: Any, high: Any) -> Cells:
    """Cells with the kink itself as coordinate."""
    k = Interval(np.asarray(low), np.asarray(high))
    return Cells(Jet(k, Interval.of(1.0)), Jet.constant(1.0), k)


def far(low: Any, high: Any, side: int) -> Cells:
    """Cells with u = 1 / k as coordinate, for k > 0 (side 1) or k < 0 (side -1); u = 0 is infinity."""
    u = Interval(np.asarray(low), np.asarray(high))
    with np.errstate(divide="ignore"):
        k = [np.where(end == 0, side * np.inf, 1 / end) for end in (u.high, u.low)]
    return Cells(Jet.constant(1.0), Jet(u, Interval.of(1.0)), Interval(*k))


def _upper(k: Interval) -> Interval:
    from scipy.special import ndtr  # late, as below

    ends = np.stack((k.low, k.high))
    around = Interval.around(ndtr(-ends), roundings(ends))
    return Interval(np.maximum(around.low, 0.0), np.minimum(around.high, 1.0))


def _power_density(n: int, k: Interval) -> Interval:
    """k^n density(k) over a cell: its turning points are 0 and +-sqrt(n)."""
    ends = np.stack(np.broadcast_arrays(k.low, k.high))
    turns = np.array([0.0, math.sqrt(n), -math.sqrt(n)][: 1 + 2 * (n > 0)]).reshape(-1, *[1] * (ends.ndim - 1))
    points = np.concatenate([ends, np.clip(turns, ends[0], ends[1])])
    inside = np.clip(points, -VANISHED, VANISHED)  # beyond, 0 in float64 as at infinity
    values = inside**n * np.exp(-inside * inside / 2) / math.sqrt(2 * math.pi)
    return Interval.around(np.where(np.abs(points) > VANISHED, 0.0, values), roundings(points) + n)


def _inverse_mills(k: Any) -> Interval:
    """density(k) / P(x > k)."""
    from scipy.special import erfcx  # late: all that imports the surface would wait for it

    return Interval.around(math.sqrt(2 / math.pi) / erfcx(np.asarray(k)[None] / math.sqrt(2)), roundings(k))


def _shortfall(k: Interval, kink: float) -> tuple[Interval, Interval]:
    """E[(kink - x) x^j; k < x < kink] for single kinks."""
    end = Interval.of(kink)
    mass = _upper(k) - _upper(end)
    first = _power_density(0, k) - _power_density(0, end)
    second = mass + _power_density(1, k) - _power_density(1, end)
    return mass * kink - first, first * kink - second
