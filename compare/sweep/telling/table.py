"""What the command prints: which sweeps there are, and what became of one's neurons."""

import itertools
from typing import Any

from compare.sweep.labels import LABELS
from compare.sweep.reading.load import load_sweep, shipped_sweeps
from compare.sweep.result import SweepResult
from compare.sweep.telling.axes import plan
from compare.sweep.telling.labels_text import setting_label, there_is

__all__ = ["MOST_ROWS", "explained", "listing", "rich_table"]

MOST_ROWS = 40


def listing() -> str:
    """The shipped sweeps: name, neurons, and what they are about.

    Examples
    --------
    >>> listing().splitlines()[0].split()[:2]
    ['leaky-adam', '524,288']
    """
    sweeps = [load_sweep(name) for name in shipped_sweeps()]
    return "\n".join(f"{sweep.name:20} {sweep.size:>9,} neurons  {sweep.says}" for sweep in sweeps)


def explained(result: SweepResult) -> str:
    """What the sweep is about, and what its labels mean."""
    sweep = result.sweep
    lines = [sweep.says or sweep.name, *(f"  {name}: {meaning}" for name, meaning in LABELS.items())]
    unlisted = [f"  critical points cannot be listed: {text}" for text in result.without_points[:3]]
    return "\n".join([*lines, f"  {there_is(sweep.resolution)}", *unlisted])


def rich_table(result: SweepResult) -> Any:
    """The share of each label, for each panel of the picture."""
    from rich.box import SIMPLE
    from rich.table import Table

    from compare.figures.outcomes import percent

    sweep = result.sweep
    axes = plan(sweep).panels
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("neurons" if not axes else ", ".join(setting_label(sweep.grid[i].setting) for i in axes))
    for name in LABELS:
        table.add_column(f"{name} %", justify="right")
    places = itertools.product(*(range(len(sweep.grid[i].values)) for i in axes))
    for place in itertools.islice(places, MOST_ROWS):
        at: list[Any] = [slice(None)] * len(sweep.grid)
        for i, position in zip(axes, place, strict=True):
            at[i] = position
        labels = result.label[tuple(at)]
        values = [sweep.grid[i].values[position] for i, position in zip(axes, place, strict=True)]
        name = ", ".join(str(value) for value in values) if axes else f"{sweep.size:,}"
        table.add_row(name, *(percent(float((labels == i).mean())) for i in range(len(LABELS))))
    return table
