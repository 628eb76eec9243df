"""Forward and backward of many batches, each at its own parameters, with bounds.

The values are the reference's own. Their radii come from `compare.rounding.batch`, in
closed form, and where those do not hold (a sample on the kink, an overflow) from running
the reference on Balls.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.rounding import Ball
from compare.rounding.batch import Sides, batch_bounds, sides
from reference import Experiment, Forward, Parameters, backward, forward, mean_squared_error
from reference.training import constants

__all__ = ["Evaluation", "KinkFork", "Predictions", "chunks", "evaluate", "evaluate_batches", "hessian"]

SAMPLES_PER_CHUNK = 2**17  # few enough to stay in the cache, enough for what each chunk costs


class KinkFork(NamedTuple):
    """A sample that rounding may put on either side of the kink: its gradient is one of two, and the bound allows both.

    `z` is its pre-activation as the reference computes it, and at most its own `bound` from 0.
    """

    step: int
    sample: int
    z: float
    bound: float

    def __str__(self) -> str:
        return f"FORK: step {self.step}, sample {self.sample}: z = {self.z!r} within {self.bound:.3g} of the kink"


class Batchwise(NamedTuple):
    """Forward and backward of batches as Balls, the steps along the first axis."""

    z: Ball
    y_pred: Ball
    loss: Ball
    gradient: Parameters


class Predictions(NamedTuple):
    """y_pred of k batches of n samples, and the coefficients of its bound as in `compare.rounding.batch`."""

    y_pred: np.ndarray
    coefficients: tuple[np.ndarray, np.ndarray, np.ndarray]

    def ball(self, rows: np.ndarray, samples: Any, x: np.ndarray) -> Ball:
        """Some of the predictions with their radii, by index into batches and samples."""
        value = self.y_pred[rows, samples]
        times_y_pred, plus, times_x = (c[rows].reshape(-1, *[1] * (value.ndim - 1)) for c in self.coefficients)
        return Ball.computed(value, times_y_pred * np.abs(value) + plus + times_x * np.abs(x[rows, samples]))


class Evaluation(NamedTuple):
    """Loss, gradient and its derivatives for k batches, each at its own parameters."""

    loss: Ball
    gradient: Parameters  # of Ball; None for what is not trained
    hessian: np.ndarray  # derivatives of the gradient by the trained parameters, of shape (k, trained, trained)
    nearest: np.ndarray  # smallest |z| of each batch
    widest: np.ndarray  # at least the largest |x| of each batch
    forks: tuple[KinkFork, ...]

    @classmethod
    def join(cls, parts: "list[Evaluation]") -> "Evaluation":
        """Put consecutive steps together."""
        losses, gradients, hessians, nearest, widest, forks = zip(*parts, strict=True)
        loss: Any = np.concatenate(losses)
        gradient = (None if balls[0] is None else np.concatenate(balls) for balls in zip(*gradients, strict=True))
        return cls(
            loss,
            Parameters(*gradient),
            np.concatenate(hessians),
            np.concatenate(nearest),
            np.concatenate(widest),
            tuple(fork for some in forks for fork in some),
        )


def chunks(steps: int, batch_size: int) -> Iterator[slice]:
    """Cut a block of batches into chunks that fit the cache."""
    size = max(1, SAMPLES_PER_CHUNK // batch_size)
    for i in range(0, steps, size):
        yield slice(i, min(i + size, steps))


def evaluate(
    experiment: Experiment, first_step: int, parameters: Parameters, x: np.ndarray, y: np.ndarray
) -> tuple[Evaluation, Predictions]:
    """Forward, loss and gradient of batches of shape (k, n), each at its own parameters of shape (k,), with bounds.

    `first_step` is the step that the first batch belongs to.
    """
    slope, grad_at_zero = constants(experiment)
    trainable = experiment.trainable
    at = forward(parameters, x, slope)
    gradient = backward(parameters, x, y, at, slope, trainable, grad_at_zero)
    loss = mean_squared_error(at.y_pred, y)
    side = sides(x, y, at, slope)
    bounds = batch_bounds(parameters, x, at, side, slope, trainable)
    finite = np.logical_and.reduce([np.isfinite(p) for p in parameters])
    radii = {"loss": bounds.loss, **{name: getattr(bounds.gradient, name) for name in trainable}}
    radii = {name: np.where(bounds.regular, radius, np.inf) for name, radius in radii.items()}
    forks: list[KinkFork] = []
    rows = np.flatnonzero(finite & ~bounds.regular)
    if rows.size:
        careful = evaluate_batches(experiment, Parameters(*(p[rows] for p in parameters)), x[rows], y[rows])
        radii["loss"][rows] = careful.loss.radius
        for name in trainable:
            radii[name][rows] = getattr(careful.gradient, name).radius
        forks = _forks(first_step, rows, careful.z)
    balls = {name: Ball.computed(getattr(gradient, name), radii[name]) for name in trainable}
    evaluation = Evaluation(
        Ball.computed(loss, radii["loss"]),
        Parameters(*(balls.get(name) for name in Parameters._fields)),
        hessian(parameters, at, side, trainable),
        side.nearest,
        np.full(len(x), side.widest),
        tuple(forks),
    )
    return evaluation, Predictions(at.y_pred, bounds.y_pred)


def evaluate_batches(experiment: Experiment, parameters: Parameters, x: np.ndarray, y: np.ndarray) -> Batchwise:
    """Run the reference on Balls: `evaluate` without its shortcuts."""
    slope, grad_at_zero = constants(experiment)
    balls = Parameters(*(Ball.exact(p) for p in parameters))
    samples = Ball.exact(x)
    at = forward(balls, samples, slope)
    gradient = backward(balls, samples, Ball.exact(y), at, slope, experiment.trainable, grad_at_zero)
    return Batchwise(at.z, at.y_pred, mean_squared_error(at.y_pred, Ball.exact(y)), gradient)


def hessian(parameters: Parameters, at: Forward, side: Sides, trainable: tuple[str, ...]) -> np.ndarray:
    """Second derivatives of the batch loss by the trained parameters, away from the kink.

    phi is linear on either side of it, so with phi' the derivative and a = phi(z)::

        d2L/dp dq = (2/n) sum f_p f_q + e f_pq
        f_w = v phi' x    f_b = v phi'    f_v = a    f_d = 1    f_wv = phi' x    f_bv = phi'

    Returns an array of float64, of shape (k, trained, trained).
    """
    n = side.residual.shape[1]
    v = parameters.v.astype(np.float64)
    # Each factor is a power of v times an array of samples; for d there is none.
    factors = {"w": (v, side.inward), "b": (v, side.derivative), "v": (1.0, at.activation), "d": (1.0, None)}
    result = np.empty((len(v), len(trainable), len(trainable)))
    for i, p in enumerate(trainable):
        for j, q in enumerate(trainable[: i + 1]):
            (power_p, f_p), (power_q, f_q) = factors[p], factors[q]
            both = _sum(f_p, f_q, n) * power_p * power_q
            if p == "v" and q in ("w", "b"):
                both = both + _sum(f_q, side.residual, n)
            result[:, i, j] = result[:, j, i] = 2 * both / n
    return result


def _sum(f: np.ndarray | None, g: np.ndarray | None, n: int) -> Any:
    """Sum over the samples of a product, either factor being 1 where it is None."""
    if f is None or g is None:
        one = f if g is None else g
        return float(n) if one is None else one.sum(axis=1).astype(np.float64)
    return np.vecdot(f, g).astype(np.float64)


def _forks(first_step: int, rows: np.ndarray, z: Ball) -> list[KinkFork]:
    bound = np.broadcast_to(z.bound, z.shape)
    where = np.argwhere((np.abs(z.value) <= bound) & (bound > 0) & np.isfinite(bound))
    return [
        KinkFork(first_step + int(rows[i]), int(j), float(z.value[i, j]), float(bound[i, j])) for i, j in where.tolist()
    ]
