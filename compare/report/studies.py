"""Pictures of the report that need runs of their own: which starts succeed, and what the slope changes."""

from pathlib import Path

import numpy as np

from compare.figures import Picture, basin_map, slope_figure, style, succeeded
from compare.theory import slope_study
from reference import Experiment, Parameters, Trajectory, train

__all__ = ["draw_studies"]

REACH = 3.0  # starts are spread over -REACH to REACH in w and b
STARTS = 128  # even: none is 0
MAPPED_SLOPES = (-0.5, 0.0, 0.25, 1.0)
MAPPED_STARTS, MAPPED_STEPS = 16, 300


def draw_studies(folder: Path, *, seed: int = 0, dtype: str = "float32") -> list[Picture]:
    """Draw the basin map of the question's neuron with a bias, and the study of the slope.

    Parameters
    ----------
    folder : Path
        Existing, to write PNG files to.
    seed : int
        Of the batches.
    dtype : str
        Of the runs on batches.

    Returns
    -------
    list of Picture
        "basin-map" and "slope-study".

    Notes
    -----
    Five seconds, of which the slope study takes three.
    """
    from matplotlib import style as matplotlib_style

    with matplotlib_style.context("default"):  # nothing of a user's settings gets into the files
        return [_basins(folder, seed, dtype), _slopes(folder)]


def _basins(folder: Path, seed: int, dtype: str) -> Picture:
    from matplotlib.figure import Figure

    starts = np.linspace(-REACH, REACH, STARTS)
    initial = Parameters(w=starts, b=starts[:, None])
    run = train(Experiment(initial=initial, trainable=("w", "b"), seed=seed, dtype=dtype), record="end")
    figure = Figure(figsize=(7.0, 5.2), dpi=style.DPI, layout="constrained", facecolor="white")
    basin_map(run, ax=figure.add_subplot())
    path = folder / "basin-map.png"
    style.save_png(figure, path)
    right, left = (100 * _share(run, side) for side in (1, -1))
    return Picture(
        "basin-map",
        path,
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


def _slopes(folder: Path) -> Picture:
    from matplotlib.figure import Figure

    without_bias = slope_study()
    with_bias = slope_study(np.array(MAPPED_SLOPES), bias=True, starts=MAPPED_STARTS, steps=MAPPED_STEPS)
    figure = Figure(figsize=(9.0, 7.2), dpi=style.DPI, layout="constrained", facecolor="white")
    slope_figure(without_bias, with_bias, figure=figure)
    path = folder / "slope-study.png"
    style.save_png(figure, path)
    stuck = dict(zip(without_bias.slopes.tolist(), (100 * without_bias.stuck_share).tolist(), strict=True))
    least = min(slope for slope, share in stuck.items() if share == 0 and slope > 0)
    best = dict(zip(without_bias.slopes.tolist(), without_bias.best.tolist(), strict=True))
    return Picture(
        "slope-study",
        path,
        "Top left, starts w over the negative slope c: for c from -1 to 0 all starts left of 0 get stuck, for c above "
        "0 none. Top right, the least expected loss over c: 0 at c = 0, growing on both sides. Below, maps of starts "
        "(w, b) for four slopes: those that get stuck have a negative w and a low b, and there are none for c > 0.",
        f"Without a bias {stuck[0.0]:.3g} % of the starts get stuck at slope 0 (ReLU) and none at {least:g} or more; "
        f"the price is that the least loss is then no longer 0, at slope 1 it is {best[1.0]:.3g}.",
    )
