"""Which of a sweep's settings are drawn against each other, and which have panels of their own."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from compare.sweep.values import Sweep

__all__ = ["Panel", "Plan", "panels_of", "plan"]


class Plan(NamedTuple):
    """Axes of the grid, by number: each combination of the values of `panels` has a panel, with `axes` y and x."""

    panels: tuple[int, ...]
    axes: tuple[int, ...]


class Panel(NamedTuple):
    """One combination of values of the axes that have panels."""

    selection: tuple[Any, ...]  # index into arrays of the sweep's shape
    values: tuple[Any, ...]  # of those axes


def plan(sweep: Sweep) -> Plan:
    """Draw the last two numeric settings against each other, the rest in panels; w is drawn across, b upwards.

    Examples
    --------
    >>> from compare.sweep import Axis
    >>> from reference import Experiment
    >>> grid = (Axis("initial.w", (0.0, 1.0)), Axis("initial.b", (0.0, 1.0)), Axis("steps", (10,)))
    >>> plan(Sweep(name="a", says="", experiment=Experiment(), grid=grid))
    Plan(panels=(), axes=(1, 0))
    """
    long = [i for i, axis in enumerate(sweep.grid) if len(axis.values) > 1]
    numeric = [i for i in long if all(type(value) in (int, float) for value in sweep.grid[i].values)]
    starts = [i for i in numeric if sweep.grid[i].setting.startswith("initial.")]
    preferred = sorted(numeric, key=lambda i: (i in starts, i))[-2:] if not sweep.draws else numeric[-2:]
    axes = sorted(preferred, key=lambda i: (sweep.grid[i].setting == "initial.w", i))
    return Plan(tuple(i for i in long if i not in axes), tuple(axes))


def panels_of(sweep: Sweep) -> Iterator[Panel]:
    """Every panel; an axis with one value only has no axis in it.

    Examples
    --------
    >>> from compare.sweep import Axis
    >>> from reference import Experiment
    >>> grid = (Axis("initial.w", (0.0, 1.0)), Axis("dtype", ("float32", "float64")), Axis("steps", (10,)))
    >>> [panel.values for panel in panels_of(Sweep(name="a", says="", experiment=Experiment(), grid=grid))]
    [('float32',), ('float64',)]
    """
    chosen = plan(sweep).panels
    for values in itertools.product(*(enumerate(sweep.grid[i].values) for i in chosen)):
        selection: list[Any] = [0 if len(axis.values) == 1 else slice(None) for axis in sweep.grid]
        for i, (position, _) in zip(chosen, values, strict=True):
            selection[i] = position
        yield Panel(tuple(selection), tuple(value for _, value in values))
