"""The line cut at the kinks and at the median, for inputs other than N(0, 1).

As `normal_pieces`, whose formulas for the residuals it shares; but any distribution of finite
variance provides the moments, and the pieces are anchored at the end nearest its median.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.surface.arguments import Inputs
from compare.surface.gaussian import Moments
from compare.surface.integrals.distribution_moments import moments_of
from compare.surface.integrals.double_double import DoubleDouble, add, divide, multiply, product, select, subtract
from compare.surface.integrals.normal_pieces import Piece
from compare.surface.integrals.teacher import normalized
from reference import Target

__all__ = ["cut"]


class OtherStudent(NamedTuple):
    """What the kernels need of the neuron, beside its pieces."""

    w: Any
    b: Any
    root: Any  # square root of the density at its kink
    errors: list[Moments]  # absolute, of the pieces' moments


class Line(NamedTuple):
    """v phi(w x + b) or phi*(w* x + b*): on and off, its factor before w x + b."""

    w: Any
    b: Any
    on: DoubleDouble
    off: DoubleDouble

    def at(self, x: float) -> DoubleDouble:
        """Value at a float."""
        z = add(product(self.w, x), DoubleDouble(self.b))
        return multiply(self.factor(z.value > 0), z)

    def factor(self, active: Any) -> DoubleDouble:
        """Factor where active, or not."""
        return select(active, self.on, self.off)

    def kink(self) -> DoubleDouble:
        """Position of the kink; infinite if there is none."""
        k = divide(-np.asarray(self.b), np.where(np.asarray(self.w) == 0, 1.0, self.w))
        gone = np.asarray(self.w) == 0
        return DoubleDouble(np.where(gone, np.inf, k.hi), np.where(gone | ~np.isfinite(k.hi), 0.0, k.lo))


def cut(
    inputs: Inputs, target: Target, grad_at_zero: float | None, w: Any, b: Any, v: Any, d: Any, s: Any
) -> Iterator[tuple[slice, OtherStudent, list[Piece]]]:
    """Yield all points, the neuron there and its pieces.

    w, b, v, d and the slope s are finite, of shape (n,) or scalar, w or b an array. The last piece has no
    mass: it is at the neuron's kink, for the Hessian's delta term alone (`kernels.HESSIAN`).
    """
    w, b = np.broadcast_arrays(w, b)
    unit, their_w, their_b = normalized(target)
    student = Line(w, b, DoubleDouble(v), product(v, s))
    teacher = Line(their_w, their_b, DoubleDouble(unit), DoubleDouble(unit * target.negative_slope))
    cuts, at_cuts = _sorted_cuts(inputs, student, teacher, d)
    pieces, errors = [], []
    for i in range(4):
        low, high = (DoubleDouble(cuts.hi[j], cuts.lo[j]) for j in (i, i + 1))
        leftward = high.hi <= inputs.median
        end = np.where(leftward, i + 1, i)
        anchor, residual, z = (np.take_along_axis(rows, end[None], 0)[0] for rows in (cuts.hi, *at_cuts))
        width = np.maximum(np.where(np.isinf(high.hi) | np.isinf(low.hi), np.inf, subtract(high, low).value), 0.0)
        active = _active(student, low)
        gain = np.where(active, 1.0, s)
        if grad_at_zero is not None:
            gain = np.where((w == 0) & (b == 0), grad_at_zero, gain)
        slope = subtract(
            multiply(student.factor(active), DoubleDouble(w)),
            multiply(teacher.factor(_active(teacher, low)), DoubleDouble(their_w)),
        ).value
        moments, error = moments_of(inputs, anchor, width, leftward)
        sign = np.where(leftward, -1.0, 1.0)
        # t is measured away from the median, x - anchor = sign t.
        pieces.append(Piece(sign, sign * anchor, residual, sign * slope, z, sign * w, gain, 1.0, moments))
        errors.append(error)
    kink = student.kink().hi
    inside = (kink > inputs.low) & (kink < inputs.high)
    at = np.where(inside, kink, inputs.median)
    residual = _residual_at_kink(student, teacher, d)
    nothing = Moments(0.0, 0.0, 0.0)
    pieces.append(Piece(1.0, at, np.where(inside, residual, 0.0), 0.0, 0.0, w, 1.0, 1.0, nothing))
    errors.append(nothing)
    density = np.where(inside, inputs.distribution.pdf(at), 0.0)
    yield slice(None), OtherStudent(w, b, np.sqrt(density), errors), pieces


def _sorted_cuts(inputs: Inputs, student: Line, teacher: Line, d: Any) -> tuple[DoubleDouble, tuple[Any, Any]]:
    """Ends of the pieces in ascending order, each with the residual and the pre-activation there."""
    c = inputs.median
    at_median = subtract(add(student.at(c), DoubleDouble(d)), teacher.at(c)).value
    z_at_median = add(product(student.w, c), DoubleDouble(student.b)).value
    apart = _apart(student, teacher)
    with_kinks = (
        (student.kink(), _residual_at_kink(student, teacher, d), 0.0),
        (teacher.kink(), _residual_at_their_kink(student, teacher, d), apart.value / (teacher.w or 1.0)),
    )
    at_center = (c, 0.0, at_median, z_at_median)
    rows = [(inputs.low, 0.0, 0.0, 0.0), at_center, (inputs.high, 0.0, 0.0, 0.0)]
    for kink, residual, z in with_kinks:
        inside = (kink.hi > inputs.low) & (kink.hi < inputs.high)
        # A kink that cuts nothing may as well be at the median, where there is a cut.
        at_kink = (*kink, residual, z)
        rows.append(tuple(np.where(inside, here, instead) for here, instead in zip(at_kink, at_center, strict=True)))
    hi, lo, residuals, zs = (
        np.stack(np.broadcast_arrays(*column, student.w)[:-1]) for column in zip(*rows, strict=True)
    )
    order = np.lexsort((lo, hi), axis=0)
    hi, lo, residuals, zs = (np.take_along_axis(x, order, 0) for x in (hi, lo, residuals, zs))
    return DoubleDouble(hi, lo), (residuals, zs)


def _apart(student: Line, teacher: Line) -> DoubleDouble:
    """Distance of the kinks but for a factor, b w* - w b*."""
    return subtract(product(student.b, teacher.w), product(student.w, teacher.b))


def _residual_at_kink(student: Line, teacher: Line, d: Any) -> Any:
    """(d w + g* (b w* - w b*)) / w."""
    apart = _apart(student, teacher)
    factor = teacher.factor(apart.value * np.sign(student.w) < 0)
    return add(product(d, student.w), multiply(factor, apart)).value / np.where(student.w == 0, 1.0, student.w)


def _residual_at_their_kink(student: Line, teacher: Line, d: Any) -> Any:
    """(v g (b w* - w b*) + d w*) / w*."""
    apart = _apart(student, teacher)
    factor = student.factor(apart.value * np.sign(teacher.w) > 0)
    return add(multiply(factor, apart), product(d, teacher.w)).value / (teacher.w or 1.0)


def _active(line: Line, low: DoubleDouble) -> Any:
    """Whether z > 0 on the piece that begins at `low`."""
    kink = line.kink()
    right = (low.hi > kink.hi) | ((low.hi == kink.hi) & (low.lo >= kink.lo))
    return np.where(np.asarray(line.w) == 0, np.asarray(line.b) > 0, right == (np.asarray(line.w) > 0))
