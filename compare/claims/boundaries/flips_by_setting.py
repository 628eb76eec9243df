"""Where a claim flips when one of its settings is changed.

The exact witness judges the claim on a grid over the range, the stated value included,
and between neighbours that differ the interval is halved. Of the flips on either side of
the stated value the nearest one is taken.

Where the claim is meant for the whole range, a grid is not enough: a flip and the flip
back may lie between two of its points. There the whole range is looked at, and wherever
the number that decides comes nearer to its threshold than at both neighbours, or would
reach it if it went on as it does on either side, the place is looked at more closely.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

from compare.claims.settings import changed, has_no_bias, setting_of
from compare.claims.values import TrajectoryCheck, Vary
from compare.claims.witnesses.descent.float_descent import Descent, without_sampling_settings
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, Statement, state
from reference import Experiment

__all__ = ["Flip", "SettingFlips", "flips_along_setting", "holds_at", "spread_over"]

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
        """The middle of the two, or 0 if that is between them."""
        return 0.0 if self.low <= 0 <= self.high else (self.low + self.high) / 2


class ExactAnswer(NamedTuple):
    """The exact witness at one value: whether the claim holds, None if that is unresolved, and its margin."""

    holds: bool | None
    margin: float


class SettingFlips(NamedTuple):
    """Flips of a claim along a setting in the expected dynamics.

    The nearer flip is the first; there is at most one on either side of the stated value, or
    all there are where the claim is meant for the whole range.
    """

    flips: list[Flip]
    told: tuple[float, float] | None  # the smallest and the largest value at which the claim could be told, if two
    untold: tuple[tuple[float, float], ...] = ()  # parts of the range in which it could not be told
    nearest: tuple[float, ...] = ()  # values of a claimed range at which it comes nearest to being otherwise, or is


def holds_at(checks: Sequence[RunCheck], experiment: Experiment, setting: str, value: float) -> bool | None:
    """Whether the exact witness says the claim holds with one setting changed; None if it cannot tell."""
    return _answer_at(checks, _without_noise(experiment), setting, value).holds


def _without_noise(experiment: Experiment) -> Experiment:
    """The experiment with the settings replaced that only batches and rounding depend on."""
    return replace(without_sampling_settings(experiment), steps=experiment.steps)


def _answer_at(checks: Sequence[RunCheck], experiment: Experiment, setting: str, value: float) -> ExactAnswer:
    try:
        there = changed(experiment, setting, value)
    except (ValueError, TypeError):
        return ExactAnswer(None, np.nan)
    descents: dict[Experiment, Descent] = {}

    def path(run: Experiment, part: int = 1) -> Path:
        if run not in descents:
            descents[run] = Descent(run)
        steps = run.steps // part
        found = descents[run].path(steps)
        return replace(found, cut=True) if steps < run.steps else found

    # What happens early, if it decides, needs no more.
    after = max((check.after for check in checks if isinstance(check, TrajectoryCheck)), default=0)
    for part in (EARLY, 1) if there.steps // EARLY > after else (1,):
        said = state(checks, there, partial(path, part=part))
        if said.resolved[0]:
            return ExactAnswer(bool(said.met[0]), _margin(said))
    return ExactAnswer(None, np.nan)


def _margin(said: Statement) -> float:
    """Margin of all checks together: the smallest one, and where some fail, the smallest of these."""
    margins = [(bool(a.met[0]), np.nan if a.margin is None else float(a.margin[0])) for a in said.answers]
    failing = [margin for met, margin in margins if not met]
    return float(np.nanmin(failing or [margin for _, margin in margins]))


def flips_along_setting(checks: Sequence[RunCheck], experiment: Experiment, vary: Vary) -> SettingFlips:
    """Find the nearest flip on either side of the stated value, or all flips in a claimed range.

    The range is not of the batch size, which has no part in the expected dynamics.
    """
    experiment = _without_noise(experiment)
    stated = setting_of(experiment, vary.setting)
    known: dict[float, ExactAnswer] = {}

    def answer(value: float) -> ExactAnswer:
        if value not in known:
            known[value] = _answer_at(checks, experiment, vary.setting, value)
        return known[value]

    nearest: tuple[float, ...] = ()
    if vary.claimed:
        points, looks = FINE if has_no_bias(experiment) else COARSE
        values = _refined(sorted({*spread_over(vary, points), stated}), answer, looks)
        flips = list(_narrowed_flips(values, answer))
        nearest = tuple(sorted(values, key=lambda value: answer(value).margin)[:1])
    else:
        grid = sorted({*spread_over(vary, POINTS), stated})
        below, above = [value for value in grid if value <= stated][::-1], [value for value in grid if value >= stated]
        # Where the claim as it is cannot be told there are no sides to it.
        searches = [grid] if answer(stated).holds is None else [below, above]
        flips = [flip for values in searches for flip in islice(_narrowed_flips(values, answer), 1)]
    told = [value for value, said in known.items() if said.holds is not None]
    return SettingFlips(
        sorted(flips, key=lambda flip: abs(flip.value - stated)),
        (min(told), max(told)) if len(told) > 1 else None,
        _untold(known),
        nearest,
    )


def spread_over(vary: Vary, points: int) -> list[float]:
    """Evenly spaced values over a range, its ends included; in the logarithm where the range is wide."""
    if vary.low > 0 and vary.high / RATIO_FOR_LOG > vary.low:
        values = np.geomspace(vary.low, vary.high, points)
    else:
        # A range may be wider than the largest float.
        parts = np.linspace(0.0, 1.0, points)
        values = vary.low * (1 - parts) + vary.high * parts
    values[0], values[-1] = vary.low, vary.high
    return [float(value) for value in values]


def _untold(known: dict[float, ExactAnswer]) -> tuple[tuple[float, float], ...]:
    """Ranges around adjacent values with an unresolved answer, up to the nearest resolved ones."""
    values = sorted(known)
    ranges: list[tuple[float, float]] = []
    for is_told, group in groupby(range(len(values)), key=lambda i: known[values[i]].holds is not None):
        indices = list(group)
        if not is_told:
            ranges.append((values[max(indices[0] - 1, 0)], values[min(indices[-1] + 1, len(values) - 1)]))
    return tuple(ranges)


def _narrowed_flips(values: Iterable[float], answer: Callable[[float], ExactAnswer]) -> Iterator[Flip]:
    """Narrow every pair of adjacent values with different answers; unresolved values are skipped."""
    last: tuple[float, bool] | None = None
    for value in values:
        holds = answer(value).holds
        if holds is None:
            continue
        if last is not None and holds != last[1]:
            yield _narrowed(*last, value, answer)
        last = value, holds


def _refined(grid: list[float], answer: Callable[[float], ExactAnswer], looks: int) -> list[float]:
    """The resolved values of a grid, with more of them where the claim comes near to flipping."""
    values = [value for value in grid if answer(value).holds is not None]
    narrowest = NARROWEST * (grid[-1] / 2 - grid[0] / 2) * 2
    for _ in range(looks):
        value = _where_to_look(np.array(values), np.array([answer(value).margin for value in values]), narrowest)
        if value is None or answer(value).holds is None:
            break
        values = sorted([*values, value])
    return values


def _where_to_look(values: np.ndarray, margins: np.ndarray, narrowest: float) -> float | None:
    """The middle of the interval in which the number may get to its threshold soonest; None if there is none.

    With the margins of four neighbours, lines through the outer pairs are drawn on into the
    interval between the inner ones. Where they meet is as low as a margin that bends one
    way can get. An interval is of interest if that is below half of both its ends, or if
    the margin turns at one of them.
    """
    if len(values) < 2:
        return None
    width = np.diff(values)
    with np.errstate(all="ignore"):
        slopes = np.diff(margins) / width
        slopes = np.pad(np.where(np.isfinite(slopes), slopes, 0.0), 1)
        sign = np.where(margins[:-1] > 0, 1.0, -1.0)
        low, high, falls, rises = sign * margins[:-1], sign * margins[1:], sign * slopes[:-2], sign * slopes[2:]
        lowest = np.minimum(low + np.minimum(falls, 0.0) * width, high - np.maximum(rises, 0.0) * width)
        nearer = np.minimum(low, high)
        turns = (falls < 0) & (rises > 0) & (lowest < nearer)
        within = (width > narrowest) & ((margins[:-1] > 0) == (margins[1:] > 0)) & np.isfinite(low) & np.isfinite(high)
        of_interest = within & ((lowest < nearer / 2) | turns)
        urgency = np.where(of_interest, lowest / np.maximum(nearer, np.finfo(float).tiny), np.inf)
    first = int(np.argmin(urgency))
    return float(values[first] / 2 + values[first + 1] / 2) if of_interest.any() else None


def _narrowed(a: float, holds_at_a: bool, b: float, answer: Callable[[float], ExactAnswer]) -> Flip:
    for _ in range(HALVINGS):
        middle = a / 2 + b / 2
        if abs(b - a) <= RESOLUTION * abs(middle) or middle in (a, b):
            break
        # The middle may be the boundary itself, where nothing can be told.
        candidates = (middle, a + (b - a) * GOLDEN, b - (b - a) * GOLDEN)
        value = next((value for value in candidates if answer(value).holds is not None), None)
        if value is None:
            break
        a, b = (value, b) if answer(value).holds == holds_at_a else (a, value)
    return Flip(a, b, holds_at_a) if a < b else Flip(b, a, not holds_at_a)
