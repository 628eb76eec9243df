"""Checks of exact quantities at points: the expected loss and its derivatives, the neuron itself."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from compare.claims.findings import Finding
from compare.claims.formula import Formula, FormulaArithmetic
from compare.claims.values import Condition, FormulaCheck, KinkCheck, SurfaceCheck
from compare.rounding import Ball
from reference import Experiment, Parameters

__all__ = ["judge_formula", "judge_number", "judge_one_sided", "judge_surface"]

AT_ZERO = 'decided by the value taken for phi\'(0): say side = "left" or "right"'
MOST_BITS = 100_000  # of a rational number; nested powers would take for ever
NO_NUMBER = "no number that float64 holds: something is too large, divided by 0 or undefined"
LOST = "lost in rounding: the number is on the threshold, as far as float64 can tell"


def judge_surface(check: SurfaceCheck, experiment: Experiment) -> Finding:
    """Judge a quantity at each of the check's points; the point nearest to failing decides."""
    worst: Finding | None = None
    slack = np.inf
    for point in check.points:
        number = _value(check, point, experiment)
        if number is None:
            return Finding(None, says=f"at {_shown(point)}", reason=AT_ZERO)
        values = {**_point(point)._asdict(), **point, "negative_slope": experiment.negative_slope}
        finding, margin = judge_number(check, number, values)
        finding = finding._replace(says=f"{finding.says} at {_shown(point)}")
        if finding.met is False or margin < slack or worst is None:
            worst, slack = finding, margin
        if finding.met is False:
            break
    assert worst is not None
    return worst


def judge_number(check: Any, number: float, values: Mapping[str, float]) -> tuple[Finding, float]:
    """Judge one number by the check's condition or formula; also how far it is from failing.

    Parameters
    ----------
    check
        With `condition` and `distance_to`, or `equals` and `within`.
    number : float
    values : mapping
        For the names in the formula.
    """
    if check.equals is not None:
        wanted = float(check.equals({name: np.float64(value) for name, value in values.items()}))
        off = abs(number - wanted)
        says = f"{number:z.12g} where {check.equals} is {wanted:z.12g}"
        return Finding(bool(off <= check.within), number, says), check.within - off
    if check.distance_to is not None:
        number = abs(number - check.distance_to)
    return Finding(check.condition.met(number), number, f"{number:z.12g}"), check.condition.margin(number)


def _point(point: Mapping[str, float]) -> Parameters:
    return Parameters(**{name: value for name, value in point.items() if name != "x"})


def _shown(point: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in point.items())


def _value(check: SurfaceCheck, point: Mapping[str, float], experiment: Experiment) -> float | None:
    """The quantity at a point; None where it hangs on a convention."""
    kind, *names = check.quantity.split(".")
    if kind == "prediction":
        return _prediction(point, experiment.negative_slope)
    if kind == "prediction_gradient":
        return _prediction_gradient(names[0], check.side, point, experiment.negative_slope)
    return _expected(kind, names, check.side, _point(point), experiment)


def _expected(kind: str, names: list[str], side: str | None, at: Parameters, experiment: Experiment) -> float | None:
    from compare.surface import expected_gradient, expected_hessian, expected_loss

    given: dict[str, Any] = {"negative_slope": experiment.negative_slope, "target": experiment.target}
    if kind == "expected_loss":
        return float(expected_loss(at, **given))
    if kind == "expected_hessian":
        row, column = (Parameters._fields.index(name) for name in names)
        entry = float(expected_hessian(at, **given)[row, column])
        return None if np.isnan(entry) else entry
    if side is not None:
        return float(getattr(expected_gradient(at, side=side, **given), names[0]))
    left, right = (float(getattr(expected_gradient(at, side=s, **given), names[0])) for s in ("left", "right"))
    return left if left == right else None


def _prediction(point: Mapping[str, float], slope: float) -> float:
    w, b, v, d = _point(point)
    z = w * point["x"] + b
    return float(v * (z if z > 0 else slope * z) + d)


def _prediction_gradient(name: str, side: str | None, point: Mapping[str, float], slope: float) -> float | None:
    """Derivative of the prediction by `name`; at the kink from the side on which the variable comes."""
    w, b, v, _ = _point(point)
    z = w * point["x"] + b
    if name == "d":
        return 1.0
    if name == "v":
        return float(z if z > 0 else slope * z)
    inner = {"x": w, "w": point["x"], "b": 1.0}[name]
    if z == 0 and slope != 1 and v * inner != 0:
        if side is None:
            return None
        z = inner if side == "right" else -inner
    return float(v * inner * (1.0 if z > 0 else slope))


def judge_one_sided(check: KinkCheck) -> Finding:
    """Judge a one-sided derivative at 0 of an activation."""
    left, right = {
        "relu": (0.0, 1.0),
        "maximum": (0.0, 1.0),
        "leaky_relu": (check.negative_slope, 1.0),
        "abs": (-1.0, 1.0),
    }[check.function]
    number = left if check.side == "left" else right
    return Finding(check.condition.met(number), number, f"{number:zg} from the {check.side}")


def judge_formula(check: FormulaCheck) -> Finding:
    """Judge a formula at a point, with a bound on its rounding where its operations have one."""
    exact = _rational(check.formula, check.at)
    if exact is not None:
        number = _as_float(exact)
        return Finding(_met_exactly(check.condition, exact), number, f"{check.formula} = {number:.12g}")
    number, bound = _evaluate(check.formula, check.at)
    says = f"{check.formula} = {number:z.12g}"
    if not np.isfinite(number):
        return Finding(None, number, says, NO_NUMBER)
    if bound > 0 and abs(check.condition.margin(number)) <= bound:
        return Finding(None, number, says, LOST)
    return Finding(check.condition.met(number), number, says)


def _as_float(number: Fraction) -> float:
    """The nearest float, which is infinity where none is as large."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _rational(formula: Formula, at: Mapping[str, float]) -> Fraction | None:
    """The exact value of a formula that stays rational and of a sensible size; None for others."""
    if _bits(formula.tree, at) > MOST_BITS:
        return None
    try:
        names = {name: Fraction(value) for name, value in at.items()}
        value = formula(names, FormulaArithmetic(Fraction, _no_power))
        return Fraction(value.item() if isinstance(value, np.ndarray) else value)
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None


def _bits(tree: tuple[Any, ...], at: Mapping[str, float]) -> float:
    """A bound on how many bits numerator and denominator of a formula's value take together."""
    kind = tree[0]
    if kind in ("number", "name"):
        number = tree[1] if kind == "number" else at[tree[1]]
        return sum(part.bit_length() for part in float(number).as_integer_ratio()) + 1
    if kind == "**" and tree[2][0] != "name":
        exponent = tree[2][1][1] if tree[2][0] == "negative" else tree[2][1]
        return max(1.0, abs(float(exponent))) * _bits(tree[1], at)
    return 1 + sum(_bits(part, at) for part in tree[1:] if isinstance(part, tuple))


def _no_power(base: Any, exponent: Any) -> Any:
    raise TypeError("a power that is not rational")


def _met_exactly(condition: Condition, number: Fraction) -> bool:
    """`Condition.met` without rounding."""
    near, within = condition.near, condition.within
    return (
        (condition.below is None or number < Fraction(condition.below))
        and (condition.above is None or number > Fraction(condition.above))
        and (near is None or within is None or abs(number - Fraction(near)) <= Fraction(within))
    )


def _evaluate(formula: Formula, at: Mapping[str, float]) -> tuple[float, float]:
    try:
        balls = {name: Ball.exact(np.float64(value)) for name, value in at.items()}
        result = formula(balls, FormulaArithmetic(lambda number: Ball.exact(np.float64(number))))
        if isinstance(result, Ball) and np.all(np.isfinite(result.bound)):
            return float(result.value), float(np.max(result.bound))
    except TypeError:
        pass  # an operation for which there is no rule
    return float(formula({name: np.float64(value) for name, value in at.items()})), 0.0
