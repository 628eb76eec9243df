"""Loops over models and samples, compiled by numba, which may add up in any order."""

from collections.abc import Callable
from typing import Any

from compare.bench.problem import Problem
from compare.system.processes import cores
from reference import Parameters

__all__ = ["build"]


def build(problem: Problem) -> Callable[[], Parameters]:
    """Compile for the problem's dtype and return what trains it, models side by side if there are several cores."""
    import numba

    def loops(w: Any, b: Any, batches_x: Any, batches_y: Any, scale: Any) -> None:
        for step in range(batches_x.shape[0]):
            x, y = batches_x[step], batches_y[step]
            for model in numba.prange(w.size):
                weight, bias = w[model], b[model]
                by_w, by_b = weight * 0, bias * 0  # of their dtype
                for i in range(x.size):
                    z = weight * x[i] + bias
                    e = z - y[i] if z > 0 else z * 0
                    by_b += e
                    by_w += e * x[i]
                w[model] = weight - scale * by_w
                b[model] = bias - scale * by_b

    # Without `fastmath` the sums would be in order, and six times slower.
    compiled = numba.njit(fastmath=True, parallel=cores() > 1)(loops)
    scale = problem.x.dtype.type(problem.learning_rate * 2 / problem.x.shape[1])

    def train() -> Parameters:
        w, b = problem.w.copy(), problem.b.copy()
        compiled(w, b, problem.x, problem.y, scale)
        return Parameters(w=w, b=b)

    train()  # compiles
    return train
