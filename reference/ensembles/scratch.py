"""Memory for intermediate results, aligned so that a processor's widest registers read and write it at full speed."""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Scratch", "aligned", "aligned_copy"]

ALIGNMENT = 64  # bytes: a line of the cache, and the widest register; NumPy itself promises 16


def aligned(size: int, dtype: Any) -> np.ndarray:
    """An array of shape (size,) that begins at a multiple of 64 bytes, not initialised.

    Examples
    --------
    >>> aligned(5, np.int16).ctypes.data % 64
    0
    """
    dtype = np.dtype(dtype)
    room = np.empty(size * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + size * dtype.itemsize].view(dtype)


def aligned_copy(array: np.ndarray) -> np.ndarray:
    """An aligned copy of a one-dimensional array."""
    copy = aligned(len(array), array.dtype)
    copy[:] = array
    return copy


class Scratch(NamedTuple):
    """Memory for intermediate results, used over and over so that it stays in cache.

    Parameters
    ----------
    floats : list of five ndarray of float64, of shape (k,)
    kept : list of five ndarray of float64
        What is kept during a block of batches.
    pairs : list of two ndarray of complex128
    ints : ndarray of intp
    codes : ndarray of int16
    flags : ndarray of bool
    """

    floats: list[np.ndarray]
    kept: list[np.ndarray]
    pairs: list[np.ndarray]
    ints: np.ndarray
    codes: np.ndarray
    flags: np.ndarray

    @classmethod
    def of(cls, size: int) -> "Scratch":
        """Of k = size."""
        floats, kept, pairs = (
            [aligned(size, dtype) for _ in range(count)] for dtype, count in ((float, 5), (float, 5), (complex, 2))
        )
        return cls(floats, kept, pairs, aligned(size, np.intp), aligned(size, np.int16), aligned(size, bool))

    def like(self, array: np.ndarray) -> np.ndarray:
        """The first of the floats, as an array of the size and dtype of another."""
        return self.floats[0].view(array.dtype)[: len(array)]

    def part(self, size: int) -> "Scratch":
        """The same memory for fewer, k = size."""
        floats, kept, pairs = ([array[:size] for array in arrays] for arrays in self[:3])
        return Scratch(floats, kept, pairs, self.ints[:size], self.codes[:size], self.flags[:size])
