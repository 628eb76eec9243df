"""The expected loss over the weight, with the points that runs visit."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from compare.figures import style
from compare.figures.loss_surface import LARGEST, LossSurface, limits, surface_of
from compare.figures.runs import EPOCH, drawable_parameters, labels_for, single
from compare.theory.outcomes import outcome_of
from reference import Target, Trajectory, checks

__all__ = ["add_close_up", "close_up", "draw_loss", "loss_curve", "span"]

INSET = (-1.2, 1.6)  # of w: the kink and most targets


def loss_curve(
    *runs: Trajectory,
    ax: Axes | None = None,
    negative_slope: float | None = None,
    target: Target | None = None,
    every: int = EPOCH,
    labels: Sequence[str] | None = None,
    xlim: tuple[float, float] | None = None,
) -> Axes:
    """Draw the expected loss over w, the points that runs visit, and the minimum.

    Parameters
    ----------
    *runs : Trajectory
        Single runs that train w alone, all with the same slope, target, b, v and d. Colour
        and marker say what became of each: circles learned, triangles are on their way,
        squares are stuck, crosses dead.
    ax : matplotlib Axes, optional
        By default those of a new pyplot figure.
    negative_slope : float, optional
    target : Target, optional
        By default those of the runs; without runs 0 (ReLU), and ReLU.
    every : int
        Mark the point before every so many steps, by default once an epoch.
    labels : sequence of str, optional
        By default where each run starts and ends.
    xlim : pair of float, optional
        By default what the runs visit (of a run that diverges the start), at least from
        -2 to 2.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a run is no Trajectory, an ensemble, without its steps, or lives on another curve.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from reference import Experiment, train
    >>> ax = loss_curve(train(Experiment(steps=300)), ax=Figure().add_subplot())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('weight w', 'expected loss')
    """
    for run in runs:
        single(run, "loss_curve")
    loss_surface = surface_of(runs, "loss_curve", ("w",), negative_slope, target)
    paths = [drawable_parameters(run).w[:, 0] for run in runs]
    bounded = [path[:1] if run.diverged_at is not None else path for run, path in zip(runs, paths, strict=True)]
    every = checks.integer("loss_curve: every", every, at_least=1)
    names = labels_for(runs, "loss_curve", labels)
    low, high = span(bounded) if xlim is None else limits("loss_curve: xlim", xlim)
    ax = style.new_figure().add_subplot() if ax is None else ax
    draw_loss(ax, loss_surface, low, high, points=800, label="expected loss")
    outcomes = [outcome_of(run) for run in runs]
    for outcome, nth, path, name in zip(outcomes, style.nth_of_its_outcome(outcomes), paths, names, strict=True):
        visited, look = path[::every], style.LOOKS[outcome]
        in_view = bool(((visited >= low) & (visited <= high)).any())
        ax.plot(visited, loss_surface.drawable(visited), look.marker, color=look.colour, markersize=6,
                markeredgewidth=nth > 0, fillstyle=style.FILLS[nth % len(style.FILLS)],
                zorder=4, label=name if in_view else f"{name} (not in view)")  # fmt: skip
    lowest = loss_surface.minimum_between(low, high)
    if lowest is not None:
        w, loss = lowest
        label = f"minimum: w = {style.rounded(w)}, loss {style.number(loss, 2)}"
        style.mark_minimum(ax, lowest, 14, zorder=5, label=label)
    ax.set_xlim(low, high)
    style.dress(ax, xlabel="weight w", ylabel="expected loss")
    style.legend(ax, loc="upper center")
    return ax


def close_up(
    *runs: Trajectory,
    ax: Axes | None = None,
    negative_slope: float | None = None,
    target: Target | None = None,
    half_width: float = 0.25,
    every: int = 10,
    labels: Sequence[str] | None = None,
) -> Axes:
    """Draw the expected loss next to w = 0, with its slope on either side of the kink.

    Parameters
    ----------
    *runs, ax, negative_slope, target, every, labels
        As for `loss_curve`.
    half_width : float
        Of the part of the w axis that is shown.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> close_up(ax=Figure().add_subplot(), half_width=0.5).get_xlim()
    (np.float64(-0.5), np.float64(0.5))
    """
    if not 0 < half_width <= LARGEST:
        raise ValueError(f"close_up: half_width must be a number above 0, got {half_width!r}")
    ax = loss_curve(
        *runs,
        ax=ax,
        negative_slope=negative_slope,
        target=target,
        every=every,
        labels=labels,
        xlim=(-half_width, half_width),
    )
    _mark_slopes(ax, surface_of(runs, "close_up", ("w",), negative_slope, target), half_width)
    style.legend(ax, loc="upper right")
    return ax


def _mark_slopes(ax: Axes, loss_surface: LossSurface, half_width: float) -> None:
    """Mark the kink, write the slope on either side beside the curve, continue the left one."""
    left, right = loss_surface.one_sided_slopes()
    shown = loss_surface.drawable(np.array([-half_width, 0.0, half_width]))
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    if low < high:  # not the level curve of v = 0
        ax.set_ylim(low - (high - low) / 5, high + (high - low) / 5)
    ax.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    ax.plot([0.0, half_width], [shown[1], shown[1] + left * half_width], color=style.QUIET, linewidth=1.2,
            linestyle="--", zorder=1.5, label="the slope from the left, continued")  # fmt: skip
    away = (high - low) / 8
    for side, slope, name, ha in ((-1, left, "left", "center"), (1, right, "right", "right")):
        w = side * half_width / 2
        above = side > 0 and right > left  # the continued slope is below the curve then
        text = f"just {name} of 0\nthe loss has slope {style.rounded(slope)}"
        y = float(loss_surface.at(w=w)) + (away if above else -away)
        ax.text(w, y, text, ha=ha, va="bottom" if above else "top", color=style.INK, fontsize=style.TEXT_SIZE,
                bbox=style.TEXT_BOX, zorder=1.8)  # fmt: skip


def add_close_up(ax: Axes, loss_surface: LossSurface, bounds: tuple[float, float, float, float]) -> Axes:
    """Put a small picture of the loss next to w = 0, with the kink marked, into a corner of another one."""
    inset = ax.inset_axes(bounds, zorder=3)
    low, high = INSET
    draw_loss(inset, loss_surface, low, high, points=200)
    inset.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    lowest = loss_surface.minimum_between(low, high)
    if lowest is not None:
        style.mark_minimum(inset, lowest, 11, zorder=5)
    inset.set_xlim(low, high)
    shown = loss_surface.drawable(np.linspace(low, high, 41))
    bottom, top = float(np.nanmin(shown)), float(np.nanmax(shown))
    if bottom < top:
        inset.set_ylim(bottom - (top - bottom) / 10, top + (top - bottom) / 10)
    style.dress(inset, grid=False)
    inset.set_title("kink at w = 0; star: minimum", fontsize=style.SMALL_SIZE, color=style.INK, loc="right")
    for spine in inset.spines.values():
        spine.set_visible(True)
    return inset


def draw_loss(
    ax: Axes, loss_surface: LossSurface, low: float, high: float, *, points: int, label: str | None = None
) -> None:
    """Draw the expected loss over w from `low` to `high`, with a corner at the kink."""
    w = np.union1d(np.linspace(low, high, points), [0.0] if low < 0 < high else [])
    ax.plot(w, loss_surface.drawable(w), color=style.CURVE, linewidth=1.8, zorder=2, label=label)


def span(paths: Sequence[np.ndarray]) -> tuple[float, float]:
    """From the smallest to the largest weight visited, at least from -2 to 2, and some margin."""
    visited = np.concatenate([[-2.0, 2.0], *paths])
    low, high = float(np.nanmin(visited)), float(np.nanmax(visited))
    return low - (high - low) / 20, high + (high - low) / 20
