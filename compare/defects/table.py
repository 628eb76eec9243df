"""The kill table on the terminal: each defect, where it is seen, by what factor, and which usual tests fail."""

import math
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from compare.defects.defect import SYSTEMS, Defect
from compare.defects.detection.conventional_tests import USUAL_TESTS
from compare.defects.detection.lanes import LANES
from compare.defects.gallery import Outcome

__all__ = ["followed", "has_room", "listing", "rich_table"]

NAME_WIDTH = 39  # of the longest name
DEFAULT_WIDTH = 33  # of the longest lane and a step
TABLE_WIDTH = 124  # of the table with nothing cut off


def listing(defects: Iterable[Defect]) -> str:
    """One line for each defect: its name and what is wrong."""
    return "\n".join(f"{defect.name:{NAME_WIDTH}} {defect.says}" for defect in defects)


def has_room() -> bool:
    """Whether standard output is a terminal that the table fits on."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns >= TABLE_WIDTH


def followed(outcomes: Iterable[Outcome], total: int, quiet: bool) -> Iterator[Outcome]:
    """Pass outcomes on and show them: a progress bar where there is room for the table, else a plain line each."""
    if quiet:
        yield from outcomes
    elif has_room():
        from rich.progress import track

        from compare.system.console import console

        yield from track(outcomes, "planting defects", total=total, transient=True, console=console())
    else:
        print(
            f"{'defect':{NAME_WIDTH}} {'by default at step':{DEFAULT_WIDTH}} {'seen at step, by lane':44} "
            f"{'factor':>8}  the usual tests that fail"
        )
        for outcome in outcomes:
            print(_line(outcome), flush=True)
            yield outcome


def rich_table(outcomes: Iterable[Outcome]) -> Any:
    """Each defect: the first step at which each lane sees it, by what factor, and the usual tests."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(
        box=SIMPLE,
        pad_edge=False,
        collapse_padding=True,
        title="the step at which each lane sees it, by what factor, and which usual tests fail",
    )
    table.add_column("defect", no_wrap=True)
    table.add_column("subject")
    for heading in ("by default", *LANES, "factor", *USUAL_TESTS):
        table.add_column(heading.replace(" ", "\n"), justify="right")
    for outcome in outcomes:
        steps = ["-" if seen is None else str(seen.step) for seen in outcome.lanes.values()]
        usual = ["fails" if fails else "-" for fails in outcome.usual.values()]
        table.add_row(outcome.defect.name, SYSTEMS[outcome.subject], _step(outcome), *steps, _factor(outcome), *usual)
    return table


def _line(outcome: Outcome) -> str:
    seen = ", ".join(f"{lane} {sighting.step}" for lane, sighting in outcome.lanes.items() if sighting is not None)
    usual = ", ".join(name for name, fails in outcome.usual.items() if fails)
    if not outcome.killed:
        seen = "NOT SEEN" if outcome.defect.changes_mathematics else "not seen, and rightly so"
    default = f"{outcome.by_default.lane} {_step(outcome)}" if outcome.by_default.killed else "-"
    return (
        f"{outcome.defect.name:{NAME_WIDTH}} {default:{DEFAULT_WIDTH}} {seen or '-':44} {_factor(outcome):>8}  "
        f"{usual or '-'}"
    )


def _step(outcome: Outcome) -> str:
    """Where the certificate disagrees first, or that it does not."""
    found = outcome.by_default
    return ("?" if found.step is None else str(found.step)) if found.killed else "-"


def _factor(outcome: Outcome) -> str:
    """The largest finite difference / bound of any lane; "exact" if only lanes without a bound saw it, "-" if none."""
    factors = [seen.factor for seen in outcome.lanes.values() if seen is not None]
    finite = [factor for factor in factors if math.isfinite(factor)]
    return f"{max(finite):.0e}" if finite else ("exact" if factors else "-")
