"""The main job: ``python -m compare.run``."""

import argparse
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from compare.system.command_line import (
    FOUND_WANTING,
    GOOD,
    Parser,
    integer,
    path,
    print_errors,
    run_command,
    start_keras,
)

if TYPE_CHECKING:
    from compare.claims import Claim, SharedRuns, Verdict
    from compare.figures import Picture
    from compare.question.audit import Finding
    from compare.question.experiments import Case
    from keras_impl import Recorder

__all__ = ["main"]

MOST_CLAIM_PICTURES = 12


def main(arguments: list[str] | None = None) -> int:
    """Certify the source's runs, judge claims, draw the pictures, write the report; returns the exit status."""
    return run_command(_parser(), _main, arguments)


def _parser() -> Parser:
    parser = Parser(
        "compare.run",
        "Certify Keras against the NumPy reference on the question's runs, judge claims, write the report.",
        "0 the witnesses agree and every claim was judged; 1 they do not, or a claim's expect was not met; "
        "2 bad usage or bad input; 3 Keras cannot be imported",
    )
    parser.add_argument(
        "files", nargs="*", type=path, metavar="FILE.toml", help="claim files to judge, instead of what ships"
    )
    parser.add_argument("--out", type=path, default=Path("audit"), metavar="DIR", help="folder to write (audit)")
    parser.add_argument("--only", metavar="ID", help="run only this one (see --list)")
    parser.add_argument("--explain", metavar="ID", help="run only this claim, and tell its story")
    parser.add_argument("--junit", type=path, metavar="FILE", help="write the verdicts as JUnit XML too")
    parser.add_argument("--seed", type=integer(0), default=0, metavar="N", help="seed of the batches (0)")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="of everything (float32)")
    parser.add_argument("--no-keras", action="store_true", help="exact and reference only; certifies nothing")
    parser.add_argument("--no-figures", action="store_true", help="draw no pictures")
    parser.add_list_and_quiet("what there is to run")
    return parser


def _main(options: argparse.Namespace) -> int:
    from compare.run.selection import list_selected, selected

    cases, claims = selected(options)
    if options.list:
        list_selected(cases, claims)
        return GOOD
    return _run(options, cases, claims)


def _run(options: argparse.Namespace, cases: "list[Case]", claims: "list[Claim]") -> int:
    from compare.claims import SharedRuns
    from compare.question.audit import audit
    from compare.run.junit import junit_writer, require_apart
    from compare.run.selection import shipped_files
    from compare.run.terminal import failures, follow_findings, judge_and_follow, show
    from compare.system.folders import folder

    require_apart(options.out, options.junit, options.files or shipped_files())
    with junit_writer(options.junit, options.out) as write_junit, folder(options.out) as temporary:
        recorder = None if options.no_keras else _keras_recorder()
        findings = follow_findings(audit(cases, recorder), len(cases), options.quiet)
        shared = SharedRuns(recorder)
        verdicts = judge_and_follow(claims, shared, options.quiet)
        pictures = [] if options.no_figures else _draw(temporary / "figures", options, findings, verdicts, shared)
        write_junit(temporary, verdicts)
        from compare.run.files import write_audit  # not before: what cannot be written is to be refused at once

        write_audit(temporary, options, findings, verdicts, pictures, shared)
    if not options.quiet:
        show(options, findings, verdicts)
    failed = failures(findings, verdicts)
    print_errors(*failed)
    return FOUND_WANTING if failed else GOOD


def _keras_recorder() -> "Recorder":
    start_keras(instead=", or use --no-keras")
    import keras_impl

    return keras_impl.Recorder()


def _draw(
    folder: Path,
    options: argparse.Namespace,
    findings: "list[Finding]",
    verdicts: "list[Verdict]",
    shared: "SharedRuns",
) -> "list[Picture]":
    """The source's pictures, or those of the first of the claims that were asked for."""
    folder.mkdir()
    pictures: list[Picture] = []
    if findings:
        from compare.figures import draw_all

        pictures = draw_all({finding.case.id: finding.trajectory for finding in findings}, folder)
        if options.only is None:
            from compare.figures.gallery.studies import draw_studies

            pictures += draw_studies(folder, seed=options.seed, dtype=options.dtype)
    if options.files or options.explain is not None or options.only is not None:
        from compare.claims.telling.picture import draw_claim

        drawn = (draw_claim(verdict, shared, folder) for verdict in verdicts)
        pictures += islice((picture for picture in drawn if picture is not None), MOST_CLAIM_PICTURES)
    return pictures


if __name__ == "__main__":
    sys.exit(main())
