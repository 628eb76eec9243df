"""The kill table that `python -m compare.defects` left beside the report."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.system.files import read_bounded

__all__ = ["KillTable", "kill_table"]

LARGEST = 100_000_000  # bytes


@dataclass(frozen=True)
class KillTable:
    """What `defects.json` says, counted.

    `defects` are those of the file. Of the `changing` ones, those that change the mathematics,
    `lanes` and `usual_tests` count how many each of them sees, `by_default` how many a certificate
    sees with nothing but its defaults on the run that somebody would try, and `killed` how many with
    every lane on runs made for them. `false_alarms` counts what was reported of correct implementations.
    `subjects` has the same numbers for each system that was held against the reference.
    """

    defects: list[dict[str, Any]]
    lanes: dict[str, int]
    usual_tests: dict[str, int]
    changing: int
    by_default: int
    killed: int
    false_alarms: int
    subjects: dict[str, dict[str, int]]


def kill_table(folder: Path) -> KillTable | None:
    """Read `defects.json`; None if the folder of an earlier audit has none, or not as `compare.defects` writes it.

    Examples
    --------
    >>> kill_table(Path("no-such-folder")) is None
    True
    """
    try:
        report = json.loads(read_bounded(folder / "defects.json", LARGEST))
        defects = report["defects"]
        real = [defect for defect in defects if defect["changes_mathematics"]]
        return KillTable(
            defects,
            {lane: sum(d["lanes"][lane]["killed"] for d in real) for lane in defects[0]["lanes"]},
            {name: sum(d["usual_tests"][name] for d in real) for name in defects[0]["usual_tests"]},
            len(real),
            sum(defect["default"]["killed"] for defect in real),
            sum(defect["killed"] for defect in real),
            len(report["controls"]["false_alarms"]),
            _by_subject(real),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None


def _by_subject(real: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Planted, seen by default and seen at all, by subject; a file without subjects is of Keras."""
    counts: dict[str, dict[str, int]] = {}
    for defect in real:
        here = counts.setdefault(defect.get("subject", "Keras"), {"planted": 0, "by default": 0, "in every lane": 0})
        here["planted"] += 1
        here["by default"] += defect["default"]["killed"]
        here["in every lane"] += defect["killed"]
    return counts
