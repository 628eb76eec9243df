"""Verdicts on the terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from compare.claims.telling.boundary_text import true_only_for
from compare.claims.telling.numbers import numbers
from compare.claims.verdicts import Verdict

__all__ = ["numbers_table", "verdicts_table"]

STYLES = {"holds": "green", "refuted": "red", "conditional": "yellow", "undecided": "magenta", "not auditable": "dim"}


def verdicts_table(verdicts: Sequence[Verdict]) -> Table:
    """Statement, verdict, deciding number, what it is true only for."""
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("claim", ratio=5, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("number that decides", ratio=4)
    table.add_column("true only for", ratio=3)
    for verdict in verdicts:
        word = verdict.verdict + (" (NOT AS EXPECTED)" if verdict.as_expected is False else "")
        statement = Text(verdict.claim.id, style="bold").append(f"\n{verdict.claim.says}", style="not bold")
        number = verdict.number if verdict.verdict not in ("undecided", "not auditable") else verdict.why
        boundary = Text(true_only_for(verdict.boundary, verdict.boundaries))
        table.add_row(statement, Text(word, style=STYLES[verdict.verdict]), Text(number), boundary)
    return table


def numbers_table(verdict: Verdict) -> Table:
    """Check by check, what each witness says."""
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in ("check", "witness", "its number", "says"):
        table.add_column(heading)
    for check in numbers(verdict):
        for row in check.rows:
            table.add_row(*(Text(cell) for cell in (check.check, *row)))
    return table
