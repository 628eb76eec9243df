"""Means over many samples of which few are different from 0.

Of n terms t_i / n with exact t_i an implementation may round the factor 1/n (or 2/n), and
each of at most four products that make a term of it, and each addition of two numbers that
are not 0: adding 0 is exact. With N terms different from 0 that are N - 1 additions, so the
mean is off by at most

    gamma_(N + 4) sum |t_i| / n

in any order (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section
3.1 and equation 4.4), whatever n is. A loss divides a sum, or sums quotients: no more.
"""

import numpy as np

from compare.rounding.arithmetic import SLACK, gamma

__all__ = ["sparse_mean_bound"]

PER_TERM = 5  # roundings: of 1/n, and of four products


def sparse_mean_bound(terms: int, size: float, dtype: str) -> float:
    """Largest error of a mean with so many terms different from 0, `size` being their magnitudes' sum divided by n.

    Of one sample among any number, some units in the last place.

    >>> sparse_mean_bound(1, 1.0, "float64") < 6 * 2.0**-53
    True
    >>> sparse_mean_bound(0, 0.0, "float64")
    0.0
    """
    roundings = PER_TERM + max(terms - 1, 0)
    return size * gamma(roundings, float(np.finfo(dtype).eps) / 2) * SLACK
