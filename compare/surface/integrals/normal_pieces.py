"""The line cut at zero and at both kinks: on every piece the residual is linear.

The neuron v phi(w x + b) + d has its kink at k = -b/w, the teacher phi(w* x + b*) at
k* = -b*/w*. With t >= 0 the distance from the end of the piece nearest zero, the anchor,

    r(x) = residual + slope t,    z = z(anchor) + weight t,    x = anchor + direction t

and every expectation of the surface is a sum over pieces of products of these with moments
of t. Each of these numbers is relatively accurate, however much cancels in it; with g and g*
the derivatives (1 or the slope) of the neuron's and the teacher's phi,

    r(0)  = v g b + d - g* b*
    r(k)  = (d w + g* (b w* - w b*)) / w
    r(k*) = (v g (b w* - w b*) + d w*) / w*       its label is 0 there
    slope = v g w - g* w*
    |k - k*| = |b w* - w b*| / |w w*|

have their numerators formed in double-double arithmetic. (w* and b* are those of `teacher`,
of order 1, and g* has their unit.) Where the teacher has no kink at zero, the pieces on
either side of it are one: the residual is the same line, and t takes both signs.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.surface.gaussian import HALF_LINE, REACH, Moments, between, density_root, near, tail
from compare.surface.integrals.double_double import DoubleDouble, add, divide, multiply, product, select, subtract
from compare.surface.integrals.teacher import Affine, Kink, Teacher

__all__ = ["Piece", "cut", "take"]


class Piece(NamedTuple):
    """One piece of the line; arrays over the points of the surface, or scalars."""

    direction: Any  # 1 or -1: of t, away from zero; the piece at zero may hold t of both signs
    anchor: Any  # |x| at t = 0
    residual: Any  # r at the anchor
    slope: Any  # dr/dt
    z: Any  # pre-activation at the anchor
    weight: Any  # dz/dt
    gain: Any  # phi'(z) on the piece
    root: Any  # square root of the density that `moments` are relative to
    moments: Moments  # integrals of t^0, t^1, t^2


class Branch(NamedTuple):
    """The neuron on one side of its kink: phi', v phi' and v phi' w."""

    gain: Any
    factor: DoubleDouble
    slope: DoubleDouble


class Student(NamedTuple):
    """The neuron at some points of the surface; arrays or scalars."""

    w: Any
    b: Any
    d: Any
    at_zero: Branch
    beyond: Branch  # the kink
    residual: Any  # r(0)
    apart: DoubleDouble  # b w* - w b*, the distance of the kinks but for a factor
    direction: Any  # 1 or -1, the side of zero on which the kink is
    distance: Any  # |kink|, at most `REACH`
    root: Any  # square root of the normal density at the kink
    tail: Moments  # beyond the kink


def _student_at(teacher: Teacher, grad_at_zero: float | None, w: Any, b: Any, v: Any, d: Any, s: Any) -> Student:
    """Prepare the neuron at n points: finite w, b, v, d and slope s, of shape (n,) or scalar, w or b an array.

    For b = 0 the side without the kink is that of z <= 0. With w = 0 the kink is out of
    reach, as is that of a linear neuron, s = 1; with w = b = 0 the gain is the slope or `grad_at_zero`.
    """
    on, off = ((1.0, DoubleDouble(v)), (s, product(v, s)))
    active, slope_on, slope_off = b > 0, multiply(on[1], DoubleDouble(w)), multiply(off[1], DoubleDouble(w))
    at_zero = Branch(np.where(active, 1.0, s), select(active, on[1], off[1]), select(active, slope_on, slope_off))
    beyond = Branch(np.where(active, s, 1.0), select(active, off[1], on[1]), select(active, slope_off, slope_on))
    rise = multiply(at_zero.factor, DoubleDouble(b))
    kink = divide(np.abs(b), np.where(w == 0, 1.0, np.abs(w)))
    if grad_at_zero is not None:
        at_zero = at_zero._replace(gain=np.where((w == 0) & (b == 0), grad_at_zero, at_zero.gain))
    in_reach = (kink.hi < REACH) & (w != 0) & (np.asarray(s) != 1)
    kink = DoubleDouble(np.where(in_reach, kink.hi, REACH), np.where(in_reach, kink.lo, 0.0))
    return Student(
        w=w,
        b=b,
        d=d,
        at_zero=at_zero,
        beyond=beyond,
        residual=subtract(add(rise, DoubleDouble(d)), teacher.right.intercept).value,
        apart=subtract(product(b, teacher.w), product(w, teacher.b)),
        direction=np.where(active == (w > 0), -1.0, 1.0),
        distance=kink.hi,
        root=np.where(in_reach, density_root(kink), 0.0),  # an output beyond float64 could bring it back
        tail=tail(kink.hi),
    )


def cut(
    teacher: Teacher, grad_at_zero: float | None, w: Any, b: Any, v: Any, d: Any, s: Any
) -> Iterator[tuple[Any, Student, list[Piece]]]:
    """Yield which points, the neuron there and its pieces, for all points whose cuts come in the same order.

    w, b, v, d, s are as for `_student_at`. The pieces cover the line; the last starts at the neuron's kink.
    """
    student = _student_at(teacher, grad_at_zero, w, b, v, d, s)
    kink = teacher.kink
    if kink is None:
        is_line = teacher.left is teacher.right
        yield slice(None), student, _one_kink(student, teacher.right) if is_line else _teacher_at_zero(student, teacher)
        return
    same = student.direction == kink.side
    nearer = student.apart.value * np.sign(student.w) * np.sign(teacher.b) < 0
    inner = same & nearer & (student.distance < REACH)
    for points, arrange in ((~same, _on_either_side), (inner, _student_first), (same & ~inner, _teacher_first)):
        if points.any():
            here = take(student, points)
            yield points, here, arrange(here, teacher, kink)


def _teacher_at_zero(student: Student, teacher: Teacher) -> list[Piece]:
    """Pieces where the teacher's kink is at zero: on either side of it, and beyond the student's kink."""
    label, other = _label(student.direction, teacher), _label(-student.direction, teacher)
    return [
        _around_zero(student, -student.direction, other, HALF_LINE),
        _around_zero(student, student.direction, label, _near(student)),
        _to_infinity(student, label),
    ]


def _one_kink(student: Student, label: Affine) -> list[Piece]:
    """Pieces where the teacher is one line: around zero, and beyond the student's kink."""
    return [
        _around_zero(student, student.direction, label, _up_to(_near(student), student.root)),
        _to_infinity(student, label),
    ]


def _on_either_side(student: Student, teacher: Teacher, kink: Kink) -> list[Piece]:
    """One kink on the left of zero, one on the right."""
    theirs, own = kink.near, _near(student)
    # The same difference twice; the terms of the one are small near zero, of the other far out.
    both_near = (student.distance < 1) & (kink.distance < 1)
    first = np.where(both_near, own.first - theirs.first, np.square(kink.root) - np.square(student.root))
    moments = Moments(theirs.zeroth + own.zeroth, first, theirs.second + own.second)
    return [
        _around_zero(student, student.direction, teacher.right, moments),
        _from_teacher(student, student.at_zero, teacher, kink, kink.tail),
        _to_infinity(student, teacher.right),
    ]


def _student_first(student: Student, teacher: Teacher, kink: Kink) -> list[Piece]:
    """Zero, then the student's kink, then the teacher's."""
    moments = between(student.distance, _width(student, teacher), student.tail, kink.tail)
    return [
        _around_zero(student, student.direction, teacher.right, _up_to(_near(student), student.root)),
        _from_teacher(student, student.beyond, teacher, kink, kink.tail),
        _from_student(student, teacher.right, moments),
    ]


def _teacher_first(student: Student, teacher: Teacher, kink: Kink) -> list[Piece]:
    """Zero, then the teacher's kink, then the student's."""
    moments = between(kink.distance, _width(student, teacher), kink.tail, student.tail)
    return [
        _around_zero(student, student.direction, teacher.right, _up_to(kink.near, kink.root)),
        _from_teacher(student, student.at_zero, teacher, kink, moments),
        _to_infinity(student, kink.beyond),
    ]


def _around_zero(student: Student, direction: Any, label: Affine, moments: Moments) -> Piece:
    """The piece at zero, on one side or both; its moments include the density."""
    slope = direction * subtract(student.at_zero.slope, label.slope).value
    weight = direction * student.w
    return Piece(direction, 0.0, student.residual, slope, student.b, weight, student.at_zero.gain, 1.0, moments)


def _from_student(student: Student, label: Affine, moments: Moments) -> Piece:
    """The piece that starts at the student's kink; its residual is 0 where that is `REACH` or farther from zero."""
    numerator = add(product(student.d, student.w), multiply(DoubleDouble(label.factor), student.apart))
    in_reach = student.distance < REACH
    return Piece(
        direction=student.direction,
        anchor=student.distance,
        residual=np.where(in_reach, numerator.value / np.where(in_reach, student.w, 1.0), 0.0),
        slope=student.direction * subtract(student.beyond.slope, label.slope).value,
        z=0.0,
        weight=student.direction * student.w,
        gain=student.beyond.gain,
        root=student.root,
        moments=moments,
    )


def _to_infinity(student: Student, label: Affine) -> Piece:
    """The piece beyond the student's kink; exactly a half-line where that is at zero."""
    piece, at_zero = _from_student(student, label, student.tail), student.distance == 0
    if not at_zero.any():
        return piece
    moments = Moments(*(np.where(at_zero, half, m) for half, m in zip(HALF_LINE, student.tail, strict=True)))
    return piece._replace(root=np.where(at_zero, 1.0, student.root), moments=moments)


def _from_teacher(student: Student, branch: Branch, teacher: Teacher, kink: Kink, moments: Moments) -> Piece:
    """The piece that starts at the teacher's kink, where the student is on `branch`."""
    numerator = add(multiply(branch.factor, student.apart), product(student.d, teacher.w))
    return Piece(
        direction=kink.side,
        anchor=kink.distance,
        residual=numerator.value / teacher.w,
        slope=kink.side * subtract(branch.slope, kink.beyond.slope).value,
        z=student.apart.value / teacher.w,
        weight=kink.side * student.w,
        gain=branch.gain,
        root=kink.root,
        moments=moments,
    )


def _label(direction: Any, teacher: Teacher) -> Affine:
    """The teacher next to zero, on the given side."""
    if teacher.left is teacher.right:
        return teacher.right
    on_the_right = direction > 0
    return Affine(
        np.where(on_the_right, teacher.right.factor, teacher.left.factor),
        select(on_the_right, teacher.right.slope, teacher.left.slope),
        teacher.right.intercept,  # 0
    )


def _near(student: Student) -> Moments:
    return near(student.distance, np.square(student.root), student.tail)


def _up_to(inner: Moments, root: Any) -> Moments:
    """Moments about 0 of everything up to a kink, from those of [0, kink]: t < 0 as well."""
    return Moments(inner.zeroth + 0.5, -np.square(root), inner.second + 0.5)


def _width(student: Student, teacher: Teacher) -> Any:
    """Distance |k - k*| of the kinks, at most `REACH`, which also stands for a student's kink out of reach."""
    in_reach = student.distance < REACH
    width = np.abs(student.apart.value / np.where(in_reach, student.w * teacher.w, 1.0))
    return np.where(in_reach, np.minimum(width, REACH), REACH)


def take(value: Any, points: Any) -> Any:
    """The given points of an array, or of all arrays in a tuple."""
    if isinstance(value, tuple):
        return type(value)(*(take(v, points) for v in value))
    return value[points] if np.ndim(value) else value
