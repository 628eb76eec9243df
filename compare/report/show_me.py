"""Where a figure of the page shows what a claim's verdict was decided by: its address, as script/address.js reads it.

A figure follows the expected dynamics of a few settings. What it cannot be set to has no address.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from compare.claims import Boundary, Claim
from compare.claims.settings import changed, has_no_bias, optimizer_numbers
from compare.claims.values import SurfaceCheck
from compare.claims.witnesses.paths.statements import run_checks
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target

__all__ = ["address_of", "address_of_change", "beyond"]

FARTHEST_START, FARTHEST_WITH_BIAS = 12.0, 20.0
STEPS = (60, 20_000)
RATES, SECONDS, SLOPES = (0.001, 3.0), (0.0, 0.999), (-1.5, 1.5)
RATES_WITH_BIAS, MOMENTA_WITH_BIAS, SLOPES_WITH_BIAS = (0.001, 2.0), (0.0, 0.99), (0.0, 1.0)
SLOPES_OF_VOTES = (-1.0, 1.0)
DIGITS = 3  # of a value that is put into a figure
FINE = 1000  # parts of a range, the least of which a figure can still show
OTHERS = Parameters(w=0.0, b=0.0, v=1.0, d=0.0)  # what is not trained


def address_of(claim: Claim) -> str | None:
    """The part of the page's address, from # on, that puts a figure where a claim was decided.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    str or None
        None if no figure can be put there.

    Examples
    --------
    >>> claim = Claim(id="a", says="", source="", experiment=Experiment())
    >>> address_of(claim) is None  # as nothing of a run is checked
    True
    >>> from compare.claims.values import Condition, TrajectoryCheck
    >>> check = TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.0))
    >>> address_of(replace(claim, checks=(check,)))
    '#figure=reach&w=-10&optimizer=SGD&rate=0.01&second=0&slope=0&steps=2000'
    """
    if run_checks(claim):
        return _of_run(claim.experiment)
    for check in claim.checks:
        if isinstance(check, SurfaceCheck):
            return _of_point(check, claim.experiment)
    return None


def address_of_change(claim: Claim, boundary: Boundary) -> str | None:
    """`address_of` a claim with a value of a setting just beyond where its verdict changes.

    Examples
    --------
    >>> from compare.claims.values import Condition, TrajectoryCheck
    >>> check = TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.0))
    >>> claim = Claim(id="a", says="", source="", experiment=Experiment(), checks=(check,))
    >>> flip = {"value": 0.81, "bracket": (0.81, 0.81), "stated": 0.0, "range": (0.0, 0.99)}
    >>> address_of_change(claim, Boundary(setting="momentum", below=False, above=True, **flip))
    '#figure=reach&w=-10&optimizer=SGD&rate=0.01&second=0.81&slope=0&steps=2000'
    """
    if not run_checks(claim):
        return None
    try:
        if boundary.setting == "steps":
            there = replace(claim.experiment, steps=int(beyond(boundary)[0]))
        else:
            there = changed(claim.experiment, boundary.setting, beyond(boundary)[0])
    except (AttributeError, TypeError, ValueError):  # not a setting of its own, such as the derivative at 0
        return None
    before, after = _of_run(claim.experiment), _of_run(there)
    return after if after != before else None


def beyond(boundary: Boundary) -> tuple[float, bool]:
    """A value in few digits on the side of a change that is not the claim's own, and whether the claim is true there.

    Examples
    --------
    >>> flip = {"setting": "momentum", "value": 0.81002, "bracket": (0.81001, 0.81002), "range": (0.0, 0.99)}
    >>> beyond(Boundary(below=True, above=False, stated=0.9, **flip))
    (0.81, True)
    >>> beyond(Boundary(below=True, above=False, stated=0.5, **flip))
    (0.811, False)
    """
    up = boundary.stated <= boundary.value
    if boundary.setting in ("steps", "batch_size"):
        return (boundary.value, boundary.above) if up else (boundary.bracket[0], boundary.below)
    (low, high), end = boundary.range, boundary.bracket[1 if up else 0]
    least = math.floor(math.log10((high - low) / FINE))
    by_digits = math.floor(math.log10(abs(end))) - DIGITS + 1 if end else least
    powers = [by_digits] if abs(end) >= (high - low) / FINE else [least, by_digits]
    exact, outwards = Decimal(repr(float(end))), ROUND_CEILING if up else ROUND_FLOOR
    rounded = (exact.quantize(Decimal((0, (1,), power)), outwards) for power in powers)
    value = next((float(number) for number in rounded if low <= number <= high), float(end))
    return value, boundary.above if up else boundary.below


def _of_run(experiment: Experiment) -> str | None:
    if experiment.target != Target() or not _is_within(experiment.steps, STEPS) or not _is_held(experiment):
        return None
    if has_no_bias(experiment):
        return _of_weight(experiment)
    return _of_weight_and_bias(experiment) if experiment.trainable == ("w", "b") else None


def _of_weight(experiment: Experiment) -> str | None:
    w, rate, slope = float(experiment.initial.w), experiment.optimizer.learning_rate, experiment.negative_slope
    chosen = _in_menu(experiment)
    if chosen is None:
        return None
    name, second = chosen
    shown = abs(w) <= FARTHEST_START and _is_within(rate, RATES) and _is_within(slope, SLOPES)
    if not shown or not _is_within(second, SECONDS):
        return None
    values: dict[str, float | str] = {
        "w": w,
        "optimizer": name,
        "rate": rate,
        "second": second,
        "slope": slope,
        "steps": experiment.steps,
    }
    return _address("reach", values)


def _of_weight_and_bias(experiment: Experiment) -> str | None:
    optimizer, slope = experiment.optimizer, experiment.negative_slope
    if not isinstance(optimizer, SGD) or optimizer.nesterov:
        return None
    rate, momentum = optimizer.learning_rate, float(np.asarray(optimizer.momentum))
    shown = _is_within(rate, RATES_WITH_BIAS) and _is_within(momentum, MOMENTA_WITH_BIAS)
    if not shown or not _is_within(slope, SLOPES_WITH_BIAS):
        return None
    w, b = (float(np.asarray(p)) for p in experiment.initial[:2])
    if max(abs(w), abs(b)) > FARTHEST_WITH_BIAS:
        return None
    values = {"w": w, "b": b, "slope": slope, "rate": rate, "momentum": momentum, "steps": experiment.steps}
    return _address("deaths", values)


def _of_point(check: SurfaceCheck, experiment: Experiment) -> str | None:
    point = check.points[0]
    if set(point) != {"w"} or experiment.target != Target() or not _is_held(experiment):
        return None
    w, slope = point["w"], experiment.negative_slope
    shown = abs(w) <= FARTHEST_START and _is_within(slope, SLOPES_OF_VOTES)
    return _address("votes", {"w": w, "slope": slope}) if shown else None


def _is_within(value: float, ends: tuple[float, float]) -> bool:
    return ends[0] <= value <= ends[1]


def _is_held(experiment: Experiment) -> bool:
    """Whether the parameters that are not trained are those of a neuron without output weight and biases."""
    start = experiment.initial
    return all(
        name in experiment.trainable or bool(np.all(getattr(start, name) == getattr(OTHERS, name)))
        for name in ("b", "v", "d")
    ) and not {"v", "d"} & set(experiment.trainable)


def _in_menu(experiment: Experiment) -> tuple[str, float] | None:
    """Its name in the figure's menu and its second setting; None where the other settings are not the usual ones."""
    optimizer = experiment.optimizer
    kind = type(optimizer)
    if isinstance(optimizer, SGD):
        name, second = "Nesterov" if optimizer.nesterov else "SGD", "momentum"
        usual: Mapping[str, float] = optimizer_numbers(SGD())
    elif isinstance(optimizer, RMSprop):
        name, second, usual = "RMSprop", "momentum", optimizer_numbers(RMSprop())
        if optimizer.centered:
            return None
    elif isinstance(optimizer, Adam):
        amsgrad_of_another_kind = optimizer.amsgrad and kind is not Adam
        if amsgrad_of_another_kind or kind not in (Adam, AdamW):
            return None
        name, second = "AMSGrad" if optimizer.amsgrad else kind.__name__, "beta_1"
        usual = optimizer_numbers(kind())
    else:
        return None
    numbers = optimizer_numbers(optimizer)
    if any(numbers[setting] != usual[setting] for setting in usual.keys() - {"learning_rate", second}):
        return None
    return name, numbers[second]


def _address(figure: str, values: Mapping[str, float | str]) -> str:
    return "&".join((f"#figure={figure}", *(f"{name}={_number(value)}" for name, value in values.items())))


def _number(value: float | str) -> str:
    """A number as it is written most shortly, a whole one without a point."""
    if isinstance(value, str):
        return value
    value = float(value)
    return str(int(value)) if value == int(value) else repr(value)
