"""What the witnesses say together."""

from dataclasses import dataclass, field
from typing import Any

from compare.claims.check_text import describe
from compare.claims.findings import Finding
from compare.claims.values import Check, Claim, DefaultCheck, TrajectoryCheck, UpdateCheck
from compare.claims.verdicts import NEEDS_KERAS, Judged, Witness
from compare.claims.witnesses.keras import only_keras
from compare.claims.witnesses.paths.answers import CUT
from compare.claims.witnesses.paths.statements import Statement
from compare.claims.witnesses.seeds.shares import interval

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
    """What three witnesses of the same runs say together about all checks of a run, and about each of them.

    The seeds of the reference decide. Where they cannot tell, because underflow or the
    kink enters, the exact witness does, provided that nothing speaks against it.

    Parameters
    ----------
    exact, seeds : Statement
    keras : Statement or None
    finer : Statement or None
        What the seeds say in float64, counted from where they go; for where they lose their resolution.
    into : Conclusion
        Where what is to be remarked is added; it keeps the outcome of all checks together.

    Returns
    -------
    tuple of True, False, None or "some"
        One for each check.
    """
    into.of_runs = _conclude_together(exact, seeds, keras, finer, into)
    if len(exact.answers) == 1:
        return (into.of_runs,)
    each = []
    for i in range(len(exact.answers)):
        alone = None if keras is None else keras.of_check(i)
        of_it = None if finer is None else finer.of_check(i)
        each.append(_conclude_together(exact.of_check(i), seeds.of_check(i), alone, of_it, Conclusion()))
    return tuple(each)


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
    met, resolved = seeds.met, seeds.resolved
    into.seeds = seeds
    if resolved.all():
        outcome = _outcome(seeds)
        if outcome is SOME or not seeds.held or not exact.resolved[0] or bool(exact.met[0]) == outcome:
            return outcome
        if finer is not None and finer.resolved.all():
            return _by_finer(finer, "rounding brings the runs to rest", into)
        into.why = "rounding brings the runs to rest, where the expected dynamics says otherwise"
        return None
    decided = met[resolved]
    if len(decided) and decided.any() and not decided.all():
        return SOME
    if exact.resolved[0]:
        wanted = bool(exact.met[0])
        cut = seeds.reason == CUT
        others = [seeds.met, *([] if keras is None else [keras.met])]
        if not len(decided) or bool(decided[0]) == wanted:
            if cut:
                into.notes.append("the runs are long: the reference and Keras made the first steps only")
                return wanted
            told = finer is not None and bool(finer.resolved.all())
            if finer is not None and told and all((said.so_far == wanted).all() for said in _asked(seeds, keras)):
                return _by_finer(finer, "floating point loses its resolution on the way", into)
            if all((m == wanted).all() for m in others):
                into.notes.append("floating point loses its resolution on the way; closed form decides")
                return wanted
    into.why = seeds.reason
    return None


def _asked(*said: Statement | None) -> list[Statement]:
    return [one for one in said if one is not None]


def _outcome(said: Statement) -> Any:
    return True if said.met.all() else False if not said.met.any() else SOME


def _by_finer(finer: Statement, why: str, into: Conclusion) -> Any:
    """Let the seeds in float64 decide, and say so."""
    share = f"{int(finer.met.sum())} of {len(finer.met)} seeds"
    into.notes.append(f"{why}; in float64, counted from where they go, it is true for {share}")
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
        said = {witness: findings[witness][i] for witness in findings}
        outcome = of_runs[i] if i in of_runs else _conclude(check, said, keras, into)
        if i not in of_runs:
            outcomes.append(outcome)
        into.checks.append(
            Judged(check=check, text=describe(check), holds=outcome if outcome in (True, False) else None)
        )
    if any(outcome is False for outcome in outcomes):
        into.holds = False
    elif any(outcome is None for outcome in outcomes):
        into.holds = None
    else:
        into.holds = SOME if SOME in outcomes else True


def _conclude(check: Check, said: dict[str, Finding | None], keras: bool, into: Conclusion) -> Any:
    """A check that is not of a single run."""
    if only_keras(check) and not keras:
        into.why = into.why or NEEDS_KERAS
        return None
    speaking = {name: finding for name, finding in said.items() if finding is not None}
    deciding = "keras" if only_keras(check) else "reference" if _is_sampled(check) else "exact"
    finding = speaking[deciding]
    _contradictions(check, speaking, into)
    if finding.met is None:
        into.why = into.why or finding.reason
    return finding.met


def _is_sampled(check: Check) -> bool:
    return isinstance(check, UpdateCheck) or (isinstance(check, TrajectoryCheck) and check.share is not None)


def _contradictions(check: Check, speaking: dict[str, Finding], into: Conclusion) -> None:
    ours, theirs = speaking.get("reference"), speaking.get("keras")
    if ours is None or theirs is None or None in (ours.met, theirs.met) or ours.met == theirs.met:
        return
    if isinstance(check, (UpdateCheck, DefaultCheck)):
        into.contradictions.append(f"{describe(check)}: reference {ours.says}; Keras {theirs.says}")


def witness_of(
    findings: tuple[Finding | None, ...], said: Statement | None, certified: tuple[str, float] | None = None
) -> Witness | None:
    """A witness's word on the whole claim; None if it has nothing to say."""
    spoken = [f for f in findings if f is not None and (f.met is not None or f.reason or f.share is not None)]
    if not any(f is not None for f in findings):
        return None
    holds: bool | None = True
    if any(f.met is False for f in spoken):
        holds = False
    elif not spoken or any(f.met is None for f in spoken):
        holds = None
    share = ends = None
    if said is not None and len(said.met) > 1:
        share = int((said.met & said.resolved).sum()), int(said.resolved.sum())
        holds = holds if share[1] == len(said.met) and share[0] in (0, share[1]) else None
        ends = interval(share[0], share[1], SHARE_CONFIDENCE) if share[1] else None
    return Witness(holds=holds, findings=findings, share=share, interval=ends, certified=certified)
