"""How measurements are shown: a table on the terminal, the same in Markdown, entries in JSON."""

import math
from collections.abc import Sequence
from typing import Any

from compare.bench.plan import Group, Size
from compare.bench.results import Meant, Row, Spread

__all__ = ["amount", "cells", "entry", "listing", "markdown", "rich_table"]

HEADINGS = ("", "{unit}", "range", "times the\nbaseline", "range", "meant to be")


def amount(number: float) -> str:
    """Three significant digits, without an exponent.

    Examples
    --------
    >>> [amount(number) for number in (0.01234, 1.0, 12.345, 1234.5, 12345.6)]
    ['0.0123', '1.00', '12.3', '1230', '12300']
    """
    if not math.isfinite(number) or number == 0:
        return f"{number:g}"
    digits = 2 - math.floor(math.log10(abs(number)))
    return f"{round(number, digits):.{max(0, digits)}f}"


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts, one a column."""
    meant = "" if row.meant is None else _meant(row.meant, row.as_meant)
    if not row.costs:
        return row.name, "wrong, not timed" if row.wrong else row.note, "", "", "", meant
    cost = Spread.of(row.costs)
    ratio = Spread.of(row.ratios) if row.ratios else None
    return (
        row.name,
        amount(cost.median),
        _range(cost) if len(row.costs) > 1 else "",
        "" if ratio is None else amount(ratio.median),
        "" if ratio is None or len(row.ratios) == 1 else _range(ratio),
        meant,
    )


def _range(spread: Spread) -> str:
    return f"{amount(spread.low)} to {amount(spread.high)}"


def _meant(meant: Meant, met: bool | None) -> str:
    what = {"ratio": "times", "cost": "cost"}[meant.of]
    limit = f"≥ {meant.at_least:.3g}" if meant.at_least is not None else f"≤ {meant.at_most:.3g}"
    return f"{what} {limit}{', missed' if met is False else ''}"


def _title(group: Group, size: Size) -> str:
    return f"{group.name}: {group.says.format(side=size.side, samples=size.samples)}"


def rich_table(group: Group, size: Size, rows: Sequence[Row]) -> Any:
    """For the terminal; the baseline is marked."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False, title=_title(group, size), title_justify="left")
    for i, heading in enumerate(_headings(group)):
        table.add_column(heading, justify="left" if i in (0, 5) else "right", no_wrap=i > 1, overflow="fold")
    for row in rows:
        table.add_row(*_named(group, row))
    return table


def _headings(group: Group) -> list[str]:
    return [heading.format(unit=group.unit) for heading in HEADINGS]


def _named(group: Group, row: Row) -> tuple[str, ...]:
    name, *rest = cells(row)
    return (f"{name} (baseline)" if name == group.baseline else name, *rest)


def markdown(group: Group, size: Size, rows: Sequence[Row]) -> str:
    """The same to be pasted into a page; columns with nothing in them are left out."""
    table = [[heading.replace("\n", " ") for heading in _headings(group)], *(_named(group, row) for row in rows)]
    kept = [i for i in range(len(HEADINGS)) if i == 0 or any(line[i] for line in table[1:])]
    lines = ["| " + " | ".join(line[i] for i in kept) + " |" for line in table]
    rule = "|" + "|".join("---" if i in (0, 5) else "--:" for i in kept) + "|"
    return "\n".join([f"**{_title(group, size)}**", "", lines[0], rule, *lines[1:], ""])


def entry(group: Group, size: Size, rows: Sequence[Row]) -> dict[str, Any]:
    """One entry of "groups" in bench.json."""
    return {
        "name": group.name,
        "says": group.says.format(side=size.side, samples=size.samples),
        "unit": group.unit,
        "baseline": group.baseline or None,
        "rows": [_row_entry(row) for row in rows],
    }


def _row_entry(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "cost": _spread_entry(row.costs),
        "wall": _spread_entry(row.by_the_wall),
        "ratio": _spread_entry(row.ratios),
        "meant": None if row.meant is None else row.meant._asdict(),
        "as_meant": row.as_meant,
        "note": row.note or None,
        **row.details,
    }


def _spread_entry(numbers: Sequence[float]) -> dict[str, Any] | None:
    return {**Spread.of(numbers)._asdict(), "rounds": list(numbers)} if numbers else None


def listing(groups: Sequence[Group], size: Size) -> str:
    """One line for each group, and one for each of its measurements."""
    lines = []
    for group in groups:
        lines.append(f"{_title(group, size)}, in {group.unit}")
        lines += [f"    {measurement.name}" for measurement in group.measurements]
    return "\n".join(lines)
