"""The loop over blocks of batches, chunks of members and steps.

Tables of a block of batches are made once and used by every chunk; a chunk is small
enough for its arrays to stay in cache while it takes the block's steps.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from reference.ensembles.kernel import Pieces
from reference.ensembles.lines import Lines
from reference.ensembles.members import Members
from reference.experiment import Experiment
from reference.neuron import Parameters
from reference.optimizers import Optimizer, cast_like_keras
from reference.optimizers.base import PER_MEMBER

__all__ = ["Recorded", "run"]

CHUNK = 2**14  # members: the arrays of a step then fit a second-level cache of 1 to 2 MB

CHUNKS_AT_ONCE = 8

Where = slice | np.ndarray


class Recorded(NamedTuple):
    """What `run` leaves, members in one flat axis.

    Parameters
    ----------
    parameters : dict of str to ndarray of shape (states, members)
        Of what is trained.
    slots : dict of str to dict of str to ndarray of shape (states, members)
        By parameter, then by slot.
    gradient : dict of str to ndarray of shape (batches, members)
    loss : ndarray of shape (batches, members)
    diverged_at, crossed_at : ndarray of int, of shape (members,)
        -1 where it never happened.
    """

    parameters: dict[str, np.ndarray]
    slots: dict[str, dict[str, np.ndarray]]
    gradient: dict[str, np.ndarray]
    loss: np.ndarray
    diverged_at: np.ndarray
    crossed_at: np.ndarray


def run(experiment: Experiment, x_blocks: Iterator[np.ndarray], recorded: np.ndarray) -> Recorded:
    """Train an ensemble on the samples of its batches, which have the teacher's labels.

    Parameters
    ----------
    experiment : Experiment
    x_blocks : iterator of ndarray of shape (batches, batch_size)
    recorded : ndarray of int
        After how many updates a state is kept, ascending; the last is the number of steps.

    Returns
    -------
    Recorded
    """
    members = int(np.prod(experiment.shape))
    kernel = Lines(experiment) if Lines.fits(experiment) else Pieces(experiment, members)
    ensemble = _Ensemble(experiment, members, recorded)
    chunks = [slice(start, min(start + CHUNK, members)) for start in range(0, members, CHUNK)]
    step = 0
    with np.errstate(all="ignore"):
        for x in x_blocks:
            for start in range(0, len(x), kernel.batches_at_once):
                tables = kernel.tables(x[start : start + kernel.batches_at_once])
                for group in range(0, len(chunks), CHUNKS_AT_ONCE):
                    ensemble.advance(kernel, tables, chunks[group : group + CHUNKS_AT_ONCE], step)
                step += len(tables)
    return ensemble.out


class _Ensemble:
    """All members between blocks, and what is recorded of them."""

    def __init__(self, experiment: Experiment, members: int, recorded: np.ndarray) -> None:
        dtype, shape = np.dtype(experiment.dtype), experiment.shape
        self.trainable, self.shape, self.optimizer = experiment.trainable, shape, experiment.optimizer

        def flat(value: Any) -> Any:
            return np.broadcast_to(value, shape).reshape(members) if np.ndim(value) else value

        self.values = dict(
            zip(Parameters._fields, (flat(np.asarray(p, dtype)[()]) for p in experiment.initial), strict=True)
        )
        for name in {*experiment.trainable, "w", "b"}:
            self.values[name] = np.array(np.broadcast_to(self.values[name], members))
        self.slots = {
            name: {slot: np.zeros(members, dtype) for slot in experiment.optimizer.slots}
            for name in experiment.trainable
        }
        slope = cast_like_keras(experiment.negative_slope, dtype)
        self.slope = flat(slope.astype(np.float64)) if np.ndim(slope) else float(slope)
        self.start_sign = np.sign(self.values["w"])
        self.rows = {int(step): row for row, step in enumerate(recorded)}
        states, batches = len(recorded), int(np.count_nonzero(recorded))
        self.out = Recorded(
            {name: np.empty((states, members), dtype) for name in self.trainable},
            {name: {slot: np.zeros((states, members), dtype) for slot in self.slots[name]} for name in self.trainable},
            {name: np.empty((batches, members), dtype) for name in self.trainable},
            np.empty((batches, members), dtype),
            np.full(members, -1),
            np.full(members, -1),
        )
        if 0 in self.rows:
            for name in self.trainable:
                self.out.parameters[name][0] = self.values[name]

    def members(self, where: Where, kernel: Pieces | Lines) -> Members:
        """Some members as they are now."""

        def of(value: Any) -> Any:
            return value[where] if np.ndim(value) else value

        return Members(
            {name: of(value) for name, value in self.values.items()},
            {name: {slot: of(value) for slot, value in slots.items()} for name, slots in self.slots.items()},
            of(self.slope),
            _some(self.optimizer, self.shape, where),
            self.start_sign[where],
            self.out.crossed_at[where].copy(),
            kernel.sides,
            kernel.least,
            kernel.of_side,
        )

    def advance(self, kernel: Any, tables: list[Any], chunks: list[slice], first: int) -> None:
        """Take the steps of a block with some chunks."""
        group = [(where, self.members(where, kernel)) for where in chunks]
        for _, members in group:
            members.look(first)
        for step, table in enumerate(tables, first):
            row = self.rows.get(step + 1)
            for where, members in group:
                self.step(kernel, table, members, where, step, row)
        for where, members in group:
            self.keep(kernel, tables, members, where, first)

    def step(self, kernel: Any, table: Any, members: Members, where: slice, step: int, row: int | None) -> None:
        offset = 1 if 0 in self.rows else 0
        gradient = kernel.gradient(table, members)
        gradient = {name: g.astype(self.values["w"].dtype, copy=False) for name, g in gradient.items()}
        if row is not None:
            self.out.loss[row - offset, where] = kernel.loss(table, members)
            for name, g in gradient.items():
                self.out.gradient[name][row - offset, where] = g
        members.step(gradient, step)
        members.look(step + 1)
        if row is not None:
            self._record(row, where, members)

    def keep(self, kernel: Any, tables: list[Any], members: Members, where: slice, first: int) -> None:
        lost = np.flatnonzero(~members.finite & (self.out.diverged_at[where] < 0))
        if lost.size:
            self._find(kernel, tables, where.start + lost, first)
        self.out.crossed_at[where] = members.crossed_at
        for name in self.trainable:
            self.values[name][where] = members.values[name]
            for slot, value in members.slots[name].items():
                self.slots[name][slot][where] = value

    def _record(self, row: int, where: Where, members: Members) -> None:
        for name in self.trainable:
            self.out.parameters[name][row, where] = members.values[name]
            for slot, value in members.slots[name].items():
                self.out.slots[name][slot][row, where] = value

    def _find(self, kernel: Any, tables: list[Any], lost: np.ndarray, first: int) -> None:
        """Take a block's steps again with those that it lost, to see when."""
        members = self.members(lost, kernel)
        members.look(first)
        dtype, at = self.values["w"].dtype, np.full(len(lost), -1)
        for step, table in enumerate(tables, first):
            gradient = kernel.gradient(table, members)
            members.step({name: g.astype(dtype, copy=False) for name, g in gradient.items()}, step)
            members.look(step + 1)
            at = np.where((at < 0) & ~members.finite, step + 1, at)
        self.out.diverged_at[lost] = at


def _some(optimizer: Optimizer, shape: tuple[int, ...], where: Where) -> Optimizer:
    """The optimizer with the settings of some members."""
    if not optimizer.shape:
        return optimizer
    arrays = {name: value for name in PER_MEMBER if np.ndim(value := getattr(optimizer, name, 0.0)) > 0}
    mine: dict[str, Any] = {name: np.broadcast_to(value, shape).reshape(-1)[where] for name, value in arrays.items()}
    return replace(optimizer, **mine)
