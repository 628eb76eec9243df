"""Numbers with a radius that holds every admissible result."""

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from compare.rounding.arithmetic import SLACK, Arithmetic, gamma

__all__ = ["Ball", "Fork", "ratio"]


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

    __slots__ = ("arithmetic", "origin", "radius", "terms", "value")

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

    @classmethod
    def exact(cls, value: Any, arithmetic: Arithmetic = Arithmetic.ANY) -> "Ball":
        """A value both sides start from; a subnormal one may be read as zero."""
        magnitude = np.abs(value)
        subnormal = (magnitude > 0) & (magnitude < np.finfo(value.dtype).tiny)
        radius = np.where(subnormal, magnitude, 0.0).astype(np.float64) if subnormal.any() else 0.0
        return cls(value, radius, arithmetic)

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
        return Ball(self.value[key], self.radius[key] if np.ndim(self.radius) else self.radius, self.arithmetic)

    def sum(self, axis: int) -> "Ball":
        """Sum along an axis, in any order whatever the arithmetic: a reduction has none."""
        from compare.rounding.rules import finish

        n, info = self.shape[axis], np.finfo(self.dtype)
        value = self.value.sum(axis=axis)
        spread = np.broadcast_to(self.radius, self.shape).sum(axis=axis)
        size = np.abs(self.value, dtype=np.float64).sum(axis=axis)
        radius = spread + gamma(n - 1, float(info.eps) / 2) * (2 * size + spread)
        return finish(value, radius + 2 * n * float(info.tiny) * (size + spread > 0), self.arithmetic)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from compare.rounding.rules import UFUNCS, as_ball

        rule = UFUNCS.get(ufunc)
        if method != "__call__" or rule is None or kwargs.keys() - {"dtype"}:
            return NotImplemented
        return rule(*(as_ball(value, self.dtype, self.arithmetic) for value in inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, args, kwargs)


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

    def __mul__(self, number: Any) -> Ball:
        """The number where the condition holds, and 0 elsewhere."""
        chosen: Ball = _call(np.where, (self, number, number * 0), {})
        return chosen

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, args, kwargs)


def _call(function: Any, args: Any, kwargs: Any) -> Any:
    from compare.rounding.rules import FUNCTIONS

    return FUNCTIONS[function](*args) if function in FUNCTIONS and not kwargs else NotImplemented


def ratio(observed: Any, ball: Ball) -> np.ndarray:
    """Observed difference as a part of its bound: at most 1 where rounding explains it.

    ``|observed - value| / bound``. 0 where they are equal, also where the bound is 0 and
    where both are NaN; 0 where nothing can be said because the bound or the value is not
    finite; infinite where `observed` alone is not finite.

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

    Examples
    --------
    >>> (ratio(np.array([1.0, 1.25, 2.0]), Ball(np.ones(3), 0.5)) <= 1).tolist()
    [True, True, False]
    """
    if np.shape(observed) != ball.shape or observed.dtype != ball.dtype:
        raise ValueError(f"cannot compare {observed.dtype}{np.shape(observed)} with {ball.dtype}{ball.shape}")
    bound = ball.bound
    with np.errstate(all="ignore"):
        difference = np.abs(np.asarray(observed, np.float64) - np.asarray(ball.value, np.float64))
        quotient = np.where(difference == 0, 0.0, difference / bound)
    quotient = np.where(np.isnan(quotient), np.inf, quotient)
    return np.where(np.isfinite(bound) & np.isfinite(ball.value), quotient, 0.0)
