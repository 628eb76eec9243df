"""Other implementations of the same training, for comparison: of the ensemble, and of one neuron.

A rival is built for a Problem, outside the timing: arrays are handed over, and what can be
compiled is. What is built trains from the starts to the ends each time it is called, and
returns when it is done. `torch_loop` and `jax_steps` are built for an Experiment of one neuron, and are given batches
each time (`compare.bench.measurements.subjects`); Keras' own way is `keras_impl.fit`.
"""

import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

from compare.bench.agreement import require_agreement
from compare.bench.plan import Goal, Size, require
from compare.bench.problem import Problem, grid
from reference import Parameters

__all__ = ["RIVALS", "Rival"]


class Rival(NamedTuple):
    """A way to train the ensemble."""

    name: str
    builder: str  # "module:function", imported from this package when it is needed
    models: int  # of a round, at most; what is slow is given less
    steps: int  # of a round, about
    needs: str = ""  # package that it runs on
    goal: Goal | None = None  # its ratio to the fast path
    on_all_cores: bool = False  # whether it can use them

    def load(self) -> Callable[[Problem], Callable[[], Parameters]]:
        """Import what builds it; raises NotInstalled if what it needs is not there."""
        if self.needs:
            require(self.needs)
        builder: Callable[[Problem], Callable[[], Parameters]] = pkgutil.resolve_name(f"{__name__}.{self.builder}")
        return builder

    def built(self, size: Size) -> tuple[Callable[[], Parameters], int, dict[str, Any]]:
        """What trains the problem it is timed with, checked and warm; models times steps of that, and details."""
        build = self.load()
        problem = grid(min(size.side**2, self.models), size.samples, size.scaled(self.steps))
        checked = require_agreement(lambda one: build(one)(), problem)
        train = build(problem)
        train()  # warms up
        models, steps = problem.w.size, len(problem.x)
        details = {"models": models, "steps": steps, "samples": size.samples, "dtype": "float64", **checked}
        return train, models * steps, details


_ALL = 2**30
AHEAD = Goal("ratio", at_least=1.0)

RIVALS: tuple[Rival, ...] = (
    Rival("this project, fast path", "numpy_rivals:build_fast", _ALL, 400, on_all_cores=True),
    Rival("this project, readable", "numpy_rivals:build_readable", 2**6, 100),
    Rival(
        "NumPy, broadcasting with out=", "numpy_rivals:build_broadcasting", _ALL, 1, goal=Goal("ratio", at_least=150.0)
    ),
    Rival("JAX jitted, sorted, lookup table", "jax_sorted:build_with_table", _ALL, 200, "jax", AHEAD, True),
    Rival("JAX jitted, sorted, searchsorted", "jax_sorted:build_with_search", _ALL, 100, "jax", AHEAD, True),
    Rival("PyTorch, sorted, searchsorted", "torch_rivals:build_sorted", _ALL, 20, "torch", on_all_cores=True),
    Rival("PyTorch, broadcasting, autograd", "torch_rivals:build_autograd", 2**16, 1, "torch"),
    Rival("numba, loops", "numba_loops:build", _ALL, 4, "numba", on_all_cores=True),
    Rival("Keras, wide layer, jitted by XLA", "keras_wide:build_jitted", 2**7, 2000, "keras", on_all_cores=True),
    Rival("Keras, wide layer", "keras_wide:build", 2**8, 200, "keras"),
)
