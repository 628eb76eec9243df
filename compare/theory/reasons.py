"""Why a run counts as learned, on its way, stuck, dead or diverged: a phrase with its own numbers."""

import numpy as np

from compare.surface import CriticalPoint, activation_probability
from compare.surface.basins import RESOLUTION
from compare.theory.outcomes import NAMES, outcomes_of
from reference import Parameters, Trajectory

__all__ = ["active_share", "reason"]


def reason(run: Trajectory, *, resolution: float = RESOLUTION) -> str:
    """Say why a single run has its outcome.

    Examples
    --------
    >>> from reference import Experiment, train
    >>> reason(train(Experiment(initial=Parameters(w=3.0))))
    'at w = 1, the minimum'
    >>> reason(train(Experiment(initial=Parameters(w=0.0625, b=-3.0), trainable=("w", "b"), steps=1)))
    'active on no input'
    """
    found = outcomes_of(run, resolution=resolution)
    outcome = NAMES[int(found.outcome)]
    end = Parameters(*(float(p) for p in run.end))
    if outcome == "diverged":
        when = "" if run.diverged_at is None else f" after {run.diverged_at:,} step{'s' * (run.diverged_at != 1)}"
        return f"not finite{when}"
    shown = _digits if outcome == "stuck" else _short
    where = "at " + ", ".join(f"{name} = {shown(getattr(end, name))}" for name in run.experiment.trainable)
    if outcome == "dead":
        return f"active on {active_share(end)}"
    if outcome == "on its way":
        return _why_moving(run, end, where, found.point.item(), [point for point, _ in found.points], found.loss.item())
    point, _ = found.points[found.point.item()]
    if outcome == "learned":
        return where + (f", the minimum, loss {_digits(point.loss)}" if point.loss else ", the minimum")
    return where + _why_stuck(point, end, found.points[0][0].loss)


def active_share(neuron: Parameters) -> str:
    """On which share of inputs a neuron is active, as a phrase.

    Examples
    --------
    >>> active_share(Parameters(w=-1.0, b=-2.65)), active_share(Parameters(w=0.1, b=-3.0))
    ('0.4 % of inputs', 'no input')
    """
    percent = 100 * float(activation_probability(neuron))
    if percent < 1e-9:
        return "no input"
    return f"{percent:.1g} % of inputs" if percent < 1 else f"{percent:.3g} % of inputs"


def _why_moving(
    run: Trajectory, end: Parameters, where: str, point: int, points: list[CriticalPoint], loss: float
) -> str:
    if point >= 0:
        return f"{where}, near a {points[point].kind}"
    is_silent_kind = any(p.kind == "dead set" for p in points)
    if is_silent_kind and run.experiment.negative_slope == 0 and activation_probability(end) <= RESOLUTION:
        return f"active on {active_share(end)}, which bring it back"
    steps = run.experiment.steps
    return f"still moving after {steps:,} step{'s' * (steps != 1)}, expected loss {_digits(loss)}"


def _why_stuck(point: CriticalPoint, end: Parameters, least: float) -> str:
    if point.kind == "minimum at infinity":
        return ", almost a straight line, which it becomes at infinity"
    if point.kind == "one-sided stationary":
        side = "left" if end.w < 0 or (end.w == 0 and np.signbit(end.w)) else "right"
        return f", where the slope {side} of 0 is gone"
    if point.kind == "global minimum":
        return f", where its loss, {_digits(point.loss)}, is no less than that of a straight line"
    return f", a local minimum: loss {_digits(point.loss)}, the least is {_digits(least)}"


def _short(value: float) -> str:
    """Three decimals, zero without a minus sign."""
    return f"{round(float(value), 3) + 0.0:g}"


def _digits(value: float) -> str:
    """Three digits, which say how near to 0 a number is."""
    return f"{float(value):.3g}"
