"""What the page's script is given: the recorded runs, and the numbers it judges paths by."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.surface import expected_loss
from reference import SGD, Experiment, Parameters

if TYPE_CHECKING:
    from compare.question.audit import Finding

__all__ = ["as_json", "loss_to_beat", "script_data", "title_of"]

EVERY_STEP_UNTIL = 100  # where the optimizers differ most
THEN_EVERY = 10


def script_data(findings: "Iterable[Finding]") -> dict[str, Any]:
    """What the script needs, from the findings.

    Parameters
    ----------
    findings : iterable of Finding

    Returns
    -------
    dict
        ``runs``: those that train w alone and stay finite, thinned to every step at first
        and every tenth later; ``lossToBeat``; and the ``question``, where the controls begin.

    Examples
    --------
    >>> script_data([])["question"]
    {'w': -10.0, 'learningRate': 0.01, 'momentum': 0.0, 'negativeSlope': 0.0, 'steps': 2000}
    """
    question = Experiment()
    assert isinstance(question.optimizer, SGD)
    return {
        "question": {
            "w": question.initial.w,
            "learningRate": question.optimizer.learning_rate,
            "momentum": question.optimizer.momentum,
            "negativeSlope": question.negative_slope,
            "steps": question.steps,
        },
        "lossToBeat": loss_to_beat(),
        "runs": [_run(finding) for finding in findings if _is_shown(finding)],
    }


def loss_to_beat() -> float:
    """Least expected loss of a neuron that faces the wrong way or is dead: Var relu(x).

    E y^2 - (E y)^2 with E y from the losses of two constants; why it is the least is told in
    `compare.figures.outcome`, which cannot be imported without matplotlib.

    Examples
    --------
    >>> from math import pi
    >>> round(loss_to_beat() - (1 / 2 - 1 / (2 * pi)), 12) + 0.0
    0.0
    """
    square, above, below = (float(expected_loss(Parameters(w=0.0, d=d))) for d in (0.0, 1.0, -1.0))
    return square - ((below - above) / 4) ** 2


def title_of(experiment: Experiment) -> str:
    """Say which run it is, in a line.

    Examples
    --------
    >>> title_of(Experiment())
    'ReLU, SGD 0.01, from w = -10'
    >>> title_of(Experiment(negative_slope=0.25, optimizer=SGD(learning_rate=0.5, momentum=0.75)))
    'LeakyReLU 0.25, SGD 0.5, momentum 0.75, from w = -10'
    """
    optimizer = experiment.optimizer
    name = "AMSGrad" if getattr(optimizer, "amsgrad", False) else type(optimizer).__name__
    momentum = getattr(optimizer, "momentum", 0.0)
    parts = [
        f"LeakyReLU {experiment.negative_slope:g}" if experiment.negative_slope else "ReLU",
        f"{name} {optimizer.learning_rate:g}",
        *([f"momentum {momentum:g}"] if momentum else []),
        f"from w = {experiment.initial.w:g}",
    ]
    return ", ".join(parts)


def as_json(value: Any) -> str:
    r"""JSON that can stand in a script element, whatever texts it holds.

    Examples
    --------
    >>> as_json({"a": "</script>"})
    '{"a":"\\u003c/script>"}'
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _is_shown(finding: "Finding") -> bool:
    experiment, run = finding.case.experiment, finding.trajectory
    return experiment.trainable == ("w",) and experiment.initial.b == 0 and run.diverged_at is None


def _run(finding: "Finding") -> dict[str, Any]:
    experiment, run = finding.case.experiment, finding.trajectory
    last = experiment.steps
    steps = np.union1d(np.arange(min(EVERY_STEP_UNTIL, last)), np.arange(0, last + 1, THEN_EVERY))
    steps = np.union1d(steps, [last])
    seen = steps[steps < last]  # the last state has seen no batch
    return {
        "id": finding.case.id,
        "title": title_of(experiment),
        "negativeSlope": experiment.negative_slope,
        "steps": steps.tolist(),
        "w": _texts(run.parameters.w[steps]),
        "loss": _texts(run.loss[seen]),
        "gradient": _texts(run.gradient.w[seen]),
    }


def _texts(values: np.ndarray) -> Sequence[float]:
    """Numbers as short as tells them apart in their own dtype."""
    return [float(str(value)) for value in values]
