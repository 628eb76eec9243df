"""What the pictures need of trajectories: checked, as float64, cut where they diverge."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.figures import style
from compare.surface import expected_gradient, expected_loss
from compare.theory.success import succeeded
from reference import Experiment, Parameters, Target, Trajectory, checks

__all__ = [
    "EPOCH",
    "LARGEST",
    "Setting",
    "colour_of",
    "complete",
    "drawable_parameters",
    "labels_for",
    "limits",
    "setting_of",
    "single",
    "start_and_end",
]

EPOCH = 100  # steps of an epoch in the question's script
# Beyond float32 nothing is drawn: margins around float64's largest numbers would overflow.
LARGEST = float(np.finfo(np.float32).max)


class Setting(NamedTuple):
    """What an expected-loss surface depends on besides the parameters that vary on it."""

    negative_slope: float
    target: Target
    fixed: Parameters

    def loss(self, **varying: Any) -> Any:
        """Expected loss where the varying parameters are these."""
        at = self.fixed._replace(**varying)
        return expected_loss(at, negative_slope=self.negative_slope, target=self.target)

    def gradient(self, *, side: str | None = None, **varying: Any) -> Parameters:
        """Gradient of the expected loss there; next to w = b = 0 that of the "left" or "right" side."""
        at = self.fixed._replace(**varying)
        return expected_gradient(at, negative_slope=self.negative_slope, target=self.target, side=side)


def complete(run: Any, caller: str) -> Trajectory:
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


def single(run: Any, caller: str) -> Trajectory:
    """Return the run if it is complete and of one neuron."""
    if complete(run, caller).experiment.shape != ():
        raise ValueError(f"{caller} draws single runs, got an ensemble of shape {run.experiment.shape}")
    return run  # type: ignore[no-any-return]


def drawable_parameters(run: Trajectory) -> Parameters:
    """Parameters as float64 arrays of shape (states, members); NaN from where they diverge."""
    paths = Parameters(*(np.asarray(p, np.float64).reshape(len(p), -1) for p in run.parameters))
    drawable = np.logical_and.reduce([np.abs(p) <= LARGEST for p in paths])
    alive = np.logical_and.accumulate(drawable, axis=0)
    return Parameters(*(np.where(alive, p, np.nan) for p in paths))


def colour_of(run: Trajectory) -> str:
    """Colour of a single run: that of success, of failure, or of neither."""
    outcome = succeeded(run)
    return style.colour(None if outcome is None else bool(outcome))


def setting_of(
    runs: Sequence[Trajectory],
    caller: str,
    varying: tuple[str, ...],
    negative_slope: float | None = None,
    target: Target | None = None,
) -> Setting:
    """Find the one surface that all runs live on; without runs, the one that is asked for.

    TypeError or ValueError, if runs train something that does not vary on the surface, or
    differ from each other or from what is asked for in what determines it.
    """
    if negative_slope is not None:
        negative_slope = checks.number(f"{caller}: negative_slope", negative_slope, "float32")
    if target is not None and not isinstance(target, Target):
        raise TypeError(f"{caller}: target must be a Target, got {target!r}")
    found = [_setting_of_one(run.experiment, caller, varying) for run in runs]
    first = found[0] if found else Setting(0.0, Target(), Parameters(w=0.0))
    asked = Setting(
        first.negative_slope if negative_slope is None else negative_slope,
        first.target if target is None else target,
        first.fixed,
    )
    for setting in found:
        for name, mine, theirs in zip(Setting._fields, asked, setting, strict=True):
            if mine != theirs:
                what = name if name != "fixed" else "parameters that are not trained"
                raise ValueError(f"{caller} draws one surface, got different {what}: {mine} and {theirs}")
    return asked


def _setting_of_one(experiment: Experiment, caller: str, varying: tuple[str, ...]) -> Setting:
    if set(experiment.trainable) - set(varying):
        trained = ", ".join(experiment.trainable)
        raise ValueError(f"{caller} draws runs that train {' or '.join(varying)}, got one that trains {trained}")
    fixed = experiment.initial._replace(**dict.fromkeys(varying, 0.0))
    if np.ndim(experiment.negative_slope):
        raise ValueError(f"{caller} draws one surface, got an ensemble with different slopes")
    if any(np.ndim(p) for p in fixed):
        raise ValueError(f"{caller} draws one surface, got an ensemble with different parameters that are not trained")
    return Setting(experiment.negative_slope, experiment.target, fixed)


def limits(name: str, pair: tuple[float, float]) -> tuple[float, float]:
    """Check limits of an axis: two finite numbers, the lower one first."""
    if len(pair) != 2 or not -LARGEST <= pair[0] < pair[1] <= LARGEST:
        raise ValueError(f"{name} must be two numbers, the lower one first, got {pair!r}")
    return pair


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
