"""What is said about runs under the pictures: phrases with the runs' own numbers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from compare.theory.outcomes import OUTCOMES, outcome_of
from compare.theory.success import end_loss
from reference import Trajectory

__all__ = [
    "BECAME_OF_SEVERAL",
    "Description",
    "after",
    "became",
    "became_of",
    "counted",
    "fates",
    "joined",
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
BECAME_OF_SEVERAL = {
    "learned": "have learned",
    "on its way": "are on their way",
    "stuck": "are stuck",
    "dead": "are dead",
    "diverged": "have diverged",
}


class Description(NamedTuple):
    """What goes with a picture: alt text (what is to be seen) and caption (two sentences at most)."""

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


def fates(runs: Mapping[str, Trajectory]) -> str:
    """What became of runs by their names, as a phrase; those of which the same became are told together.

    Examples
    --------
    >>> from reference import SGD, Experiment, Parameters, train
    >>> right, slow = (train(Experiment(initial=Parameters(w=w))) for w in (3.0, 10.0))
    >>> fates({"the run from w = 3": right, "the run from w = 10": slow})
    'the run from w = 3 and the run from w = 10 have learned'
    >>> fates({"Adam": train(Experiment(steps=600))})
    'Adam is still moving (expected loss 0.5)'
    """
    by_outcome: dict[str, list[str]] = {}
    for name, run in runs.items():
        by_outcome.setdefault(outcome_of(run), []).append(name)
    return "; ".join(
        f"{' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} "
        + (_moving([runs[name] for name in names]) if outcome == "on its way" else became_of(len(names), outcome))
        for outcome, names in by_outcome.items()
    )


def _moving(runs: Sequence[Trajectory]) -> str:
    losses = dict.fromkeys(f"{float(end_loss(run)):.2g}" for run in runs)
    return f"{'are' if len(runs) > 1 else 'is'} still moving (expected loss {' and '.join(losses)})"


def became_of(number: int, outcome: str) -> str:
    """What became of so many, as a verb.

    Examples
    --------
    >>> became_of(1, "on its way"), became_of(2, "on its way")
    ('is on its way', 'are on their way')
    """
    return BECAME[outcome] if number == 1 else BECAME_OF_SEVERAL[outcome]


def after(runs: Iterable[Trajectory]) -> str:
    """After how many steps runs are told of.

    Examples
    --------
    >>> from reference import Experiment, train
    >>> after([train(Experiment(steps=2000, batch_size=4))])
    'after 2,000 steps'
    """
    return f"after {' or '.join(f'{steps:,}' for steps in sorted({run.experiment.steps for run in runs}))} steps"


def counted(outcomes: Sequence[str]) -> str:
    """How many have which outcome, as a phrase.

    Examples
    --------
    >>> counted(["dead", "learned", "dead", "on its way"])
    '1 has learned, 1 is on its way, 2 are dead'
    """
    numbers = ((name, outcomes.count(name)) for name in OUTCOMES)
    return ", ".join(f"{n} {became_of(n, name)}" for name, n in numbers if n)


def joined(phrases: Iterable[str]) -> str:
    """Join phrases of one sentence."""
    return "; ".join(phrases)
