"""How measurements are shown: entries in JSON, a table on the terminal, and the same in Markdown."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from compare.bench.measuring import Row
from compare.bench.plan import Goal, Group, Size

__all__ = ["amount", "cells", "entry", "listing", "markdown", "rich_table"]

HEADINGS = ("", "{unit}", "range", "times the\nbaseline", "range", "meant to be")
TEXTS = (0, 5)  # the columns that are no numbers


def entry(group: Group, size: Size, rows: Sequence[Row]) -> dict[str, Any]:
    """One entry of "groups" in bench.json."""
    return {
        "name": group.name,
        "says": group.titled(size),
        "unit": group.unit,
        "baseline": group.baseline or None,
        "rows": [
            {
                "name": row.name,
                "cost": _spread(row.costs),
                "wall": _spread(row.by_the_wall),
                "ratio": _spread(row.ratios),
                "meant": None if row.goal is None else row.goal._asdict(),
                "as_meant": row.meets_goal,
                "note": row.note or None,
                **row.details,
            }
            for row in rows
        ],
    }


def _spread(numbers: Sequence[float]) -> dict[str, Any] | None:
    if not numbers:
        return None
    return {"median": statistics.median(numbers), "low": min(numbers), "high": max(numbers), "rounds": list(numbers)}


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


def cells(group: Group, row: Row) -> list[str]:
    """A row as texts, one a column; the baseline is marked."""
    name = f"{row.name} (baseline)" if row.name == group.baseline else row.name
    cost, costs = _median_and_range(row.costs)
    ratio, ratios = _median_and_range(row.ratios)
    if not row.costs:
        cost = "wrong, not timed" if row.wrong else row.note
    return [name, cost, costs, ratio, ratios, "" if row.goal is None else _goal(row.goal, row.meets_goal)]


def _median_and_range(numbers: Sequence[float]) -> tuple[str, str]:
    if not numbers:
        return "", ""
    range_ = f"{amount(min(numbers))} to {amount(max(numbers))}" if len(numbers) > 1 else ""
    return amount(statistics.median(numbers)), range_


def _goal(goal: Goal, met: bool | None) -> str:
    what = {"ratio": "times", "cost": "cost"}[goal.of]
    limit = f"≥ {goal.at_least:.3g}" if goal.at_least is not None else f"≤ {goal.at_most:.3g}"
    return f"{what} {limit}{', missed' if met is False else ''}"


def rich_table(group: Group, size: Size, rows: Sequence[Row]) -> Any:
    """For the terminal."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False, title=_heading(group, size), title_justify="left")
    for i, heading in enumerate(_columns(group)):
        table.add_column(heading, justify="left" if i in TEXTS else "right", no_wrap=i > 1, overflow="fold")
    for row in rows:
        table.add_row(*cells(group, row))
    return table


def markdown(group: Group, size: Size, rows: Sequence[Row]) -> str:
    """The same to be pasted into a page; columns with nothing in them are left out."""
    lines = [cells(group, row) for row in rows]
    columns = [i for i in range(len(HEADINGS)) if i == 0 or any(line[i] for line in lines)]
    headings = [heading.replace("\n", " ") for heading in _columns(group)]
    header, *body = ["| " + " | ".join(line[i] for i in columns) + " |" for line in (headings, *lines)]
    rule = "|" + "|".join("---" if i in TEXTS else "--:" for i in columns) + "|"
    return "\n".join([f"**{_heading(group, size)}**", "", header, rule, *body, ""])


def listing(groups: Sequence[Group], size: Size) -> str:
    """One line for each group, and one for each of its measurements."""
    lines = []
    for group in groups:
        lines.append(f"{_heading(group, size)}, in {group.unit}")
        lines += [f"    {measurement.name}" for measurement in group.measurements]
    return "\n".join(lines)


def _heading(group: Group, size: Size) -> str:
    return f"{group.name}: {group.titled(size)}"


def _columns(group: Group) -> list[str]:
    return [heading.format(unit=group.unit) for heading in HEADINGS]
