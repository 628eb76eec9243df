"""One run of the command: measure group by group, show each, and write them all, whatever else fails."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compare.bench.machine import describe, footnotes
from compare.bench.measurements import GROUPS
from compare.bench.measuring import Row, measure
from compare.bench.plan import FULL, QUICK, Group, Size
from compare.bench.table import entry, listing, markdown, rich_table
from compare.system.command_line import FOUND_WANTING, GOOD, UsageError, print_errors, require_known
from compare.system.console import say
from compare.system.folders import ENVIRONMENT, folder
from compare.system.output import as_json, write_json
from compare.system.signals import STOPPED
from compare.system.streams import drawing_on

__all__ = ["run"]


@dataclass
class Results:
    """What was measured so far, and what failed besides."""

    arguments: list[str]
    size: Size
    rounds: int
    measured: list[tuple[Group, list[Row]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def footnotes(self, machine: dict[str, Any]) -> list[str]:
        """What belongs under the tables."""
        return footnotes(machine, [row for group, rows in self.measured if not group.in_memory for row in rows])

    def entries(self) -> list[dict[str, Any]]:
        """The groups in bench.json."""
        return [entry(group, self.size, rows) for group, rows in self.measured]

    def write(self, place: Path, *, with_record: bool) -> None:
        """Write the files of the command; environment.json if there is no audit with its own record of the machine."""
        machine = describe(self.arguments)
        report = {"schema": 1, "machine": machine, "rounds": self.rounds, "groups": self.entries()}
        write_json(place / "bench.json", report)
        if with_record:
            write_json(place / ENVIRONMENT, machine)
        try:
            tables = [markdown(group, self.size, rows) for group, rows in self.measured]
            text = "\n".join([*tables, *(f"{line}  " for line in self.footnotes(machine)), ""])
            (place / "bench.md").write_text(text, encoding="utf-8")
        except Exception as error:  # a mistake of ours, which shall cost nobody minutes of measuring
            self.failed.append(f"FAILED: bench.md: {type(error).__name__}: {error}")

    def rescue(self) -> str:
        """Put what was measured into a temporary folder or on standard output, and say where it is."""
        try:
            place = Path(tempfile.mkdtemp(prefix="neuron-audit-bench-"))
            self.write(place, with_record=False)
            return f"what was measured is in {place}"
        except OSError:
            sys.stdout.write(as_json(self.entries()).decode())
            return "what was measured is on standard output"


def run(options: argparse.Namespace) -> int:
    """Do what the options say, and return the exit status."""
    size = QUICK if options.quick else FULL
    groups = _chosen(options.only)
    if options.list:
        print(listing(groups, size), flush=True)
        return GOOD
    results = Results(options.arguments, size, options.rounds)
    try:
        with nullcontext() if options.out is None else folder(options.out) as place:
            stopped = _measure(groups, results, options.quiet)
            if stopped is not None and (place is None or not results.measured):
                raise stopped
            if place is not None:
                results.write(place, with_record=not (options.out / ENVIRONMENT).exists())
    except UsageError as error:  # the folder's, which may have changed since
        if not results.measured:
            raise
        raise UsageError(f"{error}; {results.rescue()}") from None
    if stopped is not None:
        stopped.add_note(f"{len(results.measured)} of {len(groups)} groups were measured and are in {options.out}")
        raise stopped
    if not options.quiet:
        for line in results.footnotes(describe(options.arguments)):
            say(line)
        if options.out is not None:
            say(f"Written: {options.out / 'bench.json'}")
    wrong = [f"WRONG: {row.name}: {row.note}" for _, rows in results.measured for row in rows if row.wrong]
    print_errors(*wrong, *results.failed)
    return FOUND_WANTING if wrong or results.failed else GOOD


def _chosen(only: Sequence[str] | None) -> list[Group]:
    names = [group.name for group in GROUPS]
    for name in only or ():
        require_known(f"--only {name}", "group", name, names)
    return [group for group in GROUPS if only is None or group.name in only]


def _measure(groups: Sequence[Group], results: Results, quiet: bool) -> BaseException | None:
    """Measure group by group; one that fails costs no other its numbers. Returns what ended it early."""
    for group in groups:
        try:
            with progress_line(quiet) as announce:
                rows = measure(group, results.size, results.rounds, announce)
        except STOPPED as error:
            return error
        except Exception as error:  # whatever goes wrong in somebody else's code that is measured
            results.failed.append(f"FAILED: {group.name}: {type(error).__name__}: {error}")
            continue
        results.measured.append((group, rows))
        if not quiet:
            say(rich_table(group, results.size, rows))
            sys.stdout.flush()
    return None


@contextmanager
def progress_line(quiet: bool) -> Iterator[Callable[[str], None]]:
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
