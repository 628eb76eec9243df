"""What the surface functions accept, and how they broadcast it."""

import math
from typing import Any, NamedTuple

import numpy as np

from reference import Parameters, Target

__all__ = ["Arguments", "Inputs", "Limit", "checked_arguments", "checked_inputs", "checked_side"]


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


class Inputs(NamedTuple):
    """A continuous distribution of finite variance."""

    distribution: Any  # of scipy.stats, frozen
    name: str  # SciPy's, of its family
    low: float  # the support's ends
    high: float
    median: float
    deviation: float


class Arguments(NamedTuple):
    """Checked and broadcast."""

    w: Any  # each of the five a float, or an array of shape (n,)
    b: Any
    v: Any
    d: Any
    s: Any
    shape: tuple[int, ...]  # of the result; n is its product
    target: Target  # of finite floats
    inputs: Inputs | None  # None is the standard normal distribution

    @property
    def n(self) -> int:
        """How many points there are."""
        return math.prod(self.shape)

    def chunk(self, start: int, stop: int) -> tuple[Any, ...]:
        """w, b, v, d, s of some points, w and b as arrays."""
        w, b, v, d, s = (x if isinstance(x, float) else x[start:stop] for x in self[:5])
        if isinstance(w, float) and isinstance(b, float):
            w = np.full(stop - start, w)
        return w, b, v, d, s

    def shaped(self, values: Any) -> Any:
        """Values at the n points in the shape of the result; a scalar if that is ()."""
        return values.reshape(self.shape)[()]


def checked_arguments(parameters: Any, negative_slope: Any, target: Any, inputs: Any = None) -> Arguments:
    """Check and broadcast the arguments of a surface function.

    Raises
    ------
    TypeError
        If `parameters` is not Parameters or `target` no Target, something in them is not a real number,
        or `inputs` is not a continuous frozen distribution.
    ValueError
        If shapes do not broadcast together, or a number of the target or the variance of the inputs is not finite.
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
    w, b, v, d, s = (float(a.reshape(())) if a.size == 1 else np.broadcast_to(a, shape).reshape(-1) for a in arrays)
    return Arguments(w, b, v, d, s, shape, _checked_target(target), checked_inputs(inputs))


def _checked_target(target: Any) -> Target:
    if not isinstance(target, Target):
        raise TypeError(f"target must be a Target(w, b, negative_slope), got {_short(target)}")
    return Target(*(_checked_number(f"target.{name}", value) for name, value in target._asdict().items()))


def checked_inputs(inputs: Any) -> Inputs | None:
    """Read a frozen distribution of `scipy.stats`; None, the standard normal one, stays None."""
    if inputs is None:
        return None
    family = getattr(inputs, "dist", None)
    if family is None or not all(hasattr(inputs, name) for name in ("pdf", "support", "median", "std")):
        text = " ".join(repr(inputs).split())
        raise TypeError(f"inputs must be None or a continuous frozen distribution of scipy.stats, got {text}")
    name, deviation = str(family.name), float(inputs.std())
    if not (math.isfinite(deviation) and deviation > 0):
        raise ValueError(f"inputs must have a finite variance, got {name} with standard deviation {deviation!r}")
    low, high = (float(end) for end in inputs.support())
    return Inputs(inputs, name, low, high, float(inputs.median()), deviation)


def checked_side(side: Any, grad_at_zero: Any) -> tuple[str | None, float | None]:
    """Check what to do at w = b = 0: a ValueError unless at most one of the two is given, and is allowed."""
    if side not in (None, "left", "right"):
        raise ValueError(f"side must be None, 'left' or 'right', got {_short(side)}")
    if side is not None and grad_at_zero is not None:
        raise ValueError("side and grad_at_zero exclude each other: give one of them")
    return side, None if grad_at_zero is None else _checked_number("grad_at_zero", grad_at_zero)


def _checked_number(name: str, value: Any) -> float:
    array = _real(name, value)
    if array.ndim:
        raise TypeError(f"{name} must be a single number, got shape {array.shape}")
    if not math.isfinite(array):
        raise ValueError(f"{name} must be finite, got {float(array)!r}")
    return float(array)


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
