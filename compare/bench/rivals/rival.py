"""The rivals by name, with what they need and how much of the work each is given in a round."""

import importlib
from collections.abc import Callable
from typing import NamedTuple

from compare.bench.plan import NotInstalled
from compare.bench.problem import Problem
from compare.system.command_line import KerasMissing, start_keras
from reference import Parameters

__all__ = ["RIVALS", "Rival"]

Builder = Callable[[Problem], Callable[[], Parameters]]


class Rival(NamedTuple):
    """A way to train the ensemble.

    Parameters
    ----------
    name : str
    module, builder : str
        Where its function is that builds it; the module is imported when it is needed.
    models, steps : int
        Of a round: at most so many models, about so many steps. What is slow is given less.
    needs : str
        Package that it runs on; "keras" is started without what it prints.
    """

    name: str
    module: str
    builder: str
    models: int
    steps: int
    needs: str = ""

    def load(self) -> Builder:
        """Import it; raises NotInstalled if what it needs is not there."""
        if self.needs == "keras":
            try:
                start_keras()
            except KerasMissing:
                raise NotInstalled("keras") from None
        elif self.needs:
            try:
                importlib.import_module(self.needs)
            except ImportError:
                raise NotInstalled(self.needs) from None
        builder: Builder = getattr(importlib.import_module(self.module), self.builder)
        return builder


_HERE = "compare.bench.rivals"
_ALL = 2**30

FAST = Rival("this project, fast path", f"{_HERE}.fast", "build_fast", _ALL, 100)

RIVALS: tuple[Rival, ...] = (
    FAST,
    Rival("this project, readable", f"{_HERE}.fast", "build_readable", 2**6, 100),
    Rival("NumPy, broadcasting with out=", f"{_HERE}.naive", "build", _ALL, 1),
    Rival("JAX jitted, sorted, lookup table", f"{_HERE}.jax_sorted", "build_with_table", _ALL, 50, "jax"),
    Rival("JAX jitted, sorted, searchsorted", f"{_HERE}.jax_sorted", "build_with_search", _ALL, 50, "jax"),
    Rival("PyTorch, sorted, searchsorted", f"{_HERE}.torch_rivals", "build_sorted", _ALL, 20, "torch"),
    Rival("PyTorch, broadcasting, autograd", f"{_HERE}.torch_rivals", "build_autograd", 2**16, 1, "torch"),
    Rival("numba, loops", f"{_HERE}.numba_loops", "build", _ALL, 4, "numba"),
    Rival("Keras, wide layer, jitted by XLA", f"{_HERE}.keras_wide", "build_jitted", 2**7, 2000, "keras"),
    Rival("Keras, wide layer", f"{_HERE}.keras_wide", "build", 2**8, 200, "keras"),
)
