"""Numbers with a radius that holds every admissible result, and what each operation makes of the radii."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from compare.rounding.arithmetic import POW_ULPS, SLACK, Arithmetic, gamma

__all__ = ["Ball", "Fork"]

Rule = Callable[..., "Ball | Fork"]


class Ball(NDArrayOperatorsMixin):
    """An array as NumPy computes it, with a radius that holds every admissible result.

    Parameters
    ----------
    value : ndarray of float32 or float64
    radius : float or ndarray of float64, broadcasts to `value`
    arithmetic : Arithmetic
        What other implementations may do; results have that of their operands.
    origin : {"constant", "sum", "product", "root"}, optional
        What made it, where that matters to what is made of it.
    terms : ndarray of float64, optional
        Of a sum, the sum of the magnitudes of its two terms.
    mixture : _Mixture, optional
        Of c (p - q), what it is made of: p + c (q - p) then knows that p is in it twice.

    Examples
    --------
    One addition: half a unit in the last place from each side.

    >>> sum_ = Ball.exact(np.float64(1.0)) + np.float64(2.0**-60)
    >>> float(sum_.value), float(sum_.radius / 2.0**-53).__round__(3)
    (1.0, 2.0)

    Rounded correctly on both sides, there is no difference.

    >>> float((Ball.exact(np.float64(1.0), Arithmetic.WRITTEN) + np.float64(2.0**-60)).radius)
    0.0

    Exactly zero stays exactly zero.

    >>> float((Ball.exact(np.float64(0.0)) * np.float64(0.1)).radius)
    0.0
    """

    __slots__ = ("arithmetic", "mixture", "origin", "radius", "terms", "value")

    def __init__(
        self,
        value: Any,
        radius: Any,
        arithmetic: Arithmetic = Arithmetic.ANY,
        origin: str | None = None,
        terms: Any = None,
    ) -> None:
        self.value = value
        self.radius = radius
        self.arithmetic = arithmetic
        self.origin = origin
        self.terms = terms
        self.mixture: _Mixture | None = None

    @classmethod
    def exact(cls, value: Any, arithmetic: Arithmetic = Arithmetic.ANY) -> "Ball":
        """Make the Ball of a value both sides start from: radius 0, or its size if subnormal, as it may be flushed."""
        magnitude = np.abs(value)
        subnormal = (magnitude > 0) & (magnitude < np.finfo(value.dtype).tiny)
        radius = np.where(subnormal, magnitude, 0.0).astype(np.float64) if subnormal.any() else 0.0
        return cls(value, radius, arithmetic)

    @classmethod
    def computed(cls, value: Any, radius: Any, arithmetic: Arithmetic = Arithmetic.ANY) -> "Ball":
        """Make the Ball of a result; its radius is infinite where either side overflows or may."""
        reach = np.abs(value, dtype=np.float64) + radius
        return cls(value, np.where(reach <= float(np.finfo(value.dtype).max), radius, np.inf), arithmetic)

    @property
    def bound(self) -> Any:
        """Largest admissible difference from `value`, an ndarray of its shape."""
        bound = self.radius * SLACK
        return bound if np.shape(bound) == self.shape else np.broadcast_to(bound, self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the value."""
        dtype: np.dtype[Any] = self.value.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """Number of axes of the value."""
        return np.ndim(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return np.shape(self.value)

    def __getitem__(self, key: Any) -> "Ball":
        return Ball(self.value[key], self.radius[key] if np.ndim(self.radius) else self.radius, self.arithmetic)

    def astype(self, dtype: np.dtype[Any]) -> "Ball":
        """Convert: from float32 to float64 exactly, from float64 to float32 with one rounding.

        >>> ball = Ball.exact(np.float64(1 + 2.0**-30)).astype(np.dtype(np.float32))
        >>> float(ball.value), float(ball.radius) > 2.0**-24
        (1.0, True)
        """
        if dtype == self.dtype:
            return self
        value = self.value.astype(dtype)
        if np.can_cast(self.dtype, dtype):
            return Ball(value, self.radius, self.arithmetic, self.origin, self.terms)
        return _rounded(self, value, self.radius, _nonzero(self))

    def sum(self, axis: int) -> "Ball":
        """Sum along an axis, in any order whatever the arithmetic: a reduction has none."""
        n, info = self.shape[axis], np.finfo(self.dtype)
        value = self.value.sum(axis=axis)
        spread = np.broadcast_to(self.radius, self.shape).sum(axis=axis)
        size = np.abs(self.value, dtype=np.float64).sum(axis=axis)
        radius = spread + gamma(n - 1, float(info.eps) / 2) * (2 * size + spread)
        return Ball.computed(value, radius + 2 * n * float(info.tiny) * (size + spread > 0), self.arithmetic)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        rule = UFUNCS.get(ufunc)
        if method != "__call__" or rule is None or kwargs.keys() - {"dtype"}:
            return NotImplemented
        if "dtype" in kwargs:
            dtype = np.dtype(kwargs["dtype"])
            return rule(*(_as_ball(value, dtype, self.arithmetic).astype(dtype) for value in inputs))
        return rule(*(_as_ball(value, self.dtype, self.arithmetic) for value in inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, args, kwargs)


class Fork:
    """A condition, and where another implementation may decide it otherwise: two arrays of bool."""

    __slots__ = ("ambiguous", "value")

    def __init__(self, value: Any, ambiguous: Any) -> None:
        self.value = value
        self.ambiguous = ambiguous

    def astype(self, dtype: np.dtype[Any]) -> Ball:
        """1 where the condition holds, and 0 elsewhere."""
        return _where(self, dtype.type(1), dtype.type(0))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, args, kwargs)


def _call(function: Any, args: Any, kwargs: Any) -> Any:
    return FUNCTIONS[function](*args) if function in FUNCTIONS and not kwargs else NotImplemented


def _as_ball(value: Any, dtype: np.dtype[Any], arithmetic: Arithmetic) -> Ball:
    """Return an operand as a Ball; any other number is a constant, the same on both sides."""
    if isinstance(value, Ball):
        return value
    ball = Ball.exact(np.asarray(value, dtype)[()], arithmetic)
    ball.origin = "constant"
    return ball


def _rounded(a: Ball, value: Any, spread: Any, nonzero: Any, roundings: int = 1, origin: str | None = None) -> Ball:
    """Radius of a rounded result whose exact counterparts are `spread` apart.

    With more than one rounding on the other side, or unequal operands, results differ by
    the roundings of both sides; else, for operations as they are written, not at all.
    """
    info = np.finfo(value.dtype)
    u, tiny = float(info.eps) / 2, float(info.tiny)
    theirs = gamma(roundings, u)
    size = np.abs(value, dtype=np.float64)
    radius = spread * (1 + theirs) + size * ((u + theirs) * (1 + 2 * u)) + 2 * tiny * nonzero
    if a.arithmetic is not Arithmetic.ANY:
        same = (np.asarray(spread) == 0) & (roundings == 1)
        radius = np.where(same, np.where(size <= tiny, size, 0.0), radius)
    result = Ball.computed(value, radius, a.arithmetic)
    result.origin = origin
    return result


def _size(a: Ball) -> Any:
    return np.abs(a.value, dtype=np.float64)


def _nonzero(a: Ball) -> Any:
    return (a.value != 0) | (a.radius > 0)


def _sum_rule(ufunc: np.ufunc) -> Rule:
    def rule(a: Ball, b: Ball) -> Ball:
        value = ufunc(a.value, b.value)
        spread = _of_mixture(ufunc, a, b, a.radius + b.radius)
        if a.arithmetic is not Arithmetic.WRITTEN:
            spread = spread + _reassociated(a, b) + _reassociated(b, a)
        exact = (spread == 0) & _is_exact(ufunc, a.value, b.value, value)
        if np.all(exact):
            result = Ball(value, 0.0, a.arithmetic)
        else:
            result = _rounded(a, value, spread, (value != 0) | (spread > 0))
            result.radius = np.where(exact, 0.0, result.radius)
        result.origin, result.terms = "sum", _size(a) + _size(b)
        if ufunc is np.subtract:
            result.mixture = _Mixture(a, b, 1.0, result.radius - (a.radius + b.radius))
        return result

    return rule


class _Mixture(NamedTuple):
    """A number c (p - q), and by how much its roundings alone may set two evaluations of it apart."""

    p: Ball
    q: Ball
    c: Any
    noise: Any


def _of_mixture(ufunc: np.ufunc, x: Ball, b: Ball, spread: Any) -> Any:
    """How far x + c (p - q) may be apart where x is p or q, so that its radius counts by 1 +- c only; else `spread`.

    It is (1 + c) p - c q or c p + (1 - c) q: what a running mean forgets, its radius forgets too.
    """
    mixture = b.mixture
    if mixture is None or (x is not mixture.p and x is not mixture.q):
        return spread
    c = mixture.c if ufunc is np.add else -mixture.c
    of_p, of_q = np.abs((x is mixture.p) + c), np.abs((x is mixture.q) - c)
    return np.fmin(spread, of_p * mixture.p.radius + of_q * mixture.q.radius + mixture.noise)


def _reassociated(a: Ball, b: Ball) -> Any:
    """Extra error where a = a1 + a2 and (a1 + a2) + b, b a constant, is evaluated as a1 + (a2 + b); 0 otherwise."""
    if a.origin != "sum" or b.origin != "constant":
        return 0.0
    u = float(np.finfo(a.dtype).eps) / 2
    return gamma(2, u) * (a.terms + _size(b)) * (b.value != 0)


def _is_exact(ufunc: np.ufunc, a: Any, b: Any, value: Any) -> Any:
    """Where a + b or a - b needs no rounding (Knuth's two-sum leaves no error) nor can be flushed."""
    b = b if ufunc is np.add else -b
    shadow = value - a
    kept = (value == 0) | (np.abs(value) >= np.finfo(value.dtype).tiny)
    return ((a - (value - shadow)) + (b - shadow) == 0) & kept


def _multiply(a: Ball, b: Ball) -> Ball:
    spread = _size(a) * b.radius + _size(b) * a.radius + a.radius * b.radius
    roundings = 3 if a.arithmetic is Arithmetic.REWRITTEN and "product" in (a.origin, b.origin) else 1
    result = _rounded(a, a.value * b.value, spread, _nonzero(a) & _nonzero(b), roundings, "product")
    for difference, constant in ((a, b), (b, a)):
        if difference.mixture is not None and constant.origin == "constant":
            p, q, c, noise = difference.mixture
            own = result.radius - _size(constant) * difference.radius
            result.mixture = _Mixture(p, q, c * np.float64(constant.value), _size(constant) * noise + own)
    return result


def _divide(a: Ball, b: Ball) -> Ball:
    value, room = a.value / b.value, _size(b) - b.radius
    spread = np.where(room > 0, (a.radius + np.abs(value, dtype=np.float64) * b.radius) / room, np.inf)
    of_root = a.arithmetic is Arithmetic.REWRITTEN and b.origin == "root"
    roundings = 1 if a.arithmetic is Arithmetic.WRITTEN else 5 if of_root else 3
    return _rounded(a, value, spread, _nonzero(a), roundings)


def _sqrt(a: Ball) -> Ball:
    value, low = np.sqrt(a.value), a.value - np.asarray(a.radius, np.float64)
    regular = a.radius / (np.sqrt(np.maximum(a.value, 0), dtype=np.float64) + np.sqrt(np.maximum(low, 0)))
    # A number of the size of what underflow can do stands for a nonnegative one.
    underflow = np.sqrt(_size(a) + a.radius)
    harmless = _size(a) + a.radius <= 2**20 * float(np.finfo(a.dtype).tiny)
    spread = np.where(a.radius == 0, 0.0, np.where(low >= 0, regular, np.where(harmless, underflow, np.inf)))
    return _rounded(a, value, spread, _nonzero(a), 3 if a.arithmetic is Arithmetic.ANY else 1, "root")


def _maximum(a: Ball, b: Ball) -> Ball:
    high, low = a.value - np.asarray(a.radius), b.value + np.asarray(b.radius)
    a_wins, b_wins = high > low, a.value + np.asarray(a.radius) < b.value - np.asarray(b.radius)
    radius = np.where(a_wins, a.radius, np.where(b_wins, b.radius, np.maximum(a.radius, b.radius)))
    return Ball(np.maximum(a.value, b.value), radius, a.arithmetic)


def _power(a: Ball, b: Ball) -> Ball:
    value = np.power(a.value, b.value)
    # Exact arguments only: pow's own error, one ulp being at most 2u relative.
    exact = (np.asarray(a.radius) == 0) & (np.asarray(b.radius) == 0)
    spread = np.where(exact, 2 * POW_ULPS * np.finfo(a.dtype).eps * np.abs(value, dtype=np.float64), np.inf)
    return _rounded(a, value, spread, _nonzero(a))


def _compare(ufunc: np.ufunc) -> Callable[[Ball, Ball], Fork]:
    def rule(a: Ball, b: Ball) -> Fork:
        reach = np.asarray(a.radius + b.radius)
        distance = np.abs(np.asarray(a.value, np.float64) - b.value)
        return Fork(ufunc(a.value, b.value), (distance <= reach) & (reach > 0))

    return rule


def _where(condition: Any, a: Any, b: Any) -> Ball:
    dtype = next(x.dtype for x in (a, b) if hasattr(x, "dtype"))
    arithmetic = next((x.arithmetic for x in (a, b) if isinstance(x, Ball)), Arithmetic.ANY)
    a, b = _as_ball(a, dtype, arithmetic), _as_ball(b, dtype, arithmetic)
    fork = condition if isinstance(condition, Fork) else Fork(condition, False)
    value = np.where(fork.value, a.value, b.value)
    radius = np.where(fork.value, a.radius, b.radius)
    if np.any(fork.ambiguous):
        apart = np.abs(np.asarray(a.value, np.float64) - b.value)
        other = apart + np.where(fork.value, b.radius, a.radius)
        radius = np.where(fork.ambiguous, np.maximum(radius, other), radius)
    return Ball(value, radius, arithmetic)


def _concatenate(balls: Sequence[Ball]) -> Ball:
    radius = np.concatenate([np.broadcast_to(ball.radius, ball.shape) for ball in balls])
    return Ball(np.concatenate([ball.value for ball in balls]), radius, balls[0].arithmetic)


UFUNCS: dict[np.ufunc, Rule] = {
    np.add: _sum_rule(np.add),
    np.subtract: _sum_rule(np.subtract),
    np.multiply: _multiply,
    np.square: lambda a: _multiply(a, a),
    np.divide: _divide,
    np.sqrt: _sqrt,
    np.maximum: _maximum,
    np.power: _power,
    np.negative: lambda a: Ball(-a.value, a.radius, a.arithmetic),
    np.absolute: lambda a: Ball(np.abs(a.value), a.radius, a.arithmetic),
    np.greater: _compare(np.greater),
    np.equal: _compare(np.equal),
}

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.shape: lambda a: np.shape(a.value),
    np.concatenate: _concatenate,
}
