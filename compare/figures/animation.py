"""A run as an animation: the function learned, beside the point on the loss curve."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compare.figures import style
from compare.figures.loss_curve import add_close_up, draw_loss, span
from compare.figures.loss_surface import LossSurface, surface_of
from compare.figures.runs import drawable_parameters, look_of, single
from reference import Trajectory, checks, forward, iterate_batches

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

__all__ = ["FPS", "animate", "draw_film", "frame_steps"]

FPS = 20
SAMPLES = 30  # of the first batch
REACH = 3.0  # the neuron is drawn for x within 3 standard deviations


def animate(
    run: Trajectory,
    *,
    frames: int = 100,
    until: int | None = None,
    figure: Figure | None = None,
) -> "FuncAnimation":
    """Animate a run: the function learned against the target, and the loss.

    Left are the neuron, the target, and samples of the first batch; right the expected
    loss over w with the points visited, and a close-up of the kink at w = 0. In a notebook show it with
    ``HTML(animation.to_jshtml())``; `compare.figures.write_gif` writes it in half a second.

    Parameters
    ----------
    run : Trajectory
        A single run that trains w alone.
    frames : int
        At least 2, spread evenly over the steps, the first at the start; fewer if there
        are fewer steps.
    until : int, optional
        The step to stop at, by default the last one.
    figure : matplotlib Figure, optional
        An empty one to draw in. By default a new pyplot figure.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Keep it in a variable: matplotlib stops an animation that nothing holds.

    Raises
    ------
    TypeError, ValueError
        If the run is no Trajectory, an ensemble, without its steps, or trains more than w;
        or `frames` or `until` is out of range.

    Examples
    --------
    >>> from reference import Experiment, train
    >>> animation = animate(train(Experiment(steps=300)), frames=2, figure=Figure())
    >>> "<img" in animation.to_jshtml()
    True
    """
    from matplotlib.animation import FuncAnimation  # which takes a while, and writing a file needs none

    steps = frame_steps(run, frames, until, "animate")
    figure = style.new_figure(7.0, 3.2) if figure is None else figure
    show = draw_film(figure, run, steps)
    return FuncAnimation(figure, show, init_func=lambda: show(0), frames=len(steps), interval=1000 / FPS, blit=True)


def frame_steps(run: Trajectory, frames: int, until: int | None, caller: str) -> np.ndarray:
    """Check what an animation is asked for; return the step that each frame shows."""
    surface_of([single(run, caller)], caller, ("w",))
    frames = checks.integer(f"{caller}: frames", frames, at_least=2)
    last = run.experiment.steps if until is None else checks.integer(f"{caller}: until", until, at_least=1)
    if last > run.experiment.steps:
        raise ValueError(f"{caller}: until must be a step of the run, at most {run.experiment.steps}, got {until!r}")
    return np.linspace(0, last, min(frames, last + 1)).round().astype(int)


def draw_film(figure: Figure, run: Trajectory, steps: np.ndarray) -> Callable[[int], Sequence[Artist]]:
    """Draw the still parts; return what puts the moving ones into the state of a frame, and returns them."""
    loss_surface = surface_of([run], "animate", ("w",))
    look = look_of(run)
    figure.set_facecolor("white")
    left, right = figure.subplots(1, 2)
    path = drawable_parameters(run).w[:, 0]
    losses = loss_surface.drawable(path)
    learned, predicted = _draw_function(left, run, look.colour)
    trails, points = zip(*_draw_loss(right, loss_surface, path, look), strict=True)
    right.set_title(" ", fontsize=style.TEXT_SIZE)  # room for what is read
    reading = right.text(0.0, 1.03, "", transform=right.transAxes, va="bottom", fontsize=style.TEXT_SIZE,
                         color=style.INK)  # fmt: skip
    moving = (learned, predicted, *trails, *points, reading)
    for artist in moving:
        artist.set_animated(True)

    def show(frame: int) -> Sequence[Artist]:
        step = steps[frame]
        parameters = loss_surface.fixed._replace(w=path[step])
        for line in (learned, predicted):
            x = np.asarray(line.get_xdata())
            line.set_ydata(forward(parameters, x, loss_surface.negative_slope).y_pred)
        for trail, point in zip(trails, points, strict=True):
            trail.set_data(path[steps[: frame + 1]], losses[steps[: frame + 1]])
            point.set_data(path[[step]], losses[[step]])
        reading.set_text(f"step {step}: w = {path[step]:.3f}, expected loss {losses[step]:.3f}")
        return moving

    return show


def _draw_function(ax: Axes, run: Trajectory, ink: str) -> tuple[Line2D, Line2D]:
    """The target and its samples; the neuron's line and its predictions, still empty."""
    target = run.experiment.target
    x = np.linspace(-REACH, REACH, 121)
    drawn, _ = next(iterate_batches(run.experiment, steps_per_block=1))
    samples = np.sort(drawn[0, :SAMPLES].astype(np.float64))
    ax.plot(x, target.labels(x), color=style.TARGET, linewidth=4.0, label="target", zorder=2)
    ax.plot(samples, target.labels(samples), "o", color=style.TARGET, markersize=7, zorder=2)
    (learned,) = ax.plot(x, np.full_like(x, np.nan), color=ink, linewidth=2.0, label="neuron", zorder=3)
    (predicted,) = ax.plot(samples, np.full_like(samples, np.nan), "o", color=ink, markersize=5.5,
                           markeredgecolor="white", markeredgewidth=0.7, zorder=4)  # fmt: skip
    low, high = float(target.labels(x).min()), float(target.labels(x).max())
    ax.set_xlim(-REACH, REACH)
    ax.set_ylim(low - (high - low) / 2, high + (high - low) / 2)
    style.dress(ax, xlabel="input x (dots: samples)", ylabel="output")
    style.legend(ax, loc="lower right")
    return learned, predicted


def _draw_loss(ax: Axes, loss_surface: LossSurface, path: np.ndarray, look: style.Look) -> list[tuple[Line2D, Line2D]]:
    """The expected loss, whole and next to the kink; in each the points visited and the present one, still empty."""
    low, high = span([path])
    draw_loss(ax, loss_surface, low, high, points=400)
    ax.axvline(0, ymax=0.25, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=1)
    ax.set_xlim(low, high)
    style.dress(ax, xlabel="weight w", ylabel="expected loss")
    inset = add_close_up(ax, loss_surface, (0.42, 0.44, 0.56, 0.42) if -low > high else (0.12, 0.44, 0.5, 0.42))
    drawn = []
    for axes, size in ((ax, 4), (inset, 3)):
        (trail,) = axes.plot([], [], look.marker, color=look.colour, markersize=size, markeredgewidth=0, zorder=3)
        (point,) = axes.plot([], [], look.marker, color=look.colour, markersize=2 * size + 2, markeredgecolor="white",
                             zorder=4)  # fmt: skip
        drawn.append((trail, point))
    return drawn
