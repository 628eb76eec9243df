"""What each picture of the report shows, and what is said about it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.functions import functions
from compare.figures.gallery.captions import (
    Description,
    after,
    became,
    counted,
    fates,
    joined,
    optimizer_of,
    start,
)
from compare.figures.gallery.opening import STEPS, draw_opening
from compare.figures.landscape import surface
from compare.figures.loss_curve import INSET, add_close_up, close_up, loss_curve
from compare.figures.loss_surface import LossSurface, surface_of
from compare.figures.runs import arrival, drawable_parameters, end_of
from compare.figures.training_curves import trajectory
from compare.question.experiments import BACKWARD, OUTPUT, RIGHT_WAY
from compare.theory.outcomes import NAMES, outcome_of, outcomes_of
from compare.theory.success import end_loss, least_loss_in_words
from reference import Parameters, Trajectory, train

__all__ = ["FILMS", "FRAMES", "STILLS", "Still", "describe_film", "filmed_steps"]

OTHERS = ("momentum", "adam", "amsgrad")
RELU = ("relu-right-way", "relu-backward")
LEAKY = ("leaky-backward",)
BIAS = (*(f"bias-right-way-{name}" for name in RIGHT_WAY), *(f"bias-backward-{name}" for name in BACKWARD))
OPTIMIZERS = {
    -10: (RELU[1], *(f"{name}-from-10" for name in OTHERS)),
    -1: ("sgd-from-1", *(f"{name}-from-1" for name in OTHERS)),
}
TURNED = {  # ids of runs: file name, and in words
    "right-way": ("right-way", "facing the right way"),
    "left-to-right": ("wrong-way", "facing the wrong way (w < 0)"),
    "down-to-up": ("upside-down", "upside down (v < 0)"),
    "both": ("both", "wrong way and upside down"),
}
LEAKY_SLOPE = 0.3
FRAMES = 50  # of an animation

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
    others = {
        "momentum": momentum,
        f"a learning rate of {rate:g}": jump,
        f"LeakyReLU {leaky.experiment.negative_slope:g}": leaky,
    }
    return Description(
        "Above, the expected loss over w for ReLU: it falls from the left, flattens out towards w = 0 where it is "
        "one half, then bends sharply down to 0 at w = 1. The points of the run from w = -10 crowd together just "
        f"left of 0, those of the run from w = 10 at 1. Below, the weight over the first {STEPS:,} of "
        f"{backward.experiment.steps:,} steps; at the end {fates({'plain SGD on ReLU': backward} | others)}.",
        f"Plain SGD from w = {start(backward)} {became(backward)}: left of 0 each step takes about {100 * share:.2g} % "
        f"of the way left to 0. After {backward.experiment.steps:,} steps {fates(others)}.",
    )


def _crowding(runs: Runs) -> str:
    """Where the points that are marked crowd together."""
    return joined(
        f"those from w = {start(run)} crowd together at w = {style.rounded(run.parameters.w[-1])}"
        if run.diverged_at is None
        else f"those from w = {start(run)} run away"
        for run in runs.values()
    )


def _curve(neuron: str, figure: Figure, runs: Runs) -> Description:
    ax = loss_curve(*runs.values(), ax=figure.add_subplot())
    loss_surface = surface_of(list(runs.values()), "loss_curve", ("w",))
    low, high = ax.get_xlim()
    one_sided = -low > 2 * high
    inset = add_close_up(ax, loss_surface, (0.5, 0.26, 0.47, 0.34) if one_sided else (0.35, 0.28, 0.3, 0.34))
    for run in runs.values():
        _mark_visited(inset, loss_surface, run)
    lowest = loss_surface.minimum_between(-2.0, 2.0)
    assert lowest is not None
    w, loss = lowest
    return Description(
        f"The expected loss of {neuron} over the weight w, a valley, and the points that training visits, one an "
        f"epoch: {_crowding(runs)}. An inset shows the bend of the curve at w = 0.",
        f"{_named(runs)} {after(runs.values())}. The expected loss of {neuron} is lowest, {loss:.3g}, at "
        f"w = {style.rounded(w)}.",
    )


def _named(runs: Runs) -> str:
    """What became of runs, which are told apart by where they start."""
    said = fates({f"the run from w = {start(run)}": run for run in runs.values()})
    return said[0].upper() + said[1:]


def _mark_visited(ax: Axes, loss_surface: LossSurface, run: Trajectory) -> None:
    look, path = style.LOOKS[outcome_of(run)], drawable_parameters(run).w[::100, 0]
    near = path[(path >= INSET[0]) & (path <= INSET[1])]
    ax.plot(
        near, loss_surface.drawable(near), look.marker, color=look.colour, markersize=5, markeredgewidth=0, zorder=4
    )


def _close_up(neuron: str, figure: Figure, runs: Runs) -> Description:
    ax = close_up(*runs.values(), ax=figure.add_subplot())
    style.legend_above(figure, ax)
    loss_surface = surface_of(list(runs.values()), "close_up", ("w",))
    left, right = map(style.rounded, loss_surface.one_sided_slopes())
    edge = ax.get_xlim()[1]
    falls = [float(loss_surface.at(w=w) - loss_surface.at(w=w + edge)) for w in (-edge, 0.0)]
    return Description(
        f"The expected loss of {neuron} from w = {-edge:g} to {edge:g}: from there to 0 it falls by {falls[0]:.2g}, "
        + ("and is level where it meets 0" if left == "0" else f"with slope {left} where it meets 0")
        + f"; right of the bend it falls by {falls[1]:.2g} over the same distance. Of the points visited, one every "
        f"10 steps, {_crowding(runs)}.",
        f"The kink of the expected loss of {neuron}, enlarged: at w = 0 its slope is {left} on the left and {right} on "
        "the right.",
    )


def _history(neuron: str, figure: Figure, runs: Runs) -> Description:
    above, _ = trajectory(*runs.values(), ax=tuple(figure.subplots(2, sharex=True)))
    style.legend_above(figure, above)
    seen = (
        f"from w = {start(run)} the weight ends at {style.rounded(run.parameters.w[-1])} and the loss at "
        f"{float(end_loss(run)):.3g}"
        for run in runs.values()
    )
    return Description(
        f"Mean loss of the batches (logarithmic) above weight of {neuron}, by epoch of 100 steps: {joined(seen)}.",
        f"The loss falls and the weight goes where it ends: {neuron} {_ends_at(runs)} {after(runs.values())}.",
    )


def _ends_at(runs: Runs) -> str:
    return " and ".join(
        f"from w = {start(run)} {became(run)}, expected loss {float(end_loss(run)):.2g}," for run in runs.values()
    ).removesuffix(",")


def _optimizers(w: int, figure: Figure, runs: Runs) -> Description:
    axes = tuple(figure.subplots(2, sharex=True))
    names = [f"{optimizer_of(run)}: {end_of(run)}" for run in runs.values()]
    trajectory(*runs.values(), labels=names, ax=axes)
    title = f"ReLU from w = {style.number(w)}, {after(runs.values())}"
    style.legend_above(figure, axes[0], title=title, title_fontsize=style.TEXT_SIZE)
    courses = (f"{optimizer_of(run)} ends at w = {style.rounded(run.parameters.w[-1])}" for run in runs.values())
    return Description(
        f"Mean loss of the batches (logarithmic) above weight of ReLU by epoch of 100 steps, from w = {w}: "
        f"{joined(courses)}, where w = 0 is the kink and w = 1 the minimum.",
        f"Optimizers from w = {w}: {after(runs.values())} {fates({optimizer_of(run): run for run in runs.values()})}.",
    )


def _bias(figure: Figure, runs: Runs) -> Description:
    surface(*runs.values(), ax=figure.add_subplot())
    outcomes = {id: outcome_of(run) for id, run in runs.items()}
    wrong_way = [outcomes[id] for id in runs if "backward" in id]
    return Description(
        "The expected loss over weight and bias as shades of grey, lightest around the minimum w = 1, b = 0, with the "
        f"paths of {len(runs)} runs: {counted(list(outcomes.values()))}. Below the origin a wedge is hatched in which "
        "few inputs activate the neuron.",
        f"Rings are starts (w, b), marks where ReLU got to: {counted(list(outcomes.values()))} "
        f"{after(runs.values())}."
        + (f" Of those that face the wrong way, w < 0, {counted(wrong_way)}." if wrong_way else ""),
    )


def _bias_leaky(figure: Figure, runs: Runs) -> Description:
    """The same starts and batches for LeakyReLU, trained here as one ensemble."""
    starts = [run.experiment.initial for run in runs.values()]
    initial = Parameters(w=np.array([p.w for p in starts]), b=np.array([p.b for p in starts]))
    first = next(iter(runs.values())).experiment
    ensemble = train(replace(first, initial=initial, negative_slope=LEAKY_SLOPE))
    surface(ensemble, ax=figure.add_subplot())
    outcomes, loss = [NAMES[i] for i in outcomes_of(ensemble).outcome], end_loss(ensemble)
    return Description(
        "The expected loss of LeakyReLU over weight and bias as shades of grey, with the paths of runs from the same "
        f"starts as for ReLU: {counted(outcomes)}, also from the left, across w = 0. There is no region in which few "
        "inputs matter.",
        f"From the same starts, with LeakyReLU {LEAKY_SLOPE:g}, {counted(outcomes)} {after(runs.values())}. "
        f"{_losses_in_words(loss)}",
    )


def _losses_in_words(loss: np.ndarray) -> str:
    """What the expected losses of several runs are, in as many digits as are shown."""
    low, high = f"{loss.min():.3g}", f"{loss.max():.3g}"
    return f"Each has an expected loss of {low}." if low == high else f"The largest expected loss is {high}."


def _output(name: str, figure: Figure, runs: Runs) -> Description:
    (run,) = runs.values()
    (ax,) = functions(run, titles=[f"start: {name}"], ax=[figure.add_subplot()])
    style.legend_above(figure, ax, ncols=3)
    end, loss = run.end, float(end_loss(run))
    bound = least_loss_in_words(end, run.experiment)
    return Description(
        "What the neuron v phi(w x + b) + d, with output weight v and output bias d, computes over the input, at the "
        f"start, {name}, and at the end of training, beside the target: it {became(run)}.",
        f"Started {name}, the neuron {became(run).replace('on its way', 'still moving')} {after([run])}, with an "
        f"expected loss of {loss:.3g}" + (f": {bound}." if bound else "."),
    )


def filmed_steps(run: Trajectory) -> int:
    """Steps of an animation: until the run has arrived, and a little longer."""
    return min(run.experiment.steps, max(1, round(1.15 * arrival(run))))


def describe_film(run: Trajectory) -> Description:
    """Description for the animation of a run."""
    neuron = "LeakyReLU" if run.experiment.negative_slope else "ReLU"
    w, last = run.parameters.w, filmed_steps(run)
    return Description(
        f"Animation. Left, the output of {neuron} over the input turns from that for w = {start(run)} to that for "
        f"w = {w[last]:.3g}; right, the point on the curve of the expected loss slides along, and an inset shows it "
        "beside the kink at w = 0.",
        f"{neuron} learning ReLU from w = {start(run)}: w = {w[last]:.3g} after {last:,} steps; it {became(run)}.",
    )


ONE = (style.WIDTH, 3.8)
TWO = (style.WIDTH, 4.8)
STILLS = (
    Still("opening", (*RELU, *LEAKY, "momentum-from-10", "jump"), (style.WIDTH, 7.6), _opening, needs_all=True),
    Still("relu-loss-curve", RELU, ONE, partial(_curve, "ReLU")),
    Still("relu-close-up", RELU[1:], ONE, partial(_close_up, "ReLU")),
    Still("relu-history", RELU, TWO, partial(_history, "ReLU")),
    Still("leaky-loss-curve", LEAKY, ONE, partial(_curve, "LeakyReLU")),
    Still("leaky-close-up", LEAKY, ONE, partial(_close_up, "LeakyReLU")),
    Still("leaky-history", LEAKY, TWO, partial(_history, "LeakyReLU")),
    *(Still(f"optimizers-from{w}", ids, TWO, partial(_optimizers, w)) for w, ids in OPTIMIZERS.items()),
    Still("relu-bias-surface", BIAS, (style.WIDTH, 5.0), _bias),
    Still("leaky-bias-surface", BIAS, (style.WIDTH, 5.0), _bias_leaky),
    *(
        Still(f"output-{TURNED[id][0]}", (f"output-{id}",), (style.WIDTH, 3.4), partial(_output, TURNED[id][1]))
        for id in OUTPUT
    ),
)
FILMS = {f"{id}-animation": id for id in (*RELU, *LEAKY)}
