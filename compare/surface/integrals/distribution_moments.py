"""Moments of other input distributions than N(0, 1) over a piece of the line.

A piece extends from its anchor by `width`, away from the median. Its moments are taken about
the anchor,

    U_k = E[t^k; x in the piece],  x = anchor + t or anchor - t,  0 <= t <= width

in closed form for the families in `CLOSED_FORMS`, otherwise by adaptive quadrature (QUADPACK,
whose estimate of the error is passed on).
"""

import math
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.surface.arguments import Inputs
from compare.surface.gaussian import REACH, Moments, between, density_root, gauss_legendre, tail
from compare.surface.integrals.double_double import DoubleDouble

__all__ = ["CLOSED_FORMS", "moments_of"]

UNIT_ROUNDOFF = 2.0**-53
ROUNDINGS = 32  # of a closed form, in units of u: its moments are good to 16, see `gaussian`
PRECISION = 1e-12  # asked of quadrature, relative


def moments_of(inputs: Inputs, anchor: Any, width: Any, leftward: Any) -> tuple[Moments, Moments]:
    """Moments of pieces, and bounds or estimates of their absolute errors.

    Parameters
    ----------
    inputs : Inputs
    anchor, width : ndarray of shape (n,)
        The anchor is finite and within the support; the width may be infinite.
    leftward : ndarray of bool, shape (n,)
        Whether the piece is to the left of its anchor.
    """
    closed_form = CLOSED_FORMS.get(inputs.name)
    if closed_form is None:
        return _quadrature(inputs, anchor, width, leftward)
    moments = closed_form(inputs, anchor, width, leftward)
    # Where the density is steep, the rounding of the anchor's own position counts.
    position = (np.abs(anchor) + abs(inputs.median)) * np.abs(anchor - inputs.median) / inputs.deviation**2
    relative = UNIT_ROUNDOFF * (ROUNDINGS + 2 * position)
    return moments, Moments(*(relative * m for m in moments))


def _uniform(inputs: Inputs, anchor: Any, width: Any, leftward: Any) -> Moments:
    """t^k integrated over a constant density."""
    m0 = width / (inputs.high - inputs.low)
    return Moments(m0, m0 * width / 2, m0 * width * width / 3)


def _normal(inputs: Inputs, anchor: Any, width: Any, leftward: Any) -> Moments:
    """In units of the standard deviation, by `gaussian`."""
    scale = inputs.deviation
    distance = np.abs(anchor - inputs.median) / scale
    a, h = np.minimum(distance, REACH), np.minimum(width / scale, REACH)
    density = np.square(density_root(DoubleDouble(a))) * (distance < REACH)
    m0, m1, m2 = (m * density for m in between(a, h, tail(a), tail(np.minimum(a + h, REACH))))
    return Moments(m0, m1 * scale, m2 * scale**2)


def _exponential(inputs: Inputs, anchor: Any, width: Any, leftward: Any) -> Moments:
    """Without memory to the right; growing, but by a factor of 2 at most, to the left of the median."""
    scale = inputs.deviation
    h = width / scale
    density = np.exp(-(anchor - inputs.low) / scale)
    falling = _falling(h)
    growing = [0.0 * h for _ in range(3)]
    reach = np.minimum(h, 1.0)
    for node, weight in zip(*gauss_legendre(), strict=True):
        term = reach * weight * np.exp(reach * node)
        for k in range(3):
            growing[k] = growing[k] + term * (reach * node) ** k
    return Moments(
        *(
            np.where(leftward, up, down) * density * scale**k
            for k, (up, down) in enumerate(zip(growing, falling, strict=True))
        )
    )


def _laplace(inputs: Inputs, anchor: Any, width: Any, leftward: Any) -> Moments:
    """Half an exponential distribution on either side of the median."""
    scale = inputs.deviation / math.sqrt(2)
    density = np.exp(-np.abs(anchor - inputs.median) / scale) / 2
    return Moments(*(m * density * scale**k for k, m in enumerate(_falling(width / scale))))


def _falling(h: Any) -> list[Any]:
    """Integrals of t^k exp(-t) over [0, h]."""
    from scipy.special import gammainc  # late: N(0, 1) needs no SciPy

    return [math.factorial(k) * gammainc(k + 1, h) for k in range(3)]


CLOSED_FORMS: Mapping[str, Callable[[Inputs, Any, Any, Any], Moments]] = MappingProxyType(
    {"uniform": _uniform, "norm": _normal, "expon": _exponential, "laplace": _laplace}
)


def _quadrature(inputs: Inputs, anchor: Any, width: Any, leftward: Any) -> tuple[Moments, Moments]:
    """Piece by piece; those that several points have in common are integrated once."""
    from scipy.integrate import IntegrationWarning, quad  # 0.2 s, for these distributions only

    def integrate(start: float, length: float, sign: float) -> list[tuple[float, float]]:
        if length == 0:
            return [(0.0, 0.0)] * 3
        return [
            quad(lambda t, k=k: t**k * inputs.distribution.pdf(start + sign * t), 0.0, length,
                 epsabs=0.0, epsrel=PRECISION, limit=200)[:2]
            for k in range(3)
        ]  # fmt: skip

    pieces = list(zip(anchor.tolist(), width.tolist(), np.where(leftward, -1.0, 1.0).tolist(), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IntegrationWarning)  # what it warns of is in its estimate
        known = {piece: integrate(*piece) for piece in set(pieces)}
    table = np.array([known[piece] for piece in pieces]).reshape(len(pieces), 3, 2)
    return Moments(*table[:, :, 0].T), Moments(*table[:, :, 1].T)
