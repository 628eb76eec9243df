"""A claim's checks of runs, put to one path after another."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.claims.answers import Answers, answer, answer_comparison
from compare.claims.build_experiment import build_experiment
from compare.claims.path import Path
from compare.claims.values import Claim, Comparison, StepsCheck, TrajectoryCheck
from reference import Experiment

__all__ = ["RunCheck", "Statement", "experiments_of", "other_run", "run_checks", "state"]

RunCheck = TrajectoryCheck | StepsCheck | Comparison


class Statement(NamedTuple):
    """What the members of a witness's runs say about all run checks together; arrays over members.

    Parameters
    ----------
    met, resolved : ndarray of bool
        Whether all checks hold, and whether that counts.
    answers : tuple of Answers
        Check by check.
    reason : str
        Why some do not count.
    """

    met: np.ndarray
    resolved: np.ndarray
    answers: tuple[Answers, ...]
    reason: str


def run_checks(claim: Claim) -> tuple[tuple[int, RunCheck], ...]:
    """The checks that a single run decides, with their places; shares are not among them."""
    found: list[tuple[int, RunCheck]] = []
    for i, check in enumerate(claim.checks):
        if isinstance(check, (StepsCheck, Comparison)) or (isinstance(check, TrajectoryCheck) and check.share is None):
            found.append((i, check))
    return tuple(found)


def other_run(check: Comparison, experiment: Experiment) -> Experiment:
    """The run to compare with, when the experiment is this one."""
    other, mistakes = build_experiment(check.other_is, experiment, "than")
    assert other is not None, mistakes
    return other


def experiments_of(checks: Sequence[RunCheck], experiment: Experiment) -> list[Experiment]:
    """Every experiment that has to be run."""
    others = [other_run(check, experiment) for check in checks if isinstance(check, Comparison)]
    return [experiment, *others]


def state(checks: Sequence[RunCheck], experiment: Experiment, path: Callable[[Experiment], Path]) -> Statement:
    """Put checks to a witness.

    Parameters
    ----------
    checks : sequence of RunCheck
    experiment : Experiment
    path : callable
        The witness's path of an experiment.

    Returns
    -------
    Statement
    """
    answers = []
    for check in checks:
        if isinstance(check, Comparison):
            answers.append(answer_comparison(check, path(experiment), path(other_run(check, experiment))))
        else:
            answers.append(answer(check, path(experiment)))
    met = np.logical_and.reduce([a.met for a in answers])
    fails = np.logical_or.reduce([~a.met & a.resolved for a in answers])
    resolved = np.logical_and.reduce([a.resolved for a in answers]) | fails
    reason = "" if resolved.all() else next(a.reason for a in answers if not a.resolved.all())
    return Statement(met, resolved, tuple(answers), reason)
