"""Every kink that satisfies a condition, from minus infinity to infinity."""

import math
from collections.abc import Callable

from compare.surface.critical import conditions
from compare.surface.critical.conditions import Problem
from compare.surface.critical.enclosures.interval import Jet
from compare.surface.critical.enclosures.normal import DEEPEST, FAR, Cells, far, near
from compare.surface.critical.enclosures.roots import Root, isolate

__all__ = ["Condition", "amplitude", "centred", "kinks"]

Condition = Callable[[Problem, Cells], Jet]


def kinks(problem: Problem, condition: Condition, dead: Condition, low: float, high: float) -> list[Root]:
    """Return the roots k of a condition with low < k < high, infinity left out, in ascending order.

    `condition` and `dead` are two of `conditions`, low and high infinite or 0. A ReLU whose active side is all
    on the teacher's right has the condition `dead`; it is searched up to kinks of `DEEPEST`, beyond
    which it is never active. With d trained a kink beyond `FAR` leaves a line, and counts as at infinity.
    """
    split = problem.teacher.kink
    if condition is conditions.both and problem.d is None and problem.teacher.left == problem.teacher.right:
        # The condition is without sign change for a slope up to 0, and holds nowhere far out.
        roots = isolate(lambda a, b: conditions.both_of_line(problem, near(a, b)), -FAR, FAR) if problem.s > 0 else []
        return [root for root in roots if low < root.value < high]

    def near_roots(function: Condition, start: float, end: float) -> list[Root]:
        return isolate(lambda a, b: function(problem, near(a, b)), start, end) if start < end else []

    def far_roots(side: int, start: float, end: float) -> list[Root]:
        return [_inverse(root) for root in isolate(lambda a, b: condition(problem, far(a, b, side)), start, end)]

    found = near_roots(condition, max(low, -FAR), min(split, high, FAR))
    reaches_far = problem.d is not None or condition is conditions.weight
    if low < -FAR and reaches_far:
        found += far_roots(-1, -1 / FAR, 0.0)
    if problem.s != 0:
        found += near_roots(condition, max(low, split), min(high, FAR))
        if high > FAR and reaches_far:
            found += far_roots(1, 0.0, 1 / FAR)
    elif dead is not conditions.dead_both or problem.teacher.right != 0:
        found += near_roots(dead, max(low, split), min(high, DEEPEST))
    distinct: list[Root] = []
    for root in sorted(root for root in found if low < root.value < high):
        if distinct and root.low <= distinct[-1].high:  # the same one, at the end of both pieces
            root = min(root, distinct.pop(), key=lambda r: r.high - r.low)
        distinct.append(root)
    return distinct


def amplitude(problem: Problem, k: float) -> float:
    """Slope m of the best neuron m phi(x - k) + d, where both conditions on it can be met."""
    cells, (teacher, s) = near(k, k), problem[:2]
    if s == 0 and k >= teacher.kink:
        return teacher.right
    if problem.d is None:
        return _middle(conditions.common_slope(problem, cells))
    g0, g1, g2 = conditions.derivative_moments(s, cells)
    t0, t1 = conditions.label_moments(problem, problem.d, cells)
    return _middle((g0 * t1 - g1 * t0) / (g0 * g2 - g1 * g1))


def centred(problem: Problem, k: float, m: float) -> float:
    """The best d of m phi(x - k) + d, E[y] - m E[phi(x - k)], unless d is fixed."""
    if problem.d is not None:
        return problem.d
    cells = near(k, k)
    over = cells.density() - cells.a * cells.upper()  # E[(x - k)+]
    return problem.teacher.mean - m * (_middle(over) * (1 - problem.s) - problem.s * k)


def _inverse(root: Root) -> Root:
    """The root k = 1 / u, and the sign of the condition's slope in k there, of a root found in u."""
    if root.value == 0:
        return Root(math.inf, math.inf, math.inf)
    low, high = (1 / end if end else math.copysign(math.inf, root.value) for end in (root.high, root.low))
    # With u = 1 / k the condition is divided by k, and du/dk = -u^2.
    return Root(1 / root.value, low, high, -root.sign if root.value > 0 else root.sign)


def _middle(jet: Jet) -> float:
    low, high = float(jet.value.low), float(jet.value.high)
    return low + (high - low) / 2
