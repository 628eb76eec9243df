"""The picture that answers the question at a glance."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.loss_curve import draw_loss
from compare.figures.loss_surface import surface_of
from compare.figures.runs import drawable_parameters, end_of, look_of
from compare.theory.outcomes import outcome_of
from reference import Trajectory

__all__ = ["draw_opening"]

VIEW = (-2.5, 2.1)  # of w: the kink at 0 and the minimum at 1 are to be seen, the start is too far away
TOP = 2.6
STEPS = 600


def draw_opening(
    figure: Figure,
    right_way: Trajectory,
    backward: Trajectory,
    leaky: Trajectory,
    momentum: Trajectory,
    jump: Trajectory,
    *,
    side_by_side: bool = False,
) -> None:
    """Draw how plain SGD gets stuck at 0, and below it, or to its right, what gets across.

    The runs are ReLU under plain SGD from either side of 0, LeakyReLU from the backward start, and
    ReLU with momentum and with a step large enough.
    """
    first, second = figure.subplots(1, 2) if side_by_side else figure.subplots(2, 1)
    _draw_loss(first, right_way, backward)
    _draw_weights(second, backward, leaky, momentum, jump)


def _draw_loss(ax: Axes, right_way: Trajectory, backward: Trajectory) -> None:
    loss_surface = surface_of([right_way, backward], "draw_opening", ("w",))
    draw_loss(ax, loss_surface, *VIEW, points=600)
    for run in (backward, right_way):
        path, look = drawable_parameters(run).w[::10, 0], look_of(run)
        ax.plot(path, loss_surface.drawable(path), look.marker, color=look.colour, markersize=5, markeredgewidth=0,
                zorder=3)  # fmt: skip
    lowest = loss_surface.minimum_between(*VIEW)
    if lowest is not None:
        style.mark_minimum(ax, lowest, 15, zorder=5)
    ax.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    rate, path = backward.experiment.optimizer.learning_rate, backward.parameters.w
    steps, end = len(path) - 1, style.number(path[-1])
    text = f"each step takes about {100 * rate:.2g} % of\nthe way left to 0: after {steps:,}\nsteps w = {end}"
    arrow = {"arrowstyle": "->", "color": style.QUIET, "shrinkB": 4}
    ax.annotate(text, (0, float(loss_surface.at(w=0.0))), (0.75, 1.7), fontsize=style.SMALL_SIZE, color=style.INK,
                ha="center", va="center", bbox=style.TEXT_BOX, arrowprops=arrow, zorder=6)  # fmt: skip
    _write(ax, -1.24, 0.2, "left of 0 the loss has slope w,\nwhich fades as w nears 0", ha="center")
    _write(ax, -1.85, 2.45, f"from w = {style.number(path[0])}")
    _write(ax, 2.02, 0.8, f"from w = {style.number(right_way.parameters.w[0])}", ha="right")
    ax.set_xlim(*VIEW)
    ax.set_ylim(-0.1, TOP)
    style.dress(ax, xlabel="weight w", ylabel="expected loss", title="Plain SGD on ReLU, a point every 10 steps")


def _draw_weights(ax: Axes, stuck: Trajectory, leaky: Trajectory, momentum: Trajectory, jump: Trajectory) -> None:
    steps = stuck.experiment.steps
    slope, rate = leaky.experiment.negative_slope, jump.experiment.optimizer.learning_rate
    runs = {
        "ReLU, momentum 0.9": momentum,
        f"ReLU, rate {rate:g} from {style.number(jump.parameters.w[0])}": jump,
        f"LeakyReLU {slope:g}": leaky,
        "ReLU, plain SGD": stuck,
    }
    outcomes = [outcome_of(run) for run in runs.values()]
    nths = style.nth_of_its_outcome(outcomes)
    for (name, run), outcome, nth in zip(runs.items(), outcomes, nths, strict=True):
        path, look = drawable_parameters(run).w[: STEPS + 1, 0], style.LOOKS[outcome]
        label = f"{name}: {end_of(run)}"
        ax.plot(np.arange(len(path)), path, style.LINES[nth % len(style.LINES)], color=look.colour, linewidth=1.8,
                marker=look.marker, markersize=5, markevery=(40 + 30 * nth, 150), zorder=3, label=label)  # fmt: skip
    ax.axhline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    target = stuck.experiment.target.w
    ax.axhline(target, color=style.TARGET, linewidth=5, alpha=0.4, zorder=2, label=f"target: {target:g}")
    ax.set_xlim(-10, STEPS + 10)
    ax.set_ylim(-8.0, 2.5)  # below, there is room for the legend
    style.dress(ax, xlabel="step", ylabel="weight w", title=f"Which get across 0: first {STEPS:,} of {steps:,} steps")
    style.legend(ax, loc="lower right", borderaxespad=0.1, title=f"after {steps:,} steps",
                 title_fontsize=style.SMALL_SIZE, alignment="left")  # fmt: skip


def _write(ax: Axes, x: float, y: float, text: str, ha: str = "left") -> None:
    ax.text(x, y, text, fontsize=style.SMALL_SIZE, color=style.INK, ha=ha, va="center", zorder=4)
