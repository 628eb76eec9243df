"""What each witness says of each check, in numbers that say what they are."""

from typing import NamedTuple

from compare.claims.findings import Finding
from compare.claims.number_text import shown
from compare.claims.values import Check, ComparisonCheck, StepsCheck, TrajectoryCheck, UpdateCheck
from compare.claims.verdicts import WITNESSES, Verdict
from compare.claims.witnesses.shared_runs import SEEDS

__all__ = ["CheckNumbers", "WitnessRow", "is_of_one_run", "numbers", "who_says"]


class WitnessRow(NamedTuple):
    """One witness on one check: who it is and what it looked at, its number, and what it says."""

    witness: str  # such as "reference, median of 32 runs"
    value: str  # such as "w = -1.874e-08"; empty where it gives no number
    says: str  # "true", "false", "true in 13 of 32 runs", or why it cannot tell


class CheckNumbers(NamedTuple):
    """A check in words, whether it holds by its witnesses together, and a row for each witness that was asked."""

    check: str
    holds: bool | None
    rows: tuple[WitnessRow, ...]


def numbers(verdict: Verdict) -> tuple[CheckNumbers, ...]:
    """Check by check, what the witnesses say: for a small table each.

    Examples
    --------
    >>> from compare.claims import judge
    >>> from compare.claims.formula import parse
    >>> from compare.claims.values import Claim, Condition, FormulaCheck
    >>> from reference import Experiment
    >>> check = FormulaCheck(formula=parse("2 * x", {"x"}), at={"x": 0.25}, condition=Condition(above=1.0))
    >>> twice = Claim(id="twice", says="2/4 > 1.", source="example", experiment=Experiment(), checks=(check,))
    >>> (found,) = numbers(judge(twice))
    >>> found.check, found.holds, *found.rows
    ('2 * x above 1', False, WitnessRow(witness='closed form', value='2 * x = 0.5', says='false'))
    """
    found = []
    for i, judged in enumerate(verdict.checks):
        rows = []
        for name in WITNESSES:
            witness = verdict.witnesses[name]
            finding = None if witness is None else witness.findings[i]
            if finding is not None:
                rows.append(_row(name, judged.check, finding, verdict.claim.experiment.seed))
        found.append(CheckNumbers(judged.text, judged.holds, tuple(rows)))
    return tuple(found)


def _row(name: str, check: Check, finding: Finding, seed: int) -> WitnessRow:
    return WitnessRow(who_says(name, check, finding, seed), _value(name, check, finding), _says(check, finding))


def who_says(name: str, check: Check, finding: Finding, seed: int) -> str:
    """A witness of a check in words: who it is, and what it looked at."""
    who = {"exact": _exact, "reference": _reference, "keras": _keras}[name]
    return who(check, finding, seed)


def is_of_one_run(check: Check) -> bool:
    """Whether a check is of the claim's own run, and not of many starts or none."""
    return isinstance(check, (TrajectoryCheck, StepsCheck, ComparisonCheck)) and not _is_share(check)


def _is_share(check: Check) -> bool:
    return isinstance(check, TrajectoryCheck) and check.share is not None


def _exact(check: Check, finding: Finding, seed: int) -> str:
    return "expected dynamics" if is_of_one_run(check) or _is_share(check) else "closed form"


def _reference(check: Check, finding: Finding, seed: int) -> str:
    if is_of_one_run(check):
        return f"reference, median of {SEEDS if finding.share is None else finding.share[2]} runs"
    if isinstance(check, TrajectoryCheck) and check.share is not None:
        return f"reference, {shown(check.share.number)} {'runs' if check.share.of == 'seeds' else check.share.of}"
    return f"reference, seed {seed}" if isinstance(check, UpdateCheck) else "reference"


def _keras(check: Check, finding: Finding, seed: int) -> str:
    if _is_share(check):
        return "Keras, the first start"
    return f"Keras, seed {seed}" if is_of_one_run(check) or isinstance(check, UpdateCheck) else "Keras as installed"


def _value(name: str, check: Check, finding: Finding) -> str:
    if name == "reference" and is_of_one_run(check):
        return finding.says.partition(", median ")[2]
    return finding.says


def _says(check: Check, finding: Finding) -> str:
    if finding.share is not None and is_of_one_run(check):
        met, told, runs = finding.share
        said = f"true in {met} of {told} runs" if told else ""
        silent = f"{runs - told} of {runs} cannot tell: {finding.reason}" if told < runs else ""
        return "; ".join(part for part in (said, silent) if part)
    if finding.met is not None:
        return "true" if finding.met else "false"
    if _is_share(check) and not finding.reason:
        return "shows that Keras does the same"
    return f"cannot tell: {finding.reason}" if finding.reason else "cannot tell"
