"""Units in which the neuron's numbers, of any size, are of ordinary size.

Numbers of ordinary size are used as they are. Others are brought there by two symmetries of
the neuron, with powers of two, which are exact. phi is homogeneous, so for c > 0 the
pre-activation may be taken in units of c, and the output, the label with it, in units of u:

    v phi(w x + b) + d - y = u (v' phi(w' x + b') + d' - y'),    w = c w', b = c b', v = u v' / c

The c is chosen that makes max(|w'|, |b'|) about 1, where one of them lies outside of 2^-100
to 2^100, so that products would leave the range of `double_double`; the u where the output,
or a part of it, is next to nothing, or where something overflowed.

Each component of a kernel is a product of factors v in front of an expectation, of
pre-activations and of residuals; `Degree` counts them. The last two are brought back to their
size by powers of c and u. The first are the neuron's v itself, not v', so that
v^2 E[phi'^2 x^2] does not underflow where c, and v' with it, is 1e-300.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["LARGER_UNITS", "LARGEST_FACTOR", "SMALLER_UNITS", "Degree", "Output", "exponent_of", "smaller_units"]

ORDINARY = 2.0**100
LARGEST_FACTOR = 2.0**1000  # |v'| that leaves room for a sum; in the largest units what is beyond counts as this
LARGER_UNITS = (-500, -1000)  # shifts: u = 2^-shift
TINY = -500  # a part of the output below 2^TINY calls for smaller units,
ROOM = 400  # as long as no part exceeds 2^ROOM in them
SMALLER_UNITS = (300, 600, 900, 1200)


class Degree(NamedTuple):
    """How many of each a component is a product of."""

    factors: int  # v in front of the expectation, `Output.outer`
    activations: int  # pre-activations, z or w
    residuals: int


class Output(NamedTuple):
    """The output weight v twice, in two units."""

    outer: Any  # in front of expectations
    inner: Any  # before pre-activations, as in the residual


def exponent_of(w: Any, b: Any) -> Any:
    """Power of two of the larger of |w| and |b| at each point; None if all are ordinary."""
    size = np.maximum(np.abs(w), np.abs(b))
    if ((size < ORDINARY) & ((size > 1 / ORDINARY) | (size == 0))).all():
        return None
    return np.frexp(size)[1]


def smaller_units(values: tuple[Any, ...], label: float) -> Any:
    """The shift for points where something in the output is so small that its square would vanish, 0 for others."""
    w, b, v, d, s = values
    neuron = _log2(np.maximum(np.abs(w), np.abs(b))) + _log2(v) + np.maximum(_log2(s), 0)
    parts = np.broadcast_arrays(neuron, _log2(d), np.full(np.shape(neuron), _log2(label)))
    smallest = np.min([np.where(part == -np.inf, np.inf, part) for part in parts], axis=0)
    room = ROOM - np.max(parts, axis=0)
    shift = np.zeros(np.shape(smallest), int)
    for step in SMALLER_UNITS:
        shift[(smallest < TINY) & (step <= room)] = step
    return shift


def _log2(x: Any) -> Any:
    """Of |x|, to within 1; -oo of 0."""
    mantissa, exponent = np.frexp(x)
    return np.where(mantissa == 0, -np.inf, exponent)
