"""The main job: ``python -m compare.run``."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from compare.system.command_line import (
    FOUND_WANTING,
    GOOD,
    Parser,
    integer,
    path,
    print_errors,
    run_command,
)

if TYPE_CHECKING:
    from compare.claims import Claim, SharedRuns, Verdict
    from compare.figures import Picture
    from compare.question.audit import Finding
    from compare.question.experiments import Case

__all__ = ["main"]

Item = TypeVar("Item")


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
    from compare.run.junit import junit_writer, require_apart
    from compare.run.selection import shipped_files
    from compare.run.terminal import failures, show
    from compare.system.folders import folder

    require_apart(options.out, options.junit, options.files or shipped_files())
    with junit_writer(options.junit, options.out) as write_junit, folder(options.out) as temporary:
        findings, verdicts, pictures, shared = _computed(options, cases, claims, temporary)
        write_junit(temporary, verdicts)
        from compare.run.files import write_audit  # not before: what cannot be written is to be refused at once

        write_audit(temporary, options, findings, verdicts, pictures, shared)
    if not options.quiet:
        show(options, findings, verdicts)
    failed = failures(findings, verdicts)
    print_errors(*failed)
    return FOUND_WANTING if failed else GOOD


def _computed(
    options: argparse.Namespace, cases: "list[Case]", claims: "list[Claim]", temporary: Path
) -> "tuple[list[Finding], list[Verdict], list[Picture], SharedRuns]":
    """Run, judge and draw, and tell what comes of it in order; Keras beside it where there are cores for both."""
    from compare.claims import SharedRuns, judge_all
    from compare.question.audit import audit
    from compare.run.keras_process import KerasBeside, keras_for
    from compare.run.pictures import Drawing
    from compare.run.terminal import follow_findings, follow_verdicts

    follow = partial(follow_findings, total=len(cases), quiet=options.quiet)
    with nullcontext() if options.no_keras else keras_for(cases, claims) as keras:
        drawing = None if options.no_figures else Drawing(temporary / "figures", options, bool(cases))
        shared = SharedRuns(keras=keras)
        verdicts = judge_all(claims, shared)
        if isinstance(keras, KerasBeside):
            followed = keras.followed(follow)
            keras.meanwhile = lambda: drawing is not None and drawing.draw_one()
            verdicts = _begun(verdicts)
            findings = keras.awaited(followed)
        else:
            findings = follow(audit(cases) if keras is None else keras.findings(cases))
        if drawing is not None:
            drawing.begin(findings)
        judged = follow_verdicts(verdicts, len(claims), options.quiet)
        return findings, judged, [] if drawing is None else drawing.finish(judged, shared), shared


def _begun(items: "Iterator[Item]") -> "Iterator[Item]":
    """The same items, of which the first is computed at once, with all that goes before."""
    return chain(list(islice(items, 1)), items)


if __name__ == "__main__":
    sys.exit(main())
