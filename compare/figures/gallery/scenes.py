"""What each picture of the report shows, and what is said about it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.functions import functions
from compare.figures.gallery.captions import Description, ends, joined, optimizer_of, start, starts_and_ends, success
from compare.figures.gallery.opening import draw_opening
from compare.figures.landscape import surface
from compare.figures.loss_curve import close_up, loss_curve
from compare.figures.loss_surface import surface_of
from compare.figures.training_curves import trajectory
from compare.question.experiments import BACKWARD, OUTPUT, RIGHT_WAY
from compare.theory.success import end_loss, loss_to_beat, succeeded
from reference import Parameters, Trajectory, train

__all__ = ["FILMED_STEPS", "FILMS", "STILLS", "Still", "describe_film"]

FILMED_STEPS = 600  # what moves afterwards is less than a pixel
OTHERS = ("momentum", "adam", "amsgrad")
RELU = ("relu-right-way", "relu-backward")
LEAKY = ("leaky-backward",)
BIAS = (*(f"bias-right-way-{name}" for name in RIGHT_WAY), *(f"bias-backward-{name}" for name in BACKWARD))
OPTIMIZERS = tuple(
    id for sgd, w in ((RELU[1], -10), ("sgd-from-1", -1)) for id in (sgd, *(f"{name}-from{w}" for name in OTHERS))
)
TURNED = {"right-way": "right way", "left-to-right": "mirrored", "down-to-up": "upside down", "both": "both"}
LEAKY_SLOPE = 0.3

Runs = Mapping[str, Trajectory]


class Still(NamedTuple):
    """A picture: of which runs, how large in inches, and what draws and describes it."""

    name: str
    ids: tuple[str, ...]
    size: tuple[float, float]
    draw: Callable[[Figure, Runs], Description]
    needs_all: bool = False


def _opening(figure: Figure, runs: Runs) -> Description:
    draw_opening(figure, *runs.values())
    _, backward, leaky, momentum, jump = runs.values()
    share, rate = (run.experiment.optimizer.learning_rate for run in (backward, jump))
    return Description(
        "Left, the expected loss over w for ReLU: it falls from the left, flattens out towards w = 0 where it is "
        "one half, then bends sharply down to 0 at w = 1. The points of the run from w = -10 crowd together just "
        "left of 0, those of the run from w = 10 at 1. Right, the weight over steps: plain SGD on ReLU levels off "
        "at 0, while LeakyReLU, momentum and a large step cross 0 and settle near 1.",
        f"From w = {start(backward)} plain SGD {ends(backward)}, because left of 0 the slope of the loss is w "
        f"itself, so each step takes about {100 * share:.2g} % of the way left to 0; {optimizer_of(momentum)} "
        f"{ends(momentum)}, a learning rate of {rate:g} from w = {start(jump)} {ends(jump)}, "
        f"LeakyReLU {leaky.experiment.negative_slope:g} {ends(leaky)}.",
    )


def _crowding(runs: Runs) -> str:
    """Where the points that are marked crowd together."""
    return joined(
        f"those from w = {start(run)} crowd together {'at the minimum' if success(run) else 'at w = 0'}"
        for run in runs.values()
    )


def _curve(neuron: str, figure: Figure, runs: Runs) -> Description:
    loss_curve(*runs.values(), ax=figure.add_subplot())
    lowest = surface_of(list(runs.values()), "loss_curve", ("w",)).minimum_between(-2.0, 2.0)
    assert lowest is not None
    w, loss = lowest
    return Description(
        f"The expected loss of {neuron} over the weight w, a valley with a bend at w = 0, and the points that training "
        f"visits, one an epoch: {_crowding(runs)}.",
        f"{neuron} {joined(map(starts_and_ends, runs.values()))}; the loss is lowest, {loss:.2g}, at "
        f"w = {style.rounded(w)}.",
    )


def _close_up(neuron: str, figure: Figure, runs: Runs) -> Description:
    close_up(*runs.values(), ax=figure.add_subplot())
    loss_surface = surface_of(list(runs.values()), "close_up", ("w",))
    left, right = map(style.rounded, loss_surface.one_sided_slopes())
    return Description(
        f"The expected loss of {neuron} next to w = 0: "
        + ("level just left of 0" if left == "0" else "falling left of 0 already")
        + ", bent at 0, and falling steeply right of it. Of the points visited, one every 10 steps, "
        f"{_crowding(runs)}.",
        f"At w = 0 the loss of {neuron} is {float(loss_surface.at(w=0.0)):.2g}; its slope is {left} on the left of 0 "
        f"and {right} on the right.",
    )


def _history(neuron: str, figure: Figure, runs: Runs) -> Description:
    trajectory(*runs.values(), ax=tuple(figure.subplots(2, sharex=True)))
    courses = {
        True: "the loss falls to its minimum and the weight settles there",
        False: "the loss levels off at one half and the weight just left of 0",
    }
    seen = (f"from w = {start(run)} {courses[success(run)]}" for run in runs.values())
    outcomes = (f"{starts_and_ends(run)} and loss {float(end_loss(run)):.2g}" for run in runs.values())
    return Description(
        f"Loss (logarithmic) above weight of {neuron}, by epoch of 100 steps: {joined(seen)}.",
        f"{neuron} learning ReLU {joined(outcomes)}.",
    )


def _optimizers(figure: Figure, runs: Runs) -> Description:
    grid = figure.subplots(2, 2, sharex=True)
    for column, w in enumerate((-10, -1)):
        here = [run for run in runs.values() if run.parameters.w[0] == w]
        if here:
            names = [f"{optimizer_of(run)}: ends at {run.parameters.w[-1]:.3g}" for run in here]
            trajectory(*here, labels=names, ax=tuple(grid[:, column]))
        grid[0, column].set_title(f"from w = {w}", loc="left", fontsize=style.TEXT_SIZE + 1, color=style.INK)
    for ax in grid[:, 1]:
        ax.set_ylabel("")
    courses = {True: "crosses 0 and settles at the minimum", False: "stays left of 0"}
    seen = (f"{optimizer_of(run)} from {start(run)} {courses[success(run)]}" for run in runs.values())
    outcomes = (f"{optimizer_of(run)} {starts_and_ends(run)}" for run in runs.values())
    return Description(
        "Loss (logarithmic) above weight of ReLU by epoch of 100 steps, from w = -10 on the left and w = -1 on the "
        f"right: {joined(seen)}.",
        f"ReLU under {joined(outcomes)}.",
    )


def _bias(figure: Figure, runs: Runs) -> Description:
    surface(*runs.values(), ax=figure.add_subplot())
    reached = [id for id, run in runs.items() if success(run)]
    upside_down = [id for id in runs if "backward" in id]
    crossing = sum(id in reached for id in upside_down)
    failing = [run for id, run in runs.items() if id not in reached]
    deaths = (f"from ({start(run)}, {run.parameters.b[0]:g}) to ({run.end.w:.2f}, {run.end.b:.2f})" for run in failing)
    return Description(
        "The expected loss over weight and bias as shades of grey, white around the minimum w = 1, b = 0, with the "
        f"paths of {len(runs)} runs: {len(reached)} (blue, solid) bend towards the minimum, {len(failing)} "
        "(vermillion, dashed) stop at a hatched wedge below the origin, where the neuron is dead.",
        f"ReLU with bias: {len(reached)} of {len(runs)} starts head for the minimum, among them {crossing} of the "
        f"{len(upside_down)} that begin upside down"
        + (f"; the others die on their way {joined(deaths)}." if failing else "."),
    )  # fmt: skip


def _bias_leaky(figure: Figure, runs: Runs) -> Description:
    """The same starts and batches for LeakyReLU, trained here as one ensemble."""
    starts = [run.experiment.initial for run in runs.values()]
    initial = Parameters(w=np.array([p.w for p in starts]), b=np.array([p.b for p in starts]))
    first = next(iter(runs.values())).experiment
    ensemble = train(replace(first, initial=initial, negative_slope=LEAKY_SLOPE))
    surface(ensemble, ax=figure.add_subplot())
    reached, loss = np.asarray(succeeded(ensemble)), end_loss(ensemble)
    return Description(
        "The expected loss of LeakyReLU over weight and bias as shades of grey, with the paths of runs from the same "
        f"starts as for ReLU: {sum(reached)} of {len(reached)} (blue) bend into the one minimum, also those from the "
        "left, across w = 0. There is no dead region.",
        f"LeakyReLU {LEAKY_SLOPE:g} with bias: {sum(reached)} of the same {len(reached)} starts head for the minimum; "
        f"their expected losses end between {loss.min():.3g} and {loss.max():.3g}.",
    )


def _output(figure: Figure, runs: Runs) -> Description:
    names = [TURNED[id.removeprefix("output-")] for id in runs]
    axes = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
    functions(*runs.values(), titles=[f"start: {name}" for name in names], ax=axes)
    style.legend(axes[0], loc="lower right")
    line = loss_to_beat(next(iter(runs.values())).experiment)
    fates = (
        f"{name} {'ends on the target' if success(run) else 'ends as a curve that rises and levels off'}"
        for name, run in zip(names, runs.values(), strict=True)
    )
    losses = (f"{name} {float(end_loss(run)):.3g}" for name, run in zip(names, runs.values(), strict=True))
    return Description(
        "What the neuron with output weight and bias computes over the input, at the start and at the end of "
        f"training, beside the target, one panel for each start: {joined(fates)}.",
        f"With output weight and bias the expected loss ends at: {joined(losses)}; the best straight line has "
        f"{line:.3g}.",
    )


def describe_film(run: Trajectory) -> Description:
    """Description for the animation of a run."""
    neuron = "LeakyReLU" if run.experiment.negative_slope else "ReLU"
    w, last = run.parameters.w, min(FILMED_STEPS, run.experiment.steps)
    falls = "onto the target" if success(run) else "until it is flat, away from the target"
    rests = "at the minimum" if success(run) else "at w = 0, above the minimum"
    return Description(
        f"Animation. Left, the output of {neuron} over the input turns {falls}; right, the point on the "
        f"curve of the expected loss slides down from w = {start(run)} and comes to rest {rests}.",
        f"{neuron} learning ReLU from w = {start(run)}: w = {w[last]:.3g} after {last} steps, "
        f"{w[-1]:.3g} after {run.experiment.steps}.",
    )


STILLS = (
    Still("opening", (*RELU, *LEAKY, "momentum-from-10", "jump"), (8.4, 4.0), _opening, needs_all=True),
    Still("relu-loss-curve", RELU, (7.0, 4.0), partial(_curve, "ReLU")),
    Still("relu-close-up", RELU[1:], (7.0, 4.0), partial(_close_up, "ReLU")),
    Still("relu-history", RELU, (7.0, 5.0), partial(_history, "ReLU")),
    Still("leaky-loss-curve", LEAKY, (7.0, 4.0), partial(_curve, "LeakyReLU")),
    Still("leaky-close-up", LEAKY, (7.0, 4.0), partial(_close_up, "LeakyReLU")),
    Still("leaky-history", LEAKY, (7.0, 5.0), partial(_history, "LeakyReLU")),
    Still("optimizers", OPTIMIZERS, (8.4, 5.6), _optimizers),
    Still("relu-bias-surface", BIAS, (7.0, 5.2), _bias),
    Still("leaky-bias-surface", BIAS, (7.0, 5.2), _bias_leaky),
    Still("output-functions", tuple(f"output-{name}" for name in OUTPUT), (8.4, 3.0), _output),
)
FILMS = {f"{id}-animation": id for id in (*RELU, *LEAKY)}
