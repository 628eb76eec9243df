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

from compare.certificates.comparison import Comparison
from compare.certificates.evaluation import chunks, evaluate
from compare.certificates.lockstep import take_step
from compare.certificates.quantities import by_quantity, loss_and_gradient, quantity_name, recorded, states_before
from compare.rounding import Arithmetic, Ball
from reference import Experiment, Parameters, Trajectory, backward, forward, mean_squared_error
from reference.training import blocks, constants

__all__ = ["compare_assembled", "compare_crossing_and_divergence", "compare_record", "compare_start"]

Batches = tuple[np.ndarray, np.ndarray]


def compare_start(
    experiment: Experiment, record: Any, previous: Any = None, batches: Batches | None = None
) -> Iterator[Comparison]:
    """Compare what a block of steps begins with, what stays as it is, and what it was made on.

    Takes two Records of Keras, the block and the one before it (None for the first one), and the
    batches of all steps if they were handed to Keras. There is one entry for what is trained
    and for each of its slots, one for each state for what is not.
    """
    step = record.first_step
    initial, slots = _initial(experiment)
    for quantity, seen, given in zip("xy", (record.x, record.y), batches or (), strict=False):
        if seen is not given:
            yield _first_differing_sample(quantity, step, seen, given[step : step + len(seen)])
    before = (initial, slots) if previous is None else (previous.parameters, previous.slots)
    for name, path, start in zip(Parameters._fields, record.parameters, initial, strict=True):
        if name in experiment.trainable:
            yield Comparison.exactly(name, step, path[:1], getattr(before[0], name)[-1:])
        else:
            yield Comparison.exactly(name, step, path, np.repeat(start, len(path)))
    for slot, group in record.slots.items():
        for name in experiment.trainable:
            path, start = getattr(group, name), getattr(before[1][slot], name)
            yield Comparison.exactly(quantity_name(slot, name), step, path[:1], start[-1:])


def compare_record(experiment: Experiment, run: Trajectory, batches: Batches | None = None) -> Iterator[Comparison]:
    """Compare what `reference.train` recorded, with every step, with what the reference's functions make of it."""
    paths = by_quantity({"": run.parameters, **run.slots})
    initial, slots = _initial(experiment)
    with np.errstate(all="ignore"):
        for quantity, start in {**by_quantity({"": initial}), **by_quantity(slots, experiment.trainable)}.items():
            yield Comparison.exactly(quantity, 0, paths[quantity][:1], start)
        evaluated: list[dict[str, Ball]] = []
        first_step = 0
        for x, y in blocks(experiment, None) if batches is None else [batches]:
            evaluated += [
                _evaluate_again(experiment, run, first_step + here.start, x[here], y[here])
                for here in chunks(len(x), experiment.batch_size)
            ]
            first_step += len(x)
        for quantity, path in loss_and_gradient(run.loss, run.gradient).items():
            ball: Any = np.concatenate([balls[quantity] for balls in evaluated])
            yield _strictly(Comparison.of(quantity, 0, path, ball))
        stepped, after = take_step(experiment, 0, *states_before(run), run.gradient, Arithmetic.WRITTEN)
        for quantity, ball in by_quantity({"": stepped, **after}, experiment.trainable).items():
            yield _strictly(Comparison.of(quantity, 0, paths[quantity][1:], ball))


def compare_assembled(run: Trajectory, records: Sequence[Any]) -> Iterator[Comparison]:
    """Compare a trajectory of Keras with the Records of all blocks that it was put together from."""
    parts = [recorded(block) for block in records]
    for quantity, path in recorded(run).items():
        due = np.concatenate([part[quantity] for part in parts])
        yield _strictly(Comparison.exactly(quantity, 0, path, due))


def compare_crossing_and_divergence(run: Trajectory) -> Iterator[Comparison]:
    """Compare `crossed_at` and `diverged_at` of a single neuron with its path, with every step recorded.

    -1 stands for never.
    """
    w = run.parameters.w
    crossed = (w > 0) if w[0] < 0 else (w < 0) if w[0] > 0 else np.zeros(len(w), bool)
    paths = by_quantity({"": run.parameters, **run.slots})
    diverged = ~np.isfinite(np.stack(list(paths.values()))).all(axis=0)
    for name, happened in (("crossed_at", crossed), ("diverged_at", diverged)):
        found, due = getattr(run, name), int(np.argmax(happened)) if happened.any() else -1
        observed = np.array([-1.0 if found is None else float(found)])
        yield Comparison.exactly(name, max(due - 1, 0), observed, np.array([float(due)]))


def _evaluate_again(
    experiment: Experiment, run: Trajectory, step: int, x: np.ndarray, y: np.ndarray
) -> dict[str, Ball]:
    """Loss and gradient of some steps as the reference's functions give them; with bounds only where bits differ."""
    slope, at_zero = constants(experiment)
    here = slice(step, step + len(x))
    states = Parameters(*(p[here] for p in run.parameters))
    at = forward(states, x, slope)
    gradient = backward(states, x, y, at, slope, experiment.trainable, at_zero)
    due = loss_and_gradient(mean_squared_error(at.y_pred, y), gradient)
    observed = loss_and_gradient(run.loss, run.gradient)
    radii = {quantity: np.zeros(len(x)) for quantity in due}
    differing = [(observed[quantity][here] != value) & np.isfinite(value) for quantity, value in due.items()]
    rows = np.flatnonzero(np.logical_or.reduce(differing))
    if rows.size:
        found, _ = evaluate(experiment, step, Parameters(*(p[rows] for p in states)), x[rows], y[rows])
        for quantity, ball in loss_and_gradient(found.loss, found.gradient).items():
            radii[quantity][rows] = ball.bound
    return {quantity: Ball(value, radii[quantity]) for quantity, value in due.items()}


def _first_differing_sample(quantity: str, step: int, seen: np.ndarray, due: np.ndarray) -> Comparison:
    """Compare samples, (steps, n), with ``==``: the first that differs is shown, or sample 0 if all are equal."""
    t, i = (int(n) for n in np.unravel_index(np.argmax(seen != due), seen.shape))
    compared = Comparison.exactly(quantity, step + t, seen[t : t + 1, i], due[t : t + 1, i])
    return compared._replace(sample=np.array([i]), numbers=seen.size)


def _strictly(comparison: Comparison) -> Comparison:
    """Make the ratio infinite where a value is not finite and the other is not the same infinity, or NaN as well."""
    observed, due = comparison.observed, comparison.ball.value
    same = (observed == due) | (np.isnan(observed) & np.isnan(due))
    return comparison.beyond_bound(~same & ~(np.isfinite(observed) & np.isfinite(due)))


def _initial(experiment: Experiment) -> tuple[Parameters, dict[str, Parameters]]:
    """Parameters and slots before the first step, arrays of one: the experiment's numbers, and what `init` gives."""
    dtype = np.dtype(experiment.dtype)
    slots = experiment.optimizer.init(Parameters(*(dtype.type(p) for p in experiment.initial))).slots
    initial, *of_slots = (
        Parameters(*(np.array([p], dtype) for p in group)) for group in (experiment.initial, *slots.values())
    )
    return initial, dict(zip(slots, of_slots, strict=True))
