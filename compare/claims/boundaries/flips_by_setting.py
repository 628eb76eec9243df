"""Where a claim flips when one of its settings is changed.

The exact witness judges the claim on a grid over the range, the stated value included,
and between neighbours that differ the interval is halved. Of the flips on either side of
the stated value the nearest one is taken.

Where the claim is meant for the whole range, a grid is not enough: a flip and the flip
back may lie between two of its points. There the whole range is looked at, and wherever
the number that decides comes nearer to its threshold than at both neighbours, or would
reach it if it went on as it does on either side, the place is looked at more closely.

The batch size has no part in the expected dynamics: there the reference judges, at powers
of two.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from compare.claims.reading.experiments import changed, setting_of
from compare.claims.values import TrajectoryCheck, Vary
from compare.claims.witnesses.descent.float_descent import Descent
from compare.claims.witnesses.descent.parabolas import half_lines
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, Statement, state
from reference import Experiment

__all__ = ["Along", "Flip", "Told", "batch_sizes", "look_along", "spread", "tell_at", "truth_at"]

POINTS = 17
FINE, COARSE = (33, 96), (17, 32)  # over a claimed range: points, and more where the number comes near its threshold
EARLY = 16  # the first part of a run that is looked at alone
RATIO_FOR_LOG = 30  # wider ranges of positive numbers are divided evenly in the logarithm
HALVINGS = 48
GOLDEN = 0.38  # another place between two values
RESOLUTION = 2.0**-20  # of the boundary, relative to it
NARROWEST = 2.0**-12  # of the range: no turn is looked for below that


class Flip(NamedTuple):
    """Two settings between which a claim flips, and whether it holds at the lower one."""

    low: float
    high: float
    holds_below: bool

    @property
    def value(self) -> float:
        """The middle, or 0 if that is between the two."""
        return 0.0 if self.low <= 0 <= self.high else (self.low + self.high) / 2


class Told(NamedTuple):
    """What the exact witness says at one value: whether the claim holds, None if it cannot tell, and by how much."""

    holds: bool | None
    margin: float


class Along(NamedTuple):
    """What there is along a setting.

    Parameters
    ----------
    flips : list of Flip
        The nearer one first; at most one on either side of the stated value, all there are
        where the claim is meant for the whole range.
    told : tuple of float, or None
        The smallest and the largest value at which the claim could be told; None if there
        are no two.
    untold : tuple of tuple of float
        Parts of the range, from where to where, in which it could not.
    nearest : tuple of float
        Where the claim is meant for the whole range: values at which it comes nearest to
        being otherwise, or is.
    """

    flips: list[Flip]
    told: tuple[float, float] | None
    untold: tuple[tuple[float, float], ...] = ()
    nearest: tuple[float, ...] = ()


def expected(experiment: Experiment) -> Experiment:
    """The experiment as its expected dynamics has it: of no batch and no rounding."""
    return replace(experiment, batch_size=1, seed=0, dtype="float64")


def tell_at(checks: Sequence[RunCheck], experiment: Experiment, name: str, value: float) -> Told:
    """What the exact witness says of the claim with one setting changed."""
    try:
        there = changed(experiment if experiment.dtype == "float64" else expected(experiment), name, value)
    except (ValueError, TypeError):
        return Told(None, np.nan)
    descents: dict[Experiment, Descent] = {}

    def path(run: Experiment, part: int = 1) -> Path:
        descent = descents.setdefault(run, Descent(run))
        steps = run.steps // part
        found = descent.path(steps)
        return replace(found, cut=True) if steps < run.steps else found

    # What happens early, if it decides, needs no more.
    after = max((check.after for check in checks if isinstance(check, TrajectoryCheck)), default=0)
    for part in (EARLY, 1) if there.steps // EARLY > after else (1,):
        said = state(checks, there, partial(path, part=part))
        if said.resolved[0]:
            return Told(bool(said.met[0]), _margin(said))
    return Told(None, np.nan)


def _margin(said: Statement) -> float:
    """Of all checks together: the smallest one, and where some fail, of these."""
    margins = [(bool(a.met[0]), np.nan if a.margin is None else float(a.margin[0])) for a in said.answers]
    failing = [margin for met, margin in margins if not met]
    return float(np.nanmin(failing or [margin for _, margin in margins]))


def truth_at(checks: Sequence[RunCheck], experiment: Experiment, name: str, value: float) -> bool | None:
    """Whether the exact witness says the claim holds with one setting changed; None if it cannot tell."""
    return tell_at(checks, experiment, name, value).holds


def look_along(checks: Sequence[RunCheck], experiment: Experiment, vary: Vary) -> Along:
    """Look for the nearest flip on either side of the stated value, or for all in a claimed range.

    Parameters
    ----------
    checks : sequence of RunCheck
    experiment : Experiment
    vary : Vary
        Not of the batch size.

    Returns
    -------
    Along
    """
    experiment = expected(experiment)
    stated = setting_of(experiment, vary.setting)
    known: dict[float, Told] = {}

    def tell(value: float) -> Told:
        if value not in known:
            known[value] = tell_at(checks, experiment, vary.setting, value)
        return known[value]

    def truth(value: float) -> bool | None:
        return tell(value).holds

    nearest: tuple[float, ...] = ()
    if vary.claimed:
        points, looks = FINE if half_lines(experiment) is not None else COARSE
        found, nearest = _all_flips(_grid(vary, stated, points), tell, looks)
    else:
        grid = _grid(vary, stated, POINTS)
        below, above = [value for value in grid if value <= stated][::-1], [value for value in grid if value >= stated]
        # Where the claim as it is cannot be told there are no sides to it.
        searches = [grid] if truth(stated) is None else [below, above]
        found = [flip for values in searches if (flip := _first_flip(values, truth)) is not None]
    told = [value for value, said in known.items() if said.holds is not None]
    return Along(
        sorted(found, key=lambda flip: abs(flip.value - stated)),
        (min(told), max(told)) if len(told) > 1 else None,
        _untold(known),
        nearest,
    )


def spread(vary: Vary, points: int) -> list[float]:
    """So many values over a range, its ends included, evenly, or evenly in the logarithm where it is wide."""
    if vary.low > 0 and vary.high / RATIO_FOR_LOG > vary.low:
        values = np.geomspace(vary.low, vary.high, points)
    else:
        # A range may be wider than the largest float.
        parts = np.linspace(0.0, 1.0, points)
        values = vary.low * (1 - parts) + vary.high * parts
    values[0], values[-1] = vary.low, vary.high
    return [float(value) for value in values]


def _grid(vary: Vary, stated: float, points: int) -> list[float]:
    return sorted({*spread(vary, points), stated})


def _untold(known: dict[float, Told]) -> tuple[tuple[float, float], ...]:
    """Values next to each other that could not be told, as ranges up to the next ones that could."""
    values = sorted(known)
    ranges: list[tuple[float, float]] = []
    for is_told, group in groupby(range(len(values)), key=lambda i: known[values[i]].holds is not None):
        places = list(group)
        if not is_told:
            first, last = max(places[0] - 1, 0), min(places[-1] + 1, len(values) - 1)
            ranges.append((values[first], values[last]))
    return tuple(ranges)


def _first_flip(values: list[float], truth: Callable[[float], bool | None]) -> Flip | None:
    """The first pair of neighbours that differ, narrowed; what cannot be told is passed over."""
    last: tuple[float, bool] | None = None
    for value in values:
        holds = truth(value)
        if holds is None:
            continue
        if last is not None and holds != last[1]:
            return _narrowed(*last, value, truth)
        last = value, holds
    return None


def _all_flips(grid: list[float], tell: Callable[[float], Told], looks: int) -> tuple[list[Flip], tuple[float, ...]]:
    """Every flip in a range, and the values at which the claim comes nearest to flipping."""
    values = [value for value in grid if tell(value).holds is not None]
    narrowest = NARROWEST * (grid[-1] / 2 - grid[0] / 2) * 2
    for _ in range(looks):
        place = _where_to_look(values, tell, narrowest)
        if place is None:
            break
        said = tell(place)
        if said.holds is None:
            break
        values = sorted([*values, place])
    flips = [
        _narrowed(a, bool(tell(a).holds), b, lambda value: tell(value).holds)
        for a, b in pairwise(values)
        if tell(a).holds != tell(b).holds
    ]
    by_margin = sorted(values, key=lambda value: tell(value).margin)
    return flips, tuple(by_margin[:1])


def _where_to_look(values: list[float], tell: Callable[[float], Told], narrowest: float) -> float | None:
    """The middle of the interval in which the number may get to its threshold soonest; None if there is none.

    With the margins of four neighbours, lines through the outer pairs are drawn on into the
    interval between the inner ones. Where they meet is as low as a margin that bends one
    way can get. An interval is of interest if that is below half of both its ends, or if
    the margin turns at one of them.
    """
    best: tuple[float, float] | None = None
    margins = [tell(value).margin for value in values]
    for i in range(len(values) - 1):
        a, b, low, high = values[i], values[i + 1], margins[i], margins[i + 1]
        if b - a <= narrowest or (low > 0) != (high > 0) or not np.isfinite([low, high]).all():
            continue
        sign = 1.0 if low > 0 else -1.0
        low, high = sign * low, sign * high
        falls = _slope(values, margins, i - 1, sign)
        rises = _slope(values, margins, i + 1, sign)
        lowest = min(low + min(falls, 0.0) * (b - a), high - max(rises, 0.0) * (b - a))
        turns = falls < 0 < rises
        if lowest < min(low, high) / 2 or (turns and lowest < min(low, high)):
            urgency = lowest / max(min(low, high), np.finfo(float).tiny)
            if best is None or urgency < best[0]:
                best = urgency, a / 2 + b / 2
    return None if best is None else best[1]


def _slope(values: list[float], margins: list[float], i: int, sign: float) -> float:
    """Of the margin from value i to the next, 0 where there is none."""
    if not 0 <= i < len(values) - 1:
        return 0.0
    with np.errstate(all="ignore"):
        slope = sign * (margins[i + 1] - margins[i]) / (values[i + 1] - values[i])
    return float(slope) if np.isfinite(slope) else 0.0


def _narrowed(a: float, at_a: bool, b: float, truth: Callable[[float], bool | None]) -> Flip:
    for _ in range(HALVINGS):
        middle = a / 2 + b / 2
        if abs(b - a) <= RESOLUTION * abs(middle) or middle in (a, b):
            break
        # The middle may be the boundary itself, where nothing can be told.
        places = (middle, a + (b - a) * GOLDEN, b - (b - a) * GOLDEN)
        middle, holds = next(((place, said) for place in places if (said := truth(place)) is not None), (middle, None))
        if holds is None:
            break
        a, b = (middle, b) if holds == at_a else (a, middle)
    return Flip(a, b, at_a) if a < b else Flip(b, a, not at_a)


def batch_sizes(vary: Vary, stated: int) -> Iterator[int]:
    """Powers of two in the range, and its ends and the stated size."""
    powers = {2**k for k in range(21) if vary.low <= 2**k <= vary.high}
    yield from sorted(powers | {int(vary.low), int(vary.high), stated})
