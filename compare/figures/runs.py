"""What the pictures need of trajectories: checked, as float64, cut where they diverge."""

from collections.abc import Sequence

import numpy as np

from compare.figures import style
from compare.figures.loss_surface import LARGEST
from compare.surface.basins import RESOLUTION
from compare.theory.outcomes import outcome_of
from reference import Parameters, Trajectory

__all__ = [
    "EPOCH",
    "arrival",
    "complete",
    "drawable_parameters",
    "end_of",
    "labels_for",
    "look_of",
    "single",
    "start_and_end",
]

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


def look_of(run: Trajectory) -> style.Look:
    """Colour, marker and line of a single run: those of its outcome."""
    return style.LOOKS[outcome_of(run)]


def arrival(run: Trajectory) -> int:
    """Step from which on the weight of a single run is as near to its last one as counts as there.

    Examples
    --------
    >>> from reference import Experiment, Parameters, train
    >>> 550 < arrival(train(Experiment(initial=Parameters(w=10.0)))) < 750  # 9 (1 - 0.01)^t = 1 / 64 at t = 632
    True
    """
    w = drawable_parameters(run).w[:, 0]
    away = np.flatnonzero(~(np.abs(w - w[-1]) <= RESOLUTION))
    return min(int(away[-1]) + 1, len(w) - 1) if len(away) else 0


def labels_for(runs: Sequence[Trajectory], caller: str, labels: Sequence[str] | None) -> Sequence[str]:
    """One label a run: those given, or else where each run starts and ends."""
    if labels is None:
        return [start_and_end(run) for run in runs]
    if len(labels) != len(runs):
        raise ValueError(f"{caller}: labels must be one for each of {len(runs)} runs, got {len(labels)}")
    return labels


def start_and_end(run: Trajectory) -> str:
    """Where a single run went, as a label: its first weight, what became of it, and its last weight."""
    w = run.parameters.w
    return f"from w = {style.number(w[0], 6)}: {end_of(run)}"


def end_of(run: Trajectory) -> str:
    """What became of a single run, and its last weight; where the slope keeps it from the target, it is at its best."""
    if run.diverged_at is not None:
        return f"diverged after {run.diverged_at:,} steps"
    outcome, experiment = outcome_of(run), run.experiment
    if outcome == "learned" and experiment.negative_slope != experiment.target.negative_slope:
        outcome = "at its best"
    return f"{outcome}, w = {style.number(run.parameters.w[-1])}"
