"""Runs the kernels over arrays of any shape, in chunks that stay in the processor's cache.

Outside of 2^-100 to 2^100 products of w and b would leave the range in which
`double_double` is exact. But phi is homogeneous, phi(c z) = c phi(z) for c > 0, so

    L(w, b, v, d) = L(w / c, b / c, c v, d)

and those points are evaluated with the power of two c that makes max(|w|, |b|) about 1.
By the chain rule a derivative is divided by c per w or b and multiplied by c per v.
"""

from collections.abc import Callable, Iterator
from functools import partial
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


def evaluate(
    kernel: Kernel,
    powers: Any,
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
    powers : sequence of int
        For each component, how often it is differentiated by v, less how often by w and b.
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
    out = np.empty((len(powers), n))
    cutter: Cutter = partial(_cut_normal, describe(target)) if inputs is None else partial(_cut_other, inputs, target)
    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        with np.errstate(all="ignore"):  # overflow and underflow are the results' own
            values = arguments.chunk(start, stop)
            finite = _finite(values)
            if not finite.all():
                values = tuple(np.where(finite, value, 0.0) for value in values)
            out[:, start:stop] = _chunk(kernel, powers, values, partial(cutter, grad_at_zero))
            if not finite.all():
                out[:, start:stop][:, ~finite] = np.nan
    return out


def _finite(values: tuple[Any, ...]) -> Any:
    """Where all of them are finite."""
    zero: Any = 0.0
    for value in values:
        zero = zero + value * 0.0  # NaN for infinities as well
    return np.asarray(zero == 0)


def _chunk(kernel: Kernel, powers: Any, values: tuple[Any, ...], cutter: Cutter) -> Any:
    w, b, v, d, s = values
    exponent = _exponent(w, b)
    if exponent is not None:
        w, b, v = np.ldexp(w, -exponent), np.ldexp(b, -exponent), np.ldexp(v, exponent)
        v = np.clip(v, -LARGEST_FACTOR, LARGEST_FACTOR)
    out = np.empty((len(powers), max(np.size(w), np.size(b))))
    for points, student, pieces in cutter(w, b, v, d, s):
        components = kernel(student, take(v, points), take(s, points), pieces)
        for row, component in zip(out, components, strict=True):
            row[points] = component
    if exponent is not None:
        for row, power in zip(out, powers, strict=True):
            row[:] = np.ldexp(row, power * exponent)
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
