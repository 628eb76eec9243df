"""Experiments that are stepped together, as one array of shape (experiments, members).

Those of a family differ in what may be an array: start, negative slope, learning rate and
momentum. They need not be of the same length either: the longest come first, and each
leaves when its run is over. So a family goes through stages, from one end to the next,
each an array of fewer experiments.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from compare.claims.settings import has_no_bias
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.seeds.batch_streams import Kinks, stream_of_each
from compare.claims.witnesses.seeds.batch_sums import Moments, evaluate
from compare.claims.witnesses.seeds.unbiased_batches import gradient_on, lines_of, loss_on
from reference import Experiment, Optimizer, Parameters
from reference.optimizers.base import PER_MEMBER

__all__ = ["Family", "kind_of"]

LINES_AT_ONCE = 100_000  # coefficients of lines that stay in the processor's cache


def kinks_of(e: Experiment, apart: bool = False) -> Kinks:
    """Which sums of a batch the gradient needs, by where the neurons' kinks are.

    "at zero": always; "few": one kink of each experiment in a batch; "many": those of many starts in one batch.
    Starts that are `apart` have each its own stream of batches.
    """
    if "b" not in e.trainable and not np.any(e.initial.b) and e.target.b == 0:
        return "at zero"
    return "many" if e.shape and not apart else "few"


def kind_of(e: Experiment) -> tuple[Any, ...]:
    """Key that is equal for experiments which can be one family, if they also see the same batches.

    It holds the optimizer's slots: SGD without momentum has none, and a velocity that is
    always 0 would give other results where something overflows.

    Examples
    --------
    >>> from reference import SGD, Adam
    >>> a, b, c = (Experiment(optimizer=o) for o in (SGD(learning_rate=0.5), SGD(learning_rate=2.0), Adam()))
    >>> kind_of(a) == kind_of(b), kind_of(a) == kind_of(c)
    (True, False)
    """
    alike = replace(e.optimizer, **dict.fromkeys(_per_member(e.optimizer), 0.5))
    return alike, e.optimizer.slots, e.trainable, e.target, e.shape, kinks_of(e), has_no_bias(e), e.dtype


def _per_member(optimizer: Optimizer) -> list[str]:
    return [name for name in sorted(PER_MEMBER) if hasattr(optimizer, name)]


class Family:
    """Experiments of one kind and their paths, as far as they were advanced.

    `kind_of` is the same for all; `lengths` is how many steps of each are run, the longest first. Their members, seeds
    or starts, are dealt in order to the streams of batches. Loss and gradient of each batch are kept if `batchwise`.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        lengths: Sequence[int],
        members: int,
        batchwise: bool = True,
        streams: int = 1,
    ) -> None:
        self.experiments, self.lengths, self.members = experiments, lengths, members
        self.steps = lengths[0]
        self.first = experiments[0]
        self.takes_two_sums = has_no_bias(self.first)  # of each batch
        self.kinks = kinks_of(self.first, apart=streams == members)
        self.stream = None if streams in (1, members) else stream_of_each(members, streams)
        self.dtype = np.dtype(self.first.dtype)
        starts = [
            np.stack([np.broadcast_to(np.asarray(e.initial[i], self.dtype), (members,)) for e in experiments])
            for i in range(len(Parameters._fields))
        ]
        self.start = dict(zip(Parameters._fields, starts, strict=True))
        self.now = dict(self.start)
        zeros = np.zeros(starts[0].shape, self.dtype)
        self.slots = {name: dict.fromkeys(self.first.optimizer.slots, zeros) for name in self.first.trainable}
        ends = sorted(set(lengths))
        self.stages = [
            _Stage(experiments[: sum(length >= end for length in lengths)], begin, end, members, batchwise)
            for begin, end in zip([0, *ends], ends, strict=False)
        ]

    def advance(self, at: int, count: int, batch: Callable[[int], Moments]) -> None:
        """Take `count` steps from step `at` on; `batch` gives the batches of each by its index among these."""
        for stage, first, end in self._stages_between(at, at + count):
            for t in range(first, end):
                self._step(stage, t, batch(t - at))

    def advance_on_lines(self, at: int, above: np.ndarray, below: np.ndarray) -> None:
        """Take steps from step `at` on, on batches with means of x^2 `above` and `below` 0, (steps, streams)."""
        for stage, first, end in self._stages_between(at, at + len(above)):
            at_once = max(1, LINES_AT_ONCE // stage.visited["w"][0].size)
            for t in range(first, end, at_once):
                rows = slice(t - at, min(t + at_once, end) - at)
                own = (rows, None) if self.stream is None else (rows, None, self.stream)
                self._advance_on_lines(stage, t, above[own], below[own])

    def _stages_between(self, at: int, end: int) -> "Iterator[tuple[_Stage, int, int]]":
        """Stages with steps from `at` to `end`, and which these are; a stage that begins takes the state over."""
        for stage in self.stages:
            first, last = max(at, stage.first), min(end, stage.end)
            if first < last:
                if first == stage.first:
                    self._enter(stage)
                yield stage, first, last

    def _enter(self, stage: "_Stage") -> None:
        """Begin a stage: drop the experiments whose runs are over."""
        stay = slice(len(stage.slope))
        self.now = {name: p[stay] for name, p in self.now.items()}
        self.slots = {name: {slot: p[stay] for slot, p in slots.items()} for name, slots in self.slots.items()}
        for name, visited in stage.visited.items():
            visited[0] = self.now[name]

    def _step(self, stage: "_Stage", t: int, samples: Moments) -> None:
        """Take one step, on one batch for each member."""
        batch, row = evaluate(Parameters(**self.now), stage.slope, self.first.target, samples), t - stage.first
        if stage.loss is not None:
            stage.loss[row] = batch.loss
        for name, visited in stage.visited.items():
            gradient = getattr(batch.gradient, name).astype(self.dtype)
            if stage.seen is not None:
                stage.seen[name][row] = gradient
            visited[row + 1], self.slots[name] = stage.optimizer.update(self.now[name], gradient, t, self.slots[name])
        self.now |= {name: visited[row + 1] for name, visited in stage.visited.items()}

    def _advance_on_lines(self, stage: "_Stage", at: int, above: np.ndarray, below: np.ndarray) -> None:
        v, target = _condensed(np.asarray(self.now["v"], np.float64)), self.first.target
        slope, begin, end = _condensed(stage.slope), at - stage.first, at - stage.first + len(above)
        lines = lines_of(v, slope, target, above, below)
        w, slots, update = stage.visited["w"], self.slots["w"], stage.optimizer.update
        seen, now = None if stage.seen is None else stage.seen["w"], w[begin]
        for row in range(begin, end):
            gradient = gradient_on(lines, row - begin, now.astype(np.float64)).astype(self.dtype)
            if seen is not None:
                seen[row] = gradient
            now, slots = update(now, gradient, stage.first + row, slots)
            w[row + 1] = now
        self.slots["w"], self.now["w"] = slots, now
        if stage.loss is not None:
            stage.loss[begin:end] = loss_on(np.asarray(w[begin:end], np.float64), v, slope, target, above, below)

    def paths(self) -> Iterator[Path]:
        """Each experiment's own path, in order."""
        for i, (experiment, length) in enumerate(zip(self.experiments, self.lengths, strict=True)):
            stages = [stage for stage in self.stages if stage.end <= length]
            parameters: dict[str, Any] = {}
            gradient: dict[str, Any] = dict.fromkeys(Parameters._fields)
            for name in Parameters._fields:
                if name in self.first.trainable:
                    # The last state of a stage is the first of the next.
                    visited = [stage.visited[name][: None if stage is stages[-1] else -1, i] for stage in stages]
                    parameters[name] = _joined(visited)
                    gradient[name] = _joined([stage.seen[name][:, i] for stage in stages if stage.seen is not None])
                else:
                    parameters[name] = np.broadcast_to(self.start[name][i], (length + 1, self.members))
            loss = _joined([stage.loss[:, i] for stage in stages if stage.loss is not None])
            resolution, cut = float(np.finfo(self.dtype).tiny), length < experiment.steps
            yield Path(experiment, Parameters(**parameters), Parameters(**gradient), loss, resolution, cut)


class _Stage:
    """Steps first..end: settings and recorded arrays, (steps, experiments, members), of experiments still running."""

    def __init__(self, experiments: Sequence[Experiment], first: int, end: int, members: int, batchwise: bool) -> None:
        self.first, self.end = first, end
        self.optimizer = _together([e.optimizer for e in experiments])
        dtype, names = np.dtype(experiments[0].dtype), experiments[0].trainable
        self.slope = np.array([[e.slope] for e in experiments], np.float64)
        shape = (len(experiments), members)
        # Unlike zeros, what is empty takes no memory until it is written to.
        self.visited = {name: np.empty((end - first + 1, *shape), dtype) for name in names}
        self.seen = {name: np.empty((end - first, *shape), dtype) for name in names} if batchwise else None
        self.loss = np.empty((end - first, *shape), dtype) if batchwise else None


def _together(optimizers: Sequence[Optimizer]) -> Optimizer:
    """One optimizer for arrays (experiments, members), whose settings that differ are arrays (experiments, 1)."""
    settings: dict[str, Any] = {}
    for name in _per_member(optimizers[0]):
        values = [getattr(optimizer, name) for optimizer in optimizers]
        if len(set(values)) > 1:
            settings[name] = np.array(values)[:, None]
    return replace(optimizers[0], **settings) if settings else optimizers[0]


def _condensed(values: np.ndarray) -> np.ndarray:
    """An array (1, 1) in place of (experiments, members) if all values are the same."""
    return values[:1, :1] if (values == values[0, 0]).all() else values


def _joined(parts: list[np.ndarray]) -> np.ndarray | None:
    """Concatenate what several stages recorded along the steps; None if nothing was."""
    return np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else None
