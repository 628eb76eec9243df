"""The expected loss over weight and bias, with the paths of runs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.contour import QuadContourSet
from scipy.special import ndtri

from compare.figures import style
from compare.figures.loss_surface import limits, surface_of
from compare.figures.runs import complete, drawable_parameters
from compare.theory.success import succeeded
from reference import Experiment, Target, Trajectory

__all__ = ["dead_below", "surface"]

# Each twice the one before; none is 1/2, where ReLU's plateau would be on it and on neither side.
LEVELS = np.array([0.0, *0.0125 * 2.0 ** np.arange(11)])
HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#FFFFFF", "#9AA3AD"])


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

    For ReLU the region in which the neuron is dead is hatched: less than one active
    sample a batch is expected there, Phi(b / abs(w)) < 1 / batch_size.

    Parameters
    ----------
    *runs : Trajectory
        Single runs or ensembles that train w, b or both, all with the same slope, target,
        v and d. Blue is a path that succeeds, vermillion one that fails. A path begins
        with a circle and ends with a square.
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
        _hatch_dead(ax, runs[0].experiment if runs else Experiment(), bottom)
    labelled: set[bool | None] = set()
    for run, path in zip(runs, paths, strict=True):
        outcome = succeeded(run)
        outcomes = [None] * path.w.shape[1] if outcome is None else np.ravel(outcome).tolist()
        for i, reached in enumerate(outcomes):
            _draw_path(ax, path.w[:, i], path.b[:, i], reached, first=reached not in labelled)
            labelled.add(reached)
    at = loss_surface.minimum_near(w, b, loss)
    label = f"minimum: w = {style.rounded(at[0])}, b = {style.rounded(at[1])}"
    style.mark_minimum(ax, at, 16, zorder=5, label=label)
    style.dress(ax, xlabel="weight w", ylabel="bias b", grid=False)
    ax.set_xlim(low, high)
    ax.set_ylim(bottom, top)
    if colorbar:
        _colour_bar(ax, filled)
    style.legend(
        ax, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderpad=0.1, handletextpad=0.5, columnspacing=1.4
    )
    return ax


def dead_below(experiment: Experiment) -> float:
    """Return q > 0 such that the neuron is dead where b < -q abs(w).

    Of n samples ``n Phi(b / abs(w))`` are expected to be active, less than one if
    ``b / abs(w) < Phi^-1(1 / n) = -q``.

    Examples
    --------
    >>> round(dead_below(Experiment(batch_size=1000)), 2)
    3.09
    """
    return -float(ndtri(1 / experiment.batch_size))


def _draw_path(ax: Axes, w: np.ndarray, b: np.ndarray, reached: bool | None, first: bool) -> None:
    ink = style.colour(reached)
    name = {True: "succeeds", False: "fails", None: "run"}[reached]
    ax.plot(w, b, color=ink, linewidth=1.7, zorder=3, label=name if first else None,
            linestyle="-" if reached is not False else (0, (5, 1)))  # fmt: skip
    drawn = np.flatnonzero(~np.isnan(w))
    for marker, at in (("o", drawn[:1]), ("s", drawn[-1:])):
        ax.plot(w[at], b[at], marker=marker, markersize=7 if marker == "o" else 5, color=ink,
                markeredgecolor="white", linestyle="", zorder=4)  # fmt: skip


def _hatch_dead(ax: Axes, experiment: Experiment, bottom: float) -> None:
    q = dead_below(experiment)
    if not bottom < 0 < q:  # out of sight; or batches so small that there is no such region
        return
    w = np.array([bottom / q, 0.0, -bottom / q])
    ax.fill_between(w, bottom, -q * np.abs(w), facecolor="none", edgecolor=style.QUIET, hatch="///", linewidth=0.0,
                    zorder=1.5, label="dead")  # fmt: skip


def _colour_bar(ax: Axes, filled: QuadContourSet) -> None:
    ticks = LEVELS[[0, 1, 3, 5, 7, 9, 11]]
    scale = ax.figure.colorbar(filled, ax=ax, ticks=ticks, pad=0.02)
    scale.ax.set_yticklabels([f"{level:g}" for level in ticks], fontsize=style.TEXT_SIZE - 1, color=style.INK)
    scale.outline.set_edgecolor(style.QUIET)
    scale.set_label("expected loss", fontsize=style.TEXT_SIZE, color=style.INK)


def _span(paths: list[np.ndarray]) -> tuple[float, float]:
    visited = np.concatenate([[-2.5, 2.5], *map(np.ravel, paths)])
    return float(np.nanmin(visited)) * 1.04, float(np.nanmax(visited)) * 1.04
