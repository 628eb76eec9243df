"""What the page's script is given: the question's run, batches of few inputs, and the recorded runs."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from compare.question.audit import Finding
from compare.report.numbers import plain
from compare.system.output import shortest_texts
from compare.theory.outcomes import outcome_of
from reference import SGD, Experiment, draw_batches

__all__ = ["as_json", "kind_of", "script_data", "title_of"]

EVERY_STEP_UNTIL = 100  # where the optimizers differ most
THEN_EVERY = 10
FEW = Experiment(batch_size=40, steps=50, dtype="float64")  # inputs that can be shown one by one
KINDS = {"on its way": "way"}  # what the style calls outcomes, where it is another word


def script_data(findings: Iterable[Finding]) -> dict[str, Any]:
    """What the script needs.

    ``runs`` are those that train w alone and stay finite, thinned to every step at first and
    every tenth later; ``batches`` are the first ones of few inputs that the reference draws.

    Examples
    --------
    >>> data = script_data([])
    >>> data["question"]
    {'w': -10.0, 'rate': 0.01, 'steps': 2000, 'batchSize': 1000}
    >>> len(data["batches"]), len(data["batches"][0]), data["runs"]
    (50, 40, [])
    """
    question = Experiment()
    assert isinstance(question.optimizer, SGD)
    return {
        "question": {
            "w": question.initial.w,
            "rate": question.optimizer.learning_rate,
            "steps": question.steps,
            "batchSize": question.batch_size,
        },
        "batches": draw_batches(FEW)[0].tolist(),
        "runs": [_run(finding) for finding in findings if _is_shown(finding)],
    }


def kind_of(outcome: str) -> str:
    """The class of an outcome in the page's style."""
    return KINDS.get(outcome, outcome)


def title_of(experiment: Experiment) -> str:
    """Say which run it is, in a line.

    Examples
    --------
    >>> title_of(Experiment())
    'ReLU, SGD 0.01, from w = −10'
    >>> title_of(Experiment(negative_slope=0.25, optimizer=SGD(learning_rate=0.5, momentum=0.75)))
    'LeakyReLU 0.25, SGD 0.5, momentum 0.75, from w = −10'
    """
    optimizer = experiment.optimizer
    name = "AMSGrad" if getattr(optimizer, "amsgrad", False) else type(optimizer).__name__
    momentum = getattr(optimizer, "momentum", 0.0)
    parts = [
        f"LeakyReLU {experiment.negative_slope:g}" if experiment.negative_slope else "ReLU",
        f"{name} {optimizer.learning_rate:g}",
        *([f"momentum {momentum:g}"] if momentum else []),
        f"from w = {plain(experiment.initial.w, 6)}",
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


def _is_shown(finding: Finding) -> bool:
    experiment, run = finding.case.experiment, finding.trajectory
    return experiment.trainable == ("w",) and experiment.initial.b == 0 and run.diverged_at is None


def _run(finding: Finding) -> dict[str, Any]:
    experiment, run = finding.case.experiment, finding.trajectory
    last = experiment.steps
    steps = np.unique([*range(min(EVERY_STEP_UNTIL, last)), *range(0, last + 1, THEN_EVERY), last])
    seen = steps[steps < last]  # the last state has seen no batch
    columns = {"w": run.parameters.w[steps], "loss": run.loss[seen], "gradient": run.gradient.w[seen]}
    return {
        "id": finding.case.id,
        "title": title_of(experiment),
        "kind": kind_of(outcome_of(run)),
        "negativeSlope": experiment.negative_slope,
        "steps": steps.tolist(),
        **{name: [float(text) for text in shortest_texts(column)] for name, column in columns.items()},
    }
