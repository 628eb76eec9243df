"""Findings of Keras: from its own run, certified step by step, and from the installed package."""

from compare.claims.findings import Finding
from compare.claims.values import Check, Claim, TrajectoryCheck, UpdateCheck
from compare.claims.witnesses.exact import finding_of, findings_of
from compare.claims.witnesses.installed_keras import only_keras
from compare.claims.witnesses.keras_runs import KerasRun
from compare.claims.witnesses.paths.answers import answer
from compare.claims.witnesses.paths.statements import Statement, runs_of, state_claim
from compare.claims.witnesses.seeds.random_starts import first_start
from compare.claims.witnesses.shared_runs import SharedRuns
from compare.claims.witnesses.update_rules.recorded_steps import judge_update
from reference import Experiment

__all__ = ["certified_runs", "keras_experiments", "keras_findings", "keras_statement", "needs_keras"]


def needs_keras(claim: Claim) -> bool:
    """Whether Keras has anything to say about a claim."""
    return any(only_keras(check) or isinstance(check, UpdateCheck) for check in claim.checks) or bool(
        keras_experiments(claim)
    )


def keras_experiments(claim: Claim) -> list[Experiment]:
    """The experiments that Keras runs: those of the first seed, or the first start, of each check."""
    runs = runs_of(claim)
    for check in claim.checks:
        if isinstance(check, UpdateCheck):
            runs.append(claim.experiment)
        if isinstance(check, TrajectoryCheck) and check.share is not None:
            runs.append(first_start(claim.experiment, check.share))
    return list(dict.fromkeys(runs))


def certified_runs(claim: Claim, shared: SharedRuns) -> list[KerasRun]:
    """Keras' runs for a claim, certified."""
    return [shared.keras_run(run) for run in keras_experiments(claim)]


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
            return judge_update(check, shared.keras_run(claim.experiment).keras)
        return shared.keras_installed(check)

    return findings_of(claim, statement, otherwise)
