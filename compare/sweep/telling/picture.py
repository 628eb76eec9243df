"""The picture that fits a sweep's axes."""

import math
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from compare.figures import style
from compare.figures.outcomes import (
    outcome_legend,
    outcome_map,
    outcome_points,
    outcome_shares,
    percent,
    share_map,
)
from compare.sweep.labels import LABELS
from compare.sweep.result import SweepResult
from compare.sweep.telling.captions import caption_lines, setting_label
from compare.sweep.telling.panels import Panel, Plan, panels_of, plan
from compare.sweep.values import Axis
from reference import Parameters

__all__ = ["draw_sweep"]

MOST_PANELS = 12
FARTHEST = 1e300  # that an axis goes


def draw_sweep(result: SweepResult, path: Path, *, background: str = "white") -> Path | None:
    """Draw what became of every neuron, and write a PNG at the path that is returned.

    It is None if nothing of the sweep is a number to draw along, the numbers are so large
    or so near to each other that an axis overflows, or there are too many panels.
    """
    import matplotlib.style

    sweep, chosen = result.sweep, plan(result.sweep)
    panels = list(panels_of(sweep))
    if len(panels) > MOST_PANELS or not (chosen.axes or sweep.draws) or not _have_room(result, chosen):
        return None
    across = min(len(panels), 3)
    down = math.ceil(len(panels) / across)
    with matplotlib.style.context("default"):
        figure = style.file_figure((2.4 + 4.3 * across, 2.2 + 4.0 * down), background)
        subplots = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
        outcome = result.label
        for ax, panel in zip(subplots, panels, strict=False):
            _draw_panel(ax, result, chosen, panel, outcome)
        marks = {handle.get_label(): handle for ax in subplots for handle in ax.get_legend_handles_labels()[0]}
        handles = [*outcome_legend(outcome, shares=len(panels) == 1), *marks.values()]
        figure.legend(handles=handles, loc="outside right center", fontsize=style.TEXT_SIZE - 1, frameon=False)
        for ax in subplots[len(panels) :]:
            ax.remove()
        title = "\n".join(textwrap.wrap(sweep.says or sweep.name, 24 + 44 * across))
        figure.suptitle(title, fontsize=style.TEXT_SIZE + 2, color=style.INK, x=0.01, ha="left")
        caption = "\n".join(caption_lines(sweep, outcome, width=30 + 65 * across))
        figure.supxlabel(caption, fontsize=style.TEXT_SIZE - 2, color=style.INK, x=0.01, ha="left")
        style.save_png(figure, path)
    return path


def _have_room(result: SweepResult, chosen: Plan) -> bool:
    """Whether axes can be drawn: their arithmetic squares nothing, but adds, and divides by their length."""
    along = [np.array(result.sweep.grid[i].values, np.float64) for i in chosen.axes]
    ends = [np.asarray(end, np.float64) for end in result.end if end is not None]
    finite = [values[np.isfinite(values)] for values in (*along, *result.sweep.drawn().values(), *ends)]
    return all(np.all(np.abs(values) <= FARTHEST) for values in finite) and all(
        np.ptp(values) >= 1 / FARTHEST for values in along
    )


def _draw_panel(ax: Axes, result: SweepResult, chosen: Plan, panel: Panel, outcome: np.ndarray) -> None:
    sweep = result.sweep
    here = outcome[panel.selection]
    axes = [sweep.grid[i] for i in chosen.axes]
    title = ", ".join(
        f"{setting_label(sweep.grid[i].setting)} {_shown(value)}"
        for i, value in zip(chosen.panels, panel.values, strict=True)
    )
    if len(axes) == 2:
        _draw_map(ax, axes, here if chosen.axes[0] < chosen.axes[1] else here.swapaxes(0, 1))
        if [axis.setting for axis in axes] == ["initial.b", "initial.w"]:
            _mark_minimum(ax, result, axes)
    elif axes and sweep.draws:
        order = np.argsort(axes[0].values)
        shares = np.stack([(here[order] == i).mean(axis=-1) for i in range(len(LABELS))])
        outcome_shares(np.array(axes[0].values)[order], shares, ax=ax)
        _label_axes(ax, axes[0].setting, "share of the random starts")
    else:
        _draw_points(ax, result, axes, panel.selection, here)
    labels = result.label[panel.selection]
    all_shares = [(name, float((labels == i).mean())) for i, name in enumerate(LABELS)]
    lines = [title] if title else []
    lines.append(", ".join(f"{name} {percent(share)} %" for name, share in all_shares if share > 0))
    ax.set_title("\n".join(lines), fontsize=style.TEXT_SIZE + 1, color=style.INK, loc="left")


def _draw_map(ax: Axes, axes: list[Axis], outcome: np.ndarray) -> None:
    y, x = (np.array(axis.values) for axis in axes)
    down, across = np.argsort(y), np.argsort(x)
    outcome = outcome[np.ix_(down, across)]
    if outcome.ndim == 3:  # random starts at each point
        share_map(x[across], y[down], (outcome == 0).mean(axis=-1), ax=ax)
        mesh = ax.collections[0]
        ax.figure.colorbar(mesh, ax=ax, label="share of the random starts that learned")
    else:
        outcome_map(x[across], y[down], outcome, ax=ax)
    _label_axes(ax, axes[1].setting, setting_label(axes[0].setting))


def _mark_minimum(ax: Axes, result: SweepResult, axes: list[Axis]) -> None:
    b, w = (axis.values for axis in axes)
    minima = {(p["w"], p["b"]) for p in result.points if p["kind"] == "global minimum"}
    if len(minima) == 1:
        ((at_w, at_b),) = minima
        if min(w) <= at_w <= max(w) and min(b) <= at_b <= max(b):
            label = f"global minimum ({style.rounded(at_w)}, {style.rounded(at_b)})"
            style.mark_minimum(ax, (at_w, at_b), 15, label=label)


def _draw_points(
    ax: Axes, result: SweepResult, axes: list[Axis], selection: tuple[Any, ...], outcome: np.ndarray
) -> None:
    """Each neuron on its own: along its start and where it ended, or along two of its random settings."""
    drawn = result.sweep.drawn()
    names = sorted(drawn, key=lambda name: (name != "initial.w", not name.startswith("initial.")))
    if axes or len(names) == 1:
        name = axes[0].setting if axes else names[0]
        x = np.array(axes[0].values) if axes else drawn[name]
        trained = next(n for n, p in zip(Parameters._fields, result.end, strict=True) if p is not None)
        y, y_label = np.asarray(getattr(result.end, trained))[selection], f"{trained} at the end"
    else:
        name, x, y, y_label = names[0], drawn[names[0]], drawn[names[1]], setting_label(names[1])
    outcome_points(x, y, outcome, ax=ax)
    _label_axes(ax, name, y_label)


def _label_axes(ax: Axes, x_setting: str, y_label: str) -> None:
    ax.set_xlabel(setting_label(x_setting), fontsize=style.TEXT_SIZE)
    ax.set_ylabel(y_label, fontsize=style.TEXT_SIZE)


def _shown(value: Any) -> str:
    if type(value) is int:
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
