"""How far two correct floating-point evaluations of one formula can be apart.

This is the one module that derives tolerances; every bound the project uses comes from
here, and it holds every literal that enters one.

Method
------
A `Ball` is a number as NumPy computed it together with a radius: whatever another
admissible implementation computes for the same formula from the same inputs lies within
the radius (ball arithmetic: van der Hoeven 2010, "Ball arithmetic"; the per-operation
rules are the running error analysis of Higham, "Accuracy and Stability of Numerical
Algorithms", 2nd ed., section 3.3). The reference's own code is run on Balls, so each
formula and each optimizer has its bound without a second derivation.

Admissible is an implementation in which, with u the unit roundoff (2^-24, 2^-53) and
gamma_k = k u / (1 - k u) (Higham, lemma 3.1),

* + - * are rounded once, or not at all (fused multiply-add), |delta| <= u;
* a division is one, or a product with a reciprocal, or with a reciprocal of a product:
  relative error at most gamma_3; a square root, also as an inverse of an inverse: gamma_3;
* a sum of n terms is taken in any order, error at most gamma_(n-1) sum |terms| (Higham,
  equation 4.4), with or without fused multiply-add;
* `pow` is off by at most 4 units in the last place (NumPy's vector kernels; the C
  library's stays under 1);
* operands and results below the smallest normal number may be flushed to zero;
* an activation takes either side of the kink when z is within its radius of it.

With NumPy's value x = fl(a o b) and another implementation's x', from operands within
r_a and r_b of ours, the exact results differ by at most a spread P, thus

    |x - x'| <= P + u |x| (1 + 2u) + gamma_k (|x| (1 + 2u) + P) + eta

    a + b    P = r_a + r_b                  a b     P = |a| r_b + |b| r_a + r_a r_b
    a / b    P = (r_a + |a/b| r_b) / (|b| - r_b)    (infinite if b may be 0)
    sqrt a   P = r_a / (sqrt a + sqrt(a - r_a))     (infinite if a may be negative)
    max      P = r of the larger one, or the larger r if either may be it; no rounding
    sum a    P = sum r + gamma_(n-1) (2 sum |a| + sum r)

and eta = 2 n omega with omega the smallest normal number, for n operations, unless the
result is exactly zero in every implementation, because an operand is. An input below
omega gets its own size as its radius. A sum of exact operands that is representable has
radius 0: there is nothing to round.

Radii are computed in float64 from nonnegative terms, so each operation costs them a
relative error of 2^-53; `Ball.bound` widens by 2^-20, which covers 2^32 operations.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__ = ["FIRST_ORDER", "Ball", "Fork", "gamma", "ratio"]

Rule = Callable[..., "Ball | Fork"]

POW_ULPS = 4
SLACK = 1 + 2.0**-20
FIRST_ORDER = 2  # factor on a first-order bound, for the terms of higher order left out


def gamma(k: int, u: float) -> float:
    """Higham's gamma_k = k u / (1 - k u), the relative error of k roundings."""
    return k * u / (1 - k * u) if k * u < 1 else np.inf


class Ball(NDArrayOperatorsMixin):
    """An array as NumPy computes it, with a radius that holds every admissible result.

    Parameters
    ----------
    value : ndarray of float32 or float64
    radius : float or ndarray of float64, broadcasts to `value`

    Examples
    --------
    One addition: half a unit in the last place from each side.

    >>> sum_ = Ball.exact(np.float64(1.0)) + np.float64(2.0**-60)
    >>> float(sum_.value), float(sum_.radius / 2.0**-53).__round__(3)
    (1.0, 2.0)

    Exactly zero stays exactly zero.

    >>> float((Ball.exact(np.float64(0.0)) * np.float64(0.1)).radius)
    0.0
    """

    __slots__ = ("radius", "value")

    def __init__(self, value: Any, radius: Any) -> None:
        self.value = value
        self.radius = radius

    @classmethod
    def exact(cls, value: Any) -> "Ball":
        """A value both sides start from; a subnormal one may be read as zero."""
        magnitude = np.abs(value)
        subnormal = (magnitude > 0) & (magnitude < np.finfo(value.dtype).tiny)
        return cls(value, np.where(subnormal, magnitude, 0.0).astype(np.float64) if subnormal.any() else 0.0)

    @property
    def bound(self) -> Any:
        """Largest admissible difference from `value`, an ndarray of its shape."""
        return np.broadcast_to(self.radius * SLACK, np.shape(self.value))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the value."""
        dtype: np.dtype[Any] = self.value.dtype
        return dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return np.shape(self.value)

    def __getitem__(self, key: Any) -> "Ball":
        return Ball(self.value[key], self.radius[key] if np.ndim(self.radius) else self.radius)

    def sum(self, axis: int) -> "Ball":
        """Sum along an axis, in any order."""
        n, info = self.shape[axis], np.finfo(self.dtype)
        value = self.value.sum(axis=axis)
        spread = np.broadcast_to(self.radius, self.shape).sum(axis=axis)
        size = np.abs(self.value, dtype=np.float64).sum(axis=axis)
        radius = spread + gamma(n - 1, _unit(info)) * (2 * size + spread)
        return _finish(value, radius + 2 * n * _tiny(info) * (size + spread > 0), info)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        rule = _UFUNCS.get(ufunc)
        if method != "__call__" or rule is None or kwargs.keys() - {"dtype"}:
            return NotImplemented
        return rule(*(_ball(value, self.dtype) for value in inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _FUNCTIONS[function](*args) if function in _FUNCTIONS and not kwargs else NotImplemented


class Fork:
    """A condition, and where another implementation may decide it otherwise.

    Parameters
    ----------
    value, ambiguous : ndarray of bool
    """

    __slots__ = ("ambiguous", "value")

    def __init__(self, value: Any, ambiguous: Any) -> None:
        self.value = value
        self.ambiguous = ambiguous

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _FUNCTIONS[function](*args) if function in _FUNCTIONS and not kwargs else NotImplemented


def ratio(observed: Any, ball: Ball) -> np.ndarray:
    """|observed - value| / bound: at most 1 where rounding explains the difference.

    0 where they are equal, also where the bound is 0; 0 where nothing can be said because
    the bound is not finite; infinite where `observed` alone is not finite.

    Parameters
    ----------
    observed : ndarray
        What the other implementation computed.
    ball : Ball
        Of the same shape and dtype.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValueError
        If shapes or dtypes differ: nothing is broadcast in a comparison.
    """
    if np.shape(observed) != ball.shape or observed.dtype != ball.dtype:
        raise ValueError(f"cannot compare {observed.dtype}{np.shape(observed)} with {ball.dtype}{ball.shape}")
    bound = ball.bound
    with np.errstate(all="ignore"):
        difference = np.abs(np.asarray(observed, np.float64) - np.asarray(ball.value, np.float64))
        quotient = np.where(difference == 0, 0.0, difference / bound)
    quotient = np.where(np.isnan(quotient), np.inf, quotient)
    return np.where(np.isfinite(bound) & np.isfinite(ball.value), quotient, 0.0)


def _ball(value: Any, dtype: np.dtype[Any]) -> Ball:
    if isinstance(value, Ball):
        return value
    return Ball.exact(np.asarray(value, dtype)[()])


def _unit(info: Any) -> float:
    return float(info.eps) / 2


def _tiny(info: Any) -> float:
    return float(info.tiny)


def _finish(value: Any, radius: Any, info: Any) -> Ball:
    """A result that may overflow, or did, on the other side has no bound."""
    reach = np.abs(value, dtype=np.float64) + radius
    return Ball(value, np.where(reach <= float(info.max), radius, np.inf))


def _rounded(value: Any, spread: Any, nonzero: Any, roundings: int = 1) -> Ball:
    """Radius of a rounded result whose exact counterparts are `spread` apart."""
    info = np.finfo(value.dtype)
    u = _unit(info)
    theirs = gamma(roundings, u)
    radius = spread * (1 + theirs) + np.abs(value, dtype=np.float64) * ((u + theirs) * (1 + 2 * u))
    return _finish(value, radius + 2 * _tiny(info) * nonzero, info)


def _size(a: Ball) -> Any:
    return np.abs(a.value, dtype=np.float64)


def _nonzero(a: Ball) -> Any:
    return (a.value != 0) | (a.radius > 0)


def _sum_rule(ufunc: np.ufunc) -> Rule:
    def rule(a: Ball, b: Ball) -> Ball:
        value = ufunc(a.value, b.value)
        spread = a.radius + b.radius
        if np.ndim(spread) == 0 and spread == 0 and _is_exact(ufunc, a.value, b.value, value):
            return Ball(value, 0.0)
        return _rounded(value, spread, (value != 0) | (spread > 0))

    return rule


def _is_exact(ufunc: np.ufunc, a: Any, b: Any, value: Any) -> bool:
    """Whether a + b or a - b needed no rounding (Knuth's two-sum leaves no error)."""
    b = b if ufunc is np.add else -b
    shadow = value - a
    return bool(np.all((a - (value - shadow)) + (b - shadow) == 0))


def _multiply(a: Ball, b: Ball) -> Ball:
    spread = _size(a) * b.radius + _size(b) * a.radius + a.radius * b.radius
    return _rounded(a.value * b.value, spread, _nonzero(a) & _nonzero(b))


def _divide(a: Ball, b: Ball) -> Ball:
    value, room = a.value / b.value, _size(b) - b.radius
    spread = np.where(room > 0, (a.radius + np.abs(value, dtype=np.float64) * b.radius) / room, np.inf)
    return _rounded(value, spread, _nonzero(a), roundings=3)


def _sqrt(a: Ball) -> Ball:
    value, low = np.sqrt(a.value), a.value - np.asarray(a.radius, np.float64)
    regular = a.radius / (np.sqrt(np.maximum(a.value, 0), dtype=np.float64) + np.sqrt(np.maximum(low, 0)))
    # A number of the size of what underflow can do stands for a nonnegative one.
    underflow = np.sqrt(_size(a) + a.radius)
    harmless = _size(a) + a.radius <= 2**20 * _tiny(np.finfo(a.dtype))
    spread = np.where(a.radius == 0, 0.0, np.where(low >= 0, regular, np.where(harmless, underflow, np.inf)))
    return _rounded(value, spread, _nonzero(a), roundings=3)


def _maximum(a: Ball, b: Ball) -> Ball:
    high, low = a.value - np.asarray(a.radius), b.value + np.asarray(b.radius)
    a_wins, b_wins = high > low, a.value + np.asarray(a.radius) < b.value - np.asarray(b.radius)
    radius = np.where(a_wins, a.radius, np.where(b_wins, b.radius, np.maximum(a.radius, b.radius)))
    return Ball(np.maximum(a.value, b.value), radius)


def _power(a: Ball, b: Ball) -> Ball:
    value = np.power(a.value, b.value)
    # Exact arguments only: pow's own error, one ulp being at most 2u relative.
    exact = (np.asarray(a.radius) == 0) & (np.asarray(b.radius) == 0)
    spread = np.where(exact, 2 * POW_ULPS * np.finfo(a.dtype).eps * np.abs(value, dtype=np.float64), np.inf)
    return _rounded(value, spread, _nonzero(a))


def _compare(ufunc: np.ufunc) -> Callable[[Ball, Ball], Fork]:
    def rule(a: Ball, b: Ball) -> Fork:
        reach = np.asarray(a.radius + b.radius)
        distance = np.abs(np.asarray(a.value, np.float64) - b.value)
        return Fork(ufunc(a.value, b.value), (distance <= reach) & (reach > 0))

    return rule


def _where(condition: Any, a: Any, b: Any) -> Ball:
    dtype = next(x.dtype for x in (a, b) if hasattr(x, "dtype"))
    a, b = _ball(a, dtype), _ball(b, dtype)
    fork = condition if isinstance(condition, Fork) else Fork(condition, False)
    value = np.where(fork.value, a.value, b.value)
    radius = np.where(fork.value, a.radius, b.radius)
    if np.any(fork.ambiguous):
        apart = np.abs(np.asarray(a.value, np.float64) - b.value)
        other = apart + np.where(fork.value, b.radius, a.radius)
        radius = np.where(fork.ambiguous, np.maximum(radius, other), radius)
    return Ball(value, radius)


_UFUNCS: dict[np.ufunc, Rule] = {
    np.add: _sum_rule(np.add),
    np.subtract: _sum_rule(np.subtract),
    np.multiply: _multiply,
    np.square: lambda a: _multiply(a, a),
    np.divide: _divide,
    np.sqrt: _sqrt,
    np.maximum: _maximum,
    np.power: _power,
    np.negative: lambda a: Ball(-a.value, a.radius),
    np.absolute: lambda a: Ball(np.abs(a.value), a.radius),
    np.greater: _compare(np.greater),
    np.equal: _compare(np.equal),
}

_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.ndim: lambda a: np.ndim(a.value),
    np.shape: lambda a: np.shape(a.value),
}
