"""Outcomes of an ensemble over two settings, over one, or start by start.

Colour and hatching or marker are those of `compare.figures.style.LOOKS`, the same in every picture.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from compare.figures import style
from compare.theory.outcomes import OUTCOMES

__all__ = [
    "cell_edges",
    "outcome_cells",
    "outcome_legend",
    "outcome_map",
    "outcome_points",
    "outcome_shares",
    "percent",
    "share_map",
]

NAMES = tuple(OUTCOMES)
COLOURS = tuple(style.LOOKS[name].colour for name in NAMES)
HATCH = (1.0, 1.0, 1.0, 0.4)  # light, and dark where a dark page inverts it


def outcome_map(x: Any, y: Any, outcome: Any, *, ax: Axes) -> None:
    """Colour each point of a grid, x and y increasing, by its index into `OUTCOMES`, of shape (len(y), len(x)).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> outcome_map([-1.0, 1.0], [0.0, 0.5], [[9, 0], [1, 0]], ax=Figure().add_subplot())
    Traceback (most recent call last):
    ValueError: outcome_map: an outcome must be an index from 0 to 4, got 9
    """
    x, y, outcome = _checked_grid("outcome_map", x, y, outcome)
    _check_indices("outcome_map", outcome)
    _choose_scales(ax, x, y)
    x_edges, y_edges = (cell_edges(values, log=_evenly_in_logs(values)) for values in (x, y))
    outcome_cells(x_edges, y_edges, outcome, ax=ax)
    style.dress(ax, grid=False)


def outcome_cells(
    x_edges: np.ndarray, y_edges: np.ndarray, outcome: np.ndarray, *, ax: Axes, alpha: float | None = None
) -> None:
    """Colour cells between these edges by outcome, and hatch those that have hatching."""
    ax.pcolormesh(x_edges, y_edges, outcome, cmap=ListedColormap(list(COLOURS)), vmin=-0.5, vmax=len(NAMES) - 0.5,
                  rasterized=True, alpha=alpha)  # fmt: skip
    for i, name in enumerate(NAMES):
        if style.LOOKS[name].hatch and (outcome == i).any():
            shape = _outline(x_edges, y_edges, outcome == i)
            ax.add_patch(PathPatch(shape, facecolor="none", edgecolor=HATCH, linewidth=0.0,
                                   hatch=style.LOOKS[name].hatch))  # fmt: skip


def cell_edges(values: np.ndarray, *, log: bool = False) -> np.ndarray:
    """Where cells around increasing values meet: half way, and as far beyond the first and the last one.

    Examples
    --------
    >>> cell_edges(np.array([0.0, 1.0, 3.0])).tolist()
    [-0.5, 0.5, 2.0, 4.0]
    """
    at = np.log(values) if log else np.asarray(values, np.float64)
    if len(at) == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    middle = at[:-1] + np.diff(at) / 2
    edges = np.concatenate([[at[0] - (middle[0] - at[0])], middle, [at[-1] + (at[-1] - middle[-1])]])
    return np.asarray(np.exp(edges) if log else edges)


def share_map(x: Any, y: Any, share: Any, *, ax: Axes) -> None:
    """Colour each point of a grid by the share in [0, 1] that learns there: white none, blue all."""
    x, y, share = _checked_grid("share_map", x, y, share)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError("share_map: a share must be from 0 to 1")
    colours = LinearSegmentedColormap.from_list("share", ["white", style.LOOKS["learned"].colour])
    ax.pcolormesh(x, y, share, cmap=colours, vmin=0.0, vmax=1.0, shading="nearest", rasterized=True)
    _choose_scales(ax, x, y)
    style.dress(ax, grid=False)


def outcome_shares(x: Any, shares: Any, *, ax: Axes) -> None:
    """Stack shares of shape (len(OUTCOMES), len(x)), whose columns sum to 1, over increasing x."""
    x, _, shares = _checked_grid("outcome_shares", x, range(len(NAMES)), shares)
    for name, layer in zip(NAMES, ax.stackplot(x, shares, colors=COLOURS, linewidth=0.0), strict=True):
        layer.set_edgecolor(HATCH)
        layer.set_hatch(style.LOOKS[name].hatch)
    _choose_scales(ax, x)
    style.dress(ax, grid=False)
    ax.set_ylim(0.0, 1.0)


def outcome_points(x: Any, y: Any, outcome: Any, *, ax: Axes) -> None:
    """Draw each neuron as a point at (x, y), with the colour and marker of its index into `OUTCOMES`."""
    x, y, outcome = (np.ravel(values) for values in np.broadcast_arrays(x, y, outcome))
    _check_indices("outcome_points", outcome)
    size = max(1.0, min(24.0, 60000.0 / max(1, x.size)))
    for i, name in enumerate(NAMES):
        here = (outcome == i) & np.isfinite(x) & np.isfinite(y)
        if here.any():
            look = style.LOOKS[name]
            ax.scatter(x[here], y[here], s=size, color=look.colour, marker=look.marker, linewidths=0, rasterized=True)
    _choose_scales(ax, x)
    style.dress(ax, grid=False)


def outcome_legend(outcome: Any, *, shares: bool = True, alpha: float | None = None) -> list[Patch]:
    """Handles of a legend: each outcome that occurs, with its share or without.

    Examples
    --------
    >>> [handle.get_label() for handle in outcome_legend([0, 0, 3, 0])]
    ['learned (75 %)', 'dead (25 %)']
    """
    counts = np.bincount(np.ravel(outcome), minlength=len(NAMES)) / np.size(outcome)
    return [
        Patch(facecolor=style.LOOKS[name].colour, hatch=style.LOOKS[name].hatch * 2, edgecolor=HATCH, linewidth=0.0,
              alpha=alpha, label=f"{name} ({percent(share)} %)" if shares else name)
        for name, share in zip(NAMES, counts, strict=True)
        if share > 0
    ]  # fmt: skip


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


def _outline(x_edges: np.ndarray, y_edges: np.ndarray, chosen: np.ndarray) -> Path:
    """One path round every run of chosen cells in a row."""
    padded = np.pad(chosen.astype(np.int8), ((0, 0), (1, 1)))
    rows, starts = np.nonzero(np.diff(padded, axis=1) == 1)
    _, stops = np.nonzero(np.diff(padded, axis=1) == -1)
    left, right, low, high = x_edges[starts], x_edges[stops], y_edges[rows], y_edges[rows + 1]
    corners = np.stack([left, low, right, low, right, high, left, high, left, low], axis=1)
    codes = np.tile([Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY], len(rows))
    return Path(corners.reshape(-1, 2), codes.astype(Path.code_type))


def _choose_scales(ax: Axes, x: np.ndarray, y: np.ndarray | None = None) -> None:
    if _evenly_in_logs(x):
        ax.set_xscale("log")
    if y is not None and _evenly_in_logs(y):
        ax.set_yscale("log")


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
    wrong = (outcome < 0) | (outcome >= len(NAMES))
    if wrong.any():
        raise ValueError(
            f"{caller}: an outcome must be an index from 0 to {len(NAMES) - 1}, got {int(outcome[wrong][0])}"
        )
