"""Which of a sweep's settings are drawn against each other, and which have panels of their own."""

from typing import NamedTuple

from compare.sweep.values import Sweep

__all__ = ["Plan", "plan"]


class Plan(NamedTuple):
    """Which axes a picture has.

    Parameters
    ----------
    panels : tuple of int
        Axes of the grid of which each combination of values has a panel of its own.
    axes : tuple of int
        Axes of the grid that are drawn: y and x, or x, or none.
    """

    panels: tuple[int, ...]
    axes: tuple[int, ...]


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
