"""What an audit writes of each run: its trajectory in full precision, and its entry in results.json."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from compare.certificates.certificate import Certificate, Worst
from compare.question.audit import Finding
from reference import Parameters, Trajectory

__all__ = ["experiment_entry", "write_trajectory"]


def write_trajectory(path: Path, trajectory: Trajectory) -> None:
    """Write a run as CSV, one row per state, in full precision.

    Columns: step, the trained parameters, then loss and gradient of the batch seen from
    that state and the optimizer's slots. The last state has seen no batch: its loss and
    gradient are empty.
    """
    trained = trajectory.experiment.trainable
    columns: dict[str, np.ndarray] = {name: getattr(trajectory.parameters, name) for name in trained}
    columns["loss"] = trajectory.loss
    columns |= {f"gradient.{name}": getattr(trajectory.gradient, name) for name in trained}
    columns |= {f"{slot}.{name}": getattr(group, name) for slot, group in trajectory.slots.items() for name in trained}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", *columns])
        texts = [_exact_texts(column) for column in columns.values()]
        states = len(next(iter(columns.values())))
        for step in range(states):
            writer.writerow([step, *(text[step] if step < len(text) else "" for text in texts)])


def _exact_texts(column: np.ndarray) -> list[str]:
    """Shortest decimals that read back as the same float of the column's dtype."""
    return [str(number) for number in (column if column.dtype == np.float32 else column.tolist())]


def experiment_entry(finding: Finding) -> dict[str, Any]:
    """One entry of "experiments" in results.json."""
    certificate, experiment = finding.certificate, finding.case.experiment
    return {
        "id": finding.case.id,
        "setting": finding.case.setting,
        "agrees": None if certificate is None else certificate.agrees,
        "worst": None if certificate is None else certificate.worst,
        "end": _by_name(finding.trajectory.end, experiment.trainable),
        "expected_loss": finding.expected_loss,
        "diverged_at": finding.trajectory.diverged_at,
        "certificate": None if certificate is None else _certificate_entry(certificate),
    }


def _certificate_entry(certificate: Certificate) -> dict[str, Any]:
    disagreement, exact = certificate.first_disagreement, certificate.exact
    return {
        "mode": certificate.mode,
        "lockstep": _worsts(certificate.lockstep),
        "free_run": _worsts(certificate.free_run),
        "bits": _worsts(certificate.bits),
        "exact": {"steps": exact.steps, "compared": exact.compared, "stopped": exact.stopped},
        "forks": {"count": certificate.fork_count, "first": [fork._asdict() for fork in certificate.forks[:3]]},
        "subnormals": certificate.subnormals._asdict(),
        "start": _worsts(certificate.start),
        "record": _worsts(certificate.record),
        "drawing": None if certificate.drawing is None else {"compared": certificate.drawing.compared},
        "twins": [
            {"name": twin.name, "agrees": twin.agrees, "worst": twin.worst, "compared": twin.compared}
            for twin in certificate.twins
        ],
        "compared": dict(certificate.compared),
        "power": dict(certificate.power),
        "not_exercised": certificate.remedies,
        "not_compared": None if certificate.not_compared is None else certificate.not_compared._asdict(),
        "steps_compared": certificate.steps_compared,
        "vacuous_from": certificate.vacuous_from,
        "first_disagreement": None if disagreement is None else disagreement._asdict(),
    }


def _worsts(lane: Mapping[str, Worst]) -> dict[str, Any]:
    return {quantity: worst._asdict() for quantity, worst in lane.items()}


def _by_name(parameters: Parameters, names: Iterable[str]) -> dict[str, float]:
    return {name: float(getattr(parameters, name)) for name in names}
