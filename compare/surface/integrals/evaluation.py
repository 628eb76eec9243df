"""Runs the kernels over arrays of any shape, in chunks that stay in the processor's cache.

Numbers that are not of ordinary size are brought there by `units`, exactly.
"""

import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from compare.surface.arguments import Arguments
from compare.surface.integrals import distribution_pieces, normal_pieces
from compare.surface.integrals.kernels import Kernel
from compare.surface.integrals.normal_pieces import Piece, take
from compare.surface.integrals.teacher import cut_teacher
from compare.surface.integrals.units import (
    LARGER_UNITS,
    LARGEST_FACTOR,
    SMALLER_UNITS,
    Output,
    exponent_of,
    smaller_units,
)
from reference import Target

__all__ = ["evaluate"]

Values = tuple[Any, ...]  # w, b, v, d, s
Cutter = Callable[..., Iterator[tuple[Any, Any, list[Piece]]]]

CHUNK = 8192


def evaluate(kernel: Kernel, arguments: Arguments, grad_at_zero: float | None = None) -> Any:
    """Apply a kernel to all n points: its components, of shape (components, n).

    `grad_at_zero` is phi' of the neuron at w = b = 0, by default the slope.
    """
    out = np.empty((len(kernel.degrees), arguments.n))
    target, inputs = arguments.target, arguments.inputs

    @cache
    def cutter(shift: int) -> Cutter:
        teacher = Target(math.ldexp(target.w, shift), math.ldexp(target.b, shift), target.negative_slope)
        if inputs is None:
            return partial(normal_pieces.cut, cut_teacher(teacher), grad_at_zero)
        return partial(distribution_pieces.cut, inputs, teacher, grad_at_zero)

    def in_units(values: Values, shift: int) -> Any:
        return _in_units(kernel, values, cutter(shift), shift)

    label = max(abs(target.w), abs(target.b)) * max(1.0, abs(target.negative_slope))
    for start in range(0, arguments.n, CHUNK):
        stop = min(start + CHUNK, arguments.n)
        with np.errstate(all="ignore"):  # overflow and underflow are the results' own
            out[:, start:stop] = _chunk(in_units, arguments.chunk(start, stop), label)
    return out


def _chunk(in_units: Callable[[Values, int], Any], values: Values, label: float) -> Any:
    """Components at some points: NaN where an argument is not finite, but for a ReLU switched off."""
    finite = _finite(values)
    if not finite.all():
        values = _switched_off(values)
        finite = _finite(values)
        values = tuple(np.where(finite, value, 0.0) for value in values)
    out = in_units(values, 0)

    def again(points: Any, shift: int) -> None:
        if points.any():
            out[:, points] = in_units(tuple(np.broadcast_to(value, points.shape)[points] for value in values), shift)

    smaller = smaller_units(values, label)
    for shift in SMALLER_UNITS:
        again(smaller == shift, shift)
    for shift in LARGER_UNITS:
        again(np.isnan(out).any(axis=0), shift)
    if not finite.all():
        out[:, ~finite] = np.nan
    return out


def _switched_off(values: Values) -> Values:
    """Replace a bias of -oo, if the slope is 0, by a finite one with the same effect on everything."""
    w, b, v, d, s = np.broadcast_arrays(*values)
    off = (b == -np.inf) & (s == 0) & np.isfinite(w) & np.isfinite(v)
    return np.where(off, 0.0, w), np.where(off, -1.0, b), np.where(off, 0.0, v), d, s


def _finite(values: Values) -> Any:
    """Where all of them are finite."""
    zero: Any = 0.0
    for value in values:
        zero = zero + value * 0.0  # NaN for infinities as well
    return np.asarray(zero == 0)


def _in_units(kernel: Kernel, values: Values, cutter: Cutter, shift: int) -> Any:
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
    out = np.empty((len(kernel.degrees), max(np.size(w), np.size(b))))
    for points, student, pieces in cutter(w, b, inner, d, s):
        output = Output(take(outer, points), take(inner, points))
        results = kernel.components(student, output, take(s, points), pieces)
        for row, result in zip(out, results, strict=True):
            row[points] = result
    if exponent is not None or shift:
        for row, degree in zip(out, kernel.degrees, strict=True):
            of_units = degree.factors * by_v + degree.residuals * shift
            row[:] = np.ldexp(row, degree.activations * (0 if exponent is None else exponent) - of_units)
    return out
