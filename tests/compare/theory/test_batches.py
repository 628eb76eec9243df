"""The probability that a random batch jumps over zero, against quadrature at 30 digits and simulation."""

import math

import mpmath
import numpy as np
import pytest
from scipy.stats import binomtest

from compare.theory.batches import escape_probability, jump_probability, log_jump_probability, median_escape_time
from reference import SGD, Experiment, Parameters, train

EVENTS = 1e-6  # a right formula fails one test in a million seeds; the seed is fixed


def exact(n, lr):
    """The mixture at 30 digits."""
    with mpmath.workdps(30):
        x = mpmath.mpf(n) / (4 * mpmath.mpf(lr))
        total = sum(
            mpmath.binomial(n, k) * mpmath.gammainc(mpmath.mpf(k) / 2, x, regularized=True) for k in range(1, n + 1)
        )
        return total / mpmath.mpf(2) ** n


@pytest.mark.parametrize(("n", "lr"), [(1, 0.5), (1, 0.01), (2, 3.0), (7, 0.25), (32, 0.5), (100, 0.9), (100, 0.05)])
def test_the_mixture_of_chi_squared_tails_to_ten_digits(n, lr):
    truth = mpmath.log(exact(n, lr))
    # gammaln of n and n log 2 are off by their own rounding, which is absolute in the logarithm.
    reach = 64 * 2.0**-53 * (n * math.log(n + 2) + abs(float(truth)) + 1)
    assert abs(log_jump_probability(n, lr) - float(truth)) <= reach


@pytest.mark.parametrize(("n", "lr"), [(1, 0.5), (4, 0.5), (32, 0.75), (100, 0.9)])
def test_one_step_of_the_reference_jumps_as_often_as_it_should(n, lr):
    runs = 4000
    e = Experiment(
        initial=Parameters(-1.0), optimizer=SGD(learning_rate=lr), batch_size=n, steps=runs, dtype="float64", seed=1
    )
    x = np.random.default_rng(1).standard_normal((runs, n))
    # One batch a start: the reference's gradient at w = -1 of every batch, by its own training for one step.
    jumps = 0
    for batch in x:
        one = Experiment(**{**vars(e), "steps": 1})
        jumps += bool(train(one, batches=(batch[None], np.maximum(batch[None], 0))).end.w > 0)
    assert binomtest(jumps, runs, jump_probability(n, lr)).pvalue > EVENTS
    # A wrong factor of two in the learning rate would be seen.
    assert binomtest(jumps, runs, jump_probability(n, lr / 2)).pvalue < EVENTS


def test_the_first_escape_is_geometric():
    n, lr, steps, runs = 8, 0.5, 12, 3000
    s = np.random.default_rng(2).standard_normal((runs, steps, n))
    factor = 1 - 2 * lr / n * np.square(np.minimum(s, 0)).sum(axis=-1)
    escaped = np.maximum.accumulate(factor < 0, axis=1)
    for t in (1, 3, 12):
        assert binomtest(int(escaped[:, t - 1].sum()), runs, escape_probability(n, lr, t)).pvalue > EVENTS
    median = median_escape_time(n, lr)
    assert escape_probability(n, lr, int(median)) >= 0.5 > escape_probability(n, lr, int(median) - 1)


def test_the_questions_own_batches_never_jump():
    # lr = 0.01 and 1000 samples: the sum of squares would have to be a hundred times its mean.
    assert log_jump_probability(1000, 0.01) < -23_000
    assert median_escape_time(1000, 0.01) == math.inf
    assert escape_probability(1000, 0.01, 2000) == 0.0


def test_large_batches_have_a_threshold_at_a_learning_rate_of_one():
    below, above = ([jump_probability(n, lr) for n in (10, 100, 1000, 10_000)] for lr in (0.8, 1.25))
    assert below == sorted(below, reverse=True)
    assert above == sorted(above)
    assert below[-1] < below[0] ** 10
    assert above[-1] > 0.999


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jump_probability(0, 0.5), "batch_size must be"),
        (lambda: jump_probability(2.5, 0.5), "batch_size must be"),
        (lambda: jump_probability(4, 0.0), "learning_rate must be"),
        (lambda: jump_probability(4, math.inf), "learning_rate must be"),
        (lambda: escape_probability(4, 0.5, -1), "steps must be"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
