"""Checks of the shape of the expected loss: its minimum, critical points, convexity, chords."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from compare.claims.check_text import described
from compare.claims.findings import Finding
from compare.claims.number_text import counted, written_out
from compare.claims.values import Condition, ConvexCheck, CriticalPointCheck, CrossingsCheck, MinimumCheck
from compare.claims.witnesses.certainty import NO_NUMBER, rounded, settle
from compare.claims.witnesses.critical_points import Place, place_of
from compare.claims.witnesses.descent.parabolas import crossings, half_lines, half_parabolas
from compare.claims.witnesses.loss_values import neuron_of
from compare.claims.witnesses.pointwise import Measured, judge_number
from compare.claims.witnesses.real_numbers import reals_of, written
from reference import Experiment, Parameters

__all__ = ["judge_convex", "judge_critical_point", "judge_crossings", "judge_minimum"]

Points = Callable[[Experiment], tuple[Any, ...]]  # the critical points over what is trained

CHORDS = 4096
DEAD = "the neuron is dead: no input activates it, and its gradient is 0"
FARTHEST = 4.0  # chords are looked for in the cube of this half width


def judge_minimum(check: MinimumCheck, experiment: Experiment, points_of: Points) -> Finding:
    """Judge where the global minimum lies; of a set of minima its representative is taken."""
    try:
        minima = [point for point in points_of(experiment) if point.kind == "global minimum"]
        places = [place_of(point, experiment) for point in minima]
    except (ValueError, ArithmeticError) as error:
        return Finding(None, reason=str(error) or NO_NUMBER)
    if not minima:
        return Finding(None, reason="the expected loss has no global minimum that is attained")
    name = check.quantity.removeprefix("minimum.")
    measured: Measured
    if name == "loss":
        measured = min(places, key=lambda place: place.loss(reals_of(20)).middle()).loss
    else:
        sets = [point.family for point in minima if point.dimension > 0]
        numbers = sorted({float(getattr(point.parameters, name)) for point in minima})
        if sets or len(numbers) > 1:
            return Finding(None, reason=f"the minimum is not a single point: {sets[0] if sets else numbers}")
        measured = partial(places[0].parameter, name)

    finding, _ = judge_number(check, measured, {"negative_slope": experiment.negative_slope})
    radius = max(place.radius for place in places)
    if finding.met is None and finding.number is not None and radius:
        finding = finding._replace(reason=f"on the threshold, as far as the minimum is known: to {float(radius):.1g}")
    return finding._replace(says=f"{described(check)} = {finding.says}" if finding.says else "")


def _there_is(kinds: Sequence[str]) -> str:
    return f"there is a {' and a '.join(kinds)}"


def judge_critical_point(check: CriticalPointCheck, experiment: Experiment, points_of: Points) -> Finding:
    """Judge what kind of critical point a point is: of those within the check's distance, all must say the same."""
    try:
        points = [point for point in points_of(experiment) if np.isfinite(point.parameters).all()]
        near = [(point, _is_near(check, place_of(point, experiment), experiment)) for point in points]
    except (ValueError, ArithmeticError) as error:
        return Finding(None, reason=str(error) or NO_NUMBER)
    if any(is_near is None for _, is_near in near):
        return Finding(None, reason=f"whether a critical point is within {check.within:g} cannot be told")
    kinds = sorted({point.kind for point, is_near in near if is_near})
    if len(kinds) > 1 and check.kind in kinds:
        return Finding(None, reason=f"within {check.within:g} there are several critical points: {', '.join(kinds)}")
    if kinds:
        where = f"at w = {written_out(check.at.w)}, b = {written_out(check.at.b)}"
        return Finding(check.kind in kinds, None, f"{where} {DEAD if kinds == ['dead set'] else _there_is(kinds)}")
    near_sets = [point.family for point in points if point.dimension > 0]
    if near_sets and _is_stationary(check.at, experiment):
        return Finding(None, reason=f"the point belongs to a set, one of: {'; '.join(near_sets)}")
    return Finding(check.kind == "none", None, "the gradient there is not 0")


def _is_near(check: CriticalPointCheck, place: Place, experiment: Experiment) -> bool | None:
    """Whether each trained parameter is within the distance; None where that cannot be told."""
    within = []
    for name in experiment.trainable:
        condition = Condition(near=float(getattr(check.at, name)), within=check.within)
        within.append(settle(partial(place.parameter, name), condition).met)
    return False if False in within else None if None in within else True


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
    if half_lines(experiment) is not None:
        left, right = half_parabolas(neuron_of(experiment.initial, experiment))
        jump = right.b - left.b
        digits = next((n for n in (12, 17, 25) if rounded(left.b, n) != rounded(right.b, n)), 12)
        says = f"at w = 0 the derivative of the loss jumps from {rounded(left.b, digits)} to {rounded(right.b, digits)}"
        return Finding((jump >= 0) == check.expected, reals_of(20).number(jump).middle(), says)
    trained = set(experiment.trainable)
    if trained <= {"v", "d"} or (experiment.negative_slope == 1 and trained <= {"w", "b"}):
        return Finding(check.expected, None, "the output is linear in what is trained")
    excess, middle = _highest_above_a_chord(experiment)
    if excess <= 0:
        return Finding(None, reason=f"none of {CHORDS} chords lies below the loss, which proves nothing")
    where = ", ".join(f"{name} = {value:.3g}" for name, value in zip(experiment.trainable, middle, strict=True))
    return Finding(not check.expected, excess, f"at {where} the loss is {excess:.3g} above a chord")


def _highest_above_a_chord(experiment: Experiment) -> tuple[float, np.ndarray]:
    """Largest excess of the loss over the middle of a chord, less what rounding may contribute."""
    from compare.surface import expected_loss
    from compare.surface.errors import LOSS_ERROR

    ends = np.random.default_rng(0).uniform(-FARTHEST, FARTHEST, (2, CHORDS, len(experiment.trainable)))
    ends = np.round(ends * 64) / 64  # so that the middles are exact

    def loss(points: np.ndarray) -> Any:
        at = {
            name: np.full(len(points), float(written(getattr(experiment.initial, name)))) for name in Parameters._fields
        }
        at |= {name: points[:, i] for i, name in enumerate(experiment.trainable)}
        return expected_loss(Parameters(**at), negative_slope=experiment.negative_slope, target=experiment.target)

    middles = (ends[0] + ends[1]) / 2
    high, one, other = loss(middles), loss(ends[0]), loss(ends[1])
    with np.errstate(all="ignore"):
        excess = high - (one + other) / 2 - 2 * LOSS_ERROR * (high + one + other)
    best = int(np.argmax(np.nan_to_num(excess, nan=-np.inf)))
    return float(excess[best]), middles[best]


def judge_crossings(check: CrossingsCheck, experiment: Experiment) -> Finding:
    """Judge how often a line crosses the expected loss over w, a parabola on either side of 0."""
    if half_lines(experiment) is None:
        return Finding(None, reason="only for w alone, without biases")
    parabolas = half_parabolas(neuron_of(experiment.initial, experiment))
    places = crossings(*parabolas, written(check.at_zero), written(check.slope))
    says = counted(len(places), "crossing") + (" at w = " if places else "") + ", ".join(rounded(w, 4) for w in places)
    return Finding(len(places) > check.above, float(len(places)), says)
