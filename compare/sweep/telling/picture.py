"""The picture that fits a sweep's axes."""

import itertools
import math
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.outcomes import (
    OUTCOMES,
    outcome_legend,
    outcome_map,
    outcome_points,
    outcome_shares,
    percent,
    share_map,
)
from compare.sweep.labels import LABELS
from compare.sweep.result import SweepResult
from compare.sweep.telling.axes import Plan, plan
from compare.sweep.telling.labels_text import in_words, setting_label
from compare.sweep.values import Axis
from reference import Parameters

__all__ = ["MOST_PANELS", "draw_sweep", "outcomes_of"]

MOST_PANELS = 12
FARTHEST = 1e300  # that an axis goes
_KINDS = {
    "dead set": "stuck: dead",
    "one-sided stationary": "stuck: at a kink",
    "local minimum": "stuck: local minimum",
    "minimum at infinity": "stuck: minimum at infinity",
}


def outcomes_of(result: SweepResult) -> np.ndarray:
    """Index into `compare.figures.outcomes.OUTCOMES` for every neuron."""
    names, labels = list(OUTCOMES), list(LABELS)
    outcome = np.array([names.index(label) if label in names else -1 for label in labels])[result.label]
    stuck = np.array([names.index(_KINDS.get(point["kind"], "undecided")) for point in result.points] + [-1])
    return np.asarray(np.where(result.label == labels.index("stuck"), stuck[result.point], outcome))


def draw_sweep(result: SweepResult, path: Path) -> Path | None:
    """Draw what became of every neuron, and write a PNG.

    Parameters
    ----------
    result : SweepResult
    path : Path

    Returns
    -------
    Path or None
        None if nothing of the sweep is a number to draw along, the numbers are so large or so
        near to each other that an axis overflows, or it has too many panels.
    """
    import matplotlib.style

    sweep, chosen = result.sweep, plan(result.sweep)
    places = list(itertools.product(*(range(len(sweep.grid[i].values)) for i in chosen.panels)))
    if len(places) > MOST_PANELS or not (chosen.axes or sweep.draws) or not _have_room(result, chosen):
        return None
    across = min(len(places), 3)
    down = math.ceil(len(places) / across)
    with matplotlib.style.context("default"):
        figure = Figure(
            figsize=(2.4 + 4.3 * across, 2.2 + 4.0 * down), dpi=style.DPI, layout="constrained", facecolor="white"
        )
        panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
        outcome = outcomes_of(result)
        for ax, place in zip(panels, places, strict=False):
            _draw_panel(ax, result, chosen, place, outcome)
        marks = {handle.get_label(): handle for ax in panels for handle in ax.get_legend_handles_labels()[0]}
        handles = [*outcome_legend(outcome, shares=len(places) == 1), *marks.values()]
        figure.legend(handles=handles, loc="outside right center", fontsize=style.TEXT_SIZE - 1, edgecolor="none")
        for ax in panels[len(places) :]:
            ax.remove()
        title = "\n".join(textwrap.wrap(sweep.says or sweep.name, 24 + 44 * across))
        figure.suptitle(title, fontsize=style.TEXT_SIZE + 2, color=style.INK, x=0.01, ha="left")
        words = "\n".join(in_words(sweep, outcome, width=30 + 65 * across))
        figure.supxlabel(words, fontsize=style.TEXT_SIZE - 2, color=style.INK, x=0.01, ha="left")
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


def _draw_panel(ax: Axes, result: SweepResult, chosen: Plan, place: tuple[int, ...], outcome: np.ndarray) -> None:
    sweep = result.sweep
    fixed: list[Any] = [0 if len(axis.values) == 1 else slice(None) for axis in sweep.grid]
    for i, position in zip(chosen.panels, place, strict=True):
        fixed[i] = position
    here = outcome[tuple(fixed)]
    axes = [sweep.grid[i] for i in chosen.axes]
    title = ", ".join(
        f"{setting_label(sweep.grid[i].setting)} {_shown(sweep.grid[i].values[at])}"
        for i, at in zip(chosen.panels, place, strict=True)
    )
    if len(axes) == 2:
        _draw_map(ax, axes, here if chosen.axes[0] < chosen.axes[1] else here.swapaxes(0, 1))
        if [axis.setting for axis in axes] == ["initial.b", "initial.w"]:
            _mark_minimum(ax, result, axes)
    elif axes and sweep.draws:
        order = np.argsort(axes[0].values)
        shares = np.stack([(here[order] == i).mean(axis=-1) for i in range(len(OUTCOMES))])
        outcome_shares(np.array(axes[0].values)[order], shares, ax=ax)
        ax.set_xlabel(setting_label(axes[0].setting), fontsize=style.TEXT_SIZE)
        ax.set_ylabel("share of the random starts", fontsize=style.TEXT_SIZE)
    else:
        _draw_points(ax, result, axes, tuple(fixed), here)
    labels = result.label[tuple(fixed)]
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
    ax.set_xlabel(setting_label(axes[1].setting), fontsize=style.TEXT_SIZE)
    ax.set_ylabel(setting_label(axes[0].setting), fontsize=style.TEXT_SIZE)


def _mark_minimum(ax: Axes, result: SweepResult, axes: list[Axis]) -> None:
    b, w = (axis.values for axis in axes)
    minima = {(p["w"], p["b"]) for p in result.points if p["kind"] == "global minimum"}
    for at in sorted(minima)[:1] if len(minima) == 1 else ():
        if min(w) <= at[0] <= max(w) and min(b) <= at[1] <= max(b):
            ax.plot(*at, marker="*", markersize=15, color=style.TARGET, markeredgecolor="white", linestyle="",
                    label=f"global minimum ({style.rounded(at[0])}, {style.rounded(at[1])})")  # fmt: skip


def _draw_points(ax: Axes, result: SweepResult, axes: list[Axis], fixed: tuple[Any, ...], outcome: np.ndarray) -> None:
    """Each neuron on its own: along its start and where it ended, or along two of its random settings."""
    drawn = result.sweep.drawn()
    names = sorted(drawn, key=lambda name: (name != "initial.w", not name.startswith("initial.")))
    if axes or len(names) == 1:
        name = axes[0].setting if axes else names[0]
        x = np.array(axes[0].values) if axes else drawn[name]
        trained = next(n for n, p in zip(Parameters._fields, result.end, strict=True) if p is not None)
        y, up = np.asarray(getattr(result.end, trained))[fixed], f"{trained} at the end"
    else:
        name, x, y, up = names[0], drawn[names[0]], drawn[names[1]], setting_label(names[1])
    outcome_points(x, y, outcome, ax=ax)
    ax.set_xlabel(setting_label(name), fontsize=style.TEXT_SIZE)
    ax.set_ylabel(up, fontsize=style.TEXT_SIZE)


def _shown(value: Any) -> str:
    if type(value) is int:
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
