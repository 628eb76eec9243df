"""A verdict as a sentence: true or not, where that changes, and what was left open."""

from compare.claims.telling.boundary_text import false_for, reach, true_where
from compare.claims.verdicts import Boundary, Verdict

__all__ = ["is_by_runs", "unchanged_for", "verdict_sentence"]

BY_BATCHES = "it depends on the batches"


def verdict_sentence(verdict: Verdict, *, unchanged: bool = True) -> str:
    """Say what became of a claim, and where that would change, in a sentence or two.

    Parameters
    ----------
    verdict : Verdict
    unchanged : bool
        Whether to say over which ranges nothing changes.

    Returns
    -------
    str
        It begins with "True.", "False.", "True only for ...", "True in 13 of 32 runs",
        "Not decided: ..." or "Cannot be checked. ...". A claim that is true on conditions
        never reads as one that is true.

    Examples
    --------
    >>> from compare.claims import judge
    >>> from compare.claims.formula import parse
    >>> from compare.claims.values import Claim, Condition, FormulaCheck
    >>> from reference import Experiment
    >>> check = FormulaCheck(formula=parse("2 * x", {"x"}), at={"x": 0.25}, condition=Condition(above=1.0))
    >>> twice = Claim(id="twice", says="2/4 > 1.", source="example", experiment=Experiment(), checks=(check,))
    >>> verdict_sentence(judge(twice))
    'False.'
    """
    if verdict.verdict == "not auditable":
        said = f"Cannot be checked. {verdict.why}"
    elif verdict.verdict == "undecided":
        said = f"Not decided: {verdict.why}"
    elif verdict.verdict == "conditional":
        said = _conditional(verdict)
    else:
        said = _decided(verdict, unchanged)
    said = said.strip()
    said += "" if said.endswith((".", "!", "?")) else "."
    return said + (" The witnesses contradict each other." if verdict.contradictions else "")


def is_by_runs(verdict: Verdict) -> bool:
    """Whether a claim is true on conditions because it is true in some of the runs and false in others."""
    return verdict.verdict == "conditional" and not all(judged.holds for judged in verdict.checks)


def unchanged_for(verdict: Verdict) -> str:
    """The ranges over which no change was found, which were looked at without batch noise; empty if there are none.

    It is empty too where the batches decide against the expected dynamics, as then a range of the latter says nothing.
    """
    exact = verdict.witnesses["exact"]
    if exact is None or exact.holds is None or exact.holds != (verdict.verdict in ("holds", "conditional")):
        return ""
    return " and for ".join(reach(*each, verdict.claim.experiment) for each in verdict.searched)


def _decided(verdict: Verdict, unchanged: bool) -> str:
    holds = verdict.verdict == "holds"
    word = "True" if holds else "False"
    where = unchanged_for(verdict) if unchanged else ""
    said = f"{word}, and stays so for {where} (looked at without batch noise)" if where else word
    boundary = verdict.boundary
    if boundary is None:
        return said
    if boundary.windows:
        return f"{said}. It is true for {true_where(boundary, run=verdict.claim.experiment)} only"
    expected = _at_stated(boundary)
    if expected != holds and boundary.found_by != "reference":
        return f"{said}. Without batch noise it would be {_truth(boundary, verdict, expected)}"
    others = _along_other_settings(verdict, boundary, holds)
    more = "".join(f", or for {_place(other, verdict, not holds)}" for other in others)
    return f"{said}. It would be {_truth(boundary, verdict, not holds)}{more}"


def _along_other_settings(verdict: Verdict, first: Boundary, holds: bool) -> list[Boundary]:
    """The first boundary along each other setting, of those that the expected dynamics has and that are one number."""
    found: dict[str, Boundary] = {}
    for boundary in verdict.boundaries:
        plain = not boundary.windows and boundary.found_by == first.found_by == "exact"
        if plain and boundary.setting != first.setting and _at_stated(boundary) == holds:
            found.setdefault(boundary.setting, boundary)
    return list(found.values())


def _truth(boundary: Boundary, verdict: Verdict, holds: bool) -> str:
    by_runs = boundary.found_by == "reference"
    word = f"true{', whatever the batches,' * by_runs}" if holds else f"false{' with some batches' * by_runs}"
    return f"{word} for {_place(boundary, verdict, holds)}"


def _place(boundary: Boundary, verdict: Verdict, holds: bool) -> str:
    where = true_where if holds else false_for
    return where(boundary, verdict.boundaries, verdict.claim.experiment)


def _at_stated(boundary: Boundary) -> bool:
    """Whether a claim is true at its own value of the setting, by whoever found the boundary."""
    beyond = boundary.stated > boundary.value if boundary.setting != "steps" else boundary.stated >= boundary.value
    return boundary.above if beyond else boundary.below


def _conditional(verdict: Verdict) -> str:
    if verdict.boundary is not None and not is_by_runs(verdict):
        boundary, run = verdict.boundary, verdict.claim.experiment
        always = ", whatever the batches," if boundary.found_by == "reference" else ""
        said = f"True{always} only for {true_where(boundary, verdict.boundaries, run)}"
        if not boundary.claimed or boundary.windows or always:
            return said
        return f"{said}. It is meant for {false_for(boundary, verdict.boundaries, run)} too, and false there"
    reference = verdict.witnesses["reference"]
    share = None if reference is None else reference.share
    if share is None or share[0] in (0, share[1]):
        return f"True in some runs and false in others: {BY_BATCHES}"
    return f"True in {share[0]} of {share[1]} runs: {BY_BATCHES}"
