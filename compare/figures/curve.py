"""The expected loss over the weight, with the points that runs visit."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from compare.figures import style
from compare.figures.minimum import loss_at, lowest_on_curve, one_sided_slope
from compare.figures.outcome import colour_of
from compare.figures.runs import EPOCH, LARGEST, Setting, labels_for, limits, members, setting_of, single
from compare.surface import expected_loss
from reference import Target, Trajectory, checks

__all__ = ["close_up", "curve_points", "loss_curve", "span"]


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
        Single runs that train w alone, all with the same slope, target, b, v and d. Blue
        is a run that succeeds, vermillion one that fails (`compare.figures.succeeded`).
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
    setting = setting_of(runs, "loss_curve", ("w",), negative_slope, target)
    paths = [members(run).w[:, 0] for run in runs]
    bounded = [path[:1] if run.diverged_at is not None else path for run, path in zip(runs, paths, strict=True)]
    every = checks.integer("loss_curve: every", every, at_least=1)
    names = labels_for(runs, "loss_curve", labels)
    low, high = span(bounded) if xlim is None else limits("loss_curve: xlim", xlim)
    ax = style.new_figure().add_subplot() if ax is None else ax
    w = np.union1d(np.linspace(low, high, 800), [0.0] if low < 0 < high else [])
    ax.plot(w, curve_points(setting, w), color=style.CURVE, linewidth=1.8, zorder=2, label="expected loss")
    for i, (run, path, name) in enumerate(zip(runs, paths, names, strict=True)):
        visited = path[::every]
        ax.plot(
            visited,
            curve_points(setting, visited),
            color=colour_of(run),
            marker=style.MARKERS[i % len(style.MARKERS)],
            linestyle="",
            markersize=6,
            markeredgewidth=0,
            zorder=4,
            label=name,
        )
    lowest = lowest_on_curve(setting, low, high)
    if lowest is not None:
        at = loss_at(setting, w=lowest)
        ax.plot(lowest, at, marker="*", markersize=14, color=style.TARGET, markeredgecolor="white",
                linestyle="", zorder=5, label=f"minimum: w = {style.rounded(lowest)}, loss {at:.2g}")  # fmt: skip
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
    _say_slopes(ax, setting_of(runs, "close_up", ("w",), negative_slope, target), half_width)
    style.legend(ax, loc="lower left")
    return ax


def _say_slopes(ax: Axes, setting: Setting, half_width: float) -> None:
    """Mark the kink, write the slope on either side beside the curve, continue the left one."""
    left, right = (one_sided_slope(setting, side) for side in ("left", "right"))
    shown = curve_points(setting, np.array([-half_width, 0.0, half_width]))
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    if low < high:  # not the level curve of v = 0
        ax.set_ylim(low - (high - low) / 5, high + (high - low) / 5)
    ax.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    ax.plot([0.0, half_width], [shown[1], shown[1] + left * half_width], color=style.QUIET, linewidth=1.2,
            linestyle="--", zorder=1.5, label="the slope from the left, continued")  # fmt: skip
    away = (high - low) / 8
    for side, slope, word, ha in ((-1, left, "left", "center"), (1, right, "right", "right")):
        at = side * half_width / 2
        above = side > 0 and right > left  # the continued slope is below the curve then
        words = f"just {word} of 0\nthe loss has slope {style.rounded(slope)}"
        y = loss_at(setting, w=at) + (away if above else -away)
        text = ax.text(at, y, words, ha=ha, va="bottom" if above else "top", color=style.INK)
        text.set(fontsize=style.TEXT_SIZE, bbox=style.TextBox, zorder=1.8)


def curve_points(setting: Setting, w: np.ndarray) -> np.ndarray:
    """Expected loss at weights w; NaN where w is."""
    held = np.where(np.isnan(w), 0.0, w)
    with np.errstate(over="ignore"):
        loss = expected_loss(
            setting.fixed._replace(w=held), negative_slope=setting.negative_slope, target=setting.target
        )
    return np.where(np.isnan(w) | ~(loss <= LARGEST), np.nan, loss)


def span(paths: Sequence[np.ndarray]) -> tuple[float, float]:
    """From the smallest to the largest weight visited, at least from -2 to 2, and some margin."""
    seen = np.concatenate([[-2.0, 2.0], *paths])
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    return low - (high - low) / 20, high + (high - low) / 20
