"""Runs the kernels over arrays of any shape, in chunks that stay in the processor's cache.

Numbers that are not of ordinary size are brought there by `units`, exactly.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from compare.surface.arguments import Arguments
from compare.surface.integrals.normal_pieces import Piece, cut, student_at, take
from compare.surface.integrals.other_moments import Inputs
from compare.surface.integrals.other_pieces import cut_for
from compare.surface.integrals.teacher import Teacher, describe
from compare.surface.integrals.units import (
    LARGER_UNITS,
    LARGEST_FACTOR,
    SMALLER_UNITS,
    Degree,
    Output,
    exponent_of,
    smaller_units,
)
from reference import Target

__all__ = ["evaluate"]

Kernel = Callable[[Any, Any, Any, Any], Any]
Cutter = Callable[..., Iterator[tuple[Any, Any, list[Piece]]]]

CHUNK = 8192


def evaluate(
    kernel: Kernel,
    components: Sequence[Degree],
    arguments: Arguments,
    target: Target,
    inputs: Inputs | None = None,
    grad_at_zero: float | None = None,
) -> Any:
    """Apply a kernel to all points.

    Parameters
    ----------
    kernel : callable
        Of student, output, slope and pieces: returns the components.
    components : sequence of Degree
        What each component is a product of.
    arguments : Arguments
    target : Target
    inputs : Inputs, optional
        The standard normal distribution by default.
    grad_at_zero : float, optional
        phi' of the neuron at w = b = 0, the slope by default.

    Returns
    -------
    ndarray of shape (components, n)
    """
    n = int(np.prod(arguments.shape, dtype=np.int64))
    out = np.empty((len(components), n))

    @cache
    def cutter(shift: int) -> Cutter:
        teacher = Target(math.ldexp(target.w, shift), math.ldexp(target.b, shift), target.negative_slope)
        if inputs is None:
            return partial(_cut_normal, describe(teacher), grad_at_zero)
        return partial(_cut_other, inputs, teacher, grad_at_zero)

    label = max(abs(target.w), abs(target.b)) * max(1.0, abs(target.negative_slope))
    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        with np.errstate(all="ignore"):  # overflow and underflow are the results' own
            out[:, start:stop] = _chunk(kernel, components, arguments.chunk(start, stop), label, cutter)
    return out


def _chunk(
    kernel: Kernel,
    components: Sequence[Degree],
    values: tuple[Any, ...],
    label: float,
    cutter: Callable[[int], Cutter],
) -> Any:
    """Components at some points: NaN where an argument is not finite, but for a ReLU switched off."""
    finite = _finite(values)
    if not finite.all():
        values = _switched_off(values)
        finite = _finite(values)
        values = tuple(np.where(finite, value, 0.0) for value in values)
    out = _in_units(kernel, components, values, cutter(0), 0)
    smaller = smaller_units(values, label)
    for shift in SMALLER_UNITS:
        _again(out, smaller == shift, kernel, components, values, cutter, shift)
    for shift in LARGER_UNITS:
        _again(out, np.isnan(out).any(axis=0), kernel, components, values, cutter, shift)
    if not finite.all():
        out[:, ~finite] = np.nan
    return out


def _again(
    out: Any,
    points: Any,
    kernel: Kernel,
    components: Sequence[Degree],
    values: tuple[Any, ...],
    cutter: Callable[[int], Cutter],
    shift: int,
) -> None:
    """Evaluate some of the points in other units."""
    if points.any():
        w, b, v, d, s = (np.broadcast_to(value, points.shape)[points] for value in values)
        out[:, points] = _in_units(kernel, components, (w, b, v, d, s), cutter(shift), shift)


def _switched_off(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Replace a bias of -oo, if the slope is 0, by a finite one with the same effect on everything."""
    w, b, v, d, s = np.broadcast_arrays(*values)
    off = (b == -np.inf) & (s == 0) & np.isfinite(w) & np.isfinite(v)
    return np.where(off, 0.0, w), np.where(off, -1.0, b), np.where(off, 0.0, v), d, s


def _finite(values: tuple[Any, ...]) -> Any:
    """Where all of them are finite."""
    zero: Any = 0.0
    for value in values:
        zero = zero + value * 0.0  # NaN for infinities as well
    return np.asarray(zero == 0)


def _in_units(kernel: Kernel, components: Sequence[Degree], values: tuple[Any, ...], cutter: Cutter, shift: int) -> Any:
    """Components at finite points, evaluated with an output that is 2^shift times as large."""
    w, b, v, d, s = values
    exponent = exponent_of(w, b)
    inner, outer = v, v
    if exponent is not None:
        w, b, inner = np.ldexp(w, -exponent), np.ldexp(b, -exponent), np.ldexp(v, exponent + shift)
        too_large = np.copysign(LARGEST_FACTOR, v) if shift == LARGER_UNITS[-1] else np.nan
        inner = np.where(np.abs(inner) > LARGEST_FACTOR, too_large, inner)
    elif shift:
        inner = np.ldexp(v, shift)
    by_v: Any = 0
    if shift:  # the v in front may be as far out as the output: its root leaves room for products and its square
        by_v = -(np.frexp(v)[1] // 2)
        d, outer = np.ldexp(d, shift), np.ldexp(v, by_v)
    out = np.empty((len(components), max(np.size(w), np.size(b))))
    for points, student, pieces in cutter(w, b, inner, d, s):
        output = Output(take(outer, points), take(inner, points))
        results = kernel(student, output, take(s, points), pieces)
        for row, result in zip(out, results, strict=True):
            row[points] = result
    if exponent is not None or shift:
        for row, degree in zip(out, components, strict=True):
            of_units = degree.factors * by_v + degree.residuals * shift
            row[:] = np.ldexp(row, degree.activations * (0 if exponent is None else exponent) - of_units)
    return out


def _cut_normal(
    teacher: Teacher, grad_at_zero: float | None, w: Any, b: Any, v: Any, d: Any, s: Any
) -> Iterator[tuple[Any, Any, list[Piece]]]:
    student = student_at(w, b, v, d, s, teacher)
    if grad_at_zero is not None:
        gain = np.where((w == 0) & (b == 0), grad_at_zero, student.here.gain)
        student = student._replace(here=student.here._replace(gain=gain))
    return cut(student, teacher)


def _cut_other(
    inputs: Inputs, target: Target, grad_at_zero: float | None, w: Any, b: Any, v: Any, d: Any, s: Any
) -> Iterator[tuple[Any, Any, list[Piece]]]:
    yield slice(None), *cut_for(inputs, w, b, v, d, s, target, grad_at_zero)
