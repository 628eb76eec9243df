"""Verdicts in words, each with a sign that tells it apart without colour, and the story of a claim in paragraphs."""

import re
from types import MappingProxyType

from compare.claims import VERDICTS, Verdict
from compare.claims.telling import explain, verdict_sentence
from compare.report.numbers import typeset

__all__ = ["MEANINGS", "SIGNS", "TALLY", "deciding_number", "story_of"]

SIGNS = MappingProxyType(dict(zip(VERDICTS, "✓✗◐?–", strict=True)))
MEANINGS = MappingProxyType(  # of the words that claim files and results.json use
    {
        "holds": "true: all witnesses that can tell say so",
        "refuted": "false as it is stated",
        "conditional": "true only for some runs or up to a value",
        "undecided": "not decided: rounding decides, or a witness is missing",
        "not auditable": "cannot be checked: no run makes it true or false",
    }
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
_BOUNDARY = "It is true only for "
# What the sentences begin with that stand for themselves; those of witnesses are in the table of numbers.
_STARTS = re.compile(
    rf"(?<=[.!?]) (?=What is checked: |Trained: |Exact: |The reference: |Keras: |Keras (?:matches|could|DOES)|{_BOUNDARY}"
    "|Looked at |WITNESSES )"
)
_TOLD_ELSEWHERE = ("What is checked: ", "Exact: ", "The reference: ", "Keras: ")


def deciding_number(verdict: Verdict) -> float | None:
    """The number in the text `Verdict.number`; None where that is of words."""
    for name in ("reference", "keras", "exact"):
        witness = verdict.witnesses[name]
        for finding in () if witness is None else witness.findings:
            if finding is not None and finding.says and finding.says == verdict.number:
                return finding.number
    return None


def story_of(verdict: Verdict) -> tuple[list[str], list[str]]:
    """What `explain` tells beyond the verdict and the numbers: paragraphs, and one for each boundary.

    Its sentences that the row shows already, in its head or as a table, are left out.
    """
    claim = verdict.claim
    text = explain(verdict)
    where = f"{claim.source}, {claim.paragraph}" if claim.paragraph else claim.source
    for shown in (f"“{claim.says}” ({where}).", verdict_sentence(verdict)):
        text = text.removeprefix(shown).strip()
    parts = [part for part in _STARTS.split(text) if part and not part.startswith(_TOLD_ELSEWHERE)]
    boundaries = [part for part in parts if part.startswith(_BOUNDARY)]
    return [typeset(part) for part in parts if part not in boundaries], [typeset(part) for part in boundaries]
