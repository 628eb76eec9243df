"""The audit's folder: written whole or not at all, and never over somebody else's files.

Everything is first written to a temporary folder beside the wanted one, which is then
renamed. Where an earlier audit is, the finished entries replace its entries at the end.
Same inputs give the same bytes, `environment.json` excepted.
"""

import csv
import json
import math
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from compare.audit import Finding
from compare.certificate import Certificate, Worst
from compare.command_line import UsageError
from reference import Parameters, Trajectory

__all__ = ["OutputError", "environment", "experiment_entry", "folder", "write_json", "write_trajectory"]

ENVIRONMENT = "environment.json"  # what every audit has, and by which one is known again


class OutputError(UsageError):
    """The folder cannot be used; the message is for the user."""


@contextmanager
def folder(wanted: Path) -> Iterator[Path]:
    """Give a temporary folder to write to, and move it to `wanted` if all went well.

    Parameters
    ----------
    wanted : Path
        A folder that does not exist, is empty, or holds an earlier audit; entries of the
        earlier one that are not written again stay.

    Yields
    ------
    Path

    Raises
    ------
    OutputError
        Before anything is written if `wanted` is something else or cannot be written.
    """
    _require_usable(wanted)
    try:
        beside = wanted if wanted.is_dir() else wanted.parent
        beside.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{wanted.name}-", dir=beside))
    except OSError as error:
        raise OutputError(f"--out {wanted}: cannot be written: {error.strerror}") from None
    try:
        yield temporary
        _move(temporary, wanted)
    except BrokenPipeError:  # it is the terminal's, not the folder's
        raise
    except OSError as error:
        raise OutputError(f"--out {wanted}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _require_usable(wanted: Path) -> None:
    allowed = "a new folder, an empty one, or one written by this command is allowed"
    try:
        if wanted.exists() and not wanted.is_dir():
            raise OutputError(f"--out {wanted}: is a file; {allowed}")
        if wanted.is_dir() and any(wanted.iterdir()) and not (wanted / ENVIRONMENT).is_file():
            raise OutputError(f"--out {wanted}: holds other files; {allowed}")
    except OSError as error:
        raise OutputError(f"--out {wanted}: cannot be read: {error.strerror}") from None


def _move(temporary: Path, wanted: Path) -> None:
    if not wanted.exists():
        temporary.chmod(0o777 & ~_umask())  # mkdtemp makes it private
        temporary.rename(wanted)
        return
    old = Path(tempfile.mkdtemp(prefix=".old-", dir=wanted))
    try:
        for entry in sorted(temporary.iterdir()):
            if (wanted / entry.name).exists():
                (wanted / entry.name).rename(old / entry.name)
            entry.rename(wanted / entry.name)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, sorted as given, numbers in full precision, NaN and infinities as null."""
    path.write_text(json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


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


def environment(arguments: list[str], *, seed: int, dtype: str, keras: bool) -> dict[str, Any]:
    """Versions, processor, seeds and flags of this run."""
    packages = ["neuron-audit", "numpy", "scipy", "matplotlib", *(["keras", "tensorflow"] if keras else [])]
    return {
        "schema": 1,
        "arguments": arguments,
        "seed": seed,
        "dtype": dtype,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {name: metadata.version(name) for name in packages},
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
