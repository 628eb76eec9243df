"""The answer of a path to a check: its number, whether the check holds, and whether that is certain.

Each state answers yes, no, or that it cannot tell (`compare.claims.witnesses.paths.answers_by_state`). From these the
check's answer follows: "ever" is true with one yes, false if all say no.
"""

from dataclasses import dataclass

import numpy as np

from compare.claims.values import ComparisonCheck, StepsCheck, TrajectoryCheck
from compare.claims.witnesses.paths.answers_by_state import (
    IMPRECISE,
    ON_THE_THRESHOLD,
    States,
    kink_from,
    numbers_in_question,
    states_of,
    why_on_the_kink,
)
from compare.claims.witnesses.paths.path import NEVER, Path

__all__ = [
    "Answers",
    "answer",
    "answer_comparison",
    "answer_states",
    "are_one_run",
    "meets_relation",
    "numbers_of",
    "relation_of",
]

NOT_REACHED = "the run is shorter than the number of steps in question"
NOT_TOLD_WHEN = "rounding leaves open at which step that is reached"
CUT = "the run was cut because it is long"

# Largest relative error with which a number of the exact witness is compared with another run's. It is a choice:
# 2^13 roundings of float64, and well below the spacing of float32, 2^-23.
CERTAIN = 2.0**-40


@dataclass(frozen=True, eq=False)
class Answers:
    """What each member of a path says about one check; arrays of shape (members,)."""

    number: np.ndarray  # at the step that decides; if none does, at the step nearest to the threshold
    step: np.ndarray  # index of the state or batch that the number is of, -1 if none
    met: np.ndarray  # whether the check holds for the computed numbers
    resolved: np.ndarray  # whether that stands against rounding and phi'(0)
    reason: str = ""  # why some members are not resolved
    so_far: np.ndarray | None = None  # the answer by those states alone that can tell
    margin: np.ndarray | None = None  # how far inside the check the number is, negative outside


def answer(check: TrajectoryCheck | StepsCheck, path: Path) -> Answers:
    """Judge a check on a path."""
    return _answer_steps(check, path) if isinstance(check, StepsCheck) else _answer_trajectory(check, path)


def answer_comparison(check: ComparisonCheck, path: Path, other: Path) -> Answers:
    """Judge the comparison of two runs, member by member.

    Runs that are the same are a tie, which is certain however the numbers are rounded.
    """
    ours, ours_step, ours_counts, reason = numbers_of(check.measure, path)
    theirs, _, theirs_counts, other_reason = numbers_of(check.measure, other)
    tie = are_one_run(path, other, ours_step) & ((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
    difference, margin, error = relation_of(check, path, other, ours, theirs)
    difference, margin = np.where(tie, 0.0, difference), np.where(tie, 0.0, margin)
    met = meets_relation(check, margin)
    both_never = np.isposinf(ours) & np.isposinf(theirs) & ~tie
    apart = np.isnan(margin) | (np.abs(margin) > error) | (error == 0)
    counts = (ours_counts & theirs_counts & apart & ~both_never) | tie
    why = reason or other_reason or ("" if counts.all() else ON_THE_THRESHOLD)
    why = NOT_REACHED if both_never.any() else why
    return Answers(difference, ours_step, met & ~both_never, counts, why, margin=margin)


def are_one_run(path: Path, other: Path, step: np.ndarray) -> np.ndarray:
    """Whether two runs are the same up to a step, shape (members,): of one experiment, or equal by the exact witness.

    Runs in floats of a dtype do not count as the same: they may be too coarse to show a difference.
    """
    if path.experiment == other.experiment:
        return np.ones(path.members, bool)
    if not (path.is_exact and other.is_exact) or path.experiment.trainable != other.experiment.trainable:
        return np.zeros(path.members, bool)
    last = min(path.steps, other.steps) if step[0] < 0 else int(step[0])
    same = all(
        np.array_equal(getattr(path.parameters, name)[: last + 1], getattr(other.parameters, name)[: last + 1])
        for name in path.experiment.trainable
    )
    if same and path.offsets is not None and other.offsets is not None:
        same = np.array_equal(path.offsets.offset[: last + 1], other.offsets.offset[: last + 1])
    return np.full(path.members, same)


def relation_of(
    check: ComparisonCheck, path: Path, other: Path, ours: np.ndarray, theirs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Difference of two runs' numbers, how far inside the relation it is, and the error of that; shapes (members,).

    Numbers of steps are exact, also when they are equal.
    """
    with np.errstate(invalid="ignore"):
        difference = ours - theirs
        if check.relation == "near":
            assert check.within is not None
            margin = check.within - np.abs(difference)
        else:
            margin = -difference if check.relation == "less" else difference
        if isinstance(check.measure, StepsCheck):
            return difference, margin, np.zeros(np.shape(margin))
        error = _rounding(path, ours) + _rounding(other, theirs)
    return difference, margin, np.where(np.isnan(error), 0.0, error)


def meets_relation(check: ComparisonCheck, margin: np.ndarray) -> np.ndarray:
    """Whether a margin meets the relation, on whose edge only "near" is met."""
    return np.asarray(margin >= 0 if check.relation == "near" else margin > 0)


def _rounding(path: Path, numbers: np.ndarray) -> np.ndarray:
    """Rounding error of numbers of a path, by its arithmetic; shape as `numbers`."""
    unit = CERTAIN if path.is_exact else float(np.finfo(path.experiment.dtype).eps)
    return np.asarray(unit * np.abs(numbers) + path.resolution)


def numbers_of(measure: TrajectoryCheck | StepsCheck, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Number by which two runs are compared, its step, whether it is resolved, each (members,), and why it is not."""
    if isinstance(measure, StepsCheck):
        number, first, found, sure = _first_met(measure.until, path)
        counts = np.asarray(sure & (found | np.bool(not path.cut)))
        return number, first, counts, "" if counts.all() else why_on_the_kink(path, ~counts) or NOT_TOLD_WHEN
    step = path.step_of(measure)
    if step is None:
        nothing = np.full(path.members, np.nan)
        return nothing, np.full(path.members, -1), np.zeros(path.members, bool), CUT
    number = numbers_in_question(measure, path, slice(step, step + 1))[0]
    counts = (step < kink_from(measure.quantity, path)) & _still_certain(measure, path, step)
    why = "" if counts.all() else why_on_the_kink(path, ~counts) or IMPRECISE
    return number, np.full(path.members, step), counts, why


def _still_certain(measure: TrajectoryCheck, path: Path, step: int) -> np.ndarray:
    """Whether the number at a step has an error within `CERTAIN`, shape (members,); floats of a dtype always count."""
    if not path.is_exact:
        return np.ones(path.members, bool)
    difference, error = path.minus(measure.quantity, measure.distance_to or 0.0, slice(step, step + 1))
    size = np.abs(difference[0]) + abs(measure.distance_to or 0.0)
    return np.asarray(error[0] <= CERTAIN * size + path.resolution)


def _answer_trajectory(check: TrajectoryCheck, path: Path) -> Answers:
    if check.when in ("ever", "always"):
        states = states_of(check, path, slice(check.after, path.length(check.quantity)))
        return answer_states(states, str(check.when), check.after, cut=path.cut)
    step, no = path.step_of(check), np.zeros(path.members, bool)
    if step is None:
        return Answers(np.full(path.members, np.nan), np.full(path.members, -1), no, no, CUT)
    number, met, resolved, margin, why = states_of(check, path, slice(step, step + 1))
    so_far = None if resolved[0].all() else _last_that_counts(states_of(check, path, slice(0, step + 1)))
    return Answers(number[0], np.full(path.members, step), met[0], resolved[0], why, so_far, margin[0])


def _last_that_counts(states: States) -> np.ndarray:
    """Answer of the last state that can tell, shape (members,); of the very last one if none can."""
    last = len(states.met) - 1 - states.resolved[::-1].argmax(axis=0)
    return np.asarray(states.met[last, np.arange(states.met.shape[1])])


def answer_states(states: States, when: str, first: int = 0, *, cut: bool = False) -> Answers:
    """Answer to "ever" or "always": decided by the first resolved state that is an exception, else by all together."""
    ever = when == "ever"
    decisive = states.met if ever else ~states.met
    certain = decisive & states.resolved
    found, perhaps = certain.any(axis=0), decisive.any(axis=0)
    nearest = states.margin.argmax(axis=0) if ever else states.margin.argmin(axis=0)
    row = np.where(found, certain.argmax(axis=0), np.where(perhaps, decisive.argmax(axis=0), nearest))
    members = np.arange(states.number.shape[1])
    number, margin = states.number[row, members], states.margin[row, members]
    holds = (found | perhaps) if ever else ~(found | perhaps)
    resolved = found | (states.resolved.all(axis=0) & (not cut))
    why = states.why if not cut or not states.resolved.all() else CUT
    so_far = np.where(found, ever, not ever)
    return Answers(number, row + first, holds, resolved, "" if resolved.all() else why, so_far, margin)


def _first_met(check: TrajectoryCheck, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """First state that meets a condition, as number and step; whether there is one, and is sure: each (members,)."""
    states = states_of(check, path)
    found, doubtful = states.met.any(axis=0), ~states.resolved
    first = states.met.argmax(axis=0)
    first_doubt = np.where(doubtful.any(axis=0), doubtful.argmax(axis=0), NEVER)
    sure = np.where(found, first < first_doubt, first_doubt == NEVER)
    return np.where(found, first, np.inf), np.where(found, first, -1), np.asarray(found), np.asarray(sure)


def _answer_steps(check: StepsCheck, path: Path) -> Answers:
    number, step, found, sure = _first_met(check.until, path)
    # Where it was not reached, it takes `ran` steps or more: the check is decided if it is the same for all of these.
    ran = path.length(check.until.quantity)
    c = check.condition
    ends = [c.below is None or ran >= c.below, c.above is None or ran > c.above]
    if c.near is not None:
        ends.append(ran > c.near + (c.within or 0.0))
    counts = sure & (found | (not path.cut and all(ends)))
    reason = ""
    if not counts.all():
        never = not found.all() and sure.all()
        reason = NOT_REACHED if never else why_on_the_kink(path, ~counts) or NOT_TOLD_WHEN
    return Answers(number, step, check.condition.met(number), counts, reason, margin=check.condition.margin(number))
