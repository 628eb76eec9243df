"""Checks of the shape of the expected loss: its minimum, critical points, convexity, chords."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.claims.expected import HalfLines, half_lines
from compare.claims.findings import Finding
from compare.claims.pointwise import judge_number
from compare.claims.values import ConvexCheck, CriticalPointCheck, CrossingsCheck, MinimumCheck
from reference import Experiment, Parameters

__all__ = ["judge_convex", "judge_critical_point", "judge_crossings", "judge_minimum"]

Points = Callable[[Experiment], tuple[Any, ...]]  # the critical points over what is trained

CHORDS = 4096
FARTHEST = 4.0  # chords are looked for in the cube of this half width


def judge_minimum(check: MinimumCheck, experiment: Experiment, points_of: Points) -> Finding:
    """Judge where the global minimum lies; of a set of minima its representative is taken."""
    try:
        minima = [point for point in points_of(experiment) if point.kind == "global minimum"]
    except (ValueError, ArithmeticError) as error:
        return Finding(None, reason=str(error))
    if not minima:
        return Finding(None, reason="the expected loss has no global minimum that is attained")
    name = check.quantity.removeprefix("minimum.")
    numbers = {float(p.loss if name == "loss" else getattr(p.parameters, name)) for p in minima}
    sets = [p.family for p in minima if p.dimension > 0]
    if name != "loss" and (len(numbers) > 1 or sets):
        return Finding(None, reason=f"the minimum is not a single point: {sets[0] if sets else sorted(numbers)}")
    finding, _ = judge_number(check, min(numbers), {"negative_slope": experiment.negative_slope})
    return finding._replace(says=f"{check.quantity} = {finding.says}")


def judge_critical_point(check: CriticalPointCheck, experiment: Experiment, points_of: Points) -> Finding:
    """Judge what kind of critical point a point is."""
    try:
        points = points_of(experiment)
    except (ValueError, ArithmeticError) as error:
        return Finding(None, reason=str(error))
    for point in points:
        if all(abs(getattr(point.parameters, n) - getattr(check.at, n)) <= check.within for n in experiment.trainable):
            return Finding(point.kind == check.kind, None, f"it is a {point.kind}")
    near_sets = [point.family for point in points if point.dimension > 0]
    if near_sets and _is_stationary(check.at, experiment):
        return Finding(None, reason=f"the point belongs to a set, one of: {'; '.join(near_sets)}")
    return Finding(check.kind == "none", None, "it is no critical point")


def _is_stationary(at: Parameters, experiment: Experiment) -> bool:
    from compare.surface import expected_gradient

    gradient = expected_gradient(at, negative_slope=experiment.negative_slope, target=experiment.target)
    return all(float(getattr(gradient, name)) == 0 for name in experiment.trainable)


def judge_convex(check: ConvexCheck, experiment: Experiment) -> Finding:
    """Judge whether the expected loss is convex in the trained parameters.

    Along w without biases it is a parabola on either side of 0: convex if the derivative
    does not fall there. The output is linear in v and d, and, for slope 1, in w and b: the
    loss is then convex. Otherwise a chord that the loss exceeds in its middle proves that
    it is not; that none is found proves nothing.
    """
    lines = half_lines(experiment)
    if lines is not None:
        jump = lines.left_pull - lines.right_pull
        says = f"at w = 0 the derivative goes from {-lines.left_pull:zg} to {-lines.right_pull:zg}"
        return Finding((jump >= 0) == check.expected, jump, says)
    trained = set(experiment.trainable)
    if trained <= {"v", "d"} or (experiment.negative_slope == 1 and trained <= {"w", "b"}):
        return Finding(check.expected, None, "the output is linear in what is trained")
    excess, middle = _highest_above_a_chord(experiment)
    if excess <= 0:
        return Finding(None, excess, reason=f"none of {CHORDS} chords lies below the loss, which proves nothing")
    where = ", ".join(f"{name} = {value:.3g}" for name, value in zip(experiment.trainable, middle, strict=True))
    return Finding(not check.expected, excess, f"at {where} the loss is {excess:.3g} above a chord")


def _highest_above_a_chord(experiment: Experiment) -> tuple[float, np.ndarray]:
    """Largest excess of the loss over the middle of a chord, less what rounding may contribute."""
    from compare.surface import expected_loss
    from compare.surface.errors import LOSS_ERROR

    ends = np.random.default_rng(0).uniform(-FARTHEST, FARTHEST, (2, CHORDS, len(experiment.trainable)))
    ends = np.round(ends * 64) / 64  # so that the middles are exact

    def loss(points: np.ndarray) -> Any:
        at = {name: np.full(len(points), float(getattr(experiment.initial, name))) for name in Parameters._fields}
        at |= {name: points[:, i] for i, name in enumerate(experiment.trainable)}
        return expected_loss(Parameters(**at), negative_slope=experiment.negative_slope, target=experiment.target)

    middles = (ends[0] + ends[1]) / 2
    high, one, other = loss(middles), loss(ends[0]), loss(ends[1])
    excess = high - (one + other) / 2 - 2 * LOSS_ERROR * (high + one + other)
    best = int(np.argmax(excess))
    return float(excess[best]), middles[best]


def judge_crossings(check: CrossingsCheck, experiment: Experiment) -> Finding:
    """Judge how often a line crosses the expected loss over w, a parabola on either side of 0."""
    lines = half_lines(experiment)
    if lines is None:
        return Finding(None, reason="only for w alone, without biases")
    places = crossings(lines, _loss_at_zero(experiment), check)
    says = f"{len(places)} crossings" + (", at w = " if places else "") + ", ".join(f"{w:.4g}" for w in places)
    return Finding(len(places) > check.above, float(len(places)), says)


def _loss_at_zero(experiment: Experiment) -> float:
    from compare.surface import expected_loss

    at = experiment.initial._replace(w=0.0)
    return float(expected_loss(at, negative_slope=experiment.negative_slope, target=experiment.target))


def crossings(lines: HalfLines, at_zero: float, line: CrossingsCheck) -> list[float]:
    """Where the line passes from one side of the loss to the other, ascending.

    Loss less line is ``curvature/2 w^2 - (pull + slope) w + (L(0) - at_zero)`` on each side;
    a double root only touches.

    Examples
    --------
    >>> from reference import Experiment
    >>> lines = half_lines(Experiment())
    >>> crossings(lines, 0.5, CrossingsCheck(at_zero=0.625, slope=0.0, above=0))
    [-0.5, 2.118033988749895]
    """
    c = at_zero - line.at_zero
    found = []
    for sign, curvature, pull in (
        (-1, lines.left_curvature, lines.left_pull),
        (1, lines.right_curvature, lines.right_pull),
    ):
        b = pull + line.slope
        discriminant = b * b - 2 * curvature * c
        if curvature > 0 and discriminant > 0:
            # The root of larger size first, the other from the product of the two: no cancellation.
            far = (b + math.copysign(math.sqrt(discriminant), b)) / curvature
            near = 2 * c / (curvature * far) if far else 0.0
            found += [w for w in (far, near) if w * sign > 0]
    if c == 0 and (lines.left_pull + line.slope) * (lines.right_pull + line.slope) > 0:
        found.append(0.0)
    return sorted(found)
