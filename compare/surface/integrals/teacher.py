"""The teacher as the pieces of the line see it: affine on either side of its kink."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.surface.integrals.double_double import DoubleDouble, divide, product
from compare.surface.integrals.normal_moments import REACH, Moments, density_root, near, tail
from reference import Target

__all__ = ["Affine", "Kink", "Teacher", "describe", "normalized"]


@dataclass(frozen=True)
class Affine:
    """A piece of the teacher: label = factor (w* x + b*) = slope x + intercept."""

    factor: Any
    slope: DoubleDouble
    intercept: DoubleDouble


@dataclass(frozen=True)
class Kink:
    """The teacher's kink, elsewhere than at zero.

    Parameters
    ----------
    side : {1.0, -1.0}
        Sign of its position.
    distance : float
        Its absolute value.
    root : float
        Square root of the normal density there.
    near, tail : Moments
        Of [0, distance] about 0 and of [distance, oo) about `distance`, as
        `compare.surface.integrals.normal_moments` gives them.
    beyond : Affine
        The teacher on the far side.
    """

    side: float
    distance: float
    root: float
    near: Moments
    tail: Moments
    beyond: Affine


@dataclass(frozen=True)
class Teacher:
    """A `Target` with its pieces.

    Parameters
    ----------
    w, b : float
        w* and b*, the target's divided by a power of two so that the larger is in [1, 2).
    left, right : Affine
        Next to zero, for x < 0 and x > 0.
    kink : Kink or None
        None if it is at zero, out of reach of the normal distribution, or absent.
    """

    w: float
    b: float
    left: Affine
    right: Affine
    kink: Kink | None


def normalized(target: Target) -> tuple[float, float, float]:
    """Return c, w*, b* such that the label is c phi(w* x + b*), the larger of |w*| and |b*| in [1, 2).

    Examples
    --------
    >>> normalized(Target(w=3.0, b=0.25))
    (2.0, 1.5, 0.125)
    """
    exponent = math.frexp(max(abs(target.w), abs(target.b)))[1] - 1
    return math.ldexp(1.0, exponent), math.ldexp(target.w, -exponent), math.ldexp(target.b, -exponent)


def describe(target: Target) -> Teacher:
    """Cut the teacher at zero and at its kink.

    Parameters
    ----------
    target : Target
        Of finite floats.
    """
    slope = target.negative_slope
    unit, w, b = normalized(target)
    rising, falling = (Affine(f, product(f, w), product(f, b)) for f in (unit, unit * slope))
    if b == 0 and w != 0 and slope != 1:
        left, right = (falling, rising) if w > 0 else (rising, falling)
        return Teacher(w, b, left, right, None)
    here, beyond = (rising, falling) if b > 0 else (falling, rising)
    if slope == 1 or abs(b) >= REACH * abs(w):
        return Teacher(w, b, here, here, None)
    position = divide(abs(b), abs(w))
    root = float(density_root(position))
    outside = Moments(*(float(m) for m in tail(np.float64(position.hi))))
    inside = Moments(*(float(m) for m in near(np.float64(position.hi), root**2, outside)))
    side = math.copysign(1.0, -b) * math.copysign(1.0, w)
    return Teacher(w, b, here, here, Kink(side, position.hi, root, inside, outside, beyond))
