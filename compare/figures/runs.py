"""What the pictures need of trajectories: checked, as float64, cut where they diverge."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from reference import Parameters, Target, Trajectory

__all__ = ["EPOCH", "Setting", "complete", "members", "setting_of", "single", "start_and_end"]

EPOCH = 100  # steps of an epoch in the question's script
# Beyond float32 nothing is drawn: margins around float64's largest numbers would overflow.
LARGEST = float(np.finfo(np.float32).max)


class Setting(NamedTuple):
    """What an expected-loss surface depends on besides the parameters that vary on it."""

    negative_slope: float
    target: Target
    fixed: Parameters


def complete(run: Any, who: str) -> Trajectory:
    """Return the run, if it is a Trajectory with every step recorded.

    Raises
    ------
    TypeError, ValueError
        In one line that begins with `who`, the function called.
    """
    if not isinstance(run, Trajectory):
        raise TypeError(f"{who} draws Trajectories, such as reference.train returns, got {run!r}")
    states = len(run.parameters.w)
    if states != run.experiment.steps + 1:
        raise ValueError(
            f"{who} needs every step, got a trajectory with {states} of {run.experiment.steps + 1} states "
            '(train with record="all")'
        )
    return run


def single(run: Any, who: str) -> Trajectory:
    """Return the run, if it is complete and of one neuron."""
    if complete(run, who).experiment.shape != ():
        raise ValueError(f"{who} draws single runs, got an ensemble of shape {run.experiment.shape}")
    return run  # type: ignore[no-any-return]


def members(run: Trajectory) -> Parameters:
    """Parameters as float64 arrays of shape (states, members); NaN from where they diverge."""
    paths = Parameters(*(np.asarray(p, np.float64).reshape(len(p), -1) for p in run.parameters))
    drawable = np.logical_and.reduce([np.abs(p) <= LARGEST for p in paths])
    alive = np.logical_and.accumulate(drawable, axis=0)
    return Parameters(*(np.where(alive, p, np.nan) for p in paths))


def setting_of(
    runs: Sequence[Trajectory],
    who: str,
    varying: tuple[str, ...],
    negative_slope: float | None = None,
    target: Target | None = None,
) -> Setting:
    """Find the one surface that all runs live on; without runs, the one that is asked for.

    Raises
    ------
    ValueError
        If runs train something that does not vary on the surface, or differ in what
        determines it.
    """
    found = []
    for run in runs:
        experiment = run.experiment
        if set(experiment.trainable) - set(varying):
            raise ValueError(f"{who} draws runs that train {' and '.join(varying)}, got one that trains "
                             f"{', '.join(experiment.trainable)}")  # fmt: skip
        fixed = Parameters(
            *(0.0 if n in varying else p for n, p in zip(Parameters._fields, experiment.initial, strict=True))
        )
        if any(np.ndim(p) for p in fixed):
            raise ValueError(f"{who} draws one surface, got an ensemble whose fixed parameters differ")
        found.append(Setting(experiment.negative_slope, experiment.target, fixed))
    asked = Setting(
        found[0].negative_slope if found and negative_slope is None else float(negative_slope or 0),
        found[0].target if found and target is None else target or Target(),
        found[0].fixed if found else Parameters(w=0.0),
    )
    for setting in found:
        if setting != asked:
            raise ValueError(f"{who} draws one surface, got runs on different ones: {asked} and {setting}")
    return asked


def start_and_end(run: Trajectory) -> str:
    """Where a single run went, as a label: its first and last weight."""
    w = run.parameters.w
    return f"from w = {w[0]:g}: ends at {w[-1]:.3g}"
