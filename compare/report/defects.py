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

    Parameters
    ----------
    defects : list of dict
        As the file has them.
    lanes, usual_tests : dict of str to int
        How many of the defects that change the mathematics each of them sees.
    changing, by_default, killed : int
        How many there are, how many a certificate sees with nothing but its defaults on the
        run that somebody would try, and how many with every lane on runs made for them.
    false_alarms : int
    """

    defects: list[dict[str, Any]]
    lanes: dict[str, int]
    usual_tests: dict[str, int]
    changing: int
    by_default: int
    killed: int
    false_alarms: int


def kill_table(folder: Path) -> KillTable | None:
    """Read `defects.json`, if the folder has one.

    Parameters
    ----------
    folder : Path
        Of an earlier audit; it need not exist.

    Returns
    -------
    KillTable or None
        None if there is no such file, or it is not what `compare.defects` writes.

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
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
