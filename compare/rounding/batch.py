"""Bounds of whole batches in closed form: what Balls give, an order of magnitude faster.

For y_pred, loss and gradient of the neuron `compare.rounding` has its rules already, and
running `reference.forward` and `reference.backward` on Balls applies them sample by
sample. Here the same rules are summed by hand, so that a batch costs a few dot products
and no radius is stored for a sample. With u the unit roundoff, s the slope,
sigma = max(1, |s|), [c] 1 if c holds and else 0, and r the radius, half of it for each
side (products with 1 and sums with 0 are exact):

    z = w x + b        r_z = 2u (c_z |z| + [b != 0] |b|)       c_z = 1 + [b != 0]
    a = phi(z)         r_a = 2u (c_a |a| + C_a)                c_a = c_z + [s not 0, 1]
                                                               C_a = [b != 0] sigma |b|
    p = v a + d        r_p = 2u (c_p |p| + C_p)                c_p = c_v + [d != 0]
                                                               c_v = c_a + [v != 1]
                                                               C_p = c_v |d| + |v| C_a
    e = p - y          r_e = r_p + 2u |e|

since |w x| <= |z| + |b| and |v a| <= |p| + |d|. A term t of a sum below has k further
factors, each a rounding, the factor 2/n counting for three, as a division does:

    loss    t = e^2 / n             r_t = (2 |e| r_e + r_e^2) / n + 2u 4 |t|
    d       t = 2/n e               r_t = 2/n r_e + 2u 3 |t|
    v       t = 2/n e a             r_t = 2/n (|a| r_e + |e| r_a + r_e r_a) + 2u 4 |t|
    b       t = 2/n e v phi'        r_t = 2/n |v phi'| r_e + 2u k_b |t|
    w       t = 2/n e v phi' x      r_t = 2/n |v phi' x| r_e + 2u (k_b + 1) |t|
                                    k_b = 3 + [v != 1] + [s not 0, 1]

Of the products of two radii, r_e^2 <= 12 u^2 (c_p^2 p^2 + C_p^2 + e^2) and likewise
r_a^2 <= 8 u^2 (c_a^2 a^2 + C_a^2), as (a + b + c)^2 <= 3 (a^2 + b^2 + c^2) and
(a + b)^2 <= 2 (a^2 + b^2), and sum r_e r_a <= sqrt(sum r_e^2 sum r_a^2) (Cauchy and Schwarz).
A factor common to all terms may be taken out of the sum: its rounding is then one of the
sum, no larger. Of the sum in any order, as for Balls,

    r = (1 + gamma_(n-1)) sum r_t + 2 gamma_(n-1) sum |t|.

Underflow. Where a factor, a product or a partial sum is flushed to zero, an error of at
most omega, the smallest normal number, meets at most the other factors. With
W = 3 + |w| + |b| one finds, in this order, r_z <= omega W (1 + |x|),
r_a <= 2 sigma omega W (1 + |x|), r_p <= 3 sigma omega W (1 + |v|) (1 + |x|) and
r_e <= A omega (1 + |x|) with A = 4 sigma W (1 + |v|); and each of the sums is off by at most

    eta = 2 omega sigma W (1 + |v|) (24 + 2A) (sqrt((n + sum e^2)(n + sum x^2)) + 2 (n + sum x^2))

as a term has at most 6 operations, of which each may flush two operands and a result,
and sum (1+|e|)(1+|x|) <= 2 sqrt((n + sum e^2)(n + sum x^2)) (Cauchy and Schwarz). Behind a
ReLU that is closed for all samples every term of w, b and v has a factor 0, and there is
nothing to bound.

`WIDER` = 1 + 2^-16 covers what is left: products of two roundings, at most 256 of them
to a first-order term, and the roundings of the sums' own terms. The sums themselves are
taken in the experiment's dtype; they have nonnegative terms, so a relative error of at
most gamma_n, for which they are widened by gamma_2n.

The kink. With all |z| above ``nearest_safe`` = 4u |b| + 2 omega W (1 + max |x|) no
implementation can see another side of it. A batch for which that is not so, or that
overflows, is not `regular`, and its bounds do not hold: run it on Balls.
"""

from typing import Any, NamedTuple

import numpy as np

from compare.rounding.arithmetic import gamma
from reference import Forward, Parameters

__all__ = ["WIDER", "BatchBounds", "Sides", "batch_bounds", "sides"]

WIDER = 1 + 2.0**-16


class Sides(NamedTuple):
    """What k batches of n samples look like around the kink."""

    derivative: np.ndarray  # phi'(z), of shape (k, n)
    inward: np.ndarray  # phi'(z) x
    residual: np.ndarray  # y_pred - y
    nearest: np.ndarray  # smallest |z|, of shape (k,)
    dead: np.ndarray  # whether phi is 0 for all samples: a ReLU that is closed
    widest: float  # largest |x| of all batches


class BatchBounds(NamedTuple):
    """Radii of k batches, float64 arrays of shape (k,); None for the gradient of what is not trained.

    Of `y_pred` there are three coefficients: the radius is the first times |y_pred|, plus the
    second, plus the third times |x|. `regular` says where the radii hold.
    """

    y_pred: tuple[np.ndarray, np.ndarray, np.ndarray]
    loss: np.ndarray
    gradient: Parameters
    regular: np.ndarray


def sides(x: np.ndarray, y: np.ndarray, at: Forward, slope: Any) -> Sides:
    """Evaluate what bounds and derivatives of a batch have in common."""
    one = x.dtype.type(1)
    derivative = (at.z > 0).astype(x.dtype) if slope == 0 else np.where(at.z > 0, one, x.dtype.type(slope))
    nearest = np.abs(at.z).min(axis=1)
    dead = at.z.max(axis=1) <= 0 if slope == 0 else np.zeros(len(x), bool)
    return Sides(derivative, derivative * x, at.y_pred - y, nearest, dead, float(max(x.max(), -x.min())))


def batch_bounds(
    parameters: Parameters, x: np.ndarray, at: Forward, side: Sides, slope: Any, trainable: tuple[str, ...]
) -> BatchBounds:
    """Bound y_pred, loss and gradient of k batches x of shape (k, n), each at its own parameters of shape (k,).

    `at` and `side` are the reference's forward pass at these parameters and its `sides`.
    """
    info, n = np.finfo(x.dtype), x.shape[1]
    u, omega = float(info.eps) / 2, float(info.tiny)
    w, b, v, d = (np.abs(p, dtype=np.float64) for p in parameters)
    sigma, scaled = max(1.0, abs(float(slope))), float(slope) not in (0.0, 1.0)
    c_z = 1 + (b != 0)
    c_a, big_a = c_z + scaled, (b != 0) * sigma * b
    c_v = c_a + (parameters.v != 1)
    c_p, big_p = c_v + (d != 0), c_v * d + v * big_a
    error, size = np.abs(side.residual), np.abs(at.y_pred)

    def total(a: np.ndarray, b: np.ndarray | None = None) -> Any:
        plain = np.vecdot(a, b) if b is not None else a.sum(axis=1)
        return plain.astype(np.float64) * (1 + gamma(2 * n, u)) + n * omega

    ee, pp = total(error, error), total(size, size)
    re_squared = 12 * u * u * (c_p**2 * pp + n * big_p**2 + ee)

    def sum_of(terms: Any, radii: Any) -> Any:
        order = gamma(n - 1, u)
        return ((1 + order) * radii + 2 * order * terms) * WIDER

    def against_re(factor: np.ndarray, e: Any) -> Any:
        """Sum of factor times r_e, its product with |e| being summed already."""
        constant = total(factor) * big_p if big_p.any() else 0.0
        return 2 * u * (c_p * total(factor, size) + constant + e)

    large = 3 + w + b
    by_x = 4 * sigma * large * (1 + v)
    xx = total(x, x)
    eta = 2 * omega * sigma * large * (1 + v) * (24 + 2 * by_x) * (np.sqrt((n + ee) * (n + xx)) + 2 * (n + xx))
    loss = sum_of(ee, 2 * against_re(error, ee) + re_squared + 8 * u * ee) / n + eta
    k_b = 3 + (parameters.v != 1) + scaled
    gradient: dict[str, Any] = dict.fromkeys(Parameters._fields)
    for name, factor, roundings in (("w", side.inward, k_b + 1), ("b", side.derivative, k_b)):
        if name in trainable:
            weight = np.abs(factor)
            e = total(weight, error)
            gradient[name] = sum_of(v * e, v * (against_re(weight, e) + 2 * u * roundings * e)) * 2 / n + eta
    if "v" in trainable:
        weight = np.abs(at.activation)
        e = total(weight, error)
        e_ra = 2 * u * (c_a * e + big_a * total(error))
        cross = np.sqrt(re_squared * 8 * u * u * (c_a**2 * total(weight, weight) + n * big_a**2))
        gradient["v"] = sum_of(e, against_re(weight, e) + e_ra + cross + 8 * u * e) * 2 / n + eta
    if "d" in trainable:
        e = total(error)
        sum_re = 2 * u * (c_p * total(size) + n * big_p + e)
        gradient["d"] = sum_of(e, sum_re + 6 * u * e) * 2 / n + eta
    for name in ("w", "b", "v"):
        if gradient[name] is not None:
            gradient[name] = np.where(side.dead, 0.0, gradient[name])
    nearest_safe = 4 * u * b + 2 * omega * large * (1 + side.widest)
    radii = [loss, *(g for g in gradient.values() if g is not None)]
    return BatchBounds(
        y_pred=(2 * u * c_p * WIDER, 2 * u * big_p * WIDER + omega * by_x, omega * by_x),
        loss=loss,
        gradient=Parameters(**gradient),
        regular=(side.nearest > nearest_safe) & np.logical_and.reduce([np.isfinite(r) for r in radii]),
    )
