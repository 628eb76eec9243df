"""What neurons compute at the start and at the end of training, against the target."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from compare.figures import style
from compare.figures.runs import look_of, single, start_and_end
from compare.theory.outcomes import outcome_of
from compare.theory.success import end_loss
from reference import Parameters, Trajectory, forward

__all__ = ["functions"]

REACH = 3.0  # standard deviations of x


def functions(
    *runs: Trajectory, titles: Sequence[str] | None = None, ax: Axes | Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Draw the neuron of each run before and after training, and the target, over x.

    Parameters
    ----------
    *runs : Trajectory
        Single runs, whatever they train.
    titles : sequence of str, optional
        One for each run, by default where its weight starts and ends.
    ax : matplotlib Axes or sequence of them, optional
        One for each run; by default side by side in a new pyplot figure.

    Returns
    -------
    sequence of matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If there is no run, a run is no Trajectory, an ensemble or without its steps, or
        there are more or fewer titles or axes than runs.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from reference import Experiment, train
    >>> (ax,) = functions(train(Experiment(negative_slope=0.25, steps=300)), ax=Figure().add_subplot())
    >>> [line.get_label() for line in ax.lines]
    ['target', 'start', 'end: on its way']
    """
    if not runs:
        raise ValueError("functions needs at least one Trajectory, got none")
    for run in runs:
        single(run, "functions")
    if ax is None:
        ax = style.new_figure(max(3.0, 2.6 * len(runs)), 3.0).subplots(1, len(runs), sharey=True, squeeze=False)[0]
    ax = [ax] if isinstance(ax, Axes) else ax
    titles = [start_and_end(run) for run in runs] if titles is None else titles
    if not len(titles) == len(ax) == len(runs):
        raise ValueError(f"functions: one title and one Axes a run, got {len(titles)} and {len(ax)} for {len(runs)}")
    x = np.linspace(-REACH, REACH, 241)
    for axes, run, title in zip(ax, runs, titles, strict=True):
        look, outcome = look_of(run), outcome_of(run)
        axes.plot(x, run.experiment.target.labels(x), color=style.TARGET, linewidth=4.0, label="target")
        axes.plot(x, _output(run, 0, x), color=style.QUIET, linewidth=1.4, linestyle=":", label="start")
        axes.plot(
            x, _output(run, -1, x), color=look.colour, linewidth=2.0, linestyle=look.line, label=f"end: {outcome}"
        )
        style.dress(axes, xlabel="input x", ylabel="output" if axes is ax[0] else "", title=title)
        axes.set_xlim(-REACH, REACH)
        said = f"expected loss\nat the end {style.number(float(end_loss(run)))}"
        axes.text(0.04, 0.96, said, transform=axes.transAxes, va="top",
                  fontsize=style.SMALL_SIZE, color=style.INK, bbox=style.TEXT_BOX)  # fmt: skip
    return ax


def _output(run: Trajectory, state: int, x: np.ndarray) -> np.ndarray:
    parameters = Parameters(*(float(p[state]) for p in run.parameters))
    return np.asarray(forward(parameters, x, run.experiment.negative_slope).y_pred)
