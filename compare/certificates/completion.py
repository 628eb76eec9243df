"""Records of subjects that do not show everything: what is missing is supplied, and not compared.

A function of yours may return parameters and nothing else. y_pred, loss and gradient are
then the reference's at the subject's own states, with their bounds. So are the slots of an
optimizer: they are replayed along the subject's path, each step from its own parameters with
the gradient there, on Balls. An error of a hidden slot shows in the parameter that is moved
by it; each replayed step adds its rounding, and forgets as fast as the slot itself does.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.certificates.evaluation import chunks, evaluate
from compare.rounding import Ball
from reference import Experiment, Parameters
from reference.subject import Record

__all__ = ["Completed", "complete"]

Slots = dict[str, Ball]  # by name, of shape (trained,)


class Completed(NamedTuple):
    """A record with nothing missing.

    Parameters
    ----------
    record : Record
    unknown : frozenset of str
        What the subject did not show: of "y_pred", "loss", "gradient" and the names of slots.
    slots : dict of str to Parameters of Ball, each of shape (k,), or None
        Before each step, where some of them were replayed.
    end : dict of str to Ball
        All slots after the last step, of shape (trained,), for the next block to go on from.
    """

    record: Record
    unknown: frozenset[str]
    slots: dict[str, Parameters] | None
    end: Slots


def complete(experiment: Experiment, record: Record, previous: Completed | None = None) -> Completed:
    """Supply what a record lacks; `previous` is of the block before it."""
    missing = {name for name in ("y_pred", "loss") if getattr(record, name) is None}
    if all(derivative is None for derivative in record.gradient):
        missing.add("gradient")
    hidden = [slot for slot in experiment.optimizer.slots if slot not in record.slots]
    if not missing and not hidden:
        return Completed(record, frozenset(), None, {})
    with np.errstate(all="ignore"):
        y_pred, loss, gradient = _evaluated(experiment, record)
        values = Parameters(*(None if ball is None else ball.value for ball in gradient))
        supplied = {"y_pred": y_pred, "loss": loss.value, "gradient": values}
        record = record._replace(**{name: supplied[name] for name in missing})
        if not hidden:
            return Completed(record, frozenset(missing), None, {})
        used = gradient if "gradient" in missing else _exactly(record.gradient)
        before, paths, end = _replayed(experiment, record, used, hidden, None if previous is None else previous.end)
    return Completed(record._replace(slots=paths), frozenset({*missing, *hidden}), before, end)


def _evaluated(experiment: Experiment, record: Record) -> tuple[np.ndarray, Ball, Parameters]:
    """y_pred, loss and gradient of each batch at the subject's state before it."""
    predictions, gradients = [], []
    losses: list[Any] = []
    for here in chunks(len(record.x), experiment.batch_size):
        states = Parameters(*(path[:-1][here] for path in record.parameters))
        found, predicted = evaluate(experiment, record.first_step + here.start, states, record.x[here], record.y[here])
        predictions.append(predicted.y_pred)
        losses.append(found.loss)
        gradients.append(found.gradient)
    gradient = (None if balls[0] is None else np.concatenate(balls) for balls in zip(*gradients, strict=True))
    loss: Any = np.concatenate(losses)
    return np.concatenate(predictions), loss, Parameters(*gradient)


def _exactly(gradient: Parameters) -> Parameters:
    return Parameters(*(None if derivative is None else Ball.exact(derivative) for derivative in gradient))


def _replayed(
    experiment: Experiment, record: Record, gradient: Parameters, hidden: list[str], start: Slots | None
) -> tuple[dict[str, Parameters], dict[str, Parameters], Slots]:
    """Slots before each step as Balls, the paths of their values, and what they end with.

    What is shown of the slots is taken as it is; what is hidden goes on from one step to the next.
    """
    trained, dtype, k = experiment.trainable, np.dtype(experiment.dtype), len(record.x)
    w = np.stack([getattr(record.parameters, name) for name in trained], axis=1)
    values, radii = (
        np.stack([np.broadcast_to(getattr(getattr(gradient, name), of), k) for name in trained], axis=1)
        for of in ("value", "radius")
    )
    shown = {slot: np.stack([getattr(group, name) for name in trained], axis=1) for slot, group in record.slots.items()}
    slots = _initial(experiment, w[0]) if start is None else dict(start)
    path: list[Slots] = []
    for t in range(k):
        slots |= {slot: Ball.exact(rows[t]) for slot, rows in shown.items()}
        path.append(slots)
        iterations = Ball.exact(dtype.type(record.first_step + t))
        g = Ball(values[t], radii[t])
        _, stepped = experiment.optimizer.update(Ball.exact(w[t]), g, iterations, slots)
        slots = {slot: _as_rows(ball, w[t]) for slot, ball in stepped.items()}
    slots |= {slot: Ball.exact(rows[-1]) for slot, rows in shown.items()}
    before, paths = {}, {}
    for slot in experiment.optimizer.slots:
        balls = [state[slot] for state in path]
        of_value = np.stack([ball.value for ball in [*balls, slots[slot]]])
        of_radius = np.stack([np.broadcast_to(ball.radius, ball.shape) for ball in balls])
        before[slot] = _named(trained, [Ball(of_value[:-1, i], of_radius[:, i]) for i in range(len(trained))])
        paths[slot] = _named(trained, list(of_value.T)) if slot in hidden else record.slots[slot]
    return before, paths, slots


def _initial(experiment: Experiment, w: np.ndarray) -> Slots:
    """The slots before the first step."""
    state = experiment.optimizer.init(Parameters(w, w, w, w))
    return {slot: Ball.exact(np.array(group.w)) for slot, group in state.slots.items()}


def _as_rows(ball: Any, like: np.ndarray) -> Ball:
    """A slot of the shape of the parameters, which an update need not keep."""
    return Ball(np.broadcast_to(ball.value, like.shape).astype(like.dtype), np.broadcast_to(ball.radius, like.shape))


def _named(trained: tuple[str, ...], columns: list[Any]) -> Parameters:
    mine: Mapping[str, Any] = dict(zip(trained, columns, strict=True))
    return Parameters(*(mine.get(name) for name in Parameters._fields))
