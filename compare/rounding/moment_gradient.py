"""Gradients of a batch that were put together from sums over samples, not from residuals.

All samples on one side of both kinks share one linear regime, so that a gradient can be had
from sums of 1, x and x^2 (or of y and x y) over them. Whoever does so rounds other numbers
than the neuron, whose terms are residuals: near the optimum residuals are small, and the
sums are not. With s and t the slopes of neuron and teacher, sigma = max(1, |s|),
tau = max(1, |t|), W and B the teacher's weight and bias, and

    E_i = |v| sigma (|w x_i| + |b|) + |d| + tau (|W x_i| + |B|)     not less than the residual
    A_i = sigma (|w x_i| + |b|)                                     nor than the activation

the terms that such an evaluation adds up have, sample by sample, magnitudes of at most

    w    2/n |v| sigma E_i |x_i|        v    2/n E_i A_i
    b    2/n |v| sigma E_i              d    2/n E_i

in whatever order and grouping: centred (the coefficient v w s - W t of a piece, say) or
expanded. A term meets at most n - 1 additions of a sum and K further operations: two that
make the powers of x, two that make a label, up to four in a coefficient, and what
multiplies, scales and combines up to nine such products of sums: K = 32 is generous. So

    |computed - exact| <= gamma_(n+K) sum of those magnitudes + eta

(Higham, section 3.1 and lemma 3.1), exact meaning the same active samples. Which samples
are active it may decide by comparing x with the quotient -b/w, off by u |b/w|: a sample for
which that matters has |z| <= u |b|, and is one that a `Ball` of z = w x + b counts as
ambiguous anyway.

Underflow: each of n + K operations may lose omega, the smallest normal number, in either
operand or the result, which meets at most the other factors: of v, s and the samples two,
of t and d one, of w, b, W and B two in all. Three losses in each operation, and n terms with
a factor 2/n each, make 6 (n + K) omega:

    eta = 6 (n + K) omega tau (1 + |d|)
          [(1 + sigma) (3 + |w| + |b| + |W| + |B|) (1 + |v|) (1 + max |x_i|)]^2

What is small is multiplied first, so that a radius is infinite only if it is too large for
float64 itself; one that would be NaN is infinite too.
"""

from typing import Any

import numpy as np

from compare.rounding.arithmetic import SLACK, gamma
from reference import Parameters, Target

__all__ = ["sums_radius"]

OPERATIONS = 32  # K


def sums_radius(parameters: Parameters, x: np.ndarray, slope: Any, target: Target) -> Parameters:
    """Largest error of a gradient by sums, in float64 and never NaN, for neurons of shape (models,) on one batch x.

    The slope may be an array of shape (models,); x is in the dtype that was computed in.

    One sample x = 1 and the neuron that is the teacher: the residual is 0, what sums add up is 2 + 2.

    >>> one = Parameters(*(np.array([p]) for p in (1.0, 0.0, 1.0, 0.0)))
    >>> radius = sums_radius(one, np.array([1.0]), 0.0, Target())
    >>> radius.w.item() > 4 * gamma(33, 2.0**-53), radius.w.item() < 4 * gamma(34, 2.0**-53)
    (True, True)
    """
    info, n = np.finfo(x.dtype), x.size
    w, b, v, d = (np.abs(p, dtype=np.float64)[:, None] for p in parameters)
    sigma = np.maximum(1.0, np.abs(slope, dtype=np.float64))
    sigma = sigma[:, None] if np.ndim(sigma) else sigma
    tau, size = max(1.0, abs(target.negative_slope)), np.abs(x, dtype=np.float64)
    operations, widest = n + OPERATIONS, 1 + size.max()
    factors = [1 + sigma, 3 + w + b + abs(target.w) + abs(target.b), 1 + v, widest] * 2
    with np.errstate(all="ignore"):
        activation = sigma * (w * size + b)
        residual = v * activation + d + tau * (abs(target.w) * size + abs(target.b))
        residual = gamma(operations, float(info.eps) / 2) * 2 / n * residual
        eta: Any = 6 * operations * float(info.tiny)
        for factor in (tau, 1 + d, *factors):
            eta = eta * factor

        def of(terms: Any) -> Any:
            radius = (terms.sum(axis=1) + eta[:, 0]) * SLACK
            return np.where(np.isnan(radius), np.inf, radius)

        return Parameters(
            w=of(v * sigma * residual * size), b=of(v * sigma * residual), v=of(residual * activation), d=of(residual)
        )
