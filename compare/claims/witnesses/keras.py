"""Findings of Keras: from its own run, certified step by step, and from the installed package."""

from typing import Any

from compare.claims.findings import Finding
from compare.claims.values import (
    AcceptsCheck,
    Check,
    Claim,
    DefaultCheck,
    ExistsCheck,
    KinkCheck,
    TrajectoryCheck,
    UpdateCheck,
)
from compare.claims.witnesses.exact import finding_of, findings_of
from compare.claims.witnesses.paths.answers import answer
from compare.claims.witnesses.paths.statements import Statement, runs_of, state_claim
from compare.claims.witnesses.reference import same
from compare.claims.witnesses.seeds.random_starts import first_start
from compare.claims.witnesses.shared_runs import SharedRuns
from compare.claims.witnesses.update_rules.recorded_steps import judge_update
from reference import Experiment

__all__ = ["certificates_of", "keras_findings", "keras_statement", "needs_keras", "only_keras"]


def only_keras(check: Check) -> bool:
    """Whether no other witness can say anything about a check."""
    return isinstance(check, (AcceptsCheck, ExistsCheck, DefaultCheck)) or (
        isinstance(check, KinkCheck) and check.framework is not None
    )


def needs_keras(claim: Claim) -> bool:
    """Whether Keras has anything to say about a claim."""
    return any(only_keras(check) or isinstance(check, UpdateCheck) for check in claim.checks) or bool(_runs(claim))


def _runs(claim: Claim) -> list[Experiment]:
    """The experiments that Keras runs: those of the first seed, or the first start, of each check."""
    runs = runs_of(claim)
    for check in claim.checks:
        if isinstance(check, UpdateCheck):
            runs.append(claim.experiment)
        if isinstance(check, TrajectoryCheck) and check.share is not None:
            runs.append(first_start(claim.experiment, check.share))
    return list(dict.fromkeys(runs))


def certificates_of(claim: Claim, shared: SharedRuns) -> list[Any]:
    """The certificates of Keras' runs for a claim."""
    return [shared.certificate(run) for run in _runs(claim)]


def keras_statement(claim: Claim, shared: SharedRuns) -> Statement | None:
    """What Keras' run says about all checks of a run; None if there are none."""
    return state_claim(claim, shared.keras_path)


def keras_findings(claim: Claim, statement: Statement | None, shared: SharedRuns) -> tuple[Finding | None, ...]:
    """What Keras says about each check."""

    def otherwise(check: Check) -> Finding | None:
        if isinstance(check, TrajectoryCheck) and check.share is not None:
            member = finding_of(answer(check, shared.keras_path(first_start(claim.experiment, check.share))), check)
            # One member is no share: Keras is here to certify it.
            return Finding(None, member.number, f"from the first start {member.says}")
        if isinstance(check, UpdateCheck):
            return judge_update(check, shared.certificate(claim.experiment).keras)
        return _installed(check)

    return findings_of(claim, statement, otherwise)


def _installed(check: Check) -> Finding | None:
    if isinstance(check, KinkCheck) and check.framework is not None:
        return _kink(check, check.framework)
    if isinstance(check, (DefaultCheck, AcceptsCheck, ExistsCheck)):
        from keras_impl import inspection

        try:
            return _name(check, inspection)
        except (inspection.MissingName, ValueError) as error:
            return Finding(False if isinstance(check, DefaultCheck) else None, None, str(error), str(error))
    return None


def _name(check: DefaultCheck | AcceptsCheck | ExistsCheck, inspection: Any) -> Finding:
    if isinstance(check, DefaultCheck):
        value = inspection.default_of(check.of, check.argument)
        number = float(value) if isinstance(value, (int, float)) else None
        return Finding(same(value, check.equals), number, f"{check.argument} = {value!r}")
    if isinstance(check, AcceptsCheck):
        taken, message = inspection.accepts(check.of, check.arguments)
        says = ("taken" if taken else "refused") + (f": {message}" if message else "")
        return Finding(taken == check.expected, None, says)
    there = inspection.exists(check.of)
    return Finding(there == check.expected, None, "there is" if there else "there is none")


def _kink(check: KinkCheck, framework: str) -> Finding:
    from keras_impl.kink import derivative_at_zero, installed_backends

    installed = installed_backends()
    asked = installed if framework == "installed" else (framework,)
    if framework != "installed" and framework not in installed:
        return Finding(None, None, "", f"{framework} is not installed")
    try:
        numbers = {name: derivative_at_zero(check.function, check.negative_slope, name) for name in asked}
    except RuntimeError as error:
        return Finding(None, None, "", str(error))
    met = {name: bool(check.condition.met(number)) for name, number in numbers.items()}
    deciding = next((name for name in asked if not met[name]), asked[0])
    return Finding(all(met.values()), numbers[deciding], ", ".join(f"{name} {x:g}" for name, x in numbers.items()))
