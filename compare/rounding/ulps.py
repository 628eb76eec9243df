"""Distance of two floating-point numbers in units in the last place."""

from typing import Any

import numpy as np

__all__ = ["ulps"]


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
