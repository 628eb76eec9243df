"""Measurements side by side: ``python -m compare.bench``."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from compare.bench.one_thread import restart_on_one_core
from compare.command_line import FOUND_WANTING, GOOD, Parser, UsageError, integer, no_such, status_of

if TYPE_CHECKING:
    from compare.bench.plan import Group, Size
    from compare.bench.results import Row

__all__ = ["main"]

ROUNDS = 7
Measured = list[tuple["Group", list["Row"]]]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table for each group, and write bench.json and bench.md if there is a folder for them.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0 all was measured that is installed, 1 something computes something
        else and was not timed, 2 bad usage. How fast anything is does not matter to it.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    return status_of("compare.bench", lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    options = _parse(arguments)
    from compare.bench.plan import FULL, QUICK

    size = QUICK if options.quick else FULL
    groups = _chosen(options)
    if options.list:
        from compare.bench.table import listing

        print(listing(groups, size), flush=True)
        return GOOD
    if options.out is None:
        measured = _measure(options, groups, size)
    else:
        from compare.output import folder

        with folder(options.out) as temporary:
            measured = _measure(options, groups, size)
            _write(temporary, options, size, measured, arguments)
    _say_the_rest(options, measured, arguments)
    wrong = [f"{row.name}: {row.note}" for _, rows in measured for row in rows if row.wrong]
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return FOUND_WANTING if wrong else GOOD


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m compare.bench",
        description="Measure what training costs here and elsewhere, on one core, each beside the others.",
        epilog="exit status: 0 measured; 1 something does not compute what the reference does; 2 bad usage",
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for bench.json and bench.md (none)")
    parser.add_argument("--only", action="append", metavar="GROUP", help="measure this group; may be repeated")
    parser.add_argument(
        "--rounds", type=integer(1), default=ROUNDS, metavar="N", help=f"rounds of each group ({ROUNDS})"
    )
    parser.add_argument("--quick", action="store_true", help="smaller problems: a first impression")
    parser.add_argument("--list", action="store_true", help="list groups and measurements, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> "list[Group]":
    from compare.bench.groups import GROUPS

    names = [group.name for group in GROUPS]
    wanted = names if options.only is None else options.only
    for name in wanted:
        if name not in names:
            raise UsageError(f"--only {name}: {no_such('group', name, names)}")
    return [group for group in GROUPS if group.name in wanted]


def _measure(options: argparse.Namespace, groups: "list[Group]", size: "Size") -> Measured:
    from compare.bench.running import measure
    from compare.bench.table import rich_table
    from compare.console import say

    measured: Measured = []
    for group in groups:
        with _telling(options.quiet) as tell:
            rows = measure(group, size, options.rounds, tell)
        measured.append((group, rows))
        if not options.quiet:
            say(rich_table(group, size, rows))
            sys.stdout.flush()
    return measured


@contextmanager
def _telling(quiet: bool) -> Iterator[Callable[[str], None]]:
    """On a terminal, a line that says what is going on and goes away.

    No spinner: its thread would run while others are timed.
    """
    if quiet or not sys.stdout.isatty():
        yield lambda name: None
        return
    erased = "\r\x1b[K"
    try:
        yield lambda name: print(f"{erased}{name} ...", end="", flush=True)
    finally:
        print(erased, end="", flush=True)


def _write(
    temporary: Path, options: argparse.Namespace, size: "Size", measured: Measured, arguments: list[str]
) -> None:
    from compare.bench.machine import describe, footnotes
    from compare.bench.table import entry, markdown
    from compare.output import write_json

    machine = describe(arguments)
    entries = [entry(group, size, rows) for group, rows in measured]
    write_json(temporary / "bench.json", {"schema": 1, "machine": machine, "rounds": options.rounds, "groups": entries})
    page = [markdown(group, size, rows) for group, rows in measured]
    text = "\n".join([*page, *(f"{line}  " for line in footnotes(machine, _timed(measured))), ""])
    (temporary / "bench.md").write_text(text, encoding="utf-8")
    if not (options.out / "environment.json").exists():  # an audit that is there already has its own
        write_json(temporary / "environment.json", machine)


def _say_the_rest(options: argparse.Namespace, measured: Measured, arguments: list[str]) -> None:
    from compare.bench.machine import describe, footnotes
    from compare.console import say

    if options.quiet:
        return
    for line in footnotes(describe(arguments), _timed(measured)):
        say(line)
    if options.out is not None:
        say(f"Written: {options.out / 'bench.json'}")


def _timed(measured: Measured) -> "list[Row]":
    return [row for group, rows in measured if group.unit != "MB" for row in rows]


if __name__ == "__main__":
    restart_on_one_core()
    sys.exit(main())
