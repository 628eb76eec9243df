"""What the negative slope changes: who learns, who gets stuck, and how bad stuck is."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.outcomes import cell_edges, outcome_cells, outcome_legend
from compare.theory import SlopeStudy
from compare.theory.outcomes import NAMES
from compare.theory.slopes import least_loss

__all__ = ["chosen_slopes", "draw_losses", "draw_map", "draw_starts", "slope_figure", "study_legend"]

MAPS = 4
SHADE = 0.6  # of the outcomes, behind the lines
CURVE_POINTS = 161
BORDERS = (-1.0, 0.0, 1.0)  # slopes at which what becomes of a start changes at once
SLOPE_NAMES = {-1.0: "absolute value", 0.0: "ReLU", 1.0: "a line"}


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
    draw_starts(left, without_bias)
    draw_losses(right, without_bias, with_bias)
    chosen = chosen_slopes(with_bias.slopes)
    maps = lower.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
    for ax, i in zip(maps, chosen, strict=True):
        draw_map(ax, with_bias, i, first=ax is maps[0])
    lower.suptitle("With bias: what becomes of the starts (w, b)", fontsize=style.TEXT_SIZE + 1, color=style.INK)
    handles = study_legend([without_bias.outcome, *(with_bias.outcome[i] for i in chosen)], [left, *maps])
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=style.SMALL_SIZE, frameon=False)
    return figure


def draw_starts(ax: Axes, study: SlopeStudy) -> None:
    """Outcome of each start w over the slope s, with the points that attract them; the borders are lines apart."""
    for part in _parts(study.slopes):
        if len(part):
            edges = _edges_between_borders(study.slopes, part)
            outcome_cells(edges, cell_edges(study.w), study.outcome[part, :, 0].T, ax=ax, alpha=SHADE)
    for i in np.flatnonzero(np.isin(study.slopes, BORDERS)):
        for j, outcome in enumerate(study.outcome[i, :, 0]):
            look = style.LOOKS[NAMES[outcome]]
            ax.plot(study.slopes[i], study.w[j], look.marker, color=look.colour, markersize=5, markeredgecolor="white",
                    markeredgewidth=0.4, zorder=3)  # fmt: skip
    low, high = study.slopes.min(), study.slopes.max()
    for label, from_, to, vertex in _VERTICES:
        s = np.linspace(max(low, from_), min(high, to), CURVE_POINTS)
        if s[0] < s[-1]:
            named = label in ax.get_legend_handles_labels()[1]
            ax.plot(s, vertex(s), zorder=4, label="_" + label if named else label, **_LINES[label])
    if low <= 0 <= high:
        ax.plot(0, 0, "p", color=style.INK, markersize=9, linestyle="", zorder=5, label="ReLU's trap, w = 0")
    title = "Without bias: what becomes of each start"
    style.dress(ax, xlabel="negative slope s", ylabel="start w (lines: where it ends)", title=title, grid=False)
    ax.axhline(0, color=style.INK, linewidth=0.8)


def _right(s: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + s**2))


def _left(s: np.ndarray) -> np.ndarray:
    return np.asarray(s / (1 + s**2))


# Which minima there are from slope to slope, see `compare.theory.slopes`; at -1 the better one is the other one.
_VERTICES = (
    ("best minimum", -1.0, np.inf, _right),
    ("best minimum", -np.inf, -1.0, _left),
    ("other minimum", -np.inf, -1.0, _right),
    ("other minimum", -1.0, 0.0, _left),
)
_LINES: dict[str, dict[str, Any]] = {
    "best minimum": {"color": style.TARGET, "linewidth": 2.5, "linestyle": "-"},
    "other minimum": {"color": style.INK, "linewidth": 2.0, "linestyle": "--"},
}


def draw_losses(ax: Axes, without_bias: SlopeStudy, with_bias: SlopeStudy) -> None:
    """Least loss over the slope, as a curve, and the loss where starts are stuck, at the slopes that were tried."""
    low, high = without_bias.slopes.min(), without_bias.slopes.max()
    slopes = np.union1d(np.linspace(low, high, CURVE_POINTS), [border for border in BORDERS if low < border < high])
    for study, name, line, colour, fill in (
        (without_bias, "without bias", "--", style.QUIET, "full"),
        (with_bias, "with bias", "-", style.INK, "none"),
    ):
        ax.plot(slopes, least_loss(slopes, bias=study.bias), line, color=colour, linewidth=2.0, label=f"least, {name}")
        for outcome in ("stuck", "dead"):
            here = study.outcome == NAMES.index(outcome)
            some, look = here.any(axis=(1, 2)), style.LOOKS[outcome]
            worst = np.max(study.end_loss, axis=(1, 2), where=here, initial=0.0)
            if some.any():
                ax.plot(study.slopes[some], worst[some], look.marker, color=look.colour, markersize=6,
                        fillstyle=fill, label=f"{outcome}, {name}")  # fmt: skip
    ax.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":")
    ax.set_ylim(0, 0.82)
    style.dress(ax, xlabel="negative slope s", ylabel="expected loss", title="The least loss, and where starts end")
    style.legend(ax, loc="upper right")


def draw_map(ax: Axes, study: SlopeStudy, i: int, *, first: bool) -> None:
    """Outcome of each start (w, b) for one slope."""
    outcome_cells(cell_edges(study.w), cell_edges(study.b), study.outcome[i].T, ax=ax, alpha=SHADE)
    for point in study.points[i]:
        at = point.parameters[:2]
        if point.kind == "global minimum":
            style.mark_minimum(ax, at, 15, label="best minimum (star)")
        elif point.kind == "local minimum":
            style.mark_minimum(ax, at, 13, least=False, label="other minimum (hollow)")
        elif point.kind == "dead set":
            ax.plot([0, 0], [study.b[0], 0], color=style.INK, linestyle="--", linewidth=2, label="dead at w = 0")
    slope = float(study.slopes[i])
    name = f" ({SLOPE_NAMES[slope]})" if slope in SLOPE_NAMES else ""
    title = f"s = {style.rounded(slope)}{name}"
    style.dress(ax, xlabel="start w", ylabel="start b" if first else "", title=title, grid=False)
    ax.set_aspect("equal")


def study_legend(outcomes: Sequence[np.ndarray], axes: Sequence[Axes]) -> list[Any]:
    """Handles for what occurs: outcomes, then whatever has a label in these axes, once each."""
    handles: list[Any] = list(outcome_legend(np.concatenate([o.ravel() for o in outcomes]), shares=False, alpha=SHADE))
    named: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    return handles + list(named.values())


def chosen_slopes(slopes: np.ndarray) -> list[int]:
    """Indices of up to four slopes between -1 and 1, ReLU among them if it is there."""
    between = [i for i in np.argsort(slopes) if -1 <= slopes[i] <= 1] or list(range(len(slopes)))
    if len(between) <= MAPS:
        return [int(i) for i in between]
    wanted = (-0.5, 0.0, 0.25, 1.0)
    return sorted({int(min(between, key=lambda i: abs(slopes[i] - want))) for want in wanted})


def _parts(slopes: np.ndarray) -> list[np.ndarray]:
    """Indices of the slopes between the borders, and beyond the outer ones."""
    ends = (-np.inf, *BORDERS, np.inf)
    return [np.flatnonzero((slopes > low) & (slopes < high)) for low, high in pairwise(ends)]


def _edges_between_borders(slopes: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Where cells of one part meet; its ends are the borders, unless it reaches none."""
    edges = cell_edges(slopes[part])
    low = max((border for border in BORDERS if border < slopes[part[0]]), default=-np.inf)
    high = min((border for border in BORDERS if border > slopes[part[-1]]), default=np.inf)
    if slopes.min() <= low:
        edges[0] = low
    if slopes.max() >= high:
        edges[-1] = high
    return np.asarray(np.clip(edges, low, high))
