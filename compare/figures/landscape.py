"""The expected loss over weight and bias, with the paths of runs."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.contour import QuadContourSet

from compare.figures import style
from compare.figures.loss_surface import limits, surface_of
from compare.figures.runs import complete, drawable_parameters
from compare.surface.basins import RESOLUTION
from compare.theory.outcomes import NAMES, outcomes_of
from reference import Target, Trajectory

__all__ = ["dead_below", "surface"]

# Each twice the one before; none is 1/2, where ReLU's plateau would be on it and on neither side.
LEVELS = np.array([0.0, *0.0125 * 2.0 ** np.arange(11)])
HEIGHTS = LinearSegmentedColormap.from_list("heights", [(0.2, 0.23, 0.27, 0.0), (0.2, 0.23, 0.27, 0.5)])


def surface(
    *runs: Trajectory,
    ax: Axes | None = None,
    negative_slope: float | None = None,
    target: Target | None = None,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw the expected loss over (w, b), the paths of runs on it, and the minimum.

    For ReLU the region is hatched in which at most 1/64 of all inputs activate the neuron,
    Phi(b / abs(w)) <= 1/64: with w < 0 it is dead there, with w > 0 these few may bring it back.

    Parameters
    ----------
    *runs : Trajectory
        Single runs or ensembles that train w, b or both, all with the same slope, target,
        v and d. A path begins with a ring and ends with the marker of its outcome, which colour and
        line repeat.
    ax : matplotlib Axes, optional
        By default those of a new pyplot figure.
    negative_slope : float, optional
    target : Target, optional
        By default those of the runs; without runs 0 (ReLU), and ReLU.
    xlim, ylim : pair of float, optional
        By default what the runs visit, at least from -2.5 to 2.5.
    colorbar : bool
        Whether to draw the scale beside the axes.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a run is no Trajectory, without its steps, or lives on another surface.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = surface(ax=Figure().add_subplot(), negative_slope=0.25)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('weight w', 'bias b')
    """
    for run in runs:
        complete(run, "surface")
    loss_surface = surface_of(runs, "surface", ("w", "b"), negative_slope, target)
    ax = style.new_figure(7.0, 5.0).add_subplot() if ax is None else ax
    paths = [drawable_parameters(run) for run in runs]
    low, high = _span([path.w for path in paths]) if xlim is None else limits("surface: xlim", xlim)
    bottom, top = _span([path.b for path in paths]) if ylim is None else limits("surface: ylim", ylim)
    w, b = np.meshgrid(np.linspace(low, high, 241), np.linspace(bottom, top, 241))
    loss = loss_surface.at(w=w, b=b)
    filled = ax.contourf(w, b, loss, LEVELS, cmap=HEIGHTS, norm=BoundaryNorm(LEVELS, 256), extend="max")
    ax.contour(w, b, loss, LEVELS[1:], colors="white", linewidths=0.7)
    if loss_surface.negative_slope == 0:
        _hatch_dead(ax, low, high, bottom)
    labelled: set[str] = set()
    for run, path in zip(runs, paths, strict=True):
        outcomes = [NAMES[i] for i in np.ravel(outcomes_of(run).outcome)]
        for i, outcome in enumerate(outcomes):
            _draw_path(ax, path.w[:, i], path.b[:, i], outcome, first=outcome not in labelled)
            labelled.add(outcome)
    if runs:
        ax.plot([], [], **START, label="start")
    at = loss_surface.minimum_near(w, b, loss)
    label = f"minimum ({style.rounded(at[0])}, {style.rounded(at[1])})"
    style.mark_minimum(ax, at, 16, zorder=5, label=label)
    style.dress(ax, xlabel="weight w", ylabel="bias b", grid=False)
    ax.set_xlim(low, high)
    ax.set_ylim(bottom, top)
    if colorbar:
        _colour_bar(ax, filled)
    style.legend(
        ax,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=2,
        borderpad=0.1,
        handletextpad=0.5,
        columnspacing=1.0,
        framealpha=0.0,
    )
    return ax


def dead_below(resolution: float = RESOLUTION) -> float:
    """Return q > 0 such that at most a share of the inputs activates the neuron where b <= -q abs(w).

    That share is ``Phi(b / abs(w))``, so that q = -Phi^-1(resolution).

    Examples
    --------
    >>> round(dead_below(), 2)
    2.15
    """
    from scipy.special import ndtri

    return -float(ndtri(resolution))


START: dict[str, Any] = {"marker": "o", "markersize": 6, "linestyle": "", "color": style.INK, "fillstyle": "none"}


def _draw_path(ax: Axes, w: np.ndarray, b: np.ndarray, outcome: str, first: bool) -> None:
    look = style.LOOKS[outcome]
    ax.plot(w, b, color=look.colour, linewidth=1.7, zorder=3, linestyle=look.line)
    drawn = np.flatnonzero(~np.isnan(w))
    ax.plot(w[drawn[:1]], b[drawn[:1]], zorder=4, **START)
    ax.plot(w[drawn[-1:]], b[drawn[-1:]], marker=look.marker, markersize=8, color=look.colour,
            markeredgecolor="white", linestyle="", zorder=4.5)  # fmt: skip
    if first:
        ax.plot([], [], color=look.colour, linestyle=look.line, marker=look.marker, markersize=7, label=outcome)


def _hatch_dead(ax: Axes, low: float, high: float, bottom: float) -> None:
    q = dead_below()
    if bottom >= 0:  # out of sight
        return
    w = np.array([max(low, bottom / q), 0.0, min(high, -bottom / q)])
    ax.fill_between(w, bottom, -q * np.abs(w), facecolor="none", edgecolor=style.QUIET, hatch="///", linewidth=0.0,
                    zorder=1.5, label=f"at most 1/{1 / RESOLUTION:g} active")  # fmt: skip


def _colour_bar(ax: Axes, filled: QuadContourSet) -> None:
    ticks = LEVELS[[0, 3, 5, 7, 9, 11]]
    scale = ax.figure.colorbar(filled, ax=ax, ticks=ticks, pad=0.02, location="bottom", aspect=40)
    scale.ax.set_xticklabels([f"{level:g}" for level in ticks], fontsize=style.SMALL_SIZE, color=style.INK)
    scale.outline.set_edgecolor(style.QUIET)
    scale.set_label("expected loss", fontsize=style.TEXT_SIZE, color=style.INK)


def _span(paths: list[np.ndarray]) -> tuple[float, float]:
    visited = np.concatenate([[-2.5, 2.5], *map(np.ravel, paths)])
    return float(np.nanmin(visited)) * 1.04, float(np.nanmax(visited)) * 1.04
