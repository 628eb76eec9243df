"""Stationary points at infinity: parameters grow without bound, the loss does not, and the gradient vanishes.

The kink k = -b / |w| (facing right, `teacher.facing`) runs away and leaves a line, of
slope m as k -> -inf and m s as k -> inf, or it stays and v -> 0 as |w| -> inf. Let J(k) be
the loss minimized over what else is trained, d among it, M the slope of the line that
remains, S = E[x y], and left and right the teacher's slopes. dJ/dk = -2 m E[r D] is a positive
multiple of m (1 - s) times the gap at the kink, which `both` and `bias` are. Far out the gap has
the sign of right - M as k -> inf and of left - M as k -> -inf, unless that is 0. The loss
falls towards infinity where the rate of J on the way there, as |k| grows, is negative:

    sign of dJ/d|k|                      as k -> inf              as k -> -inf
    w or v trained, so that M = S        m (1 - s) (right - M)    -m (1 - s) (left - M)
    w and v fixed, M = m s or m          m (1 - s) (right - M)    -m (1 - s) (left - M)
"""

import math
from collections.abc import Iterator

import numpy as np

from compare.surface.critical import conditions
from compare.surface.critical.classification import limit
from compare.surface.critical.conditions import Problem
from compare.surface.critical.enclosures.normal import FAR, near
from compare.surface.critical.points import CriticalPoint
from compare.surface.critical.search import Condition
from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.critical.zero_bias import best
from compare.surface.gaussian import REACH
from reference import Parameters

__all__ = ["at_infinity"]


def at_infinity(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield the limits for a slope other than 1, v trained or not 0, and w or b trained."""
    if surface.trains("w") and surface.trains("b"):
        if surface.s == 0:
            v = 1.0 if surface.trains("v") else surface.fixed.v
            yield limit(
                surface, Parameters(0.0, -math.inf, v, surface.centre), surface.silent_loss(), False, "w / b -> 0"
            )
        if surface.trains("d"):
            for orientation in (1, -1):
                for side in (1, -1):
                    yield from _line(surface, orientation, side)
    elif surface.trains("b"):
        orientation = 1 if surface.fixed.w > 0 else -1
        for side in (1, -1):
            if side < 0 and surface.s == 0:
                yield _dead(surface, orientation)
            elif surface.trains("d"):
                yield from (_line if surface.trains("v") else _given_line)(surface, orientation, side)
            elif surface.trains("v"):
                yield _constant(surface, orientation, side)
    elif surface.trains("v") and surface.fixed.b != 0:
        for orientation in (1, -1):
            yield from _steep(surface, orientation)
            if surface.trains("d"):
                yield from _line(surface, orientation, 1 if surface.fixed.b > 0 else -1)


def _line(surface: TrainedSurface, orientation: int, side: int) -> Iterator[CriticalPoint]:
    """Limit b -> side inf or, with b fixed and of that side, w -> 0, and d -> -+inf: what is left is the best line."""
    teacher, s = surface.teacher(orientation), surface.s
    gain = 1.0 if side > 0 else s
    if gain == 0 or teacher.slope == 0:
        return
    m = teacher.slope / gain
    w, v = surface.fixed.w, surface.fixed.v
    if surface.trains("w") and surface.trains("v"):
        w, v = orientation * 0.0, math.copysign(math.inf, m)
    elif surface.trains("w"):
        if m * v < 0:
            return
        w = orientation * m / v
    else:
        v = m / abs(w)
    is_line = teacher.left == teacher.right  # then the loss is 0 in the limit, and nowhere else
    falls = is_line or side * m * (1 - s) * _far_sign(Problem(teacher, s, None), conditions.both, side) > 0
    b = side * math.inf if surface.trains("b") else surface.fixed.b
    parameters = Parameters(w, b, v, -side * gain * v * math.inf)
    family = f"v w -> {orientation * m:g}, {'w > 0' if orientation > 0 else 'w < 0'}"
    if not surface.trains("b"):
        w = orientation * abs(b) / REACH
    elif not (math.isfinite(v) and w):
        w = float(orientation)
    far = _line_of(surface, orientation, side, w, m)
    yield limit(surface, parameters, surface.line_loss(), falls, family, far)


def _given_line(surface: TrainedSurface, orientation: int, side: int) -> Iterator[CriticalPoint]:
    """Limit with w and v fixed: the line has the slope v w, or s v w."""
    teacher, s, v = surface.teacher(orientation), surface.s, surface.fixed.v
    m = v * abs(surface.fixed.w)
    gain = 1.0 if side > 0 else s
    lead = _far_sign(Problem(teacher, s, None, m), conditions.bias, side)
    parameters = Parameters(surface.fixed.w, side * math.inf, v, -side * gain * v * math.inf)
    far = _line_of(surface, orientation, side, surface.fixed.w, m)
    loss = surface.line_loss(m * gain * orientation)
    yield limit(surface, parameters, loss, side * m * (1 - s) * lead > 0, "", far)


def _far_sign(problem: Problem, condition: Condition, side: int) -> int:
    """Sign of a condition where the kink is as far out as its density can be told from nothing."""
    k = np.array([-side * FAR])
    value = condition(problem, near(k, k)).value
    if value.contains(0.0).all():
        raise ArithmeticError("critical_points: whether the loss falls towards infinity is beyond double precision")
    return 1 if (value.low > 0).all() else -1


def _line_of(surface: TrainedSurface, orientation: int, side: int, w: float, m: float) -> Parameters:
    """The neuron v phi(w x + b) + d with v |w| = m and no input beyond its kink, at its best height."""
    b = side * REACH * abs(w) if surface.trains("b") else surface.fixed.b
    v = m / abs(w) if surface.trains("v") else surface.fixed.v
    gain = 1.0 if side > 0 else surface.s
    return Parameters(w, b, v, surface.teacher(orientation).mean - gain * v * b)


def _dead(surface: TrainedSurface, orientation: int) -> CriticalPoint:
    """Limit b -> -inf: no input activates the ReLU. By `conditions.dead_bias` dL/db has the sign of v (d - y(k))."""
    teacher, v = surface.teacher(orientation), surface.fixed.v
    gap = -teacher.right if teacher.right else surface.centre - teacher.level
    falls = not surface.trains("v") and (v * gap > 0 or gap == 0)
    parameters = Parameters(surface.fixed.w, -math.inf, 1.0 if surface.trains("v") else v, surface.centre)
    return limit(surface, parameters, surface.silent_loss(), falls, "v any" if surface.trains("v") else "")


def _constant(surface: TrainedSurface, orientation: int, side: int) -> CriticalPoint:
    """Limit b -> side inf and v -> 0: what is left is v phi(b) + d = E[y], a line of slope -(E[y] - d) / k."""
    teacher = surface.teacher(orientation)
    falls = -side * (teacher.mean - surface.centre) * teacher.slope > 0
    parameters = Parameters(surface.fixed.w, side * math.inf, 0.0, surface.fixed.d)
    return limit(surface, parameters, surface.variance(), falls, "v phi(b) + d -> E[y]")


def _steep(surface: TrainedSurface, orientation: int) -> Iterator[CriticalPoint]:
    """Limit w -> orientation inf and v -> 0: the kink goes to 0, as if there were no bias."""
    m, d = best(surface, orientation)
    if m == 0:
        return
    at = Parameters(float(orientation), 0.0, m, d)
    falls = float(surface.gradient(at).b) * surface.fixed.b >= 0
    parameters = Parameters(orientation * math.inf, surface.fixed.b, math.copysign(0.0, m), d)
    yield limit(surface, parameters, surface.loss(at), falls, f"v |w| -> {m:g}")
