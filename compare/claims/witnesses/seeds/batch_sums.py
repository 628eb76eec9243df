"""Loss and gradient of whole batches from a few sums, for many neurons and many batches.

All samples between two kinks share one linear regime, so that a batch enters through its
moments over three pieces only: with residual alpha x + beta on a piece, and m_k the mean
over the batch of x^k for the samples in it,

    loss = sum (alpha^2 m_2 + 2 alpha beta m_1 + beta^2 m_0)

and the derivatives as in `compare.surface.scalar_gradient`. Samples give the moments below any
kink in one of three ways: without biases both kinks are at 0, and two sums are enough;
a few neurons on the batches of many streams are summed up as they come; many neurons on
one batch look their kinks up in the sorted batch. A sample exactly on the neuron's kink
takes the slope, as z = 0 does.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from reference import Parameters, Target

__all__ = [
    "Batchwise",
    "InfiniteBatch",
    "Moments",
    "SortedBatches",
    "SplitAtZero",
    "WholeBatches",
    "evaluate",
    "split_at_zero",
]

SPLIT_AT_ONCE = 16_384  # samples that are split at once, few enough for the processor's cache
BLAS_IS_SERIAL = 8192  # OpenBLAS goes parallel from 10,000 on

Sums = np.ndarray  # means of 1, x and x^2 along the first axis


class Moments(Protocol):
    """Sums over the samples of one batch for each member, as far as the gradient needs them."""

    def around(self, cut: np.ndarray, left: np.ndarray) -> tuple[Sums, Sums]:
        """Means of 1, x and x^2 over the samples up to `cut`, and over those above.

        Of shape (3, experiments or 1, members or 1). The sums over the active side, which
        `left` says is the lower one, are 0 exactly where no sample is active.
        """


class SplitAtZero(NamedTuple):
    """Means up to 0 and above, each of shape (3, members); the only cuts are 0 and infinity."""

    low: Sums
    high: Sums

    def around(self, cut: np.ndarray, left: np.ndarray) -> tuple[Sums, Sums]:
        low, high = self.low[:, None], self.high[:, None]
        every = np.isposinf(cut)
        if not every.any():
            return low, high
        return np.where(every, low + high, low), np.where(every, 0.0, high)


class WholeBatches(NamedTuple):
    """The samples themselves and their squares, of shape (members, n), in the experiment's dtype."""

    x: np.ndarray
    squares: np.ndarray
    at_zero: SplitAtZero

    def around(self, cut: np.ndarray, left: np.ndarray) -> tuple[Sums, Sums]:
        if not cut.any():  # the usual teacher's kink, known beforehand
            return self.at_zero.around(cut, left)
        n, dtype = self.x.shape[-1], self.x.dtype
        active = ((self.x <= _floor(cut, dtype)[..., None]) == left[..., None]).astype(dtype)
        mine = np.stack([_dot(active, p) for p in (np.ones(n, dtype), self.x, self.squares)]).astype(np.float64) / n
        rest = self.at_zero.low[:, None] + self.at_zero.high[:, None] - mine
        rest[0] = np.rint(n - n * mine[0]) / n  # counts over n, to the last bit: `_pieces` tells by them what is empty
        return np.where(left, mine, rest), np.where(left, rest, mine)


class SortedBatches(NamedTuple):
    """A batch of each stream, sorted, with the sums of x and x^2 over its first r samples for every r.

    x: (streams, n). sums: (2, streams, n + 1). `stream`: that of each member, in order, (members,); None if there is
    one for all.
    """

    x: np.ndarray
    sums: np.ndarray
    stream: np.ndarray | None = None

    @classmethod
    def of(cls, x: np.ndarray, stream: np.ndarray | None = None) -> "SortedBatches":
        """Sort batches of shape (streams, n) and sum them up."""
        x, (streams, n) = np.sort(x, axis=-1), x.shape
        wide = x.astype(np.float64)
        sums = np.empty((2, streams, n + 1))
        sums[..., 0] = 0.0
        np.cumsum(wide, axis=-1, out=sums[0, :, 1:])
        np.cumsum(np.square(wide, out=wide), axis=-1, out=sums[1, :, 1:])
        return cls(x, sums, stream)

    def around(self, cut: np.ndarray, left: np.ndarray) -> tuple[Sums, Sums]:
        floor, stream = _floor(cut, self.x.dtype), self.stream
        if stream is None:
            return self._around(np.searchsorted(self.x[0], floor, "right"), np.array([0]))
        if floor.size == 1:
            low, high = self._around(np.count_nonzero(self.x <= floor, axis=-1), np.arange(len(self.x)))
            return low[:, None, stream], high[:, None, stream]
        rank = np.empty(floor.shape, np.intp)
        ends = np.searchsorted(stream, np.arange(len(self.x) + 1)).tolist()
        for x, begin, end in zip(self.x, ends, ends[1:], strict=False):
            rank[:, begin:end] = x.searchsorted(floor[:, begin:end], "right")
        return self._around(rank, stream)

    def _around(self, rank: np.ndarray, stream: np.ndarray) -> tuple[Sums, Sums]:
        """Means of 1, x and x^2 below and above ranks; those above are differences, exactly 0 if nothing is left."""
        n = self.x.shape[-1]
        low, high = np.empty((3, *rank.shape)), np.empty((3, *rank.shape))
        place = rank + stream * (n + 1)
        low[0], high[0] = rank, n - rank
        for row, sums in enumerate(self.sums, 1):
            sums.ravel().take(place, out=low[row])
            np.subtract(sums[stream, n], low[row], out=high[row])
        low /= n
        high /= n
        return low, high


class InfiniteBatch(NamedTuple):
    """The normal distribution itself in place of samples: E[x^k; x <= cut] and E[x^k; x > cut]."""

    def around(self, cut: np.ndarray, left: np.ndarray) -> tuple[Sums, Sums]:
        from scipy.special import ndtr

        density = np.exp(-np.square(cut) / 2) / np.sqrt(2 * np.pi)
        below, above = ndtr(cut), ndtr(-cut)
        edge = np.where(np.isinf(cut), 0.0, cut) * density
        return np.stack([below, -density, below - edge]), np.stack([above, density, above + edge])


class Batchwise(NamedTuple):
    """Loss and gradient, arrays of shape (experiments, members) in float64."""

    loss: np.ndarray
    gradient: Parameters


def split_at_zero(x: np.ndarray) -> SplitAtZero:
    """Means of 1, x and x^2 along the last axis, of the samples up to 0 and of those above.

    Examples
    --------
    >>> low, high = split_at_zero(np.array([[3.0, -1.0]]))
    >>> [m.tolist() for m in low], [m.tolist() for m in high]
    ([[0.5], [-0.5], [0.5]], [[0.5], [1.5], [4.5]])
    """
    rows, n = x.reshape(-1, x.shape[-1]), x.shape[-1]
    low, high = np.empty((3, len(rows))), np.empty((3, len(rows)))
    at_once = max(1, SPLIT_AT_ONCE // n)
    for first in range(0, len(rows), at_once):
        part = slice(first, first + at_once)
        wide = rows[part].astype(np.float64)
        below, above = np.minimum(wide, 0.0), np.maximum(wide, 0.0)
        low[0, part] = np.count_nonzero(wide <= 0, axis=-1)
        low[1, part], low[2, part] = below.sum(axis=-1), _dot(below, below)
        high[1, part], high[2, part] = above.sum(axis=-1), _dot(above, above)
    high[0] = n - low[0]
    shape = (3, *x.shape[:-1])
    return SplitAtZero((low / n).reshape(shape), (high / n).reshape(shape))


def evaluate(parameters: Parameters, slope: np.ndarray, target: Target, moments: Moments) -> Batchwise:
    """Loss and gradient of each neuron on its member's batch.

    Parameters are arrays of shape (experiments, members), the negative slopes of shape (experiments, 1).
    """
    w, b, v, d = (np.asarray(p, np.float64) for p in parameters)
    ours, gains = _kinks(w, b, slope)
    theirs, their_gains = _teacher(target)
    first = ours <= theirs
    their_cut, their_left = np.full((1, 1), theirs), np.full((1, 1), target.w < 0)
    m0, m1, m2 = _pieces(first, moments.around(ours, w <= 0), moments.around(their_cut, their_left))
    gain, their_gain = np.empty((3, *w.shape)), np.empty((3, *w.shape))
    gain[0], gain[1], gain[2] = gains[0], np.where(first, gains[1], gains[0]), gains[1]
    their_gain[0], their_gain[1], their_gain[2] = their_gains[0], np.where(first, *their_gains), their_gains[1]
    alpha, beta = v * w * gain - target.w * their_gain, v * b * gain + (d - target.b * their_gain)
    r0, r1 = alpha * m1 + beta * m0, alpha * m2 + beta * m1
    loss = (alpha * r1 + beta * r0).sum(axis=0)
    g0, g1 = 2 * (gain * r0).sum(axis=0), 2 * (gain * r1).sum(axis=0)
    return Batchwise(loss, Parameters(v * g1, v * g0, w * g1 + b * g0, 2 * r0.sum(axis=0)))


def _kinks(w: np.ndarray, b: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Each neuron's kink, infinity for w = 0, and its slope factors below and above it: (experiments, members)."""
    right, left = w > 0, w < 0
    with np.errstate(all="ignore"):
        cut = -b / w
    below, above = np.where(right, slope, 1.0), np.where(right, 1.0, slope)
    if not w.all():  # then every sample is on one side
        flat, zero = np.where(b > 0, 1.0, slope), w == 0
        cut, below, above = np.where(zero, np.inf, cut), np.where(zero, flat, below), np.where(zero, flat, above)
    # The side that takes the slope has z = 0 too.
    return np.where(left, np.nextafter(cut, -np.inf), cut), (below, above)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum of a b along the last axis.

    BLAS is the fastest, but starts threads of its own on long vectors, which wait for each
    other busily when several are summed up at once.
    """
    if a.shape[-1] <= BLAS_IS_SERIAL:
        return np.asarray(np.vecdot(a, b))
    return np.asarray(np.einsum("...i,...i->...", a, b))


def _floor(cut: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """The largest number of the samples' dtype that is not above the cut."""
    with np.errstate(over="ignore"):
        nearest = cut.astype(dtype)
    return np.where(nearest > cut, np.nextafter(nearest, dtype.type(-np.inf)), nearest)


def _teacher(target: Target) -> tuple[float, tuple[float, float]]:
    """The teacher's kink, infinity for w = 0, and its slope factors below and above it."""
    if target.w == 0:
        gain = 1.0 if target.b > 0 else target.negative_slope
        return np.inf, (gain, gain)
    gains = (target.negative_slope, 1.0) if target.w > 0 else (1.0, target.negative_slope)
    return -target.b / target.w, gains


def _pieces(first: np.ndarray, ours: tuple[Sums, Sums], theirs: tuple[Sums, Sums]) -> np.ndarray:
    """Moments over the three pieces, shape (moments, pieces, experiments, members).

    `first`, (experiments, members), is true where the neuron's kink is at or below the
    teacher's. The outer pieces are sums as they are; the middle one is a difference, taken
    on the side with fewer samples. Where it has no samples it is exactly 0, and not what
    rounding leaves: a neuron that has met its target has no gradient.
    """
    (our_low, our_high), (low, high) = ours, theirs
    m = np.empty((3, 3, *first.shape))
    m[:, 0], m[:, 2] = left, right = np.where(first, our_low, low), np.where(first, high, our_high)
    upper = left[0] > right[0]
    m[:, 1] = np.where(upper, np.where(first, our_high, high) - right, np.where(first, low, our_low) - left)
    m[1:, 1] *= m[0, 1] != 0
    return m
