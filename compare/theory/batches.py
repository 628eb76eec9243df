r"""The exact probability that a random batch carries a backward ReLU across zero.

One step of SGD with batch size N from w < 0, without bias, is multiplication by a random
number that does not depend on w (Keras' and the reference's gradient, target 0 where the
neuron is active):

    w' = w (1 - (2 lr / N) S),    S = sum of x_i^2 over the samples with x_i < 0

The number K of negative samples is binomial, and S given K = k is chi-squared with k
degrees of freedom, so that

    P(w' > 0) = sum over k of C(N, k) 2^-N P(chi2_k > N / (2 lr))

Until it crosses, w stays negative and every batch is a new trial: the number of steps to
the first crossing is geometric. E S = N / 2, so the probability tends to 0 for lr < 1
and to 1 for lr > 1 as N grows.
"""

import math
from typing import Any

import numpy as np

__all__ = ["escape_probability", "jump_probability", "log_jump_probability", "median_escape_time"]

FRACTION_STEPS = 500  # of Legendre's continued fraction, more than any x > a + 1 needs up to a = 1e4


def log_jump_probability(batch_size: int, learning_rate: float) -> float:
    """Natural logarithm of the probability that one step crosses zero; it may be far below that of 1e-300.

    Parameters
    ----------
    batch_size : int
    learning_rate : float
        Positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the batch size is not a positive integer, or the learning rate not positive.

    Examples
    --------
    One sample, lr = 1/2: it must be negative and have x^2 > 1.

    >>> from scipy.special import ndtr
    >>> round(math.exp(log_jump_probability(1, 0.5)) / float(ndtr(-1.0)), 12)
    1.0
    >>> round(log_jump_probability(1000, 0.01))
    -23117
    """
    if batch_size != int(batch_size) or batch_size < 1:
        raise ValueError(f"log_jump_probability: batch_size must be a positive integer, got {batch_size!r}")
    if not 0 < learning_rate < math.inf:
        raise ValueError(f"log_jump_probability: learning_rate must be positive, got {learning_rate!r}")
    from scipy.special import gammaln, logsumexp

    n = int(batch_size)
    k = np.arange(1, n + 1)
    weights = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * math.log(2)
    return min(0.0, float(logsumexp(weights + _log_upper_gamma(k / 2, n / (4 * learning_rate)))))


def jump_probability(batch_size: int, learning_rate: float) -> float:
    """Probability that one step of SGD from w < 0 ends at w > 0.

    Parameters, errors and formula as for `log_jump_probability`.

    Examples
    --------
    >>> jump_probability(1000, 1.5) > 0.999, jump_probability(1000, 0.01)
    (True, 0.0)
    """
    return math.exp(log_jump_probability(batch_size, learning_rate))


def escape_probability(batch_size: int, learning_rate: float, steps: int) -> float:
    """Probability that w > 0 at least once within a number of steps, 1 - (1 - p)^steps.

    Examples
    --------
    >>> p = jump_probability(4, 0.5)
    >>> escape_probability(4, 0.5, 1) == p, escape_probability(4, 0.5, 2) > p
    (True, True)
    """
    if steps != int(steps) or steps < 0:
        raise ValueError(f"escape_probability: steps must be an integer of at least 0, got {steps!r}")
    p = jump_probability(batch_size, learning_rate)
    if p == 1:
        return float(steps > 0)
    return p if steps == 1 else -math.expm1(steps * math.log1p(-p))


def median_escape_time(batch_size: int, learning_rate: float) -> float:
    """Number of steps within which half of all runs have escaped; infinite beyond 1e308.

    Examples
    --------
    >>> median_escape_time(1000, 1.5)
    1.0
    """
    log_p = log_jump_probability(batch_size, learning_rate)
    p = math.exp(log_p)
    if p >= 0.5:
        return 1.0
    if log_p > -30:
        return float(math.ceil(math.log(0.5) / math.log1p(-p)))
    log_time = math.log(math.log(2)) - log_p  # -log(1 - p) is p to within p^2
    return math.inf if log_time > 709 else math.exp(log_time)


def _log_upper_gamma(a: Any, x: float) -> Any:
    """Return log Q(a, x) = log P(chi2_2a > 2x), also where Q underflows.

    Legendre's continued fraction (DLMF 8.9.2), evaluated by Lentz' method, for x > a + 1,
    and SciPy's `gammaincc`, which is above 1e-6 there, for x <= a + 1.
    """
    from scipy.special import gammaincc, gammaln

    near = x <= a + 1
    tail = np.where(near, 1.0, a)
    b = x + 1 - tail
    c, d = np.full_like(b, np.inf), 1 / b
    fraction = d
    for i in range(1, FRACTION_STEPS):
        term = -i * (i - tail)
        b = b + 2
        d = 1 / (term * d + b)
        c = b + term / c
        fraction = fraction * c * d
    log_tail = -x + tail * math.log(x) - gammaln(tail) + np.log(fraction)
    return np.where(near, np.log(np.where(near, gammaincc(a, x), 1.0)), log_tail)
