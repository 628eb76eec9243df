"""Verdicts on the terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from compare.claims.telling.boundary_text import boundary_text
from compare.claims.telling.explain import numbers
from compare.claims.verdicts import Verdict

__all__ = ["numbers_table", "verdicts_table"]

STYLES = {"holds": "green", "refuted": "red", "conditional": "yellow", "undecided": "magenta", "not auditable": "dim"}


def verdicts_table(verdicts: Sequence[Verdict]) -> Table:
    """Statement, verdict, deciding number, boundary."""
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("claim", ratio=5, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("number that decides", ratio=4)
    table.add_column("boundary", ratio=3)
    for verdict in verdicts:
        word = verdict.verdict + (" (NOT AS EXPECTED)" if verdict.as_expected is False else "")
        statement = Text(verdict.claim.id, style="bold").append(f"\n{verdict.claim.says}", style="not bold")
        number = verdict.number if verdict.verdict not in ("undecided", "not auditable") else verdict.why
        boundary = Text(boundary_text(verdict.boundary))
        table.add_row(statement, Text(word, style=STYLES[verdict.verdict]), Text(number), boundary)
    return table


def numbers_table(verdict: Verdict) -> Table:
    """Check by check, what each witness says."""
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in ("check", "witness", "says"):
        table.add_column(heading)
    for row in numbers(verdict):
        table.add_row(*(Text(cell) for cell in row))
    return table
