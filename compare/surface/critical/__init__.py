"""All stationary points of the expected loss, and all sets of them, also at infinity.

A neuron with a kink at k = -b / w is linear in everything else, so that what remains of
any stationarity condition is one equation in k. `conditions` has these equations,
`enclosures.roots.isolate` finds all their roots with proof, and the few places where the kink is nowhere
(w = 0, w = b = 0, infinity) are worked out by hand in `zero_weight` and `infinity`.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from compare.surface.critical.finite_kink import kinked
from compare.surface.critical.infinity import at_infinity
from compare.surface.critical.linear_cases import output_only, straight_line
from compare.surface.critical.points import KINDS, CriticalPoint
from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.critical.zero_bias import unbiased
from compare.surface.critical.zero_weight import at_origin, without_weight
from compare.surface.errors import LOSS_ERROR
from reference import Parameters, Target

__all__ = ["KINDS", "CriticalPoint", "critical_points"]

FARTHEST_KINK = 6.0  # of the target
SAME_LOSS = 2 * LOSS_ERROR  # each of two losses may be off


def critical_points(
    *,
    trainable: tuple[str, ...] = ("w",),
    negative_slope: float = 0.0,
    target: Target = Target(),
    parameters: Parameters | None = None,
    box: float = math.inf,
) -> tuple[CriticalPoint, ...]:
    """Every stationary point, or set of points, of the expected loss over the trained parameters.

    Parameters
    ----------
    trainable : tuple of str
        Any of "w", "b", "v", "d".
    negative_slope : float
    target : Target
        Its weight not 0, its kink within 6 of 0.
    parameters : Parameters, optional
        Values of those that are not trained, by default w = 1, b = 0, v = 1, d = 0.
    box : float
        Leave out points of which a trained parameter is larger in magnitude. Without it
        the list is complete, with the points at infinity.

    Returns
    -------
    tuple of CriticalPoint
        By loss. Where the loss is minimal along a curve or surface, a representative
        stands for all; with w, b and v trained it has v^2 = w^2 + b^2.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or w or v is fixed at 0 so that the neuron
        sees, or says, nothing; or if d is trained and the target has no correlation with x,
        for then all neurons with a kink far out are alike to more digits than there are.
    ArithmeticError
        If two stationary points coincide, or cannot be told from one in double precision, if
        the gradient of a point cannot be brought to zero but for rounding, or if numbers are
        too different in size.

    Notes
    -----
    Complete, with three limits: a ReLU that no input beyond 30 standard deviations
    activates counts as dead; with d trained a kink beyond 30 counts as at infinity, and so
    whether the loss falls towards infinity is told there; and of a cone at w = b = 0 that is
    no extremum for slopes other than 0 stationarity is decided on 4,000 rays.

    Each point's `error` bounds the derivatives of the true expected loss there. Kinds are
    told by the sign of a slope that is proven, or by the Hessian where its eigenvalues are
    larger than their errors.

    Examples
    --------
    A leaky ReLU has one stationary point, a ReLU a second one, stationary from the left only:

    >>> for point in critical_points(negative_slope=0.5):
    ...     print(point.kind, point.parameters.w)
    global minimum 0.8
    >>> for point in critical_points():
    ...     print(point.kind, point.parameters.w, point.loss)
    global minimum 1.0 0.0
    one-sided stationary 0.0 0.5
    """
    surface = _trained_surface(trainable, negative_slope, target, parameters)
    try:
        # What over- or underflows is found out by the gradient, which is held to its error.
        with np.errstate(all="ignore"):
            found = [point for point in _all(surface) if _inside(point, surface, box)]
    except (ZeroDivisionError, OverflowError, np.linalg.LinAlgError):
        raise ArithmeticError(
            "critical_points: numbers of the target and the parameters are too different in size for double precision, "
            f"got {target!r} and {surface.fixed!r}"
        ) from None
    return _ranked(found)


def _all(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    if not (surface.trains("w") or surface.trains("b")):
        yield from output_only(surface)
    elif surface.s == 1:
        yield from straight_line(surface)
    elif not surface.trains("b") and surface.fixed.b == 0:
        yield from unbiased(surface)
    else:
        if surface.trains("d") and surface.teacher().slope == 0:
            raise ValueError(
                "critical_points: with d trained, and a kink of its own, the target must be correlated with x"
            )
        yield from kinked(surface)
        if surface.trains("w"):
            yield from without_weight(surface)
        if surface.trains("w") and surface.trains("b"):
            yield from at_origin(surface)
        yield from at_infinity(surface)


def _inside(point: CriticalPoint, surface: TrainedSurface, box: float) -> bool:
    return all(abs(getattr(point.parameters, name)) <= box for name in surface.trainable)


def _ranked(found: list[CriticalPoint]) -> tuple[CriticalPoint, ...]:
    """Sort by loss, and call the lowest local minima global, unless the loss is lower at infinity."""
    lowest = min((point.loss for point in found), default=0.0)
    ranked = []
    for point in sorted(found, key=lambda p: p.loss):
        if point.kind == "local minimum" and point.loss - lowest <= SAME_LOSS * point.loss:
            point = replace(point, kind="global minimum")
        ranked.append(point)
    return tuple(ranked)


def _trained_surface(trainable: Any, negative_slope: Any, target: Any, parameters: Any) -> TrainedSurface:
    if isinstance(trainable, str) or not trainable or not set(trainable) <= set(Parameters._fields):
        raise ValueError(f"critical_points: trainable must be some of {Parameters._fields}, got {trainable!r}")
    names = tuple(name for name in Parameters._fields if name in trainable)
    fixed = Parameters(w=1.0) if parameters is None else parameters
    if not isinstance(fixed, Parameters):
        raise TypeError(f"critical_points: parameters must be Parameters, got {fixed!r}")
    fixed = Parameters(*(_number(f"parameters.{n}", p) for n, p in zip(Parameters._fields, fixed, strict=True)))
    slope = _number("negative_slope", negative_slope)
    if not isinstance(target, tuple) or len(target) != len(Target._fields):
        raise TypeError(f"critical_points: target must be a Target, got {target!r}")
    target = Target(*(_number(f"target.{n}", t) for n, t in zip(Target._fields, target, strict=True)))
    if target.w == 0:
        raise ValueError("critical_points: target.w must not be 0: a constant has nothing to be learnt")
    if abs(target.b) > FARTHEST_KINK * abs(target.w) and target.negative_slope != 1:
        raise ValueError(f"critical_points: the target's kink must be within {FARTHEST_KINK:g} of 0, got {target!r}")
    if "w" in names or "b" in names:
        for name, what in (("w", "sees no input"), ("v", "has no output")):
            if name not in names and getattr(fixed, name) == 0:
                raise ValueError(f"critical_points: parameters.{name} must not be 0, where the neuron {what}")
    return TrainedSurface(names, fixed, slope, target)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"critical_points: {name} must be a number, got {value!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"critical_points: {name} must be finite, got {value!r}")
    return number
