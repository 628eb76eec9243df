"""What is said about runs under the pictures: phrases with the runs' own numbers."""

from collections.abc import Iterable
from typing import NamedTuple

from compare.theory.success import succeeded
from reference import Trajectory

__all__ = ["Description", "ends", "joined", "optimizer_of", "start", "starts_and_ends", "success"]


class Description(NamedTuple):
    """What goes with a picture: alt text (what is to be seen) and caption (one sentence)."""

    alt: str
    caption: str


def success(run: Trajectory) -> bool:
    """Whether a single run succeeds."""
    return bool(succeeded(run))


def optimizer_of(run: Trajectory) -> str:
    """Name of the optimizer, as people call it."""
    optimizer = run.experiment.optimizer
    if getattr(optimizer, "amsgrad", False):
        return "AMSGrad"
    momentum = getattr(optimizer, "momentum", 0.0)
    return f"momentum {momentum:g}" if momentum else type(optimizer).__name__


def start(run: Trajectory) -> str:
    """Weight at the start.

    Examples
    --------
    >>> from reference import Experiment, train
    >>> start(train(Experiment(steps=1)))
    '-10'
    """
    return f"{run.parameters.w[0]:g}"


def ends(run: Trajectory) -> str:
    """Weight at the end, as a phrase."""
    return f"ends at w = {run.parameters.w[-1]:.3g}"


def starts_and_ends(run: Trajectory) -> str:
    """Weight at the start and at the end, as a phrase."""
    return f"from w = {start(run)} {ends(run)}"


def joined(phrases: Iterable[str]) -> str:
    """Join phrases of one sentence."""
    return "; ".join(phrases)
