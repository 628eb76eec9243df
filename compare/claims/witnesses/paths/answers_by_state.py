"""The answer of each state of a path to a check: yes, no, or unresolved.

It is unresolved where its number is nearer to the threshold than the path's own error; where all
samples were on the kink before (w = b = 0, or both below the smallest normal number), so
that what came after depends on the value taken for phi'(0), or on underflow; and where the
run diverged and left no number: it is near nothing, but whether it is above something is
not known.

What is exact counts however near it is: a start as it is written, a gradient that is 0
because no sample counts, numbers that no rounding has touched.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.claims.values import TrajectoryCheck
from compare.claims.witnesses.paths.path import NEVER, Path

__all__ = [
    "IMPRECISE",
    "ON_THE_THRESHOLD",
    "States",
    "kink_from",
    "numbers_in_question",
    "states_of",
    "why_on_the_kink",
]

ON_THE_THRESHOLD = "the number lies on the threshold, as far as floating point resolves it"
DIVERGED = "the run diverged, and what it left is not a number"
IMPRECISE = "rounding may have carried the expected dynamics anywhere by then"


class States(NamedTuple):
    """The answer of each state to a check's condition; arrays of shape (values, members)."""

    number: np.ndarray
    met: np.ndarray
    resolved: np.ndarray  # whether that counts
    margin: np.ndarray  # how far inside the condition the number is, negative outside
    why: str  # why some do not count


def states_of(check: TrajectoryCheck, path: Path, rows: slice = slice(None)) -> States:
    """Compare each value of a check's quantity, or those of some rows, with its condition."""
    number = numbers_in_question(check, path, rows)
    tells = np.asarray(check.condition.tells(number))
    parts = list(_parts(check, path, rows))
    inside = [(m >= 0) if closed else (m > 0) for m, _, closed in parts]
    clear = [(np.abs(m) > error) | (error == 0) for m, error, _ in parts]
    met = np.logical_and.reduce(inside)
    # One part that fails for sure is enough.
    fails = [c & ~i for c, i in zip(clear, inside, strict=True)]
    counts = np.logical_and.reduce(clear) | np.logical_or.reduce(fails)
    margin = np.fmin.reduce([m for m, _, _ in parts]) if parts else np.full(number.shape, np.inf)
    margin = np.where(np.isnan(margin), -np.inf, margin)
    # What is beyond all that a float holds is on a known side of all that it does hold.
    counts = np.where(np.isinf(number) & tells, _is_in_range(check, path), counts)
    free = np.arange(len(number))[:, None] + (rows.start or 0) < kink_from(check.quantity, path)
    why = "" if (counts & tells & free).all() else _why(counts, tells, free, path)
    return States(number, met & tells, counts & tells & free, margin, why)


def _why(counts: np.ndarray, tells: np.ndarray, free: np.ndarray, path: Path) -> str:
    if not free.all():
        return why_on_the_kink(path, np.asarray(~free.all(axis=0)))
    if not tells.all():
        return DIVERGED
    return IMPRECISE if path.is_exact else ON_THE_THRESHOLD


def why_on_the_kink(path: Path, members: np.ndarray) -> str:
    """What decides on the kink, and in how many runs: underflow, or the value taken for phi'(0).

    Parameters
    ----------
    path : Path
    members : ndarray of bool, shape (members,)
        Those that are on the kink; the others are not counted.

    Returns
    -------
    str
        A run whose w, and b if it is trained, is exactly 0 when it comes there is of the
        second kind, one with a number too small for the dtype of the first.
    """
    first = path.on_the_kink_from()
    there = np.flatnonzero(members & (first != NEVER))
    at = first[there]
    zero = (path.parameters.w[at, there] == 0) & (path.parameters.b[at, there] == 0)
    moving = [name for name in ("w", "b") if name in path.experiment.trainable]
    what, many = " and ".join(moving), len(moving) > 1
    says = {
        f"{what} underflow{'' if many else 's'}": int((~zero).sum()),
        f"{what} {'are' if many else 'is'} exactly 0, where the value taken for the derivative decides": int(
            zero.sum()
        ),
    }
    runs = path.members
    return " and ".join(text if runs == 1 else f"in {n} of {runs} runs {text}" for text, n in says.items() if n)


def _is_in_range(check: TrajectoryCheck, path: Path) -> bool:
    c = check.condition
    ends = (c.below, c.above, None if c.near is None else abs(c.near) + (c.within or 0.0))
    return all(end is None or abs(end) <= float(np.finfo(path.experiment.dtype).max) for end in ends)


def numbers_in_question(check: TrajectoryCheck, path: Path, rows: slice = slice(None)) -> np.ndarray:
    """The numbers that the check's condition is about: a quantity's values, or their distances."""
    if check.distance_to is None:
        return path.series(check.quantity, rows)
    away = np.abs(path.minus(check.quantity, check.distance_to, rows)[0])
    return np.where(np.isnan(away), np.inf, away)


Part = tuple[np.ndarray, np.ndarray, bool]


def _parts(check: TrajectoryCheck, path: Path, rows: slice) -> Iterator[Part]:
    """For each part of the condition: the margin, its error, (values, members), and whether its end belongs to it."""
    condition, quantity, origin = check.condition, check.quantity, check.distance_to

    def away(threshold: float) -> tuple[np.ndarray, np.ndarray]:
        if origin is None:
            return path.minus(quantity, threshold, rows)
        if threshold >= 0:
            return path.beyond(quantity, origin, threshold, rows)
        distance = numbers_in_question(check, path, rows)  # no distance is as small as that
        return distance - threshold, np.zeros(distance.shape)

    with np.errstate(invalid="ignore"):
        if condition.below is not None:
            difference, error = away(condition.below)
            yield -difference, error, False
        if condition.above is not None:
            difference, error = away(condition.above)
            yield difference, error, False
        if condition.near is not None and condition.within is not None:
            if origin is None:
                difference, error = path.beyond(quantity, condition.near, condition.within, rows)
            else:
                distance, off = numbers_in_question(check, path, rows), path.minus(quantity, origin, rows)[1]
                apart = np.abs(distance - condition.near)
                apart = np.where(np.isnan(apart), np.inf, apart)
                difference = apart - condition.within
                sizes = distance + abs(condition.near) + abs(condition.within)
                error = np.where(np.isinf(apart), 0.0, off + np.where(off > 0, 2.0**-51 * sizes, 0.0))
            yield -difference, error, True


def kink_from(quantity: str, path: Path) -> np.ndarray:
    """The first value that may hang on phi'(0) or underflow; a start is what it is."""
    first = path.on_the_kink_from()
    return np.asarray(first if quantity.startswith(("gradient", "step")) else np.maximum(first, 1))
