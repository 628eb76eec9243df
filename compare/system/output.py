"""Files that commands write: JSON in full precision, pages, and what everything was computed with.

Same inputs give the same bytes, `environment.json` excepted.
"""

import json
import math
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compare.system.folders import AUDIT
from compare.system.streams import readable
from compare.system.versions import version_of

__all__ = ["as_json", "environment", "shortest_texts", "write_json", "write_page"]


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


def shortest_texts(values: np.ndarray) -> list[str]:
    """The shortest decimals that read back as the same floats of the array's dtype.

    Examples
    --------
    >>> shortest_texts(np.array([0.1], np.float32)), shortest_texts(np.array([0.1, 1e-30]))
    (['0.1'], ['0.1', '1e-30'])
    """
    return [str(number) for number in (values if values.dtype == np.float32 else values.tolist())]


def environment(
    arguments: list[str],
    *,
    seed: int,
    dtype: str,
    keras: bool,
    subject: str | None = None,
    packages: Sequence[str] = (),
    written_by: str = AUDIT,
) -> dict[str, Any]:
    """Who writes this, who was under test, and versions, also of further packages, processor, seeds and flags."""
    backend = (os.environ.get("KERAS_BACKEND") or "tensorflow") if keras else None
    names = ["neuron-audit", "numpy", "scipy", "matplotlib", *(["keras", backend] if backend else []), *packages]
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
        "versions": {name: version_of(name) for name in dict.fromkeys(names)},
        "keras_backend": backend,
        "subject": subject,
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
