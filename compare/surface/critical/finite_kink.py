"""Stationary points whose kink is at a place of its own: w is not 0, and b, w or both set the kink."""

import math
from collections.abc import Iterator

from compare.surface.critical import conditions
from compare.surface.critical.classification import make_critical_point
from compare.surface.critical.conditions import Problem
from compare.surface.critical.points import CriticalPoint
from compare.surface.critical.search import amplitude, centred, kinks
from compare.surface.critical.stationarity import TrainedSurface
from reference import Parameters

__all__ = ["kinked"]


def kinked(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield every stationary point or set with w not 0 and a finite kink k = -b / w that training can move.

    w and b are trained, or one of them with the other one not 0; the slope is not 1; v is trained or not 0.
    """
    for orientation in (1, -1):
        if not surface.trains("w") and surface.fixed.w * orientation < 0:
            continue
        low, high = _range(surface)
        if surface.trains("v") or (surface.trains("w") and surface.trains("b")):
            if _sees_nothing(surface, orientation):
                yield from _silent_surface(surface, orientation)
            else:
                yield from _with_amplitude(surface, orientation, low, high)
        else:
            yield from _without_amplitude(surface, orientation, low, high)


def _with_amplitude(surface: TrainedSurface, orientation: int, low: float, high: float) -> Iterator[CriticalPoint]:
    """The factor m = v w is free, so that the kink alone is to be found."""
    problem = Problem(surface.teacher(orientation), surface.s, surface.d)
    curve = all(surface.trains(name) for name in ("w", "b", "v"))
    for root in kinks(problem, conditions.both, conditions.dead_both, low, high):
        m = amplitude(problem, root.value)
        if m != 0 and (surface.trains("v") or m * surface.fixed.v > 0):
            yield make_critical_point(
                surface,
                _parameters(surface, orientation, root.value, m, centred(problem, root.value, m)),
                _kind(root.sign * m * _factor(problem), 2),
                dimension=int(curve),
                family="(c w, c b, v / c), c > 0" if curve else "",
                uncertainty=(root.high - root.low) / 2,
            )
    if surface.trains("v"):
        for root in kinks(problem, conditions.output, conditions.dead_output, low, high):
            yield make_critical_point(
                surface,
                _parameters(surface, orientation, root.value, 0.0, surface.centre),
                "saddle",  # m (E[r phi]) changes sign with m and with k
                dimension=int(curve),
                family="v = 0, (c w, c b), c > 0" if curve else "",
                uncertainty=(root.high - root.low) / 2,
            )


def _without_amplitude(surface: TrainedSurface, orientation: int, low: float, high: float) -> Iterator[CriticalPoint]:
    """Points where v and one of w and b are fixed: m k = -v b, or m = v w."""
    v = surface.fixed.v
    gain = -v * surface.fixed.b if surface.trains("w") else v * abs(surface.fixed.w)
    problem = Problem(surface.teacher(orientation), surface.s, surface.d, gain)
    names = (
        (conditions.weight, conditions.dead_weight) if surface.trains("w") else (conditions.bias, conditions.dead_bias)
    )
    for root in kinks(problem, *names, low, high):
        m = gain / root.value if surface.trains("w") else gain
        leading = -v if surface.trains("w") else m * (1 - surface.s) if problem.d is None else -m
        yield make_critical_point(
            surface,
            _parameters(surface, orientation, root.value, m, centred(problem, root.value, m)),
            _kind(root.sign * leading, 1 + surface.trains("d")),
            uncertainty=(root.high - root.low) / 2,
        )


def _kind(curvature: float, parameters: int) -> str | None:
    """Kind by the sign of the second derivative by k of the loss, at its least over the rest; None if it is unknown.

    The rest, m or d or both, is linear: its Hessian is positive definite, and by the inertia of
    the Schur complement one negative eigenvalue is left, or none. The slope of a condition at
    its root is proven, and has that sign however flat the loss is, also where the kink is so
    far out that no Hessian shows it.

    The least loss falls at the rate dL/dk = -2 m E[r D], and with E[r D x] = 0 that is a positive
    multiple of m `both`. With d trained `both` and `bias` are the gap at the kink, of which it is
    a positive multiple of m (1 - s). `bias` is E[r D] itself if d is fixed. With `weight` dL/dw = 2 v
    E[r D x] is 2 v / k times the condition, and dk/dw = -k / w.
    """
    if curvature == 0:
        return None
    if curvature > 0:
        return "local minimum"
    return "saddle" if parameters > 1 else "local maximum"


def _factor(problem: Problem) -> float:
    """The factor between m `both` and dL/dk that has a sign; `both_of_line` has been divided by S (1 - s)."""
    if problem.d is not None:
        return 1.0
    is_line = problem.teacher.left == problem.teacher.right
    return problem.teacher.right if is_line else 1 - problem.s


def _range(surface: TrainedSurface) -> tuple[float, float]:
    """Interval (low, high) of the kinks that b allows: all, or with b fixed those of the sign of -b."""
    if surface.trains("b"):
        return -math.inf, math.inf
    return (-math.inf, 0.0) if surface.fixed.b > 0 else (0.0, math.inf)


def _parameters(surface: TrainedSurface, orientation: int, k: float, m: float, d: float) -> Parameters:
    """The neuron m phi(orientation x - k) + d; of a curve, the one with v^2 = w^2 + b^2, or w^2 + b^2 = 1."""
    if surface.trains("w") and surface.trains("b"):
        if not surface.trains("v"):
            w = m / surface.fixed.v
        elif m == 0:
            w = 1 / math.hypot(1, k)
        else:
            w = math.sqrt(abs(m) / math.hypot(1, k))
        b = -k * w
    elif surface.trains("w"):
        b = surface.fixed.b
        w = -b / k
    else:
        w = abs(surface.fixed.w)
        b = -k * w
    return Parameters(orientation * w, b, m / w if surface.trains("v") else surface.fixed.v, d)


def _sees_nothing(surface: TrainedSurface, orientation: int) -> bool:
    """Whether a ReLU on this side can be active where the label is d, and nowhere else.

    Then m = 0 is best for all kinks to the right of the teacher's, k >= kink. To the left
    there is nothing more: with q = (y - d) / left, which is convex, falls to 0 and is 0 from
    the kink on (or minus such a function), the line fitted to q over x > k is positive at
    k, because its mean is, it falls, and k is left of the mean of x; so `both` has no zero.
    And E[(y - d) (x - k); x > k] has the sign of -left, so neither has `output`.
    """
    teacher = surface.teacher(orientation)
    return surface.s == 0 and teacher.right == 0 and surface.d == teacher.level


def _silent_surface(surface: TrainedSurface, orientation: int) -> Iterator[CriticalPoint]:
    """The surface v = 0 with the kink anywhere right of the teacher's: L = E[(y - d)^2] + v^2 E[phi(z)^2]."""
    kink = surface.teacher(orientation).kink
    there = "b <= 0" if kink == 0 else f"{orientation * kink:g} w + b <= 0"
    low, high = _range(surface)
    if not surface.trains("v") or max(low, kink) >= high:
        return
    k = max(low, kink) + 1.0 if high > 0 else kink / 2
    yield make_critical_point(
        surface,
        _parameters(surface, orientation, k, 0.0, surface.centre),
        "local minimum",
        dimension=1 + int(surface.trains("w") and surface.trains("b")),
        family=f"v = 0, {'w > 0' if orientation > 0 else 'w < 0'}, {there}",
    )
