"""Update rules given as formulas, held against every step that was recorded.

From each recorded state the rule predicts the next one, evaluated on Balls of
`compare.rounding` under one reading of its constants at a time (`constant_readings`). It holds if
one reading explains every recorded step within

    the rounding of the rule as it is written             its Balls
    the rounding of the rule as it is implemented         the reference's own step on Balls,
                                                          for the same rule in another order
    what half an ulp of each setting moves                a setting is a decimal

A rule that no recorded step can tell from another is undecided. Some step must change
something, and some part of the rule, the gradient, a slot, a setting or a number, must be seen,
that is, move a prediction out of its bound when it is replaced by half of it; settings that are
not seen are named. And the rule must be the reference's own in float64, at the recorded states and
at others (`optimizer_steps`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.claims.findings import Finding
from compare.claims.formula import Formula
from compare.claims.number_text import times_rounding, told_apart
from compare.claims.quantities import slot_names
from compare.claims.settings import optimizer_numbers
from compare.claims.values import UpdateCheck
from compare.claims.witnesses.update_rules.bounded_operations import in_bounded_operations
from compare.claims.witnesses.update_rules.constant_readings import Constants, Reading, readings_of
from compare.claims.witnesses.update_rules.optimizer_steps import (
    Steps,
    from_drawn_states,
    in_float64,
    recorded,
    rounding_of,
)
from compare.rounding import Ball, ratio
from reference import Trajectory

__all__ = ["judge_update"]

CHANGED = 0.5  # a part of a rule that is changed to so much of itself should be seen
NOTHING_CHANGED: Mapping[str, float] = MappingProxyType({})


class Compared(NamedTuple):
    """One quantity after each step beside what a rule predicts of it."""

    quantity: str
    before: np.ndarray
    observed: np.ndarray
    predicted: Ball

    @property
    def is_bounded(self) -> np.ndarray:
        """Whether the bound is finite, for each step."""
        parts = self.predicted.bound, self.predicted.value, self.observed
        bounded: np.ndarray = np.logical_and.reduce([np.isfinite(part) for part in parts])
        return bounded


class BestReading(NamedTuple):
    """A rule held against steps, under the reading that explains most of them."""

    worst: float
    where: str
    reading: Reading
    compared: Sequence[tuple[Steps, Sequence[Compared]]]

    def all(self) -> list[Compared]:
        """Every quantity of every parameter."""
        return [c for _, some in self.compared for c in some]


def judge_update(check: UpdateCheck, run: Trajectory) -> Finding:
    """Judge a rule on a run of which every step was recorded.

    The finding's number is the largest difference in units of what rounding explains, under the reading that
    explains most.
    """
    rule = UpdateCheck(rule=tuple((name, replace(f, tree=in_bounded_operations(f.tree))) for name, f in check.rule))
    with np.errstate(all="ignore"):
        steps = [recorded(run, name) for name in run.experiment.trainable]
        try:
            return _judged(rule, steps, _best_reading(rule, steps))
        except TypeError:
            return Finding(None, reason="the rule contains an operation for which rounding has no bound")


def _judged(rule: UpdateCheck, steps: Sequence[Steps], best: BestReading) -> Finding:
    bounded = sum(int(c.is_bounded.sum()) for c in best.all())
    unknown = sum(c.observed.size for c in best.all()) - bounded
    if bounded == 0 and best.worst <= 1:
        return Finding(None, reason="rounding gives no finite bound for this rule anywhere")
    says = f"the largest difference is {times_rounding(best.worst)}"
    if best.reading.says:
        says += f", {best.reading.says}"
    if unknown:
        says += f", {unknown:,} of {unknown + bounded:,} values not finite or without a bound"
    if best.worst > 1:
        return Finding(False, best.worst, f"{says}; {best.where}")
    reason = _why_nothing_follows(best)
    if reason:
        return Finding(None, best.worst, says, reason)
    seen = _seen(rule, best)
    hidden = [name for name in optimizer_numbers(steps[0].optimizer) if seen.get(name) is False]
    if hidden:
        says += f"; {', '.join(hidden)} cannot be told in this run"
    if not any(seen.values()):
        return Finding(None, best.worst, says, "no recorded step tells this rule from others of its form")
    reason = _unlike_the_reference(rule, steps)
    return Finding(None if reason else True, best.worst, says, reason)


def _why_nothing_follows(best: BestReading) -> str:
    """Why steps that a rule explains say nothing about it."""
    undefined = sum(int((np.isnan(c.predicted.value) & np.isfinite(c.observed)).sum()) for c in best.all())
    if undefined:
        return f"the rule gives no number for {undefined} values that the run has"
    if not any(np.any(c.observed != c.before) for c in best.all()):
        return "nothing changes in any recorded step, so every rule of this form is obeyed"
    return ""


def _best_reading(rule: UpdateCheck, steps: Sequence[Steps]) -> BestReading:
    """Hold a rule against steps, one reading after the other until one explains all."""
    found: list[BestReading] = []
    rounding = [rounding_of(some) for some in steps]
    for reading in readings_of(steps[0].optimizer, steps[0].w.dtype):
        compared = [(some, _compare(rule, some, reading, r)) for some, r in zip(steps, rounding, strict=True)]
        found.append(BestReading(*_worst([c for _, every in compared for c in every]), reading, compared))
        if found[-1].worst <= 1:
            break
    return min(found, key=lambda best: best.worst)


def _worst(compared: Sequence[Compared]) -> tuple[float, str]:
    """The largest difference in units of its bound, and where."""
    worst, where = 0.0, ""
    for c in compared:
        ratios = ratio(c.observed, c.predicted)
        step = int(np.argmax(ratios))
        if ratios[step] > worst or not where:
            worst = float(ratios[step])
            values = told_apart([float(c.observed[step]), float(c.predicted.value[step])])
            where = f"in step {step:,} {c.quantity} becomes {values[0]}, by the rule {values[1]}"
    return worst, where


def _compare(rule: UpdateCheck, steps: Steps, reading: Reading, rounding: Mapping[str, Any]) -> list[Compared]:
    """Every quantity that the rule assigns and the steps have, with the bound on their difference."""
    predicted = _predict(rule, steps, reading, as_balls=True)
    quantities = {"w": "w", **slot_names(steps.optimizer)}
    compared = []
    for target in dict.fromkeys(["w", *(target for target, _ in rule.rule if target in quantities)]):
        quantity = quantities[target]
        before, after = steps.before(quantity), steps.after[quantity]
        ball = _as_array(predicted[target], after)
        compared.append(Compared(target, before, after, Ball(ball.value, ball.radius + rounding[quantity])))
    return compared


def _predict(
    rule: UpdateCheck,
    steps: Steps,
    reading: Reading,
    *,
    as_balls: bool,
    changed: Mapping[str, float] = NOTHING_CHANGED,
) -> dict[str, Any]:
    """What the rule predicts; `changed` has factors by which its inputs are multiplied."""
    dtype = steps.w.dtype

    def given(key: str, value: np.ndarray) -> Any:
        value = value * dtype.type(changed[key]) if key in changed else value
        return Ball.exact(value) if as_balls else value

    values: dict[str, Any] = {
        "w": given("w", steps.w),
        "g": given("g", steps.gradient),
        "t": given("t", (steps.iterations + 1).astype(dtype)),
    }
    for letter, slot in slot_names(steps.optimizer).items():
        values[letter] = given(letter, steps.slots[slot])
    settings = {key: value * changed.get(key, 1.0) for key, value in optimizer_numbers(steps.optimizer).items()}
    constants = Constants(settings, reading, dtype, as_balls)
    for target, formula in rule.rule:
        tree = _with_numbers(formula.tree, changed["#"]) if "#" in changed else formula.tree
        resolved, numbers = constants.resolve(tree)
        constants.remember(target, tree)
        values[target] = Formula(formula.text, resolved, formula.names)(values | numbers)
    return values


def _with_numbers(tree: tuple[Any, ...], factor: float) -> tuple[Any, ...]:
    """The tree with its numbers changed, exponents excepted."""
    if tree[0] == "number":
        return ("number", tree[1] * factor, tree[2])
    kept = 2 if tree[0] == "**" else len(tree)
    return tuple(
        _with_numbers(part, factor) if isinstance(part, tuple) and i < kept else part for i, part in enumerate(tree)
    )


def _seen(rule: UpdateCheck, best: BestReading) -> dict[str, bool]:
    """For each part of the rule, its numbers together, whether some step shows that it is changed."""
    optimizer = best.compared[0][0].optimizer
    parts = {"g", *slot_names(optimizer), *optimizer_numbers(optimizer)}
    named = frozenset().union(*(formula.names for _, formula in rule.rule))
    seen = {}
    for part in ("#", *sorted(named & parts)):
        changed = {part: -CHANGED if part == "g" else CHANGED}
        seen[part] = any(_shows(rule, best.reading, steps, compared, changed) for steps, compared in best.compared)
    return seen


def _shows(
    rule: UpdateCheck, reading: Reading, steps: Steps, compared: Sequence[Compared], changed: Mapping[str, float]
) -> bool:
    predicted = _predict(rule, steps, reading, as_balls=False, changed=changed)
    for c in compared:
        moved = np.abs(np.asarray(predicted[c.quantity], np.float64) - c.observed)
        if np.any((moved > c.predicted.bound) & c.is_bounded):
            return True
    return False


def _unlike_the_reference(rule: UpdateCheck, steps: Sequence[Steps]) -> str:
    """Where a rule that explains a run is not the reference's, or nothing where it is."""
    beside = {
        "from the same states": [in_float64(some) for some in steps],
        "from other states": [from_drawn_states(steps[0].optimizer)],
    }
    for where, others in beside.items():
        best = _best_reading(rule, others)
        if best.worst > 1:
            return (
                f"this run does not tell the rule from the reference's own, from which it differs in float64 {where}, "
                f"by {times_rounding(best.worst)}"
            )
    return ""


def _as_array(predicted: Any, observed: np.ndarray) -> Ball:
    """A rule may be a constant; give it the shape and dtype of what was recorded."""
    if not isinstance(predicted, Ball):
        predicted = Ball.exact(np.asarray(predicted, observed.dtype)[()])
    value = np.broadcast_to(predicted.value, observed.shape).astype(observed.dtype)
    return Ball(value, np.broadcast_to(predicted.radius, observed.shape))
