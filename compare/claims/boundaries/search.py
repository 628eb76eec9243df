"""The boundaries of a claim: found by the exact witness, held against the reference's seeds.

First `look_for` asks the exact witness only, and says which runs of the reference it will
take to confirm what was found; when those are made, together with all others, `confirm`
reads them. A flip of the expected dynamics that no seed follows decides nothing, and is
told as a remark; one that only the seeds show is a boundary too.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import NamedTuple

from compare.claims.boundaries import seeds_by_setting, seeds_by_step
from compare.claims.boundaries.batch_size import along_batch_sizes, requests_by_size
from compare.claims.boundaries.closed_forms import closed_form
from compare.claims.boundaries.derivative_at_zero import look_at_the_kink
from compare.claims.boundaries.flips_by_setting import Flip, batch_sizes, look_along
from compare.claims.boundaries.flips_by_step import StepsFlip, depends_on_length, first_exception, flip_along_steps
from compare.claims.reading.experiments import setting_of
from compare.claims.values import Vary
from compare.claims.verdicts import MOST_WINDOWS, Boundary
from compare.claims.witnesses.paths.statements import RunCheck, Statement
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.shared_runs import SharedRuns
from reference import Experiment

__all__ = ["Found", "Search", "confirm", "look_for", "requests_of_search", "second_look"]


class Search(NamedTuple):
    """What the exact witness found, and how it is to be confirmed.

    Parameters
    ----------
    along_steps : seeds_by_step.AlongSteps or None
        What there is along the steps; None where that was not looked for.
    along_settings : tuple of seeds_by_setting.AlongSetting
        One for each setting that is varied.
    batch_sizes : tuple
        Of a claim that varies it: sizes, and their runs.
    convention : Boundary or None
        Where the value taken for phi'(0) decides.
    searched : tuple
        Settings along which the expected dynamics has no flip: name, from, to.
    """

    along_steps: seeds_by_step.AlongSteps | None
    along_settings: tuple[seeds_by_setting.AlongSetting, ...]
    batch_sizes: tuple[tuple[int, tuple[Request, ...]], ...]
    convention: Boundary | None
    searched: tuple[tuple[str, float, float], ...]


class Found(NamedTuple):
    """What came of a search.

    Parameters
    ----------
    boundaries : tuple of Boundary
    remarks : tuple of str
        What the expected dynamics says and no seed follows, how far batches were looked
        at, and the like.
    untold : tuple of str
        Of what is claimed: what could not be told.
    """

    boundaries: tuple[Boundary, ...]
    remarks: tuple[str, ...]
    untold: tuple[str, ...]


def look_for(
    checks: Sequence[RunCheck], experiment: Experiment, vary: Sequence[Vary], said: Statement, shared: SharedRuns
) -> Search:
    """Ask the exact witness where the claim flips.

    Parameters
    ----------
    checks : sequence of RunCheck
    experiment : Experiment
    vary : sequence of Vary
    said : Statement
        What the exact witness says of the claim as it is.
    shared : SharedRuns

    Returns
    -------
    Search
    """
    searched: list[tuple[str, float, float]] = []
    steps = None
    if said.resolved[0]:
        flip, holds = _along_steps(checks, experiment, bool(said.met[0]), shared), bool(said.met[0])
        if flip.steps is None:
            searched.append(("steps", experiment.steps, flip.looked_to))
        if any(depends_on_length(check) for check in checks):
            steps = seeds_by_step.prepare(checks, experiment, holds, flip)
    settings = []
    for setting in vary:
        if setting.setting == "batch_size":
            continue
        along = look_along(checks, experiment, setting)
        if not along.flips and along.told is not None:
            searched.append((setting.setting, *along.told))
        windows = _windows(setting, along.flips) if setting.claimed else ()
        found = [_as_boundary(checks, experiment, setting, flip, windows) for flip in along.flips]
        settings.append(seeds_by_setting.prepare(checks, experiment, setting, along, found))
    sizes = next((v for v in vary if v.setting == "batch_size"), None)
    by_size = () if sizes is None else requests_by_size(checks, experiment, batch_sizes(sizes, experiment.batch_size))
    return Search(steps, tuple(settings), by_size, look_at_the_kink(checks, experiment, said), tuple(searched))


def _along_steps(checks: Sequence[RunCheck], experiment: Experiment, holds: bool, shared: SharedRuns) -> StepsFlip:
    """For a claim that has to hold always and does not, the first exception, else the first flip later on."""
    exception = None if holds else first_exception(checks, experiment, shared)
    return exception or flip_along_steps(checks, experiment, holds, shared)


def _windows(vary: Vary, flips: Sequence[Flip]) -> tuple[tuple[float, float], ...]:
    """From where to where a claim holds in a range with all its flips, if it comes and goes."""
    ordered = sorted(flips, key=lambda flip: flip.value)
    edges = [vary.low, *(flip.value for flip in ordered), vary.high]
    holds = [flip.holds_below for flip in ordered] + [not flip.holds_below for flip in ordered[-1:]]
    found = tuple((a, b) for a, b, here in zip(edges, edges[1:], holds, strict=False) if here)
    return found if len(found) > 1 else ()


def _as_boundary(
    checks: Sequence[RunCheck],
    experiment: Experiment,
    vary: Vary,
    flip: Flip,
    windows: tuple[tuple[float, float], ...],
) -> Boundary:
    form = closed_form(checks, experiment, vary.setting)
    return Boundary(
        setting=vary.setting,
        value=flip.value,
        below=flip.holds_below,
        above=not flip.holds_below,
        bracket=(flip.low, flip.high),
        stated=setting_of(experiment, vary.setting),
        range=(vary.low, vary.high),
        claimed=vary.claimed,
        closed_form=form[:2] if form is not None and form.is_between(flip.low, flip.high) else None,
        reference=MappingProxyType({}),
        windows=windows[:MOST_WINDOWS],
    )


def requests_of_search(search: Search) -> Iterator[Request]:
    """The runs of the reference that it takes to confirm what was found."""
    if search.along_steps is not None:
        yield from search.along_steps.requests
    for along in search.along_settings:
        yield from (run for _, runs in along.asked for run in runs)
    yield from (run for _, runs in search.batch_sizes for run in runs)


def second_look(
    search: Search, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> tuple[Request, ...]:
    """The runs it takes to see where the seeds flip, where they do not do so beside the boundary."""
    return tuple(
        run
        for along in search.along_settings
        for _, runs in seeds_by_setting.closer(along, checks, experiment, shared)
        for run in runs
    )


def confirm(
    search: Search, checks: Sequence[RunCheck], experiment: Experiment, vary: Sequence[Vary], shared: SharedRuns
) -> Found:
    """Read the reference's runs beside each boundary; add those along the batch size and of the convention."""
    boundaries: list[Boundary] = [] if search.convention is None else [search.convention]
    remarks: list[str] = []
    untold: list[str] = []
    if search.along_steps is not None:
        boundary, remark, not_told = seeds_by_step.read(search.along_steps, checks, experiment, shared)
        boundaries += [] if boundary is None else [boundary]
        remarks += [remark] if remark else []
        untold += [not_told] if not_told else []
    for along in search.along_settings:
        found = seeds_by_setting.read(along, checks, experiment, shared)
        boundaries += found.boundaries
        remarks += found.remarks
        untold += found.untold
    sizes = next((v for v in vary if v.setting == "batch_size"), None)
    if sizes is not None:
        boundary, not_told = along_batch_sizes(search.batch_sizes, checks, experiment, sizes, shared)
        boundaries += [] if boundary is None else [boundary]
        untold += [not_told] if not_told and sizes.claimed else []
    return Found(tuple(boundaries), tuple(remarks), tuple(untold))
