"""The gallery of defects: ``python -m compare.defects``."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.system.command_line import (
    FOUND_WANTING,
    GOOD,
    Parser,
    UsageError,
    integer,
    no_such,
    path,
    say_wrong,
    start_keras,
    status_of,
)

if TYPE_CHECKING:
    from compare.defects.defect import Defect
    from compare.defects.detection.workers import FamilyResult
    from compare.defects.gallery import Outcome
    from compare.defects.worth import Control

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Plant every defect in turn, say which lane sees it, and write defects.json.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0 every defect that changes the mathematics is seen and nothing else
        is reported, 1 otherwise, 2 bad usage, 3 no Keras.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    return status_of("compare.defects", lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    options = _parse(arguments)
    defects = _chosen(options)
    if not options.list:
        return _run(options, defects, arguments)
    from compare.defects.table import listing

    print(listing(defects), flush=True)
    return GOOD


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m compare.defects",
        description="Plant known defects in either implementation and see which lane of the certificate detects them.",
        epilog="exit status: 0 all detected, no false alarm; 1 otherwise; 2 bad usage; 3 Keras cannot be imported",
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=path, default=Path("audit"), metavar="DIR", help="folder to write (audit)")
    parser.add_argument("--only", metavar="NAME", help="plant only this one, and leave the controls out")
    parser.add_argument("--side", choices=("reference", "keras"), help="plant only in this implementation")
    parser.add_argument(
        "--jobs",
        type=integer(1),
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="processes (2, if there are cores)",
    )
    parser.add_argument("--list", action="store_true", help="list the defects, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> "list[Defect]":
    from compare.defects.gallery import GALLERY

    defects = [defect for defect in GALLERY if options.side in (None, defect.side)]
    if options.only is None:
        return defects
    chosen = [defect for defect in defects if defect.name == options.only]
    if not chosen:
        names = [defect.name for defect in defects]
        raise UsageError(f"--only {options.only}: {no_such('defect', options.only, names)}")
    return chosen


def _run(options: argparse.Namespace, defects: "list[Defect]", arguments: list[str]) -> int:
    from compare.defects.correct.controls import all_controls
    from compare.defects.summary import controls_summary, summary
    from compare.defects.table import followed, has_room, rich_table
    from compare.system.console import say
    from compare.system.folders import folder

    families: list[FamilyResult] = []
    with folder(options.out) as temporary:
        start_keras()
        outcomes = list(followed(_outcomes(defects, options.jobs, families), len(defects), options.quiet))
        outcomes.sort(key=lambda outcome: defects.index(outcome.defect))
        controls = all_controls(families, outcomes, random=options.only is None)
        _write(temporary, options, outcomes, families, controls, arguments)
    if not options.quiet:
        if has_room():
            say(rich_table(outcomes))
        print(summary(outcomes))
        print(controls_summary(controls, {family.family: family.usual_alarms for family in families}))
        print(f"Written: {options.out / 'defects.json'}")
    alarms = [alarm for control in controls for alarm in control.alarms]
    say_wrong(*(f"FALSE ALARM: {alarm}" for alarm in alarms))
    as_due = all(outcome.killed == outcome.defect.changes_mathematics for outcome in outcomes)
    return GOOD if as_due and not alarms else FOUND_WANTING


def _outcomes(defects: "list[Defect]", jobs: int, families: "list[FamilyResult]") -> "Iterator[Outcome]":
    """Outcomes as they come; the families they belong to are added to the list."""
    from compare.defects.detection.workers import try_all

    for family in try_all(defects, jobs):
        families.append(family)
        yield from family.outcomes


def _write(
    temporary: Path,
    options: argparse.Namespace,
    outcomes: "list[Outcome]",
    families: "list[FamilyResult]",
    controls: "list[Control]",
    arguments: list[str],
) -> None:
    from compare.defects.correct.controls import EXPERIMENTS
    from compare.defects.table import entry
    from compare.defects.worth import Counts
    from compare.system.folders import ENVIRONMENT
    from compare.system.output import environment, write_json

    report: dict[str, Any] = {
        "schema": 1,
        "defects": [entry(outcome) for outcome in outcomes],
        "summary": Counts.of(outcomes).entry(),
        "controls": {
            "random_experiments": EXPERIMENTS if options.only is None else 0,
            "unpatched_keras": [family.family for family in families],
            "tried": [control.entry() for control in controls],
            "false_alarms": [alarm for control in controls for alarm in control.alarms],
            "false_alarms_of_usual_tests": {family.family: family.usual_alarms for family in families},
        },
    }
    write_json(temporary / "defects.json", report)
    if not (options.out / ENVIRONMENT).exists():  # an audit that is there already has its own
        write_json(temporary / ENVIRONMENT, environment(arguments, seed=0, dtype="float64", keras=True))


if __name__ == "__main__":
    sys.exit(main())
