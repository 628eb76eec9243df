"""Boundaries in closed form.

Without biases, plain SGD and momentum are linear recurrences on either side of w = 0. Where
the gradient there is curvature * w (ReLU on the wrong side), w reaches 0 in a finite number
of steps just when it overshoots, or when the eigenvalues are not real (see
`float_descent.has_real_positive_modes`). With a = lr curvature, in a run of any length:

    plain SGD      w crosses 0      if  a > 1
    heavy ball     w crosses 0      if  mu > (1 - sqrt(a))^2
    Nesterov       w crosses 0      if  mu > (1 - sqrt(a)) / (1 + sqrt(a))

In a run of a given length the boundary is on the crossing side of these, by as much as it
takes for the slow rotation to get there in time. Complex eigenvalues r exp(+-i theta) turn
by theta a step, so that crossing takes about pi / theta steps, and their sum and product
give theta:

    heavy ball     cos(theta) = (1 + mu - a) / (2 sqrt(mu))
    Nesterov       cos(theta) = (1 + mu) sqrt(1 - a) / (2 sqrt(mu))

Solved for the setting at theta = 2 pi / steps they say how far that goes: up to there a
run crosses 0 in its second half, if at all, and it is its length that decides. A boundary
that was found nearer to the formula than that, up to what it was narrowed down to, is the
formula's own. One farther away is another: a run that crosses early and then diverges, say,
or is too slow to settle.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from compare.claims.values import StepsCheck
from compare.claims.witnesses.descent.parabolas import half_lines
from compare.claims.witnesses.paths.statements import RunCheck, measure_of
from reference import SGD, Experiment

__all__ = ["ClosedForm", "closed_form"]


class ClosedForm(NamedTuple):
    """The boundary between w staying on its side of 0 and crossing it."""

    formula: str
    value: float  # in a run of any length
    late: float  # where crossing takes half of the run; at least `value`

    def is_between(self, low: float, high: float) -> bool:
        """Whether this is the boundary that was found between two values."""
        return low <= self.late and self.value <= high


def closed_form(checks: Sequence[RunCheck], experiment: Experiment, setting: str) -> ClosedForm | None:
    """Formula and value of the boundary between w staying on its side of 0 and crossing it; None if none is known.

    It is of checks of w in all of the run: what is asked of a certain step, or of a number
    of steps, does not flip elsewhere for a longer run.

    Examples
    --------
    >>> form = closed_form((), Experiment(optimizer=SGD(momentum=0.5)), "momentum")
    >>> form.formula, round(form.value, 12), round(form.late, 5)
    ('(1 - sqrt(learning_rate))^2', 0.81, 0.81008)
    """
    optimizer, curvature = experiment.optimizer, _homogeneous_curvature(experiment)
    if type(optimizer) is not SGD or curvature is None or not all(_is_of_w_in_the_whole_run(check) for check in checks):
        return None
    known: dict[str, Callable[[SGD, float, float], ClosedForm | None]] = {
        "momentum": _momentum,
        "learning_rate": _learning_rate,
        "initial.w": lambda _optimizer, _curvature, _theta: ClosedForm("0, as there is no scale below it", 0.0, 0.0),
    }
    theta = min(2 * math.pi / experiment.steps, math.pi)
    return known[setting](optimizer, curvature, theta) if setting in known else None


def _is_of_w_in_the_whole_run(check: RunCheck) -> bool:
    inner = measure_of(check)
    return not isinstance(inner, StepsCheck) and inner.quantity == "w" and not isinstance(inner.when, int)


def _homogeneous_curvature(experiment: Experiment) -> float | None:
    """The curvature on the side of the start, if the gradient there is curvature * w and not always 0."""
    lines, start = half_lines(experiment), experiment.initial.w
    if lines is None or start == 0:
        return None
    pull = lines.left_pull if start < 0 else lines.right_pull
    return lines.curvature if pull == 0 and lines.curvature > 0 else None


def _momentum(optimizer: SGD, curvature: float, theta: float) -> ClosedForm | None:
    a = optimizer.learning_rate * curvature
    if not 0 < a < 1:
        return None
    root = math.sqrt(a)
    rate = "learning_rate" if curvature == 1 else f"{curvature:g} learning_rate"
    if optimizer.nesterov:
        value, late = (1 - root) / (1 + root), _nesterov_momentum(a, theta)
        return ClosedForm(f"(1 - sqrt({rate})) / (1 + sqrt({rate}))", value, max(value, late))
    value, late = (1 - root) ** 2, _heavy_ball_momentum(a, theta)
    return ClosedForm(f"(1 - sqrt({rate}))^2", value, max(value, late))


def _heavy_ball_momentum(a: float, theta: float) -> float:
    """The smallest mu that turns by theta a step: mu - 2 sqrt(mu) cos(theta) + 1 - a = 0; 1 where none does."""
    cosine, left = math.cos(theta), a - math.sin(theta) ** 2
    return (cosine - math.sqrt(left)) ** 2 if cosine > 0 <= left else 1.0


def _nesterov_momentum(a: float, theta: float) -> float:
    """The smallest mu that turns by theta a step: mu - 2 k sqrt(mu) + 1 = 0 with k = cos(theta) / sqrt(1 - a)."""
    k = math.cos(theta) / math.sqrt(1 - a)
    return (k - math.sqrt(k * k - 1)) ** 2 if k >= 1 else 1.0


def _learning_rate(optimizer: SGD, curvature: float, theta: float) -> ClosedForm | None:
    over = "" if curvature == 1 else f" / {curvature:g}"
    mu, cosine = optimizer.momentum, math.cos(theta)
    if mu == 0:
        return ClosedForm(f"1{over}", 1 / curvature, 1 / curvature)
    if optimizer.nesterov:
        value, late = ((1 - mu) / (1 + mu)) ** 2, 1 - 4 * mu * (max(cosine, 0.0) / (1 + mu)) ** 2
        return ClosedForm(f"((1 - momentum) / (1 + momentum))^2{over}", value / curvature, max(value, late) / curvature)
    value, late = (1 - math.sqrt(mu)) ** 2, 1 + mu - 2 * math.sqrt(mu) * cosine
    return ClosedForm(f"(1 - sqrt(momentum))^2{over}", value / curvature, max(value, late) / curvature)
