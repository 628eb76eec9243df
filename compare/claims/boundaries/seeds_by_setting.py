"""What batches make of a claim when a setting is changed: the reference's seeds beside each flip.

The expected dynamics flips at a number; seeds go over from one to the other between two.
On either side of every flip they are asked close by, and where they do not follow, at more
values around it. Where a claim is meant for the whole range, they are asked across it.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.claims.boundaries.flips_by_setting import Along, spread, truth_at
from compare.claims.check_text import shown
from compare.claims.reading.experiments import changed, setting_of
from compare.claims.values import Vary
from compare.claims.verdicts import Boundary
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, Statement, experiments_of, state
from compare.claims.witnesses.seeds.families import kink_of
from compare.claims.witnesses.seeds.many_runs import Request, affordable_steps
from compare.claims.witnesses.seeds.offset_runs import takes_offsets
from compare.claims.witnesses.shared_runs import FEW, SEEDS, SharedRuns, seeds_for
from reference import Experiment

__all__ = ["AlongSetting", "Asked", "Said", "ask", "closer", "prepare", "read", "share_of", "statement_at"]

ASIDE = 0.1  # where the seeds are asked: so far from the boundary, relative to it
AROUND = (0.05, 0.15, 0.2, 0.3, 0.5)  # where else, if they do not follow there
ACROSS = 9  # values over a range that is claimed
BETWEEN = 7  # values between two of these that differ
MOST_ACROSS = 128_000_000  # of all seeds and all values across a range, unless two sums of each batch suffice

Asked = tuple[tuple[float, tuple[Request, ...]], ...]  # values, and the runs that each takes


class AlongSetting(NamedTuple):
    """What the expected dynamics does along a setting, and the runs of the reference beside it.

    Parameters
    ----------
    vary : Vary
    stated : float
        The claim's own value.
    along : Along
    boundaries : tuple of Boundary
        Not confirmed yet.
    sides : tuple of tuple of float
        For each boundary the values on either side at which seeds are asked; none where
        another flip is too near.
    asked : Asked
        All values, and their runs.
    """

    vary: Vary
    stated: float
    along: Along
    boundaries: tuple[Boundary, ...]
    sides: tuple[tuple[float, ...], ...]
    asked: Asked


class Said(NamedTuple):
    """What came of a setting: see `compare.claims.boundaries.search.Found`."""

    boundaries: list[Boundary]
    remarks: list[str]
    untold: list[str]


def prepare(
    checks: Sequence[RunCheck], experiment: Experiment, vary: Vary, along: Along, found: Sequence[Boundary]
) -> AlongSetting:
    """Say which runs of the reference it takes to see whether the seeds do the same."""
    stated = setting_of(experiment, vary.setting)
    flips = sorted(boundary.value for boundary in found)
    sides = tuple(_sides(boundary, flips, checks, experiment) for boundary in found)
    values = {value for pair in sides for value in pair}
    seeds = seeds_for(affordable_steps(experiment) * experiment.batch_size)
    if vary.claimed:
        alone = kink_of(experiment) == "at zero, w alone"
        values |= {*spread(vary, ACROSS if alone else ACROSS // 2 + 1), *along.nearest, stated}
        values |= {(a + b) / 2 for a, b in pairwise(flips)}
        samples = max(1, experiment.steps * experiment.batch_size * len(values))
        if not alone and samples * seeds > MOST_ACROSS:
            seeds = min(seeds, FEW)
    asked = ask(checks, experiment, vary.setting, sorted(values), seeds)
    return AlongSetting(vary, stated, along, tuple(found), sides, asked)


def ask(checks: Sequence[RunCheck], experiment: Experiment, setting: str, values: Sequence[float], seeds: int) -> Asked:
    """The runs of the reference with a setting changed; none for values that are not allowed."""
    asked = []
    for value in values:
        try:
            there = changed(experiment, setting, value)
        except (ValueError, TypeError):
            continue
        asked.append((value, tuple(Request(run, seeds) for run in experiments_of(checks, there))))
    return tuple(asked)


def _sides(
    boundary: Boundary, flips: Sequence[float], checks: Sequence[RunCheck], experiment: Experiment
) -> tuple[float, ...]:
    """A value on either side of a boundary, nearer to it than to any other flip."""
    value, (low_end, high_end) = boundary.value, boundary.range
    away = ASIDE * abs(value) or ASIDE * (high_end / 2 - low_end / 2)
    away = max(away, boundary.bracket[1] - boundary.bracket[0])
    low, high = max(value - away, low_end), min(value + away, high_end)
    for other in flips:
        if low < other < value:
            low = (other + value) / 2
        elif value < other < high:
            high = (other + value) / 2
    for side, holds in ((low, boundary.below), (high, boundary.above)):
        if truth_at(checks, experiment, boundary.setting, side) is not holds:
            return ()  # the range ends, or another flip is nearer than that
    return low, high


def closer(along: AlongSetting, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns) -> Asked:
    """More values to ask: around boundaries that seeds do not follow, and between values that differ."""
    shares = _shares(along.asked, along.vary.setting, checks, experiment, shared)
    values: set[float] = set()
    for boundary, pair in zip(along.boundaries, along.sides, strict=True):
        if pair and _as_expected(boundary, pair, shares) is False:
            values |= set(_around(boundary))
    if along.vary.claimed:
        for a, b in _changes(shares):
            count = BETWEEN if kink_of(experiment) == "at zero, w alone" else BETWEEN // 2
            values |= set(np.linspace(a, b, count + 2)[1:-1].tolist())
    seeds = along.asked[0][1][0].seeds if along.asked else SEEDS
    wanted = sorted(values - {value for value, _ in along.asked})
    return ask(checks, experiment, along.vary.setting, wanted, seeds)


def _around(boundary: Boundary) -> list[float]:
    (low, high), value = boundary.range, boundary.value
    scale = abs(value) or high / 2 - low / 2
    values = [value + sign * part * scale for part in AROUND for sign in (-1, 1)]
    return [x for x in (*values, low, high) if low <= x <= high]


def _changes(shares: dict[float, tuple[int, int, int]]) -> list[tuple[float, float]]:
    """Values next to each other of which all seeds hold the claim at one and not at the other."""
    told = [value for value in sorted(shares) if _every(shares[value]) is not None]
    return [(a, b) for a, b in pairwise(told) if _every(shares[a]) != _every(shares[b])]


def _every(share: tuple[int, int, int]) -> bool | None:
    """Whether all seeds hold the claim; None where those that can tell do, but not all can."""
    met, told, seeds = share
    return True if met == seeds else False if met < told else None


def share_of(said: Statement) -> tuple[int, int, int]:
    """For how many seeds a claim holds, of how many that can tell, of how many."""
    return int((said.met & said.resolved).sum()), int(said.resolved.sum()), len(said.met)


def statement_at(
    checks: Sequence[RunCheck],
    experiment: Experiment,
    setting: str,
    value: float,
    requests: tuple[Request, ...],
    shared: SharedRuns,
) -> Statement:
    """What the seeds say with a setting changed; where they lose their resolution, on distances in float64."""
    runs, there = {request.experiment: request for request in requests}, changed(experiment, setting, value)
    said = state(checks, there, lambda run: shared.reference_path(runs[run]))
    if said.resolved.all() or not all(takes_offsets(run) for run in runs):
        return said

    def finer(run: Experiment) -> Path:
        path = shared.offset_path(run, runs[run].seeds)
        assert path is not None
        return path

    return state(checks, there, finer)


def _shares(
    asked: Asked, setting: str, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> dict[float, tuple[int, int, int]]:
    shares = {}
    for value, requests in asked:
        key = id(checks), setting, value, requests[0].seeds
        if key not in shared.shares:
            share = share_of(statement_at(checks, experiment, setting, value, requests, shared))
            shared.shares[key] = checks, share  # with the checks, whose id is nobody else's as long as they are kept
        shares[value] = shared.shares[key][1]
    return shares


def _as_expected(
    boundary: Boundary, sides: tuple[float, ...], shares: dict[float, tuple[int, int, int]]
) -> bool | None:
    """Whether all seeds that can tell do as the expected dynamics on either side; None where none can."""
    low, high = (shares[side] for side in sides)
    if not low[1] or not high[1]:
        return None
    as_it_is = low[0] == (low[1] if boundary.below else 0) and high[0] == (high[1] if boundary.above else 0)
    # Those that can tell are no sample of all.
    return None if as_it_is and (low[1] < low[2] or high[1] < high[2]) else as_it_is


def read(along: AlongSetting, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns) -> Said:
    """The boundaries as the seeds bear them out, those that only seeds show, and what could not be told."""
    setting = along.vary.setting
    shares = _shares(along.asked, setting, checks, experiment, shared)
    shares |= _shares(closer(along, checks, experiment, shared), setting, checks, experiment, shared)
    said = Said([], [], [])
    for boundary, sides in zip(along.boundaries, along.sides, strict=True):
        _read_one(boundary, sides, shares, said)
    if along.vary.claimed:
        _read_across(along, shares, said)
        for boundary in said.boundaries:
            if boundary.confirmed is None and boundary.closed_form is None:
                said.untold.append(
                    f"whether batches follow the expected dynamics, which flips at {boundary.setting} = "
                    f"{shown(boundary.value)}, could not be told"
                )
    return said


def _read_one(
    boundary: Boundary, sides: tuple[float, ...], shares: dict[float, tuple[int, int, int]], said: Said
) -> None:
    confirmed = _as_expected(boundary, sides, shares) if sides else None
    if confirmed is not False:
        beside = {value: shares[value][:2] for value in sides}
        said.boundaries.append(replace(boundary, reference=MappingProxyType(beside), confirmed=confirmed))
        return
    around = {value: share for value, share in shares.items() if share[1] == share[2]}
    if len(around) < 2:
        said.boundaries.append(replace(boundary, confirmed=None))
        return
    below = [v for v, s in around.items() if s[0] == (s[1] if boundary.below else 0)]
    above = [v for v, s in around.items() if s[0] == (s[1] if boundary.above else 0)]
    if not set(around) - set(below) or not set(around) - set(above):
        followed = "holds" if (boundary.below if not set(around) - set(below) else boundary.above) else "is false"
        said.remarks.append(
            f"in the expected dynamics it flips at {boundary.setting} = {shown(boundary.value)}, which no seed "
            f"follows: it {followed} for all from {shown(min(around))} to {shown(max(around))}; that decides nothing"
        )
        return
    first, last = _transition(around, set(below), set(above), boundary.value)
    beside = {value: around[value][:2] for value in sorted(around) if first <= value <= last}
    said.boundaries.append(
        replace(boundary, reference=MappingProxyType(beside), confirmed=False, with_batches=(first, last))
    )


def _transition(
    around: dict[float, tuple[int, int, int]], below: set[float], above: set[float], value: float
) -> tuple[float, float]:
    """The values asked, nearest to a flip, between which seeds go over; the ends of what was asked if some never do."""
    values = sorted(around)
    mixed = [v for v in values if v not in below and v not in above]
    change = [
        v for a, b in pairwise(values) if (a in below) != (b in below) or (a in above) != (b in above) for v in (a, b)
    ]
    middle = min(mixed or change or values, key=lambda v: abs(v - value))
    first = max((v for v in values if v < middle and v in below), default=values[0])
    last = min((v for v in values if v > first and v >= middle and v in above), default=values[-1])
    return first, last


def _covers(boundary: Boundary, a: float, b: float) -> bool:
    """Whether a change between two values is the boundary's own."""
    beside = [boundary.value, *(boundary.with_batches or ()), *boundary.reference]
    return any(a <= x <= b for x in beside) or (min(beside) <= a and b <= max(beside))


def _read_across(along: AlongSetting, shares: dict[float, tuple[int, int, int]], said: Said) -> None:
    """Of a claimed range: flips that only seeds show, and what could not be told."""
    vary = along.vary
    for a, b in _changes(shares):
        seen = any(_covers(boundary, a, b) for boundary in said.boundaries)
        if not seen:
            beside = {v: s[:2] for v, s in shares.items() if a <= v <= b}
            holds = _every(shares[a]) is True
            said.boundaries.append(
                Boundary(
                    setting=vary.setting,
                    value=(a + b) / 2,
                    below=holds,
                    above=not holds,
                    bracket=(a, b),
                    stated=along.stated,
                    range=(vary.low, vary.high),
                    claimed=True,
                    reference=MappingProxyType(beside),
                    confirmed=True,
                    with_batches=(a, b),
                    found_by="reference",
                )
            )
    cannot = [value for value in sorted(shares) if _every(shares[value]) is None]
    dark = [*along.along.untold, *((value, value) for value in cannot)]
    if dark:
        low, high = min(a for a, _ in dark), max(b for _, b in dark)
        where = (
            f"at {vary.setting} = {shown(low)}"
            if low == high
            else f"for {vary.setting} in {shown(low)} to {shown(high)}"
        )
        said.untold.append(f"it could not be told {where}")
