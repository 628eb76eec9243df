"""A wide Keras layer: every unit is a neuron of the ensemble."""

from collections.abc import Callable
from functools import partial

from compare.bench.problem import Problem
from reference import Parameters

__all__ = ["build", "build_jitted"]


def build(problem: Problem, mode: str = "graph") -> Callable[[], Parameters]:
    """All steps in one TensorFlow graph; with mode "xla" compiled by XLA."""
    from keras_impl.wide_layer import WideLayer

    layer = WideLayer(problem.w.size, dtype=str(problem.x.dtype), learning_rate=problem.learning_rate, mode=mode)
    train = partial(layer.train, Parameters(w=problem.w, b=problem.b), problem.x, problem.y)
    train()  # traces, and compiles
    return train


build_jitted = partial(build, mode="xla")
