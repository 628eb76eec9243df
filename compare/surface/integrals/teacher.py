"""The teacher as the pieces of the line see it: affine on either side of its kink."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.surface.gaussian import REACH, Moments, density_root, near, tail
from compare.surface.integrals.double_double import DoubleDouble, divide, product
from reference import Target

__all__ = ["Affine", "Kink", "Teacher", "cut_teacher", "normalized"]


@dataclass(frozen=True)
class Affine:
    """A piece of the teacher: label = factor (w* x + b*) = slope x + intercept."""

    factor: Any
    slope: DoubleDouble
    intercept: DoubleDouble


@dataclass(frozen=True)
class Kink:
    """The teacher's kink, elsewhere than at zero: at side * distance."""

    side: float  # 1 or -1
    distance: float
    root: float  # square root of the normal density there
    near: Moments  # of [0, distance] about 0
    tail: Moments  # of [distance, oo) about `distance`
    beyond: Affine  # the teacher on the far side


@dataclass(frozen=True)
class Teacher:
    """A `Target` with its pieces."""

    w: float  # w* and b*, the target's divided by a power of two so that the larger is in [1, 2)
    b: float
    left: Affine  # next to zero, for x < 0
    right: Affine  # next to zero, for x > 0
    kink: Kink | None  # None if it is at zero, out of reach of the normal distribution, or absent


def normalized(target: Target) -> tuple[float, float, float]:
    """Return c, w*, b* such that the label is c phi(w* x + b*), the larger of |w*| and |b*| in [1, 2).

    Examples
    --------
    >>> normalized(Target(w=3.0, b=0.25))
    (2.0, 1.5, 0.125)
    """
    exponent = math.frexp(max(abs(target.w), abs(target.b)))[1] - 1
    return math.ldexp(1.0, exponent), math.ldexp(target.w, -exponent), math.ldexp(target.b, -exponent)


def cut_teacher(target: Target) -> Teacher:
    """Cut the teacher, of finite floats, at zero and at its kink."""
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
