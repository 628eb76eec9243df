"""The check before the clock: whether it computes what the reference computes.

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
from compare.rounding.by_sums import sums_radius
from reference import Experiment, OptimizerState, Parameters, backward, forward
from reference.training import constants, start

__all__ = ["Trains", "require_agreement", "require_exact", "require_one_step"]

COMPARED = 256  # models, spread evenly over the ensemble

Trains = Callable[[Problem], Parameters]


def require_agreement(trains: Trains, problem: Problem) -> dict[str, Any]:
    """Both checks of something that trains the ensemble of a problem.

    Parameters
    ----------
    trains : callable
        Given a Problem, returns the parameters after its steps.
    problem : Problem
        What is to be timed.

    Returns
    -------
    dict of str to object
        For the report: what was checked, and the largest observed difference / bound.

    Raises
    ------
    Wrong
    """
    steps = require_exact(trains, str(problem.x.dtype))
    first = problem.first_step()
    worst = require_one_step(first.experiment(), (first.x, first.y), trains(first))
    return {"exact_steps": steps, "observed_over_bound": worst}


def require_exact(trains: Trains, dtype: str) -> int:
    """Compare with rational arithmetic, and return the number of steps that were compared."""
    problem = few_bits(dtype)
    ends, exact = trains(problem), exact_ends(problem)
    for name in ("w", "b"):
        got, wanted = np.asarray(getattr(ends, name)), getattr(exact, name)
        if got.shape != wanted.shape or got.dtype != dtype:
            raise Wrong(f"{name} comes as {got.dtype} of shape {got.shape}, not {dtype} of shape {wanted.shape}")
        unequal = np.flatnonzero(got != wanted)
        if unequal.size:
            first = unequal[0]
            raise Wrong(
                f"{name} from (w, b) = ({problem.w[first]:g}, {problem.b[first]:g}) is {float(got[first])!r} "
                f"after {len(problem.x)} steps of few bits, where it is exactly {float(wanted[first])!r}"
            )
    return len(problem.x)


def require_one_step(experiment: Experiment, batches: tuple[np.ndarray, np.ndarray], ends: Parameters) -> float:
    """Compare ends after one step with the reference's, and return the largest observed difference / bound.

    Parameters
    ----------
    experiment : Experiment
        An ensemble with one axis, of one step.
    batches : tuple of x and y
    ends : Parameters of ndarray of shape (models,)
        What is not trained is not looked at.

    Raises
    ------
    Wrong
    """
    models = experiment.shape[0]
    some = np.unique(np.linspace(0, models - 1, min(models, COMPARED)).astype(int))
    worst = 0.0
    for name, ball in _one_step(experiment, batches, some).items():
        got = np.asarray(getattr(ends, name))
        if got.shape != (models,) or got.dtype != experiment.dtype:
            raise Wrong(f"{name} comes as {got.dtype} of shape {got.shape}, not {experiment.dtype} of ({models},)")
        found = ratio(got[some], ball)
        if found.max() > 1:
            at = int(found.argmax())
            raise Wrong(
                f"{name} of model {some[at]} is {float(got[some[at]])!r} after one step, where the reference has "
                f"{float(ball.value[at])!r}: {found[at]:.3g} times the bound"
            )
        worst = max(worst, float(found.max()))
    return worst


def _one_step(experiment: Experiment, batches: tuple[np.ndarray, np.ndarray], some: np.ndarray) -> dict[str, Ball]:
    """The reference's first step for some members, with what rounding allows a gradient by residuals or by sums."""
    (x,), (y,) = batches
    slope, at_zero = constants(experiment)
    slope = slope if np.ndim(slope) == 0 else np.broadcast_to(slope, experiment.shape)[some]
    parameters = Parameters(*(p[some] for p in start(experiment)[0]))
    exact = Parameters(*map(Ball.exact, parameters))
    per_sample = slope if np.ndim(slope) == 0 else slope[:, None]
    with np.errstate(all="ignore"):
        at = forward(exact, Ball.exact(x), per_sample)
        gradient = backward(exact, Ball.exact(x), y, at, per_sample, experiment.trainable, at_zero)
        by_sums = sums_radius(parameters, x, slope, experiment.target)
        wider = Parameters(
            *(
                None if g is None else Ball.computed(g.value, g.radius + r)
                for g, r in zip(gradient, by_sums, strict=True)
            )
        )
        zeros = Parameters(*(Ball.exact(np.zeros_like(p)) for p in parameters))
        state = OptimizerState(zeros.w, dict.fromkeys(experiment.optimizer.slots, zeros))
        stepped, _ = experiment.optimizer.step(exact, wider, state)
    return {name: getattr(stepped, name) for name in experiment.trainable}
