"""Independent streams of batches, in blocks of steps, and whose batches are whose.

A stream is what `reference.iterate_batches` draws for a seed; those of several seeds are
independent. Where nothing but w is in play a batch enters through two numbers, the means
of x^2 over its samples above and below 0, which need no samples: of n samples K are
above 0, K binomial with probability 1/2, and given K the sums of squares are independent
and chi-square distributed with K and n - K degrees of freedom, since |x| is independent of
the sign of x, and half-normal. `half_squares` draws these, exactly so distributed.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from compare.claims.witnesses.seeds.batch_sums import Moments, SortedBatches, SplitAtZero, WholeBatches, split_at_zero
from reference import Experiment

__all__ = ["Block", "Kinks", "Squares", "blocks_of", "half_squares", "stream_of_each"]

SAMPLES_PER_BLOCK = 2_000_000
PARTS = 64  # of the streams of a block that are drawn and summed up one after another
ROWS, COLUMNS = 64, 256  # batches and streams whose squares are drawn in one go

Kinks = Literal["at zero", "few", "many"]  # of a family, see `families.kinks_of`


class Squares(NamedTuple):
    """Means of x^2 above and below 0 of each batch, arrays of shape (steps, streams)."""

    above: np.ndarray
    below: np.ndarray


class Block(NamedTuple):
    """Consecutive batches of every stream.

    x: (steps, streams, n). sums: means of 1, x, x^2 on each side of 0, (3, steps, streams).
    squares: x^2, shaped like x, only if some family needs it.
    """

    x: np.ndarray
    sums: SplitAtZero
    squares: np.ndarray | None

    def moments(self, i: int, kinks: Kinks, stream: np.ndarray | None) -> Moments:
        """The batches of step i of the block, condensed to what a family with such kinks needs."""
        if kinks == "many":
            return SortedBatches.of(self.x[i], stream)
        split = SplitAtZero(self.sums.low[:, i], self.sums.high[:, i])
        if kinks == "at zero":
            return split if stream is None else SplitAtZero(split.low[:, stream], split.high[:, stream])
        assert self.squares is not None
        return WholeBatches(self.x[i], self.squares[i], split)


def stream_of_each(members: int, streams: int) -> np.ndarray:
    """The stream of each member, shape (members,): in order, and as evenly as can be.

    Examples
    --------
    >>> stream_of_each(5, 2).tolist()
    [0, 0, 0, 1, 1]
    """
    return np.arange(members) * streams // members


def blocks_of(first: Experiment, steps: int, streams: int, squares: bool) -> Iterator[tuple[int, Block]]:
    """Blocks of batches with their first steps, a stream for each seed from the experiment's on; x^2 if `squares`."""
    generators = [np.random.default_rng(first.seed + i) for i in range(streams)]
    per_block = max(1, SAMPLES_PER_BLOCK // (first.batch_size * streams))
    size = -(-streams // PARTS)
    parts = [slice(i, i + size) for i in range(0, streams, size)]

    def draw(part: slice, x: np.ndarray, squared: np.ndarray | None) -> SplitAtZero:
        mine = x[:, part]
        for i, generator in enumerate(generators[part]):
            mine[:, i] = generator.standard_normal((len(x), first.batch_size))
        if squared is not None:
            np.square(mine, out=squared[:, part])
        return split_at_zero(mine)

    # Blocks are not drawn ahead while families take their steps: waiting threads would cost more than that gains.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for at in range(0, steps, per_block):
            x = np.empty((min(per_block, steps - at), streams, first.batch_size), first.dtype)
            squared = np.empty_like(x) if squares else None
            split = list(pool.map(partial(draw, x=x, squared=squared), parts))
            sums = (np.concatenate(side, axis=-1) for side in zip(*split, strict=True))
            yield at, Block(x, SplitAtZero(*sums), squared)


def half_squares(first: Experiment, steps: int, streams: int) -> Iterator[tuple[int, Squares]]:
    """Blocks of the mean squares of so many streams, with their first steps, drawn without samples.

    Those of the first stream are of the samples that the experiment's own seed draws; the
    others come from ``numpy.random.default_rng((seed, 2, part))``, block by block.
    """
    n = first.batch_size
    own = np.random.default_rng(first.seed)
    widths = [min(COLUMNS, streams - i) for i in range(0, streams, COLUMNS)]
    generators = [np.random.default_rng((first.seed, 2, part)) for part in range(len(widths))]

    def draw(rng: np.random.Generator, width: int) -> tuple[np.ndarray, np.ndarray]:
        # Whole blocks only, so that a longer run begins as a shorter one.
        positive = rng.binomial(n, 0.5, (ROWS, width))
        return rng.standard_gamma(positive / 2) * (2 / n), rng.standard_gamma((n - positive) / 2) * (2 / n)

    with ThreadPoolExecutor(max_workers=2) as pool:
        for at in range(0, steps, ROWS):
            drawn = zip(*pool.map(draw, generators, widths), strict=True)
            above, below = (np.concatenate(side, axis=-1) for side in drawn)
            rows = min(ROWS, steps - at)
            low, high = split_at_zero(own.standard_normal((rows, n)).astype(first.dtype))
            above[:rows, 0], below[:rows, 0] = high[2], low[2]
            yield at, Squares(above[:rows], below[:rows])
