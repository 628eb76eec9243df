"""What is said about runs under the pictures: phrases with the runs' own numbers."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from compare.theory.outcomes import OUTCOMES, outcome_of
from compare.theory.reasons import reason
from reference import Trajectory

__all__ = [
    "BECAME",
    "Description",
    "became",
    "counted",
    "fate",
    "joined",
    "numbers_from",
    "optimizer_of",
    "start",
]

BECAME = {
    "learned": "has learned",
    "on its way": "is on its way",
    "stuck": "is stuck",
    "dead": "is dead",
    "diverged": "has diverged",
}


class Description(NamedTuple):
    """What goes with a picture: alt text (what is to be seen) and caption (one sentence)."""

    alt: str
    caption: str


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


def became(run: Trajectory) -> str:
    """What became of a run, as a verb."""
    return BECAME[outcome_of(run)]


def fate(run: Trajectory) -> str:
    """What became of a run, and why, as a phrase.

    Examples
    --------
    >>> from reference import Experiment, Parameters, train
    >>> fate(train(Experiment(initial=Parameters(w=3.0))))
    'from w = 3 has learned (at w = 1, the minimum)'
    """
    return f"from w = {start(run)} {became(run)} ({reason(run)})"


def numbers_from(runs: Iterable[Trajectory]) -> str:
    """Whose numbers those of some runs are: after how many steps, on which batches.

    Examples
    --------
    >>> from reference import Experiment, train
    >>> numbers_from([train(Experiment(steps=2000, batch_size=4))])
    'after 2,000 steps on the batches of seed 0'
    """
    experiments = [run.experiment for run in runs]
    steps = " or ".join(f"{steps:,}" for steps in sorted({e.steps for e in experiments}))
    seeds = " or ".join(str(seed) for seed in sorted({e.seed for e in experiments}))
    return f"after {steps} steps on the batches of seed {seeds}"


def counted(outcomes: Sequence[str]) -> str:
    """How many have which outcome, as a phrase.

    Examples
    --------
    >>> counted(["dead", "learned", "dead", "on its way"])
    '1 has learned, 1 is on its way, 2 are dead'
    """
    several = {"learned": "have learned", "on its way": "are on their way", "stuck": "are stuck", "dead": "are dead"}
    numbers = ((name, outcomes.count(name)) for name in OUTCOMES)
    return ", ".join(
        f"{n} {BECAME[name] if n == 1 else several.get(name, 'have diverged')}" for name, n in numbers if n
    )


def joined(phrases: Iterable[str]) -> str:
    """Join phrases of one sentence."""
    return "; ".join(phrases)
