"""How far a gradient from `reference.ensembles` can be from the exact one, and so from the neuron's.

The tests hold the fast path to these bounds, and nothing else uses them.

Exact means: in real arithmetic, for the parameters, samples and labels as they are, with
the active samples that the neuron's own decision fl(fl(w x) + b) > 0 says are active; the
fast path has the same ones. The kinks cut the line into pieces, and a run is the samples on
one of them: the neuron has one gain g there, 1 or s, the teacher one line tau x + theta, and
the residual is alpha x + beta, with alpha = v g w - tau, beta = v g b + d - theta. Let u be the
unit roundoff and eta the smallest number of float64, U and E those of the experiment's dtype,
n the batch size, sigma = max(1, |s|), gamma_k as in `compare.rounding.arithmetic`. A product or
quotient has a relative error of at most u and, where it underflows, an absolute one of at most
eta / 2; a sum has no absolute one (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
ed., equation 2.8). What is lost to underflow is followed here as far as it can grow: it meets
samples, whose squares may be as large as the largest number.

Labels. The samples' labels are rounded in the experiment's dtype: a product, a sum and a
product with the slope; tau and theta are products rounded once, in float64. With t the
teacher's gain and W, B its weight and bias,

    lambda_i = |y_i - (tau x_i + theta)| <= gamma_4(U) |t| (|W x_i| + |B|) + (4 + |t|) E + eta |x_i|

where the first term is absent if W and t are powers of two or 0 and B = 0, and all of it
if they even are 0, 1 or -1. A piece that follows the teacher's active line has no eta |x_i|.

Coefficients. A product is formed with at most c roundings, c = [v != 1] + [s not 0, 1],
and for beta d is added, so that

    |alpha' - alpha| <= da = gamma_c |v g w| + u |alpha| + [c > 0] 4 sigma eta
    |beta' - beta|   <= db = gamma_(c+1) (|v g b| + |d|) + u |beta| + [c > 0] 4 sigma eta    (1 + O(u), see below)

where the first term of db is absent if c = 0 and d = 0. Of 4 sigma eta the product itself
needs sigma eta at most; as much again, of its evaluation here and of u times what is that
small. Where nothing is multiplied a difference is a multiple of eta, and so is its error:
none if u |alpha| < eta.

Sums. The table's sum of x^k over a run has the terms (2/n) x_i^k, each with at most n
additions, one squaring and one division: relative error gamma_(n+1) of each term.
A term then is multiplied by its coefficient, takes part in at most four additions of
pieces, a product with s and an addition of the other side, a product with v, or for
dL/dv with w or b and one more addition: at most 10 roundings. With the means
M_k = (1/n) sum |x_i|^k and L_k = (1/n) sum lambda_i |x_i|^k over the run, and

    D_k = gamma_(n+11) (|alpha| M_(k+1) + |beta| M_k) + da M_(k+1) + db M_k + L_k

the derivatives are off by at most the sum over the runs of

    w    2 |v g| D_1 + 2 eta (|alpha| M_2 + |beta| M_1)          v    2 |g| (|w| D_1 + |b| D_0)
    b    2 |v g| D_0                                             d    2 D_0

(with w = 0 and no bias, v g is multiplied first, and loses eta before it meets alpha), and
are then rounded once to the experiment's dtype: U times their size and E / 2.

Straight lines. Where d and both theta are 0 the same may be put together from the lines of
`reference.ensembles.tables.affine_sums`: a run's part of dL/dw from (g v)^2 2/n sum x^2 times
w - p, and g v (g v p - tau) 2/n sum x^2, with a pivot p. So |alpha| above becomes

    |v g| |w - p| + |v g p - tau|      which is at least |alpha|

and da also has gamma_c |v g p|, as p is a quotient by v. On the way from a sum to the
derivative are at most 3 roundings of the square of g v or of the other coefficient, one of
the product with it, one addition of the other side, one of w - p, one product and two
additions: 9, fewer than above. The pivot depends on the side of w; at 0 either may be taken.

Underflow of what meets no sample any more. Of a run, 2/n sum x^2 loses 3/2 eta, 2/n sum x
loses eta / 2, each product with a coefficient eta / 2; four runs are multiplied by g, and
by v, or w and b. The products here do the same. All of it is less than

    64 eta sigma (1 + |v|) (1 + |w| + |b|) (1 + max |alpha| + max |beta|)

Loss. A run of m samples with mean a and sum of squares about it C contributes
m (alpha a + beta)^2 + alpha^2 C. With q = alpha a + beta, A = (1/m) sum |x_i| and
Z = sum x_i^2 over the run, the computed q is off by at most

    dq = gamma_(n+5) (|alpha| A + |beta|) + da A + db + (n |alpha| + 1) eta

the computed C = Z - a sum x_i by 3 gamma_(n+5) Z, as A sum |x_i| <= Z (Cauchy and
Schwarz), and by underflow, as far as eta n (1 + A), so that

    m dq (2 |q| + 3 dq) + (2 |alpha| da + da^2) C + 3 gamma_(n+5) (|alpha| + da)^2 Z
        + 4 eta Z + n (n + 4) eta (1 + A) (|alpha| + da)^2 + 4 n eta

and gamma_8 times the terms themselves bound the error of a run (q is known here up to dq
only; eta Z is what an alpha^2 that underflows takes with it). The labels add
sum (2 |e_i| lambda_i + lambda_i^2), with e_i known up to 4u (|alpha x_i| + |beta|) +
da |x_i| + db. All of that divided by n, and one rounding.

Without biases the sums count a sample whose w x underflows to 0 as active if it has the
sign of w, where the neuron finds it on the kink, with gain s. As |w x| <= E / 2, |x| <= 1/2,
|1 - s^2| <= sigma^2 and |1 - s| <= 2 sigma, with omega = |v| sigma E that changes its part of
the loss by at most omega (2 |e_i| + omega), |e_i| <= |y_i| + omega / 2. So it does to

    dL/dw    (1/n) sum (v sigma)^2 E |x_i|          loss    (1/n) sum 2 omega (|y_i| + omega)

over these samples, the former where their label is 0: elsewhere the neuron is asked.

Handed on. The fast path asks the neuron itself about members next to overflow, and without
biases about those next to w = 0: what it says of them has the error of a neuron in the
experiment's dtype, term by term, and not that of sums in float64. Which they are depends
on the other batches that share a table, and on slots. `sums_bounds` holds for what is put
together from sums; `bounds_from_exact` and `bounds_from_neuron` for either.

Against the neuron. `compare.rounding.batch` bounds how far two admissible evaluations of
the neuron are apart, and so how far it is from the exact values. Its exception, samples
within their own rounding of the kink, is none here: which samples are active is given.

Overflow. A bound that would overflow is infinite. Where an intermediate result of the fast
path does, it is no number and is not bounded.

`WIDER` covers products of two roundings and the roundings of these bounds' own sums.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from compare.rounding.arithmetic import gamma
from compare.rounding.batch import WIDER, batch_bounds, sides
from reference import Parameters, Target
from reference.neuron import forward
from reference.optimizers import cast_like_keras

__all__ = ["SumsBounds", "bounds_from_exact", "bounds_from_neuron", "sums_bounds"]

U = 2.0**-53
ETA = 2.0**-1074


class SumsBounds(NamedTuple):
    """Bounds on differences in loss and gradient of k neurons on one batch each: arrays of shape (k,)."""

    loss: np.ndarray
    gradient: Parameters


def sums_bounds(parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, target: Target) -> SumsBounds:
    """Bound how far loss and gradient of k neurons from sums over their batches are from the exact ones.

    Parameters have the shape (k,), samples x and the target's labels y the shape (k, n), all in
    the experiment's dtype; the slope is as it was given to the experiment.
    """
    dtype = x.dtype
    s, tiny = float(cast_like_keras(slope, dtype)), float(np.finfo(dtype).smallest_subnormal)
    wide = Parameters(*(np.asarray(p, np.float64) for p in parameters))
    sigma, exact, off, largest = max(1.0, abs(s)), np.zeros((5, len(x))), np.zeros((5, len(x))), np.ones(len(x))
    with np.errstate(all="ignore"):
        z = forward(parameters, x, dtype.type(s)).z
        active = z > 0
        label, pivots = _label_errors(target, x), _pivots(wide, target, x)
        for side, gain in ((active, 1.0), (~active, s)):
            for line, theirs in _lines(target, x):
                of_run, off_of_run, largest_of_run = _run(wide, x, side & theirs, gain, line, label, pivots)
                exact, off, largest = exact + of_run, off + off_of_run, np.maximum(largest, largest_of_run)
        off[0] += gamma(8, U) * exact[0]
        w, b, v, _ = (np.abs(p) for p in wide)
        bounds = (off + float(np.finfo(dtype).eps) / 2 * (np.abs(exact) + 2 * off)) * WIDER
        bounds += 64 * ETA * largest * sigma * (1 + v) * (1 + w + b) + 2 * tiny
        vanished = (z == 0) & ((wide.w != 0) & (wide.b == 0) & (wide.d == 0))[:, None]
        if target.b == 0 and vanished.any():
            loss, of_w = _vanished(np.where(vanished, x, 0), np.where(vanished, y, 0), v * sigma, tiny)
            bounds[0], bounds[1] = bounds[0] + loss, bounds[1] + of_w
    return _known(bounds[0], bounds[1:])


def bounds_from_exact(parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, target: Target) -> SumsBounds:
    """Bound how far `reference.ensembles` is from the exact values, whether it asks the neuron or not."""
    return _with_neuron(np.maximum, parameters, x, y, slope, target)


def bounds_from_neuron(
    parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, target: Target
) -> SumsBounds:
    """Bound how far `reference.ensembles` and `reference.neuron` are apart; arguments as for `sums_bounds`."""
    return _with_neuron(np.add, parameters, x, y, slope, target)


def _with_neuron(
    join: np.ufunc, parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, target: Target
) -> SumsBounds:
    s = x.dtype.type(cast_like_keras(slope, x.dtype))
    with np.errstate(all="ignore"):
        at = forward(parameters, x, s)
        neuron = batch_bounds(parameters, x, at, sides(x, y, at, s), s, Parameters._fields)
    sums = sums_bounds(parameters, x, y, slope, target)
    return _known(join(sums.loss, neuron.loss), map(join, sums.gradient, neuron.gradient))


def _known(loss: Any, gradient: Any) -> SumsBounds:
    """Make `SumsBounds`, infinite in place of NaN."""
    loss, *gradient = (np.where(np.isnan(bound), np.inf, bound) for bound in (loss, *gradient))
    return SumsBounds(loss, Parameters(*gradient))


def _run(
    p: Parameters, x: Any, here: Any, gain: float, line: tuple[float, float], label: Any, pivots: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A run's part of loss and gradient, and its error, both (5, k), and 1 + |alpha| + |beta|, (k,).

    p holds arrays of shape (k,); x, `here` (which samples are the run's) and `label` (the error of
    each label) are (k, n); `line` is the teacher's (tau, theta) on the run, `gain` the neuron's g;
    `pivots` are those that each neuron may have, or NaN.
    """
    n, g, sigma = x.shape[-1], abs(gain), max(1.0, abs(gain))
    vw, vb = gain * (p.v * p.w), gain * (p.v * p.b)
    alpha, beta = vw - line[0], (vb + p.d) - line[1]
    count = (p.v != 1).astype(np.intp) + (gain not in (0.0, 1.0))
    product, lost = count * U / (1 - count * U), np.where(count > 0, 4 * sigma * ETA, 0.0)
    sum_ = np.where((count == 0) & (p.d == 0), 0.0, (count + 1) * U / (1 - (count + 1) * U))
    a, c = np.abs(alpha), np.abs(beta)
    da = product * np.abs(vw) + U * a + lost
    apart, lined = a, da
    for pivot in pivots:
        vp = gain * (p.v * pivot)
        apart = np.fmax(apart, np.abs(gain * (p.v * (p.w - pivot))) + np.abs(vp - line[0]))
        lined = np.fmax(lined, da + product * np.abs(vp))
    db = sum_ * (np.abs(vb) + np.abs(p.d)) + U * c + lost
    sample, error = np.where(here, x, 0.0).astype(np.float64), np.where(here, label, 0.0)
    size = np.abs(sample)
    m0, m1, m2, s1 = (terms.mean(axis=-1) for terms in (here, size, np.square(size), sample))
    e0, e1 = alpha * s1 + beta * m0, alpha * m2 + beta * s1
    order = gamma(n + 11, U)
    d0 = order * (apart * m1 + c * m0) + lined * m1 + db * m0 + error.mean(axis=-1)
    d1 = order * (apart * m2 + c * m1) + lined * m2 + db * m1 + (error * size).mean(axis=-1)
    e, around = _residuals(sample, alpha, beta, da, db)
    of_labels = (error * (2 * (np.abs(e) + around) + error)).mean(axis=-1)
    loss = _loss_off(sample, here, alpha, beta, da, db)
    w, b, v, _ = (np.abs(parameter) for parameter in p)
    exact = [(np.square(e) * here).mean(axis=-1), p.v * (gain * e1), p.v * (gain * e0)]
    exact += [p.w * (gain * e1) + p.b * (gain * e0), e0]
    off = [loss + of_labels, v * (g * d1) + ETA * (a * m2 + c * m1), v * (g * d0), w * (g * d1) + b * (g * d0), d0]
    twice = np.array([1.0, 2.0, 2.0, 2.0, 2.0])[:, None]
    return twice * np.stack(exact), twice * np.stack(off), 1 + apart + c


def _vanished(x: Any, y: Any, steepest: Any, tiny: float) -> tuple[Any, Any]:
    """Change of loss and dL/dw, (k,), at most, where samples whose w x underflows count as active; x, y are (k, n)."""
    omega, size, label = tiny * steepest, np.abs(x, dtype=np.float64), np.abs(y, dtype=np.float64)
    loss = 2 * omega * (label.mean(axis=-1) + omega * (x != 0).mean(axis=-1))
    return loss * WIDER, 2 * omega * steepest * size.mean(axis=-1)


def _residuals(x: Any, alpha: Any, beta: Any, da: Any, db: Any) -> tuple[Any, Any]:
    """Residuals of a run and their error, (k, n); x is (k, n), alpha and beta and their errors da and db (k,)."""
    alpha, beta, da, db, size = alpha[:, None], beta[:, None], da[:, None], db[:, None], np.abs(x)
    return alpha * x + beta, 4 * U * (np.abs(alpha) * size + np.abs(beta)) + da * size + db


def _loss_off(x: Any, here: Any, alpha: Any, beta: Any, da: Any, db: Any) -> Any:
    """Error of a run's loss without that of the labels, (k,), as in "Loss" above; x is 0 outside the run."""
    n, a = x.shape[-1], np.abs(alpha)
    g, m = gamma(n + 5, U), here.sum(axis=-1)
    some = np.maximum(m, 1)
    mean, size, squares = x.sum(axis=-1) / some, np.abs(x).sum(axis=-1) / some, np.square(x).mean(axis=-1)
    about = np.where(here, np.square(x - mean[:, None]), 0.0).mean(axis=-1)
    q = np.abs(alpha * mean + beta)
    dq = g * (a * size + np.abs(beta)) + da * size + db + (n * a + 1) * ETA
    spread = (2 * a + da) * da * about + 3 * g * np.square(a + da) * squares
    root = math.sqrt(ETA)
    flushed = 4 * ETA * squares + (n + 4) * np.square(root * (a + da)) * (1 + size) + 4 * ETA
    return np.where(m > 0, m / n * dq * (2 * q + 3 * dq) + spread + flushed, 0.0)


def _lines(target: Target, x: np.ndarray) -> list[tuple[tuple[float, float], np.ndarray]]:
    """The teacher's two lines as (tau, theta), each with the samples it labels, a bool array of the shape of x."""
    w, b, slope = (x.dtype.type(setting) for setting in target)
    active = w * x + b > 0
    return [((float(w), float(b)), active), ((float(slope) * float(w), float(slope) * float(b)), ~active)]


def _pivots(p: Parameters, target: Target, x: np.ndarray) -> list[np.ndarray]:
    """The pivots that each neuron may have, (k,): one on either side of 0, both at 0; NaN where there are no lines."""
    ((active, _), _), ((inactive, _), _) = _lines(target, x)
    left, right = (inactive, active) if target.w > 0 else (active, inactive)
    lines = (p.d == 0) & (target.b == 0)
    v, there = np.where(p.v == 0, 1.0, p.v), np.where(p.v == 0, 0.0, 1.0)
    return [np.where(lines & side, there * tau / v, np.nan) for side, tau in ((p.w <= 0, left), (p.w >= 0, right))]


def _label_errors(target: Target, x: np.ndarray) -> np.ndarray:
    """Bound lambda of the distance of each label from the teacher's line, of the shape of x."""
    w, b, slope = (float(x.dtype.type(setting)) for setting in target)
    if b == 0 and abs(w) in (0.0, 1.0) and abs(slope) in (0.0, 1.0):
        return np.zeros(x.shape)
    info, size = np.finfo(x.dtype), np.abs(x, dtype=np.float64)
    shifted = b == 0 and all(abs(math.frexp(factor)[0]) in (0.0, 0.5) for factor in (w, slope))
    relative = 0.0 if shifted else gamma(4, float(info.eps) / 2)
    with np.errstate(all="ignore"):
        active = x.dtype.type(w) * x + x.dtype.type(b) > 0
        gain = np.where(active, 1.0, abs(slope))
        lost = (4 + gain) * float(info.smallest_subnormal) + np.where(active, 0.0, ETA * size)
        errors: np.ndarray = relative * (gain * (abs(w) * size + abs(b))) + lost
    return errors
