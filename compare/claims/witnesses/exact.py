"""Findings of the exact witness: expected dynamics for runs, closed forms for everything else."""

from collections.abc import Callable

from compare.claims.check_text import measured, symbol
from compare.claims.findings import Finding
from compare.claims.values import (
    Check,
    Claim,
    ComparisonCheck,
    ConvexCheck,
    CriticalPointCheck,
    CrossingsCheck,
    FormulaCheck,
    KinkCheck,
    MinimumCheck,
    ShareOf,
    StepsCheck,
    SurfaceCheck,
    TrajectoryCheck,
)
from compare.claims.witnesses.loss_shape import judge_convex, judge_critical_point, judge_crossings, judge_minimum
from compare.claims.witnesses.paths.answers import Answers, answer
from compare.claims.witnesses.paths.statements import Statement, run_checks, state_claim
from compare.claims.witnesses.pointwise import judge_formula, judge_one_sided, judge_surface
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.seeds.random_starts import as_drawn, expected_request
from compare.claims.witnesses.seeds.shares import judge_share
from compare.claims.witnesses.shared_runs import SharedRuns
from reference import Experiment

__all__ = ["exact_findings", "exact_statement", "expected_runs_of", "finding_of", "findings_of"]

SMALLEST = 2.0**-1022  # what a path has for a number that is nearer to 0


def exact_statement(claim: Claim, shared: SharedRuns) -> Statement | None:
    """What the expected dynamics says about all checks of a run; None if there are none."""
    return state_claim(claim, shared.exact_path)


def exact_findings(claim: Claim, statement: Statement | None, shared: SharedRuns) -> tuple[Finding | None, ...]:
    """What the exact witness says about each check."""

    def otherwise(check: Check) -> Finding | None:
        if isinstance(check, TrajectoryCheck) and check.share is not None:
            return _share(check, check.share, claim.experiment, shared)
        return _at_rest(check, claim.experiment, shared)

    return findings_of(claim, statement, otherwise)


def finding_of(answers: Answers, check: Check) -> Finding:
    """A single member's answer as a finding."""
    value, step = float(answers.number[0]), int(answers.step[0])
    number: float | None = value
    where = f" at step {step:,}" if step >= 0 and not isinstance(check, (ComparisonCheck, StepsCheck)) else ""
    if abs(value) == SMALLEST:  # stands for whatever is nearer to 0
        side, number = "below" if value < 0 else "above", None
        says = f"{symbol(check)} is {side} 0, by less than a float can hold{where}"
    else:
        says = f"{measured(check, value)}{where}"
    if answers.resolved[0]:
        return Finding(bool(answers.met[0]), number, says)
    return Finding(None, number, says, answers.reason)


def findings_of(
    claim: Claim,
    statement: Statement | None,
    otherwise: Callable[[Check], Finding | None],
    of_run: Callable[[Answers, Check], Finding] = finding_of,
) -> tuple[Finding | None, ...]:
    """A finding for each check: of a run from what was said of it, by default of one member, else from `otherwise`."""
    of_runs = {} if statement is None else dict(zip((i for i, _ in run_checks(claim)), statement.answers, strict=True))
    return tuple(
        of_run(of_runs[i], check) if i in of_runs else otherwise(check) for i, check in enumerate(claim.checks)
    )


def expected_runs_of(claim: Claim) -> list[Request]:
    """The runs from many starts that the exact witness has to make for a claim."""
    return [
        expected_request(claim.experiment, check, check.share)
        for check in claim.checks
        if isinstance(check, TrajectoryCheck) and check.share is not None and check.share.of == "starts"
    ]


def _share(check: TrajectoryCheck, share: ShareOf, experiment: Experiment, shared: SharedRuns) -> Finding | None:
    """Finding on a share of random starts under the expected dynamics."""
    if share.of == "seeds":
        return None
    request = expected_request(experiment, check, share)
    return judge_share(as_drawn(answer(check, shared.expected_path(request)), request.experiment), share)


def _at_rest(check: Check, experiment: Experiment, shared: SharedRuns) -> Finding | None:
    """Finding on a check that needs no run."""
    if isinstance(check, SurfaceCheck):
        return judge_surface(check, experiment)
    if isinstance(check, MinimumCheck):
        return judge_minimum(check, experiment, shared.critical_points)
    if isinstance(check, CriticalPointCheck):
        return judge_critical_point(check, experiment, shared.critical_points)
    if isinstance(check, ConvexCheck):
        return judge_convex(check, experiment)
    if isinstance(check, CrossingsCheck):
        return judge_crossings(check, experiment)
    if isinstance(check, FormulaCheck):
        return judge_formula(check)
    if isinstance(check, KinkCheck) and check.side is not None:
        return judge_one_sided(check)
    return None
