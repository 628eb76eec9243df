"""Which samples of a batch are active in each of many neurons: one number a neuron, exactly.

With the samples sorted, the active ones, ``fl(fl(w x) + b) > 0`` in the experiment's dtype,
are the k largest (w > 0) or the k smallest (w < 0), because rounding is monotone. The
number wanted is the rank n + k or n - k (see `reference.ensembles.tables.sums`).

A lookup table over the kink gives it in one step. The neuron's kink is at -b/w; a sample
x_i changes sides where b/w = -x_i, and in floating point nowhere but near: with |w| at least
the smallest normal number omega, fl(w x) = w x (1 + d) + e with |d| <= u and |e| <= u omega,
hence at a b/w within u |x_i| + u of -x_i (a sum of two numbers is never rounded to the
other side of 0). The line of b/w is divided into equal cells about the multiples of
2^-j, the nearest of which an addition of 1.5 2^(52-j) in float64 finds: it rounds to them,
and leaves their number in the last bits. The quotient itself is rounded once, so that a
cell which comes within

    5 u |x_i| + 2 u

of no -x_i holds one rank for all its neurons, and one which does so for a single sample
holds two. So the table says at least how many samples are above the kink, and of the next
one every neuron decides itself. Where a cell comes as near to more samples, all of these
are asked about, and where |w| < omega all samples, by bisection.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["RankTable", "code_type", "counts_above", "number_of_cells", "rank_table"]

CELLS_PER_SAMPLE = 32  # then 3 in 1,000 neurons share theirs with more than one sample
MOST_CELLS = 2**18
ROUNDING = 1.5 * 2.0**52  # any number of half the size, added to it in float64, is rounded to an integer


class RankTable(NamedTuple):
    """Lookup table of one batch.

    Parameters
    ----------
    x : ndarray of shape (n,)
        The samples, sorted, in the experiment's dtype.
    descending : ndarray of shape (n + 1,)
        The same from the largest on, and one that is below all kinks.
    reach : float
        A b/w is at least -reach,
    shift : float
        added to this, which rounds it to a cell,
    origin : int
        and less by this, when its bits are read as an integer, it is the number of the cell.
        Beyond reach it is more than there are cells, as bits grow with a positive number.
    codes : ndarray of int16 or int32
        Of each cell, k: k or k + 1 samples are above the kink; -1 - k where it may be more.
        Their number is the rank if w < 0 and n less than the rank if w > 0.
    most : int
        It is at most so many more than k.
    """

    x: np.ndarray
    descending: np.ndarray
    reach: float
    shift: float
    origin: int
    codes: np.ndarray
    most: int


def number_of_cells(samples: int) -> int:
    """A power of two, so that the table of a small batch stays in cache."""
    return int(min(MOST_CELLS, 2 ** int(np.ceil(np.log2(CELLS_PER_SAMPLE * max(samples, 2))))))


def code_type(samples: int) -> type[np.signedinteger]:
    """Type of codes and of ranks: a small table stays in cache."""
    return np.int16 if 2 * samples < 2**15 else np.int32


def rank_table(x: np.ndarray, cells: int) -> RankTable:
    """Make the table of one sorted batch, of shape (n,) in the experiment's dtype.

    Parameters
    ----------
    x : ndarray of shape (n,)
    cells : int
        At most so many, at least 8, and usually more than half of them.

    Examples
    --------
    >>> rank_table(np.array([-1.0, 2.5]), cells=16).codes.tolist()  # about b/w from -3 to 3, by halves
    [0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]
    """
    n, u = len(x), float(np.finfo(x.dtype).eps) / 2
    descending = np.append(x[::-1], x.dtype.type(-np.inf))
    boundaries = -descending[:-1].astype(np.float64)
    widest = max(abs(float(x[0])), abs(float(x[-1])))
    per_unit = 2.0 ** min(900.0, np.floor(np.log2((cells / 2 - 3) / widest))) if widest > 2.0**-900 else 2.0**900
    small = code_type(n)
    if not (5 * u * widest + 2 * u) * per_unit < 0.25:  # samples all at 0, or so small that w x may vanish
        return RankTable(x, descending, 0.0, ROUNDING, _bits(ROUNDING), np.full(1, -1, small), n)
    boundaries *= per_unit
    margin = 5 * u * np.abs(boundaries) + 2 * u * per_unit
    edges = np.rint(boundaries + margin * np.array([[-1.0], [1.0]])).astype(np.intp)
    half = int(max(-edges[0, 0], edges[1, -1])) + 1  # and what is farther out counts as there
    edges += half
    first, last = edges
    codes = np.repeat(np.arange(n + 1, dtype=small), _lengths(last, 2 * half + 1))
    close = first[1:] <= last[:-1]
    crowded = np.concatenate([first[1:][close], last[:-1][close]])  # all there are: no sample has more than two cells
    codes[crowded] = ~codes.take(crowded)
    most = int((first.searchsorted(last, side="right") - np.arange(n)).max())
    shift = ROUNDING / per_unit
    return RankTable(x, descending, half / per_unit, shift, _bits(shift) - half, codes, most)


def _lengths(last: np.ndarray, cells: int) -> np.ndarray:
    """Of the runs of cells that end with these and with the last of all."""
    lengths = np.empty(len(last) + 1, np.intp)
    lengths[0], lengths[-1] = last[0] + 1, cells - 1 - last[-1]
    np.subtract(last[1:], last[:-1], out=lengths[1:-1])
    return lengths


def _bits(number: float) -> int:
    return int(np.float64(number).view(np.int64))


def counts_above(table: RankTable, w: np.ndarray, b: np.ndarray, codes: np.ndarray | None = None) -> np.ndarray:
    """How many samples are above each kink, by the neuron's own decision.

    Parameters
    ----------
    table : RankTable
    w, b : ndarray of shape (k,)
        In the dtype of the samples. With w = 0, no sample is above the kink of an inactive
        neuron if w is +0, and of an active one if it is -0.
    codes : ndarray of int of shape (k,), optional
        What the table said, -1 - k, to look among the samples from there on only, so many as
        a cell has at most; and not at the last of these, so that the number may be one too low.

    Returns
    -------
    ndarray of intp, of shape (k,)

    Examples
    --------
    A sample on the kink is neither above nor active:

    >>> table = rank_table(np.array([-1.0, 0.5, 2.0]), cells=16)
    >>> counts_above(table, np.array([2.0, -2.0, 0.0]), np.array([-1.0, 1.0, 1.0])).tolist()
    [1, 2, 3]
    """
    left = np.signbit(w)  # then the samples below the kink are the active ones
    if codes is None:
        return _bisected(table, w, b, left, np.zeros(len(w), np.intp), np.full(len(w), len(table.x)))
    counts: np.ndarray = np.invert(codes, dtype=np.intp)
    step = 1 << table.most.bit_length() - 1
    while step > 1:  # the last step, of one sample, is left to the caller
        above = (w * table.descending.take(counts + (step - 1), mode="clip") + b > 0) != left
        counts += above * step
        step >>= 1
    return counts


def _bisected(
    table: RankTable, w: np.ndarray, b: np.ndarray, left: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The same, for counts from `low` to `high`, which are overwritten."""
    rest = np.flatnonzero(low < high)
    while rest.size:
        here, there = low.take(rest), high.take(rest)
        middle = (here + there) >> 1
        above = (w.take(rest) * table.descending.take(middle, mode="clip") + b.take(rest) > 0) != left.take(rest)
        low[rest] = here = np.where(above, middle + 1, here)
        high[rest] = there = np.where(above, there, middle)
        rest = rest[here < there]
    return low
