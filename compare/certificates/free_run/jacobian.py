"""Derivatives of one whole training step, neuron and optimizer, by the state before it.

The optimizer's are exact to rounding: the reference's own code is run on complex
numbers, whose imaginary part carries the derivative (Squire and Trapp 1998, "Using
complex variables to estimate derivatives of real functions"). The neuron's are sums over
the batch in closed form, see `compare.certificates.evaluation.hessian`.
"""

import numpy as np

from compare.certificates.evaluation import Evaluation
from compare.certificates.lockstep import take_step
from compare.certificates.quantities import states_before
from reference import Experiment, Parameters, Trajectory

__all__ = ["IMAGINARY", "linearize", "local_bounds"]

IMAGINARY = 1e-60  # the derivative is exact for any size that neither under- nor overflows


def linearize(experiment: Experiment, run: Trajectory, evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the state after each of k steps by the state before it, and by the batch gradient.

    A state is each trained parameter followed by its slots, so the shapes are (k, size, size) and
    (k, size, trained). `evaluation` is of all batches at the run's states.
    """
    before, slots = states_before(run)
    jacobian, by_gradient = _of_optimizer(experiment, before, slots, evaluation.gradient)
    jacobian[:, :, :: 1 + len(slots)] += by_gradient @ evaluation.hessian
    return jacobian, by_gradient


def local_bounds(experiment: Experiment, run: Trajectory, gradient: Parameters) -> np.ndarray:
    """Bound what rounding does in each step of a run from equal states, of the neuron and of the optimizer.

    Takes the gradient of all batches at the run's states as Balls of shape (steps,), and
    returns an array of shape (steps, size).
    """
    stepped, after = take_step(experiment, 0, *states_before(run), gradient)
    local = [getattr(group, name).bound for name in experiment.trainable for group in (stepped, *after.values())]
    return np.stack(local, axis=1)


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
