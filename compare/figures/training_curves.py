"""Loss and weight as training goes on, as the question plots them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from compare.figures import style
from compare.figures.loss_surface import LARGEST
from compare.figures.runs import EPOCH, drawable_parameters, labels_for, single
from compare.theory.outcomes import outcome_of
from reference import Trajectory

__all__ = ["epoch_means", "trajectory"]

PER = ("epoch", "step")
LINES = {"w": "-", "b": "--", "v": "-.", "d": ":"}


def trajectory(
    *runs: Trajectory,
    per: str = "epoch",
    labels: Sequence[str] | None = None,
    ax: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Draw the loss (logarithmic) above the weight, one line a run.

    Parameters
    ----------
    *runs : Trajectory
        One or several single runs; colour and marker say what became of each, the line tells
        apart those of which the same became.
        Of a run that trains more than w, all trained parameters are drawn.
    per : {"epoch", "step"}
        An epoch is 100 steps: its loss is the mean over them, as Keras reports it, and its
        weight the one after them. A last epoch may have fewer steps. A loss of exactly 0
        has no logarithm and is left out.
    labels : sequence of str, optional
        By default where each run starts and ends.
    ax : two matplotlib Axes, optional
        For the loss and for the weight. By default two that share their x axis, stacked
        in a new pyplot figure.

    Returns
    -------
    tuple of two matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a run is no Trajectory, an ensemble or without its steps, or `per` is unknown.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from reference import Experiment, train
    >>> above, below = trajectory(train(Experiment(steps=300)), ax=Figure().subplots(2, sharex=True))
    >>> above.get_yscale(), below.get_xlabel(), len(above.lines[0].get_xdata())
    ('log', 'epoch (100 steps)', 3)
    """
    if per not in PER:
        raise ValueError(f'trajectory: per must be "epoch" or "step", got {per!r}')
    if not runs:
        raise ValueError("trajectory needs at least one Trajectory, got none")
    for run in runs:
        single(run, "trajectory")
    above, below = style.new_figure(7.0, 5.0).subplots(2, sharex=True) if ax is None else ax
    outcomes = [outcome_of(run) for run in runs]
    nths = style.nth_of_its_outcome(outcomes)
    for i, (run, label) in enumerate(zip(runs, labels_for(runs, "trajectory", labels), strict=True)):
        colour, marker = style.LOOKS[outcomes[i]][:2]
        look: dict[str, Any] = {"color": colour, "linewidth": 1.6, "linestyle": style.LINES[nths[i] % len(style.LINES)]}
        if per == "epoch":
            look |= {"marker": marker, "markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.5}
            ends, losses = epoch_means(run)
            steps, unit = _epoch_ends(run), EPOCH
        else:
            ends, losses = np.arange(len(run.loss)), np.asarray(run.loss, np.float64)
            steps, unit = np.arange(run.experiment.steps + 1), 1
        drawable = (losses > 0) & (losses <= LARGEST)  # a logarithm shows no 0
        above.plot(ends, np.where(drawable, losses, np.nan), label=label, **look)
        is_named = i == 0 and len(run.experiment.trainable) > 1
        paths = drawable_parameters(run)
        for name in run.experiment.trainable:
            path = getattr(paths, name)[steps, 0]
            its = look | {"linestyle": LINES[name]} if len(run.experiment.trainable) > 1 else look
            below.plot(steps / unit, path, label=name if is_named else None, **its)
    above.set_yscale("log")
    trained = list(dict.fromkeys(name for run in runs for name in run.experiment.trainable))
    targets = {run.experiment.target.w for run in runs}
    if trained == ["w"] and len(targets) == 1:
        target = targets.pop()
        below.axhline(target, color=style.TARGET, linewidth=5, alpha=0.4, zorder=1, label=f"target w = {target:g}")
    style.dress(above, ylabel="loss")
    ylabel = "weight w" if trained == ["w"] else "parameters " + ", ".join(trained)
    style.dress(below, xlabel="epoch (100 steps)" if per == "epoch" else "step", ylabel=ylabel)
    below.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    for axes in (above, below):
        axes.margins(x=0.02)
        style.legend(axes)
    return above, below


def epoch_means(run: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the epochs, in epochs, and the mean loss of each."""
    loss = np.asarray(run.loss, np.float64)
    first = np.arange(0, len(loss), EPOCH)
    ends = _epoch_ends(run)[1:]
    return ends / EPOCH, np.add.reduceat(loss, first) / (ends - first)


def _epoch_ends(run: Trajectory) -> np.ndarray:
    """Numbers of steps after which an epoch ends, from 0 on."""
    steps = run.experiment.steps
    return np.append(np.arange(0, steps, EPOCH), steps)
