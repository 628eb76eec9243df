"""Gradients as straight lines in (w, b): what a neuron whose v and d are not trained needs of a batch.

While the same samples are active, the gradient is affine in w and b. With d = 0, a teacher
without bias whose slope is tau, the neuron's gain g (1 where z > 0, else s) and any weight p,
the *pivot*::

    dL/dw = (A (w - p) + B b) + P        A = 2/n sum (g v)^2 x^2      P = 2/n sum g v (g v p - tau) x^2
    dL/db = (B (w - p) + D b) + Q        B = 2/n sum (g v)^2 x        Q = 2/n sum g v (g v p - tau) x
                                         D = 2/n sum (g v)^2

Nothing cancels where the pivot is close to the weight at which a sum's residuals vanish: a
neuron with w > 0 has for its pivot the weight that follows the teacher's right line, one
with w < 0 that which follows the left line. For a ReLU that learns a ReLU these are 1, the
optimum, and 0, where it gets stuck. P and Q then are sums over those samples only that the
neuron sees and the teacher does not, or the other way round.
"""

from typing import NamedTuple

import numpy as np

from reference.ensembles.tables.sums import RunSums

__all__ = ["AffineSums", "affine_sums", "pivots_of"]


class AffineSums(NamedTuple):
    """Coefficients by place: c for the neuron with w < 0 and c samples above its kink, n + 1 + c with w > 0.

    Parameters
    ----------
    xx, x, one : ndarray of float64, of shape (2n + 2,)
        A, B and D.
    at_w, at_b : ndarray of float64, of shape (2n + 2,)
        P and Q.
    """

    xx: np.ndarray
    x: np.ndarray
    one: np.ndarray
    at_w: np.ndarray
    at_b: np.ndarray


def pivots_of(taus: tuple[float, float], v: float) -> tuple[float, float]:
    """The weights at which the neuron follows the teacher's left and right line.

    Examples
    --------
    >>> pivots_of((0.0, 1.0), 2.0)
    (0.0, 0.5)
    """
    return (taus[0] / v, taus[1] / v) if v else (0.0, 0.0)


def affine_sums(sums: RunSums, taus: tuple[float, float], v: float, slope: float) -> AffineSums:
    """Put the sums over the runs of a batch together.

    Parameters
    ----------
    sums : RunSums
        Of n samples.
    taus : tuple of float
        Slopes of the teacher left and right of 0.
    v, slope : float
        The neuron's.

    Returns
    -------
    AffineSums

    Examples
    --------
    A ReLU with w > 0 whose kink has one of the samples -1 and 2 above it sees the teacher's line; with both, e = -1 w
    at -1, which is (w - 1) (-1) and -1:

    >>> from reference.ensembles.tables.sums import run_sums
    >>> lines = affine_sums(run_sums(np.array([-1.0, 2.0]), kink=1), (0.0, 1.0), 1.0, 0.0)
    >>> [array[4:].tolist() for array in (lines.xx, lines.at_w)]
    [[4.0, 5.0], [0.0, 1.0]]
    """
    n = len(sums.both) // 2
    few, many = slice(0, n + 1), slice(n, 2 * n + 1)  # ranks of the smallest samples, and of the largest
    table = np.zeros((5, 2 * n + 2))
    for half, active, inactive, pivot in zip(
        (slice(0, n + 1), slice(n + 1, None)), (few, many), (many, few), pivots_of(taus, v), strict=True
    ):
        xx, x, one, at_w, at_b = table[:, half]
        for gain, part in ((v, active), (slope * v, inactive)):
            if gain:
                left, right = sums.left[part], sums.right[part]
                quadratic = gain * gain
                both = (left + right) * quadratic
                xx += both.imag
                x += both.real
                one += sums.both[part] * quadratic
                beside = left * (gain * (gain * pivot - taus[0])) + right * (gain * (gain * pivot - taus[1]))
                at_w += beside.imag
                at_b += beside.real
    return AffineSums(*table)
