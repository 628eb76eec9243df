"""Where a claim flips along the number of steps.

A run of n steps is the beginning of a longer one, so that one long path gives the truth of a
claim for every number of steps at once (`lengths_of`): of the expected dynamics, and of
the reference's seeds likewise. The expected dynamics are followed up to `TIMES` the stated
number of steps, or as far as is affordable, or until the rest is known; nothing is
extrapolated. A claim that holds now and then, because a run oscillates, has several windows.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from compare.claims.values import ComparisonCheck, StepsCheck, TrajectoryCheck
from compare.claims.witnesses.descent.decimal_descent import DecimalDescent
from compare.claims.witnesses.paths.answers import are_one_run, meets_relation, numbers_of, relation_of
from compare.claims.witnesses.paths.answers_by_state import States, numbers_in_question, states_of
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, conjunction, experiments_of, measure_of, other_run
from compare.claims.witnesses.shared_runs import SharedRuns
from reference import SGD, Experiment

__all__ = [
    "TIMES",
    "Lengths",
    "StepsFlip",
    "depends_on_length",
    "first_exception",
    "flip_along_steps",
    "lengths_of",
    "longest_descent",
]

TIMES = 100  # the stated number of steps up to which is searched
MOST_STEPS, MOST_STEPS_WITH_BIAS = 200_000, 10_000  # of the exact witness
MOST_FLOAT_STEPS = 20_000  # where decimals end, and floats go on
MOST_DECIMAL_STEPS = 12_500  # of optimizers that no formula continues: Adam's second moment forgets a start in 11,900
GROWTH = 3  # of the searched length from one round to the next

Windows = tuple[tuple[int, int], ...]


class Lengths(NamedTuple):
    """Whether a claim holds in runs of every length, and whether that counts: bool, (lengths from 0, members)."""

    met: np.ndarray
    resolved: np.ndarray


class StepsFlip(NamedTuple):
    """First run length at which the verdict differs from the stated run's; in `first_exception`, from shorter runs'."""

    steps: int | None  # None if there is none
    looked_to: int  # the largest length before that for which the verdict is known not to differ
    windows: Windows = ()  # intervals of lengths for which the claim holds; the last one may go on
    end: int = 0  # the largest length that was searched


def flip_along_steps(checks: Sequence[RunCheck], experiment: Experiment, stated: bool, shared: SharedRuns) -> StepsFlip:
    """Find the first longer run for which the truth of all checks together is not the `stated` one."""
    steps, runs = experiment.steps, experiments_of(checks, experiment)
    end = min(longest_descent(replace(run, steps=steps)) for run in runs)
    if not any(depends_on_length(check) for check in checks):
        return StepsFlip(None, end, end=end)
    descents = [shared.descent(run) for run in runs]
    horizon = steps
    while True:
        horizon = end if all(descent.settled for descent in descents) else min(end, GROWTH * horizon)
        found = _of_the_expected(checks, experiment, horizon, shared)
        flip = _first_flip(found, steps, stated, horizon)
        blind = not found.resolved[-1, 0] and not found.resolved[horizon // 2 :, 0].any()
        # Windows are told over a few times the length at which the first flip is.
        is_told = flip.steps is not None and horizon >= GROWTH * flip.steps
        if horizon == end or blind or is_told:
            return flip


def _of_the_expected(checks: Sequence[RunCheck], experiment: Experiment, horizon: int, shared: SharedRuns) -> Lengths:
    """Truth by run length in the expected dynamics: in decimals as far as these are affordable, then in floats."""
    descents = [shared.descent(run) for run in experiments_of(checks, experiment)]
    moving = any(isinstance(descent, DecimalDescent) and not descent.settled for descent in descents)
    most = min(horizon, MOST_DECIMAL_STEPS) if moving and type(experiment.optimizer) is not SGD else horizon
    found = lengths_of(checks, experiment, most, lambda run, n: shared.descent(run).path(n))
    if most == horizon:
        return found
    beyond = lengths_of(checks, experiment, horizon, lambda run, n: shared.float_descent(run).path(n))
    rest = slice(most + 1, None)
    return Lengths(*(np.concatenate([a, b[rest]]) for a, b in zip(found, beyond, strict=True)))


def _first_flip(found: Lengths, steps: int, stated: bool, horizon: int) -> StepsFlip:
    """The first length above `steps` with a resolved truth other than `stated`."""
    met, counts = found.met[:, 0], found.resolved[:, 0]
    later = np.flatnonzero(((met != stated) & counts)[steps + 1 :])
    first = steps + 1 + int(later[0]) if len(later) else None
    if first is None:
        unknown = np.flatnonzero(~counts[steps:])
        looked_to = steps + int(unknown[0]) - 1 if len(unknown) else horizon
    else:
        looked_to = int(np.flatnonzero(counts[:first]).max(initial=steps))
    return StepsFlip(first, looked_to, _windows(met, counts), horizon)


def first_exception(checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns) -> StepsFlip | None:
    """The length from which a claim that has to hold always is false; None for other claims, or if there is none."""
    if not all(isinstance(check, TrajectoryCheck) and check.when == "always" for check in checks):
        return None
    steps = experiment.steps
    found = lengths_of(checks, experiment, steps, lambda run, n: shared.descent(run).path(n))
    met, counts = found.met[:, 0], found.resolved[:, 0]
    exceptions = np.flatnonzero(~met & counts)
    first = int(exceptions[0]) if len(exceptions) else 0
    known = np.flatnonzero((met & counts)[:first])
    if not len(known):
        return None
    return StepsFlip(first, int(known[-1]), _windows(met, counts), steps)


def _windows(met: np.ndarray, counts: np.ndarray) -> Windows:
    """Maximal intervals of run lengths, from 1 on, for which the claim certainly holds; both arrays (lengths,)."""
    holds = np.concatenate([[False], (met & counts)[1:], [False]])
    edges = np.flatnonzero(np.diff(holds.astype(np.int8)))
    return tuple((int(a) + 1, int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def longest_descent(experiment: Experiment) -> int:
    """How many steps of an experiment the exact witness takes at most."""
    most = MOST_STEPS_WITH_BIAS
    if DecimalDescent.takes(experiment):
        most = MOST_STEPS if type(experiment.optimizer) is SGD else MOST_FLOAT_STEPS
    return max(experiment.steps, min(TIMES * experiment.steps, most))


def depends_on_length(check: RunCheck) -> bool:
    """Whether the truth of a check may depend on the length of the run."""
    inner = measure_of(check)
    return isinstance(inner, StepsCheck) or inner.when in ("end", "ever", "always")


def lengths_of(
    checks: Sequence[RunCheck], experiment: Experiment, horizon: int, path: Callable[[Experiment, int], Path]
) -> Lengths:
    """Judge checks for runs of every length up to the `horizon`; `path` is of an experiment and a number of steps."""
    return Lengths(*conjunction([_lengths(check, experiment, horizon, path) for check in checks]))


def _lengths(
    check: RunCheck, experiment: Experiment, horizon: int, path_of: Callable[[Experiment, int], Path]
) -> Lengths:
    path = path_of(experiment, horizon)
    if isinstance(check, ComparisonCheck):
        return _lengths_of_comparison(check, experiment, horizon, path, path_of)
    if isinstance(check, StepsCheck):
        return _lengths_of_steps(check, path, horizon)
    if isinstance(check.when, int):
        states = states_of(check, path, slice(check.when, check.when + 1))
        return _at_every_length(states.met[0], states.resolved[0], horizon)
    states = states_of(check, path)
    if check.when == "end":
        return _by_length(states.met, states.resolved, horizon)
    return _accumulated(states, check, horizon)


def _accumulated(states: States, check: TrajectoryCheck, horizon: int) -> Lengths:
    """Truth of "ever" and "always" by run length: the first resolved exception decides from there on."""
    counted = (np.arange(len(states.met)) >= check.after)[:, None]
    ever = check.when == "ever"
    decisive = (states.met if ever else ~states.met) & counted
    certain = np.logical_or.accumulate(decisive & states.resolved, axis=0)
    perhaps = np.logical_or.accumulate((decisive | ~states.resolved) & counted, axis=0)
    met = certain if ever else ~certain
    return _by_length(met, certain | ~perhaps, horizon)


def _lengths_of_steps(check: StepsCheck, path: Path, horizon: int) -> Lengths:
    """Truth of a check of the number of steps until something happens, by run length."""
    first, _, counts, _ = numbers_of(check, path)
    lengths = np.arange(horizon + 1)[:, None]
    reached = lengths >= first
    met = np.where(reached, check.condition.met(first), check.condition.met(np.inf))
    # A run that ended before could not say what comes later, unless that is the same for all there is to come.
    ends = [x for x in (check.condition.below, check.condition.above) if x is not None]
    if check.condition.near is not None:
        ends.append(check.condition.near + (check.condition.within or 0.0))
    told = np.logical_and.reduce([lengths >= end for end in ends], axis=0)
    return Lengths(met, counts & (reached | told))


def _lengths_of_comparison(
    check: ComparisonCheck, experiment: Experiment, horizon: int, path: Path, path_of: Callable[[Experiment, int], Path]
) -> Lengths:
    measure, other_experiment = check.measure, other_run(check, experiment)
    other = path_of(other_experiment, horizon)
    if isinstance(measure, StepsCheck) or isinstance(measure.when, int):
        ours, step, counts, _ = numbers_of(measure, path)
        theirs, _, theirs_counts, _ = numbers_of(measure, other)
        _, margin, error = relation_of(check, path, other, ours, theirs)
        tie = are_one_run(path, other, step) & (ours == theirs)
        margin, error = np.where(tie, 0.0, margin), np.where(tie, 0.0, error)
        finite = counts & theirs_counts & np.isfinite(ours) & np.isfinite(theirs)
        return _at_every_length(meets_relation(check, margin), finite & _apart(margin, error), horizon)
    ours = numbers_in_question(measure, path)
    if "steps" in check.other_is:  # the other run has a length of its own
        end = numbers_in_question(measure, path_of(other_experiment, check.other_is["steps"]))[-1:]
        theirs = np.repeat(end, len(ours), axis=0)
    else:
        theirs = numbers_in_question(measure, other)
    if are_one_run(path, other, np.array([-1])).all():  # a tie at every length
        return _by_length(np.full(ours.shape, check.relation == "near"), np.ones(ours.shape, bool), horizon)
    _, margin, error = relation_of(check, path, other, ours, theirs)
    free = np.arange(len(ours))[:, None] < np.minimum(path.on_the_kink_from(), other.on_the_kink_from())
    return _by_length(meets_relation(check, margin), _apart(margin, error) & free, horizon)


def _apart(margin: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Whether a margin differs from 0 by more than its error."""
    return np.asarray((np.abs(margin) > error) | (error == 0))


def _at_every_length(met: np.ndarray, resolved: np.ndarray, horizon: int) -> Lengths:
    """Repeat arrays (members,) for every run length."""
    return Lengths(*(np.repeat(a[None], horizon + 1, axis=0) for a in (met, resolved)))


def _by_length(met: np.ndarray, resolved: np.ndarray, horizon: int) -> Lengths:
    """Arrays (states or batches, members) by run length: entry n is of a run of n steps, and batches begin at 1."""
    missing = horizon + 1 - len(met)
    if missing:
        met = np.concatenate([np.repeat(met[:1], missing, axis=0), met])
        resolved = np.concatenate([np.zeros((missing, met.shape[1]), bool), resolved])
    return Lengths(met, resolved)
