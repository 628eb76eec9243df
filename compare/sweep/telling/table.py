"""What the command prints: which sweeps there are, and what became of one's neurons."""

import itertools
from typing import Any

from compare.sweep.labels import LABELS
from compare.sweep.reading.load import load_sweep, shipped_sweeps
from compare.sweep.result import SweepResult
from compare.sweep.telling.captions import arrival_criterion, setting_label
from compare.sweep.telling.panels import panels_of, plan

__all__ = ["explained", "listing", "rich_table"]

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
    return "\n".join([*lines, f"  {arrival_criterion(sweep.resolution)}", *unlisted])


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
    for panel in itertools.islice(panels_of(sweep), MOST_ROWS):
        labels = result.label[panel.selection]
        name = ", ".join(map(str, panel.values)) if axes else f"{sweep.size:,}"
        table.add_row(name, *(percent(float((labels == i).mean())) for i in range(len(LABELS))))
    return table
