"""Measurements side by side: ``python -m compare.bench``."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from compare.bench.one_thread import restart_on_one_core
from compare.system.command_line import (
    FOUND_WANTING,
    GOOD,
    Parser,
    UsageError,
    integer,
    no_such,
    path,
    say_wrong,
    status_of,
)
from compare.system.signals import STOPPED
from compare.system.terminal import drawing_on

if TYPE_CHECKING:
    from compare.bench.plan import Group, Size
    from compare.bench.writing import Measured

__all__ = ["main"]

ROUNDS = 7


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
    measured: Measured = []
    failed: list[str] = []
    if options.out is None:
        stopped = _measure(options, groups, size, measured, failed)
        if stopped is not None:
            raise stopped
    else:
        _measure_and_write(options, groups, size, measured, failed, arguments)
    _say_the_rest(options, measured, arguments)
    wrong = [f"WRONG: {row.name}: {row.note}" for _, rows in measured for row in rows if row.wrong]
    say_wrong(*wrong, *failed)
    return FOUND_WANTING if wrong or failed else GOOD


def _measure_and_write(
    options: argparse.Namespace,
    groups: "list[Group]",
    size: "Size",
    measured: "Measured",
    failed: list[str],
    arguments: list[str],
) -> None:
    """Measure, and write what was measured whatever happens meanwhile or at the end."""
    from compare.bench.writing import rescued, write_measured
    from compare.system.folders import ENVIRONMENT, folder

    try:
        with folder(options.out) as temporary:
            stopped = _measure(options, groups, size, measured, failed)
            if stopped is not None and not measured:
                raise stopped
            alone = not (options.out / ENVIRONMENT).exists()  # an audit that is there already has its own
            failed += write_measured(temporary, size, options.rounds, measured, arguments, alone=alone)
    except UsageError as error:  # the folder's, which may have changed since
        if not measured:
            raise
        raise UsageError(f"{error}; {rescued(size, options.rounds, measured, arguments)}") from None
    if stopped is not None:
        stopped.add_note(f"{len(measured)} of {len(groups)} groups were measured and are in {options.out}")
        raise stopped


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m compare.bench",
        description="Measure what training costs here and elsewhere, on one core, each beside the others.",
        epilog="exit status: 0 measured; 1 something does not compute what the reference does; 2 bad usage",
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=path, metavar="DIR", help="folder for bench.json and bench.md (none)")
    parser.add_argument("--only", action="append", metavar="GROUP", help="measure this group; may be repeated")
    parser.add_argument(
        "--rounds", type=integer(1), default=ROUNDS, metavar="N", help=f"rounds of each group ({ROUNDS})"
    )
    parser.add_argument("--quick", action="store_true", help="smaller problems: a first impression")
    parser.add_argument("--list", action="store_true", help="list groups and measurements, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> "list[Group]":
    from compare.bench.measurements.groups import GROUPS

    names = [group.name for group in GROUPS]
    wanted = names if options.only is None else options.only
    for name in wanted:
        if name not in names:
            raise UsageError(f"--only {name}: {no_such('group', name, names)}")
    return [group for group in GROUPS if group.name in wanted]


def _measure(
    options: argparse.Namespace, groups: "list[Group]", size: "Size", measured: "Measured", failed: list[str]
) -> BaseException | None:
    """Measure group by group; one that fails costs no other its numbers. Returns what ended it early."""
    from compare.bench.running import measure
    from compare.bench.table import rich_table
    from compare.system.console import say

    for group in groups:
        try:
            with _telling(options.quiet) as tell:
                rows = measure(group, size, options.rounds, tell)
        except STOPPED as error:
            return error
        except Exception as error:  # whatever goes wrong in somebody else's code that is measured
            failed.append(f"FAILED: {group.name}: {type(error).__name__}: {error}")
            continue
        measured.append((group, rows))
        if not options.quiet:
            say(rich_table(group, size, rows))
            sys.stdout.flush()
    return None


@contextmanager
def _telling(quiet: bool) -> Iterator[Callable[[str], None]]:
    """On a terminal, a line that says what is going on and goes away.

    No spinner: its thread would run while others are timed.
    """
    if quiet or not sys.stdout.isatty():
        yield lambda name: None
        return
    erased, screen = "\r\x1b[K", drawing_on(sys.stdout)
    try:
        yield lambda name: print(f"{erased}{name} ...", end="", flush=True, file=screen)
    finally:
        print(erased, end="", flush=True, file=screen)


def _say_the_rest(options: argparse.Namespace, measured: "Measured", arguments: list[str]) -> None:
    from compare.bench.machine import footnotes
    from compare.bench.writing import described, timed
    from compare.system.console import say

    if options.quiet:
        return
    for line in footnotes(described(arguments), timed(measured)):
        say(line)
    if options.out is not None:
        say(f"Written: {options.out / 'bench.json'}")


if __name__ == "__main__":
    restart_on_one_core()
    sys.exit(main())
