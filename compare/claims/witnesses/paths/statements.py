"""Judge all of a claim's checks of runs on the paths of a witness."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from compare.claims.settings import settings_from
from compare.claims.values import Claim, ComparisonCheck, StepsCheck, TrajectoryCheck
from compare.claims.witnesses.paths.answers import Answers, answer, answer_comparison
from compare.claims.witnesses.paths.path import Path
from reference import Experiment

__all__ = [
    "RunCheck",
    "Statement",
    "conjunction",
    "experiments_of",
    "measure_of",
    "other_run",
    "run_checks",
    "runs_of",
    "series_of",
    "state",
    "state_claim",
    "together",
]

RunCheck = TrajectoryCheck | StepsCheck | ComparisonCheck


class Statement(NamedTuple):
    """What the members of a witness's runs say about all run checks together; arrays over members."""

    met: np.ndarray  # whether all checks hold
    resolved: np.ndarray  # whether that counts
    answers: tuple[Answers, ...]  # check by check
    reason: str  # why some do not count
    held: bool = False  # whether rounding has brought some of the runs to rest

    @property
    def so_far(self) -> np.ndarray:
        """Answer of all checks by those states alone that can tell, (members,)."""
        return np.asarray(np.logical_and.reduce([a.met if a.so_far is None else a.so_far for a in self.answers]))

    def of_check(self, place: int) -> "Statement":
        """The statement about one of the checks alone."""
        return together((self.answers[place],), held=self.held)


def run_checks(claim: Claim) -> tuple[tuple[int, RunCheck], ...]:
    """The checks that a single run decides, with their places; shares are not among them."""
    return tuple(
        (i, check)
        for i, check in enumerate(claim.checks)
        if isinstance(check, (StepsCheck, ComparisonCheck))
        or (isinstance(check, TrajectoryCheck) and check.share is None)
    )


def measure_of(check: RunCheck) -> TrajectoryCheck | StepsCheck:
    """The number that a check is of; of a comparison, that of either run."""
    return check.measure if isinstance(check, ComparisonCheck) else check


def series_of(check: RunCheck) -> TrajectoryCheck:
    """The numbers along the run from which a check takes its own."""
    measure = measure_of(check)
    return measure.until if isinstance(measure, StepsCheck) else measure


def other_run(check: ComparisonCheck, experiment: Experiment) -> Experiment:
    """The run to compare with, when the experiment is this one."""
    return replace(experiment, **settings_from(check.other_is, experiment))


def experiments_of(checks: Sequence[RunCheck], experiment: Experiment) -> list[Experiment]:
    """Every experiment that has to be run."""
    others = [other_run(check, experiment) for check in checks if isinstance(check, ComparisonCheck)]
    return [experiment, *others]


def state(checks: Sequence[RunCheck], experiment: Experiment, path: Callable[[Experiment], Path]) -> Statement:
    """Put checks to the witness that gives a path of each experiment."""
    own = path(experiment)
    answers = tuple(
        answer_comparison(check, own, path(other_run(check, experiment)))
        if isinstance(check, ComparisonCheck)
        else answer(check, own)
        for check in checks
    )
    return together(answers, held=bool(own.held_by_rounding().any()))


def runs_of(claim: Claim) -> list[Experiment]:
    """Every experiment that the run checks of a claim need."""
    checks = [check for _, check in run_checks(claim)]
    return experiments_of(checks, claim.experiment) if checks else []


def state_claim(claim: Claim, path: Callable[[Experiment], Path]) -> Statement | None:
    """Put all run checks of a claim to the witness that gives a path of each experiment; None if there are none."""
    checks = [check for _, check in run_checks(claim)]
    return state(checks, claim.experiment, path) if checks else None


def together(answers: tuple[Answers, ...], *, held: bool = False) -> Statement:
    """Combine several answers of the same members."""
    met, resolved = conjunction([(a.met, a.resolved) for a in answers])
    reason = "" if resolved.all() else next(a.reason for a in answers if not a.resolved.all())
    return Statement(met, resolved, answers, reason, held)


def conjunction(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Whether all parts are met, and whether that is resolved, from both of each: a certain no decides."""
    fails = np.logical_or.reduce([~met & resolved for met, resolved in parts])
    resolved = np.logical_and.reduce([resolved for _, resolved in parts]) | fails
    return np.logical_and.reduce([met for met, _ in parts]), resolved
