"""Stationary points where the kink is nowhere: w = 0, and w = b = 0."""

import math
from collections.abc import Iterator

import numpy as np

from compare.surface.critical import conditions
from compare.surface.critical.classification import at_kink, make_critical_point
from compare.surface.critical.conditions import Problem
from compare.surface.critical.enclosures.normal import near
from compare.surface.critical.points import CriticalPoint
from compare.surface.critical.stationarity import TrainedSurface, kink_kind
from reference import Parameters

__all__ = ["at_origin", "without_weight"]

DIRECTIONS = 2001  # of w and b around the origin


def without_weight(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield stationary points with w = 0 and b not 0: the output is a constant.

    For trained w the derivative -2 v D E[x y] must vanish, with D = phi'(b): the neuron is
    dead, or has no output, or the target has no slope.
    """
    signs = (1.0, -1.0) if surface.trains("b") else (math.copysign(1.0, surface.fixed.b),)
    for side in signs:
        b = side if surface.trains("b") else surface.fixed.b
        line = int(surface.trains("b"))
        where = "b > 0" if side > 0 else "b < 0"
        if side < 0 and surface.s == 0:
            v = 1.0 if surface.trains("v") else surface.fixed.v
            family = [f"w = 0, {where}"] * line + ["v any"] * surface.trains("v")
            at = Parameters(0.0, b, v, surface.centre)
            yield make_critical_point(surface, at, "dead set", dimension=len(family), family=", ".join(family))
        elif surface.teacher().slope == 0:
            yield from _flat_fit(surface, b)
        elif surface.trains("v") and surface.centre == surface.teacher().mean:
            at, family = Parameters(0.0, b, 0.0, surface.centre), [f"w = v = 0, {where}"] * line
            yield make_critical_point(surface, at, "saddle", dimension=line, family="".join(family))


def _flat_fit(surface: TrainedSurface, b: float) -> Iterator[CriticalPoint]:
    """The constant E[y] = v phi(b) + d, where the target has no slope and d is fixed."""
    gain = 1.0 if b > 0 else surface.s
    v, missing = surface.fixed.v, surface.teacher().mean - surface.fixed.d
    curve = surface.trains("v") and surface.trains("b")
    if surface.trains("v"):
        v = missing / (gain * b)
    elif surface.trains("b") and missing / (gain * v) * b > 0:
        b = missing / (gain * v)
    else:
        return
    family = f"w = 0, v phi(b) + d = E[y], b {'>' if b > 0 else '<'} 0" if curve else ""
    yield make_critical_point(surface, Parameters(0.0, b, v, surface.fixed.d), dimension=int(curve), family=family)


def at_origin(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield w = b = 0, the tip of a cone, where it is stationary in some sense.

    Along the ray (w, b) = t (p, q) the loss is a parabola in t > 0 with first derivative
    -2 v E[(y - d) phi(p x + q)], and the gradient in the limit t = 0 is -2 v (E[(y - d) D
    x], E[(y - d) D]). The point is listed if zero is such a limit, or a convex combination
    of them (Clarke's generalized gradient), over `DIRECTIONS` rays.
    """
    rays, limits = _rays(surface)
    yield from at_kink(surface, lambda v: _cone_kind(surface, rays, limits, v), "w = b = 0")


def _rays(surface: TrainedSurface) -> tuple[np.ndarray, np.ndarray]:
    """Of n rays (p, q) around the origin E[(y - d) phi(p x + q)], (n,), and (E[(y - d) D x], E[(y - d) D]), (n, 2)."""
    angles = np.linspace(0, math.pi, DIRECTIONS)[1:-1]
    rays, limits = [], []
    for orientation in (1, -1):
        problem = Problem(surface.teacher(orientation), surface.s)
        k = np.clip(-1 / np.tan(angles), -30.0, 30.0)
        for part in (k[k <= problem.teacher.kink], k[k > problem.teacher.kink]):
            if part.size:
                t0, t1 = conditions.label_moments(problem, surface.centre, near(part, part))
                t0, t1 = ((t.value.low + t.value.high) / 2 for t in (t0, t1))
                certain = conditions.output(problem._replace(d=surface.centre), near(part, part)).value
                rays.append(np.where(certain.contains(0.0), 0.0, (t1 - part * t0) / np.hypot(1, part)))
                limits.append(np.stack([orientation * t1, t0], axis=-1))
    return np.concatenate(rays), np.concatenate(limits)


def _cone_kind(surface: TrainedSurface, rays: np.ndarray, limits: np.ndarray, v: float) -> str | None:
    """Kind of w = b = 0 at this v: by the rates along the rays, or a saddle if 0 is a convex combination of limits."""
    if surface.s == 0:
        rays = np.append(rays, 0.0)  # the dead direction, w = 0 and b < 0, where the gradient is zero, too
    kind = kink_kind((-v * rays).tolist())
    if surface.s == 0 or kind in ("local minimum", "local maximum"):
        return kind
    angles = np.sort(np.arctan2(*limits.T))
    widest = max(np.max(np.diff(angles)), angles[0] + 2 * math.pi - angles[-1])
    return "saddle" if widest <= math.pi else None
