"""A claim as a row of the page."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from compare.claims import VERDICTS, SharedRuns, Verdict
from compare.claims.telling import CheckNumbers, numbers, verdict_sentence
from compare.claims.telling.explain import Story, story_of
from compare.claims.witnesses.paths.statements import run_checks
from compare.report.claim_rows.curves import Curve, curve_of
from compare.report.claim_rows.scales import Scale, scales_of
from compare.report.claim_rows.words import SIGNS, deciding_number, run_in_words, split_sentence
from compare.report.numbers import typeset
from compare.report.show_me import address_of

__all__ = ["ClaimRow", "rows"]


@dataclass(frozen=True)
class ClaimRow:
    """What the page shows of one verdict; texts are typeset."""

    verdict: Verdict
    sign: str
    head: str  # of the verdict as a sentence, such as "True only for"
    rest: str
    says: str
    number: str
    number_key: str  # as JavaScript reads it; empty where there is none
    checks: tuple[CheckNumbers, ...]
    run: str  # which run it is about, and what was trained and held; empty if it is about none
    curve: Curve | None
    scales: tuple[Scale, ...]
    story: tuple[str, ...]  # the rest: how far was looked, what was noticed
    asked: str  # what is checked, in a line
    show_me: str | None  # address of the figure that shows it

    @property
    def rank(self) -> int:
        """Its verdict's place among all verdicts."""
        return VERDICTS.index(self.verdict.verdict)


def rows(
    verdicts: Sequence[Verdict], shared: SharedRuns | None, curves: Mapping[str, Curve | None] | None = None
) -> Iterator[ClaimRow]:
    """Show verdicts, with pictures of the runs that they were judged on, or by the claim's id the pictures themselves.

    Examples
    --------
    >>> list(rows([], None))
    []
    """
    for verdict in verdicts:
        claim = verdict.claim
        story = story_of(verdict)
        scales, untold = scales_of(claim, verdict.boundaries, story.boundaries)
        head, rest = split_sentence(typeset(verdict_sentence(verdict, unchanged=False)))
        of_run = [run_in_words(claim.experiment)] if run_checks(claim) else []
        yield ClaimRow(
            verdict=verdict,
            sign=SIGNS[verdict.verdict],
            head=head,
            rest=rest,
            says=typeset(claim.says),
            number=typeset(verdict.number),
            number_key=_key(deciding_number(verdict)),
            checks=numbers(verdict),
            curve=_curve(verdict, shared, curves or {}),
            run=typeset(" ".join([*of_run, *story.trained])),
            scales=tuple(scales),
            story=tuple(typeset(text) for text in (*story.verdict[2:], *untold, *_certified(story), *story.remarks)),
            asked=typeset("; ".join(judged.text for judged in verdict.checks)),
            show_me=address_of(claim),
        )


def _curve(verdict: Verdict, shared: SharedRuns | None, curves: Mapping[str, Curve | None]) -> Curve | None:
    if shared is None or verdict.claim.id in curves:
        return curves.get(verdict.claim.id)
    return curve_of(verdict, shared)


def _certified(story: Story) -> list[str]:
    """What is said of Keras' certificate; the numbers of witnesses are in a table."""
    return [sentence for sentence in story.witnesses if sentence.startswith("Keras ") and ";" in sentence]


def _key(number: float | None) -> str:
    """A number as both Python and JavaScript read it, in all its digits."""
    if number is None or math.isnan(number):
        return ""
    return repr(float(number)).replace("inf", "Infinity")
