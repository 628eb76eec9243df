"""Confidence intervals for a share: from independent members, from groups, and from bounds on what noise changes."""

from typing import NamedTuple

import numpy as np

from compare.claims.values import TrajectoryCheck
from compare.claims.witnesses.paths.answers import Answers
from compare.claims.witnesses.paths.path import Path

__all__ = ["Interval", "Margins", "grouped_interval", "interval", "interval_by_noise"]

# What the bets of `grouped_interval` stake, and how the initial wealth is divided among them.
STAKES = 2.0 ** -np.arange(0, 8.5, 0.5)
WEIGHTS = np.array([0.5, *[0.5 / (len(STAKES) - 1)] * (len(STAKES) - 1)])
HALVINGS = 40


class Interval(NamedTuple):
    """Confidence interval for a share."""

    low: float
    high: float


def interval(successes: int, number: int, confidence: float) -> Interval:
    """Exact binomial interval for a share.

    Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the
    case of the binomial": the shares for which neither as few nor as many successes would
    have a probability below (1 - confidence) / 2. With k successes of n these are quantiles
    of the beta distributions (k, n - k + 1) and (k + 1, n - k). `scipy.stats.binomtest` gives
    the same but for the last digits, which it finds by root-finding, and takes a second to import.

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


def grouped_interval(low: np.ndarray, high: np.ndarray, confidence: float) -> Interval:
    """Interval for a share from independent groups, whose members may depend on each other in any way.

    `low` and `high`, of shape (groups,), are the share in each group, at least and at most.

    In a sample of clusters the members of one cluster are alike, and only clusters are
    independent (Cochran, "Sampling Techniques", 3rd ed. 1977, chapter 9): what n members
    are worth is n over the design effect, between n and the number of clusters (Kish,
    "Survey Sampling", 1965, section 5.4). The variance between a few clusters tells that
    only if their shares are about normal; where all happen to agree it is 0, and tells
    nothing. What holds for shares of any distribution comes from betting against each
    share m (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
    betting", 2024, J. R. Statist. Soc. B 86). The groups' shares x_g are independent, in
    [0, 1], of the same expectation P; for m = P a bet of the stake 0 <= s <= 1 on large
    shares keeps its wealth on average::

        K_s(m) = prod_g (1 + s (x_g / m - 1)),    E K_s(P) = 1

    and so does a mean of K_s over several s, whose distribution is fixed beforehand. By
    Markov's inequality it exceeds 2 / (1 - confidence) with a probability of at most
    (1 - confidence) / 2: every m where it does is too low. Upwards, the same with 1 - x.
    Of G groups without a success the upper end is near the 1 - tail^(1 / G) of Clopper and
    Pearson, which no interval can beat that does without assumptions.

    Examples
    --------
    >>> grouped_interval(np.zeros(8), np.ones(8), 0.99)
    Interval(low=0.0, high=1.0)
    """
    tail = (1 - confidence) / 2
    return Interval(_least_mean(low, tail), 1 - _least_mean(1 - high, tail))


def _least_mean(shares: np.ndarray, tail: float) -> float:
    """Smallest expectation that bets on large `shares`, (groups,), do not rule out, rounded down; by bisection."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        m = (low + high) / 2
        with np.errstate(divide="ignore"):  # all is lost with the whole wealth on a share of 0
            wealth = np.log1p(STAKES[:, None] * (shares / m - 1)).sum(axis=1)
        if np.logaddexp.reduce(wealth + np.log(WEIGHTS)) >= -np.log(tail):
            low = m
        else:
            high = m
    return low


class Margins(NamedTuple):
    """Distance of each member inside a check's condition, negative outside, and whether it is resolved: (members,)."""

    margin: np.ndarray
    resolved: np.ndarray

    @classmethod
    def of(cls, check: TrajectoryCheck, path: Path, answers: Answers) -> "Margins":
        """Margins at the step of a check; for "ever" the largest, and for "always" the smallest, of all steps."""
        if check.when in ("ever", "always"):
            rows = slice(check.after, None)
        else:
            step = path.length(check.quantity) - 1 if check.when == "end" else int(check.when)
            rows = slice(step, step + 1)
        values = path.series(check.quantity, rows)
        if check.distance_to is not None:
            values = np.abs(values - check.distance_to)
            values[np.isnan(values)] = np.inf  # a run that diverged is as far away as can be
        margin = check.condition.margin(values)
        return cls(margin.max(axis=0) if check.when == "ever" else margin.min(axis=0), answers.resolved)


def interval_by_noise(noiseless: Margins, noisy: Margins, confidence: float) -> tuple[Interval, int]:
    r"""Bracket a share by the noiseless dynamics and by runs on smaller batches, whose gradient noise is larger.

    `noiseless` are random starts on the expected loss, `noisy` the first of them, each on smaller batches of its own.
    Returned with the interval: how many of these noise moves at least as far as their number is from the threshold,
    those included where either run cannot tell.

    Noise can change the outcome of a start only if it moves its number by the distance to
    the threshold. The assumption is that more noise does so no less often; the probability
    to be carried away from a path without noise falls with the inverse of the variance in
    its exponent (Freidlin and Wentzell, "Random Perturbations of Dynamical Systems",
    chapter 4). Then the share P lies between that of the starts that meet the check and
    are not moved, and that of those that meet it or are moved. With batches of their own
    noisy starts are independent, and Clopper and Pearson's bounds hold for both.

    Where only the first of the starts are noisy, \|P - P_0\| <= pi is sharper, P_0 the share
    without noise and pi that of the starts that are moved: the interval of P_0 takes half
    of the error, the bound on pi a quarter.

    Examples
    --------
    >>> resolved = np.ones(2000, bool)
    >>> far, near = Margins(np.full(2000, 1.0), resolved), Margins(np.full(2000, 0.5), resolved)
    >>> interval_by_noise(far, near, 0.99)[1], interval_by_noise(near, far, 0.99)[1]
    (0, 2000)
    """
    error = 1 - confidence
    number, few = len(noiseless.resolved), len(noisy.resolved)
    met = noiseless.resolved & (noiseless.margin >= 0)
    start = noiseless.margin[:few]
    with np.errstate(invalid="ignore"):  # infinity less infinity, of runs that diverge either way
        away = np.abs(noisy.margin - start)
    resolved = noiseless.resolved[:few] & noisy.resolved
    moves = ~resolved | (np.where(np.isnan(away), 0.0, away) >= np.abs(start))
    moved = int(moves.sum())
    if few == number:
        low = interval(int((met & ~moves).sum()), few, confidence).low
        return Interval(low, interval(int((met | moves).sum()), few, confidence).high), moved
    most = interval(moved, few, 1 - error / 2).high
    low = interval(int(met.sum()), number, 1 - error / 2).low
    high = interval(int((met | ~noiseless.resolved).sum()), number, 1 - error / 2).high
    return Interval(max(low - most, 0.0), min(high + most, 1.0)), moved
