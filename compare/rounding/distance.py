"""How far apart two results are: as a part of a bound, and in units in the last place."""

from typing import Any

import numpy as np

from compare.rounding.ball import Ball

__all__ = ["ratio", "ulps"]


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


def ulps(a: Any, b: Any) -> np.ndarray:
    """How many floating-point numbers lie from `a` to `b`, 0 where they are equal.

    The bits of a nonnegative IEEE 754 number, read as an integer, count the numbers up to
    it, so the distance is a difference of integers. The two zeros are one number here,
    and so are two NaN; a NaN is infinitely far from any number.

    Parameters
    ----------
    a, b : ndarray of float32 or of float64, of the same shape

    Returns
    -------
    ndarray of float64
        Exact up to 2^53.

    Raises
    ------
    ValueError
        If shapes or dtypes differ.

    Examples
    --------
    >>> float(ulps(np.float64(1.0), np.float64(1.0 + 2.0**-51)))
    2.0
    >>> float(ulps(np.float32(-0.0), np.float32(0.0)))
    0.0
    """
    if np.shape(a) != np.shape(b) or a.dtype != b.dtype:
        raise ValueError(f"cannot compare {a.dtype}{np.shape(a)} with {b.dtype}{np.shape(b)}")
    mine, theirs = _rank(a), _rank(b)
    across_zero = np.abs(mine.astype(np.float64)) + np.abs(theirs.astype(np.float64))
    with np.errstate(over="ignore"):
        same_side = np.abs(mine - theirs).astype(np.float64)
    difference = np.where((mine < 0) == (theirs < 0), same_side, across_zero)
    missing = np.isnan(a), np.isnan(b)
    return np.where(missing[0] | missing[1], np.where(missing[0] & missing[1], 0.0, np.inf), difference)


def _rank(a: Any) -> Any:
    """Position among the numbers of the format, 0 for both zeros."""
    bits = np.ascontiguousarray(a).view(np.int32 if a.dtype == np.float32 else np.int64).astype(np.int64)
    magnitude = bits & (2**31 - 1 if a.dtype == np.float32 else 2**63 - 1)
    return np.where(bits < 0, -magnitude, magnitude).reshape(np.shape(a))
