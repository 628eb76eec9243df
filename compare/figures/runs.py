"""What the pictures need of trajectories: checked, as float64, cut where they diverge."""

from collections.abc import Sequence

import numpy as np

from compare.figures import style
from compare.figures.loss_surface import LARGEST
from compare.theory.success import succeeded
from reference import Parameters, Trajectory

__all__ = ["EPOCH", "colour_of", "complete", "drawable_parameters", "labels_for", "single", "start_and_end"]

EPOCH = 100  # steps of an epoch in the question's script


def complete(run: Trajectory, caller: str) -> Trajectory:
    """Return the run if it is a Trajectory with every step recorded; errors begin with the function called."""
    if not isinstance(run, Trajectory):
        raise TypeError(f"{caller} draws Trajectories, such as reference.train returns, got {run!r}")
    states = len(run.parameters.w)
    if states != run.experiment.steps + 1:
        raise ValueError(
            f"{caller} needs every step, got a trajectory with {states} of {run.experiment.steps + 1} states "
            '(train with record="all")'
        )
    return run


def single(run: Trajectory, caller: str) -> Trajectory:
    """Return the run if it is complete and of one neuron."""
    if complete(run, caller).experiment.shape != ():
        raise ValueError(f"{caller} draws single runs, got an ensemble of shape {run.experiment.shape}")
    return run


def drawable_parameters(run: Trajectory) -> Parameters:
    """Parameters as float64 arrays of shape (states, members); NaN from where they diverge."""
    paths = Parameters(*(np.asarray(p, np.float64).reshape(len(p), -1) for p in run.parameters))
    drawable = np.logical_and.reduce([np.abs(p) <= LARGEST for p in paths])
    before_divergence = np.logical_and.accumulate(drawable, axis=0)
    return Parameters(*(np.where(before_divergence, p, np.nan) for p in paths))


def colour_of(run: Trajectory) -> str:
    """Colour of a single run: that of success, of failure, or of neither."""
    outcome = succeeded(run)
    return style.colour(None if outcome is None else bool(outcome))


def labels_for(runs: Sequence[Trajectory], caller: str, labels: Sequence[str] | None) -> Sequence[str]:
    """One label a run: those given, or else where each run starts and ends."""
    if labels is None:
        return [start_and_end(run) for run in runs]
    if len(labels) != len(runs):
        raise ValueError(f"{caller}: labels must be one for each of {len(runs)} runs, got {len(labels)}")
    return labels


def start_and_end(run: Trajectory) -> str:
    """Where a single run went, as a label: its first and last weight."""
    w = run.parameters.w
    went = f"ends at {w[-1]:.3g}" if run.diverged_at is None else f"diverges in {run.diverged_at} steps"
    return f"from w = {w[0]:g}: {went}"
