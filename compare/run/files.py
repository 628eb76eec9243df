"""The files of an audit: trajectories in full precision, results.json, the report, and with what it was computed."""

import argparse
import csv
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from compare.certificates import Certificate
from compare.certificates.differences import Worst
from compare.certificates.readings import spelled
from compare.claims import Verdict
from compare.claims.telling.results import to_json
from compare.question.audit import Finding
from compare.report import kill_table, render
from compare.run.computing import Computed
from compare.system.folders import ENVIRONMENT, with_files
from compare.system.output import environment, shortest_texts, write_json, write_page
from reference import Trajectory

__all__ = ["write_audit", "write_trajectory"]

# What else a subject is made of.
PACKAGES = {"keras": (), "torch": ("torch",), "jax": ("jax", "jaxlib", "optax")}


def write_audit(folder: Path, options: argparse.Namespace, computed: Computed) -> None:
    """Write everything but the pictures; environment.json goes last and lists all the files."""
    findings, verdicts, pictures, shared, curves = computed
    (folder / "trajectories").mkdir()
    for finding in findings:
        write_trajectory(folder / "trajectories" / f"{finding.case.id}.csv", finding.trajectory)
    experiments = [*map(_finding_entry, findings), *_claim_entries(verdicts)]
    results = {"schema": 1, "claims": [to_json(verdict) for verdict in verdicts], "experiments": experiments}
    provenance = environment(
        options.arguments,
        seed=options.seed,
        dtype=options.dtype,
        keras=not options.no_keras,
        subject=_subject_of(findings),
        packages=PACKAGES[options.subject],
    )
    write_json(folder / "results.json", results)
    page = render(
        findings, verdicts, pictures, provenance, shared=shared, curves=curves, defects=kill_table(options.out)
    )
    write_page(folder / "report.html", page)
    write_json(folder / ENVIRONMENT, with_files(provenance, folder))


def _subject_of(findings: Iterable[Finding]) -> str | None:
    """Who made the runs of the question, with its version."""
    return next((found.certificate.subject for found in findings if found.certificate is not None), None)


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
    texts = [shortest_texts(column) for column in columns.values()]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", *columns])
        writer.writerows([step, *row] for step, row in enumerate(zip_longest(*texts, fillvalue="")))


def _finding_entry(finding: Finding) -> dict[str, Any]:
    """The entry of "experiments" in results.json for a run of the question."""
    certificate, end = finding.certificate, finding.trajectory.end
    return {
        "id": finding.case.id,
        "setting": finding.case.setting,
        "agrees": None if certificate is None else certificate.agrees,
        "worst": None if certificate is None else certificate.worst,
        "end": {name: float(getattr(end, name)) for name in finding.case.experiment.trainable},
        "expected_loss": finding.expected_loss,
        "diverged_at": finding.trajectory.diverged_at,
        "departure": None if finding.departure is None else finding.departure._asdict(),
        "certificate": None if certificate is None else _certificate_entry(certificate),
    }


def _certificate_entry(certificate: Certificate) -> dict[str, Any]:
    disagreement, exact = certificate.first_disagreement, certificate.exact
    return {
        "subject": certificate.subject,
        "optimizer": spelled(certificate.experiment.optimizer),
        "mode": certificate.mode,
        "lockstep": _worsts(certificate.lockstep),
        "free_run": _worsts(certificate.free_run),
        "bits": _worsts(certificate.bits),
        "exact": {"steps": exact.steps, "compared": exact.compared, "stopped": exact.stopped},
        "forks": {"count": certificate.fork_count, "first": [fork._asdict() for fork in certificate.forks[:3]]},
        "subnormals": None if certificate.subnormals is None else certificate.subnormals._asdict(),
        "start": _worsts(certificate.start),
        "record": _worsts(certificate.record),
        "drawing": None if certificate.drawing is None else {"compared": certificate.drawing.compared},
        "twins": [
            {"name": twin.name, "agrees": twin.agrees, "worst": twin.worst, "compared": twin.compared}
            for twin in certificate.twins
        ],
        "compared": dict(certificate.compared),
        "unseen": certificate.unseen,
        "power": dict(certificate.power),
        "not_exercised": certificate.remedies,
        "not_compared": None if certificate.not_compared is None else certificate.not_compared._asdict(),
        "steps_compared": certificate.steps_compared,
        "vacuous_from": certificate.vacuous_from,
        "first_disagreement": None if disagreement is None else disagreement._asdict(),
    }


def _worsts(lane: Mapping[str, Worst]) -> dict[str, Any]:
    return {quantity: worst._asdict() for quantity, worst in lane.items()}


def _claim_entries(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """The entries of "experiments" for the runs of claims that Keras certified."""
    entries = []
    for verdict in verdicts:
        keras = verdict.witnesses["keras"]
        if keras is not None and keras.certified is not None:
            word, worst = keras.certified
            entries.append({"id": verdict.claim.id, "agrees": word == "agrees", "worst": worst})
    return entries
