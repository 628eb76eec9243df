"""Expected loss and its gradient on x ~ N(0, 1), in closed form."""

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtr

from reference import Parameters, Target

__all__ = ["expected_gradient", "expected_loss"]


def expected_loss(parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = Target()) -> Any:  # noqa: B008
    """L(w, b, v, d) = E[(v phi(w x + b) + d - y)^2], y the teacher's label.

    Parameters
    ----------
    parameters : Parameters
        Numbers or arrays, which broadcast together and with the slope.
    negative_slope : float or ndarray
    target : Target

    Returns
    -------
    float64 scalar or ndarray

    Examples
    --------
    >>> float(expected_loss(Parameters(w=1.0)))
    0.0
    """
    total = 0.0
    for slope, intercept, _, _, _, m in _pieces(parameters, negative_slope, target):
        total = total + slope**2 * m[2] + 2 * slope * intercept * m[1] + intercept**2 * m[0]
    return total


def expected_gradient(parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = Target()) -> Parameters:  # noqa: B008
    """Partial derivatives of `expected_loss` with respect to w, b, v, d.

    At w = b = 0 phi' is the slope.

    Parameters
    ----------
    parameters, negative_slope, target
        As for `expected_loss`.

    Returns
    -------
    Parameters of float64 scalars or ndarrays

    Examples
    --------
    >>> float(expected_gradient(Parameters(w=1.0)).w)
    0.0
    """
    w = b = v = d = 0.0
    for slope, intercept, gain, weight, bias, m in _pieces(parameters, negative_slope, target):
        r0, r1 = slope * m[1] + intercept * m[0], slope * m[2] + intercept * m[1]
        w, b = w + 2 * parameters.v * gain * r1, b + 2 * parameters.v * gain * r0
        v, d = v + 2 * gain * (weight * r1 + bias * r0), d + 2 * r0
    return Parameters(w, b, v, d)


def _pieces(parameters: Parameters, negative_slope: Any, target: Target) -> Any:
    """Intervals between the kinks: residual's slope and intercept, phi', w, b, moments of x."""
    w, b, v, d, s = np.broadcast_arrays(*(np.asarray(p, np.float64) for p in (*parameters, negative_slope)))
    with np.errstate(all="ignore"):
        kink = np.where(w == 0, np.inf, -b / np.where(w == 0, 1.0, w))
    theirs = np.full(w.shape, -target.b / target.w if target.w else np.inf)
    ends = np.sort(np.stack([np.full(w.shape, -np.inf), kink, theirs, np.full(w.shape, np.inf)]), axis=0)
    for low, high in pairwise(ends):
        x = np.where(np.isinf(low), np.where(np.isinf(high), 0.0, high - 1), np.where(np.isinf(high), low + 1, low))
        x = np.where(np.isfinite(low) & np.isfinite(high), (low + high) / 2, x)
        gain = np.where(w * x + b > 0, 1.0, s)
        theirs_gain = np.where(target.w * x + target.b > 0, 1.0, target.negative_slope)
        slope, intercept = v * gain * w - theirs_gain * target.w, v * gain * b + d - theirs_gain * target.b
        yield slope, intercept, gain, w, b, _moments(low, high)


def _moments(low: Any, high: Any) -> Any:
    density = [np.exp(-np.square(x) / 2) / np.sqrt(2 * np.pi) for x in (low, high)]
    product = [np.where(np.isinf(x), 0.0, x) * p for x, p in zip((low, high), density, strict=True)]
    m0 = np.where(low > 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return m0, density[0] - density[1], m0 + product[0] - product[1]
