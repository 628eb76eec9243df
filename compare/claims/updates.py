"""Update rules given as formulas, held against every step that was recorded.

From each recorded state the rule predicts the next one; both are compared with the bound
that `compare.rounding` derives from the rule itself, whose operations are carried out on
Balls. Two things are granted besides: a constant c, a setting of the optimizer or a number
in the formula, may be used as it is or rounded through float32 (`cast_like_keras`), which
puts |float32(c) - c| around it; and c^t, which is monotone in c >= 0, is taken at both
ends of that range.
"""

from typing import Any

import numpy as np

from compare.claims.findings import Finding
from compare.claims.formula import FormulaArithmetic
from compare.claims.quantities import slot_names
from compare.claims.values import UpdateCheck
from compare.rounding import Ball, ratio
from reference import Trajectory

__all__ = ["judge_update"]


def judge_update(check: UpdateCheck, run: Trajectory) -> Finding:
    """Judge a rule on a recorded run.

    Parameters
    ----------
    check : UpdateCheck
    run : Trajectory
        With every step recorded.

    Returns
    -------
    Finding
        Its number is the largest difference in units of what rounding explains.
    """
    worst, where, unbounded, compared = 0.0, "", 0, 0
    with np.errstate(all="ignore"):
        for name in run.experiment.trainable:
            predicted, recorded = _predict(check, run, name)
            for quantity, observed in recorded.items():
                ball = _as_array(predicted[quantity], observed)
                ratios = ratio(observed, ball)
                finite = np.isfinite(ball.bound) & np.isfinite(observed)
                unbounded, compared = unbounded + int((~finite).sum()), compared + int(finite.sum())
                step = int(np.argmax(ratios))
                if ratios[step] > worst or not where:
                    worst = float(ratios[step])
                    where = f"step {step}: {quantity} is {observed[step]!s}, by the rule {ball.value[step]!s}"
    if compared == 0:
        return Finding(None, reason="rounding gives no finite bound for this rule anywhere")
    says = f"largest difference {worst:.3g} of what rounding explains"
    if unbounded:
        says += f", {unbounded} values without a bound"
    return Finding(worst <= 1, worst, says if worst <= 1 else f"{says}; {where}")


def _predict(check: UpdateCheck, run: Trajectory, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the rule predicts for one parameter, and what was recorded of it."""
    optimizer, path = run.experiment.optimizer, getattr(run.parameters, name)
    dtype = path.dtype
    values: dict[str, Any] = {
        "w": Ball.exact(path[:-1]),
        "g": Ball.exact(getattr(run.gradient, name)),
        "t": Ball.exact(np.arange(1, len(path)).astype(dtype)),
    }
    values |= {key: _constant(value, dtype) for key, value in vars(optimizer).items() if isinstance(value, float)}
    slots = slot_names(optimizer)
    for letter, slot in slots.items():
        values[letter] = Ball.exact(getattr(run.slots[slot], name)[:-1])
    arithmetic = FormulaArithmetic(lambda number: _constant(number, dtype), _power)
    for target, formula in check.rule:
        values[target] = formula(values, arithmetic)
    recorded = {"w": path[1:]}
    for target, _ in check.rule:
        if target in slots:
            recorded[target] = getattr(run.slots[slots[target]], name)[1:]
    return values, recorded


def _constant(value: float, dtype: np.dtype[Any]) -> Ball:
    return Ball(dtype.type(value), abs(float(np.float32(value)) - value))


def _power(base: Any, exponent: Any) -> Any:
    """c^t with c in a range: pow's own error, and the spread between the ends of the range."""
    if not isinstance(base, Ball) or np.ndim(base.value) or base.value < 0:
        return np.power(base, exponent)
    exact: Any = Ball.exact(base.value)
    power = np.power(exact, exponent)
    t = np.asarray(exponent.value if isinstance(exponent, Ball) else exponent, np.float64)
    c, r = float(base.value), float(np.max(base.radius))
    ends = [np.power(max(end, 0.0), t) for end in (c - r, c, c + r)]
    spread = np.maximum(np.abs(ends[2] - ends[1]), np.abs(ends[1] - ends[0]))
    relative = power.radius / np.abs(power.value, dtype=np.float64)
    return Ball(power.value, power.radius + spread * (1 + relative))


def _as_array(predicted: Any, observed: np.ndarray) -> Ball:
    """A rule may be a constant; give it the shape and dtype of what was recorded."""
    if not isinstance(predicted, Ball):
        predicted = Ball.exact(np.asarray(predicted, observed.dtype)[()])
    value = np.broadcast_to(predicted.value, observed.shape).astype(observed.dtype)
    return Ball(value, np.broadcast_to(predicted.radius, observed.shape))
