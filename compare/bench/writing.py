"""bench.json and bench.md: what was measured is written, whatever else fails."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from compare.bench.machine import describe, footnotes
from compare.bench.plan import Group, Size
from compare.bench.results import Row
from compare.bench.table import entry, markdown
from compare.system.folders import AUDIT, ENVIRONMENT
from compare.system.output import as_json, write_json

__all__ = ["Measured", "described", "rescued", "timed", "write_measured"]

Measured = list[tuple[Group, list[Row]]]


def write_measured(
    folder: Path, size: Size, rounds: int, measured: Measured, arguments: list[str], *, alone: bool
) -> list[str]:
    """Write the files of the command.

    Parameters
    ----------
    folder : Path
    size : Size
    rounds : int
    measured : list of (Group, list of Row)
    arguments : list of str
    alone : bool
        Whether there is no audit that has its own record of the machine.

    Returns
    -------
    list of str
        What failed besides the numbers.
    """
    failed: list[str] = []
    machine = described(arguments)
    entries = [entry(group, size, rows) for group, rows in measured]
    write_json(folder / "bench.json", {"schema": 1, "machine": machine, "rounds": rounds, "groups": entries})
    if alone:
        write_json(folder / ENVIRONMENT, machine)
    try:
        page = [markdown(group, size, rows) for group, rows in measured]
        text = "\n".join([*page, *(f"{line}  " for line in footnotes(machine, timed(measured))), ""])
        (folder / "bench.md").write_text(text, encoding="utf-8")
    except Exception as error:  # a mistake of ours, which shall cost nobody minutes of measuring
        failed.append(f"FAILED: bench.md: {type(error).__name__}: {error}")
    return failed


def described(arguments: list[str]) -> dict[str, Any]:
    """The machine, or why nothing can be said about it."""
    try:
        return describe(arguments)
    except Exception as error:  # whatever a system or an installation is like that nobody thought of
        return {"written_by": AUDIT, "schema": 1, "arguments": arguments, "unknown": f"{type(error).__name__}: {error}"}


def rescued(size: Size, rounds: int, measured: Measured, arguments: list[str]) -> str:
    """Put what was measured where it can be found, and say where: a temporary folder, or standard output."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="neuron-audit-bench-"))
        write_measured(folder, size, rounds, measured, arguments, alone=False)
        return f"what was measured is in {folder}"
    except OSError:
        sys.stdout.write(as_json([entry(group, size, rows) for group, rows in measured]).decode())
        return "what was measured is on standard output"


def timed(measured: Measured) -> list[Row]:
    """The rows that are about time."""
    return [row for group, rows in measured if group.unit != "MB" for row in rows]
