"""Verdicts in words, each with a sign that tells it apart without colour."""

import re
from types import MappingProxyType

from compare.claims import VERDICTS, Verdict
from compare.report.data import title_of
from compare.report.numbers import count, plain, typeset
from reference import Experiment, Parameters

__all__ = ["HEADS", "MEANINGS", "SIGNS", "TALLY", "deciding_number", "run_in_words", "split_sentence"]

SIGNS = MappingProxyType(dict(zip(VERDICTS, "✓✗◐?\N{EN DASH}", strict=True)))
MEANINGS = MappingProxyType(  # of the words that claim files and results.json use
    {
        "holds": "as it is stated; nothing that was looked at speaks against it",
        "refuted": "as it is stated",
        "conditional": "some of the runs, or values up to a limit",
        "undecided": "how numbers are rounded would decide, or Keras alone could tell and was left out",
        "not auditable": "no run and no formula makes it true or false",
    }
)
HEADS = MappingProxyType(  # with which a row begins
    dict(zip(VERDICTS, ("True", "False", "True only for …", "Not decided", "Cannot be checked"), strict=True))
)
TALLY = MappingProxyType(  # after "12 are"
    {
        "holds": "true",
        "refuted": "false",
        "conditional": "true only on conditions",
        "undecided": "not decided",
        "not auditable": "such that they cannot be checked",
    }
)
_HEAD = re.compile(
    r"True (?:in every run )?only for|True in \d+ of \d+ runs|True in some runs and false in others|[\w ]+[.,:]?"
)


def deciding_number(verdict: Verdict) -> float | None:
    """The number in the text `Verdict.number`; None where that is of words."""
    for name in ("reference", "keras", "exact"):
        witness = verdict.witnesses[name]
        for finding in () if witness is None else witness.findings:
            if finding is not None and finding.says and finding.says == verdict.number:
                return finding.number
    return None


def split_sentence(sentence: str) -> tuple[str, str]:
    """The words of a verdict's sentence that say what it is, and the others.

    Examples
    --------
    >>> split_sentence("True only for runs of fewer than 24 steps.")
    ('True only for', ' runs of fewer than 24 steps.')
    >>> split_sentence("False. It would be true for runs of fewer than 24 steps.")
    ('False.', ' It would be true for runs of fewer than 24 steps.')
    """
    end = _HEAD.match(sentence)
    return (sentence[: end.end()], sentence[end.end() :]) if end else (sentence, "")


def run_in_words(experiment: Experiment) -> str:
    """Say which run it is: the neuron, the optimizer with what is unusual of it, the start, the batches.

    Examples
    --------
    >>> run_in_words(Experiment())
    'ReLU, SGD 0.01, from w = −10; 2,000 steps with batches of 1,000.'
    """
    optimizer, start = experiment.optimizer, experiment.initial
    usual = type(optimizer)()
    named = {"learning_rate", "momentum", "amsgrad"}  # in the title
    settings = [(name, value) for name, value in vars(optimizer).items() if name not in named]
    unusual = [f", {name} {plain(value, 4)}" for name, value in settings if value != getattr(usual, name)]
    others = [
        f", {name} = {plain(float(getattr(start, name)), 4)}"
        for name, default in Parameters._field_defaults.items()
        if name in experiment.trainable or getattr(start, name) != default
    ]
    size = f"{count(experiment.steps)} steps with batches of {count(experiment.batch_size)}"
    return typeset(f"{title_of(experiment)}{''.join(others)}{''.join(unusual)}; {size}.")
