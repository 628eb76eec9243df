"""Checks of exact quantities at points: the expected loss and its derivatives, the neuron itself.

All numbers are evaluated as real numbers and compared so that rounding decides nothing
(`compare.claims.witnesses.certainty`); numbers in files are the decimals that are written.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from compare.claims.check_text import described, equals
from compare.claims.findings import Finding
from compare.claims.formula import Formula
from compare.claims.number_text import written_out
from compare.claims.values import Condition, FormulaCheck, KinkCheck, SurfaceCheck
from compare.claims.witnesses.certainty import NO_NUMBER, meets, settle, shown
from compare.claims.witnesses.loss_values import (
    Neuron,
    expected_gradient,
    expected_hessian,
    expected_loss,
    is_cone,
    neuron_of,
)
from compare.claims.witnesses.real_numbers import NoNumber, Real, Reals, reals_of, written
from compare.claims.witnesses.update_rules.formula_values import value_of
from reference import Experiment, Parameters

__all__ = ["Measured", "judge_formula", "judge_number", "judge_one_sided", "judge_surface"]

AT_ZERO = 'decided by the value taken for phi\'(0): say side = "left" or "right"'

LONGEST_FORMULA = 60  # characters of one that is told with its value

Measured = Callable[[Reals], Real]  # a number to as many digits as asked for


def judge_surface(check: SurfaceCheck, experiment: Experiment) -> Finding:
    """Judge a quantity at each of the check's points; one that fails decides, else one that is undecided.

    Of points that all meet the condition the one nearest to failing is told.
    """
    undecided: Finding | None = None
    nearest: Finding | None = None
    slack = np.inf
    for point in check.points:
        finding, margin = _judge_point(check, point, experiment)
        if finding.says:
            number, sign, formula = finding.says.partition(";")
            side = f", from the {check.side}" if check.side else ""
            where = ", ".join(f"{name} = {written_out(value)}" for name, value in point.items())
            says = f"{described(check)} {equals(described(check))} {number} at {where}{side}{sign}{formula}"
            finding = finding._replace(says=says)
        if finding.met is False:
            return finding
        if finding.met is None:
            undecided = undecided or finding
        elif nearest is None or margin < slack:
            nearest, slack = finding, margin
    found = undecided or nearest
    assert found is not None
    return found


def _judge_point(check: SurfaceCheck, point: Mapping[str, float], experiment: Experiment) -> tuple[Finding, float]:
    try:
        measured = _quantity(check, point, experiment)
    except NoNumber:
        return Finding(None, reason=NO_NUMBER), math.inf
    if measured is None:
        return Finding(None, reason=AT_ZERO), math.inf
    at = Parameters(**{name: value for name, value in point.items() if name != "x"})
    values = {**at._asdict(), **point, "negative_slope": experiment.negative_slope}
    return judge_number(check, measured, values)


def judge_number(check: Any, measured: Measured, values: Mapping[str, float]) -> tuple[Finding, float]:
    """Judge a number by the check's condition or formula, with values for its names; also how far it is from failing.

    The check has `condition` and `distance_to`, or `equals` and `within`.
    """
    if check.equals is not None:
        return _judge_equal(check, measured, values)
    distance_to = check.distance_to

    def compared(reals: Reals) -> Real:
        return measured(reals) if distance_to is None else abs(measured(reals) - written(distance_to))

    met, found, reason = settle(compared, check.condition)
    if found is None:
        return Finding(None, reason=reason), math.inf
    decided = found.middle()
    return Finding(met, decided, shown(found, check.condition), reason), check.condition.margin(decided)


def _judge_equal(check: Any, measured: Measured, values: Mapping[str, float]) -> tuple[Finding, float]:
    """Judge by a formula that the number is to equal; the number that decides is the number itself."""
    both: list[Real] = []

    def apart(reals: Reals) -> Real:
        wanted = value_of(check.equals, {name: written(values[name]) for name in check.equals.names}, reals)
        both[:] = measured(reals), wanted
        return abs(both[0] - wanted)

    condition = Condition(near=0.0, within=check.within)
    met, off, reason = settle(apart, condition)
    if off is None:
        return Finding(None, reason=reason), math.inf
    number, wanted = both
    text = shown(number)
    says = f"{text}; the formula {check.equals} gives {'the same' if shown(wanted) == text else shown(wanted)}"
    if met is False and shown(wanted) == text:
        says = f"{text}; the formula {check.equals} is {shown(off)} away from it"
    return Finding(met, number.middle(), says, reason), condition.margin(off.middle())


def _result(formula: Formula, number: str) -> str:
    text = str(formula)
    return f"{text} = {number}" if len(text) <= LONGEST_FORMULA else f"the formula gives {number}"


def _quantity(check: SurfaceCheck, point: Mapping[str, float], experiment: Experiment) -> Measured | None:
    """The quantity at a point; None where it hangs on a convention."""
    kind, *names = check.quantity.split(".")
    neuron = neuron_of(Parameters(**{name: value for name, value in point.items() if name != "x"}), experiment)
    if kind == "prediction":
        z = neuron.w * written(point["x"]) + neuron.b
        return _constant(neuron.v * (z if z > 0 else neuron.negative_slope * z) + neuron.d)
    if kind == "prediction_gradient":
        slope = _prediction_gradient(names[0], check.side, neuron, written(point["x"]))
        return None if slope is None else _constant(slope)
    if kind == "expected_loss":
        return expected_loss(neuron)
    if kind == "expected_hessian":
        return expected_hessian(neuron, *names)
    return _expected_gradient(names[0], check.side, neuron)


def _constant(number: Fraction) -> Measured:
    return lambda reals: reals.number(number)


def _expected_gradient(name: str, side: str | None, neuron: Neuron) -> Measured | None:
    """From a side, or where that makes a difference, and none is given, None."""
    if side is not None or not is_cone(neuron) or name not in ("w", "b"):
        return expected_gradient(neuron, name, side)
    left, right = (expected_gradient(neuron, name, each) for each in ("left", "right"))
    return left if settle(lambda reals: left(reals) - right(reals), Condition(near=0.0, within=0.0)).met else None


def _prediction_gradient(name: str, side: str | None, neuron: Neuron, x: Fraction) -> Fraction | None:
    """Derivative of the prediction by `name`; at the kink from the side on which the variable comes."""
    w, b, v, _, slope = neuron[:5]
    z = w * x + b
    if name == "d":
        return Fraction(1)
    if name == "v":
        return z if z > 0 else slope * z
    inner = {"x": w, "w": x, "b": Fraction(1)}[name]
    if z == 0 and slope != 1 and v * inner != 0:
        if side is None:
            return None
        z = inner if side == "right" else -inner
    return v * inner * (1 if z > 0 else slope)


def judge_one_sided(check: KinkCheck) -> Finding:
    """Judge a one-sided derivative at 0 of an activation."""
    left, right = {
        "relu": (0.0, 1.0),
        "maximum": (0.0, 1.0),
        "leaky_relu": (check.negative_slope, 1.0),
        "abs": (-1.0, 1.0),
    }[check.function]
    number = left if check.side == "left" else right
    met = meets(check.condition, reals_of(20).number(written(number)))
    return Finding(met, number, f"derivative at 0 = {written_out(number)} from the {check.side}")


def judge_formula(check: FormulaCheck) -> Finding:
    """Judge a formula at a point."""
    at = {name: written(value) for name, value in check.at.items()}
    met, found, reason = settle(lambda reals: value_of(check.formula, at, reals), check.condition)
    if found is None:
        # As IEEE 754 has it: infinite or not a number.
        number = float(check.formula({name: np.float64(value) for name, value in check.at.items()}))
        number = math.nan if math.isfinite(number) and reason == NO_NUMBER else number
        return Finding(None, number, _result(check.formula, f"{number:z.12g}"), reason)
    if not isinstance(found.value, Fraction) and math.isinf(found.middle()):
        met, reason = None, NO_NUMBER
    return Finding(met, found.middle(), _result(check.formula, shown(found, check.condition)), reason)
