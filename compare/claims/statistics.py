"""Shares and their exact binomial intervals."""

from typing import NamedTuple

import numpy as np

from compare.claims.values import Condition, ShareOf
from reference import Experiment

__all__ = ["Interval", "draw_starts", "interval", "within"]


class Interval(NamedTuple):
    """Clopper-Pearson interval for a share."""

    low: float
    high: float


def interval(successes: int, number: int, confidence: float) -> Interval:
    """Exact binomial interval for a share.

    Parameters
    ----------
    successes, number : int
    confidence : float

    Returns
    -------
    Interval

    Notes
    -----
    Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the
    case of the binomial": the shares for which neither as few nor as many successes would
    have a probability below (1 - confidence) / 2. `scipy.stats.binomtest` solves for them.
    With none of n, the upper end is 1 - ((1 - confidence) / 2)^(1/n).

    Examples
    --------
    >>> interval(0, 1, 0.5)
    Interval(low=0.0, high=0.75)
    """
    from scipy.stats import binomtest

    ends = binomtest(successes, number).proportion_ci(confidence, method="exact")
    return Interval(float(ends.low), float(ends.high))


def within(condition: Condition, shares: Interval) -> bool | None:
    """Whether every share of an interval meets a condition; None if only some do.

    Examples
    --------
    >>> half = Condition(near=0.5, within=0.1)
    >>> within(half, Interval(0.45, 0.55)), within(half, Interval(0.7, 0.8)), within(half, Interval(0.5, 0.7))
    (True, False, None)
    """
    # A condition is an interval itself, so that its ends decide, and its middle where it is inside.
    if condition.met(shares.low) and condition.met(shares.high):
        return True
    low = max(x for x in (condition.above, _ends(condition)[0], -np.inf) if x is not None)
    high = min(x for x in (condition.below, _ends(condition)[1], np.inf) if x is not None)
    return None if shares.low <= high and shares.high >= low else False


def _ends(condition: Condition) -> tuple[float | None, float | None]:
    if condition.near is None or condition.within is None:
        return None, None
    return condition.near - condition.within, condition.near + condition.within


def draw_starts(experiment: Experiment, share: ShareOf) -> Experiment:
    """Replace an experiment's start by random ones.

    Drawn from ``numpy.random.default_rng((seed, 1))``, parameter by parameter in the order
    w, b, v, d, so that they depend on the seed and not on the batches it draws.

    Parameters
    ----------
    experiment : Experiment
    share : ShareOf
        Of starts.

    Returns
    -------
    Experiment
        With arrays of shape (number,) in `initial`.
    """
    from dataclasses import replace

    rng = np.random.default_rng((experiment.seed, 1))
    drawn = {}
    for name in experiment.initial._fields:
        if name in share.initial:
            kind, first, second = share.initial[name]
            draw = rng.uniform if kind == "uniform" else rng.normal
            drawn[name] = draw(first, second, share.number)
        else:
            drawn[name] = np.full(share.number, float(getattr(experiment.initial, name)))
    return replace(experiment, initial=experiment.initial._replace(**drawn))
