"""NumPy: the project's own `reference.train`, and what one writes otherwise."""

from collections.abc import Callable
from functools import partial

import numpy as np

from compare.bench.problem import Problem
from reference import Parameters, train

__all__ = ["build_broadcasting", "build_fast", "build_readable"]

MODELS_AT_ONCE = 64  # the fastest: what 64 x 1000 samples need stays in the cache


def _build_reference(problem: Problem, method: str) -> Callable[[], Parameters]:
    experiment, batches = problem.experiment(), (problem.x, problem.y)
    return lambda: train(experiment, record="end", batches=batches, method=method).end


build_fast = partial(_build_reference, method="moments")  # on as many cores as it takes by itself
build_readable = partial(_build_reference, method="neuron")  # forward, backward and step by broadcasting


def build_broadcasting(problem: Problem) -> Callable[[], Parameters]:
    """The neuron's operations on models x samples with ``out=``, into buffers that are used again."""
    models, n = problem.w.size, problem.x.shape[1]
    rows = min(MODELS_AT_ONCE, models)
    z_buffer, on_buffer = np.empty((rows, n), problem.x.dtype), np.empty((rows, n), bool)
    scale = problem.x.dtype.type(problem.learning_rate * 2 / n)

    def run() -> Parameters:
        w_all, b_all = problem.w.copy(), problem.b.copy()
        for x, y in zip(problem.x, problem.y, strict=True):
            for first in range(0, models, rows):
                w, b = w_all[first : first + rows], b_all[first : first + rows]
                z, on = z_buffer[: w.size], on_buffer[: w.size]
                np.multiply(w[:, None], x, out=z)
                np.add(z, b[:, None], out=z)
                np.greater(z, 0, out=on)
                np.maximum(z, 0, out=z)
                np.subtract(z, y, out=z)
                np.multiply(z, on, out=z)
                b -= scale * z.sum(axis=1)
                np.multiply(z, x, out=z)
                w -= scale * z.sum(axis=1)
        return Parameters(w=w_all, b=b_all)

    return run
