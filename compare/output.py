"""The files of an audit: numbers in full precision, and what they were computed with.

Same inputs give the same bytes, `environment.json` excepted.
"""

import csv
import json
import math
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from compare.audit import Finding
from compare.certificate import Certificate, Worst
from compare.folders import AUDIT
from compare.terminal import readable
from compare.versions import version_of
from reference import Parameters, Trajectory

__all__ = ["as_json", "environment", "experiment_entry", "write_json", "write_page", "write_trajectory"]


def as_json(value: Any) -> bytes:
    r"""A value as JSON, sorted as given, numbers in full precision, NaN and infinities as null.

    Examples
    --------
    >>> as_json({"w": [0.1, float("nan")], "file": "caf\xe9-\udcff"})
    b'{\n "w": [\n  0.1,\n  null\n ],\n "file": "caf\xc3\xa9-\\udcff"\n}\n'
    """
    text = json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a file name may hold half a character, which JSON has so


def write_json(path: Path, value: Any) -> None:
    """Write a value `as_json`."""
    path.write_bytes(as_json(value))


def write_page(path: Path, page: str) -> None:
    """Write a page of HTML, in which no control character is left."""
    path.write_bytes(readable(page).encode("utf-8"))


def _plain(value: Any) -> Any:
    """What JSON can hold: NumPy's numbers as Python's, what is not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


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


def environment(arguments: list[str], *, seed: int, dtype: str, keras: bool, written_by: str = AUDIT) -> dict[str, Any]:
    """Who writes this, and versions, processor, seeds and flags of this run."""
    packages = ["neuron-audit", "numpy", "scipy", "matplotlib", *(["keras", "tensorflow"] if keras else [])]
    return {
        "written_by": written_by,
        "schema": 1,
        "arguments": arguments,
        "seed": seed,
        "dtype": dtype,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {name: version_of(name) for name in packages},
        "keras_backend": "tensorflow" if keras else None,
        "flags": {name: os.environ[name] for name in sorted(os.environ) if _is_flag(name)},
    }


def _is_flag(name: str) -> bool:
    """Whether an environment variable is TensorFlow's, Keras' or XLA's; Terraform shares a prefix with the first."""
    return name.startswith(("TF_", "KERAS_", "XLA_")) and not name.startswith(("TF_CLI_", "TF_VAR_"))


def _processor() -> str:
    """Name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
