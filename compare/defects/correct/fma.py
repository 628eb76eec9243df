"""Fused multiply-add and sums in other orders, as other correct implementations have them.

The fused multiply-add a b + c is rounded once. It is emulated with operations that are
rounded each, by error-free transformations (two-sum: Knuth, "The art of computer
programming", vol. 2, 4.2.2; two-product: Dekker 1971) and one sum rounded to odd, after
which a final rounding to nearest is right (Boldo and Melquiond 2008, "Emulation of a FMA
and correctly rounded sums: proved algorithms using rounding to odd"). Exact while nothing
overflows and the product's error is not below the smallest normal number.
"""

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["SUMS", "fma"]


def fma(a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once.

    Parameters
    ----------
    a, b, c : float32 or float64, scalars or arrays that broadcast

    Returns
    -------
    ndarray or scalar of that dtype

    Examples
    --------
    x^2 - 1 at x = 1 + 2^-30: the product alone would round the last bit away.

    >>> x = np.float64(1 + 2.0**-30)
    >>> float(fma(x, x, np.float64(-1.0)) - 2.0**-29) == 2.0**-60, float(x * x - 1 - 2.0**-29)
    (True, 0.0)
    """
    a, b, c = np.broadcast_arrays(a, b, c)
    with np.errstate(all="ignore"):
        plain = a * b + c
        if a.dtype == np.float32:
            product = a.astype(np.float64) * b
            fused = _sum_to_odd(product, c.astype(np.float64)).astype(np.float32)
        else:
            high, low = _two_product(a, b)
            middle, small = _two_sum(c, low)
            large, rest = _two_sum(high, middle)
            fused = large + _sum_to_odd(small, rest)
    return np.where(np.isfinite(fused), fused, plain)[()]


def _two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def _two_product(a: Any, b: Any) -> tuple[Any, Any]:
    product = a * b
    (a1, a2), (b1, b2) = _split(a), _split(b)
    return product, a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)


def _split(a: Any) -> tuple[Any, Any]:
    scaled = a * (2.0**27 + 1)
    high = scaled - (scaled - a)
    return high, a - high


def _sum_to_odd(a: Any, b: Any) -> Any:
    """The sum; of the two float64 around it, if it is not one itself, the odd one."""
    total, error = _two_sum(a, b)
    even = (np.asarray(total).view(np.int64) & 1) == 0
    return np.where((error != 0) & even, np.nextafter(total, np.copysign(np.inf, error)), total)


def _pairwise(terms: np.ndarray) -> Any:
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return _pairwise(terms[:half]) + _pairwise(terms[half:])


def _blocked(terms: np.ndarray) -> Any:
    lanes = [np.cumsum(terms[i::8])[-1] for i in range(min(8, len(terms)))]
    return _pairwise(np.array(lanes))


def _by_size(terms: np.ndarray) -> Any:
    return np.cumsum(terms[np.argsort(np.abs(terms))])[-1]


def _rounded_once(terms: np.ndarray) -> Any:
    finite = bool(np.isfinite(terms).all())
    return terms.dtype.type(math.fsum(terms)) if finite else np.cumsum(terms)[-1]


SUMS: MappingProxyType[str, Callable[[np.ndarray], Any]] = MappingProxyType(
    {
        "left to right": lambda terms: np.cumsum(terms)[-1],
        "right to left": lambda terms: np.cumsum(terms[::-1])[-1],
        "pairwise": _pairwise,
        "in eight lanes": _blocked,
        "smallest first": _by_size,
        "rounded once": _rounded_once,
    }
)
