"""Which samples of a batch are active in each of many neurons: one number a neuron, exactly.

With the samples sorted, the active ones, ``fl(fl(w x) + b) > 0`` in the experiment's dtype,
are the k largest (w > 0) or the k smallest (w < 0), because rounding is monotone. The
number wanted is the place n + k or n - k (see `reference.ensembles.sums`).

A lookup table over the kink gives it in one step. The neuron's kink is at -b/w; a sample
x_i changes sides where b/w = -x_i, and in floating point nowhere but near: with |w| at least
the smallest normal number omega, fl(w x) = w x (1 + d) + e with |d| <= u and |e| <= u omega,
hence at a b/w within u |x_i| + u of -x_i (a sum of two numbers is never rounded to the
other side of 0). The line of b/w is divided into equal cells. Position and boundaries
come out of float64 with a few roundings, so that a cell no boundary comes within

    5 u |position| + u scale + cells 2^-49

of holds one place for all its neurons. In the other cells, and where |w| < omega, the
neuron's own decision is asked, sample by sample, by bisection.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["Places", "exact_places", "place_table"]

CELLS_PER_SAMPLE = 64
MOST_CELLS = 2**19


class Places(NamedTuple):
    """Lookup table of one batch.

    Parameters
    ----------
    x : ndarray of shape (n,)
        The samples, sorted, in the experiment's dtype.
    scale : float
        Cells per unit of b/w.
    reach : float
        Positions are clipped to -reach ... reach.
    origin : float
        Added to a position, it gives the cell.
    codes : ndarray of int16 or int32
        Of each cell, the number of samples above the kink, which is the place if w < 0 and
        n less than the place if w > 0; -1 - i in the i-th cell that has to be looked at.
    lowest, highest : ndarray of intp
        Of the i-th such cell: how many samples are below the neuron's kink, at least and at most.
    """

    x: np.ndarray
    scale: float
    reach: float
    origin: float
    codes: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray


def number_of_cells(samples: int) -> int:
    """A power of two, so that the table of a small batch stays in cache."""
    return int(min(MOST_CELLS, 2 ** int(np.ceil(np.log2(CELLS_PER_SAMPLE * max(samples, 2))))))


def place_table(x: np.ndarray, cells: int) -> Places:
    """Make the table of one sorted batch, of shape (n,) in the experiment's dtype.

    Examples
    --------
    >>> place_table(np.array([-1.0, 2.5]), cells=16).codes[1:].tolist()  # b/w from -7/2 to 7/2, by halves
    [0, -1, -2, 1, 1, 1, 1, 1, -3, -4, 2, 2, 2, 2, 2, 2]
    """
    n, u, half = len(x), float(np.finfo(x.dtype).eps) / 2, cells // 2
    widest = max(-float(x[0]), float(x[-1]))
    scale = (half - 3) / widest if widest > 2.0**-900 else 2.0**900  # which leaves no cell sure
    boundaries = -x[::-1].astype(np.float64) * scale
    margin = 5 * u * np.abs(boundaries) + (u * scale + cells * 2.0**-49)
    if not margin.max() < 0.5:  # samples all at 0, or so small that w x may vanish
        return Places(x, 0.0, 0.0, 0.0, np.full(1, -1, np.int16), np.array([0]), np.array([n]))
    first = np.floor(boundaries - margin).astype(np.intp) + half
    last = np.floor(boundaries + margin).astype(np.intp) + half
    small = np.int16 if 2 * n < 2**15 else np.int32  # a small table stays in cache
    codes = np.repeat(np.arange(n + 1, dtype=small), np.diff(last + 1, prepend=0, append=cells + 1))
    look = np.zeros(cells + 1, bool)
    look[first] = look[last] = True
    unsure = np.flatnonzero(look)
    highest = n - codes[unsure].astype(np.intp)
    codes[unsure] = -1 - np.arange(
        len(unsure), dtype=small
    )  # NaN gets cell 0, which is nobody else's: any place will do
    reached = np.bincount(-1 - codes[first].astype(np.intp), minlength=len(unsure))  # boundaries that begin in each
    lowest = n - np.cumsum(reached)
    return Places(x, scale, half - 1.0, float(half), codes, lowest, highest)


def exact_places(table: Places, w: np.ndarray, b: np.ndarray, codes: np.ndarray | None = None) -> np.ndarray:
    """Places by the neuron's own decision.

    Parameters
    ----------
    table : Places
    w, b : ndarray of shape (k,)
        In the dtype of the samples.
    codes : ndarray of int of shape (k,), optional
        What the table said, -1 - i, to look among the samples of that cell only.

    Returns
    -------
    ndarray of shape (k,)

    Examples
    --------
    A sample on the kink is not active:

    >>> table = place_table(np.array([-1.0, 0.5, 2.0]), cells=16)
    >>> exact_places(table, np.array([2.0, -2.0, 0.0]), np.array([-1.0, 1.0, 1.0])).tolist()
    [4, 2, 6]
    """
    n = len(table.x)
    if codes is None:
        low, high = np.zeros(len(w), np.intp), np.full(len(w), n)
    else:
        which = -1 - codes.astype(np.intp)
        low, high = table.lowest.take(which), table.highest.take(which)
    left = np.signbit(w)  # then the samples below the kink are the active ones
    rest = np.flatnonzero(low < high)
    while rest.size:
        here = low.take(rest)
        middle = (here + high.take(rest)) >> 1
        above = (w.take(rest) * table.x.take(middle) + b.take(rest) > 0) != left.take(rest)
        low[rest] = here = np.where(above, here, middle + 1)
        high[rest] = there = np.where(above, middle, high.take(rest))
        rest = rest[here < there]
    places: np.ndarray = np.where(left, n, 2 * n) - low
    return places
