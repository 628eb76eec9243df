"""The gallery of defects: ``python -m compare.defects``."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.defects.defect import SIDES
from compare.system.command_line import (
    FOUND_WANTING,
    GOOD,
    NO_KERAS,
    Parser,
    integer,
    path,
    print_errors,
    require_known,
    run_command,
    start_keras,
)

if TYPE_CHECKING:
    from compare.defects.defect import Defect
    from compare.defects.detection.workers import FamilyResult
    from compare.defects.gallery import Outcome

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Plant every defect in turn, say which lane sees it, and write defects.json; returns the exit status."""
    return run_command(_parser(), _main, arguments)


def _parser() -> Parser:
    parser = Parser(
        "compare.defects",
        "Plant known defects in the reference and in each subject and see which lane of the certificate detects them.",
        "0 all detected, no false alarm; 1 otherwise; 2 bad usage; 3 Keras, or all that was asked for, cannot be "
        "imported",
    )
    parser.add_argument("--out", type=path, default=Path("audit"), metavar="DIR", help="folder to write (audit)")
    parser.add_argument("--only", metavar="NAME", help="plant only this one, and leave the controls out")
    parser.add_argument("--side", choices=SIDES, help="plant only in this implementation")
    parser.add_argument(
        "--jobs",
        type=integer(1),
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="processes (2, if there are cores)",
    )
    parser.add_list_and_quiet("the defects")
    return parser


def _main(options: argparse.Namespace) -> int:
    from compare.defects.gallery import GALLERY

    defects = [defect for defect in GALLERY if options.side in (None, defect.side)]
    if options.only is not None:
        require_known(f"--only {options.only}", "defect", options.only, [defect.name for defect in defects])
        defects = [defect for defect in defects if defect.name == options.only]
    if options.list:
        from compare.defects.table import listing

        print(listing(defects), flush=True)
        return GOOD
    possible = _possible(defects, options.quiet)
    return _run(options, possible) if possible else NO_KERAS


def _possible(defects: "list[Defect]", quiet: bool) -> "list[Defect]":
    """Those whose subject is installed; a line for each that is not, also if quiet where nothing is left."""
    from compare.defects.families import FAMILIES
    from compare.subjects import lacking

    subjects = {FAMILIES[defect.family].subject: 0 for defect in defects}
    why = {subject: reason for subject in subjects if (reason := lacking(subject)) is not None}
    possible = [defect for defect in defects if FAMILIES[defect.family].subject not in why]
    if not (quiet and possible):
        for subject, reason in why.items():
            left_out = sum(FAMILIES[defect.family].subject == subject for defect in defects)
            print_errors(f"left out: {left_out} defects, since {reason}")
    return possible


def _run(options: argparse.Namespace, defects: "list[Defect]") -> int:
    from compare.defects.correct.controls import all_controls
    from compare.defects.defects_json import report
    from compare.defects.families import FAMILIES
    from compare.defects.summary import controls_summary, summary
    from compare.defects.table import followed, has_room, rich_table
    from compare.system.console import say
    from compare.system.folders import ENVIRONMENT, folder
    from compare.system.output import write_json

    keras = any(FAMILIES[defect.family].subject == "keras" for defect in defects)
    random = options.only is None and keras
    families: list[FamilyResult] = []
    with folder(options.out) as temporary:
        if keras:
            start_keras()
        outcomes = list(followed(_outcomes(defects, options.jobs, families), len(defects), options.quiet))
        outcomes.sort(key=lambda outcome: defects.index(outcome.defect))
        controls = all_controls(families, outcomes, random)
        write_json(temporary / "defects.json", report(outcomes, families, controls, random))
        if not (options.out / ENVIRONMENT).exists():  # an audit that is there already has its own
            write_json(temporary / ENVIRONMENT, _environment(options.arguments, families))
    if not options.quiet:
        if has_room():
            say(rich_table(outcomes))
        print(summary(outcomes))
        print(controls_summary(controls, {family.family: family.usual_alarms for family in families}))
        print(f"Written: {options.out / 'defects.json'}")
    alarms = [alarm for control in controls for alarm in control.alarms]
    print_errors(*(f"FALSE ALARM: {alarm}" for alarm in alarms))
    as_due = all(outcome.killed == outcome.defect.changes_mathematics for outcome in outcomes)
    return GOOD if as_due and not alarms else FOUND_WANTING


def _environment(arguments: list[str], families: "list[FamilyResult]") -> dict[str, Any]:
    from compare.defects.families import FAMILIES
    from compare.system.output import environment

    subjects = {FAMILIES[family.family].subject for family in families}
    packages = [*(["torch"] if "torch" in subjects else []), *(["jax", "jaxlib", "optax"] if "jax" in subjects else [])]
    return environment(arguments, seed=0, dtype="float64", keras="keras" in subjects, packages=packages)


def _outcomes(defects: "list[Defect]", jobs: int, families: "list[FamilyResult]") -> "Iterator[Outcome]":
    """Outcomes as they come; the families they belong to are added to the list."""
    from compare.defects.detection.workers import try_all

    for family in try_all(defects, jobs):
        families.append(family)
        yield from family.outcomes


if __name__ == "__main__":
    sys.exit(main())
