"""Which starts lead where: an ensemble on a grid of (w, b), coloured by its outcomes."""

import numpy as np
from matplotlib.axes import Axes

from compare.figures import style
from compare.figures.loss_surface import surface_of
from compare.figures.outcomes import outcome_legend, outcome_map
from compare.theory.outcomes import outcomes_of
from reference import Trajectory

__all__ = ["basin_map"]


def basin_map(run: Trajectory, *, ax: Axes | None = None) -> Axes:
    """Colour the starts of an ensemble by what became of them: learned, on its way, stuck, dead or diverged.

    Parameters
    ----------
    run : Trajectory
        An ensemble that trains w and b from a grid of starts, ``w`` increasing along the
        last axis and ``b`` along the first; the last state is enough
        (``train(experiment, record="end")``).
    ax : matplotlib Axes, optional
        By default those of a new pyplot figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If `run` is no Trajectory, its starts are no such grid, or v or d differ or are trained.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from reference import Experiment, Parameters, train
    >>> w, b = np.linspace(-2.0, 2.0, 5), np.linspace(-1.0, 1.0, 3)[:, None]
    >>> starts = Experiment(initial=Parameters(w=w, b=b), trainable=("w", "b"), steps=100, batch_size=100)
    >>> ax = basin_map(train(starts, record="end"), ax=Figure().add_subplot())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('start w', 'start b')
    """
    if not isinstance(run, Trajectory):
        raise TypeError(f"basin_map draws a Trajectory, such as reference.train returns, got {run!r}")
    w, b = _grid(run)
    loss_surface = surface_of([run], "basin_map", ("w", "b"))
    ax = style.new_figure(7.0, 5.2).add_subplot() if ax is None else ax
    outcome = outcomes_of(run).outcome
    outcome_map(w, b, outcome, ax=ax)
    all_w, all_b = np.meshgrid(w, b)
    at = loss_surface.minimum_near(all_w, all_b, loss_surface.at(w=all_w, b=all_b))
    if w[0] <= at[0] <= w[-1] and b[0] <= at[1] <= b[-1]:
        label = f"minimum ({style.rounded(at[0])}, {style.rounded(at[1])})"
        style.mark_minimum(ax, at, 16, label=label)
    ax.axvline(0, color="white", linewidth=0.8, linestyle=":")
    style.dress(ax, xlabel="start w", ylabel="start b", grid=False)
    handles = outcome_legend(outcome) + ax.get_legend_handles_labels()[0]
    style.legend(
        ax, handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderpad=0.1, framealpha=0.0
    )
    return ax


def _grid(run: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Starts along either axis of the grid."""
    experiment = run.experiment
    if len(experiment.shape) != 2 or set(experiment.trainable) != {"w", "b"}:
        raise ValueError(
            "basin_map needs a two-dimensional ensemble that trains w and b, "
            f"got shape {experiment.shape} that trains {', '.join(experiment.trainable)}"
        )
    w, b = (np.broadcast_to(p, experiment.shape) for p in experiment.initial[:2])
    increasing = bool((np.diff(w[0]) > 0).all() and (np.diff(b[:, 0]) > 0).all())
    if not increasing or (w != w[0]).any() or (b != b[:, :1]).any() or min(w.shape) < 2:
        raise ValueError("basin_map needs a grid of starts, w increasing along the last axis and b along the first")
    return w[0], b[:, 0]
