"""The boundaries of a claim: found by the exact witness, held against the reference's seeds.

First `search_flips` asks the exact witness only, and says which runs of the reference it
will take to confirm what was found; when those are made, together with all others,
`confirm` reads them. A flip of the expected dynamics that no seed follows decides nothing,
and is told as a remark; one that only the seeds show is a boundary too.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from compare.claims.boundaries import seeds_by_setting, seeds_by_step
from compare.claims.boundaries.batch_size import batch_sizes, flip_along_batch_sizes
from compare.claims.boundaries.closed_forms import closed_form
from compare.claims.boundaries.derivative_at_zero import flip_at_the_kink
from compare.claims.boundaries.flips_by_setting import Flip, flips_along_setting
from compare.claims.boundaries.flips_by_step import depends_on_length, first_exception, flip_along_steps
from compare.claims.boundaries.search_result import SearchResult, merged_results
from compare.claims.boundaries.seeds_by_setting import RequestsByValue, SeedsBySetting
from compare.claims.boundaries.seeds_by_step import SeedsByStep
from compare.claims.settings import setting_of
from compare.claims.values import Vary
from compare.claims.verdicts import MOST_WINDOWS, Boundary
from compare.claims.witnesses.paths.statements import RunCheck, Statement
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.shared_runs import SEEDS, SharedRuns
from reference import Experiment

__all__ = ["Search", "confirm", "first_requests", "search_flips", "second_requests"]


class Search(NamedTuple):
    """The flips that the exact witness found, and the runs of the reference that are to confirm them."""

    checks: Sequence[RunCheck]
    experiment: Experiment
    by_step: SeedsByStep | None  # None where that was not looked for
    by_setting: tuple[SeedsBySetting, ...]  # one for each setting that is varied
    batch_size: tuple[Vary, RequestsByValue] | None  # of a claim that varies it
    at_the_kink: Boundary | None  # where the value taken for phi'(0) decides
    searched: tuple[tuple[str, float, float], ...]  # where the expected dynamics has no flip: setting, from, to


def search_flips(
    checks: Sequence[RunCheck], experiment: Experiment, vary: Sequence[Vary], said: Statement, shared: SharedRuns
) -> Search:
    """Ask the exact witness where a claim flips of which it says `said` as it is."""
    searched: list[tuple[str, float, float]] = []
    by_step, by_setting, batch_size = None, [], None
    if said.resolved[0]:
        holds = bool(said.met[0])
        # Of a claim that has to hold always and does not, the first exception, else the first flip later on.
        exception = None if holds else first_exception(checks, experiment, shared)
        flip = exception or flip_along_steps(checks, experiment, holds, shared)
        if flip.steps is None:
            searched.append(("steps", experiment.steps, flip.looked_to))
        if any(depends_on_length(check) for check in checks):
            by_step = seeds_by_step.plan_seeds(checks, experiment, holds, flip)
    for one in vary:
        if one.setting == "batch_size":
            sizes = batch_sizes(one, experiment.batch_size)
            requests = seeds_by_setting.requests_by_value(checks, experiment, one.setting, sizes, SEEDS)
            batch_size = one, requests
            continue
        flips = flips_along_setting(checks, experiment, one)
        if not flips.flips and flips.told is not None:
            searched.append((one.setting, *flips.told))
        found = _boundaries(checks, experiment, one, flips.flips)
        by_setting.append(seeds_by_setting.plan_seeds(checks, experiment, one, flips, found))
    at_the_kink = flip_at_the_kink(checks, experiment, said)
    return Search(checks, experiment, by_step, tuple(by_setting), batch_size, at_the_kink, tuple(searched))


def _boundaries(
    checks: Sequence[RunCheck], experiment: Experiment, vary: Vary, flips: Sequence[Flip]
) -> list[Boundary]:
    """The flips along a setting as boundaries, not yet confirmed."""
    form = closed_form(checks, experiment, vary.setting)
    windows = _windows(vary, flips) if vary.claimed else ()
    return [
        Boundary(
            setting=vary.setting,
            value=flip.value,
            below=flip.holds_below,
            above=not flip.holds_below,
            bracket=(flip.low, flip.high),
            stated=setting_of(experiment, vary.setting),
            range=(vary.low, vary.high),
            claimed=vary.claimed,
            closed_form=form[:2] if form is not None and form.is_between(flip.low, flip.high) else None,
            windows=windows[:MOST_WINDOWS],
        )
        for flip in flips
    ]


def _windows(vary: Vary, flips: Sequence[Flip]) -> tuple[tuple[float, float], ...]:
    """Intervals of a range in which a claim holds, from all its flips, if there are several."""
    ordered = sorted(flips, key=lambda flip: flip.value)
    parts = pairwise([vary.low, *(flip.value for flip in ordered), vary.high])
    holds = [flip.holds_below for flip in ordered] + [not flip.holds_below for flip in ordered[-1:]]
    found = tuple(part for part, here in zip(parts, holds, strict=False) if here)
    return found if len(found) > 1 else ()


def first_requests(search: Search) -> Iterator[Request]:
    """The runs of the reference that confirm the flips found."""
    if search.by_step is not None:
        yield from search.by_step.requests
    by_value = [plan.requests for plan in search.by_setting]
    if search.batch_size is not None:
        by_value.append(search.batch_size[1])
    yield from (run for requests in by_value for _, runs in requests for run in runs)


def second_requests(search: Search, shared: SharedRuns) -> Iterator[Request]:
    """The runs that show where the seeds flip, for boundaries at which they do not."""
    for plan in search.by_setting:
        for _, runs in seeds_by_setting.second_requests(plan, search.checks, search.experiment, shared):
            yield from runs


def confirm(search: Search, shared: SharedRuns) -> SearchResult:
    """Read the reference's runs beside each boundary; add those along the batch size and at the kink."""
    checks, experiment = search.checks, search.experiment
    found = [] if search.at_the_kink is None else [SearchResult((search.at_the_kink,))]
    if search.by_step is not None:
        found.append(seeds_by_step.read_seeds(search.by_step, checks, experiment, shared))
    found += [seeds_by_setting.read_seeds(plan, checks, experiment, shared) for plan in search.by_setting]
    if search.batch_size is not None:
        vary, requests = search.batch_size
        found.append(flip_along_batch_sizes(requests, checks, experiment, vary, shared))
    return merged_results(found)
