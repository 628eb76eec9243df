"""The reference over many seeds, or many starts, in one go.

Experiments that draw the same batches are run together: each batch of each seed is drawn
once, in blocks, and condensed (`batchwise`, `lines`); then all experiments take their
steps on it, those with one optimizer as one array. The optimizers are the reference's
own, in the experiment's dtype; forward and backward are those of `batchwise` and `lines`,
which the tests hold against the reference's. What experiments without bias need of a
batch are two numbers, which can be kept for later runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from compare.claims.batchwise import (
    InfiniteBatch,
    Moments,
    SortedBatch,
    SplitAtZero,
    WholeBatches,
    evaluate,
    split_at_zero,
)
from compare.claims.lines import gradient_on, lines_of, loss_on
from compare.claims.path import Path
from reference import Experiment, Parameters
from reference.optimizers import cast_like_keras

__all__ = ["LONGEST", "Request", "affordable_steps", "run_expected", "run_together"]

SAMPLES_PER_BLOCK = 2_000_000
LINES_AT_ONCE = 100_000  # coefficients of lines that stay in the processor's cache
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
    """

    experiment: Experiment
    seeds: int


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


def run_expected(experiment: Experiment) -> Path:
    """Gradient descent on the expected loss from many starts at once.

    Parameters
    ----------
    experiment : Experiment
        With arrays of shape (members,) in `initial`; taken in float64.

    Returns
    -------
    Path
    """
    run = _Family([Request(replace(experiment, dtype="float64"), 1)])
    with np.errstate(all="ignore"):
        if run.kink == "at zero, w alone":
            half = np.full((run.steps, 1), 0.5)
            run.advance_on_lines(0, half, half)
        else:
            for t in range(run.steps):
                run.step(t, InfiniteBatch(run.members))
    ((_, path),) = run.paths()
    return path


def affordable_steps(experiment: Experiment) -> int:
    """How many of its steps are run."""
    return min(experiment.steps, LONGEST, max(1, MOST_SAMPLES // experiment.batch_size))


def _run_group(group: Sequence[Request], batches: Any, kept: dict[Any, Kept]) -> dict[Request, Path]:
    families: dict[tuple[Any, ...], list[Request]] = {}
    for request in group:
        e = request.experiment
        key = (e.optimizer, e.trainable, e.target, affordable_steps(e), e.shape, _kink(e))
        families.setdefault(key, []).append(request)
    runs = [_Family(requests) for requests in families.values()]
    steps = max(run.steps for run in runs)
    with np.errstate(all="ignore"):
        known = kept.get(batches)
        if known is not None and len(known.above) >= steps and all(run.kink == "at zero, w alone" for run in runs):
            for run in runs:
                run.advance_on_lines(0, known.above, known.below)
        else:
            kept[batches] = _run_on_batches(runs, group[0].experiment, steps, group[0].seeds)
    return {request: path for run in runs for request, path in run.paths()}


def _run_on_batches(runs: "Sequence[_Family]", first: Experiment, steps: int, seeds: int) -> Kept:
    """Draw the batches, take all steps, and return what is worth keeping of the batches."""
    squares = any(run.kink == "few" for run in runs)
    above, below = [], []
    for at, block in _blocks(first, steps, seeds, squares):
        below.append(block.low[2])
        above.append(block.high[2])
        for run in runs:
            if run.kink == "at zero, w alone":
                run.advance_on_lines(at, above[-1], below[-1])
            else:
                run.advance(at, block)
    return Kept(np.concatenate(above), np.concatenate(below))


def _kink(e: Experiment) -> str:
    """Where kinks are: at zero, with nothing but w in play or without, or where few or many neurons have theirs."""
    if "b" not in e.trainable and not np.any(np.asarray(e.initial.b) != 0) and e.target.b == 0:
        alone = e.trainable == ("w",) and not np.any(np.asarray(e.initial.d) != 0)
        return "at zero, w alone" if alone else "at zero"
    return "many" if e.shape else "few"


class _Block(NamedTuple):
    """Consecutive batches of every seed; the step axis first, then the seeds."""

    x: np.ndarray
    squares: np.ndarray | None
    low: tuple[np.ndarray, ...]
    high: tuple[np.ndarray, ...]

    def moments(self, i: int, kink: str) -> Moments:
        """The batches of a step, in the way that fits the kinks that are asked for."""
        if kink == "many":
            return SortedBatch.of(self.x[i, 0])
        low, high = tuple(m[i] for m in self.low), tuple(m[i] for m in self.high)
        split = SplitAtZero((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        if kink == "at zero":
            return split
        assert self.squares is not None
        return WholeBatches(self.x[i], self.squares[i], split)


def _blocks(first: Experiment, steps: int, seeds: int, squares: bool) -> Iterator[tuple[int, _Block]]:
    """Blocks of the streams that `reference.iterate_batches` draws for each of the seeds."""
    generators = [np.random.default_rng(first.seed + i) for i in range(seeds)]
    per_block = max(1, SAMPLES_PER_BLOCK // (first.batch_size * seeds))

    def draw(generator: np.random.Generator, into: np.ndarray) -> SplitAtZero:
        into[:] = generator.standard_normal(into.shape)
        return split_at_zero(into)

    with ThreadPoolExecutor(max_workers=2) as pool:

        def begin(at: int) -> tuple[np.ndarray, list[Future[SplitAtZero]]]:
            x = np.empty((seeds, min(per_block, steps - at), first.batch_size), first.dtype)
            return x, [pool.submit(draw, generator, part) for generator, part in zip(generators, x, strict=True)]

        coming = begin(0)
        for at in range(0, steps, per_block):
            x, drawn = coming
            parts = [future.result() for future in drawn]
            if at + per_block < steps:
                coming = begin(at + per_block)  # drawn while this one is used
            low, high = (tuple(np.stack([part[h][m] for part in parts], axis=1) for m in range(3)) for h in (0, 1))
            x = x.swapaxes(0, 1)
            yield at, _Block(x, x * x if squares else None, low, high)


class _Family:
    """Experiments with one optimizer, stepped as one array of shape (experiments, members)."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        self.first = requests[0].experiment
        self.steps = affordable_steps(self.first)
        self.kink = _kink(self.first)
        self.dtype = np.dtype(self.first.dtype)
        self.members = self.first.shape[0] if self.first.shape else requests[0].seeds
        shape = (len(requests), self.members)
        slopes = [[cast_like_keras(request.experiment.negative_slope, self.dtype)] for request in requests]
        self.slope = np.array(slopes, np.float64)
        starts = [
            np.stack([np.broadcast_to(np.asarray(r.experiment.initial[i], self.dtype), shape[1:]) for r in requests])
            for i in range(len(Parameters._fields))
        ]
        self.now = dict(zip(Parameters._fields, starts, strict=True))
        names = self.first.trainable
        self.slots = {name: dict.fromkeys(self.first.optimizer.slots, np.zeros(shape, self.dtype)) for name in names}
        self.visited = {name: np.empty((self.steps + 1, *shape), self.dtype) for name in names}
        self.seen = {name: np.empty((self.steps, *shape), self.dtype) for name in names}
        self.loss = np.empty((self.steps, *shape), self.dtype)
        for name in names:
            self.visited[name][0] = self.now[name]

    def advance(self, at: int, block: _Block) -> None:
        """Take the steps of a block of batches."""
        for t in range(at, min(at + len(block.x), self.steps)):
            self.step(t, block.moments(t - at, self.kink))

    def step(self, t: int, samples: Moments) -> None:
        """Take one step, on one batch for each member."""
        batch = evaluate(Parameters(**self.now), self.slope, self.first.target, samples)
        self.loss[t] = batch.loss
        for name in self.first.trainable:
            self.seen[name][t] = getattr(batch.gradient, name)
            new = self.first.optimizer.update(self.now[name], self.seen[name][t], t, self.slots[name])
            self.visited[name][t + 1], self.slots[name] = new
        self.now |= {name: self.visited[name][t + 1] for name in self.first.trainable}

    def advance_on_lines(self, at: int, above: np.ndarray, below: np.ndarray) -> None:
        """Take the steps of a block of batches, of which these means of x^2 are known."""
        end, at_once = min(at + len(above), self.steps), max(1, LINES_AT_ONCE // self.loss[0].size)
        for first in range(at, end, at_once):
            rows = slice(first - at, min(first + at_once, end) - at)
            self._advance_on_lines(first, above[rows, None], below[rows, None])

    def _advance_on_lines(self, at: int, above: np.ndarray, below: np.ndarray) -> None:
        v, target, end = np.asarray(self.now["v"], np.float64), self.first.target, at + len(above)
        lines = lines_of(v, self.slope, target, above, below)
        w, seen, slots, update = self.visited["w"], self.seen["w"], self.slots["w"], self.first.optimizer.update
        for t in range(at, end):
            seen[t] = gradient_on(lines, t - at, w[t])
            w[t + 1], slots = update(w[t], seen[t], t, slots)
        self.slots["w"], self.now["w"] = slots, w[end]
        self.loss[at:end] = loss_on(np.asarray(w[at:end], np.float64), v, self.slope, target, above, below)

    def paths(self) -> Iterator[tuple[Request, Path]]:
        """Each experiment's own path."""
        for i, request in enumerate(self.requests):
            parameters: dict[str, Any] = {}
            gradient: dict[str, Any] = dict.fromkeys(Parameters._fields)
            for name in Parameters._fields:
                if name in self.visited:
                    parameters[name], gradient[name] = self.visited[name][:, i], self.seen[name][:, i]
                else:
                    parameters[name] = np.broadcast_to(self.now[name][i], (self.steps + 1, self.members))
            yield (
                request,
                Path(
                    request.experiment,
                    Parameters(**parameters),
                    Parameters(**gradient),
                    self.loss[:, i],
                    float(np.finfo(self.dtype).tiny),
                    cut=self.steps < request.experiment.steps,
                ),
            )
