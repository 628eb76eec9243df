"""Derivatives of one whole training step, neuron and optimizer, by the state before it.

The optimizer's are exact to rounding: the reference's own code is run on complex
numbers, whose imaginary part carries the derivative (Squire and Trapp 1998, "Using
complex variables to estimate derivatives of real functions"). The neuron's are sums over
the batch in closed form, see `compare.certificates.evaluation.hessian`.
"""

from typing import NamedTuple

import numpy as np

from compare.certificates.evaluation import Evaluation
from compare.certificates.lockstep import take_step
from reference import Experiment, Parameters, Trajectory

__all__ = ["IMAGINARY", "Linearized", "linearize", "local_bounds", "states_before"]

IMAGINARY = 1e-60  # the derivative is exact for any size that neither under- nor overflows


class Linearized(NamedTuple):
    """k steps, to first order. A state is each trained parameter followed by its slots.

    Parameters
    ----------
    jacobian : ndarray of shape (k, size, size)
        Derivative of the state after a step by the state before it.
    by_gradient : ndarray of shape (k, size, trained)
        Derivative of the state after a step by the batch gradient.
    local : ndarray of shape (k, size)
        Bound of what rounding does in one step from equal states.
    """

    jacobian: np.ndarray
    by_gradient: np.ndarray
    local: np.ndarray


def linearize(experiment: Experiment, run: Trajectory, evaluation: Evaluation) -> Linearized:
    """Linearize every step of a run.

    Parameters
    ----------
    experiment : Experiment
    run : Trajectory
        With every step recorded.
    evaluation : Evaluation
        Of all batches, at this run's states.

    Returns
    -------
    Linearized
    """
    before, slots = states_before(run)
    jacobian, by_gradient = _of_optimizer(experiment, before, slots, evaluation.gradient)
    jacobian[:, :, :: 1 + len(slots)] += by_gradient @ evaluation.hessian
    return Linearized(jacobian, by_gradient, local_bounds(experiment, run, evaluation.gradient))


def local_bounds(experiment: Experiment, run: Trajectory, gradient: Parameters) -> np.ndarray:
    """Bound what rounding does in each step of a run, of the neuron and of the optimizer.

    Parameters
    ----------
    experiment : Experiment
    run : Trajectory
        With every step recorded.
    gradient : Parameters of Ball of shape (steps,)
        Of all batches, at this run's states.

    Returns
    -------
    ndarray of shape (steps, size)
    """
    stepped, after = take_step(experiment, 0, *states_before(run), gradient)
    local = [getattr(group, name).bound for name in experiment.trainable for group in (stepped, *after.values())]
    return np.stack(local, axis=1)


def states_before(run: Trajectory) -> tuple[Parameters, dict[str, Parameters]]:
    """Parameters and slots before each step of a run."""
    before = Parameters(*(p[:-1] for p in run.parameters))
    return before, {name: Parameters(*(s if s is None else s[:-1] for s in slot)) for name, slot in run.slots.items()}


def _of_optimizer(
    experiment: Experiment, before: Parameters, slots: dict[str, Parameters], gradient: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the next state by the state, at fixed gradient, and by the gradient."""
    names, trainable = ("", *slots), experiment.trainable
    k, size = len(before.w), len(names)
    direct = np.zeros((k, size * len(trainable), size * len(trainable)))
    by_gradient = np.zeros((k, size * len(trainable), len(trainable)))
    iterations = np.arange(k)
    for i, name in enumerate(trainable):
        rows = slice(i * size, (i + 1) * size)
        at = {slot: np.asarray(getattr(slots[slot], name), complex) for slot in slots}
        at |= {"": np.asarray(getattr(before, name), complex)}
        at |= {"gradient": np.asarray(getattr(gradient, name).value, complex)}
        for column in at:
            moved = at | {column: at[column] + 1j * IMAGINARY}
            new = {slot: moved[slot] for slot in slots}
            w, new = experiment.optimizer.update(moved[""], moved["gradient"], iterations, new)
            derivative = np.stack([w.imag, *(new[slot].imag for slot in slots)], axis=1) / IMAGINARY
            if column == "gradient":
                by_gradient[:, rows, i] = derivative
            else:
                direct[:, rows, i * size + names.index(column)] = derivative
    return direct, by_gradient
