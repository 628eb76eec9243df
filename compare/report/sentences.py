"""What the page says about the runs, and which of them its controls can be set to."""

from collections.abc import Iterable
from typing import NamedTuple

from compare.question.audit import Finding
from reference import SGD, Experiment

__all__ = ["Preset", "presets", "results_in_words"]

PRESETS = ("relu-backward", "momentum-from-10", "jump", "leaky-backward", "bias-backward-a", "bias-backward-b")


class Preset(NamedTuple):
    """A run that the controls can be set to, by the names of the controls."""

    title: str
    put: dict[str, float]
    bias: bool


def presets(findings: Iterable[Finding]) -> list[Preset]:
    """The runs, of those there are, that show most: what the controls can be set to."""
    by_id = {finding.case.id: finding.case.experiment for finding in findings}
    wanted = (by_id[id] for id in PRESETS if id in by_id)
    return [_preset(chosen, chosen.optimizer) for chosen in wanted if isinstance(chosen.optimizer, SGD)]


def _preset(experiment: Experiment, optimizer: SGD) -> Preset:
    (w, b, *_), bias = experiment.initial, "b" in experiment.trainable
    settings = {
        "w": w,
        "b": b,
        "rate": optimizer.learning_rate,
        "momentum": optimizer.momentum,
        "slope": experiment.negative_slope,
    }
    usual = Experiment()
    if bias:
        what = f"With a bias, from ({w:g}, {b:g})"
    elif experiment.negative_slope:
        what = f"LeakyReLU {experiment.negative_slope:g}"
    elif optimizer.momentum:
        what = f"Momentum {optimizer.momentum:g}"
    elif optimizer.learning_rate != usual.optimizer.learning_rate:
        what = f"Learning rate {optimizer.learning_rate:g}"
    else:
        what = "Plain SGD"
    title = what if bias else f"{what}, from {w:g}"
    return Preset(title.replace("-", "\N{MINUS SIGN}"), settings, bias)


def results_in_words(findings: Iterable[Finding]) -> list[str]:
    """What the runs at hand say about the question and the answer, where no claims were judged."""
    by_id = {finding.case.id: finding for finding in findings}
    return [_sentence(by_id[id], beginning) for id, beginning in _BEGINNINGS.items() if id in by_id]


def _sentence(finding: Finding, beginning: str) -> str:
    steps, w = finding.case.experiment.steps, finding.trajectory.end.w
    return f"{beginning} at w = {w:.4g} after {steps} steps, with expected loss {finding.expected_loss:.4g}."


_BEGINNINGS = {
    "relu-backward": "Plain SGD from w = -10 is, as the question saw, stuck",
    "sgd-from-1": "Plain SGD from w = -1, which the answer says works, is",
    "momentum-from-10": "Momentum from w = -10, which the answer says does not help, is",
    "leaky-backward": "LeakyReLU, which the answer says takes w to its optimum 1, is",
}
