"""Sums of 1, x and x^2 over the samples that a neuron sees in one way, for every rank at once.

A neuron's kink and the teacher's cut a sorted batch into runs. Which samples are active is
one number, the *place*: with n samples, place n + k says that the k largest are active
(w > 0), place n - k that the k smallest are (w < 0). At most four runs matter: active and
inactive samples, left and right of the teacher's kink.

Every sum is accumulated over its own samples, from either end of the batch and outward
from the teacher's kink: none is a difference of two sums, so that a run without samples
has sums that are exactly 0 and few samples have sums as accurate as few additions.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["RunSums", "run_sums"]


class RunSums(NamedTuple):
    """``2/n sum x^k`` over each of the four runs, by place: arrays of shape (3, 2n + 1), k = 0, 1, 2.

    In float64, each sum rounded once more by the factor.
    """

    active_left: np.ndarray
    active_right: np.ndarray
    inactive_left: np.ndarray
    inactive_right: np.ndarray


def run_sums(x: np.ndarray, kink: int) -> RunSums:
    """Tables of one batch.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Sorted.
    kink : int
        How many samples are left of the teacher's kink.

    Returns
    -------
    RunSums

    Examples
    --------
    Place 3 + 2: the two largest samples are active, one of them left of the kink.

    >>> sums = run_sums(np.array([-2.0, -1.0, 0.5]), kink=2)
    >>> [(run[:, 5] * 3 / 2).tolist() for run in sums]
    [[1.0, -1.0, 1.0], [1.0, 0.5, 0.25], [1.0, -2.0, 4.0], [0.0, 0.0, 0.0]]
    """
    n = len(x)
    powers = np.ones((3, n))
    powers[1] = x
    np.multiply(powers[1], powers[1], out=powers[2])
    left, right = powers[:, :kink], powers[:, kink:]
    # By the number r of samples below the neuron's kink, r = 0 ... n.
    below_left, below_right, above_left, above_right = sums = np.zeros((4, 3, n + 1))
    np.cumsum(left, axis=1, out=below_left[:, 1 : kink + 1])
    below_left[:, kink + 1 :] = below_left[:, kink : kink + 1]
    np.cumsum(right, axis=1, out=below_right[:, kink + 1 :])
    np.cumsum(left[:, ::-1], axis=1, out=above_left[:, :kink][:, ::-1])
    np.cumsum(right[:, ::-1], axis=1, out=above_right[:, kink:n][:, ::-1])
    above_right[:, :kink] = above_right[:, kink : kink + 1]
    sums *= 2
    sums /= n
    # Up to place n those below are active, and r = n - place; from there on those above, and r = 2n - place.
    return RunSums(
        _by_place(below_left, above_left),
        _by_place(below_right, above_right),
        _by_place(above_left, below_left),
        _by_place(above_right, below_right),
    )


def _by_place(small: np.ndarray, large: np.ndarray) -> np.ndarray:
    return np.concatenate([small[:, ::-1], large[:, -2::-1]], axis=1)
