"""Random starts, and the runs that a share of them takes.

All starts of a stream of batches see the same samples: however many there are, they are
one draw of the batches. So every start has a stream of its own where that is affordable,
which makes the starts independent. Where samples would be too many, and only w is trained
without biases, the two sums of a batch that matter are drawn without them (`batch_streams`).
Else starts are dealt to as many streams as can be had, and the first of them are run twice
more: on the expected loss, without any noise, and each on a stream of its own of batches a
good deal smaller, whose noise is greater (`confidence_intervals.interval_by_noise`).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from compare.claims.quantities import is_of_batches
from compare.claims.settings import has_no_bias
from compare.claims.values import ShareOf, TrajectoryCheck
from compare.claims.witnesses.paths.answers import Answers
from compare.claims.witnesses.seeds.many_runs import (
    MOST_A_STEP,
    MOST_OF_STARTS,
    Request,
    affordable_samples,
    affordable_steps,
)
from reference import Experiment, Parameters

__all__ = ["ShareRuns", "as_drawn", "draw_starts", "expected_request", "first_start", "share_runs"]

BEYOND = "random starts are beyond the range of the dtype"
LEAST_STREAMS = 8  # of batches, however large these are
MOST_SUMS = 40_000_000  # batches of all streams that are drawn as sums
NOISY_STARTS = 512  # that are run on smaller batches
MOST_NOISY = 8_000_000  # samples of all batches of these
LESS = 4  # by which their batch size is divided at least, so that their noise is at least twice as large
MOST_STARTS = 1024  # that the exact witness runs
MOST_STATES = 8_200_000  # starts times steps up to which it runs more of them, where they tell the effect of noise


class ShareRuns(NamedTuple):
    """Runs for a share: of all members; two more tell the effect of noise where members share streams of batches."""

    run: Request
    noiseless: Request | None = None  # on the expected loss
    noisy: Request | None = None  # the first starts, each on small batches of its own


def draw_starts(experiment: Experiment, share: ShareOf) -> Experiment:
    """Replace an experiment's start by random ones, arrays of shape (number,) in `initial`.

    Drawn from ``numpy.random.default_rng((seed, 1))``, parameter by parameter in the order
    w, b, v, d, so that they depend on the seed and not on the batches it draws. Numbers
    beyond half of the range of the experiment's dtype become that half: there is room left
    for the spacing of floats around them.
    """
    rng = np.random.default_rng((experiment.seed, 1))
    largest = _largest_start(experiment.dtype)
    drawn = {}
    for name in experiment.initial._fields:
        if name in share.initial:
            kind, first, second = share.initial[name]
            draw = _uniform if kind == "uniform" else np.random.Generator.normal
            drawn[name] = np.clip(draw(rng, first, second, share.number), -largest, largest)
        else:
            drawn[name] = np.full(share.number, float(getattr(experiment.initial, name)))
    return replace(experiment, initial=experiment.initial._replace(**drawn))


def _largest_start(dtype: str) -> float:
    """Largest magnitude of a start."""
    return float(np.finfo(dtype).max) / 2


def _uniform(rng: np.random.Generator, low: float, high: float, number: int) -> np.ndarray:
    """Uniform numbers, also where the width of their range overflows."""
    if np.isfinite(high - low):
        return rng.uniform(low, high, number)
    return 2 * rng.uniform(low / 2, high / 2, number)


def first_start(experiment: Experiment, share: ShareOf) -> Experiment:
    """The first member of a share, which sees the batches of the experiment's own seed."""
    if share.of == "seeds":
        return experiment
    return replace(experiment, initial=Parameters(*(float(p[0]) for p in draw_starts(experiment, share).initial)))


def as_drawn(answers: Answers, starts: Experiment) -> Answers:
    """Answers, unresolved for members whose start the dtype cannot hold as it was drawn."""
    limit = _largest_start(starts.dtype)
    held = np.logical_and.reduce([np.abs(p) < limit for p in starts.initial])
    return answers if held.all() else replace(answers, resolved=answers.resolved & held, reason=BEYOND)


def share_runs(experiment: Experiment, check: TrajectoryCheck, share: ShareOf) -> ShareRuns:
    """The reference's runs that a share needs."""
    if share.of == "seeds":
        return ShareRuns(Request(experiment, share.number))
    starts, batchwise = draw_starts(experiment, share), is_of_batches(check.quantity)
    streams = _affordable_streams(starts, share.number)
    run = Request(starts, streams, batchwise)
    few, steps = min(share.number, NOISY_STARTS), affordable_steps(experiment)
    size = min(experiment.batch_size // LESS, MOST_NOISY // (few * steps))
    if streams == share.number or size == 0 or steps < experiment.steps:
        return ShareRuns(run)
    noiseless = _first(starts, max(MOST_STARTS, MOST_STATES // steps))
    noisy = replace(_first(starts, few), batch_size=size)
    return ShareRuns(run, Request(noiseless, 1, batchwise), Request(noisy, few, batchwise))


def expected_request(experiment: Experiment, check: TrajectoryCheck, share: ShareOf) -> Request:
    """The exact witness's run for a share of starts: from the reference's starts, or the first of them."""
    runs = share_runs(experiment, check, share)
    if runs.noiseless is not None:
        return runs.noiseless
    return Request(_first(runs.run.experiment, MOST_STARTS), 1, runs.run.batchwise)


def _affordable_streams(starts: Experiment, number: int) -> int:
    """Number of streams of batches: one for each start, or as many as their samples or sums leave affordable."""
    if affordable_samples(starts, number):
        return number
    steps, n = affordable_steps(starts), starts.batch_size
    affordable = MOST_SUMS // steps if has_no_bias(starts) else min(MOST_OF_STARTS // (steps * n), MOST_A_STEP // n)
    return min(number, max(LEAST_STREAMS, affordable))


def _first(starts: Experiment, number: int) -> Experiment:
    return replace(starts, initial=Parameters(*(p[:number] for p in starts.initial)))
