"""Free run: both sides on their own from start to end, with a propagated bound.

The two paths differ after t + 1 steps by

    D(t+1) = J(t) D(t) + e(t),      |e(t)| <= local bound,      D(0) = 0

to first order in the unit roundoff: D is the difference of the states (trained
parameters and their slots), J the Jacobian of one whole step, neuron and optimizer
(`compare.certificates.free_run.jacobian`), and the local bound what `compare.rounding` allows one step from
equal states. J is taken at Keras' states, where lockstep has read the batches already. It
has its sign, so where training contracts, so does the bound (`compare.certificates.free_run.zonotope`).

Each side rounds at its own states, and e is what both do, so the local bound is the larger
one of the two. They are alike to first order, but for underflow: from velocity 4 2^-149
NumPy never gets away with momentum 0.9, since 3.6 is rounded to 4, while one that
TensorFlow has flushed is 0, is exactly 0 ever after and has no error at all. Of the
gradient the bound at Keras' states is taken for both sides, but where it is exactly 0 in
Keras and not in the reference: there the batch is looked at again.

Where D moves samples across the kink the gradient jumps. The jump is bounded for all
samples within reach of D and added to e.

Terms of second order in D, and the relative error gamma_n of J itself, are not
propagated. The bound is twice the first-order one, and is called vacuous from the first
step where it is no longer smaller than the spread of the path itself or the resolution
of its values, or where D is no small change: neither smaller than what the path has moved
so far nor, relatively, than the square root of the machine epsilon, whose square rounding
hides. Nothing is compared from there on.
"""

from typing import NamedTuple

import numpy as np

from compare.certificates.comparison import Comparison
from compare.certificates.evaluation import Evaluation, chunks, evaluate
from compare.certificates.free_run.jacobian import linearize, local_bounds
from compare.certificates.free_run.zonotope import propagate
from compare.certificates.quantities import by_quantity, quantity_name
from compare.rounding import FIRST_ORDER, Ball, gamma
from reference import Experiment, Parameters, Trajectory
from reference.training import blocks, constants

__all__ = ["FreeRun", "free_run"]

Batches = tuple[np.ndarray, np.ndarray]


class FreeRun(NamedTuple):
    """Outcome of comparing two whole paths: that of each trained parameter and slot after each step.

    `vacuous_from` is the first step whose result the bound says nothing about, and from which
    ratios are 0; None if there is none.
    """

    comparisons: list[Comparison]
    vacuous_from: int | None


def free_run(
    experiment: Experiment,
    ours: Trajectory,
    observed: Trajectory,
    batches: Batches | None = None,
    evaluation: Evaluation | None = None,
) -> FreeRun:
    """Compare the reference's own path with the subject's own path, each with every step recorded.

    Batches as for `reference.train`. `evaluation` is of all of them at the subject's states, as lockstep
    leaves it.

    Examples
    --------
    >>> from reference import train
    >>> experiment = Experiment(steps=5, batch_size=8)
    >>> run = free_run(experiment, train(experiment), train(experiment))
    >>> [(c.quantity, float(c.ratio.max())) for c in run.comparisons]
    [('w', 0.0)]
    """
    path, theirs = _states(ours), _states(observed)
    with np.errstate(all="ignore"):
        if evaluation is None:
            evaluation = _evaluate(experiment, observed, batches)
        jacobian, by_gradient = linearize(experiment, observed, evaluation)
        gradient = _gradient_of(experiment, ours, evaluation, batches)
        local = np.fmax(
            local_bounds(experiment, observed, evaluation.gradient), local_bounds(experiment, ours, gradient)
        )
        jump = _Jumps(experiment, observed, evaluation, np.abs(by_gradient), batches)
        trained = slice(None, None, 1 + len(experiment.optimizer.slots))
        ceiling = np.full(path.shape[1], np.inf)
        ceiling[trained] = _usable(path[:, trained]).max(axis=0)
        bound = propagate(jacobian, FIRST_ORDER * local, jump, ceiling)
        small = np.fmin(_usable(path), _small(path))
        beyond_use = np.flatnonzero(~((bound < small) | (bound == 0))[1:, trained].all(axis=1))
        # Lockstep has its say where one side alone is not finite; from there on the paths have nothing in common.
        apart = np.flatnonzero((np.isfinite(path) != np.isfinite(theirs))[1:].any(axis=1))
        beyond_use = np.sort(np.concatenate([beyond_use, apart[:1]]))
    end = int(beyond_use[0]) if beyond_use.size else experiment.steps
    comparisons = []
    for i, quantity in enumerate(_quantities(experiment)):
        comparison = Comparison.of(quantity, 0, theirs[1:, i], Ball(path[1:, i], bound[1:, i]))
        comparison.ratio[end:] = 0.0
        comparisons.append(comparison)
    return FreeRun(comparisons, int(beyond_use[0]) if beyond_use.size else None)


def _usable(path: np.ndarray) -> np.ndarray:
    """Largest useful bounds of a path, (states, columns): the spread of each column, or the spacing of floats."""
    finite = np.where(np.isfinite(path), path, np.nan)
    spread = np.nanmax(finite, axis=0) - np.nanmin(finite, axis=0)
    usable: np.ndarray = np.fmax(spread, np.spacing(np.abs(path))).astype(np.float64)
    return usable


def _small(path: np.ndarray) -> np.ndarray:
    """Changes of a path, (states, columns), too small to change the derivatives along the path to first order."""
    moved = np.fmax.accumulate(path, axis=0) - np.fmin.accumulate(path, axis=0)
    small: np.ndarray = np.fmax(moved, np.sqrt(np.finfo(path.dtype).eps) * np.abs(path)).astype(np.float64)
    return small


def _evaluate(
    experiment: Experiment, run: Trajectory, batches: Batches | None, steps: np.ndarray | None = None
) -> Evaluation:
    """Evaluate batches at the states of a run: all of them, or those of some steps, given as a mask."""
    parts, first_step = [], 0
    for x, y in blocks(experiment, batches):
        rows = np.arange(len(x)) if steps is None else np.flatnonzero(steps[first_step : first_step + len(x)])
        for here in chunks(len(rows), experiment.batch_size):
            part = rows[here]
            states = Parameters(*(p[first_step + part] for p in run.parameters))
            parts.append(evaluate(experiment, first_step + int(part[0]), states, x[part], y[part])[0])
        first_step += len(x)
    return Evaluation.join(parts)


def _gradient_of(
    experiment: Experiment, ours: Trajectory, evaluation: Evaluation, batches: Batches | None
) -> Parameters:
    """The gradient that the reference recorded, with bounds."""
    recorded = by_quantity({"": ours.gradient})
    radii = {name: np.array(getattr(evaluation.gradient, name).bound) for name in recorded}
    zero_in_observed = np.logical_or.reduce([(radii[name] == 0) & (g != 0) for name, g in recorded.items()])
    if zero_in_observed.any():
        again = _evaluate(experiment, ours, batches, zero_in_observed)
        for name, radius in radii.items():
            radius[zero_in_observed] = np.fmax(radius[zero_in_observed], getattr(again.gradient, name).bound)
    balls = {name: Ball(g, radii[name]) for name, g in recorded.items()}
    return Parameters(*(balls.get(name) for name in Parameters._fields))


def _quantities(experiment: Experiment) -> tuple[str, ...]:
    slots = experiment.optimizer.slots
    return tuple(quantity_name(group, name) for name in experiment.trainable for group in ("", *slots))


def _states(run: Trajectory) -> np.ndarray:
    """States as rows: each trained parameter followed by its slots."""
    paths = by_quantity({"": run.parameters, **run.slots})
    return np.stack([paths[quantity] for quantity in _quantities(run.experiment)], axis=1)


class _Jumps:
    """What samples within reach of the kink add to a step, for `propagate`.

    With |D| <= r in each parameter, Delta the difference of the slopes on either side and
    sigma the larger one, such a sample has z off by at most dz = |x| r_w + r_b, and against
    the linear prediction phi(z) is off by Delta dz and y_pred by dp = (|v| + r_v) Delta dz,
    while e changes by at most de = (|v| + r_v) sigma dz + |phi| r_v + r_d. So the terms of
    the gradient, times n / 2, are off by at most

        d    dp
        v    (|phi| + sigma dz) dp + (|e| + de) Delta dz
        b    (|v| + r_v) ((|e| + de) Delta + sigma dp)
        w    |x| times that
    """

    def __init__(
        self,
        experiment: Experiment,
        run: Trajectory,
        evaluation: Evaluation,
        by_gradient: np.ndarray,
        batches: Batches | None,
    ) -> None:
        self.experiment, self.run, self.evaluation, self.by_gradient = experiment, run, evaluation, by_gradient
        quantities = _quantities(experiment)
        self.columns = [quantities.index(name) if name in quantities else None for name in Parameters._fields]
        slope, grad_at_zero = constants(experiment)
        self.slopes = [1.0, *([] if grad_at_zero is None else [float(grad_at_zero)]), float(slope)]
        self.stream = blocks(experiment, None) if batches is None else iter([batches])  # training has checked them
        self.steps_read = 0
        self.blocks_read: list[tuple[int, np.ndarray, np.ndarray]] = []
        info = np.finfo(experiment.dtype)
        self.eps, self.tiny = float(info.eps), float(info.tiny)
        self.w, self.b = (np.abs(p[:-1], dtype=np.float64) for p in (run.parameters.w, run.parameters.b))
        # The rounding of z, at least.
        self.rounding = gamma(16, self.eps) * self.b + self.tiny * (3 + self.w) * (1 + evaluation.widest)

    def __call__(self, here: slice, reach: np.ndarray) -> np.ndarray:
        zero = np.zeros(len(reach))
        reaches = Parameters(*(zero if column is None else reach[:, column] for column in self.columns))
        # Twice the reach and the rounding of z; without bias x drops out of |w x| <= r |x|.
        moving = 2 * (reaches.w * self.evaluation.widest[here] + reaches.b)
        with_bias = self.evaluation.nearest[here] <= moving + self.rounding[here]
        without_bias = (self.b[here] == 0) & (reaches.b == 0)
        near = np.flatnonzero(np.where(without_bias, self.w[here] <= 2 * reaches.w, with_bias))
        added = np.zeros_like(reach)
        for part in chunks(len(near), self.experiment.batch_size):
            rows = near[part]
            jump = self._of_batches(here.start + rows, Parameters(*(r[rows] for r in reaches)))
            added[rows] = FIRST_ORDER * (self.by_gradient[here.start + rows] @ jump[:, :, None])[:, :, 0]
        return added

    def _of_batches(self, steps: np.ndarray, reach: Parameters) -> np.ndarray:
        """Bound how far gradients move as samples change sides of the kink, of shape (steps, trained)."""
        x, y = self._batches(steps)
        at = Parameters(*(p[steps] for p in self.run.parameters))
        z = at.w[:, None] * x + at.b[:, None]
        size, w, b = np.abs(z), *(np.abs(p, dtype=np.float64)[:, None] for p in (at.w, at.b))
        rounding = gamma(4, self.eps) * (size + 2 * b) + self.tiny * (3 + w)
        moving = np.abs(x) * reach.w[:, None] + reach.b[:, None]
        row, sample = np.nonzero((size <= moving + rounding) & ((size > 0) | (moving > 0)))
        x, y, z = (a[row, sample].astype(np.float64) for a in (x, y, z))
        at, reach = (Parameters(*(p[row].astype(np.float64) for p in group)) for group in (at, reach))
        activation = np.where(z > 0, z, self.slopes[-1] * z)
        delta, sigma = max(self.slopes) - min(self.slopes), max(abs(s) for s in self.slopes)
        v, dz, phi = np.abs(at.v) + reach.v, np.abs(x) * reach.w + reach.b, np.abs(activation)
        dp = v * delta * dz
        e = np.abs(at.v * activation + at.d - y) + v * sigma * dz + phi * reach.v + reach.d
        inward = v * (e * delta + sigma * dp)
        terms = {"w": np.abs(x) * inward, "b": inward, "v": (phi + sigma * dz) * dp + e * delta * dz, "d": dp}
        sums = [np.bincount(row, terms[name], minlength=len(steps)) for name in self.experiment.trainable]
        return np.stack(sums, axis=1) * (2 / self.experiment.batch_size)

    def _batches(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Batches of some steps in ascending order; of earlier blocks only the last one read is kept."""
        while steps[-1] >= self.steps_read:
            x, y = next(self.stream)
            self.blocks_read = [*self.blocks_read[-1:], (self.steps_read, x, y)]
            self.steps_read += len(x)
        found = []
        for first, x, y in self.blocks_read:
            mine = steps[(steps >= first) & (steps < first + len(x))] - first
            found.append((x[mine], y[mine]))
        x, y = (np.concatenate(column) for column in zip(*found, strict=True))
        return x, y
