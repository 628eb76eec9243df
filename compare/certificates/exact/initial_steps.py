"""The exact lane of any experiment: its first steps, as far as nothing needs rounding, often none at all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.certificates.completion import Completed
from compare.certificates.differences import Disagreement
from compare.certificates.exact.cases import ExactCase
from compare.certificates.exact.comparison import SAMPLEWISE, compare_exactly
from compare.certificates.exact.rational import ExactRun, Rounded, exact_run
from compare.certificates.quantities import group_of, recorded
from reference import Experiment, Trajectory

__all__ = ["ExactLane", "compare_initial_steps", "nothing_exact"]

SAMPLES = 4096  # that differ, of any run; rational arithmetic takes some microseconds a sample


class ExactLane(NamedTuple):
    """What the exact lane found in the first steps of a run: how many it could compare, and why not more."""

    steps: int
    compared: int  # values of both sides
    stopped: str
    first_disagreement: Disagreement | None
    bounds: Mapping[str, np.ndarray]  # by quantity and step: 0, or of a mean what its division is rounded by, or inf


def nothing_exact(why: str) -> ExactLane:
    """The lane of a run that it is not for."""
    return ExactLane(0, 0, why, None, MappingProxyType({}))


def compare_initial_steps(
    experiment: Experiment,
    completed: Completed,
    ours: Trajectory,
    subject: str = "Keras",
    prefix: str = "",
    *,
    signs: bool = True,
) -> ExactLane:
    """Compare the subject's record of the first block of steps, and the reference's run, with the oracle.

    `prefix` goes before the lane's name; `signs` is about zeros, and of the subject.
    """
    record = completed.record
    observed = {"y_pred": record.y_pred, **recorded(record)}
    shown = {q: values for q, values in observed.items() if group_of(q) not in completed.unknown}
    run = exact_run(experiment, record.x, record.y, most=SAMPLES)
    stopped = run.stopped or ("" if len(record.x) == experiment.steps else "the next block is not looked at")
    case = ExactCase("this run", "", experiment, record.x, record.y)
    results = {
        subject: compare_exactly(case, shown, subject, run, signs=signs),
        "reference": compare_exactly(case, recorded(ours), "the reference", run),
    }
    found = [
        Disagreement(
            f"{prefix}exact: {side}", d.step, d.quantity, d.observed, float(d.exact), 0.0, d.sample, subject=subject
        )
        for side, result in results.items()
        for d in result.disagreements.values()
    ]
    return ExactLane(
        steps=len(run.steps),
        compared=sum(result.compared for result in results.values()),
        stopped=stopped,
        first_disagreement=min(found, key=lambda d: d.step, default=None),
        bounds=MappingProxyType(_bounds(run)),
    )


def _bounds(run: ExactRun) -> dict[str, np.ndarray]:
    """Bounds by quantity, of shape (steps,), for what is no single sample: 0 or a radius, infinite if not compared."""
    found: dict[str, np.ndarray] = {}
    for step, quantities in enumerate(run.steps):
        for quantity, values in quantities.items():
            if quantity not in SAMPLEWISE:
                radius = values[0].radius if isinstance(values[0], Rounded) else 0.0
                found.setdefault(quantity, np.full(len(run.steps), np.inf))[step] = radius
    return found
