"""The project's own: `reference.train`, told which way to take."""

from collections.abc import Callable

from compare.bench.problem import Problem
from reference import Parameters, train

__all__ = ["build_fast", "build_readable"]


def build_readable(problem: Problem) -> Callable[[], Parameters]:
    """The specification: forward, backward and step by broadcasting."""
    return _build(problem, "neuron")


def build_fast(problem: Problem) -> Callable[[], Parameters]:
    """The fast path."""
    return _build(problem, "moments")


def _build(problem: Problem, method: str) -> Callable[[], Parameters]:
    experiment, batches = problem.experiment(), (problem.x, problem.y)
    return lambda: train(experiment, record="end", batches=batches, method=method).end
