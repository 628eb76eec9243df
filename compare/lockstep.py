"""Lockstep: from each state that Keras recorded, one step of the reference, compared.

All steps of a block are evaluated together, the reference's functions being given the
whole block of states as one ensemble of `Ball`s. Forward, loss and gradient start from
Keras' parameters, the optimizer from Keras' parameters, slots and gradient, so that an
error shows up where it is made and nowhere else.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.rounding import Ball, ratio
from reference import Experiment, OptimizerState, Parameters, backward, forward, mean_squared_error
from reference.training import constants

__all__ = ["Comparison", "compare_block", "evaluate_batches", "take_step"]

SAMPLES_PER_CHUNK = 2**16  # a chunk and its radii stay in the processor's cache


class Comparison(NamedTuple):
    """One quantity at consecutive steps: what Keras has, the reference's ball, their ratio.

    Arrays have the steps along the first axis, and of `y_pred` the samples behind.
    """

    quantity: str
    first_step: int
    keras: np.ndarray
    ball: Ball
    ratio: np.ndarray

    @classmethod
    def of(cls, quantity: str, first_step: int, keras: np.ndarray, ball: Ball) -> "Comparison":
        """Compare, with `compare.rounding.ratio`."""
        return cls(quantity, first_step, keras, ball, ratio(keras, ball))


class Batchwise(NamedTuple):
    """Forward and backward of a block as Balls, the steps along the first axis."""

    y_pred: Ball
    loss: Ball
    gradient: Parameters


def evaluate_batches(experiment: Experiment, parameters: Parameters, x: np.ndarray, y: np.ndarray) -> Batchwise:
    """Forward, loss and gradient of each batch at its own parameters, with bounds.

    Parameters
    ----------
    experiment : Experiment
    parameters : Parameters of ndarray of shape (k,)
    x, y : ndarray of shape (k, n)

    Returns
    -------
    Batchwise
    """
    slope, grad_at_zero = constants(experiment)
    balls = Parameters(*(Ball.exact(p) for p in parameters))
    samples = Ball.exact(x)
    at = forward(balls, samples, slope)
    gradient = backward(balls, samples, Ball.exact(y), at, slope, experiment.trainable, grad_at_zero)
    return Batchwise(at.y_pred, mean_squared_error(at.y_pred, Ball.exact(y)), gradient)


def take_step(
    experiment: Experiment, first_step: int, parameters: Parameters, slots: dict[str, Parameters], gradient: Parameters
) -> tuple[Parameters, dict[str, Parameters]]:
    """One optimizer step from each of k consecutive states, with bounds.

    Parameters
    ----------
    experiment : Experiment
    first_step : int
        Steps completed before the first of these states.
    parameters, slots, gradient
        Parameters of ndarray, or of Ball, of shape (k,); None for what is not trained.

    Returns
    -------
    tuple of Parameters and dict of str to Parameters, of Ball
    """
    k = len(parameters.w)
    iterations = Ball.exact(np.arange(first_step, first_step + k).astype(experiment.dtype))
    state = OptimizerState(iterations, {name: _balls(slot) for name, slot in slots.items()})
    stepped, after = experiment.optimizer.step(_balls(parameters), _balls(gradient), state)
    return stepped, dict(after.slots)


def compare_block(experiment: Experiment, record: Any) -> Iterator[Comparison]:
    """Compare a recorded block of steps with the reference, quantity by quantity.

    Parameters
    ----------
    experiment : Experiment
    record : keras_impl.Record

    Yields
    ------
    Comparison
        Several for each quantity, each of consecutive steps.
    """
    before = Parameters(*(p[:-1] for p in record.parameters))
    steps = max(1, SAMPLES_PER_CHUNK // experiment.batch_size)
    with np.errstate(all="ignore"):
        for i in range(0, len(record.x), steps):
            chunk, first_step = slice(i, i + steps), record.first_step + i
            here = Parameters(*(p[chunk] for p in before))
            ours = evaluate_batches(experiment, here, record.x[chunk], record.y[chunk])
            yield Comparison.of("y_pred", first_step, record.y_pred[chunk], ours.y_pred)
            yield Comparison.of("loss", first_step, record.loss[chunk], ours.loss)
            for name in experiment.trainable:
                keras = getattr(record.gradient, name)[chunk]
                yield Comparison.of(f"gradient.{name}", first_step, keras, getattr(ours.gradient, name))
        slots_before = {name: _map(lambda path: path[:-1], slot) for name, slot in record.slots.items()}
        stepped, slots = take_step(experiment, record.first_step, before, slots_before, record.gradient)
        for slot, after in slots.items():
            for name in experiment.trainable:
                keras = getattr(record.slots[slot], name)[1:]
                yield Comparison.of(f"{slot}.{name}", record.first_step, keras, getattr(after, name))
        for name in experiment.trainable:
            keras = getattr(record.parameters, name)[1:]
            yield Comparison.of(name, record.first_step, keras, getattr(stepped, name))


def _balls(group: Parameters) -> Parameters:
    return _map(lambda a: a if isinstance(a, Ball) else Ball.exact(a), group)


def _map(function: Callable[[Any], Any], group: Parameters) -> Parameters:
    return Parameters(*(None if a is None else function(a) for a in group))
