"""The exact lane of any experiment: as far as nothing needs rounding, often not at all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.certificates.differences import Disagreement
from compare.certificates.exact.cases import ExactCase
from compare.certificates.exact.lane import SAMPLEWISE, compare_exactly, of_record, of_trajectory
from compare.certificates.rational import ExactRun, Rounded, exact_run
from reference import Experiment, Trajectory

__all__ = ["ExactLane", "certify_exactly"]

SAMPLES = 4096  # that differ, of any run; rational arithmetic takes some microseconds a sample


class ExactLane(NamedTuple):
    """The exact lane of any experiment: as far as nothing needs rounding, often not at all.

    Parameters
    ----------
    steps : int
        Steps of which something could be compared.
    compared : int
        Values of both sides compared with ``==``.
    stopped : str
        Why there are no more steps.
    first_disagreement : Disagreement or None
    bounds : mapping of str to ndarray of shape (steps,)
        By quantity, what a value may differ by from the rational one: 0, or what the
        division of a mean is rounded by; infinite where it was not compared.
    """

    steps: int
    compared: int
    stopped: str
    first_disagreement: Disagreement | None
    bounds: Mapping[str, np.ndarray]


def certify_exactly(experiment: Experiment, record: Any, ours: Trajectory, prefix: str = "") -> ExactLane:
    """Compare the beginning of a run of both sides with the oracle.

    Parameters
    ----------
    experiment : Experiment
    record : keras_impl.Record
        Of the first block of steps.
    ours : Trajectory
        The reference's.
    prefix : str
        Of the lane's name.

    Returns
    -------
    ExactLane
    """
    run = exact_run(experiment, record.x, record.y, most=SAMPLES)
    stopped = run.stopped or ("" if len(record.x) == experiment.steps else "the next block is not looked at")
    case = ExactCase("this run", "", experiment, record.x, record.y)
    results = {
        "Keras": compare_exactly(case, of_record(record), "Keras", run),
        "reference": compare_exactly(case, of_trajectory(ours), "the reference", run),
    }
    found = [
        Disagreement(f"{prefix}exact: {side}", d.step, d.quantity, d.observed, float(d.exact), 0.0, d.sample)
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
    """What was compared, but for samples, and how narrowly."""
    found: dict[str, np.ndarray] = {}
    for step, quantities in enumerate(run.steps):
        for quantity, values in quantities.items():
            if quantity not in SAMPLEWISE:
                radius = values[0].radius if isinstance(values[0], Rounded) else 0.0
                found.setdefault(quantity, np.full(len(run.steps), np.inf))[step] = radius
    return found
