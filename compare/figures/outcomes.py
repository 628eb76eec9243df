"""Outcomes of an ensemble over two settings, over one, or start by start.

Blue has learned, the shades of vermillion are stuck, each at another kind of critical
point, violet is undecided, black diverged; the same in every picture.
"""

from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Patch

from compare.figures import style

__all__ = [
    "OUTCOMES",
    "outcome_legend",
    "outcome_map",
    "outcome_points",
    "outcome_shares",
    "percent",
    "share_map",
    "success_map",
]

OUTCOMES = MappingProxyType(
    {
        "learned": style.SUCCESS,
        "stuck: dead": style.FAILURE,
        "stuck: at a kink": "#F0A35E",
        "stuck: local minimum": "#8C3A00",
        "stuck: minimum at infinity": "#F7D3B5",
        "undecided": style.UNDECIDED,
        "diverged": style.INK,
    }
)


def outcome_map(x: Any, y: Any, outcome: Any, *, ax: Axes) -> None:
    """Colour each point of a grid, x and y increasing, by its index into `OUTCOMES`, of shape (len(y), len(x)).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> outcome_map([-1.0, 1.0], [0.0, 0.5], [[9, 0], [1, 0]], ax=Figure().add_subplot())
    Traceback (most recent call last):
    ValueError: outcome_map: an outcome must be an index from 0 to 6, got 9
    """
    x, y, outcome = _checked_grid("outcome_map", x, y, outcome)
    _check_indices("outcome_map", outcome)
    _colour_cells(ax, x, y, outcome, ListedColormap(list(OUTCOMES.values())), len(OUTCOMES) - 1)
    _finish(ax, x, y)


def share_map(x: Any, y: Any, share: Any, *, ax: Axes) -> None:
    """Colour each point of a grid by the share in [0, 1] that succeeds there: white none, blue all."""
    x, y, share = _checked_grid("share_map", x, y, share)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError("share_map: a share must be from 0 to 1")
    _colour_cells(ax, x, y, share, LinearSegmentedColormap.from_list("share", ["white", style.SUCCESS]), 1.0)
    _finish(ax, x, y)


def success_map(x: np.ndarray, y: np.ndarray, succeeded: np.ndarray, *, ax: Axes, alpha: float | None = None) -> None:
    """Colour each point of a grid by whether it succeeds, of shape (len(y), len(x))."""
    _colour_cells(ax, x, y, succeeded.astype(float), ListedColormap([style.FAILURE, style.SUCCESS]), 1.0, alpha=alpha)


def outcome_shares(x: Any, shares: Any, *, ax: Axes) -> None:
    """Stack shares of shape (len(OUTCOMES), len(x)), whose columns sum to 1, over increasing x."""
    x, _, shares = _checked_grid("outcome_shares", x, range(len(OUTCOMES)), shares)
    ax.stackplot(x, shares, colors=list(OUTCOMES.values()), linewidth=0.0)
    _finish(ax, x)
    ax.set_ylim(0.0, 1.0)


def outcome_points(x: Any, y: Any, outcome: Any, *, ax: Axes) -> None:
    """Draw each neuron as a point at (x, y), coloured by its index into `OUTCOMES`."""
    x, y, outcome = (np.ravel(values) for values in np.broadcast_arrays(x, y, outcome))
    _check_indices("outcome_points", outcome)
    size = max(1.0, min(24.0, 60000.0 / max(1, x.size)))
    for i, (ink, marker) in enumerate(zip(OUTCOMES.values(), "osD^vPX", strict=True)):
        here = (outcome == i) & np.isfinite(x) & np.isfinite(y)
        if here.any():
            ax.scatter(x[here], y[here], s=size, color=ink, marker=marker, linewidths=0, rasterized=True)
    _finish(ax, x)


def outcome_legend(outcome: Any, *, shares: bool = True) -> list[Patch]:
    """Handles of a legend: each outcome that occurs, with its share or without.

    Examples
    --------
    >>> [handle.get_label() for handle in outcome_legend([0, 0, 1, 0])]
    ['learned (75 %)', 'stuck: dead (25 %)']
    """
    counts = np.bincount(np.ravel(outcome), minlength=len(OUTCOMES)) / np.size(outcome)
    named = zip(OUTCOMES.items(), counts, strict=True)
    return [
        Patch(color=ink, label=f"{name} ({percent(share)} %)" if shares else name)
        for (name, ink), share in named
        if share > 0
    ]


def percent(share: float) -> str:
    """A share in per cent. Never rounded to 0 or 100.

    Examples
    --------
    >>> percent(0.25), percent(1.0), percent(0.99999), percent(1e-6)
    ('25', '100', '> 99.9', '< 0.01')
    """
    percent = f"{100 * share:.3g}"
    if share > 0 and float(percent) < 0.01:
        return "< 0.01"
    return "> 99.9" if percent == "100" and share < 1 else percent


def _colour_cells(ax: Axes, x: Any, y: Any, values: Any, colours: Colormap, vmax: float, **options: Any) -> None:
    """Colour a cell around each point of a grid by its value, from 0 to `vmax`."""
    ax.pcolormesh(x, y, values, cmap=colours, vmin=0.0, vmax=vmax, shading="nearest", rasterized=True, **options)


def _finish(ax: Axes, x: np.ndarray, y: np.ndarray | None = None) -> None:
    """Choose the axes' scales, and leave out the grid."""
    if _evenly_in_logs(x):
        ax.set_xscale("log")
    if y is not None and _evenly_in_logs(y):
        ax.set_yscale("log")
    style.dress(ax, grid=False)


def _evenly_in_logs(values: np.ndarray) -> bool:
    """Whether values are spaced more evenly in their logarithms than as they are."""
    if len(values) < 3 or not (values > 0).all() or not (np.diff(values) > 0).all():
        return False
    plain, logs = np.diff(values), np.diff(np.log(values))
    return bool(np.ptp(logs) / logs.mean() < np.ptp(plain) / plain.mean())


def _checked_grid(caller: str, x: Any, y: Any, values: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, values = np.asarray(x, np.float64), np.asarray(y, np.float64), np.asarray(values)
    if x.ndim != 1 or y.ndim != 1 or values.shape != (len(y), len(x)):
        raise ValueError(f"{caller}: values must have shape ({y.size}, {x.size}), got {values.shape}")
    if not ((np.diff(x) > 0).all() and (np.diff(y) > 0).all()):
        raise ValueError(f"{caller}: values of the settings must increase")
    return x, y, values


def _check_indices(caller: str, outcome: np.ndarray) -> None:
    wrong = (outcome < 0) | (outcome >= len(OUTCOMES))
    if wrong.any():
        raise ValueError(
            f"{caller}: an outcome must be an index from 0 to {len(OUTCOMES) - 1}, got {int(outcome[wrong][0])}"
        )
