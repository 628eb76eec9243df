"""Where a claim flips when one of its settings is changed.

The exact witness judges the claim on a grid over the range, the stated value included,
and between neighbours that differ the interval is halved. Of the flips on either side of
the stated value the nearest one is taken. The batch size has no part in the expected
dynamics: there the reference judges, at powers of two.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from compare.claims.build_experiment import changed, setting_of
from compare.claims.exact import Descent
from compare.claims.path import Path
from compare.claims.runs import RunCheck, state
from compare.claims.values import TrajectoryCheck, Vary
from reference import Experiment

__all__ = ["Along", "Flip", "look_along", "truth_at"]

POINTS = 17
EARLY = 16  # the first part of a run that is looked at alone
RATIO_FOR_LOG = 30  # wider ranges of positive numbers are divided evenly in the logarithm
HALVINGS = 48
RESOLUTION = 2.0**-20  # of the boundary, relative to it


class Flip(NamedTuple):
    """Two settings between which a claim flips, and whether it holds at the lower one."""

    low: float
    high: float
    holds_below: bool

    @property
    def value(self) -> float:
        """The middle, or 0 if that is between the two."""
        return 0.0 if self.low <= 0 <= self.high else (self.low + self.high) / 2


class Along(NamedTuple):
    """What there is along a setting.

    Parameters
    ----------
    flips : list of Flip
        At most one on either side of the stated value, the nearer one first.
    told : tuple of float, or None
        The smallest and the largest value at which the claim could be told; None if there
        are no two.
    """

    flips: list[Flip]
    told: tuple[float, float] | None


def truth_at(checks: Sequence[RunCheck], experiment: Experiment, name: str, value: float) -> bool | None:
    """Whether the exact witness says the claim holds with one setting changed; None if it cannot tell."""
    try:
        there = changed(experiment, name, value)
    except (ValueError, TypeError):
        return None
    descents: dict[Experiment, Descent] = {}

    def path(run: Experiment, part: int = 1) -> Path:
        descent = descents.setdefault(run, Descent(run))
        steps = run.steps // part
        return replace(descent.path(steps), cut=steps < run.steps)

    # What happens early, if it decides, needs no more.
    after = max((check.after for check in checks if isinstance(check, TrajectoryCheck)), default=0)
    for part in (EARLY, 1) if there.steps // EARLY > after else (1,):
        said = state(checks, there, partial(path, part=part))
        if said.resolved[0]:
            return bool(said.met[0])
    return None


def look_along(checks: Sequence[RunCheck], experiment: Experiment, vary: Vary) -> Along:
    """Look for the nearest flip on either side of the stated value.

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
    stated = setting_of(experiment, vary.setting)
    known: dict[float, bool | None] = {}

    def truth(value: float) -> bool | None:
        if value not in known:
            known[value] = truth_at(checks, experiment, vary.setting, value)
        return known[value]

    grid = _grid(vary, stated)
    below, above = [value for value in grid if value <= stated][::-1], [value for value in grid if value >= stated]
    # Where the claim as it is cannot be told there are no sides to it.
    searches = [grid] if truth(stated) is None else [below, above]
    found = [flip for values in searches if (flip := _first_flip(values, truth)) is not None]
    told = [value for value, holds in known.items() if holds is not None]
    return Along(
        sorted(found, key=lambda flip: abs(flip.value - stated)), (min(told), max(told)) if len(told) > 1 else None
    )


def _grid(vary: Vary, stated: float) -> list[float]:
    if vary.low > 0 and vary.high / vary.low > RATIO_FOR_LOG:
        values = np.geomspace(vary.low, vary.high, POINTS)
    else:
        values = np.linspace(vary.low, vary.high, POINTS)
    values[0], values[-1] = vary.low, vary.high
    return sorted({*map(float, values), stated})


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


def _narrowed(a: float, at_a: bool, b: float, truth: Callable[[float], bool | None]) -> Flip:
    for _ in range(HALVINGS):
        middle = (a + b) / 2
        if abs(b - a) <= RESOLUTION * abs(middle) or middle in (a, b):
            break
        holds = truth(middle)
        if holds is None:  # the boundary itself, perhaps; what is around it is known well enough
            break
        a, b = (middle, b) if holds == at_a else (a, middle)
    return Flip(a, b, at_a) if a < b else Flip(b, a, not at_a)


def batch_sizes(vary: Vary, stated: int) -> Iterator[int]:
    """Powers of two in the range, and its ends and the stated size."""
    powers = {2**k for k in range(21) if vary.low <= 2**k <= vary.high}
    yield from sorted(powers | {int(vary.low), int(vary.high), stated})
