"""What the surface functions accept, and how they broadcast it."""

import math
from typing import Any, NamedTuple

import numpy as np

from reference import Parameters, Target

__all__ = [
    "RELU_TEACHER",
    "Arguments",
    "Limit",
    "checked_arguments",
    "checked_number",
    "checked_side",
    "checked_target",
]


RELU_TEACHER = Target()  # the question's


class Limit(Parameters):
    """Parameters some of which are infinite, reached on a way along which loss and derivatives have limits.

    By themselves several infinite parameters determine nothing. `far` is a neuron on the
    way that is so far out that no input is beyond its kink: from there on nothing changes.
    The surface functions evaluate it in the place of the limit.

    Examples
    --------
    >>> line = Limit.at(Parameters(0.0, math.inf, math.inf, -math.inf), far=Parameters(0.5, 64.0, 1.0, -64.0))
    >>> line.b, line.far.b, line == Parameters(0.0, math.inf, math.inf, -math.inf)
    (inf, 64.0, True)
    """

    far: Parameters

    @classmethod
    def at(cls, limit: Parameters, far: Parameters) -> "Limit":
        """The limit, reached by way of a finite neuron."""
        self = cls(*limit)
        self.far = far
        return self


class Arguments(NamedTuple):
    """Checked and broadcast: each of the five a float, or an array of shape (n,).

    Parameters
    ----------
    w, b, v, d, s : ndarray of float64, or float
    shape : tuple of int
        Of the result; n is its product.
    """

    w: Any
    b: Any
    v: Any
    d: Any
    s: Any
    shape: tuple[int, ...]

    def chunk(self, start: int, stop: int) -> tuple[Any, ...]:
        """w, b, v, d, s of some points, w and b as arrays."""
        w, b, v, d, s = (x if isinstance(x, float) else x[start:stop] for x in self[:5])
        if isinstance(w, float) and isinstance(b, float):
            w = np.full(stop - start, w)
        return w, b, v, d, s

    def shaped(self, values: Any) -> Any:
        """Values at the n points in the shape of the result; a scalar if that is ()."""
        return values.reshape(self.shape)[()]


def checked_arguments(parameters: Any, negative_slope: Any) -> Arguments:
    """Check and broadcast the arguments of a surface function.

    Parameters
    ----------
    parameters : Parameters
        Real numbers or arrays of them.
    negative_slope : float or ndarray

    Raises
    ------
    TypeError
        If `parameters` is not Parameters, or something is not a real number.
    ValueError
        If shapes do not broadcast together.
    """
    if not isinstance(parameters, Parameters):
        raise TypeError(f"parameters must be Parameters(w, b, v, d), got {_short(parameters)}")
    parameters = getattr(parameters, "far", parameters)
    names = (*(f"parameters.{name}" for name in Parameters._fields), "negative_slope")
    arrays = [_real(name, value) for name, value in zip(names, (*parameters, negative_slope), strict=True)]
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        shapes = ", ".join(
            f"{name.removeprefix('parameters.')} {a.shape}" for name, a in zip(names, arrays, strict=True)
        )
        raise ValueError(f"parameters and negative_slope must broadcast together, got shapes {shapes}") from None
    # A single number stays one: it need not be read again for every point.
    flat = [float(a.reshape(())) if a.size == 1 else np.broadcast_to(a, shape).reshape(-1) for a in arrays]
    w, b, v, d, s = flat
    return Arguments(w, b, v, d, s, shape)


def checked_target(target: Any) -> Target:
    """Return the target, its fields as floats.

    Raises
    ------
    TypeError, ValueError
        Unless it is a Target of finite real numbers.
    """
    if not isinstance(target, Target):
        raise TypeError(f"target must be a Target(w, b, negative_slope), got {_short(target)}")
    return Target(
        *(checked_number(f"target.{name}", value) for name, value in zip(Target._fields, target, strict=True))
    )


def checked_number(name: str, value: Any) -> float:
    """Return a finite real number as a float.

    Raises
    ------
    TypeError, ValueError
        Unless it is one.
    """
    array = _real(name, value)
    if array.ndim:
        raise TypeError(f"{name} must be a single number, got shape {array.shape}")
    if not math.isfinite(array):
        raise ValueError(f"{name} must be finite, got {float(array)!r}")
    return float(array)


def checked_side(side: Any, grad_at_zero: Any) -> tuple[str | None, float | None]:
    """Return what to do at w = b = 0.

    Raises
    ------
    TypeError, ValueError
        Unless at most one of the two is given, and is allowed.
    """
    if side not in (None, "left", "right"):
        raise ValueError(f"side must be None, 'left' or 'right', got {_short(side)}")
    if side is not None and grad_at_zero is not None:
        raise ValueError("side and grad_at_zero exclude each other: give one of them")
    return side, None if grad_at_zero is None else checked_number("grad_at_zero", grad_at_zero)


def _real(name: str, value: Any) -> Any:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        raise TypeError(f"{name} must be a real number or an array of them, got {_short(value)}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a real number or an array of them, got {_short(value)}")
    return array.astype(np.float64)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
