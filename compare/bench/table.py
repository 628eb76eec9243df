"""How measurements are shown: entries in JSON, a table on the terminal, and the same in Markdown."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from compare.bench.measuring import Row
from compare.bench.plan import Goal, Group, Size

__all__ = ["amount", "cells", "entry", "listing", "markdown", "rich_table"]

HEADINGS = ("", "{unit}", "range", "times the\nbaseline", "range", "power of\nthe size", "peak\nMB", "meant to be")
TEXTS = (0, 7)  # the columns that are no numbers


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
                "size": row.size,
                "exponent": row.exponent,
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
    power = "" if row.exponent is None else f"{row.exponent:.2f}"
    peak = f"{row.details['peak_bytes'] / 1e6:.0f}" if "peak_bytes" in row.details else ""
    meant = "" if row.goal is None else _goal(row.goal, row.meets_goal)
    return [name, cost, costs, ratio, ratios, power, peak, meant]


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
    lines, headings = [cells(group, row) for row in rows], _columns(group)
    used = _used(lines)
    for i in used:
        table.add_column(headings[i], justify="left" if i in TEXTS else "right", no_wrap=i > 1, overflow="fold")
    for line in lines:
        table.add_row(*(line[i] for i in used))
    return table


def markdown(group: Group, size: Size, rows: Sequence[Row]) -> str:
    """The same to be pasted into a page; columns with nothing in them are left out."""
    lines = [cells(group, row) for row in rows]
    columns = _used(lines)
    headings = [heading.replace("\n", " ") for heading in _columns(group)]
    header, *body = ["| " + " | ".join(line[i] for i in columns) + " |" for line in (headings, *lines)]
    rule = "|" + "|".join("---" if i in TEXTS else "--:" for i in columns) + "|"
    return "\n".join([f"**{_heading(group, size)}**", "", header, rule, *body, ""])


def _used(lines: Sequence[list[str]]) -> list[int]:
    """The columns that have anything in them."""
    return [i for i in range(len(HEADINGS)) if i == 0 or any(line[i] for line in lines)]


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
