"""Flips of a claim along a setting in runs on batches: the reference's seeds on either side of each flip.

The expected dynamics flips at one value; the seeds change outcome over an interval. They are
run close to every flip on either side, and where their outcome differs from that of the
expected dynamics, at more values around it. For a claimed range they are run across it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.claims.boundaries.flips_by_setting import SettingFlips, holds_at, spread_over
from compare.claims.boundaries.search_result import SearchResult, merged_results
from compare.claims.check_text import shown
from compare.claims.settings import changed, has_no_bias, setting_of
from compare.claims.values import Vary
from compare.claims.verdicts import Boundary, Share
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, Statement, experiments_of, state
from compare.claims.witnesses.seeds.many_runs import Request, affordable_steps
from compare.claims.witnesses.seeds.offset_runs import takes_offsets
from compare.claims.witnesses.shared_runs import FEW, SEEDS, SharedRuns, seeds_for
from reference import Experiment

__all__ = [
    "RequestsByValue",
    "SeedsBySetting",
    "outcome_changes",
    "plan_seeds",
    "read_seeds",
    "requests_by_value",
    "second_requests",
    "shares_by_value",
]

ASIDE = 0.1  # distance from the boundary, relative to it, at which seeds are run
AROUND = (0.05, 0.15, 0.2, 0.3, 0.5)  # further relative distances, if their outcome there is another
ACROSS = 9  # values that are run over a claimed range
BETWEEN = 7  # values that are run between two of these with different outcomes
MOST_ACROSS = 128_000_000  # of all seeds and all values across a range, unless two sums of each batch suffice

RequestsByValue = tuple[tuple[float, tuple[Request, ...]], ...]  # values of a setting, and the runs that each takes
Shares = dict[float, Share]  # by value of the setting


class SeedsBySetting(NamedTuple):
    """What the expected dynamics does along a setting, and the runs of the reference beside it.

    The boundaries are not confirmed yet. `sides` has for each the two values, one on either
    side of it, at which seeds are run; none where another flip is too near.
    """

    vary: Vary
    flips: SettingFlips
    boundaries: tuple[Boundary, ...]
    sides: tuple[tuple[float, ...], ...]
    requests: RequestsByValue  # of all values that are asked


def plan_seeds(
    checks: Sequence[RunCheck], experiment: Experiment, vary: Vary, flips: SettingFlips, found: Sequence[Boundary]
) -> SeedsBySetting:
    """Plan the runs of the reference that show whether the seeds flip where the expected dynamics does."""
    by_value = sorted(boundary.value for boundary in found)
    sides = tuple(_sides(boundary, by_value, checks, experiment) for boundary in found)
    values = {value for pair in sides for value in pair}
    seeds = seeds_for(affordable_steps(experiment) * experiment.batch_size)
    if vary.claimed:
        by_sums = has_no_bias(experiment)
        values |= {*spread_over(vary, ACROSS if by_sums else ACROSS // 2 + 1), *flips.nearest}
        values |= {setting_of(experiment, vary.setting), *((a + b) / 2 for a, b in pairwise(by_value))}
        samples = max(1, experiment.steps * experiment.batch_size * len(values))
        if not by_sums and samples * seeds > MOST_ACROSS:
            seeds = min(seeds, FEW)
    requests = requests_by_value(checks, experiment, vary.setting, sorted(values), seeds)
    return SeedsBySetting(vary, flips, tuple(found), sides, requests)


def requests_by_value(
    checks: Sequence[RunCheck], experiment: Experiment, setting: str, values: Sequence[float], seeds: int
) -> RequestsByValue:
    """The runs of the reference with a setting changed; none for values that are not allowed."""
    requests = []
    for value in values:
        try:
            there = changed(experiment, setting, value)
        except (ValueError, TypeError):
            continue
        requests.append((value, tuple(Request(run, seeds) for run in experiments_of(checks, there))))
    return tuple(requests)


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
        if holds_at(checks, experiment, boundary.setting, side) is not holds:
            return ()  # the range ends, or another flip is nearer than that
    return low, high


def second_requests(
    plan: SeedsBySetting, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> RequestsByValue:
    """Runs at more values: around boundaries that the seeds contradict, and between values with different outcomes."""
    shares = shares_by_value(plan.requests, plan.vary.setting, checks, experiment, shared)
    values: set[float] = set()
    for boundary, sides in zip(plan.boundaries, plan.sides, strict=True):
        if sides and _follow(boundary, sides, shares) is False:
            values |= set(_around(boundary))
    if plan.vary.claimed:
        count = BETWEEN if has_no_bias(experiment) else BETWEEN // 2
        for a, b in outcome_changes(shares):
            values |= set(np.linspace(a, b, count + 2)[1:-1].tolist())
    seeds = plan.requests[0][1][0].seeds if plan.requests else SEEDS
    return requests_by_value(checks, experiment, plan.vary.setting, sorted(values - shares.keys()), seeds)


def _around(boundary: Boundary) -> list[float]:
    (low, high), value = boundary.range, boundary.value
    scale = abs(value) or high / 2 - low / 2
    values = [value + sign * part * scale for part in AROUND for sign in (-1, 1)]
    return [x for x in (*values, low, high) if low <= x <= high]


def outcome_changes(shares: Mapping[float, Share]) -> list[tuple[float, float]]:
    """Adjacent values between which the claim changes from true to not true for all seeds, or back."""
    told = [value for value in sorted(shares) if shares[value].all_hold is not None]
    return [(a, b) for a, b in pairwise(told) if shares[a].all_hold != shares[b].all_hold]


def shares_by_value(
    requests: RequestsByValue, setting: str, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> Shares:
    """For how many seeds the claim holds at each value, each asked once."""
    shares = {}
    for value, runs in requests:
        key = id(checks), setting, value, runs[0].seeds
        if key not in shared.shares:
            said = _statement_at(checks, changed(experiment, setting, value), runs, shared)
            # Kept with the checks, whose id is nobody else's as long as they are.
            shared.shares[key] = checks, Share.of(said.met, said.resolved)
        shares[value] = shared.shares[key][1]
    return shares


def _statement_at(
    checks: Sequence[RunCheck], experiment: Experiment, requests: tuple[Request, ...], shared: SharedRuns
) -> Statement:
    """The seeds' statement on the checks; from `offset_path` in float64 where the dtype cannot resolve it."""
    runs = {request.experiment: request for request in requests}
    said = state(checks, experiment, lambda run: shared.reference_path(runs[run]))
    if said.resolved.all() or not all(takes_offsets(run) for run in runs):
        return said

    def finer(run: Experiment) -> Path:
        path = shared.offset_path(run, runs[run].seeds)
        assert path is not None
        return path

    return state(checks, experiment, finer)


def _follow(boundary: Boundary, sides: tuple[float, ...], shares: Shares) -> bool | None:
    """Whether all seeds agree with the expected dynamics on either side of a boundary; None if untold."""
    low, high = (shares[side] for side in sides)
    if not low.told or not high.told:
        return None
    follow = low.all_say(boundary.below) and high.all_say(boundary.above)
    # Those that can tell are not a random sample of all, and do not speak for the others.
    return None if follow and (low.told < low.seeds or high.told < high.seeds) else follow


def read_seeds(
    plan: SeedsBySetting, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> SearchResult:
    """The boundaries as the seeds confirm or move them, those that only seeds show, and what could not be told."""
    setting = plan.vary.setting
    shares = shares_by_value(plan.requests, setting, checks, experiment, shared)
    shares |= shares_by_value(second_requests(plan, checks, experiment, shared), setting, checks, experiment, shared)
    found = merged_results(_read_beside(*each, shares) for each in zip(plan.boundaries, plan.sides, strict=True))
    if not plan.vary.claimed:
        return found
    found = merged_results([found, _read_across(plan, setting_of(experiment, setting), shares, found.boundaries)])
    unconfirmed = [
        f"whether batches follow the expected dynamics, which changes at {setting} = {shown(boundary.value)}, "
        "could not be told"
        for boundary in found.boundaries
        if boundary.confirmed is None and boundary.closed_form is None
    ]
    return found._replace(untold=(*found.untold, *unconfirmed))


def _read_beside(boundary: Boundary, sides: tuple[float, ...], shares: Shares) -> SearchResult:
    """A boundary of the expected dynamics with the shares of seeds around it; a remark if no seed changes outcome."""
    confirmed = _follow(boundary, sides, shares) if sides else None
    if confirmed is not False:
        return SearchResult((replace(boundary, reference=_reference(shares, sides), confirmed=confirmed),))
    around = {value: share for value, share in shares.items() if share.told == share.seeds}
    if len(around) < 2:
        return SearchResult((replace(boundary, confirmed=None),))
    below = {value for value, share in around.items() if share.all_say(boundary.below)}
    above = {value for value, share in around.items() if share.all_say(boundary.above)}
    if len(around) in (len(below), len(above)):
        holds = boundary.below if len(below) == len(around) else boundary.above
        remark = (
            f"in the expected dynamics it changes at {boundary.setting} = {shown(boundary.value)}, which no run "
            f"with batches follows: it {'is true' if holds else 'is false'} in all from {shown(min(around))} to "
            f"{shown(max(around))}; that decides nothing"
        )
        return SearchResult(remarks=(remark,))
    first, last = _transition(sorted(around), below, above, boundary.value)
    beside = _reference(shares, [value for value in sorted(around) if first <= value <= last])
    return SearchResult((replace(boundary, reference=beside, confirmed=False, with_batches=(first, last)),))


def _reference(shares: Shares, values: Sequence[float]) -> Mapping[float, tuple[int, int]]:
    return MappingProxyType({value: shares[value][:2] for value in values})


def _transition(values: list[float], below: set[float], above: set[float], flip: float) -> tuple[float, float]:
    """Values run, nearest to a flip, between which seeds change outcome; the first or last one if some never do."""
    mixed = [v for v in values if v not in below and v not in above]
    change = [
        v for a, b in pairwise(values) if (a in below) != (b in below) or (a in above) != (b in above) for v in (a, b)
    ]
    middle = min(mixed or change or values, key=lambda v: abs(v - flip))
    first = max((v for v in values if v < middle and v in below), default=values[0])
    last = min((v for v in values if v > first and v >= middle and v in above), default=values[-1])
    return first, last


def _covers(boundary: Boundary, a: float, b: float) -> bool:
    """Whether a change of outcome between two values belongs to a known boundary."""
    beside = [boundary.value, *(boundary.with_batches or ()), *boundary.reference]
    return any(a <= x <= b for x in beside) or (min(beside) <= a and b <= max(beside))


def _read_across(plan: SeedsBySetting, stated: float, shares: Shares, known: Sequence[Boundary]) -> SearchResult:
    """Flips over a claimed range that only seeds show, and what could not be told."""
    vary, found = plan.vary, list(known)
    for a, b in outcome_changes(shares):
        if any(_covers(boundary, a, b) for boundary in found):
            continue
        holds = shares[a].all_hold is True
        found.append(
            Boundary(
                setting=vary.setting,
                value=(a + b) / 2,
                below=holds,
                above=not holds,
                bracket=(a, b),
                stated=stated,
                range=(vary.low, vary.high),
                claimed=True,
                reference=_reference(shares, [value for value in shares if a <= value <= b]),
                confirmed=True,
                with_batches=(a, b),
                found_by="reference",
            )
        )
    new = tuple(found[len(known) :])
    dark = [*plan.flips.untold, *((value, value) for value, share in shares.items() if share.all_hold is None)]
    if not dark:
        return SearchResult(new)
    low, high = min(a for a, _ in dark), max(b for _, b in dark)
    where = f"at {vary.setting} = {shown(low)}"
    if low != high:
        where = f"for {vary.setting} in {shown(low)} to {shown(high)}"
    return SearchResult(new, untold=(f"it could not be told {where}",))
