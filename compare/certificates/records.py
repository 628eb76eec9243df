"""What each side recorded, held against what it must be by itself.

Lockstep starts from what Keras recorded, and both sides would agree if that was another
experiment. So first of all, compared with ``==``:

start
    Both sides begin with the experiment's own numbers, and with slots as the optimizer's
    `init` has them; what is not trained stays as it is; and each block of steps goes on from
    where the last one ended.

The reference's functions are under test in lockstep. That `reference.train` calls them on
the right batch, in the right order, and records what came of it, is under test here:

record
    Each next state is evaluated again from the recorded state and gradient, and loss and
    gradient again from the recorded states. Mostly that gives the same bits; else
    `compare.rounding` bounds the difference. When w crossed zero and when the run diverged
    is read off both recorded paths; and Keras' path must be the blocks that it is put
    together from.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compare.certificates.evaluation import chunks, evaluate
from compare.certificates.jacobian import states_before
from compare.certificates.lockstep import Comparison, take_step
from compare.rounding import Arithmetic, Ball
from reference import Experiment, Parameters, Trajectory, backward, forward, mean_squared_error
from reference.training import blocks, constants

__all__ = ["compare_account", "compare_marks", "compare_record", "compare_start"]

Batches = tuple[np.ndarray, np.ndarray]


def compare_start(
    experiment: Experiment, record: Any, before: Any = None, batches: Batches | None = None
) -> Iterator[Comparison]:
    """Compare what a block of steps begins with, what stays as it is, and what it was made on.

    Parameters
    ----------
    experiment : Experiment
    record : keras_impl.Record
    before : keras_impl.Record, optional
        The block before it; None for the first one.
    batches : tuple of x and y, optional
        Of all steps, as they were handed to Keras.

    Yields
    ------
    Comparison
        With a bound of 0: one entry for what is trained and for each of its slots, one for
        each state for what is not.
    """
    dtype, step = np.dtype(experiment.dtype), record.first_step
    for quantity, seen, all_of_them in zip("xy", (record.x, record.y), batches or (), strict=False):
        if seen is not all_of_them:
            yield _first_other(quantity, step, seen, all_of_them[step : step + len(seen)])
    begun = _begun(experiment)
    for name, path, start in zip(Parameters._fields, record.parameters, experiment.initial, strict=True):
        if name not in experiment.trainable:
            yield _equal(name, step, path, np.full(len(path), start, dtype))
        elif before is None:
            yield _equal(name, step, path[:1], np.array([start], dtype))
        else:
            yield _equal(name, step, path[:1], getattr(before.parameters, name)[-1:])
    for slot, group in record.slots.items():
        for name in experiment.trainable:
            path = getattr(group, name)
            due = getattr(begun[slot] if before is None else before.slots[slot], name)[-1:]
            yield _equal(f"{slot}.{name}", step, path[:1], due)


def compare_record(experiment: Experiment, run: Trajectory, batches: Batches | None = None) -> Iterator[Comparison]:
    """Compare what `reference.train` recorded with what the reference's functions make of it.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.
    run : Trajectory
        With every step recorded.
    batches : tuple of x and y, optional
        As for `reference.train`.

    Yields
    ------
    Comparison
    """
    first, dtype = Parameters(*(p[:1] for p in run.parameters)), np.dtype(experiment.dtype)
    with np.errstate(all="ignore"):
        for name, start in zip(Parameters._fields, experiment.initial, strict=True):
            yield _equal(name, 0, getattr(first, name), np.array([start], dtype))
        begun = _begun(experiment)
        for slot, group in run.slots.items():
            for name in experiment.trainable:
                yield _equal(f"{slot}.{name}", 0, getattr(group, name)[:1], getattr(begun[slot], name))
        first_step = 0
        for x, y in blocks(experiment, None) if batches is None else [batches]:
            for here in chunks(len(x), experiment.batch_size):
                yield from _batches(experiment, run, first_step + here.start, x[here], y[here])
            first_step += len(x)
        stepped, after = take_step(experiment, 0, *states_before(run), run.gradient, Arithmetic.WRITTEN)
        for slot, group in {"": stepped, **after}.items():
            for name in experiment.trainable:
                path = getattr(run.slots[slot] if slot else run.parameters, name)
                yield _settled(Comparison.of(f"{slot}.{name}" if slot else name, 0, path[1:], getattr(group, name)))


def compare_account(told: Trajectory, records: Sequence[Any]) -> Iterator[Comparison]:
    """Compare a trajectory of Keras with the blocks that it was put together from.

    Parameters
    ----------
    told : Trajectory
        With every step recorded.
    records : sequence of keras_impl.Record
        All blocks of the run.

    Yields
    ------
    Comparison
        With a bound of 0.
    """
    pairs = {"loss": (told.loss, [block.loss for block in records])}
    for name in Parameters._fields:
        states = getattr(told.parameters, name)[1:], [getattr(block.parameters, name)[1:] for block in records]
        pairs[name] = states
    for name in told.experiment.trainable:
        gradient = getattr(told.gradient, name), [getattr(block.gradient, name) for block in records]
        pairs[f"gradient.{name}"] = gradient
        for slot in told.slots:
            recorded = [getattr(block.slots[slot], name)[1:] for block in records]
            pairs[f"{slot}.{name}"] = getattr(told.slots[slot], name)[1:], recorded
    for quantity, (path, parts) in pairs.items():
        yield _settled(_equal(quantity, 0, path, np.concatenate(parts)))


def compare_marks(run: Trajectory) -> Iterator[Comparison]:
    """Compare `crossed_at` and `diverged_at` with the recorded path; -1 stands for never.

    Parameters
    ----------
    run : Trajectory
        Of a single neuron, with every step recorded.

    Yields
    ------
    Comparison
        With a bound of 0.
    """
    w = run.parameters.w
    crossed = (w > 0) if w[0] < 0 else (w < 0) if w[0] > 0 else np.zeros(len(w), bool)
    paths = [p for group in (run.parameters, *run.slots.values()) for p in group if p is not None]
    diverged = ~np.isfinite(np.stack(paths)).all(axis=0)
    for name, happened in (("crossed_at", crossed), ("diverged_at", diverged)):
        mark, due = getattr(run, name), int(np.argmax(happened)) if happened.any() else -1
        yield _equal(name, max(due - 1, 0), np.array([-1.0 if mark is None else float(mark)]), np.array([float(due)]))


def _batches(experiment: Experiment, run: Trajectory, step: int, x: np.ndarray, y: np.ndarray) -> Iterator[Comparison]:
    """Loss and gradient of some steps; bounds are derived where the bits differ only."""
    slope, at_zero = constants(experiment)
    states = Parameters(*(p[step : step + len(x)] for p in run.parameters))
    at = forward(states, x, slope)
    gradient = backward(states, x, y, at, slope, experiment.trainable, at_zero)
    due = {"loss": mean_squared_error(at.y_pred, y)}
    due |= {f"gradient.{name}": getattr(gradient, name) for name in experiment.trainable}
    told = {"loss": run.loss} | {f"gradient.{name}": getattr(run.gradient, name) for name in experiment.trainable}
    told = {name: path[step : step + len(x)] for name, path in told.items()}
    other = np.logical_or.reduce([(told[name] != due[name]) & np.isfinite(due[name]) for name in due])
    radii = {name: np.zeros(len(x)) for name in due}
    rows = np.flatnonzero(other)
    if rows.size:
        found, _ = evaluate(experiment, step, Parameters(*(p[rows] for p in states)), x[rows], y[rows])
        radii["loss"][rows] = found.loss.bound
        for name in experiment.trainable:
            radii[f"gradient.{name}"][rows] = getattr(found.gradient, name).bound
    for name, value in due.items():
        yield _settled(Comparison.of(name, step, told[name], Ball(value, radii[name])))


def _first_other(quantity: str, step: int, seen: np.ndarray, due: np.ndarray) -> Comparison:
    """The first sample that is another one, or else the very first."""
    t, i = (int(n) for n in np.unravel_index(np.argmax(seen != due), seen.shape))
    one, other = seen[t : t + 1, i], due[t : t + 1, i]
    return _equal(quantity, step + t, one, other)._replace(sample=np.array([i]), numbers=seen.size)


def _settled(comparison: Comparison) -> Comparison:
    """One function on the same operands: what is not finite is the same infinity, or NaN, again."""
    one, other = comparison.keras, comparison.ball.value
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    alone = ~same & ~(np.isfinite(one) & np.isfinite(other))
    return comparison._replace(ratio=np.where(alone, np.inf, comparison.ratio)) if alone.any() else comparison


def _begun(experiment: Experiment) -> dict[str, Parameters]:
    """What the slots hold before the first step, arrays of one."""
    dtype = np.dtype(experiment.dtype)
    slots = experiment.optimizer.init(Parameters(*(dtype.type(p) for p in experiment.initial))).slots
    return {slot: Parameters(*(np.array([p], dtype) for p in group)) for slot, group in slots.items()}


def _equal(quantity: str, step: int, observed: np.ndarray, due: np.ndarray) -> Comparison:
    return Comparison.of(quantity, step, observed, Ball(due, np.zeros(len(due))))
