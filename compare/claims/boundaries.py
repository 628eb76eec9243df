"""The boundaries of a claim: found by the exact witness, confirmed by the reference.

First `look_for` asks the exact witness only, and says which runs of the reference it will
take to confirm what was found; when those are made, together with all others, `confirm`
reads them.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.claims.along_settings import batch_sizes, look_along, truth_at
from compare.claims.along_steps import TIMES, StepsFlip, first_exception, flip_along_steps
from compare.claims.build_experiment import changed, setting_of
from compare.claims.closed_forms import closed_form
from compare.claims.ensembles import LONGEST, Request, affordable_steps
from compare.claims.expected import half_lines
from compare.claims.path import Path
from compare.claims.runs import RunCheck, Statement, experiments_of, state
from compare.claims.values import Vary
from compare.claims.verdicts import Boundary
from compare.claims.workbench import SEEDS, Workbench
from reference import Experiment

__all__ = ["Search", "confirm", "look_for", "second_look"]

ASIDE = 0.1  # where the reference is asked: so far from the boundary, relative to it
USUAL_SAMPLES, MOST_SAMPLES = 2_500_000, 32_000_000  # of one seed, for which all are run; of all seeds of a longer run
BETWEEN = 6  # values asked between the stated one and a boundary that the seeds do not confirm

Asked = tuple[tuple[float, tuple[Request, ...]], ...]  # values, and the runs that each takes


class Search(NamedTuple):
    """What the exact witness found, and how it is to be confirmed.

    Parameters
    ----------
    boundaries : tuple of Boundary
        Not confirmed yet.
    searched : tuple
        Settings along which there was no flip: name, from, to.
    requests : tuple
        For each boundary the value asked, and the runs that this takes.
    batch_sizes : tuple
        Of a claim that varies it: sizes, and their runs.
    """

    boundaries: tuple[Boundary, ...]
    searched: tuple[tuple[str, float, float], ...]
    requests: tuple[Asked, ...]
    batch_sizes: tuple[tuple[int, tuple[Request, ...]], ...]


def look_for(
    checks: Sequence[RunCheck], experiment: Experiment, vary: Sequence[Vary], said: Statement, bench: Workbench
) -> Search:
    """Ask the exact witness where the claim flips.

    Parameters
    ----------
    checks : sequence of RunCheck
    experiment : Experiment
    vary : sequence of Vary
    said : Statement
        What the exact witness says of the claim as it is.
    bench : Workbench

    Returns
    -------
    Search
    """
    found: list[Boundary] = []
    searched: list[tuple[str, float, float]] = []
    if said.resolved[0]:
        _along_steps(checks, experiment, bool(said.met[0]), bench, found, searched)
    for setting in vary:
        if setting.setting != "batch_size":
            _along_setting(checks, experiment, setting, found, searched)
    requests = tuple(_to_confirm(checks, experiment, boundary) for boundary in found)
    sizes = next((v for v in vary if v.setting == "batch_size"), None)
    by_size = []
    for size in () if sizes is None else batch_sizes(sizes, experiment.batch_size):
        runs = experiments_of(checks, changed(experiment, "batch_size", size))
        by_size.append((size, tuple(Request(run, SEEDS) for run in runs)))
    return Search(tuple(found), tuple(searched), requests, tuple(by_size))


def _along_steps(
    checks: Sequence[RunCheck],
    experiment: Experiment,
    holds: bool,
    bench: Workbench,
    found: list[Boundary],
    searched: list[tuple[str, float, float]],
) -> None:
    steps = experiment.steps
    exception = None if holds else first_exception(checks, experiment, bench.exact_path(experiment))
    if exception is not None:
        found.append(_steps_boundary(experiment, exception, True, (0, steps)))
        return
    flip = flip_along_steps(checks, experiment, holds, bench)
    if flip.steps is None:
        searched.append(("steps", steps, flip.looked_to))
    else:
        found.append(_steps_boundary(experiment, flip, holds, (steps, TIMES * steps)))


def _steps_boundary(experiment: Experiment, flip: StepsFlip, below: bool, where: tuple[float, float]) -> Boundary:
    assert flip.steps is not None
    return Boundary(
        setting="steps",
        value=flip.steps,
        below=below,
        above=not below,
        bracket=(flip.looked_to, flip.steps),
        stated=experiment.steps,
        range=where,
        reference=MappingProxyType({}),
    )


def _along_setting(
    checks: Sequence[RunCheck],
    experiment: Experiment,
    vary: Vary,
    found: list[Boundary],
    searched: list[tuple[str, float, float]],
) -> None:
    flips, told = look_along(checks, experiment, vary)
    if not flips and told is not None:
        searched.append((vary.setting, *told))
    form = closed_form(checks, experiment, vary.setting)
    found.extend(
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
            reference=MappingProxyType({}),
        )
        for flip in flips
    )


def _to_confirm(checks: Sequence[RunCheck], experiment: Experiment, boundary: Boundary) -> Asked:
    """On either side of a boundary, the value to ask the reference at and the runs it takes."""
    asked = []
    for value in _sides(boundary):
        if boundary.setting == "steps":
            # Both sides are read off the longer run.
            there = replace(experiment, steps=max(1, int(_sides(boundary)[1])))
            if affordable_steps(there) < there.steps or there.steps > LONGEST:
                return ()
        else:
            holds = truth_at(checks, experiment, boundary.setting, value)
            if holds is not (boundary.below if value < boundary.value else boundary.above):
                return ()  # another flip is nearer than that
            there = changed(experiment, boundary.setting, value)
        runs = experiments_of(checks, there)
        samples = there.steps * there.batch_size
        seeds = SEEDS if samples <= USUAL_SAMPLES else int(np.clip(MOST_SAMPLES // samples, 1, SEEDS))
        asked.append((value, tuple(Request(run, seeds) for run in runs)))
    return tuple(asked)


def _sides(boundary: Boundary) -> tuple[float, float]:
    if boundary.setting == "steps":
        low, high = int(boundary.value * (1 - ASIDE)), int(np.ceil(boundary.value * (1 + ASIDE)))
        return float(min(low, boundary.value - 1)), float(max(high, boundary.value + 1))
    away = ASIDE * abs(boundary.value) or ASIDE * (boundary.range[1] - boundary.range[0])
    away = max(away, boundary.bracket[1] - boundary.bracket[0])
    return max(boundary.value - away, boundary.range[0]), min(boundary.value + away, boundary.range[1])


def confirm(
    search: Search, checks: Sequence[RunCheck], experiment: Experiment, vary: Sequence[Vary], bench: Workbench
) -> tuple[Boundary, ...]:
    """Read the reference's runs beside each boundary; add the boundary along the batch size."""
    confirmed = []
    for boundary, asked in zip(search.boundaries, search.requests, strict=True):
        shares, agree = _shares(boundary, asked, checks, experiment, bench)
        if agree is False and (boundary.setting == "steps" or half_lines(experiment) is not None):
            shares |= _shares(boundary, _between(checks, experiment, boundary, asked), checks, experiment, bench)[0]
        confirmed.append(replace(boundary, reference=MappingProxyType(shares), confirmed=agree))
    sizes = _along_batch_sizes(search, checks, experiment, vary, bench)
    return (*confirmed, *(() if sizes is None else (sizes,)))


def second_look(
    search: Search, checks: Sequence[RunCheck], experiment: Experiment, bench: Workbench
) -> tuple[Request, ...]:
    """The runs it takes to see where the seeds flip, where they do not confirm a boundary.

    Only runs without bias, of which what is kept of the batches is all that they need.
    """
    wanted: list[Request] = []
    if half_lines(experiment) is None:
        return ()
    for boundary, asked in zip(search.boundaries, search.requests, strict=True):
        if boundary.setting != "steps" and _shares(boundary, asked, checks, experiment, bench)[1] is False:
            wanted += [run for _, runs in _between(checks, experiment, boundary, asked) for run in runs]
    return tuple(wanted)


def _shares(
    boundary: Boundary, asked: Asked, checks: Sequence[RunCheck], experiment: Experiment, bench: Workbench
) -> tuple[dict[float, tuple[int, int]], bool | None]:
    """For how many seeds, of those that can tell, the claim holds at each value; and whether that is as expected.

    None where no seed can tell.
    """
    shares: dict[float, tuple[int, int]] = {}
    agree: bool | None = True if asked else None
    for value, requests in asked:
        said = _reference(checks, experiment, boundary.setting, value, requests, bench)
        holds = boundary.below if value < boundary.value else boundary.above
        shares[value] = _share(said)
        if agree is not None:
            agree = agree and bool((said.met == holds)[said.resolved].all()) if said.resolved.any() else None
    return shares, agree


def _share(said: Statement) -> tuple[int, int]:
    return int((said.met & said.resolved).sum()), int(said.resolved.sum())


def _between(checks: Sequence[RunCheck], experiment: Experiment, boundary: Boundary, asked: Asked) -> Asked:
    """Values from the stated one to the boundary, for a reference that flips elsewhere."""
    values = np.linspace(boundary.stated, boundary.value, BETWEEN + 2)[1:-1].tolist()
    if boundary.setting == "steps":
        return tuple((float(int(value)), asked[0][1]) for value in values)
    seeds = asked[0][1][0].seeds
    found = []
    for value in values:
        runs = experiments_of(checks, changed(experiment, boundary.setting, value))
        found.append((value, tuple(Request(run, seeds) for run in runs)))
    return tuple(found)


def _reference(
    checks: Sequence[RunCheck],
    experiment: Experiment,
    setting: str,
    value: float,
    requests: tuple[Request, ...],
    bench: Workbench,
) -> Statement:
    seeds = {request.experiment: request for request in requests}

    def path(run: Experiment) -> Path:
        if setting == "steps":
            longer = next(request for request in requests if replace(request.experiment, steps=run.steps) == run)
            return bench.reference_path(longer).until(run.steps)
        return bench.reference_path(seeds[run])

    if setting == "steps":
        return state(checks, replace(experiment, steps=int(value)), path) if value >= 1 else _at_the_start(requests)
    return state(checks, changed(experiment, setting, value), path)


def _at_the_start(requests: tuple[Request, ...]) -> Statement:
    members = requests[0].seeds
    return Statement(np.ones(members, bool), np.ones(members, bool), (), "")


def _along_batch_sizes(
    search: Search, checks: Sequence[RunCheck], experiment: Experiment, vary: Sequence[Vary], bench: Workbench
) -> Boundary | None:
    """The smallest change of the batch size after which the seeds are no longer of one mind, or of another."""
    shares: dict[float, tuple[int, int]] = {}
    for size, requests in search.batch_sizes:
        said = _reference(checks, experiment, "batch_size", size, requests, bench)
        if said.resolved.any():
            shares[float(size)] = _share(said)
    if not shares:
        return None
    always = {size: met == counted for size, (met, counted) in shares.items()}
    sizes, stated = sorted(always), float(experiment.batch_size)
    pairs = [(a, b) for a, b in pairwise(sizes) if always[a] != always[b]]
    if not pairs:
        return None
    low, high = min(pairs, key=lambda pair: abs(np.log((pair[0] + pair[1]) / 2 / stated)))
    sizes_vary = next(v for v in vary if v.setting == "batch_size")
    return Boundary(
        setting="batch_size",
        value=high,
        below=always[low],
        above=always[high],
        bracket=(low, high),
        stated=stated,
        range=(sizes_vary.low, sizes_vary.high),
        claimed=sizes_vary.claimed,
        reference=MappingProxyType(shares),
        confirmed=True,
    )
