"""What became of the accepted answer: its statements, counted by verdict, and which of them matter."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from compare.claims import VERDICTS
from compare.report.claim_rows import ClaimRow
from compare.report.claim_rows.words import TALLY

__all__ = ["Audited", "audited", "url_of"]

ANSWER = "accepted answer"  # how claims name what the report is about
DIAGNOSIS = (  # the statements that say why a neuron stays at 0, and what gets it away from there
    "gradient-vanishes-towards-zero",
    "all-negative-starts-stall",
    "leaky-crosses-zero",
    "large-steps-jump-over-zero",
)


@dataclass(frozen=True)
class Audited:
    """The answer's statements: how many there are of each verdict, in words, and those that are told apart."""

    statements: int
    tally: tuple[tuple[int, str], ...]
    false: tuple[ClaimRow, ...]
    conditional: tuple[ClaimRow, ...]
    diagnosis: tuple[ClaimRow, ...]  # what it says of the reason, as far as it holds


def url_of(claims: Sequence[ClaimRow]) -> str | None:
    """Where the answer is to be read, if a claim says so."""
    return next((row.verdict.claim.url for row in _of_answer(claims) if row.verdict.claim.url), None)


def audited(claims: Sequence[ClaimRow]) -> Audited | None:
    """Count what became of the answer; None without any statement of it that is false or true on conditions only."""
    mine = _of_answer(claims)
    numbers = Counter(row.verdict.verdict for row in mine)
    if not numbers["refuted"] and not numbers["conditional"]:
        return None
    return Audited(
        statements=len(mine),
        tally=tuple((numbers[verdict], TALLY[verdict]) for verdict in VERDICTS if numbers[verdict]),
        false=tuple(sorted((row for row in mine if row.verdict.verdict == "refuted"), key=_is_told_without_a_setting)),
        conditional=tuple(row for row in mine if row.verdict.verdict == "conditional"),
        diagnosis=tuple(row for row in mine if row.verdict.claim.id in DIAGNOSIS and row.verdict.verdict == "holds"),
    )


def _is_told_without_a_setting(row: ClaimRow) -> bool:
    """Whether no setting would make it true: those for which one would come first."""
    return not row.rest


def _of_answer(claims: Sequence[ClaimRow]) -> list[ClaimRow]:
    return [row for row in claims if row.verdict.claim.source == ANSWER]
