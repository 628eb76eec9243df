"""The loop over blocks of batches, chunks of members and steps.

Tables of a block of batches are made once, and a chunk takes all steps of the block before
the next one does. Chunks are as large as the caches allow, as a step has forty calls, whatever
the number of members.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from reference.ensembles.kernels.affine_kernel import AffineKernel
from reference.ensembles.kernels.general_kernel import GeneralKernel
from reference.ensembles.kernels.unbiased_kernel import UnbiasedKernel
from reference.ensembles.members import Members, optimizer_of, some
from reference.ensembles.neuron_fallback import neuron_gradient
from reference.ensembles.recorded import Recorded, Whole, empty
from reference.ensembles.scratch import Scratch, aligned_copy
from reference.ensembles.single_run import run_single
from reference.experiment import Experiment
from reference.neuron import Parameters

__all__ = ["kernel_of", "run"]

CHUNK = 2**14  # members: less than 2 MB of state and scratch memory

Kernel = GeneralKernel | UnbiasedKernel
Chunk = tuple[slice, Members]
Where = slice | np.ndarray


def run(
    experiment: Experiment, x_blocks: Iterator[np.ndarray], recorded: np.ndarray, whole: Whole | None = None
) -> Recorded:
    """Train an ensemble on the samples of its batches, which have the teacher's labels.

    Parameters
    ----------
    experiment : Experiment
    x_blocks : iterator of ndarray of shape (batches, batch_size)
    recorded : ndarray of int
        After how many updates a state is kept, ascending; the last is the number of steps.
    whole : Whole, optional
        Of the ensemble that these members are a part of; by default they are all.

    Returns
    -------
    Recorded

    Examples
    --------
    One step at w = 1/2 and w = 1 with samples 1 and -2: dL/dw = (1/2) 2 (w - 1).

    >>> from reference import SGD
    >>> two = Experiment(initial=Parameters([0.5, 1.0]), optimizer=SGD(learning_rate=1.0), batch_size=2, steps=1)
    >>> run(two, iter([np.array([[1.0, -2.0]], np.float32)]), np.array([1])).parameters["w"]
    array([[1., 1.]], dtype=float32)
    """
    unbiased, members = UnbiasedKernel.fits(experiment), int(np.prod(experiment.shape))
    if unbiased and not experiment.shape:
        return run_single(experiment, x_blocks, recorded)
    whole = whole or Whole.of(experiment)
    kernel = kernel_of(experiment, whole.members)
    out = empty(experiment, members, recorded, whole.slots)
    chunks = _chunks(experiment, members, kernel, whole.slots)
    if 0 in out.rows:
        for where, chunk in chunks:
            _keep_state(out, 0, where, chunk)
    step = 0
    with np.errstate(all="ignore"):
        for x in x_blocks:
            for start in range(0, len(x), kernel.batches_at_once):
                tables = kernel.tables(x[start : start + kernel.batches_at_once])
                for where, chunk in chunks:
                    _advance(kernel, tables, where, chunk, step, out)
                step += len(tables)
    for where, chunk in chunks:
        out.crossed_at[where] = chunk.crossed_at
    return out


def kernel_of(experiment: Experiment, members: int) -> Kernel:
    """The quickest kernel that fits."""
    if UnbiasedKernel.fits(experiment):
        return UnbiasedKernel(experiment)
    return (AffineKernel if AffineKernel.fits(experiment) else GeneralKernel)(experiment, members)


def _chunks(experiment: Experiment, members: int, kernel: Kernel, slots: tuple[str, ...]) -> list[Chunk]:
    """All members, at their start."""
    dtype, shape = np.dtype(experiment.dtype), experiment.shape

    def flat(value: Any) -> Any:
        return np.broadcast_to(value, shape).reshape(members) if np.ndim(value) else value

    values = {
        name: flat(np.asarray(p, dtype)[()]) for name, p in zip(Parameters._fields, experiment.initial, strict=True)
    }
    for name in {*experiment.trainable, "w", "b"}:
        values[name] = np.broadcast_to(values[name], members)
    slope = experiment.slope
    slope = flat(slope.astype(np.float64)) if np.ndim(slope) else float(slope)
    optimizer = optimizer_of(experiment.optimizer, flat)
    chunks, scratch = [], Scratch.of(min(members, CHUNK))
    for start in range(0, members, CHUNK):
        where = slice(start, min(start + CHUNK, members))
        size = where.stop - where.start
        mine = {name: aligned_copy(value[where]) if np.ndim(value) else value for name, value in values.items()}
        chunk = Members(
            mine,
            {name: {slot: np.zeros(size, dtype) for slot in slots} for name in experiment.trainable},
            some(slope, where),
            optimizer_of(optimizer, itemgetter(where)),
            kernel.of_side,
            scratch.part(size),
        )
        chunks.append((where, chunk))
    return chunks


def _advance(kernel: Any, tables: list[Any], where: Where, members: Members, first: int, out: Recorded) -> None:
    """Take the steps of a block; those who came next to overflow take them again, one by one."""
    before = members.state
    members.attend(kernel, first, len(tables))
    for step, table in enumerate(tables, first):
        members.watch()
        gradient, row = _rounded(kernel.gradient(table, members), out), out.rows.get(step + 1)
        loss = None if row is None else kernel.loss(table, members)
        _step(members, gradient, loss, where, step, out)
    large = members.next_to_overflow()
    large = large[out.diverged_at[where][large] < 0]
    if not large.size:
        return
    part, those = members.part(before, large), _places(where)[large]
    if len(tables) > 1:
        for step, table in enumerate(tables, first):
            _advance(kernel, [table], those, part, step, out)
    else:
        gradient, loss = neuron_gradient(kernel.experiment, part.values, part.slope, tables[0].x)
        _step(part, gradient, loss, those, first, out)
        lost = ~part.finite
        out.diverged_at[those[lost]] = first + 1
    members.put(large, part)
    members.look(first + len(tables))


def _step(
    members: Members,
    gradient: dict[str, np.ndarray],
    loss: np.ndarray | None,
    where: Where,
    step: int,
    out: Recorded,
) -> None:
    """Take a step, and record what is to be recorded of it."""
    row = out.rows.get(step + 1)
    if row is not None:
        _keep_batch(out, row - (0 in out.rows), where, gradient, loss)
    members.step(gradient, step)
    members.look(step + 1)
    if row is not None:
        _keep_state(out, row, where, members)


def _places(where: Where) -> np.ndarray:
    return np.arange(where.start, where.stop) if isinstance(where, slice) else where


def _rounded(gradient: dict[str, np.ndarray], out: Recorded) -> dict[str, np.ndarray]:
    return {name: g.astype(out.loss.dtype, copy=False) for name, g in gradient.items()}


def _keep_batch(out: Recorded, row: int, where: Where, gradient: dict[str, np.ndarray], loss: Any) -> None:
    out.loss[row, where] = loss
    for name, g in gradient.items():
        out.gradient[name][row, where] = g


def _keep_state(out: Recorded, row: int, where: Where, members: Members) -> None:
    for name, slots in members.slots.items():
        out.parameters[name][row, where] = members.values[name]
        for slot, value in slots.items():
            out.slots[name][slot][row, where] = value
