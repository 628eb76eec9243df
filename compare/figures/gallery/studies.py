"""Pictures of the report that need runs of their own: which starts succeed, and what the slope changes."""

from functools import partial
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

from compare.figures.basins import basin_map
from compare.figures.gallery.captions import Description
from compare.figures.gallery.draw import Picture, draw_picture
from compare.figures.slope_study import slope_figure
from compare.theory import slope_study
from compare.theory.success import succeeded
from reference import Experiment, Parameters, Trajectory, train

__all__ = ["draw_studies"]

REACH = 3.0  # starts are spread over -REACH to REACH in w and b
STARTS = 128  # even: none is 0
MAPPED_SLOPES = (-0.5, 0.0, 0.25, 1.0)
MAPPED_STARTS, MAPPED_STEPS = 16, 300


def draw_studies(folder: Path, *, seed: int = 0, dtype: str = "float32") -> list[Picture]:
    """Draw the basin map of the question's neuron with a bias, and the study of the slope, as PNG files.

    The batches of the first have a seed and a dtype. It takes five seconds, three for the slopes.
    """
    with matplotlib.style.context("default"):  # nothing of a user's settings gets into the files
        return [
            draw_picture("basin-map", folder, (7.0, 5.2), partial(_basins, seed, dtype)),
            draw_picture("slope-study", folder, (9.0, 7.2), _slopes),
        ]


def _basins(seed: int, dtype: str, figure: Figure) -> Description:
    starts = np.linspace(-REACH, REACH, STARTS)
    initial = Parameters(w=starts, b=starts[:, None])
    run = train(Experiment(initial=initial, trainable=("w", "b"), seed=seed, dtype=dtype), record="end")
    basin_map(run, ax=figure.add_subplot())
    right, left = (100 * _share(run, side) for side in (1, -1))
    return Description(
        "A map of starts (w, b), blue where training reaches the target's side and vermillion where it does not. "
        "On the right of w = 0 most is blue; on the left the low biases are vermillion, the high ones blue.",
        f"ReLU with a bias, plain SGD for {run.experiment.steps} steps from {STARTS} x {STARTS} starts: "
        f"{right:.3g} % of those with w > 0 succeed, and {left:.3g} % of those with w < 0: a large enough bias "
        "keeps the neuron alive while its weight turns around.",
    )


def _share(run: Trajectory, side: int) -> float:
    """Share of the starts on one side of w = 0 that succeed."""
    reached = np.asarray(succeeded(run))
    chosen = np.broadcast_to(run.experiment.initial.w * side > 0, reached.shape)
    return float(reached[chosen].mean())


def _slopes(figure: Figure) -> Description:
    without_bias = slope_study()
    with_bias = slope_study(np.array(MAPPED_SLOPES), bias=True, starts=MAPPED_STARTS, steps=MAPPED_STEPS)
    slope_figure(without_bias, with_bias, figure=figure)
    stuck = dict(zip(without_bias.slopes.tolist(), (100 * without_bias.stuck_share).tolist(), strict=True))
    least = min(slope for slope, share in stuck.items() if share == 0 and slope > 0)
    best = dict(zip(without_bias.slopes.tolist(), without_bias.best.tolist(), strict=True))
    return Description(
        "Top left, starts w over the negative slope c: for c from -1 to 0 all starts left of 0 get stuck, for c above "
        "0 none. Top right, the least expected loss over c: 0 at c = 0, growing on both sides. Below, maps of starts "
        "(w, b) for four slopes: those that get stuck have a negative w and a low b, and there are none for c > 0.",
        f"Without a bias {stuck[0.0]:.3g} % of the starts get stuck at slope 0 (ReLU) and none at {least:g} or more; "
        f"the price is that the least loss is then no longer 0, at slope 1 it is {best[1.0]:.3g}.",
    )
