"""Flips of a claim along the number of steps in runs on batches: the reference's seeds, by run length.

Where the expected dynamics flips, seeds are run somewhat beyond; where it does not, as far
as is affordable, since the noise of batches may break what the expected dynamics keeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.claims.boundaries.flips_by_step import TIMES, Lengths, StepsFlip, lengths_of
from compare.claims.boundaries.search_result import SearchResult
from compare.claims.check_text import shown
from compare.claims.settings import has_no_bias
from compare.claims.values import ComparisonCheck
from compare.claims.verdicts import MOST_WINDOWS, Boundary, Share
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, experiments_of
from compare.claims.witnesses.seeds.many_runs import LONGEST, Request, affordable_steps
from compare.claims.witnesses.seeds.offset_runs import takes_offsets
from compare.claims.witnesses.shared_runs import FEW, SharedRuns, seeds_for
from reference import Experiment

__all__ = ["SeedsByStep", "plan_seeds", "read_seeds"]

BEYOND = 0.1  # distance beyond a flip, relative to it, to which the seeds are run
SAMPLES_OF_A_LONGER_LOOK = 8_000_000  # of all seeds of a run that goes on although nothing is expected to change
MOST_STATES = 2_000_000  # of all seeds, in a longer look
MOST_STEPS_WITH_BIAS = 8000


class SeedsByStep(NamedTuple):
    """The flip of the expected dynamics along the steps, and the runs of the reference that test it."""

    holds: bool  # as stated, in the expected dynamics
    flip: StepsFlip
    length: int = 0  # how many steps the reference makes; 0 if such a run is too long
    requests: tuple[Request, ...] = ()  # none for a run so long that it is made at once as distances from where it goes

    @property
    def expected(self) -> str:
        """What the expected dynamics says, as the beginning of a sentence."""
        assert self.flip.steps is not None
        truth = "false" if self.holds else "true"
        return f"in the expected dynamics it is {truth} for runs of {shown(self.flip.steps)} steps or more"


def plan_seeds(checks: Sequence[RunCheck], experiment: Experiment, holds: bool, flip: StepsFlip) -> SeedsByStep:
    """Plan the runs of the reference that show whether the seeds flip where the expected dynamics does."""
    too_long = SeedsByStep(holds, flip)
    if any(isinstance(check, ComparisonCheck) and "steps" in check.other_is for check in checks):
        return too_long  # the other run has a length of its own
    if flip.steps is not None:
        length = max(int(np.ceil(flip.steps * (1 + BEYOND))), flip.steps + 1, experiment.steps)
        seeds = seeds_for(length * experiment.batch_size)
    else:
        seeds = FEW
        most = min(SAMPLES_OF_A_LONGER_LOOK // experiment.batch_size, MOST_STATES) // seeds
        most = most if has_no_bias(experiment) else min(most, MOST_STEPS_WITH_BIAS)
        length = min(TIMES * experiment.steps, most, LONGEST)
        if length <= experiment.steps:
            return too_long
    longer = replace(experiment, steps=length)
    runs = experiments_of(checks, longer)
    if flip.steps is not None and seeds < FEW and all(takes_offsets(run) for run in runs):
        return SeedsByStep(holds, flip, length)
    if affordable_steps(longer) < length:
        return too_long
    return SeedsByStep(holds, flip, length, tuple(Request(run, seeds) for run in runs))


def read_seeds(
    plan: SeedsByStep, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> SearchResult:
    """The boundary along the steps by the seeds, and remarks on it."""
    flip = plan.flip
    if not plan.length:
        remark = f"with batches no run was looked at beyond {shown(experiment.steps)} steps"
        if flip.steps is not None:
            remark = f"{plan.expected}, which is too long a run to be made with batches"
        return SearchResult(remarks=(remark,))
    if not plan.requests:
        offsets = _in_offsets(plan, checks, experiment, shared)
        assert offsets is not None
        return _of_paths(plan, checks, experiment, offsets)
    paths = {request.experiment: shared.reference_path(request) for request in plan.requests}
    found = _of_paths(plan, checks, experiment, paths)
    if found.boundaries or flip.steps is None or not any(path.held_by_rounding().any() for path in paths.values()):
        return found
    offsets = _in_offsets(plan, checks, experiment, shared)
    if offsets is None:
        return SearchResult(untold=(f"{plan.expected}, and rounding brings the runs to rest before",))
    found = _of_paths(plan, checks, experiment, offsets)
    finer = (
        "rounding brings runs to rest before, so they were made in float64, with w as the distance from where it goes"
    )
    return found._replace(remarks=found.remarks or (finer,))


def _in_offsets(
    plan: SeedsByStep, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> dict[Experiment, Path] | None:
    """The seeds' float64 paths with w as the distance from its limit; None if some run has none."""
    runs = experiments_of(checks, replace(experiment, steps=plan.length))
    paths = {run: path for run in runs if (path := shared.offset_path(run, FEW)) is not None}
    return paths if len(paths) == len(set(runs)) else None


def _of_paths(
    plan: SeedsByStep, checks: Sequence[RunCheck], experiment: Experiment, paths: Mapping[Experiment, Path]
) -> SearchResult:
    """The boundary by the seeds' paths, for a flip within the stated run or beyond it."""

    def path(run: Experiment, steps: int) -> Path:
        return paths[replace(run, steps=plan.length)].until(steps)

    lengths = lengths_of(checks, experiment, plan.length, path)
    first = plan.flip.steps
    if first is not None and first <= experiment.steps:
        return SearchResult((_exception(plan, lengths, experiment, first),))
    return _of_a_longer_run(plan, lengths, experiment)


def _exception(plan: SeedsByStep, lengths: Lengths, experiment: Experiment, first: int) -> Boundary:
    """The boundary at the first exception to "always", with the shares of seeds on either side of it."""
    low = min(int(first * (1 - BEYOND)), first - 1)
    high = min(max(int(np.ceil(first * (1 + BEYOND))), first + 1), plan.length)
    shares = _shares(lengths, low, high)
    told = all(share.told for share in shares.values())
    confirmed = shares[low].all_say(True) and shares[high].all_say(False) if told else None
    return _boundary(plan, experiment, first, True, (0, experiment.steps), shares, confirmed=confirmed)


def _of_a_longer_run(plan: SeedsByStep, lengths: Lengths, experiment: Experiment) -> SearchResult:
    """The boundary beyond the stated run: from the first length at which some seed flips to one at which all have."""
    steps, flip, seeds = experiment.steps, plan.flip, lengths.met.shape[1]
    now = lengths.met[steps] & lengths.resolved[steps]
    # Where all seeds are of one mind as stated, it is theirs that may change.
    mixed = not lengths.resolved[steps].any() or (now.any() and not now.all())
    holds = plan.holds if mixed else bool(now.all())
    told = lengths.resolved[steps] & (lengths.met[steps] == holds)
    different = ((lengths.met != holds) & lengths.resolved)[steps + 1 :]
    some, every = np.flatnonzero((different & told).any(axis=1)), np.flatnonzero(different.all(axis=1))
    # True for some seeds only as stated: there is no length up to which it holds.
    unexpected = flip.steps is None or holds != plan.holds
    if not told.any() or (unexpected and (mixed or not len(some))):
        return SearchResult(remarks=(f"with batches {seeds} runs were looked at up to {shown(plan.length)} steps",))
    if not len(some):
        follows = f"which none of {seeds} runs with batches follows in {shown(plan.length)} steps: that decides nothing"
        return SearchResult(remarks=(f"{plan.expected}, {follows}",))
    first = steps + 1 + int(some[0])
    between = (float(first - 1), float(steps + 1 + int(every[0]))) if len(every) else None
    if unexpected:
        shares = _shares(lengths, *sorted({steps, first, plan.length}))
        boundary = _boundary(plan, experiment, first, holds, (steps, plan.length), shares, with_batches=between)
        by_seeds = replace(boundary, bracket=(float(first - 1), float(first)), found_by="reference", windows=())
        return SearchResult((replace(by_seeds, confirmed=True),))
    assert flip.steps is not None
    low, high = _beside(flip, flip.steps, steps, plan.length)
    shares = _shares(lengths, low, high)
    confirmed = shares[low].all_say(plan.holds) and shares[high].all_say(not plan.holds)
    boundary = _boundary(plan, experiment, flip.steps, plan.holds, (steps, flip.end), shares, confirmed=confirmed)
    return SearchResult((boundary if confirmed else replace(boundary, with_batches=between),))


def _beside(flip: StepsFlip, first: int, steps: int, length: int) -> tuple[int, int]:
    """Run lengths on either side of a flip, nearer to it than to any other flip."""
    low = max(min(int(first * (1 - BEYOND)), first - 1), steps)
    high = min(max(int(np.ceil(first * (1 + BEYOND))), first + 1), length)
    for begins, ends in flip.windows:
        if begins > first:  # the next window in which it holds again
            high = min(high, (first + begins) // 2)
        elif begins == first:  # the window that begins here
            high = min(high, (begins + ends) // 2)
        elif ends == first - 1:  # the one that ends here
            low = max(low, (begins + ends) // 2)
    return low, max(high, first)


def _shares(lengths: Lengths, *which: int) -> dict[int, Share]:
    return {length: Share.of(lengths.met[length], lengths.resolved[length]) for length in which}


def _boundary(
    plan: SeedsByStep,
    experiment: Experiment,
    value: int,
    below: bool,
    looked: tuple[float, float],
    shares: Mapping[int, Share],
    **said: Any,
) -> Boundary:
    windows = plan.flip.windows
    return Boundary(
        setting="steps",
        value=value,
        below=below,
        above=not below,
        bracket=(plan.flip.looked_to, value),
        stated=experiment.steps,
        range=looked,
        reference=MappingProxyType({float(length): share[:2] for length, share in shares.items()}),
        windows=windows[:MOST_WINDOWS] if len(windows) > 1 else (),
        **said,
    )
