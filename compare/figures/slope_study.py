"""What the negative slope changes: who learns, who gets stuck, and how bad stuck is."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from compare.figures import style
from compare.figures.outcomes import success_map
from compare.theory import SlopeStudy

__all__ = ["slope_figure"]

MAPS = 4
SHADE = 0.55  # of the outcomes, behind the lines
NAMES = {-1.0: "absolute value", 0.0: "ReLU", 1.0: "a line"}


def slope_figure(without_bias: SlopeStudy, with_bias: SlopeStudy, *, figure: Figure | None = None) -> Figure:
    """Draw a slope study: starts of w over the slope, losses over the slope, and starts of (w, b).

    Parameters
    ----------
    without_bias, with_bias : SlopeStudy
        What `compare.theory.slope_study` returns; up to four slopes of the second, spread
        evenly over those from -1 to 1, get a map of their own.
    figure : matplotlib Figure, optional
        By default a new one of pyplot's, which is the caller's to close.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ValueError
        If the first study has a bias, the second one has none, or either has fewer than two slopes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from compare.theory import slope_study
    >>> slopes = np.array([-0.5, 0.0])
    >>> studies = slope_study(slopes, starts=4), slope_study(slopes, bias=True, starts=4, steps=50)
    >>> len(slope_figure(*studies, figure=Figure()).axes)
    4
    """
    if without_bias.bias or not with_bias.bias:
        raise ValueError("slope_figure needs a study without bias and one with bias, in this order")
    if min(len(without_bias.slopes), len(with_bias.slopes)) < 2:
        raise ValueError("slope_figure needs at least two slopes in each study")
    figure = style.new_figure(9.0, 7.2) if figure is None else figure
    subfigures: Any = figure.subfigures(2, 1, height_ratios=(1.25, 1.0))
    upper, lower = subfigures
    left, right = upper.subplots(1, 2, width_ratios=(1.15, 1.0))
    _starts_over_slopes(left, without_bias)
    _losses(right, without_bias, with_bias)
    chosen = _chosen(with_bias.slopes)
    maps = lower.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
    for ax, i in zip(maps, chosen, strict=True):
        _map(ax, with_bias, i, first=ax is maps[0])
    lower.suptitle("With bias: which starts (w, b) learn", fontsize=style.TEXT_SIZE + 1, color=style.INK)
    handles: list[Any] = [
        Patch(color=style.SUCCESS, alpha=SHADE, label="learns: ends at the smallest loss"),
        Patch(color=style.FAILURE, alpha=SHADE, label="gets stuck above it"),
        Line2D([], [], color=style.TARGET, marker="*", markersize=11, linewidth=2.5, label="best minimum"),
        Line2D([], [], color=style.INK, linestyle="--", linewidth=2, label="other minimum, or ReLU's trap"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=style.TEXT_SIZE - 1, frameon=False)
    return figure


def _starts_over_slopes(ax: Axes, study: SlopeStudy) -> None:
    """Outcome of each start w over the slope c, with the minima that attract them."""
    success_map(study.slopes, study.w, ~study.stuck[:, :, 0].T, ax=ax, alpha=SHADE)
    for side in (1, -1):
        for kind, look in _LOOKS.items():
            at = [_position(points, kind, side) for points in study.points]
            ax.plot(study.slopes, at, **look)
    title, ylabel = "Without bias: which starts learn", "start w (lines: where it ends)"
    style.dress(ax, xlabel="negative slope c", ylabel=ylabel, title=title, grid=False)
    ax.axhline(0, color=style.INK, linewidth=0.8)


_LOOKS: dict[str, dict[str, Any]] = {
    "global minimum": {"color": style.TARGET, "linewidth": 2.5, "linestyle": "-"},
    "local minimum": {"color": style.INK, "linewidth": 2.0, "linestyle": "--"},
    "one-sided stationary": {"color": style.INK, "linewidth": 0.0, "marker": "X", "markersize": 8},
}


def _position(points: tuple[Any, ...], kind: str, side: int) -> float:
    """Weight of the point of this kind on this side, NaN if there is none; the kink itself counts as left."""
    for point in points:
        w = point.parameters.w
        if point.kind == kind and (w > 0 if side > 0 else w <= 0):
            return float(w)
    return np.nan


def _losses(ax: Axes, without_bias: SlopeStudy, with_bias: SlopeStudy) -> None:
    """Loss of the best minimum, and of the worst place where starts stay, over the slope."""
    for study, name, colour in ((without_bias, "without bias", style.CURVE), (with_bias, "with bias", style.SUCCESS)):
        stuck = np.where(study.stuck.any(axis=(1, 2)), np.max(study.end_loss, axis=(1, 2)), np.nan)
        ax.plot(study.slopes, study.best, color=colour, linewidth=2.2, label=f"best, {name}")
        ax.plot(study.slopes, stuck, "X--", color=colour, linewidth=1.8, markersize=5, label=f"stuck, {name}")
    ax.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":")
    ax.set_ylim(0, 0.78)
    style.dress(ax, xlabel="negative slope c", ylabel="expected loss", title="What is reached")
    style.legend(ax, loc="upper right")


def _map(ax: Axes, study: SlopeStudy, i: int, *, first: bool) -> None:
    """Outcome of each start (w, b) for one slope."""
    success_map(study.w, study.b, ~study.stuck[i].T, ax=ax, alpha=SHADE)
    for point in study.points[i]:
        if point.kind == "global minimum":
            style.mark_minimum(ax, point.parameters[:2], 15)
        elif point.kind == "local minimum":
            ax.plot(*point.parameters[:2], "X", markersize=9, color=style.INK, markeredgecolor="white")
        elif point.kind == "dead set":
            ax.plot([0, 0], [study.b[0], 0], color=style.INK, linestyle="--", linewidth=2)
    slope = float(study.slopes[i])
    name = f" ({NAMES[slope]})" if slope in NAMES else ""
    title = f"c = {style.rounded(slope)}{name}"
    style.dress(ax, xlabel="start w", ylabel="start b" if first else "", title=title, grid=False)
    ax.set_aspect("equal")


def _chosen(slopes: np.ndarray) -> list[int]:
    """Indices of up to four slopes between -1 and 1, ReLU among them if it is there."""
    between = [i for i in np.argsort(slopes) if -1 <= slopes[i] <= 1] or list(range(len(slopes)))
    if len(between) <= MAPS:
        return [int(i) for i in between]
    wanted = (-0.5, 0.0, 0.25, 1.0)
    return sorted({int(min(between, key=lambda i: abs(slopes[i] - want))) for want in wanted})
