"""Intervals for shares: closed forms, and how often they cover a share that is known."""

from math import comb

import numpy as np
import pytest
from scipy.stats import binom, binomtest, chi2

from compare.claims.witnesses.seeds.confidence_intervals import Margins, grouped_interval, interval, interval_by_noise

REPETITIONS = 300
CONFIDENCE = 0.99
P = 0.24


@pytest.mark.parametrize(("met", "number", "confidence"), [(0, 20, 0.99), (20, 20, 0.9), (7, 20, 0.95), (1, 2, 0.5)])
def test_the_interval_has_the_tail_probabilities_of_clopper_and_pearson(met, number, confidence):
    def at_least(k, p):
        return sum(comb(number, i) * p**i * (1 - p) ** (number - i) for i in range(k, number + 1))

    low, high = interval(met, number, confidence)
    tail = (1 - confidence) / 2
    # Around each end, the tail probability passes its value: no tolerance, a change of sign.
    width = 2.0**-20
    if met > 0:
        assert at_least(met, low - width) < tail < at_least(met, low + width)
    else:
        assert low == 0
    if met < number:
        assert 1 - at_least(met + 1, high + width) < tail < 1 - at_least(met + 1, high - width)
    else:
        assert high == 1


@pytest.mark.parametrize(("met", "number"), [(0, 5), (5, 5), (977, 2000), (31, 32)])
def test_the_interval_is_that_of_scipys_binomial_test(met, number):
    theirs = binomtest(met, number).proportion_ci(0.999, method="exact")
    narrower, wider = interval(met, number, 0.998999), interval(met, number, 0.999001)
    assert wider.low <= theirs.low <= narrower.low
    assert narrower.high <= theirs.high <= wider.high


@pytest.mark.parametrize("groups", [1, 8, 40])
@pytest.mark.parametrize("confidence", [0.9, 0.999])
def test_groups_that_agree_are_worth_no_more_than_one_draw_each(groups, confidence):
    # No wealth exceeds (1 / (1 - m))^G, which is what the whole stake wins, and half of the wealth is staked so.
    tail = (1 - confidence) / 2
    low, high = grouped_interval(np.zeros(groups), np.zeros(groups), confidence)
    assert low == 0
    assert 1 - tail ** (1 / groups) <= high <= 1 - (tail / 2) ** (1 / groups)

    mirrored = grouped_interval(np.ones(groups), np.ones(groups), confidence)
    assert mirrored == (1 - high, 1)


def test_what_cannot_be_told_counts_both_ways():
    some, none = np.full(40, 0.5), np.zeros(40)
    assert grouped_interval(none, some, 0.99) == (0, grouped_interval(some, some, 0.99).high)


def test_alike_shares_of_groups_are_told_apart_from_what_they_are_not():
    # Bets of the whole stake on 40 shares of 1/2 against m: (1 / (2 m))^40, half of the wealth.
    low, high = grouped_interval(np.full(40, 0.5), np.full(40, 0.5), 0.99)
    assert low >= (0.005 / 2) ** (1 / 40) / 2
    assert high == 1 - low
    assert low < 0.5


def one_sample(rng, groups, members):
    """The batch decides: all members of a group meet the check, or none."""
    return np.repeat(rng.random((groups, 1)) < P, members, axis=1)


def batches_of_ten(rng, groups, members):
    """One step of rate 1 on ten samples takes w in (-1, 0) above 0.1: w (1 - 2 N), N the mean of x^2 over x < 0."""
    x, w = rng.standard_normal((groups, 10)), rng.uniform(-1, 0, (groups, members))
    square = np.square(np.minimum(x, 0)).mean(axis=1, keepdims=True)
    return w * (1 - 2 * square) > 0.1


def no_noise(rng, groups, members):
    """The start decides."""
    return rng.random((groups, members)) < P


def rare_streams(rng, groups, members):
    """One stream in twenty takes every start away, the others half of them."""
    return rng.random((groups, members)) < np.where(rng.random((groups, 1)) < 0.05, 0.0, 0.5)


def share_of_ten():
    """10 N given K negative samples is chi-square with K degrees of freedom; w on the midpoints of a grid."""
    w = (np.arange(20_000) + 0.5) / 20_000
    least = 5 * (1 + 0.1 / w)
    return sum(binom.pmf(k, 10, 0.5) * chi2.sf(least, k).mean() for k in range(1, 11))


MODELS = {one_sample: P, batches_of_ten: share_of_ten(), no_noise: P, rare_streams: 0.475}


def misses(model, groups, members, make):
    rng = np.random.default_rng(groups)
    found = (make(model(rng, groups, members)) for _ in range(REPETITIONS))
    return sum(not low <= MODELS[model] <= high for low, high in found)


def of_groups(met):
    shares = met.mean(axis=1)
    return grouped_interval(shares, shares, CONFIDENCE)


def of_members(met):
    return interval(int(met.sum()), met.size, CONFIDENCE)


MOST_MISSES = binom.ppf(1 - 2.0**-20, REPETITIONS, 1 - CONFIDENCE)


@pytest.mark.parametrize("groups", [8, 32])
@pytest.mark.parametrize("model", MODELS)
def test_the_interval_of_groups_covers_as_often_as_it_says(model, groups):
    assert misses(model, groups, 16, of_groups) <= MOST_MISSES


@pytest.mark.parametrize("model", [one_sample, batches_of_ten, rare_streams])
def test_members_of_groups_are_no_binomial_sample(model):
    assert misses(model, 8, 64, of_members) > MOST_MISSES


def test_members_with_streams_of_their_own_are_a_binomial_sample():
    for model in MODELS:
        assert misses(model, 200, 1, of_members) <= MOST_MISSES


@pytest.mark.parametrize("spread", [0.01, 0.1])
@pytest.mark.parametrize("few", [200, 400])
def test_more_noise_covers_less_noise(spread, few):
    # Numbers s + noise, to be above 0, starts uniform in (-1, 1): the share is 1/2 at any size of symmetric noise.
    rng, outside = np.random.default_rng(5), 0
    for _ in range(REPETITIONS):
        start = rng.uniform(-1, 1, 400)
        noisy = start[:few] + 3 * spread * rng.standard_normal(few)
        resolved = np.ones(400, bool)
        (low, high), moved = interval_by_noise(Margins(start, resolved), Margins(noisy, resolved[:few]), CONFIDENCE)
        assert moved == np.count_nonzero(np.abs(noisy - start[:few]) >= np.abs(start[:few]))
        outside += not low <= 0.5 <= high
    assert outside <= MOST_MISSES


def test_what_cannot_be_told_with_or_without_noise_may_have_moved():
    resolved = np.array([True, False, True, True])
    noiseless, noisy = Margins(np.full(4, 1.0), resolved), Margins(np.full(3, 1.0), np.array([True, True, False]))
    assert interval_by_noise(noiseless, noisy, 0.99)[1] == 2


def test_starts_that_noise_may_move_count_both_ways():
    resolved = np.ones(100, bool)
    noiseless = Margins(np.where(np.arange(100) < 30, 1.0, -1.0), resolved)
    noisy = Margins(np.where(np.arange(100) % 10 == 0, -noiseless.margin, noiseless.margin), resolved)
    # Of 30 that meet the check 3 are moved, of 70 others 7.
    assert interval_by_noise(noiseless, noisy, 0.99) == (
        (interval(27, 100, 0.99).low, interval(37, 100, 0.99).high),
        10,
    )
    (low, high), moved = interval_by_noise(noiseless, Margins(noisy.margin[:50], resolved[:50]), 0.99)
    most = interval(5, 50, 0.995).high
    assert (low, high, moved) == (max(interval(30, 100, 0.995).low - most, 0), interval(30, 100, 0.995).high + most, 5)


def test_runs_that_diverge_with_and_without_noise_are_alike():
    resolved, gone = np.ones(2, bool), np.full(2, -np.inf)
    assert interval_by_noise(Margins(gone, resolved), Margins(gone, resolved), 0.99)[1] == 0
    assert interval_by_noise(Margins(gone, resolved), Margins(np.ones(2), resolved), 0.99)[1] == 2
    assert interval_by_noise(Margins(np.ones(2), resolved), Margins(gone, resolved), 0.99)[1] == 2
