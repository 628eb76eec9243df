"""A wide Keras layer: every unit is a neuron of the ensemble."""

from collections.abc import Callable

from compare.bench.problem import Problem
from reference import Parameters

__all__ = ["build", "build_jitted"]


def build(problem: Problem) -> Callable[[], Parameters]:
    """All steps in one TensorFlow graph."""
    return _build(problem, "graph")


def build_jitted(problem: Problem) -> Callable[[], Parameters]:
    """The same compiled by XLA."""
    return _build(problem, "xla")


def _build(problem: Problem, mode: str) -> Callable[[], Parameters]:
    from keras_impl.wide import WideLayer

    layer = WideLayer(problem.w.size, dtype=str(problem.x.dtype), learning_rate=problem.learning_rate, mode=mode)

    def train() -> Parameters:
        return layer.train(Parameters(w=problem.w, b=problem.b), problem.x, problem.y)

    train()  # traces, and compiles
    return train
