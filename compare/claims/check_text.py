"""Checks and numbers in words."""

import math
from typing import Any

from compare.claims.values import (
    AcceptsCheck,
    Check,
    Comparison,
    ConvexCheck,
    CriticalPointCheck,
    CrossingsCheck,
    DefaultCheck,
    ExistsCheck,
    FormulaCheck,
    KinkCheck,
    MinimumCheck,
    StepsCheck,
    SurfaceCheck,
    TrajectoryCheck,
    UpdateCheck,
)

__all__ = ["describe", "shown", "symbol"]


def describe(check: Check) -> str:
    """A check as a phrase.

    Examples
    --------
    >>> from compare.claims.values import Condition
    >>> describe(TrajectoryCheck(quantity="w", when="always", condition=Condition(below=0.0)))
    'w always below 0'
    """
    if isinstance(check, TrajectoryCheck):
        return _trajectory(check)
    if isinstance(check, StepsCheck):
        return f"{_measure(check)} {check.condition}"
    if isinstance(check, Comparison):
        relation = {"less": "less than", "greater": "greater than", "near": f"within {check.within} of"}
        return f"{_measure(check.measure)} {relation[check.relation]} with {_changes(check.other_is)}"
    if isinstance(check, (SurfaceCheck, MinimumCheck)):
        return _surface(check)
    if isinstance(check, KinkCheck):
        slope = f" (slope {check.negative_slope:g})" if check.function == "leaky_relu" else ""
        where = f"from the {check.side}" if check.side else f"in {check.framework}"
        return f"derivative of {check.function}{slope} at 0 {where} {check.condition}"
    return _other(check)


def _other(check: Any) -> str:
    texts = {
        ConvexCheck: lambda c: f"expected loss {'convex' if c.expected else 'not convex'}",
        CriticalPointCheck: lambda c: f"at w = {c.at.w:g}, b = {c.at.b:g}: {c.kind}",
        CrossingsCheck: lambda c: f"line {c.at_zero:g} + {c.slope:g} w crosses more than {c.above:g} times",
        DefaultCheck: lambda c: f"default of {c.argument} in {c.of} is {c.equals}",
        AcceptsCheck: lambda c: f"{c.of} {'takes' if c.expected else 'refuses'} {_arguments(c.arguments)}",
        ExistsCheck: lambda c: f"{c.of} {'exists' if c.expected else 'does not exist'}",
        UpdateCheck: lambda c: "; ".join(f"{name} <- {formula}" for name, formula in c.rule),
        FormulaCheck: lambda c: f"{c.formula} {c.condition}",
    }
    return texts[type(check)](check)


def _trajectory(check: TrajectoryCheck) -> str:
    when = {"end": "at the end", "ever": "at some step", "always": "always"}.get(
        str(check.when), f"at step {check.when}"
    )
    after = f" after step {check.after}" if check.after else ""
    text = f"{_quantity(check)} {when}{after} {check.condition}"
    if check.share is None:
        return text
    return f"share of {check.share.number} {check.share.of} with {text}: {check.share.condition}"


def _quantity(check: TrajectoryCheck) -> str:
    if check.distance_to is None:
        return check.quantity
    return f"|{check.quantity}|" if check.distance_to == 0 else f"|{check.quantity} - {check.distance_to:g}|"


def _measure(measure: TrajectoryCheck | StepsCheck) -> str:
    if isinstance(measure, StepsCheck):
        return f"steps until {_quantity(measure.until)} is {measure.until.condition}"
    return f"{_quantity(measure)} {'at the end' if measure.when == 'end' else f'at step {measure.when}'}"


def _surface(check: SurfaceCheck | MinimumCheck) -> str:
    wanted = str(check.condition) if check.equals is None else f"= {check.equals} within {check.within:g}"
    if isinstance(check, MinimumCheck):
        return f"{check.quantity} {wanted}"
    first = ", ".join(f"{name} = {value:g}" for name, value in check.points[0].items())
    more = f" and {len(check.points) - 1} more points" if len(check.points) > 1 else ""
    side = f" from the {check.side}" if check.side else ""
    return f"{check.quantity} at {first}{more}{side} {wanted}"


def symbol(check: Check) -> str:
    """What the number of a run's check is, in a word.

    Examples
    --------
    >>> from compare.claims.values import Condition
    >>> symbol(TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.5), distance_to=1.0))
    '|w - 1|'
    """
    if isinstance(check, Comparison):
        return "difference"
    return _quantity(check) if isinstance(check, TrajectoryCheck) else "steps"


def _changes(changes: Any) -> str:
    """What is different in another run."""
    parts = []
    for name, value in changes.items():
        if name == "optimizer":
            settings = ", ".join(f"{k}={v}" for k, v in value.items() if k != "name")
            parts.append(f"{value['name']}({settings})")
        elif isinstance(value, dict):
            parts += [f"{name}.{k} = {v}" for k, v in value.items()]
        else:
            parts.append(f"{name} = {value}")
    return ", ".join(parts)


def _arguments(arguments: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def shown(number: float) -> str:
    """A number as the reports show it, whole ones without a point and zero without a sign.

    Examples
    --------
    >>> shown(2000.0), shown(0.8100123), shown(-1.8637566e-08), shown(-0.0)
    ('2000', '0.81', '-1.864e-08', '0')
    """
    whole = math.isfinite(number) and number == int(number) and abs(number) < 1e9
    return f"{number:z.0f}" if whole else f"{number:.4g}"
