"""Measurements side by side: ``python -m compare.bench``."""

import argparse
import sys

from compare.bench.one_thread import restart_on_one_core
from compare.system.command_line import Parser, integer, path, run_command

__all__ = ["main"]

ROUNDS = 7


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table for each group, and write bench.json and bench.md if there is a folder for them.

    Returns the exit status, which does not depend on how fast anything is.
    """
    return run_command(_parser(), _main, arguments)


def _main(options: argparse.Namespace) -> int:
    from compare.bench.session import run  # loads NumPy, which is to wait for the restart

    return run(options)


def _parser() -> Parser:
    parser = Parser(
        "compare.bench",
        "Measure what training costs here and elsewhere, on one core, each beside the others; one group on all.",
        "0 measured; 1 something does not compute what the reference does; 2 bad usage",
    )
    parser.add_argument("--out", type=path, metavar="DIR", help="folder for bench.json and bench.md (none)")
    parser.add_argument("--only", action="append", metavar="GROUP", help="measure this group; may be repeated")
    parser.add_argument(
        "--rounds", type=integer(1), default=ROUNDS, metavar="N", help=f"rounds of each group ({ROUNDS})"
    )
    parser.add_argument("--quick", action="store_true", help="smaller problems: a first impression")
    parser.add_list_and_quiet("groups and measurements")
    return parser


if __name__ == "__main__":
    restart_on_one_core()
    sys.exit(main())
