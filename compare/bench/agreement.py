"""Checks before the timing: whether an implementation computes what the reference computes.

On numbers of few bits (`compare.bench.problem.few_bits`) every order of operations is
exact, so the ends after two steps have to equal those of rational arithmetic, samples on
the kink included. On the numbers that are timed, the first step is compared with the
reference's within the bounds of `compare.rounding`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.bench.plan import Wrong
from compare.bench.problem import Problem, exact_ends, few_bits
from compare.rounding import Ball, ratio
from compare.rounding.moment_gradient import sums_radius
from reference import Experiment, OptimizerState, Parameters, backward, forward
from reference.training import constants, start

__all__ = ["require_agreement", "require_exact", "require_one_step"]

COMPARED = 256  # models, spread evenly over the ensemble

Train = Callable[[Problem], Parameters]  # from the starts of a problem to the parameters after its steps


def require_agreement(train: Train, problem: Problem) -> dict[str, Any]:
    """Raise Wrong if either check fails; return, for the report, what they found."""
    steps = require_exact(train, str(problem.x.dtype))
    first = problem.first_step()
    worst = require_one_step(first.experiment(), (first.x, first.y), train(first))
    return {"exact_steps": steps, "observed_over_bound": worst}


def require_exact(train: Train, dtype: str) -> int:
    """Compare with rational arithmetic, and return the number of steps that were compared."""
    problem = few_bits(dtype)
    ends, exact = train(problem), exact_ends(problem)
    for name in ("w", "b"):
        found, expected = _checked(ends, name, dtype, problem.w.shape, "shape "), getattr(exact, name)
        unequal = np.flatnonzero(found != expected)
        if unequal.size:
            first = unequal[0]
            raise Wrong(
                f"{name} from (w, b) = ({problem.w[first]:g}, {problem.b[first]:g}) is {float(found[first])!r} "
                f"after {len(problem.x)} steps of few bits, where it is exactly {float(expected[first])!r}"
            )
    return len(problem.x)


def require_one_step(experiment: Experiment, batches: tuple[np.ndarray, np.ndarray], ends: Parameters) -> float:
    """Compare what is trained with the reference's first step, and return the largest observed difference / bound.

    The experiment is an ensemble of one axis, and has one step.
    """
    (models,) = experiment.shape
    some = np.unique(np.linspace(0, models - 1, min(models, COMPARED)).astype(int))
    worst = 0.0
    for name, ball in _one_step(experiment, batches, some).items():
        found = _checked(ends, name, experiment.dtype, (models,))[some]
        over_bound = ratio(found, ball)
        at = int(over_bound.argmax())
        if over_bound[at] > 1:
            raise Wrong(
                f"{name} of model {some[at]} is {float(found[at])!r} after one step, where the reference has "
                f"{float(ball.value[at])!r}: {over_bound[at]:.3g} times the bound"
            )
        worst = max(worst, float(over_bound[at]))
    return worst


def _checked(ends: Parameters, name: str, dtype: str, shape: tuple[int, ...], what: str = "") -> np.ndarray:
    found = np.asarray(getattr(ends, name))
    if found.shape != shape or found.dtype != dtype:
        raise Wrong(f"{name} comes as {found.dtype} of shape {found.shape}, not {dtype} of {what}{shape}")
    return found


def _one_step(experiment: Experiment, batches: tuple[np.ndarray, np.ndarray], some: np.ndarray) -> dict[str, Ball]:
    """The reference's first step for some members, with what rounding allows a gradient by residuals or by sums."""
    (x,), (y,) = batches
    slope, at_zero = constants(experiment)
    parameters = Parameters(*(p[some] for p in start(experiment)[0]))
    exact = Parameters(*map(Ball.exact, parameters))
    with np.errstate(all="ignore"):
        at = forward(exact, Ball.exact(x), slope)
        gradient = backward(exact, Ball.exact(x), y, at, slope, experiment.trainable, at_zero)
        by_sums = sums_radius(parameters, x, slope, experiment.target)
        for name in experiment.trainable:
            ball, more = getattr(gradient, name), getattr(by_sums, name)
            gradient = gradient._replace(**{name: Ball.computed(ball.value, ball.radius + more)})
        zeros = Parameters(*(Ball.exact(np.zeros_like(p)) for p in parameters))
        state = OptimizerState(zeros.w, dict.fromkeys(experiment.optimizer.slots, zeros))
        stepped, _ = experiment.optimizer.step(exact, gradient, state)
    return {name: getattr(stepped, name) for name in experiment.trainable}
