"""Free run: both sides on their own from start to end, with a propagated bound.

The two paths differ after t + 1 steps by

    D(t+1) = J(t) D(t) + e(t),      |e(t)| <= local bound,      D(0) = 0

to first order in the unit roundoff: D is the difference of the states (trained
parameters and their slots), J the Jacobian of one whole step, neuron and optimizer, and
the local bound what `compare.rounding` allows one step from equal states. J has its
sign, so where training contracts, so does the bound. The reachable set of D is kept as
a zonotope, the sum of segments G z with |z| <= 1 (Kuehn 1998, "Rigorously computed
orbits of dynamical systems without the wrapping effect"), whose generators are
multiplied by J at each step; r(t) = sum |G| bounds each component.

J is exact to rounding: the reference's own code is run on complex numbers, whose
imaginary part carries the derivative (Squire and Trapp 1998, "Using complex variables to
estimate derivatives of real functions").

Where D moves samples across the kink the gradient jumps. The jump is bounded for all
samples within reach of an assumed r and added to e; the assumption is checked, and
widened, until what comes out stays within it.

Terms of second order in D are not propagated. The bound is twice the first-order one,
and is called vacuous from the first step where it is no longer smaller than the spread
of the path itself, or where the assumption on kinks does not hold; nothing is compared
from there on.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.lockstep import SAMPLES_PER_CHUNK, Comparison, evaluate_batches, take_step
from compare.rounding import FIRST_ORDER, Ball, gamma
from reference import Experiment, Parameters, Trajectory, backward, forward
from reference.training import blocks, constants

__all__ = ["FreeRun", "free_run"]

IMAGINARY = 1e-60  # the derivative is exact for any size that neither under- nor overflows
GENERATORS = 2048  # more are enclosed in a box along their principal axes
WIDENINGS = 5  # each doubles the assumed reach


class FreeRun(NamedTuple):
    """Outcome of comparing two whole paths.

    Parameters
    ----------
    comparisons : list of Comparison
        For each trained parameter and slot, its path after each step; ratios are 0 from
        `vacuous_from` on.
    vacuous_from : int or None
        First step whose result the bound says nothing about; None if there is none.
    """

    comparisons: list[Comparison]
    vacuous_from: int | None


def free_run(
    experiment: Experiment,
    ours: Trajectory,
    keras: Trajectory,
    batches: tuple[np.ndarray, np.ndarray] | None = None,
) -> FreeRun:
    """Compare the reference's own path with Keras' own path.

    Parameters
    ----------
    experiment : Experiment
    ours, keras : Trajectory
        With every step recorded.
    batches : tuple of x and y, optional
        As for `reference.train`.

    Returns
    -------
    FreeRun
    """
    path = _states(ours)
    with np.errstate(all="ignore"):
        bound, holds = _bound(experiment, ours, batches)
        spread = np.nanmax(path, axis=0) - np.nanmin(path, axis=0)
        trained = slice(None, None, 1 + len(experiment.optimizer.slots))
        useful = (holds & (bound < spread)[:, trained].all(axis=1))[1:]
    end = len(useful) if useful.all() else int(np.argmin(useful))
    comparisons = []
    for i, (quantity, theirs) in enumerate(zip(_quantities(experiment), _states(keras).T, strict=True)):
        comparison = Comparison.of(quantity, 0, theirs[1:], Ball(path[1:, i], bound[1:, i]))
        comparison.ratio[end:] = 0.0
        comparisons.append(comparison)
    return FreeRun(comparisons, None if end == len(useful) else end)


def _bound(
    experiment: Experiment, ours: Trajectory, batches: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Bound of every state, and for which states the assumption on the kinks holds."""
    steps = [_linearize(experiment, ours, *chunk) for chunk in _chunks(experiment, batches)]
    jacobian, by_gradient, local = (np.concatenate(parts) for parts in zip(*steps, strict=True))
    bound = assumed = FIRST_ORDER * _propagate(jacobian, local)
    for _ in range(WIDENINGS):
        assumed = 2 * np.maximum(assumed, bound)
        jumps = [_jumps(experiment, ours, assumed, *chunk) for chunk in _chunks(experiment, batches)]
        kinks = np.einsum("tij,tj->ti", np.abs(by_gradient), np.concatenate(jumps))
        bound = FIRST_ORDER * _propagate(jacobian, local + kinks)
        if not (bound > assumed).any():
            break
    return bound, np.all(bound <= assumed, axis=1)


def _quantities(experiment: Experiment) -> tuple[str, ...]:
    slots = experiment.optimizer.slots
    return tuple(q for name in experiment.trainable for q in (name, *(f"{slot}.{name}" for slot in slots)))


def _states(run: Trajectory) -> np.ndarray:
    """States as rows: each trained parameter followed by its slots."""
    columns = [
        getattr(group, name)
        for name in run.experiment.trainable
        for group in (run.parameters, *(run.slots[slot] for slot in run.experiment.optimizer.slots))
    ]
    return np.stack(columns, axis=1)


def _chunks(
    experiment: Experiment, batches: tuple[np.ndarray, np.ndarray] | None
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    steps = max(1, SAMPLES_PER_CHUNK // experiment.batch_size)
    first_step = 0
    for x, y in blocks(experiment, batches):
        for i in range(0, len(x), steps):
            yield first_step + i, x[i : i + steps], y[i : i + steps]
        first_step += len(x)


def _linearize(
    experiment: Experiment, ours: Trajectory, first_step: int, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Jacobian of each step, its derivative by the gradient, and its local bound."""
    here = slice(first_step, first_step + len(x))
    parameters = Parameters(*(p[here] for p in ours.parameters))
    slots = {name: Parameters(*(s if s is None else s[here] for s in slot)) for name, slot in ours.slots.items()}
    gradient = evaluate_batches(experiment, parameters, x, y).gradient
    stepped, after = take_step(experiment, first_step, parameters, slots, gradient)
    local = [getattr(group, name).bound for name in experiment.trainable for group in (stepped, *after.values())]
    direct, by_gradient = _optimizer_jacobian(experiment, first_step, parameters, slots, gradient)
    hessian = _hessian(experiment, parameters, x, y)
    trained = slice(None, None, 1 + len(slots))
    direct[:, :, trained] += by_gradient @ hessian
    return direct, by_gradient, np.stack(local, axis=1)


def _hessian(experiment: Experiment, parameters: Parameters, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Derivatives of the batch gradient by the trained parameters, shape (k, trained, trained)."""
    slope, grad_at_zero = constants(experiment)
    columns = []
    for name in experiment.trainable:
        moved = Parameters(*(np.asarray(p, complex) for p in parameters))
        moved = moved._replace(**{name: getattr(moved, name) + 1j * IMAGINARY})
        at = forward(moved, x.astype(complex), slope)
        gradient = backward(moved, x.astype(complex), y, at, slope, experiment.trainable, grad_at_zero)
        columns.append([getattr(gradient, row).imag / IMAGINARY for row in experiment.trainable])
    return np.moveaxis(np.array(columns), (0, 1, 2), (2, 1, 0))


def _optimizer_jacobian(
    experiment: Experiment, first_step: int, parameters: Parameters, slots: dict[str, Parameters], gradient: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the next state by the state and by the gradient."""
    names, trainable = ("", *slots), experiment.trainable
    k, size = len(parameters.w), len(names)
    direct = np.zeros((k, size * len(trainable), size * len(trainable)))
    by_gradient = np.zeros((k, size * len(trainable), len(trainable)))
    iterations = np.arange(first_step, first_step + k)
    for i, name in enumerate(trainable):
        rows = slice(i * size, (i + 1) * size)
        at = {slot: np.asarray(getattr(slots[slot], name), complex) for slot in slots}
        at |= {"": np.asarray(getattr(parameters, name), complex)}
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


def _propagate(jacobian: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Bound of each component after each step, first order; infinite once it overflows."""
    steps, size = local.shape
    radius = np.full((steps + 1, size), np.inf)
    radius[0] = 0.0
    generators = np.zeros((size, GENERATORS + size))
    used = 0
    for t in range(steps):
        generators[:, :used] = jacobian[t] @ generators[:, :used]
        generators[:, used : used + size] = np.diag(local[t])
        used += size
        radius[t + 1] = np.abs(generators[:, :used]).sum(axis=1)
        if not np.isfinite(radius[t + 1]).all():
            radius[t + 1 :] = np.inf
            break
        if used > GENERATORS:
            axes = np.linalg.svd(generators[:, :used], full_matrices=False)[0]
            generators[:, :size] = axes * np.abs(axes.T @ generators[:, :used]).sum(axis=1)
            used = size
    return radius


def _jumps(
    experiment: Experiment, ours: Trajectory, assumed: np.ndarray, first_step: int, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Most that samples within reach of the kink can change each batch gradient."""
    here = slice(first_step, first_step + len(x))
    trainable = experiment.trainable
    reach = dict(zip(_quantities(experiment), assumed[here].T, strict=True))
    parameters = Parameters(*(np.asarray(p[here], np.float64) for p in ours.parameters))
    slope, grad_at_zero = constants(experiment)
    sides = [1.0, float(slope), float(slope if grad_at_zero is None else grad_at_zero)]
    x, y = x.astype(np.float64), y.astype(np.float64)
    at = forward(parameters, x, float(slope))
    zero = np.zeros(len(x))
    rounding = gamma(4, float(np.finfo(experiment.dtype).eps)) * (np.abs(at.z) + 2 * np.abs(parameters.b)[:, None])
    near = np.abs(x) * reach.get("w", zero)[:, None] + reach.get("b", zero)[:, None] + rounding
    jump = np.where(np.abs(at.z) <= near, np.abs((at.y_pred - y) * parameters.v[:, None]), 0.0)
    jump *= 2 * (max(sides) - min(sides)) / x.shape[1]
    sums = {"w": (jump * np.abs(x)).sum(axis=1), "b": jump.sum(axis=1)}
    return np.stack([sums.get(name, zero) for name in trainable], axis=1)
