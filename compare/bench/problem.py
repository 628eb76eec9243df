"""The ensemble that everybody trains: one ReLU each, weight and bias, plain SGD, on the same batches."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from reference import SGD, Experiment, Parameters, Target, draw_batches

__all__ = ["LEARNING_RATE", "Problem", "exact_ends", "few_bits", "grid"]

LEARNING_RATE = 2.0**-6  # every library holds it exactly, in either dtype
REACH = 3.0  # starts from -REACH to REACH


class Problem(NamedTuple):
    """Starts, and the batches they are trained on."""

    x: np.ndarray  # of shape (steps, n)
    y: np.ndarray  # the ReLU of x
    w: np.ndarray  # of shape (models,)
    b: np.ndarray
    learning_rate: float

    def first_step(self) -> "Problem":
        """The problem with its first batch only."""
        return self._replace(x=self.x[:1], y=self.y[:1])

    def experiment(self) -> Experiment:
        """The problem as an Experiment."""
        steps, n = self.x.shape
        return Experiment(
            initial=Parameters(w=self.w, b=self.b),
            trainable=("w", "b"),
            optimizer=SGD(learning_rate=self.learning_rate),
            batch_size=n,
            steps=steps,
            dtype=str(self.x.dtype),
        )


def grid(models: int, samples: int, steps: int, dtype: str = "float64") -> Problem:
    """About `models` starts on a grid over (w, b), and batches drawn as an Experiment's are.

    Examples
    --------
    >>> problem = grid(models=10, samples=8, steps=3)
    >>> problem.w.shape, problem.x.shape, bool((problem.y == np.maximum(problem.x, 0)).all())
    ((9,), (3, 8), True)
    """
    axis = np.linspace(-REACH, REACH, max(2, int(models**0.5)))
    w, b = (a.ravel().astype(dtype) for a in np.meshgrid(axis, axis, indexing="ij"))
    x, y = draw_batches(Experiment(batch_size=samples, steps=steps, dtype=dtype))
    return Problem(x, y, w, b, LEARNING_RATE)


def few_bits(dtype: str = "float64") -> Problem:
    """Starts and batches of so few bits that no order of operations has to round anything.

    All are multiples of 1/4 and at most 3 in size, batches have 16 samples. A first step
    then gives multiples of 2^-11 below 2^6, a second one sums multiples of 2^-15 below
    2^13 to multiples of 2^-20: 28 bits, of the 53 that float64 has; float32, which has 24,
    takes one step. Sums over the samples of 1, x, x^2, x y and y need fewer. Many samples
    sit exactly on a kink, several are equal, some models are dead, some have w = 0; and a
    kink -b/w that is no sample is at least 2^-17 from any, so that rounding the quotient
    does not carry it across.
    """
    axis = np.arange(-12, 13) / 4
    w, b = (a.ravel().astype(dtype) for a in np.meshgrid(axis, axis[::2], indexing="ij"))
    x = np.array(
        [
            [-2.0, -1.0, 0.0, 0.5, 0.5, 1.0, 1.5, 2.0, -0.25, -0.5, -1.5, 0.25, 0.75, 1.25, -0.75, 0.0],
            [1.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 0.25, -0.25, 0.0, 1.75, -1.75, 1.5, -1.5, 0.75, -0.75],
        ],
        dtype,
    )
    x = x if dtype == "float64" else x[:1]
    return Problem(x, Target().labels(x), w, b, 0.25)


def exact_ends(problem: Problem) -> Parameters:
    """Where the problem ends in rational arithmetic, rounded to float64 at the end, which `few_bits` doesn't need.

    With e_i = w x_i + b - y_i for the samples with w x_i + b > 0::

        w <- w - rate (2/n) sum e_i x_i        b <- b - rate (2/n) sum e_i
    """
    exact = np.vectorize(Fraction, otypes=[object])
    batches_x, batches_y, w, b = map(exact, (problem.x, problem.y, problem.w, problem.b))
    for x, y in zip(batches_x, batches_y, strict=True):
        z = np.multiply.outer(w, x) + b[:, None]
        residual = np.where(z > 0, z - y, 0)
        scale = Fraction(problem.learning_rate) * 2 / len(x)
        w, b = w - scale * (residual * x).sum(axis=1), b - scale * residual.sum(axis=1)
    return Parameters(w=w.astype(float), b=b.astype(float))
