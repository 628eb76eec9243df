"""The picture that answers the question at a glance."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.curve import curve_points
from compare.figures.minimum import loss_at, lowest_on_curve
from compare.figures.outcome import colour_of
from compare.figures.runs import members, setting_of
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
) -> tuple[Axes, Axes]:
    """Draw how plain SGD gets stuck at 0 (left), and what gets across (right).

    Parameters
    ----------
    figure : Figure
        Empty.
    right_way, backward : Trajectory
        ReLU under plain SGD, from either side of 0.
    leaky : Trajectory
        LeakyReLU, from the backward start.
    momentum, jump : Trajectory
        ReLU with momentum, and with a step large enough.

    Returns
    -------
    pair of matplotlib Axes
    """
    left, right = figure.subplots(1, 2)
    _draw_loss(left, right_way, backward)
    _draw_weights(right, backward, leaky, momentum, jump)
    return left, right


def _draw_loss(ax: Axes, right_way: Trajectory, backward: Trajectory) -> None:
    setting = setting_of([right_way, backward], "draw_opening", ("w",))
    w = np.union1d(np.linspace(*VIEW, 600), [0.0])
    ax.plot(w, curve_points(setting, w), color=style.CURVE, linewidth=1.8, zorder=2)
    for run, marker in ((backward, "s"), (right_way, "o")):
        path = members(run).w[::10, 0]
        ax.plot(
            path, curve_points(setting, path), marker, color=colour_of(run), markersize=5, markeredgewidth=0, zorder=3
        )
    lowest = lowest_on_curve(setting, *VIEW)
    if lowest is not None:
        ax.plot(lowest, loss_at(setting, w=lowest), "*", markersize=15, color=style.TARGET, markeredgecolor="white",
                zorder=5)  # fmt: skip
    ax.axvline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    rate, path = backward.experiment.optimizer.learning_rate, backward.parameters.w
    style.remark(ax, f"each step takes about {100 * rate:.2g} % of\nthe way left to 0: after {len(path) - 1}\n"
                     f"steps w = {path[-1]:.3g}", (0, loss_at(setting, w=0.0)), (0.75, 1.7))  # fmt: skip
    _say(ax, -1.24, 0.2, "left of 0 the loss has slope w,\nwhich fades as w nears 0", ha="center")
    _say(ax, -1.85, 2.45, f"from w = {path[0]:g}")
    _say(ax, 2.02, 0.8, f"from w = {right_way.parameters.w[0]:g}", ha="right")
    ax.set_xlim(*VIEW)
    ax.set_ylim(-0.1, TOP)
    style.dress(ax, xlabel="weight w", ylabel="expected loss", title="Plain SGD on ReLU, a point every 10 steps")


def _draw_weights(ax: Axes, stuck: Trajectory, leaky: Trajectory, momentum: Trajectory, jump: Trajectory) -> None:
    slope, rate = leaky.experiment.negative_slope, jump.experiment.optimizer.learning_rate
    for run, line, name in (
        (momentum, "-", "ReLU, momentum 0.9"),
        (jump, "-.", f"ReLU, rate {rate:g} from {jump.parameters.w[0]:g}"),
        (leaky, "--", f"LeakyReLU {slope:g}"),
        (stuck, "-", "ReLU, plain SGD"),
    ):
        path = members(run).w[: STEPS + 1, 0]
        label = f"{name}: ends at {run.parameters.w[-1]:.3g}"
        ax.plot(np.arange(len(path)), path, line, color=colour_of(run), linewidth=1.8, zorder=3, label=label)
    ax.axhline(0, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    target = stuck.experiment.target.w
    ax.axhline(target, color=style.TARGET, linewidth=5, alpha=0.4, zorder=2, label=f"target: {target:g}")
    ax.set_xlim(-10, STEPS + 10)
    ax.set_ylim(-5.0, 2.5)
    style.dress(ax, xlabel="step", ylabel="weight w", title="What gets across 0")
    style.legend(ax, loc="lower right", borderaxespad=0.1)


def _say(ax: Axes, x: float, y: float, words: str, ha: str = "left") -> None:
    ax.text(x, y, words, fontsize=style.TEXT_SIZE - 1, color=style.INK, ha=ha, va="center", zorder=4)
