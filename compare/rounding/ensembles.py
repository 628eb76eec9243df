"""How far a gradient from `reference.ensembles` can be from the exact one, and so from the neuron's.

Exact means: in real arithmetic, for the parameters, samples and labels as they are, with
the active samples that the neuron's own decision fl(fl(w x) + b) > 0 says are active; the
fast path has the same ones. On a piece with gain g the residual is alpha x + beta, with
alpha = v g w - tau, beta = v g b + d - theta. Let u be the unit roundoff of float64, n the
batch size, gamma_k as in `compare.rounding.arithmetic`.

Labels. The samples' labels are rounded in the experiment's dtype (unit roundoff U): a
product, a sum and a product with the slope; tau and theta are products rounded once. With
t the teacher's gain

    lambda_i = |y_i - (tau x_i + theta)| <= gamma_4(U) |t| (|W x_i| + |B|) + H

and 0 if W and t are powers of two or 0 and B = 0; H is what underflow does to a label.

Coefficients. A product is formed with at most c roundings, c = [v != 1] + [s not 0, 1],
and for beta d is added, so that

    |alpha' - alpha| <= da = gamma_c |v g w| + u |alpha|
    |beta' - beta|   <= db = gamma_(c+1) (|v g b| + |d|) + u |beta|    (1 + O(u), see below)

where the first term of db is absent if c = 0 and d = 0.

Sums. The table's sum of x^k over a run has the terms (2/n) x_i^k, each with at most n
additions, one squaring and one division: relative error gamma_(n+1) of each term.
A term then is multiplied by its coefficient, takes part in at most four additions of
pieces, a product with s and an addition of the other side, a product with v, or for
dL/dv with w or b and one more addition: at most 10 roundings. With

    D_i = gamma_(n+11) (|alpha x_i| + |beta|) + da |x_i| + db + lambda_i

the derivatives are off by at most

    w    2/n sum |v g_i| D_i |x_i|          v    2/n sum |g_i| D_i (|w x_i| + |b|)
    b    2/n sum |v g_i| D_i                d    2/n sum D_i

and are then rounded once to the experiment's dtype: U times their size.

Loss. A run of m samples with mean a and sum of squares about it C contributes
m (alpha a + beta)^2 + alpha^2 C. With q = alpha a + beta, A = (1/m) sum |x_i| and
Z = sum x_i^2 over the run, the computed q is off by at most
dq = gamma_(n+5) (|alpha| A + |beta|) + da A + db, the computed C by 2 gamma_(n+5) Z, as
A sum |x_i| <= Z (Cauchy and Schwarz), so that

    m (2 |q| dq + dq^2) + (2 |alpha| da + da^2) C + 2 gamma_(n+5) (|alpha| + da)^2 Z

and gamma_8 times the terms themselves bound the error of a run; the labels add
sum (2 |e_i| lambda_i + lambda_i^2). All of that divided by n, and one rounding.

Underflow. Each of the fewer than n + 16 products that meet in a result loses at most
half the smallest number eta of float64, which meets at most the other factors:

    (n + 16) eta (1 + |alpha| + |beta|)^2 (1 + |v|)^2 (1 + |w| + |b|)^2 sigma^2,   sigma = max(1, |s|)

and the result at most the smallest number of the experiment's dtype, E. Without biases,
samples whose w x underflows to 0 may count as active where their label is 0 anyway: at
most 2/n sum E v^2 sigma^2 |x_i|, and its square in the loss.

Against the neuron. `compare.rounding.batch` bounds how far two admissible evaluations of
the neuron are apart, and so how far it is from the exact values. Its exception, samples
within their own rounding of the kink, is none here: which samples are active is given.

`WIDER` covers products of two roundings and the roundings of these bounds' own sums.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from compare.rounding.arithmetic import gamma
from compare.rounding.batch import batch_bounds, sides
from reference import Parameters, Target
from reference.neuron import forward
from reference.optimizers import cast_like_keras

__all__ = ["SumsBounds", "bounds_from_neuron", "sums_bounds"]

WIDER = 1 + 2.0**-16
U = 2.0**-53
ETA = 2.0**-1074


class SumsBounds(NamedTuple):
    """Bounds on |fast path - exact| for k neurons on one batch each.

    Parameters
    ----------
    loss : ndarray of shape (k,)
    gradient : Parameters of ndarray of shape (k,)
        Of all four derivatives.
    """

    loss: np.ndarray
    gradient: Parameters


def sums_bounds(parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, target: Target) -> SumsBounds:
    """Bound loss and gradient of k neurons from sums over their batches.

    Parameters
    ----------
    parameters : Parameters of ndarray of shape (k,)
        In the experiment's dtype.
    x, y : ndarray of shape (k, n)
        Samples and the target's labels.
    slope : float
        As it was given to the experiment.
    target : Target

    Returns
    -------
    SumsBounds
    """
    dtype, n = x.dtype, x.shape[-1]
    s, tiny = float(cast_like_keras(slope, dtype)), float(np.finfo(dtype).smallest_subnormal)
    active = forward(parameters, x, dtype.type(s)).z > 0
    label = _label_errors(target, x)
    exact, off, largest = np.zeros((5, len(active))), np.zeros((5, len(active))), np.ones(len(active))
    for side, gain in ((active, 1.0), (~active, s)):
        for line, theirs in _lines(target, x):
            run = _run(parameters, x, side & theirs, gain, line, label)
            exact, off, largest = exact + run.exact, off + run.off, np.maximum(largest, run.largest)
    exact, off = exact / n, off / n
    off += gamma(8, U) * exact * (np.arange(5) == 0)[:, None]
    w, b, v, _ = (np.abs(p, dtype=np.float64) for p in parameters)
    sigma = max(1.0, abs(s))
    mean = np.abs(x, dtype=np.float64).mean(axis=-1)
    flushed = (n + 16) * ETA * (largest * (1 + v) * (1 + w + b) * sigma) ** 2 + 2 * tiny * (1 + (v * sigma) ** 2 * mean)
    bounds = (off + float(np.finfo(dtype).eps) / 2 * (np.abs(exact) + off)) * WIDER + flushed
    return SumsBounds(bounds[0], Parameters(*bounds[1:]))


def bounds_from_neuron(
    parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, target: Target
) -> SumsBounds:
    """Bound how far `reference.ensembles` and `reference.neuron` are apart; arguments as for `sums_bounds`."""
    s = x.dtype.type(cast_like_keras(slope, x.dtype))
    at = forward(parameters, x, s)
    neuron = batch_bounds(parameters, x, at, sides(x, y, at, s), s, Parameters._fields)
    sums = sums_bounds(parameters, x, y, slope, target)
    return SumsBounds(
        sums.loss + neuron.loss, Parameters(*(a + b for a, b in zip(sums.gradient, neuron.gradient, strict=True)))
    )


class _Run(NamedTuple):
    """What the samples of one run contribute to loss and gradient, times n, and what it may be off by."""

    exact: np.ndarray
    off: np.ndarray
    largest: np.ndarray


def _run(parameters: Parameters, x: Any, here: Any, gain: float, line: tuple[float, float], label: Any) -> _Run:
    n = x.shape[-1]
    w, b, v, d = (np.asarray(p, np.float64)[:, None] for p in parameters)
    alpha, beta = v * gain * w - line[0], (v * gain * b + d) - line[1]
    count = (v != 1).astype(np.intp) + (gain not in (0.0, 1.0))
    product = count * U / (1 - count * U)
    sum_ = np.where((count == 0) & (d == 0), 0.0, (count + 1) * U / (1 - (count + 1) * U))
    da = product * np.abs(v * gain * w) + U * np.abs(alpha)
    db = sum_ * (np.abs(v * gain * b) + np.abs(d)) + U * np.abs(beta)
    sample = np.where(here, x, 0.0)
    size, error, one = np.abs(sample), np.where(here, label, 0.0), here.astype(np.float64)
    e = (alpha * sample + beta) * one
    d_i = (gamma(n + 11, U) * (np.abs(alpha) * size + np.abs(beta)) + da * size + db) * one + error
    activation = np.abs(gain) * (np.abs(w) * size + np.abs(b))
    exact = [
        np.square(e),
        2 * v * gain * e * sample,
        2 * v * gain * e,
        2 * gain * e * (w * sample + b),
        2 * e,
    ]
    off = [
        2 * np.abs(e) * error + np.square(error),
        2 * np.abs(v * gain) * d_i * size,
        2 * np.abs(v * gain) * d_i,
        2 * d_i * activation,
        2 * d_i,
    ]
    off_sums = np.stack([terms.sum(axis=-1) for terms in off])
    off_sums[0] += _loss_off(sample, one, alpha[:, 0], beta[:, 0], da[:, 0], db[:, 0], gamma(n + 5, U))
    largest = 1 + np.abs(alpha[:, 0]) + np.abs(beta[:, 0])
    return _Run(np.stack([terms.sum(axis=-1) for terms in exact]), off_sums, largest)


def _loss_off(x: Any, one: Any, alpha: Any, beta: Any, da: Any, db: Any, g: float) -> Any:
    m = one.sum(axis=-1)
    some = np.maximum(m, 1)
    mean, size, squares = x.sum(axis=-1) / some, np.abs(x).sum(axis=-1) / some, np.square(x).sum(axis=-1)
    about = np.square((x - mean[:, None]) * one).sum(axis=-1)
    q, dq = alpha * mean + beta, g * (np.abs(alpha) * size + np.abs(beta)) + da * size + db
    spread = (2 * np.abs(alpha) * da + da**2) * about + 2 * g * (np.abs(alpha) + da) ** 2 * squares
    return m * (2 * np.abs(q) * dq + dq**2) + spread


def _lines(target: Target, x: np.ndarray) -> list[tuple[tuple[float, float], np.ndarray]]:
    """The teacher's two lines, and where it follows them."""
    w, b, slope = (x.dtype.type(setting) for setting in target)
    active = w * x + b > 0
    return [((float(w), float(b)), active), ((float(slope) * float(w), float(slope) * float(b)), ~active)]


def _label_errors(target: Target, x: np.ndarray) -> np.ndarray:
    """Largest distance of each label from the teacher's line."""
    w, b, slope = (float(x.dtype.type(setting)) for setting in target)
    if b == 0 and all(math.frexp(factor)[0] in (0.0, 0.5, -0.5) for factor in (w, slope)):
        return np.zeros(x.shape)
    info = np.finfo(x.dtype)
    gain = np.where(x.dtype.type(w) * x + x.dtype.type(b) > 0, 1.0, abs(slope))
    size = abs(w) * np.abs(x, dtype=np.float64) + abs(b)
    errors: np.ndarray = (
        gain * (gamma(4, float(info.eps) / 2) * size + info.smallest_subnormal) + info.smallest_subnormal
    )
    return errors
