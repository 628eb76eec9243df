"""What a path says about a check: its number, whether the check holds, and whether that counts.

An answer counts, is `resolved`, unless it hangs on what floating point or convention put
there:

* its number lies on the threshold, or nearer to it than the smallest normal number: then
  underflow, or the value taken at exactly 0, decides;
* all samples were on the kink before (w = b = 0, or both below the smallest normal
  number): what came after depends on the value taken for phi'(0), or on underflow;
* it is no number: a run that diverged is near nothing, but whether it is above something
  is not known;
* the run was cut, or the number of steps until something happens exceeds the run.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.claims.path import NEVER, Path
from compare.claims.values import Comparison, StepsCheck, TrajectoryCheck

__all__ = ["Answers", "answer", "answer_comparison", "in_question", "numbers_of"]

ON_THE_KINK = "decided by underflow or by the value taken at exactly 0"
ON_THE_THRESHOLD = "the number lies on the threshold, below what floating point resolves"
DIVERGED = "the run diverged, and what it left is not a number"
NOT_REACHED = "the run is shorter than the number of steps in question"
CUT = "the run was cut because it is long"


@dataclass(frozen=True, eq=False)
class Answers:
    """What each member of a path says about one check; arrays of shape (members,).

    Parameters
    ----------
    number : ndarray of float64
        The number that decides: at the step that does, the one nearest to its threshold.
    step : ndarray of int
        The state or batch it belongs to, -1 if none.
    met : ndarray of bool
        Whether the check holds for the numbers as they are.
    resolved : ndarray of bool
        Whether that counts.
    reason : str
        Why it does not, where it does not.
    """

    number: np.ndarray
    step: np.ndarray
    met: np.ndarray
    resolved: np.ndarray
    reason: str = ""


def answer(check: TrajectoryCheck | StepsCheck, path: Path) -> Answers:
    """Judge a check on a path.

    Parameters
    ----------
    check : TrajectoryCheck or StepsCheck
    path : Path

    Returns
    -------
    Answers
    """
    return _answer_steps(check, path) if isinstance(check, StepsCheck) else _answer_trajectory(check, path)


def answer_comparison(check: Comparison, path: Path, other: Path) -> Answers:
    """Judge the comparison of two runs, member by member."""
    ours, ours_step, ours_counts, reason = numbers_of(check.measure, path)
    theirs, _, theirs_counts, other_reason = numbers_of(check.measure, other)
    with np.errstate(invalid="ignore"):
        difference = ours - theirs
        if check.relation == "near":
            assert check.within is not None
            margin = check.within - np.abs(difference)
            met = margin >= 0
        else:
            margin = -difference if check.relation == "less" else difference
            met = margin > 0
    both_never = np.isposinf(ours) & np.isposinf(theirs)
    # Numbers of steps are exact, also when they are equal.
    exact = isinstance(check.measure, StepsCheck)
    apart = np.isnan(difference) | exact | (np.abs(margin) > max(path.resolution, other.resolution))
    counts = ours_counts & theirs_counts & apart & ~both_never
    why = reason or other_reason or ("" if counts.all() else ON_THE_THRESHOLD)
    return Answers(difference, ours_step, met & ~both_never, counts, NOT_REACHED if both_never.any() else why)


def numbers_of(measure: TrajectoryCheck | StepsCheck, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """The number that two runs are compared by, its step, whether it counts, and why not."""
    if isinstance(measure, StepsCheck):
        first, found = _first_met(measure.until, path)
        before_kink = first < _kink_from(measure.until.quantity, path)
        number = np.where(found, first, np.inf).astype(np.float64)
        counts = np.where(found, before_kink, not path.cut)
        return number, np.where(found, first, -1), counts, "" if counts.all() else ON_THE_KINK
    step = path.length(measure.quantity) - 1 if measure.when == "end" else int(measure.when)
    if step >= path.length(measure.quantity) or (measure.when == "end" and path.cut):
        nothing = np.full(path.members, np.nan)
        return nothing, np.full(path.members, -1), np.zeros(path.members, bool), CUT
    number = _values(measure, path, slice(step, step + 1))[0]
    counts = step < _kink_from(measure.quantity, path)
    return number, np.full(path.members, step), counts, "" if counts.all() else ON_THE_KINK


def _values(check: TrajectoryCheck, path: Path, rows: slice) -> np.ndarray:
    values = path.series(check.quantity, rows)
    return in_question(check, values)


def in_question(check: TrajectoryCheck, values: np.ndarray) -> np.ndarray:
    """The numbers that the check's condition is about: a quantity's values, or their distances."""
    if check.distance_to is None:
        return values
    away = np.abs(values - check.distance_to)
    return np.where(np.isnan(away), np.inf, away)  # a run that diverged is as far away as can be


def _answer_trajectory(check: TrajectoryCheck, path: Path) -> Answers:
    length = path.length(check.quantity)
    if check.when in ("ever", "always"):
        return _answer_any(check, path, length)
    step = length - 1 if check.when == "end" else int(check.when)
    if step >= length or (check.when == "end" and path.cut):
        nothing = np.full(path.members, np.nan)
        return Answers(nothing, np.full(path.members, -1), np.isinf(nothing), np.zeros(path.members, bool), CUT)
    number = _values(check, path, slice(step, step + 1))[0]
    return _resolved(check, path, number, np.full(path.members, step), check.condition.met(number))


def _answer_any(check: TrajectoryCheck, path: Path, length: int) -> Answers:
    """A check of all states: decided by the first exception, else by the one nearest to being one."""
    values = _values(check, path, slice(check.after, length))
    met, margin = check.condition.met(values), check.condition.margin(values)
    ever = check.when == "ever"
    decisive = met if ever else ~met
    found = decisive.any(axis=0)
    nearest = margin.argmax(axis=0) if ever else margin.argmin(axis=0)
    row = np.where(found, decisive.argmax(axis=0), nearest)
    number = values[row, np.arange(path.members)]
    holds = found if ever else ~found
    # Without an exception every state counts, also the last; with one, those up to it.
    last = np.where(found, row + check.after, length - 1)
    answers = _resolved(check, path, number, row + check.after, holds, last)
    if not path.cut:
        return answers
    resolved = answers.resolved & found
    return Answers(number, answers.step, holds, resolved, answers.reason or CUT)


def _resolved(
    check: TrajectoryCheck, path: Path, number: np.ndarray, step: np.ndarray, met: np.ndarray, last: Any = None
) -> Answers:
    condition, quantity = check.condition, check.quantity
    free = (step if last is None else last) < _kink_from(quantity, path)
    apart, told = np.abs(condition.margin(number)) > path.resolution, condition.tells(number)
    reason = "" if apart.all() and told.all() else ON_THE_THRESHOLD if told.all() else DIVERGED
    return Answers(number, step, met, free & apart & told, reason if free.all() else ON_THE_KINK)


def _kink_from(quantity: str, path: Path) -> np.ndarray:
    """The first value that may hang on phi'(0) or underflow; a start is what it is."""
    first = path.on_the_kink_from()
    return first if quantity.startswith(("gradient", "step")) else np.maximum(first, 1)


def _first_met(check: TrajectoryCheck, path: Path) -> tuple[np.ndarray, np.ndarray]:
    values = _values(check, path, slice(None))
    met = check.condition.met(values)
    found = met.any(axis=0)
    return np.where(found, met.argmax(axis=0), NEVER), found


def _answer_steps(check: StepsCheck, path: Path) -> Answers:
    first, found = _first_met(check.until, path)
    number = np.where(found, first, np.inf).astype(np.float64)
    met = check.condition.met(number)
    # Where it was not reached, the check is decided if it is the same for every later step.
    ran = path.length(check.until.quantity)
    c = check.condition
    open_above = [
        x for x in (c.below, c.above, None if c.near is None else c.near + (c.within or 0.0)) if x is not None
    ]
    decided = not path.cut and all(threshold <= ran for threshold in open_above)
    counts = np.where(found, first < _kink_from(check.until.quantity, path), decided)
    reason = "" if counts.all() else (ON_THE_KINK if found.all() else NOT_REACHED)
    return Answers(number, np.where(found, first, -1), met, counts, reason)
