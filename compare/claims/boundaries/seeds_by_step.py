"""What batches make of a claim when the run goes on: the reference's seeds, length by length.

Where the expected dynamics flips, seeds are run somewhat beyond; where it does not, as far
as is affordable, since the noise of batches may break what the expected dynamics keeps.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.claims.boundaries.flips_by_step import TIMES, Lengths, StepsFlip, lengths_of
from compare.claims.check_text import shown
from compare.claims.values import Comparison
from compare.claims.verdicts import MOST_WINDOWS, Boundary
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, experiments_of
from compare.claims.witnesses.seeds.families import kink_of
from compare.claims.witnesses.seeds.many_runs import LONGEST, Request, affordable_steps
from compare.claims.witnesses.seeds.offset_runs import takes_offsets
from compare.claims.witnesses.shared_runs import FEW, SharedRuns, seeds_for
from reference import Experiment

__all__ = ["AlongSteps", "prepare", "read"]

BEYOND = 0.1  # how much farther than a flip the seeds are run, relative to it
SAMPLES_OF_A_LONGER_LOOK = 8_000_000  # of all seeds of a run that goes on although nothing is expected to change
MOST_STATES = 2_000_000  # of all seeds, in a longer look
MOST_STEPS_WITH_BIAS = 8000


class AlongSteps(NamedTuple):
    """What the expected dynamics does along the steps, and the runs of the reference beside it.

    Parameters
    ----------
    holds : bool
        Whether the claim holds as stated in the expected dynamics.
    flip : StepsFlip
    length : int
        How many steps the reference makes; 0 if such a run is too long.
    requests : tuple of Request
    """

    holds: bool
    flip: StepsFlip
    length: int
    requests: tuple[Request, ...]


def prepare(checks: Sequence[RunCheck], experiment: Experiment, holds: bool, flip: StepsFlip) -> AlongSteps:
    """Say which runs of the reference it takes to see whether the seeds do the same."""
    others = [check for check in checks if isinstance(check, Comparison) and "steps" in check.other_is]
    if flip.steps is not None:
        length = max(int(np.ceil(flip.steps * (1 + BEYOND))), flip.steps + 1, experiment.steps)
        seeds = seeds_for(length * experiment.batch_size)
    else:
        seeds = FEW
        most = min(SAMPLES_OF_A_LONGER_LOOK // experiment.batch_size, MOST_STATES) // seeds
        most = most if kink_of(experiment) == "at zero, w alone" else min(most, MOST_STEPS_WITH_BIAS)
        length = min(TIMES * experiment.steps, most, LONGEST)
        if length <= experiment.steps or others:
            return AlongSteps(holds, flip, 0, ())
    there = replace(experiment, steps=length)
    runs = experiments_of(checks, there)
    if others:  # the other run has a length of its own
        return AlongSteps(holds, flip, 0, ())
    if flip.steps is not None and seeds < FEW and all(takes_offsets(run) for run in runs):
        return AlongSteps(holds, flip, length, ())
    if affordable_steps(there) < length:
        return AlongSteps(holds, flip, 0, ())
    return AlongSteps(holds, flip, length, tuple(Request(run, seeds) for run in runs))


class Read(NamedTuple):
    """What came of it: a boundary, a remark, and what could not be told."""

    boundary: Boundary | None = None
    remark: str = ""
    untold: str = ""


def read(along: AlongSteps, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns) -> Read:
    """The boundary along the steps, and what is to be remarked."""
    flip = along.flip
    if not along.length:
        if flip.steps is None:
            return Read(remark=f"batches were not looked at beyond {shown(experiment.steps)} steps")
        return Read(
            remark=f"in the expected dynamics it is {_truth(not along.holds)} from {shown(flip.steps)} steps on, "
            "which is too long a run to ask the seeds"
        )
    if not along.requests:  # so long that it is run on the distance from where it goes at once
        finer = _in_offsets(along, checks, experiment, shared)
        assert finer is not None
        return _of_lengths(along, finer, experiment)
    paths = {replace(request.experiment, steps=1): shared.reference_path(request) for request in along.requests}

    def path(run: Experiment, steps: int) -> Path:
        return paths[replace(run, steps=1)].until(steps)

    found = lengths_of(checks, experiment, along.length, path)
    told = _of_lengths(along, found, experiment)
    held = any(path.held_by_rounding().any() for path in paths.values())
    if told.boundary is not None or flip.steps is None or not held:
        return told
    finer = _in_offsets(along, checks, experiment, shared)
    if finer is not None:
        told = _of_lengths(along, finer, experiment)
        return told._replace(
            remark=told.remark
            or "rounding brings runs in floats to rest before: seeds were counted from where they go, in float64"
        )
    return Read(
        untold=f"in the expected dynamics it is {_truth(not along.holds)} from {shown(flip.steps)} steps on, "
        "and rounding brings the seeds to rest before"
    )


def _in_offsets(
    along: AlongSteps, checks: Sequence[RunCheck], experiment: Experiment, shared: SharedRuns
) -> Lengths | None:
    """The seeds in float64, counted from where they go; None where that is not to be had."""
    longer = experiments_of(checks, replace(experiment, steps=along.length))
    paths = {replace(run, steps=1): shared.offset_path(run, FEW) for run in longer}
    if any(path is None for path in paths.values()):
        return None

    def path(run: Experiment, steps: int) -> Path:
        there = paths[replace(run, steps=1)]
        assert there is not None
        return there.until(steps)

    return lengths_of(checks, experiment, along.length, path)


def _of_lengths(along: AlongSteps, found: Lengths, experiment: Experiment) -> Read:
    """What the seeds make of a flip, which is within the run as stated or beyond it."""
    first = along.flip.steps
    if first is not None and first <= experiment.steps:
        return Read(_of_an_exception(along, found, experiment))
    return _of_a_longer_run(along, found, experiment)


def _of_an_exception(along: AlongSteps, found: Lengths, experiment: Experiment) -> Boundary:
    """The seeds on either side of the first exception of what had to hold always."""
    first = along.flip.steps
    assert first is not None
    low = min(int(first * (1 - BEYOND)), first - 1)
    high = min(max(int(np.ceil(first * (1 + BEYOND))), first + 1), along.length)
    sides = {float(n): _share(found, n) for n in (low, high)}
    told = all(of for _, of in sides.values())
    confirmed = sides[low][0] == sides[low][1] and sides[high][0] == 0 if told else None
    boundary = _boundary(along, experiment, first, below=True, where=(0, experiment.steps))
    return replace(boundary, reference=MappingProxyType(sides), confirmed=confirmed)


def _of_a_longer_run(along: AlongSteps, found: Lengths, experiment: Experiment) -> Read:
    """The first length at which seeds are no longer what they were as stated, and from which on all are."""
    steps, flip = experiment.steps, along.flip
    now = found.met[steps] & found.resolved[steps]
    # Where all seeds are of one mind as stated, it is theirs that may change.
    mixed = not found.resolved[steps].any() or (now.any() and not now.all())
    holds = along.holds if mixed else bool(now.all())
    told = found.resolved[steps] & (found.met[steps] == holds)
    if not told.any():
        return Read(remark=_looked(along, found))
    different = ((found.met != holds) & found.resolved)[steps + 1 :]
    some = np.flatnonzero((different & told).any(axis=1))
    if not len(some):
        if flip.steps is None or holds != along.holds:
            return Read(remark=_looked(along, found))
        return Read(
            remark=f"in the expected dynamics it is {_truth(not along.holds)} from {shown(flip.steps)} steps on, which "
            f"none of {found.met.shape[1]} seeds follows in {shown(along.length)} steps: that decides nothing"
        )
    first = steps + 1 + int(some[0])
    every = np.flatnonzero(different.all(axis=1))
    last = steps + 1 + int(every[0]) if len(every) else along.length
    if flip.steps is None or holds != along.holds:
        if mixed:  # true for some seeds only as stated: there is no length up to which it holds
            return Read(remark=_looked(along, found))
        boundary = _boundary(along, experiment, first, below=holds, where=(steps, along.length))
        shares = {float(n): _share(found, n) for n in sorted({steps, first, along.length})}
        between = (float(first - 1), float(last)) if len(every) else None
        return Read(
            replace(
                boundary,
                bracket=(float(first - 1), float(first)),
                reference=MappingProxyType(shares),
                confirmed=True,
                with_batches=between,
                found_by="reference",
                windows=(),
            )
        )
    low, high = _beside(flip, steps, along.length)
    shares = {float(n): _share(found, n) for n in (low, high)}
    as_expected = shares[low][0] == (shares[low][1] if along.holds else 0) and shares[high][0] == (
        0 if along.holds else shares[high][1]
    )
    boundary = _boundary(along, experiment, flip.steps, below=along.holds, where=(steps, flip.end))
    between = None if as_expected or not len(every) else (float(first - 1), float(last))
    beside = MappingProxyType(shares)
    return Read(replace(boundary, reference=beside, confirmed=as_expected, with_batches=between))


def _beside(flip: StepsFlip, steps: int, length: int) -> tuple[int, int]:
    """Lengths on either side of a flip, before any other one."""
    assert flip.steps is not None
    low = max(min(int(flip.steps * (1 - BEYOND)), flip.steps - 1), steps)
    high = min(max(int(np.ceil(flip.steps * (1 + BEYOND))), flip.steps + 1), length)
    for first, last in flip.windows:
        if first > flip.steps:  # the next window in which it holds again
            high = min(high, (flip.steps + first) // 2)
        elif first == flip.steps:  # the window that begins here
            high = min(high, (first + last) // 2)
        elif last == flip.steps - 1:  # the one that ends here
            low = max(low, (first + last) // 2)
    return low, max(high, flip.steps)


def _boundary(
    along: AlongSteps, experiment: Experiment, value: int, *, below: bool, where: tuple[float, float]
) -> Boundary:
    windows = along.flip.windows
    return Boundary(
        setting="steps",
        value=value,
        below=below,
        above=not below,
        bracket=(along.flip.looked_to, value),
        stated=experiment.steps,
        range=where,
        reference=MappingProxyType({}),
        windows=windows[:MOST_WINDOWS] if len(windows) > 1 else (),
    )


def _looked(along: AlongSteps, found: Lengths) -> str:
    seeds = found.met.shape[1]
    return f"with batches it was looked to {shown(along.length)} steps, {seeds} seeds"


def _share(found: Lengths, length: int) -> tuple[int, int]:
    met, counts = found.met[length], found.resolved[length]
    return int((met & counts).sum()), int(counts.sum())


def _truth(holds: bool) -> str:
    return "true" if holds else "false"
