"""The reference over many seeds, or many starts, in one go.

Experiments that draw the same batches are run together: each batch of each seed is drawn
once, in blocks (`batch_streams`), and condensed (`batch_sums`); then all experiments take
their steps on it, those of a kind as one array (`families`). The optimizers are the
reference's own, in the experiment's dtype; forward and backward are those of `batch_sums`
and `unbiased_batches`, which the tests hold against the reference's. What experiments
without bias need of a batch are two numbers, which can be kept for later runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from compare.claims.settings import has_no_bias
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.seeds.batch_streams import Squares, blocks_of, half_squares
from compare.claims.witnesses.seeds.batch_sums import InfiniteBatch
from compare.claims.witnesses.seeds.families import Family, kind_of
from reference import Experiment

__all__ = [
    "LONGEST",
    "MOST_A_STEP",
    "MOST_OF_STARTS",
    "Request",
    "affordable_samples",
    "affordable_steps",
    "path_bytes",
    "run_expected",
    "run_together",
]

LONGEST = 100_000  # steps that are run; longer runs are cut there
MOST_SAMPLES = 20_000_000  # of one seed, for the same reason
MOST_OF_STARTS = 16_000_000  # of the streams of starts together
MOST_A_STEP = 8_000_000  # of these, which are held at the same time
MOST_KEPT = 4_000_000  # batches whose squares are kept


class Request(NamedTuple):
    """An experiment, and over which seeds or starts.

    The experiment's seed is the first one. Members start at the arrays in `initial`, of shape (members,), if there are
    any, and are dealt in order to `seeds` independent streams of batches: with one, all see the same batches; with as
    many as starts, each has its own.
    """

    experiment: Experiment
    seeds: int
    batchwise: bool = True  # keep loss and gradient of each batch, too: with many starts, most of what there is


def run_together(requests: Iterable[Request], kept: dict[Any, Squares] | None = None) -> dict[Request, Path]:
    """Run experiments over their seeds or starts, which are the members of their paths.

    What experiments without bias need of the batches is kept in `kept`, and found there. Runs of more than `LONGEST`
    steps, or of more samples than are sensible, are cut.

    Examples
    --------
    >>> request = Request(Experiment(steps=4, batch_size=8), seeds=3)
    >>> run_together([request])[request].parameters.w.shape
    (5, 3)
    """
    groups: dict[tuple[Any, ...], list[Request]] = {}
    for request in dict.fromkeys(requests):
        e = request.experiment
        groups.setdefault((e.batch_size, e.seed, e.dtype, request.seeds, _squares_suffice(request)), []).append(request)
    kept = {} if kept is None else kept
    done: dict[Request, Path] = {}
    for batches, group in groups.items():
        done |= _run_group(group, batches, kept)
    return done


def run_expected(requests: Iterable[Request]) -> dict[Request, Path]:
    """Gradient descent on the expected loss in float64, from many starts, arrays (members,) in `initial`, at once."""
    asked: dict[Request, list[Request]] = {}
    for request in requests:
        run = request._replace(experiment=replace(request.experiment, dtype="float64"))
        asked.setdefault(run, []).append(request)
    found: dict[Request, Path] = {}
    batch = InfiniteBatch()
    with np.errstate(all="ignore"):
        for family, alike in _families(asked):
            if family.takes_two_sums:
                half = np.full((family.steps, 1), 0.5)
                family.advance_on_lines(0, half, half)
            else:
                family.advance(0, family.steps, lambda _step: batch)
            for run, path in zip(alike, family.paths(), strict=True):
                found |= dict.fromkeys(asked[run], path)
    return found


def affordable_steps(experiment: Experiment) -> int:
    """How many of its steps are run."""
    return min(experiment.steps, LONGEST, max(1, MOST_SAMPLES // experiment.batch_size))


def affordable_samples(experiment: Experiment, streams: int) -> bool:
    """Whether that many streams of batches are drawn sample by sample for random starts."""
    a_step = streams * experiment.batch_size
    return a_step <= MOST_A_STEP and a_step * affordable_steps(experiment) <= MOST_OF_STARTS


def path_bytes(request: Request) -> int:
    """About how much memory the path of a request takes: states, and of each batch loss and gradient."""
    e = request.experiment
    numbers = (2 * len(e.trainable) + 1) if request.batchwise else len(e.trainable)
    members = e.shape[0] if e.shape else request.seeds
    return (affordable_steps(e) + 1) * members * numbers * np.dtype(e.dtype).itemsize


def _squares_suffice(request: Request) -> bool:
    """Whether a request is of so many streams that two sums are drawn of each batch instead of its samples."""
    e, streams = request.experiment, request.seeds
    return bool(e.shape) and has_no_bias(e) and not affordable_samples(e, streams)


def _families(requests: Iterable[Request]) -> list[tuple[Family, list[Request]]]:
    """As few families as there are kinds, each with its requests in its order.

    Ensembles of different length stay apart: they are large enough to be stepped on their
    own, and too large to be put together from stages.
    """
    kinds: dict[tuple[Any, ...], list[Request]] = {}
    for request in requests:
        e = request.experiment
        length = affordable_steps(e) if e.shape else None
        kinds.setdefault((kind_of(e), request.seeds, request.batchwise, length), []).append(request)
    families = []
    for alike in kinds.values():
        alike.sort(key=lambda request: affordable_steps(request.experiment), reverse=True)
        runs, streams = [request.experiment for request in alike], alike[0].seeds
        members = runs[0].shape[0] if runs[0].shape else streams
        lengths = [affordable_steps(e) for e in runs]
        families.append((Family(runs, lengths, members, alike[0].batchwise, streams), alike))
    return families


def _run_group(group: Sequence[Request], batches: Any, kept: dict[Any, Squares]) -> dict[Request, Path]:
    """Run experiments that see the same batches."""
    first, streams = group[0].experiment, group[0].seeds
    with np.errstate(all="ignore"):
        found = _families(group)
        families, known = [], kept.get(batches)
        for family, _ in found:
            if known is not None and family.takes_two_sums and family.steps <= len(known.above):
                # What is kept is enough for some, whatever the others need.
                family.advance_on_lines(0, known.above, known.below)
            else:
                families.append(family)
        steps = max((family.steps for family in families), default=0)
        if families and _squares_suffice(group[0]):
            for at, squares in half_squares(first, steps, streams):
                for family in families:
                    family.advance_on_lines(at, squares.above, squares.below)
        elif families:
            keep = steps * streams <= MOST_KEPT
            seen = [squares for squares in _run_on_batches(families, first, steps, streams) if keep]
            if keep and (known is None or steps > len(known.above)):
                kept[batches] = Squares(*(np.concatenate(side) for side in zip(*seen, strict=True)))
    return {request: path for family, alike in found for request, path in zip(alike, family.paths(), strict=True)}


def _run_on_batches(families: Sequence[Family], first: Experiment, steps: int, streams: int) -> Iterator[Squares]:
    """Draw the batches in blocks, take all steps, and give what is worth keeping of each block."""
    for at, block in blocks_of(first, steps, streams, any(family.kinks == "few" for family in families)):
        squares = Squares(block.sums.high[2], block.sums.low[2])
        for family in families:
            if family.takes_two_sums:
                family.advance_on_lines(at, squares.above, squares.below)
            else:
                family.advance(at, len(block.x), partial(block.moments, kinks=family.kinks, stream=family.stream))
        yield squares
