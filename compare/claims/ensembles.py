"""The reference over many seeds, or many starts, in one go.

Experiments that draw the same batches are run together: each batch of each seed is drawn
once, in blocks, and condensed (`batchwise`, `lines`); then all experiments take their
steps on it, those of a kind as one array (`families`). The optimizers are the reference's
own, in the experiment's dtype; forward and backward are those of `batchwise` and `lines`,
which the tests hold against the reference's. What experiments without bias need of a
batch are two numbers, which can be kept for later runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from compare.claims.batchwise import (
    InfiniteBatch,
    Moments,
    SortedBatch,
    SplitAtZero,
    WholeBatches,
    split_at_zero,
)
from compare.claims.families import Family, kind_of
from compare.claims.path import Path
from reference import Experiment

__all__ = ["LONGEST", "Request", "affordable_steps", "path_bytes", "run_expected", "run_together"]

SAMPLES_PER_BLOCK = 2_000_000
LONGEST = 100_000  # steps that are run; longer runs are cut there
MOST_SAMPLES = 20_000_000  # of one seed, for the same reason


class Request(NamedTuple):
    """An experiment, and over which seeds or starts.

    Parameters
    ----------
    experiment : Experiment
        Its seed is the first one. With arrays in `initial`, of shape (members,), the members
        start there and all see the batches of that one seed.
    seeds : int
    batchwise : bool
        Whether loss and gradient of each batch are of interest, too: with many starts,
        they are most of what there is to keep.
    """

    experiment: Experiment
    seeds: int
    batchwise: bool = True


class Kept(NamedTuple):
    """Means of x^2 above and below 0 of each batch, arrays of shape (steps, seeds)."""

    above: np.ndarray
    below: np.ndarray


def run_together(requests: Iterable[Request], kept: dict[Any, Kept] | None = None) -> dict[Request, Path]:
    """Run experiments over their seeds or starts.

    Parameters
    ----------
    requests : iterable of Request
    kept : dict, optional
        Where to keep what experiments without bias need of the batches, and to find it.

    Returns
    -------
    dict of Request to Path
        With as many members as seeds or starts. Runs of more than `LONGEST` steps, or
        of more samples than are sensible, are cut.

    Examples
    --------
    >>> request = Request(Experiment(steps=4, batch_size=8), seeds=3)
    >>> run_together([request])[request].parameters.w.shape
    (5, 3)
    """
    groups: dict[tuple[Any, ...], list[Request]] = {}
    for request in dict.fromkeys(requests):
        e = request.experiment
        groups.setdefault((e.batch_size, e.seed, e.dtype, request.seeds), []).append(request)
    kept = {} if kept is None else kept
    done: dict[Request, Path] = {}
    for batches, group in groups.items():
        done |= _run_group(group, batches, kept)
    return done


def run_expected(requests: Iterable[Request]) -> dict[Request, Path]:
    """Gradient descent on the expected loss, from many starts at once.

    Parameters
    ----------
    requests : iterable of Request
        Of experiments with arrays of shape (members,) in `initial`; taken in float64.

    Returns
    -------
    dict of Request to Path
    """
    asked: dict[Request, list[Request]] = {}
    for request in requests:
        run = request._replace(experiment=replace(request.experiment, dtype="float64"))
        asked.setdefault(run, []).append(request)
    found: dict[Request, Path] = {}
    batch = InfiniteBatch()
    with np.errstate(all="ignore"):
        for family, alike in _families(asked):
            if family.kink == "at zero, w alone":
                half = np.full((family.steps, 1), 0.5)
                family.advance_on_lines(0, half, half)
            else:
                family.advance(0, family.steps, lambda _step: batch)
            for run, path in zip(alike, family.paths(), strict=True):
                found |= dict.fromkeys(asked[run], path)
    return found


def affordable_steps(experiment: Experiment) -> int:
    """How many of its steps are run."""
    return min(experiment.steps, LONGEST, max(1, MOST_SAMPLES // experiment.batch_size))


def path_bytes(request: Request) -> int:
    """About how much memory the path of a request takes: states, and of each batch loss and gradient."""
    e = request.experiment
    numbers = (2 * len(e.trainable) + 1) if request.batchwise else len(e.trainable)
    members = e.shape[0] if e.shape else request.seeds
    return (affordable_steps(e) + 1) * members * numbers * np.dtype(e.dtype).itemsize


def _families(requests: Iterable[Request]) -> list[tuple[Family, list[Request]]]:
    """As few families as there are kinds, each with its requests in its order.

    Ensembles of different length stay apart: they are large enough to be stepped on their
    own, and too large to be put together from stages.
    """
    kinds: dict[tuple[Any, ...], list[Request]] = {}
    for request in requests:
        e = request.experiment
        length = affordable_steps(e) if e.shape else None
        kinds.setdefault((kind_of(e), request.seeds, request.batchwise, length), []).append(request)
    families = []
    for alike in kinds.values():
        alike.sort(key=lambda request: affordable_steps(request.experiment), reverse=True)
        runs = [request.experiment for request in alike]
        members = runs[0].shape[0] if runs[0].shape else alike[0].seeds
        families.append((Family(runs, [affordable_steps(e) for e in runs], members, alike[0].batchwise), alike))
    return families


def _run_group(group: Sequence[Request], batches: Any, kept: dict[Any, Kept]) -> dict[Request, Path]:
    """Run experiments that see the same batches."""
    found = _families(group)
    families = [family for family, _ in found]
    steps = max(family.steps for family in families)
    with np.errstate(all="ignore"):
        known = kept.get(batches)
        if known is not None and len(known.above) >= steps and all(f.kink == "at zero, w alone" for f in families):
            for family in families:
                family.advance_on_lines(0, known.above, known.below)
        else:
            kept[batches] = _run_on_batches(families, group[0].experiment, steps, group[0].seeds)
    return {request: path for family, alike in found for request, path in zip(alike, family.paths(), strict=True)}


def _run_on_batches(families: Sequence[Family], first: Experiment, steps: int, seeds: int) -> Kept:
    """Draw the batches, take all steps, and return what is worth keeping of the batches."""
    squares = any(family.kink == "few" for family in families)
    above, below = [], []
    for at, block in _blocks(first, steps, seeds, squares):
        below.append(block.sums.low[2])
        above.append(block.sums.high[2])
        for family in families:
            if family.kink == "at zero, w alone":
                family.advance_on_lines(at, above[-1], below[-1])
            else:
                family.advance(at, len(block.x), partial(block.moments, kink=family.kink))
    return Kept(np.concatenate(above), np.concatenate(below))


class _Block(NamedTuple):
    """Consecutive batches of every seed; the step axis first, then the seeds; of sums 1, x and x^2 before."""

    x: np.ndarray
    squares: np.ndarray | None
    sums: SplitAtZero

    def moments(self, i: int, kink: str) -> Moments:
        """The batches of a step, in the way that fits the kinks that are asked for."""
        if kink == "many":
            return SortedBatch.of(self.x[i, 0])
        split = SplitAtZero(self.sums.low[:, i], self.sums.high[:, i])
        if kink == "at zero":
            return split
        assert self.squares is not None
        return WholeBatches(self.x[i], self.squares[i], split)


def _blocks(first: Experiment, steps: int, seeds: int, squares: bool) -> Iterator[tuple[int, _Block]]:
    """Blocks of the streams that `reference.iterate_batches` draws for each of the seeds."""
    generators = [np.random.default_rng(first.seed + i) for i in range(seeds)]
    per_block = max(1, SAMPLES_PER_BLOCK // (first.batch_size * seeds))

    def draw(seed: int, x: np.ndarray, squared: np.ndarray | None) -> SplitAtZero:
        mine = x[:, seed]
        mine[:] = generators[seed].standard_normal(mine.shape)
        if squared is not None:
            np.square(mine, out=squared[:, seed])
        return split_at_zero(mine)

    # Not while others take steps on the block before: threads that wait for each other lose more than they gain.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for at in range(0, steps, per_block):
            x = np.empty((min(per_block, steps - at), seeds, first.batch_size), first.dtype)
            squared = np.empty_like(x) if squares else None
            parts = list(pool.map(partial(draw, x=x, squared=squared), range(seeds)))
            yield at, _Block(x, squared, SplitAtZero(*(np.stack(side, axis=-1) for side in zip(*parts, strict=True))))
