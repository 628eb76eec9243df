"""From claims to verdicts.

In three rounds, so that runs can be shared: the exact witness judges every claim and
looks for its boundaries; then the reference makes all runs that any claim needs; then
each claim is concluded, with Keras' run of its own experiment. Claims with a bias and
claims without go through the first two rounds apart, and claims whose runs would fill the
memory take turns.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from compare.claims.boundaries.flips_by_step import longest_descent
from compare.claims.boundaries.search import Search, confirm, first_requests, search_flips, second_requests
from compare.claims.boundaries.search_result import SearchResult
from compare.claims.conclusions import (
    SHARE_CONFIDENCE,
    SOME,
    Conclusion,
    conclude_checks,
    conclude_runs,
    witness_of,
)
from compare.claims.findings import Finding
from compare.claims.settings import has_no_bias
from compare.claims.telling.boundary_text import false_for, true_where
from compare.claims.telling.numbers import is_of_one_run, who_says
from compare.claims.values import Check, Claim, StepsCheck
from compare.claims.verdicts import WITNESSES, Boundary, Share, Verdict, Witness
from compare.claims.witnesses.exact import exact_findings, exact_statement, expected_runs_of
from compare.claims.witnesses.keras import certified_runs, keras_findings, keras_statement, needs_keras
from compare.claims.witnesses.paths.statements import Statement, run_checks, runs_of
from compare.claims.witnesses.reference import finer_statement, reference_findings, reference_statement, requests_of
from compare.claims.witnesses.seeds.confidence_intervals import interval
from compare.claims.witnesses.seeds.many_runs import Request, path_bytes
from compare.claims.witnesses.shared_runs import SharedRuns

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["judge", "judge_all"]

MOST_BYTES = 2_000_000_000  # of runs that are kept at the same time
BYTES_A_STEP = 128  # of the exact witness: two Python floats in two lists, of two runs


def judge(claim: Claim, *, recorder: "Recorder | None" = None, keras: bool = True) -> Verdict:
    """Decide a claim.

    Parameters
    ----------
    claim : Claim
    recorder : keras_impl.Recorder, optional
        To share traced graphs with other runs.
    keras : bool
        False leaves Keras out: quicker, and undecided where nothing else can tell.

    Returns
    -------
    Verdict

    Raises
    ------
    ImportError
        If Keras is needed and cannot be imported.

    Examples
    --------
    >>> from compare.claims.values import Condition, FormulaCheck
    >>> from reference import Experiment
    >>> from compare.claims.formula import parse
    >>> check = FormulaCheck(formula=parse("2 * x", {"x"}), at={"x": 0.25}, condition=Condition(above=1.0))
    >>> claim = Claim(id="twice", says="2/4 > 1", source="example", experiment=Experiment(), checks=(check,))
    >>> verdict = judge(claim)
    >>> verdict.verdict, verdict.number
    ('refuted', '2 * x = 0.5')
    """
    if recorder is None and keras and needs_keras(claim):
        import keras_impl

        recorder = keras_impl.Recorder()
    (verdict,) = judge_all([claim], SharedRuns(recorder if keras else None))
    return verdict


class _Draft(NamedTuple):
    """A claim with the exact witness's statement, findings and search for boundaries."""

    claim: Claim
    said: Statement | None
    findings: tuple[Finding | None, ...]
    search: Search | None


def judge_all(claims: Iterable[Claim], shared: SharedRuns) -> Iterator[Verdict]:
    """Decide many claims, sharing what they have in common.

    Parameters
    ----------
    claims : iterable of Claim
    shared : SharedRuns
        Without a recorder Keras is left out.

    Yields
    ------
    Verdict
        In the order of the claims.

    Examples
    --------
    >>> from reference import Experiment
    >>> nice = Claim(
    ...     id="nice", says="It is nice.", source="example", experiment=Experiment(), not_auditable="A matter of taste."
    ... )
    >>> [verdict.verdict for verdict in judge_all([nice], SharedRuns())]
    ['not auditable']
    """
    for number, portion in enumerate(_portions(claims)):
        if number:
            shared.forget_runs()
        yield from _judge_together(portion, shared)


def _portions(claims: Iterable[Claim]) -> Iterator[list[Claim]]:
    """Claims whose runs are kept at the same time: all of a usual file, fewer if they are very long."""
    portion: list[Claim] = []
    size = 0
    for claim in claims:
        mine = _bytes(claim)
        if portion and size + mine > MOST_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(claim)
        size += mine
    if portion:
        yield portion


def _bytes(claim: Claim) -> int:
    """Upper estimate of the memory in bytes of the runs that a claim needs, those of boundaries included."""
    runs = 3 + 2 * len(claim.vary)  # its own, and two for each boundary
    reference = sum(path_bytes(request) for request in requests_of(claim))
    exact = sum(longest_descent(run) for run in runs_of(claim))
    return runs * reference + exact * BYTES_A_STEP


def _judge_together(claims: Sequence[Claim], shared: SharedRuns) -> Iterator[Verdict]:
    """Those with and those without a bias share hardly a run: each sort is prepared when the first of it is due."""
    biased = [not has_no_bias(claim.experiment) for claim in claims]
    drafts: dict[int, _Draft] = {}
    for i, claim in enumerate(claims):
        if i not in drafts:
            alike = [j for j, other in enumerate(biased) if other is biased[i]]
            drafts |= zip(alike, _prepared([claims[j] for j in alike], shared), strict=True)
        draft = drafts[i]
        yield _not_auditable(claim) if claim.not_auditable is not None else _conclude(draft, shared)


def _prepared(claims: Sequence[Claim], shared: SharedRuns) -> list[_Draft]:
    """Drafts of claims, for which all runs that they have need of are made."""
    shared.prepare_expected(run for claim in claims for run in expected_runs_of(claim))
    drafts = [_draft(claim, shared) for claim in claims]
    requests: list[Request] = []
    for draft in drafts:
        requests += requests_of(draft.claim)
        requests += () if draft.search is None else first_requests(draft.search)
    shared.prepare(requests)
    searches = [draft.search for draft in drafts if draft.search is not None]
    shared.prepare(request for search in searches for request in second_requests(search, shared))
    return drafts


def _draft(claim: Claim, shared: SharedRuns) -> _Draft:
    checks = tuple(check for _, check in run_checks(claim))
    said = exact_statement(claim, shared)
    findings = exact_findings(claim, said, shared)
    search = None if said is None else search_flips(checks, claim.experiment, claim.vary, said, shared)
    return _Draft(claim, said, findings, search)


def _not_auditable(claim: Claim) -> Verdict:
    nobody: Mapping[str, Witness | None] = MappingProxyType(dict.fromkeys(WITNESSES))
    why = claim.not_auditable or ""
    return Verdict(claim=claim, verdict="not auditable", why=why, number="", witnesses=nobody, checks=())


def _conclude(draft: _Draft, shared: SharedRuns) -> Verdict:
    claim, into = draft.claim, Conclusion()
    of_runs: dict[int, Any] = {}
    seeds = reference_statement(claim, shared)
    findings = {"exact": draft.findings, "reference": reference_findings(claim, seeds, shared)}
    keras, certified = None, None
    if shared.keras is not None:
        keras = keras_statement(claim, shared)
        findings["keras"] = keras_findings(claim, keras, shared)
        certified = _certified(claim, shared, into)
    if draft.said is not None and seeds is not None:
        outcomes = conclude_runs(draft.said, seeds, keras, _finer(draft, seeds, shared), into)
        of_runs = {i: outcome for (i, _), outcome in zip(run_checks(claim), outcomes, strict=True)}
    conclude_checks(claim, findings, of_runs, shared.keras is not None, into)
    if any(_is_of_a_diverged_run(claim.checks[i], found[i]) for i in of_runs for found in findings.values()):
        into.notes.append("the run diverges: what is asked about is infinite")
    witnesses = {
        "exact": witness_of(draft.findings, draft.said),
        "reference": witness_of(findings["reference"], seeds),
        "keras": witness_of(findings["keras"], keras, certified) if "keras" in findings else None,
    }
    found = SearchResult()
    # Boundaries are of the runs: what is false at rest is so on either side of them.
    at_rest = [check for i, check in enumerate(into.checks) if i not in of_runs]
    if draft.search is not None and all(check.holds is not False for check in at_rest):
        found = confirm(draft.search, shared)
        into.notes += found.remarks
    return _verdict(draft, into, witnesses, found)


def _is_of_a_diverged_run(check: Check, finding: Finding | None) -> bool:
    """Whether a number that a run left is infinite; steps are where something never comes about."""
    number = None if finding is None else finding.number
    return number is not None and math.isinf(number) and not isinstance(check, StepsCheck)


def _finer(draft: _Draft, seeds: Statement, shared: SharedRuns) -> Statement | None:
    """The seeds' statement from `offset_path` in float64; None unless the dtype loses their resolution."""
    exact = draft.said
    assert exact is not None
    lost = not seeds.resolved.all() or (seeds.held and exact.resolved[0] and (seeds.met != exact.met[0]).all())
    return finer_statement(draft.claim, shared) if lost and exact.resolved[0] else None


def _certified(claim: Claim, shared: SharedRuns, into: Conclusion) -> tuple[str, float] | None:
    runs = certified_runs(claim, shared)
    if not runs:
        return None
    disagreements = [run.first_disagreement for run in runs if run.first_disagreement is not None]
    into.contradictions += [f"Keras and the reference disagree: {disagreement}" for disagreement in disagreements]
    agrees = all(run.agrees for run in runs)
    word = "disagrees" if disagreements else "agrees" if agrees else "could not be compared"
    return word, max(run.worst for run in runs)


def _verdict(draft: _Draft, into: Conclusion, witnesses: dict[str, Witness | None], found: SearchResult) -> Verdict:
    breaking = [b for b in found.boundaries if into.holds is True and _breaks(b)]
    word, why = _word(into, breaking, found.untold)
    ordered = (*breaking, *(b for b in found.boundaries if b not in breaking))
    return Verdict(
        claim=draft.claim,
        verdict=word,
        why=why,
        number=_deciding_number(witnesses, into, draft.claim.experiment.seed),
        witnesses=MappingProxyType(witnesses),
        checks=tuple(into.checks),
        boundary=ordered[0] if ordered else None,
        boundaries=tuple(ordered),
        searched=() if draft.search is None else draft.search.searched,
        contradictions=tuple(into.contradictions),
        notes=tuple(into.notes),
    )


def _breaks(boundary: Boundary) -> bool:
    """Whether a claim that is true as stated is false within what it claims."""
    if boundary.confirmed is None and boundary.closed_form is None:
        return False
    if boundary.setting == "steps":
        return not boundary.above and boundary.value > boundary.stated
    return boundary.claimed


def _word(into: Conclusion, breaking: list[Boundary], untold: tuple[str, ...]) -> tuple[str, str]:
    """The verdict, and why in a sentence."""
    if into.holds is False:
        return "refuted", "false as stated"
    if into.holds is None:
        return "undecided", into.why
    if into.holds == SOME:
        assert into.seeds is not None
        share = Share.of(into.seeds.met, into.seeds.resolved)
        low, high = interval(share.met, share.told, SHARE_CONFIDENCE)
        silent = share.seeds - share.told
        more = f"; {silent} cannot tell" if silent else ""
        between = f"with {100 * SHARE_CONFIDENCE:g} % confidence a share of {low:.3f} to {high:.3f}"
        return "conditional", f"true in {share.met} of {share.told} runs ({between}){more}"
    if breaking:
        return "conditional", "; ".join((f"true as stated, {_falls(breaking[0])}", *untold))
    if untold:
        return "undecided", "; ".join(("true as stated, but that is not all that is claimed", *untold))
    return "holds", "true as stated"


def _falls(boundary: Boundary) -> str:
    """Where a claim that is true as stated becomes false."""
    if boundary.windows:
        return f"but it comes and goes: true for {true_where(boundary)}"
    in_runs = " with some batches" if boundary.found_by == "reference" else ""
    return f"false{in_runs} for {false_for(boundary)}"


def _deciding_number(witnesses: dict[str, Witness | None], into: Conclusion, seed: int) -> str:
    """Text of the first check that decides, by the witness that decides it."""
    holds = [check.holds for check in into.checks]
    # Where the claim is neither true nor false, a check that is so decides.
    order = (None, False, True) if into.holds in (SOME, None) else (False, None, True)
    first = min(range(len(holds)), key=lambda i: order.index(holds[i]))
    asked = [(name, witness) for name in ("reference", "keras", "exact") if (witness := witnesses[name]) is not None]
    spoken = [(name, said) for name, witness in asked if (said := witness.findings[first]) is not None and said.says]
    agreeing = [(name, said) for name, said in spoken if said.met == holds[first]]
    for name, said in (*agreeing, *spoken):
        check = into.checks[first].check
        if name == "reference" or not is_of_one_run(check):
            return said.says
        return f"{who_says(name, check, said, seed)}: {said.says}"
    return ""
