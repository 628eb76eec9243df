"""Shares and their exact binomial intervals."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from compare.claims.answers import Answers
from compare.claims.findings import Finding
from compare.claims.values import Condition, ShareOf
from reference import Experiment

__all__ = ["Interval", "draw_starts", "interval", "judge_share", "within"]

TOO_FEW = "the interval of the share reaches across the limit: more members are needed"


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
    have a probability below (1 - confidence) / 2. With k successes of n these are quantiles
    of the beta distributions (k, n - k + 1) and (k + 1, n - k), which is what
    `scipy.stats.binomtest` returns too, whose import takes longer than all the rest.

    Examples
    --------
    >>> interval(0, 1, 0.5)
    Interval(low=0.0, high=0.75)
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(successes, number - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, number - successes, 1 - tail)) if successes < number else 1.0
    return Interval(low, high)


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


def judge_share(answers: Answers, share: ShareOf) -> Finding:
    """Judge a share by its exact binomial interval.

    Members that cannot tell may count either way: the interval goes from where none of
    them meets the check to where all of them do.
    """
    number, counted = len(answers.met), int(answers.resolved.sum())
    met = int((answers.met & answers.resolved).sum())
    low = interval(met, number, share.confidence).low
    high = interval(met + number - counted, number, share.confidence).high
    verdict = within(share.condition, Interval(low, high))
    says = f"{met} of {number} {share.of}, {share.confidence:.4g} interval {low:.4f} to {high:.4f}"
    reason = "" if verdict is not None else (TOO_FEW if counted == number else answers.reason)
    return Finding(verdict, met / number, says, reason, (met, counted, number))


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
