"""Checks and numbers in words."""

import math
from collections.abc import Mapping
from typing import Any

from compare.claims.number_text import counted, shown, written_out
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

__all__ = ["describe", "described", "equals", "label", "measured", "name_of", "shown", "symbol"]


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
            whose = "runs" if share.of == "seeds" else share.of
            return f"share of {share.number:,} {whose} with {_measure(check)} {check.condition}: {share.condition}"
        case TrajectoryCheck() | StepsCheck():
            return f"{_measure(check)} {check.condition}"
        case ComparisonCheck():
            relation = {"less": "less than", "greater": "greater than", "near": f"within {check.within} of what it is"}
            return f"{_measure(check.measure)} {relation[check.relation]} with {_changes(check.other_is)}"
        case SurfaceCheck():
            first = ", ".join(f"{name} = {written_out(value)}" for name, value in check.points[0].items())
            more = f" and {counted(len(check.points) - 1, 'more point')}" if len(check.points) > 1 else ""
            side = f", from the {check.side}," if check.side else ""
            return f"{described(check)} at {first}{more}{side} {_wanted(check)}"
        case MinimumCheck():
            return f"{described(check)} {_wanted(check)}"
        case KinkCheck():
            slope = f" (negative slope {check.negative_slope:g})" if check.function == "leaky_relu" else ""
            where = f"from the {check.side}" if check.side else f"in {check.framework}"
            return f"derivative of {check.function}{slope} at 0 {where} {check.condition}"
        case ConvexCheck():
            return f"expected loss {'convex' if check.expected else 'not convex'}"
        case CriticalPointCheck():
            kind = "no critical point" if check.kind == "none" else f"a {check.kind}"
            return f"at w = {written_out(check.at.w)}, b = {written_out(check.at.b)} there is {kind}"
        case CrossingsCheck():
            sign = "-" if check.slope < 0 else "+"
            line = f"{written_out(check.at_zero)} {sign} {written_out(abs(check.slope))} w"
            times = "more than once" if check.above == 1 else f"more than {written_out(check.above)} times"
            return f"the line {line} crosses the loss {times}"
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


def name_of(quantity: str) -> str:
    """A quantity of a claim file in words.

    Examples
    --------
    >>> name_of("w"), name_of("expected_gradient.w"), name_of("step.w"), name_of("minimum.loss")
    ('w', 'slope of the expected loss by w', 'step of w', 'loss at the minimum')
    """
    kind, _, of = quantity.partition(".")
    words = {
        "loss": "loss of the batch",
        "expected_loss": "expected loss",
        "gradient": f"gradient in {of}",
        "expected_gradient": f"slope of the expected loss by {of}",
        "expected_hessian": f"second derivative of the expected loss by {of.replace('.', ' and ')}",
        "prediction_gradient": f"derivative of the prediction by {of}",
        "step": f"step of {of}",
        "minimum": f"{of} at the minimum",
    }
    return words.get(kind, quantity)


def equals(name: str) -> str:
    """What is between a name and its number: no sign where that would seem to belong to the last word of the name.

    Examples
    --------
    >>> equals("w"), equals("slope of the expected loss by w")
    ('=', 'is')
    """
    return "is" if " by " in name else "="


def described(check: Any) -> str:
    """What a check with `quantity` and `distance_to` is about, in words."""
    name = name_of(check.quantity)
    if check.distance_to is None:
        return name
    return f"|{name}|" if check.distance_to == 0 else f"|{name} - {written_out(check.distance_to)}|"


def _measure(measure: TrajectoryCheck | StepsCheck) -> str:
    """The number that is asked for, and when."""
    if isinstance(measure, StepsCheck):
        return f"steps until {described(measure.until)} is {measure.until.condition}:"
    named = {"end": "at the end", "ever": "at some step", "always": "always"}
    when = f"at step {measure.when:,}" if isinstance(measure.when, int) else named[measure.when]
    after = f" after step {measure.after:,}" if measure.after else ""
    return f"{described(measure)} {when}{after}"


def _wanted(check: SurfaceCheck | MinimumCheck) -> str:
    if check.equals is None:
        return str(check.condition)
    return f"equals {check.equals}{f' within {check.within:g}' if check.within else ''}"


def _changes(changes: Mapping[str, Any]) -> str:
    """What is different in another run."""
    parts = []
    for name, value in changes.items():
        if name == "optimizer":
            settings = {setting: number for setting, number in value.items() if setting != "name"}
            parts.append(f"{value['name']}({_settings(settings)})")
        elif isinstance(value, dict):
            parts += [f"{name} {k} = {_plain(v)}" for k, v in value.items()]
        else:
            parts.append(f"{name.replace('_', ' ')} = {_plain(value)}")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    return written_out(value) if isinstance(value, float) else str(value)


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def symbol(check: Check) -> str:
    """What the number of a run's check is, in a word or a few.

    Examples
    --------
    >>> from compare.claims.values import Condition
    >>> symbol(TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.5), distance_to=1.0))
    '|w - 1|'
    """
    if isinstance(check, ComparisonCheck):
        return f"difference in {symbol(check.measure)}"
    return described(check) if isinstance(check, TrajectoryCheck) else "steps"


def measured(check: Check, number: float) -> str:
    """The number of a run's check, and what it is.

    Examples
    --------
    >>> from compare.claims.values import Condition
    >>> below = TrajectoryCheck(quantity="w", when="ever", condition=Condition(below=0.0))
    >>> measured(below, -0.5), measured(StepsCheck(until=below, condition=Condition(below=9.0)), 7.0)
    ('w = -0.5', '7 steps')
    """
    if isinstance(check, StepsCheck):
        return counted(int(number), "step") if math.isfinite(number) else "no step reaches it"
    name = symbol(check)
    return f"{name} {equals(name)} {shown(number)}"


def label(measure: TrajectoryCheck) -> str:
    """The numbers along a run that a check is of, as a picture names them."""
    return described(measure)
