"""Combine the statements of the witnesses into an outcome of each check and of the claim."""

from dataclasses import dataclass, field
from typing import Any

from compare.claims.check_text import describe
from compare.claims.findings import Finding
from compare.claims.values import Check, Claim, DefaultCheck, TrajectoryCheck, UpdateCheck
from compare.claims.verdicts import NEEDS_KERAS, Judged, Share, Witness
from compare.claims.witnesses.installed_keras import only_keras
from compare.claims.witnesses.paths.answers import CUT
from compare.claims.witnesses.paths.statements import Statement
from compare.claims.witnesses.seeds.confidence_intervals import interval

__all__ = ["SHARE_CONFIDENCE", "SOME", "Conclusion", "conclude_checks", "conclude_runs", "witness_of"]

SHARE_CONFIDENCE = 0.999  # of the interval that is given with a share of seeds
SOME = "some"  # neither true nor false: true for some seeds


@dataclass
class Conclusion:
    """Collects what follows from the findings; `holds` is True, False, None or "some".

    `of_runs` is that of all checks of a run together, `seeds` what the seeds said that decide it.
    """

    holds: Any = True
    of_runs: Any = True
    seeds: Statement | None = None
    why: str = ""
    checks: list[Judged] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def conclude_runs(
    exact: Statement, seeds: Statement, keras: Statement | None, finer: Statement | None, into: Conclusion
) -> tuple[Any, ...]:
    """Outcome of each check of a run by three witnesses together; that of all checks goes into `into`.

    The seeds of the reference decide. Where they cannot tell, because underflow or the
    kink enters, the exact witness does, provided that nothing speaks against it. `finer` is
    the seeds' statement from float64 runs that store w as the distance from its limit, for
    where the dtype loses their resolution. The outcomes are True, False, None or "some".
    """
    into.of_runs = _conclude_together(exact, seeds, keras, finer, into)
    if len(exact.answers) == 1:
        return (into.of_runs,)
    return tuple(
        _conclude_together(
            exact.of_check(i),
            seeds.of_check(i),
            None if keras is None else keras.of_check(i),
            None if finer is None else finer.of_check(i),
            Conclusion(),
        )
        for i in range(len(exact.answers))
    )


def _conclude_together(
    exact: Statement, seeds: Statement, keras: Statement | None, finer: Statement | None, into: Conclusion
) -> Any:
    outcome = _of_seeds(exact, seeds, keras, finer, into)
    if keras is not None and outcome is not None:
        outcome = _with_keras(seeds, keras, outcome, into)
    if outcome in (True, False) and exact.resolved[0] and bool(exact.met[0]) != outcome:
        into.notes.append("the expected dynamics says otherwise: the noise of the batches decides")
    if outcome in (True, False) and not exact.resolved[0]:
        into.notes.append(f"the exact witness cannot tell: {exact.reason}")
    return outcome


def _of_seeds(
    exact: Statement, seeds: Statement, keras: Statement | None, finer: Statement | None, into: Conclusion
) -> Any:
    into.seeds = seeds
    if seeds.resolved.all():
        outcome = _outcome(seeds)
        if outcome is SOME or not seeds.held or not exact.resolved[0] or bool(exact.met[0]) == outcome:
            return outcome
        if finer is not None and finer.resolved.all():
            return _by_finer(finer, "rounding brings the runs to rest", into)
        into.why = "rounding brings the runs to rest, where the expected dynamics says otherwise"
        return None
    decided = seeds.met[seeds.resolved]
    if decided.any() and not decided.all():
        return SOME
    wanted = bool(exact.met[0])
    if exact.resolved[0] and (decided == wanted).all():
        sampled = [seeds] if keras is None else [seeds, keras]
        if seeds.reason == CUT:
            into.notes.append("the runs are long: the reference and Keras made the first steps only")
            return wanted
        if finer is not None and finer.resolved.all() and all((said.so_far == wanted).all() for said in sampled):
            return _by_finer(finer, "floating point loses its resolution on the way", into)
        if all((said.met == wanted).all() for said in sampled):
            into.notes.append("floating point loses its resolution on the way; closed form decides")
            return wanted
    into.why = seeds.reason
    return None


def _outcome(said: Statement) -> Any:
    return True if said.met.all() else False if not said.met.any() else SOME


def _by_finer(finer: Statement, why: str, into: Conclusion) -> Any:
    """Let the seeds in float64 decide, and say so."""
    share = f"{int(finer.met.sum())} of {len(finer.met)} runs"
    into.notes.append(f"{why}; in float64, with w as the distance from where it goes, it is true in {share}")
    into.seeds = finer
    return _outcome(finer)


def _with_keras(seeds: Statement, keras: Statement, outcome: Any, into: Conclusion) -> Any:
    ours, theirs = bool(seeds.met[0]), bool(keras.met[0])
    if not seeds.resolved[0] and outcome is not SOME:  # a closer look has decided
        ours = outcome
    if ours == theirs or keras.reason == CUT:
        return outcome
    if not keras.resolved[0] and outcome is not SOME and bool(keras.so_far[0]) == outcome:
        return outcome  # as far as it can tell it says the same
    if not keras.resolved[0] or not seeds.resolved[0]:
        into.why = keras.reason or seeds.reason
        return None
    into.notes.append(
        "Keras and the reference differ on the same batches: the number is within rounding of its threshold"
    )
    if outcome == SOME:
        return outcome
    into.why = (
        "decided by rounding: on the same batches Keras and the reference are on different sides of the threshold"
    )
    return None


def conclude_checks(
    claim: Claim,
    findings: dict[str, tuple[Finding | None, ...]],
    of_runs: dict[int, Any],
    keras: bool,
    into: Conclusion,
) -> None:
    """Conclude each check, then the claim: false before unknown, unknown before true for some seeds, then true."""
    outcomes = [into.of_runs] if of_runs else []
    for i, check in enumerate(claim.checks):
        if i in of_runs:
            outcome = of_runs[i]
        else:
            said = {witness: each[i] for witness, each in findings.items()}
            outcome = _conclude(check, said, keras, into)
            outcomes.append(outcome)
        holds = outcome if outcome in (True, False) else None
        into.checks.append(Judged(check=check, text=describe(check), holds=holds))
    into.holds = next((worst for worst in (False, None, SOME) if any(o is worst for o in outcomes)), True)


def _conclude(check: Check, said: dict[str, Finding | None], keras: bool, into: Conclusion) -> Any:
    """Outcome of a check that is not of a single run."""
    if only_keras(check) and not keras:
        into.why = into.why or NEEDS_KERAS
        return None
    speaking = {name: finding for name, finding in said.items() if finding is not None}
    ours, theirs = speaking.get("reference"), speaking.get("keras")
    if ours and theirs and isinstance(check, (UpdateCheck, DefaultCheck)) and {ours.met, theirs.met} == {True, False}:
        into.contradictions.append(f"{describe(check)}: by the reference {ours.says}; by Keras {theirs.says}")
    # Of single runs others decide, so that here a check of a run is of the share of many.
    is_sampled = isinstance(check, (UpdateCheck, TrajectoryCheck))
    finding = speaking["keras" if only_keras(check) else "reference" if is_sampled else "exact"]
    if finding.met is None:
        into.why = into.why or finding.reason
    return finding.met


def witness_of(
    findings: tuple[Finding | None, ...], said: Statement | None, certified: tuple[str, float] | None = None
) -> Witness | None:
    """A witness's judgement of the whole claim; None if it was asked about no check."""
    given = [finding for finding in findings if finding is not None]
    if not given:
        return None
    met = [f.met for f in given if f.met is not None or f.reason or f.share is not None]
    holds = False if False in met else None if not met or None in met else True
    if said is None or len(said.met) == 1:
        return Witness(holds=holds, findings=findings, certified=certified)
    share = Share.of(said.met, said.resolved)
    holds = holds if share.told == share.seeds and share.met in (0, share.told) else None
    ends = interval(share.met, share.told, SHARE_CONFIDENCE) if share.told else None
    return Witness(holds=holds, findings=findings, share=share[:2], interval=ends, certified=certified)
