"""What the page says about the runs where no claims were judged."""

from collections.abc import Iterable

from compare.question.audit import Finding
from compare.report.numbers import count, plain, typeset

__all__ = ["results_in_words"]


def results_in_words(findings: Iterable[Finding]) -> list[str]:
    """What the runs at hand say about the question and the answer, where no claims were judged."""
    by_id = {finding.case.id: finding for finding in findings}
    return [_sentence(by_id[id], beginning) for id, beginning in _BEGINNINGS.items() if id in by_id]


def _sentence(finding: Finding, beginning: str) -> str:
    steps = finding.case.experiment.steps
    w, loss = plain(finding.trajectory.end.w), plain(finding.expected_loss)
    return f"{typeset(beginning)} at w = {w} after {count(steps)} steps, with expected loss {loss}."


_BEGINNINGS = {
    "relu-backward": "Plain SGD from w = -10 is, as the question saw, stuck",
    "sgd-from-1": "Plain SGD from w = -1, which the answer says works, is",
    "momentum-from-10": "Momentum from w = -10, which the answer says does not help, is",
    "leaky-backward": "LeakyReLU, which the answer says takes w to its optimum 1, is",
}
