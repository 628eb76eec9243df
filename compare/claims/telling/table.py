"""Verdicts on the terminal: in columns, or on a narrow one below each other."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from compare.claims.telling.boundary_text import true_only_for
from compare.claims.telling.layout import ByWidth, folded_at_hyphens, wrapped
from compare.claims.telling.numbers import numbers
from compare.claims.telling.trained import is_unusual, trained_and_held
from compare.claims.verdicts import Verdict

__all__ = ["numbers_table", "verdicts_table"]

STYLES = {"holds": "green", "refuted": "red", "conditional": "yellow", "undecided": "magenta", "not auditable": "dim"}
LEAST_WIDTH = 100  # of a terminal on which columns can be read
INDENT = 2
BETWEEN = 11  # characters of a table of four columns that are in none of them


def verdicts_table(verdicts: Sequence[Verdict]) -> ByWidth:
    """Statement, verdict, deciding number, what it is true only for."""
    return ByWidth(LEAST_WIDTH, lambda width: _columns(verdicts, width), lambda width: _list(verdicts, width))


def numbers_table(verdict: Verdict) -> ByWidth:
    """Check by check, what each witness says."""
    return ByWidth(LEAST_WIDTH, lambda width: _number_columns(verdict), lambda width: _number_list(verdict))


def _word(verdict: Verdict) -> str:
    return verdict.verdict + ("\nNOT AS EXPECTED" if verdict.as_expected is False else "")


def _deciding(verdict: Verdict) -> str:
    return verdict.number if verdict.verdict not in ("undecided", "not auditable") else verdict.why


def _true_only_for(verdict: Verdict) -> str:
    """Where it is true along each setting, the one that matters most first."""
    run = verdict.claim.experiment
    return "; ".join(dict.fromkeys(true_only_for(one, verdict.boundaries, run) for one in verdict.boundaries))


def _remark(verdict: Verdict) -> str:
    """Which parameters were trained, where that is not what one expects."""
    experiment = verdict.claim.experiment
    return trained_and_held(experiment) if is_unusual(experiment) and verdict.verdict != "not auditable" else ""


def _columns(verdicts: Sequence[Verdict], width: int) -> Table:
    word = max((len(line) for verdict in verdicts for line in _word(verdict).split("\n")), default=0)
    rest = width - BETWEEN - max(word, len("verdict"))
    claim, number = rest * 2 // 5, rest // 3
    table = Table(box=SIMPLE, pad_edge=False, leading=1)
    table.add_column("claim", width=claim)
    table.add_column("verdict", no_wrap=True)
    table.add_column("number that decides", width=number)
    table.add_column("true only for", width=rest - claim - number)
    for verdict in verdicts:
        statement = Text(folded_at_hyphens(verdict.claim.id, claim), style="bold")
        for line in (verdict.claim.says, _remark(verdict)):
            statement.append(f"\n{wrapped(line, claim)}" if line else "", style="not bold")
        where = _true_only_for(verdict)
        table.add_row(
            statement,
            Text(_word(verdict), style=STYLES[verdict.verdict]),
            Text(wrapped(_deciding(verdict), number)),
            Text(wrapped(where, rest - claim - number)),
        )
    return table


def _list(verdicts: Sequence[Verdict], width: int) -> Group:
    parts: list[Text | Padding] = []
    for verdict in verdicts:
        statement = Text(folded_at_hyphens(verdict.claim.id, width), style="bold")
        word = _word(verdict).replace("\n", ", ")
        where = _true_only_for(verdict)
        decided = f"{word}: {_deciding(verdict)}" if _deciding(verdict) else word
        lines = [verdict.claim.says, decided, f"true only for {where}" if where else "", _remark(verdict)]
        says, *others = (wrapped(line, width - INDENT) for line in lines if line)
        below = Text("\n".join((says, *others)))
        below.stylize(STYLES[verdict.verdict], len(says) + 1, len(says) + 1 + len(word))
        parts += [statement, Padding(below, (0, 0, 1, INDENT))]
    return Group(*parts)


def _number_columns(verdict: Verdict) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in ("check", "witness", "its number", "says"):
        table.add_column(heading)
    for check in numbers(verdict):
        for row in check.rows:
            table.add_row(*(Text(cell) for cell in (check.check, *row)))
    return table


def _number_list(verdict: Verdict) -> Group:
    parts: list[Text | Padding] = []
    for check in numbers(verdict):
        said = [f"{row.witness}: {'; '.join(part for part in (row.value, row.says) if part)}" for row in check.rows]
        parts += [Text(check.check, style="bold"), Padding(Text("\n".join(said)), (0, 0, 1, INDENT))]
    return Group(*parts)
