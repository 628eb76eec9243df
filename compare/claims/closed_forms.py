"""Boundaries that have a formula.

Without biases, plain SGD and momentum are linear recurrences on either side of w = 0. Where
the gradient there is curvature * w (ReLU on the wrong side), w reaches 0 in a finite number
of steps just when it overshoots, or when the eigenvalues are not real (see
`exact.has_real_positive_modes`). With a = lr curvature, in a run of any length:

    plain SGD      w crosses 0      if  a > 1
    heavy ball     w crosses 0      if  mu > (1 - sqrt(a))^2
    Nesterov       w crosses 0      if  mu > (1 - sqrt(a)) / (1 + sqrt(a))

In a run of a given length the boundary is on the crossing side of these, by as much as it
takes for the slow rotation to get there in time.
"""

import math
from collections.abc import Callable, Sequence

from compare.claims.expected import half_lines
from compare.claims.runs import RunCheck
from compare.claims.values import Comparison, StepsCheck
from reference import SGD, Experiment

__all__ = ["closed_form"]


def closed_form(checks: Sequence[RunCheck], experiment: Experiment, setting: str) -> tuple[str, float] | None:
    """Formula and value of the boundary between w staying on its side of 0 and crossing it.

    Parameters
    ----------
    checks : sequence of RunCheck
        All of w.
    experiment : Experiment
    setting : str

    Returns
    -------
    tuple of str and float, or None
        None where no formula is known.

    Examples
    --------
    >>> text, value = closed_form((), Experiment(optimizer=SGD(momentum=0.5)), "momentum")
    >>> text, round(value, 12)
    ('(1 - sqrt(learning_rate))^2', 0.81)
    """
    optimizer, curvature = experiment.optimizer, _homogeneous_curvature(experiment)
    if type(optimizer) is not SGD or curvature is None or not all(_is_of_w(check) for check in checks):
        return None
    known: dict[str, Callable[[SGD, float], tuple[str, float] | None]] = {
        "momentum": _momentum,
        "learning_rate": _learning_rate,
        "initial.w": lambda _optimizer, _curvature: ("0, as there is no scale below it", 0.0),
    }
    return known[setting](optimizer, curvature) if setting in known else None


def _is_of_w(check: RunCheck) -> bool:
    inner = check.measure if isinstance(check, Comparison) else check
    return (inner.until if isinstance(inner, StepsCheck) else inner).quantity == "w"


def _homogeneous_curvature(experiment: Experiment) -> float | None:
    lines = half_lines(experiment)
    if lines is None or experiment.initial.w == 0:
        return None
    if experiment.initial.w < 0:
        return lines.left_curvature if lines.left_pull == 0 else None
    return lines.right_curvature if lines.right_pull == 0 else None


def _momentum(optimizer: SGD, curvature: float) -> tuple[str, float] | None:
    a = optimizer.learning_rate * curvature
    if not 0 < a < 1:
        return None
    root = math.sqrt(a)
    rate = "learning_rate" if curvature == 1 else f"{curvature:g} learning_rate"
    if optimizer.nesterov:
        return f"(1 - sqrt({rate})) / (1 + sqrt({rate}))", (1 - root) / (1 + root)
    return f"(1 - sqrt({rate}))^2", (1 - root) ** 2


def _learning_rate(optimizer: SGD, curvature: float) -> tuple[str, float] | None:
    over = "" if curvature == 1 else f" / {curvature:g}"
    mu = optimizer.momentum
    if mu == 0:
        return f"1{over}", 1 / curvature
    if optimizer.nesterov:
        return f"((1 - momentum) / (1 + momentum))^2{over}", ((1 - mu) / (1 + mu)) ** 2 / curvature
    return f"(1 - sqrt(momentum))^2{over}", (1 - math.sqrt(mu)) ** 2 / curvature
