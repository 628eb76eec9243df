"""The main job: ``python -m compare.run``."""

import argparse
import sys
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
)

if TYPE_CHECKING:
    from compare.claims import Claim
    from compare.question.experiments import Case

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Certify the source's runs, judge claims, draw the pictures, write the report; returns the exit status."""
    return run_command(_parser(), _main, arguments)


def _parser() -> Parser:
    parser = Parser(
        "compare.run",
        "Certify Keras or another subject on the question's runs, judge claims, write the report.",
        "0 the witnesses agree and every claim was judged; 1 they do not, or a claim's expect was not met; "
        "2 bad usage or bad input; 3 Keras or the subject cannot be imported",
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
    parser.add_argument(
        "--subject", choices=("keras", "torch", "jax"), default="keras", help="who makes the question's runs (keras)"
    )
    parser.add_argument("--no-keras", action="store_true", help="leave Keras out: exact and reference only")
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
    from compare.run.computing import compute
    from compare.run.junit import junit_writer, require_apart
    from compare.run.selection import shipped_files
    from compare.run.terminal import failures, show
    from compare.system.folders import folder

    require_apart(options.out, options.junit, options.files or shipped_files())
    with junit_writer(options.junit, options.out) as write_junit, folder(options.out) as temporary:
        computed = compute(options, cases, claims, temporary)
        write_junit(temporary, computed.verdicts)
        from compare.run.files import write_audit  # not before: what cannot be written is to be refused at once

        write_audit(temporary, options, computed)
    if not options.quiet:
        show(options, computed.findings, computed.verdicts)
    failed = failures(computed.findings, computed.verdicts)
    print_errors(*failed)
    return FOUND_WANTING if failed else GOOD


if __name__ == "__main__":
    sys.exit(main())
