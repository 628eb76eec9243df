"""What each operation does to the radii of its operands; the package derives it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.rounding.arithmetic import POW_ULPS, Arithmetic, gamma
from compare.rounding.ball import Ball, Fork

__all__ = ["FUNCTIONS", "UFUNCS", "as_ball", "finish"]

Rule = Callable[..., "Ball | Fork"]


def as_ball(value: Any, dtype: np.dtype[Any], arithmetic: Arithmetic) -> Ball:
    """An operand as a Ball; what is not one yet is a constant, and exact."""
    if isinstance(value, Ball):
        return value
    ball = Ball.exact(np.asarray(value, dtype)[()], arithmetic)
    ball.origin = "constant"
    return ball


def finish(value: Any, radius: Any, arithmetic: Arithmetic = Arithmetic.ANY) -> Ball:
    """A result that may overflow, or did, on the other side has no bound."""
    reach = np.abs(value, dtype=np.float64) + radius
    return Ball(value, np.where(reach <= float(np.finfo(value.dtype).max), radius, np.inf), arithmetic)


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
    result = finish(value, radius, a.arithmetic)
    result.origin = origin
    return result


def _size(a: Ball) -> Any:
    return np.abs(a.value, dtype=np.float64)


def _nonzero(a: Ball) -> Any:
    return (a.value != 0) | (a.radius > 0)


def _sum_rule(ufunc: np.ufunc) -> Rule:
    def rule(a: Ball, b: Ball) -> Ball:
        value = ufunc(a.value, b.value)
        spread = a.radius + b.radius
        if a.arithmetic is not Arithmetic.WRITTEN:
            spread = spread + _reassociated(a, b) + _reassociated(b, a)
        exact = (spread == 0) & _is_exact(ufunc, a.value, b.value, value)
        if np.all(exact):
            result = Ball(value, 0.0, a.arithmetic)
        else:
            result = _rounded(a, value, spread, (value != 0) | (spread > 0))
            result.radius = np.where(exact, 0.0, result.radius)
        result.origin, result.terms = "sum", _size(a) + _size(b)
        return result

    return rule


def _reassociated(a: Ball, b: Ball) -> Any:
    """What it adds that a constant may be added to a term of a sum before the other term is."""
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
    return _rounded(a, a.value * b.value, spread, _nonzero(a) & _nonzero(b), roundings, "product")


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
    a, b = as_ball(a, dtype, arithmetic), as_ball(b, dtype, arithmetic)
    fork = condition if isinstance(condition, Fork) else Fork(condition, False)
    value = np.where(fork.value, a.value, b.value)
    radius = np.where(fork.value, a.radius, b.radius)
    if np.any(fork.ambiguous):
        apart = np.abs(np.asarray(a.value, np.float64) - b.value)
        other = apart + np.where(fork.value, b.radius, a.radius)
        radius = np.where(fork.ambiguous, np.maximum(radius, other), radius)
    return Ball(value, radius, arithmetic)


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
    np.ndim: lambda a: np.ndim(a.value),
    np.shape: lambda a: np.shape(a.value),
}
