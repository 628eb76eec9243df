"""Where a claim flips when the run goes on, or stops earlier.

The exact witness's path is continued up to `TIMES` the stated number of steps, and every
check is read off at each length at once. The search ends sooner where the path has
settled, where it loses its resolution, or where a check is out of reach: its number,
moving on at the largest speed of the second half of what was seen, would not get to its
threshold within the rest.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from compare.claims.answers import in_question, numbers_of
from compare.claims.expected import half_lines
from compare.claims.path import NEVER, Path
from compare.claims.runs import RunCheck, other_run
from compare.claims.values import Comparison, StepsCheck, TrajectoryCheck
from compare.claims.workbench import Workbench
from reference import Experiment

__all__ = ["TIMES", "StepsFlip", "first_exception", "flip_along_steps", "longest_descent"]

TIMES = 100
MOST_STEPS, MOST_STEPS_WITH_BIAS = 2_000_000, 400_000  # of the exact witness, however long the claim's own run is
GROWTH = 3


class StepsFlip(NamedTuple):
    """The first number of steps at which the claim is no longer what it was; None if there is none.

    Parameters
    ----------
    steps : int or None
    looked_to : int
        The largest number of steps up to there for which the claim is known to be what it was.
    """

    steps: int | None
    looked_to: int


class _Lengths(NamedTuple):
    """A check for runs of every length 0 to n: whether it is met, whether that counts.

    `reachable` says whether it can become otherwise, `blind_from` from which length on nothing
    counts any more.
    """

    met: np.ndarray
    resolved: np.ndarray
    reachable: bool
    blind_from: int = NEVER


def flip_along_steps(checks: Sequence[RunCheck], experiment: Experiment, stated: bool, bench: Workbench) -> StepsFlip:
    """Find the first longer run for which the checks together are different.

    Parameters
    ----------
    checks : sequence of RunCheck
    experiment : Experiment
    stated : bool
        Whether they hold as stated.
    bench : Workbench

    Returns
    -------
    StepsFlip
    """
    steps = experiment.steps
    runs = [experiment, *(other_run(check, experiment) for check in checks if isinstance(check, Comparison))]
    descents = [bench.descent(run) for run in runs]
    end = min(longest_descent(replace(run, steps=steps)) for run in runs)
    # Only what depends on the end of the run changes with its length.
    if not any(_depends_on_length(check) for check in checks):
        return StepsFlip(None, end)
    horizon = steps
    while True:
        horizon = min(end, GROWTH * horizon)
        lengths = [_lengths(check, experiment, horizon, end - horizon, bench) for check in checks]
        met = np.logical_and.reduce([found.met for found in lengths])
        counts = np.logical_and.reduce([found.resolved for found in lengths])
        later = np.arange(steps + 1, horizon + 1)
        flips = later[(met[later] != stated) & counts[later]]
        if len(flips):
            known = np.flatnonzero(counts[: flips[0]])
            return StepsFlip(int(flips[0]), max(steps, int(known[-1]) if len(known) else 0))
        blind = min(found.blind_from for found in lengths)
        if blind <= horizon:
            return StepsFlip(None, blind - 1)
        at_rest = all(descent.settled and descent.steps <= horizon for descent in descents)
        if at_rest or horizon == end:
            return StepsFlip(None, end)
        if not any(found.reachable for found in lengths):
            return StepsFlip(None, end)


def longest_descent(experiment: Experiment) -> int:
    """How many steps of an experiment the exact witness takes at most."""
    affordable = MOST_STEPS if half_lines(experiment) is not None else MOST_STEPS_WITH_BIAS
    return min(TIMES * experiment.steps, max(experiment.steps, affordable))


def first_exception(checks: Sequence[RunCheck], experiment: Experiment, path: Path) -> StepsFlip | None:
    """The length from which a claim that has to hold always is false; None for other claims, or if there is none."""
    if len(checks) != 1 or not isinstance(checks[0], TrajectoryCheck) or checks[0].when != "always":
        return None
    check = checks[0]
    values = _series(check, path)[:, 0]
    met = check.condition.met(values)
    counts = (np.abs(check.condition.margin(values)) > path.resolution) & check.condition.tells(values)
    met[: check.after] = counts[: check.after] = True
    first, missing = int(np.argmin(met)), path.steps + 1 - len(met)
    if met[first] or first == 0:
        return None
    known = np.flatnonzero(counts[:first])
    return StepsFlip(first + missing, int(known[-1]) + missing if len(known) else 0)


def _depends_on_length(check: RunCheck) -> bool:
    inner = check.measure if isinstance(check, Comparison) else check
    return isinstance(inner, StepsCheck) or inner.when in ("end", "ever", "always")


def _lengths(check: RunCheck, experiment: Experiment, horizon: int, rest: int, bench: Workbench) -> _Lengths:
    path = bench.descent(experiment).path(horizon)
    if isinstance(check, Comparison):
        return _lengths_of_comparison(check, experiment, horizon, rest, path, bench)
    if isinstance(check, StepsCheck):
        first, _, counts, _ = numbers_of(check, path)
        lengths = np.arange(horizon + 1)
        met = np.where(lengths >= first[0], check.condition.met(first[0]), check.condition.met(np.inf))
        return _Lengths(met, np.full(horizon + 1, bool(counts[0])), reachable=not np.isfinite(first[0]))
    if isinstance(check.when, int):
        number = _series(check, path)[check.when : check.when + 1, 0]
        return _Lengths(np.full(horizon + 1, check.condition.met(number)[0]), np.ones(horizon + 1, bool), False)
    values = _series(check, path)[:, 0]
    met, margin = check.condition.met(values), check.condition.margin(values)
    resolved = (np.abs(margin) > path.resolution) & check.condition.tells(values)
    if check.when != "end":
        outside = np.arange(len(values)) < check.after
        met = (
            np.logical_or.accumulate(met & ~outside)
            if check.when == "ever"
            else np.logical_and.accumulate(met | outside)
        )
        resolved |= outside
    return _by_length(met, resolved, path, horizon, _can_move(margin, rest, check.when, bool(met[-1])))


def _lengths_of_comparison(
    check: Comparison, experiment: Experiment, horizon: int, rest: int, path: Path, bench: Workbench
) -> _Lengths:
    other = bench.descent(other_run(check, experiment)).path(horizon)
    measure = check.measure
    if isinstance(measure, StepsCheck) or isinstance(measure.when, int):
        ours, theirs = numbers_of(measure, path), numbers_of(measure, other)
        known = bool(ours[2][0] and theirs[2][0]) and np.isfinite(ours[0][0]) and np.isfinite(theirs[0][0])
        apart = float(_relation(check, ours[0][:1], theirs[0][:1])[0])
        met = apart > 0 or (check.relation == "near" and apart == 0)
        return _Lengths(np.full(horizon + 1, met), np.full(horizon + 1, known), not known)
    ours_series, theirs_series = _series(measure, path)[:, 0], _series(measure, other)[:, 0]
    if "steps" in check.other_is:  # the other run has a length of its own
        other = bench.descent(other_run(check, experiment)).path(check.other_is["steps"])
        theirs_series = np.full(len(ours_series), _series(measure, other)[-1, 0])
    margin = _relation(check, ours_series, theirs_series)
    resolved = np.abs(margin) > max(path.resolution, other.resolution)
    return _by_length(margin > 0, resolved, path, horizon, _can_move(margin, rest, "end", bool(margin[-1] > 0)))


def _relation(check: Comparison, ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """How far inside the relation two numbers are."""
    with np.errstate(invalid="ignore"):
        difference: np.ndarray = ours - theirs
        if check.relation == "near":
            assert check.within is not None
            return np.asarray(check.within - np.abs(difference))
    return -difference if check.relation == "less" else difference


def _series(check: TrajectoryCheck, path: Path) -> np.ndarray:
    return in_question(check, path.series(check.quantity))


def _by_length(met: np.ndarray, resolved: np.ndarray, path: Path, horizon: int, reachable: bool) -> _Lengths:
    """Entry n belongs to a run of n steps; what there is one of for each batch starts at 1."""
    kink_from = int(path.on_the_kink_from()[0])
    missing = horizon + 1 - len(met)
    met, resolved = np.append(np.full(missing, met[0]), met), np.append(np.zeros(missing, bool), resolved)
    resolved = resolved & (np.arange(horizon + 1) < max(kink_from, 1))
    return _Lengths(met, resolved, reachable, max(kink_from, 1))


def _can_move(margin: np.ndarray, rest: int, when: str | int, met: bool) -> bool:
    """Whether a number can get to its threshold in the rest, at the largest speed it had lately."""
    if (when == "ever" and met) or (when == "always" and not met):
        return False
    lately = margin[len(margin) // 2 :]
    with np.errstate(invalid="ignore"):
        speed = np.abs(np.diff(lately)).max(initial=0.0)
        return not bool(speed * rest < np.abs(lately).min())
