"""Runs the kernels over arrays of any shape, in chunks that stay in the processor's cache.

Numbers of ordinary size are used as they are. Others are brought there by two symmetries of
the loss, with powers of two, which are exact. phi is homogeneous, so for c > 0

    L(w, b, v, d) = L(w / c, b / c, c v, d)

and points whose w and b lie outside of 2^-100 to 2^100, where their products would leave the
range of `double_double`, are evaluated with the c that makes max(|w|, |b|) about 1. And where
something overflowed, the output is taken in larger units, that of the teacher with it:

    L(w, b, v, d; teacher) = L(w, b, c v, c d; c teacher) / c^2

By the chain rule a derivative is multiplied by the same factors as its parameters.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from compare.surface.arguments import Arguments
from compare.surface.inputs import Inputs
from compare.surface.other_pieces import cut_for
from compare.surface.pieces import Piece, cut, student_at, take
from compare.surface.teacher import Teacher, describe
from reference import Target

__all__ = ["evaluate"]

Kernel = Callable[[Any, Any, Any, Any], Any]
Cutter = Callable[..., Iterator[tuple[Any, Any, list[Piece]]]]

CHUNK = 8192
ORDINARY = 2.0**100
LARGEST_FACTOR = 2.0**900  # |c v| beyond this counts as this: its square is infinite anyhow
LARGER_UNITS = (-500, -1000)


def evaluate(
    kernel: Kernel,
    components: Sequence[str],
    arguments: Arguments,
    target: Target,
    inputs: Inputs | None = None,
    grad_at_zero: float | None = None,
) -> Any:
    """Apply a kernel to all points.

    Parameters
    ----------
    kernel : callable
        Of student, v, slope and pieces: returns the components.
    components : sequence of str
        By what each component is the derivative of L: "" is L itself, "w", "wv" and so on.
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

    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        with np.errstate(all="ignore"):  # overflow and underflow are the results' own
            out[:, start:stop] = _chunk(kernel, components, arguments.chunk(start, stop), cutter)
    return out


def _chunk(kernel: Kernel, components: Sequence[str], values: tuple[Any, ...], cutter: Callable[[int], Cutter]) -> Any:
    """Components at some points: NaN where an argument is not finite, but for a ReLU switched off."""
    finite = _finite(values)
    if not finite.all():
        values = _switched_off(values)
        finite = _finite(values)
        values = tuple(np.where(finite, value, 0.0) for value in values)
    out = _in_units(kernel, components, values, cutter(0), 0)
    for shift in LARGER_UNITS:
        overflown = np.isnan(out).any(axis=0)
        if not overflown.any():
            break
        w, b, v, d, s = (np.broadcast_to(value, overflown.shape)[overflown] for value in values)
        out[:, overflown] = _in_units(kernel, components, (w, b, v, d, s), cutter(shift), shift)
    if not finite.all():
        out[:, ~finite] = np.nan
    return out


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


def _in_units(kernel: Kernel, components: Sequence[str], values: tuple[Any, ...], cutter: Cutter, shift: int) -> Any:
    """Components at finite points, evaluated with an output that is 2^shift times as large."""
    w, b, v, d, s = values
    exponent = _exponent(w, b)
    if exponent is not None:
        w, b, v = np.ldexp(w, -exponent), np.ldexp(b, -exponent), np.ldexp(v, exponent + shift)
        v = np.clip(v, -LARGEST_FACTOR, LARGEST_FACTOR)
    elif shift:
        v = np.ldexp(v, shift)
    if shift:
        d = np.ldexp(d, shift)
    out = np.empty((len(components), max(np.size(w), np.size(b))))
    for points, student, pieces in cutter(w, b, v, d, s):
        results = kernel(student, take(v, points), take(s, points), pieces)
        for row, result in zip(out, results, strict=True):
            row[points] = result
    if exponent is not None or shift:
        for row, by in zip(out, components, strict=True):
            of_w = by.count("v") - by.count("w") - by.count("b")
            of_output = by.count("v") + by.count("d") - 2
            row[:] = np.ldexp(row, of_w * (0 if exponent is None else exponent) + of_output * shift)
    return out


def _exponent(w: Any, b: Any) -> Any:
    """Power of two of the larger of |w| and |b| at each point; None if all are ordinary."""
    size = np.maximum(np.abs(w), np.abs(b))
    if ((size < ORDINARY) & ((size > 1 / ORDINARY) | (size == 0))).all():
        return None
    return np.frexp(size)[1]


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
