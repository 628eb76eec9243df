"""Pictures of the report that need runs of their own: which starts learn, and what the slope changes."""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.basins import basin_map
from compare.figures.gallery.captions import BECAME_OF_SEVERAL, Description, after
from compare.figures.gallery.draw import Picture, draw_picture
from compare.figures.outcomes import percent
from compare.figures.slope_study import draw_losses, draw_map, draw_starts, study_legend
from compare.theory import SlopeStudy, slope_study
from compare.theory.outcomes import NAMES, outcomes_of
from compare.theory.slopes import least_loss
from reference import Experiment, Parameters, train

__all__ = ["draw_each_study", "draw_studies"]

REACH = 3.0  # starts are spread over -REACH to REACH in w and b
STARTS = 128  # even: none is 0
STEPS = 48  # each takes a quarter off the distance, so that 3 become 3e-6
SLOPES = np.arange(-16, 9) / 8  # up to a straight line: beyond, no neuron does better than one
MAPPED_SLOPES = (-0.5, 0.0, 0.1, 0.3)
MAPPED_STARTS, MAPPED_STEPS, MAPPED_RATE = 24, 200, 0.1  # as far as 2,000 steps of 0.01, which the basin map has
LEAKY_SLOPE = 0.3
ALL_SHARES = {0.0: "none", 1.0: "all"}


def draw_studies(folder: Path, *, seed: int = 0, dtype: str = "float32") -> list[Picture]:
    """Draw the basin map of the question's neuron with a bias, and the study of the slope, as PNG files.

    The batches of the first have a seed and a dtype. It takes four seconds, two for the slopes.
    """
    return list(draw_each_study(folder, seed=seed, dtype=dtype))


def draw_each_study(folder: Path, *, seed: int = 0, dtype: str = "float32") -> Iterator[Picture]:
    """The same one by one, each drawn when it is asked for."""
    yield draw_picture("basin-map", folder, (style.WIDTH, 4.6), partial(_basins, seed, dtype))
    without_bias = slope_study(SLOPES, steps=STEPS)
    yield draw_picture("slope-starts", folder, (style.WIDTH, 4.6), partial(_starts, without_bias))
    with_bias = slope_study(
        np.array(MAPPED_SLOPES), bias=True, starts=MAPPED_STARTS, steps=MAPPED_STEPS, learning_rate=MAPPED_RATE
    )
    yield draw_picture("slope-losses", folder, (style.WIDTH, 4.2), partial(_losses, without_bias, with_bias))
    yield draw_picture("slope-maps", folder, (style.WIDTH, 5.6), partial(_maps, with_bias))


def _basins(seed: int, dtype: str, figure: Figure) -> Description:
    starts = np.linspace(-REACH, REACH, STARTS)
    initial = Parameters(w=starts, b=starts[:, None])
    run = train(Experiment(initial=initial, trainable=("w", "b"), seed=seed, dtype=dtype), record="end")
    basin_map(run, ax=figure.add_subplot())
    outcome = outcomes_of(run).outcome
    w = np.broadcast_to(run.experiment.initial.w, outcome.shape)
    right, left = (_shares(outcome[w * side > 0]) for side in (1, -1))
    return Description(
        "A map of starts (w, b), coloured by what became of them. Of those that face the right way, w > 0, "
        f"{right}; of those that face the wrong way, w < 0, {left}: there, those with a high bias learn.",
        f"Which starts (w, b) learn, with plain SGD {after([run])}: {_learned(outcome[w > 0])} of those that face the "
        f"right way, w > 0, and {_learned(outcome[w < 0])} of those that face the wrong way. With a large enough bias "
        "the neuron stays alive while its weight turns around.",
    )


def _learned(outcome: np.ndarray) -> str:
    return f"{percent(float((outcome == NAMES.index('learned')).mean()))} %"


def _shares(outcome: np.ndarray) -> str:
    """Shares of outcomes, as a phrase."""
    shares = ((name, float((outcome == i).mean())) for i, name in enumerate(NAMES))
    return ", ".join(f"{percent(share)} % {BECAME_OF_SEVERAL[name]}" for name, share in shares if share > 0)


def _starts(study: SlopeStudy, figure: Figure) -> Description:
    ax = figure.add_subplot()
    draw_starts(ax, study)
    handles = study_legend([study.outcome], [ax])
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=style.SMALL_SIZE, frameon=False)
    return Description(
        f"Starts w over the negative slope s, coloured by what became of them: {stuck_sides(study)}. A green line "
        "shows the best minimum, a dashed one the other minimum where there is one, a pentagon the ReLU's trap.",
        f"What became of each start w at each negative slope s, without a bias: no start is stuck {_free(study)}. At "
        "s = 1 the neuron is a straight line, which counts as stuck.",
    )


def _free(study: SlopeStudy) -> str:
    """At which of the slopes tried no start is stuck."""
    return _where(study, np.logical_not(study.stuck.any(axis=(1, 2))))


def stuck_sides(study: SlopeStudy) -> str:
    """Which starts are stuck at which slopes, as the study without bias has it."""
    right, left = (study.w > 0), (study.w < 0)
    said = [
        (float(s), _stuck_at(stuck[right], stuck[left])) for s, stuck in zip(study.slopes, study.stuck, strict=True)
    ]
    said.sort()
    groups = [([s for s, _ in group], text) for text, group in groupby(said, key=lambda pair: pair[1])]
    return "; ".join(f"{_range(slopes)} {text}" for slopes, text in groups)


def _range(slopes: list[float]) -> str:
    if len(slopes) == 1:
        return f"at s = {slopes[0]:g}"
    if len(slopes) == 2:
        return f"at s = {slopes[0]:g} and {slopes[1]:g}"
    return f"for s from {slopes[0]:g} to {slopes[-1]:g}"


def _stuck_at(right: np.ndarray, left: np.ndarray) -> str:
    """Which starts get stuck, by side of 0: none, all, or some of either."""
    if right.all() and left.all():
        return "all starts are stuck"
    sides = [("right", float(right.mean())), ("left", float(left.mean()))]
    some = [
        f"{'all' if share == 1 else f'{percent(share)} % of the'} starts {side} of 0" for side, share in sides if share
    ]
    return f"{' and '.join(some)} are stuck" if some else "no start is stuck"


def _losses(without_bias: SlopeStudy, with_bias: SlopeStudy, figure: Figure) -> Description:
    draw_losses(figure.add_subplot(), without_bias, with_bias)
    at = LEAKY_SLOPE
    plain, biased = (least_loss(np.array([at]), bias=bias).item() for bias in (False, True))
    return Description(
        "The least expected loss over the negative slope s, with and without a bias: 0 at s = 0 (ReLU), larger on both "
        "sides, and nowhere larger with a bias than without. Markers show the largest loss at which starts are stuck "
        f"or dead, at the slopes that were tried: without a bias {_trapping(without_bias)}; with one "
        f"{_trapping(with_bias)}.",
        f"The price of a slope: at s = {at:g}, as in a usual LeakyReLU, no neuron has an expected loss below "
        f"{plain:.3g}, or with a bias {biased:.3g}.",
    )


def _trapping(study: SlopeStudy) -> str:
    """At which of the slopes tried starts are stuck or dead."""
    return _where(study, study.stuck.any(axis=(1, 2)))


def _where(study: SlopeStudy, chosen: Any) -> str:
    """At which of the slopes tried something is so."""
    tried = sorted(zip(study.slopes.tolist(), chosen.tolist(), strict=True))
    runs = [([s for s, _ in run], is_so) for is_so, run in groupby(tried, key=lambda pair: pair[1])]
    return ", ".join(_range(slopes) for slopes, is_so in runs if is_so) or "at none"


def _maps(study: SlopeStudy, figure: Figure) -> Description:
    across = 2
    axes = figure.subplots(-(-len(study.slopes) // across), across, sharex=True, sharey=True, squeeze=False).ravel()
    for i, ax in enumerate(axes[: len(study.slopes)]):
        draw_map(ax, study, i, first=i % across == 0)
        if i + across < len(study.slopes):
            ax.set_xlabel("")
    for ax in axes[len(study.slopes) :]:
        ax.remove()
    handles = study_legend([study.outcome], list(axes[: len(study.slopes)]))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=style.SMALL_SIZE, frameon=False)
    shares = "; ".join(f"at s = {s:g} {_shares(o)}" for s, o in zip(study.slopes, study.outcome, strict=True))
    return Description(
        f"Maps of starts (w, b) for {len(study.slopes)} negative slopes s, coloured by what became of them: {shares}. "
        f"{_where_stuck(study)}",
        f"Which starts (w, b) learn at {len(study.slopes)} negative slopes s, after {MAPPED_STEPS:,} steps of size "
        f"{MAPPED_RATE:g}: as far as {MAPPED_STEPS * MAPPED_RATE / 0.01:,.0f} steps of size 0.01.",
    )


def _where_stuck(study: SlopeStudy) -> str:
    """On which side of w = 0 those that are stuck or dead began."""
    w = np.broadcast_to(study.w[:, None], study.stuck.shape[1:])
    sentences = []
    for s, stuck in zip(study.slopes, study.stuck, strict=True):
        if stuck.any():
            share = float((w[stuck] < 0).mean())
            sentences.append(f"At s = {s:g} {ALL_SHARES.get(share, percent(share) + ' %')} of these began with w < 0.")
    return " ".join(sentences)
