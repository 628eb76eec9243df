"""Checks and numbers in words."""

import math
from collections.abc import Mapping
from typing import Any

from compare.claims.values import (
    AcceptsCheck,
    Check,
    ComparisonCheck,
    ConvexCheck,
    CriticalPointCheck,
    CrossingsCheck,
    DefaultCheck,
    ExistsCheck,
    FormulaCheck,
    KinkCheck,
    MinimumCheck,
    ShareOf,
    StepsCheck,
    SurfaceCheck,
    TrajectoryCheck,
    UpdateCheck,
)

__all__ = ["describe", "label", "shown", "symbol", "times_rounding"]


def describe(check: Check) -> str:
    """A check as a phrase.

    Examples
    --------
    >>> from compare.claims.values import Condition
    >>> describe(TrajectoryCheck(quantity="w", when="always", condition=Condition(below=0.0)))
    'w always below 0'
    """
    match check:
        case TrajectoryCheck(share=ShareOf() as share):
            return f"share of {share.number} {share.of} with {_measure(check)} {check.condition}: {share.condition}"
        case TrajectoryCheck() | StepsCheck():
            return f"{_measure(check)} {check.condition}"
        case ComparisonCheck():
            relation = {"less": "less than", "greater": "greater than", "near": f"within {check.within} of"}
            return f"{_measure(check.measure)} {relation[check.relation]} with {_changes(check.other_is)}"
        case SurfaceCheck():
            first = ", ".join(f"{name} = {value:g}" for name, value in check.points[0].items())
            more = f" and {len(check.points) - 1} more points" if len(check.points) > 1 else ""
            side = f" from the {check.side}" if check.side else ""
            return f"{check.quantity} at {first}{more}{side} {_wanted(check)}"
        case MinimumCheck():
            return f"{check.quantity} {_wanted(check)}"
        case KinkCheck():
            slope = f" (slope {check.negative_slope:g})" if check.function == "leaky_relu" else ""
            where = f"from the {check.side}" if check.side else f"in {check.framework}"
            return f"derivative of {check.function}{slope} at 0 {where} {check.condition}"
        case ConvexCheck():
            return f"expected loss {'convex' if check.expected else 'not convex'}"
        case CriticalPointCheck():
            return f"at w = {check.at.w:g}, b = {check.at.b:g}: {check.kind}"
        case CrossingsCheck():
            return f"line {check.at_zero:g} + {check.slope:g} w crosses more than {check.above:g} times"
        case DefaultCheck():
            return f"default of {check.argument} in {check.of} is {check.equals}"
        case AcceptsCheck():
            return f"{check.of} {'takes' if check.expected else 'refuses'} {_settings(check.arguments)}"
        case ExistsCheck():
            return f"{check.of} {'exists' if check.expected else 'does not exist'}"
        case UpdateCheck():
            return "; ".join(f"{name} <- {formula}" for name, formula in check.rule)
        case FormulaCheck():
            return f"{check.formula} {check.condition}"


def _quantity(check: TrajectoryCheck) -> str:
    if check.distance_to is None:
        return check.quantity
    return f"|{check.quantity}|" if check.distance_to == 0 else f"|{check.quantity} - {check.distance_to:g}|"


def _measure(measure: TrajectoryCheck | StepsCheck) -> str:
    """The number that is asked for, and when."""
    if isinstance(measure, StepsCheck):
        return f"steps until {_quantity(measure.until)} is {measure.until.condition}"
    named = {"end": "at the end", "ever": "at some step", "always": "always"}
    after = f" after step {measure.after}" if measure.after else ""
    return f"{_quantity(measure)} {named.get(str(measure.when), f'at step {measure.when}')}{after}"


def _wanted(check: SurfaceCheck | MinimumCheck) -> str:
    return str(check.condition) if check.equals is None else f"= {check.equals} within {check.within:g}"


def _changes(changes: Mapping[str, Any]) -> str:
    """What is different in another run."""
    parts = []
    for name, value in changes.items():
        if name == "optimizer":
            settings = {setting: number for setting, number in value.items() if setting != "name"}
            parts.append(f"{value['name']}({_settings(settings)})")
        elif isinstance(value, dict):
            parts += [f"{name}.{k} = {v}" for k, v in value.items()]
        else:
            parts.append(f"{name} = {value}")
    return ", ".join(parts)


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def symbol(check: Check) -> str:
    """What the number of a run's check is, in a word.

    Examples
    --------
    >>> from compare.claims.values import Condition
    >>> symbol(TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.5), distance_to=1.0))
    '|w - 1|'
    """
    if isinstance(check, ComparisonCheck):
        return "difference"
    return _quantity(check) if isinstance(check, TrajectoryCheck) else "steps"


def label(measure: TrajectoryCheck) -> str:
    """The numbers along a run that a check is of, as a picture names them."""
    return measure.quantity if measure.distance_to is None else f"|{measure.quantity} - {shown(measure.distance_to)}|"


def shown(number: float) -> str:
    """A number as everything that people read shows it: whole ones with commas and no point, others in four digits.

    Zero has no sign.

    Examples
    --------
    >>> shown(2000.0), shown(0.8100123), shown(-1.8637566e-08), shown(-0.0)
    ('2,000', '0.81', '-1.864e-08', '0')
    """
    whole = math.isfinite(number) and number == int(number) and abs(number) < 1e9
    return f"{number:z,.0f}" if whole else f"{number:.4g}"


def times_rounding(worst: float) -> str:
    """A difference over its bound: a percentage of what rounding allows, or a multiple of it.

    Examples
    --------
    >>> times_rounding(0.0084), times_rounding(1.0), times_rounding(19612.3)
    ('0.84 % of what rounding allows', '100 % of what rounding allows', '19,600 times what rounding allows')
    """
    if worst <= 1:
        return f"{100 * worst:.3g} % of what rounding allows"
    return f"{shown(float(f'{worst:.3g}'))} times what rounding allows" if math.isfinite(worst) else "without a bound"
