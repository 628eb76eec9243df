"""Sums of 1, x and x^2 over the samples that a neuron sees in one way, for every rank at once.

A neuron's kink and the teacher's cut a sorted batch into runs. Which samples are active is
one number, the *rank*: with n samples, rank n + k says that the k largest are active
(w > 0), rank n - k that the k smallest are (w < 0). Two runs matter, the active samples
left and right of the teacher's kink. The inactive ones are those that are active in the
`opposite` rank.

Every sum is accumulated over its own samples, from either end of the batch and outward
from the teacher's kink: none is a difference of two sums, so that a run without samples
has sums that are exactly 0 and few samples have sums as accurate as few additions.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["RunSums", "opposite", "run_sums"]


class RunSums(NamedTuple):
    """``2/n sum x^k`` over the active samples, by rank, in float64, rounded once more by the factor.

    Parameters
    ----------
    left, right : ndarray of complex, of shape (2n + 1,)
        Those left and right of the teacher's kink: k = 1 is the real part, k = 2 the
        imaginary one, so that one look fetches both.
    both : ndarray of shape (2n + 1,)
        Of all of them, k = 0.
    kink : int
        How many samples are left of the teacher's kink.
    """

    left: np.ndarray
    right: np.ndarray
    both: np.ndarray
    kink: int

    @property
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Of those left and right of the teacher's kink, k = 0."""
        n = len(self.both) // 2
        rank = np.arange(-n, n + 1)
        left = np.where(rank < 0, np.minimum(-rank, self.kink), np.maximum(rank - (n - self.kink), 0))
        return left * 2 / n, (np.abs(rank) - left) * 2 / n


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
    Rank 3 + 2: the two largest samples are active, one of them left of the kink.

    >>> sums = run_sums(np.array([-2.0, -1.0, 0.5]), kink=2)
    >>> [complex(run[5] * 3 / 2) for run in (sums.left, sums.right)]
    [(-1+1j), (0.5+0.25j)]
    >>> [float(count[5] * 3 / 2) for count in (*sums.counts, sums.both)]
    [1.0, 1.0, 2.0]
    """
    n = len(x)
    powers = np.empty(n, complex)
    powers.real = x
    np.multiply(x, x, out=powers.imag)
    below, above = powers[:kink], powers[kink:]
    sums = np.zeros((2, 2 * n + 1), complex)
    left, right = sums
    # The k smallest are active in column n - k, the k largest in column n + k.
    np.cumsum(below, out=left[n - kink : n][::-1])
    left[: n - kink] = left[n - kink]
    np.cumsum(below[::-1], out=left[2 * n - kink + 1 :])
    np.cumsum(above, out=right[: n - kink][::-1])
    np.cumsum(above[::-1], out=right[n + 1 : 2 * n - kink + 1])
    right[2 * n - kink + 1 :] = right[2 * n - kink]
    parts = sums.view(np.float64)
    parts *= 2
    parts /= n
    return RunSums(left, right, np.abs(np.arange(-n, n + 1)) * 2 / n, kink)


def opposite(ranks: np.ndarray, n: int) -> np.ndarray:
    """Ranks in which the inactive samples are the active ones.

    Examples
    --------
    >>> opposite(np.array([1, 5]), 3).tolist()  # the two smallest, the two largest
    [4, 2]
    """
    return np.where(ranks > n, ranks - n, ranks + n)
