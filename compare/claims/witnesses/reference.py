"""Findings of the reference: from its runs over many seeds or starts, and from its update rules."""

from dataclasses import fields

import numpy as np

from compare.claims.check_text import measured
from compare.claims.findings import Finding, same
from compare.claims.number_text import counted
from compare.claims.values import Check, Claim, DefaultCheck, ShareOf, TrajectoryCheck, UpdateCheck
from compare.claims.verdicts import Share
from compare.claims.witnesses.exact import findings_of
from compare.claims.witnesses.paths.answers import Answers, answer
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import Statement, runs_of, state_claim
from compare.claims.witnesses.seeds.confidence_intervals import Margins, interval_by_noise
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.seeds.random_starts import as_drawn, share_runs
from compare.claims.witnesses.seeds.shares import half_the_error, judge_share
from compare.claims.witnesses.shared_runs import SEEDS, SharedRuns
from compare.claims.witnesses.update_rules.recorded_steps import judge_update
from reference import OPTIMIZERS, Experiment

__all__ = ["finer_statement", "reference_findings", "reference_statement", "requests_of"]


def requests_of(claim: Claim) -> list[Request]:
    """The runs that the reference has to make for a claim."""
    requests = [Request(run, SEEDS) for run in runs_of(claim)]
    for check in claim.checks:
        if isinstance(check, TrajectoryCheck) and check.share is not None:
            runs = share_runs(claim.experiment, check, check.share)
            requests += [run for run in (runs.run, runs.noisy) if run is not None]
    return requests


def _share(experiment: Experiment, check: TrajectoryCheck, share: ShareOf, shared: SharedRuns) -> Finding:
    """Finding on a share of seeds or starts, with the confidence interval that their independence allows."""
    runs = share_runs(experiment, check, share)
    answers = answer(check, shared.reference_path(runs.run))
    if share.of == "seeds":
        return judge_share(answers, share)
    answers = as_drawn(answers, runs.run.experiment)
    if runs.noiseless is None or runs.noisy is None:
        return judge_share(answers, share, runs.run.seeds)
    noiseless, noisy = (
        Margins.of(check, path, answer(check, path))
        for path in (shared.expected_path(runs.noiseless), shared.reference_path(runs.noisy))
    )
    ends, moved = interval_by_noise(noiseless, noisy, half_the_error(share))
    size, starts = runs.noisy.experiment.batch_size, len(noisy.resolved)
    says = (
        f"with batches of only {counted(size, 'sample')}, which are noisier, {moved} of {starts:,} starts could end "
        "otherwise"
    )
    return judge_share(answers, share, runs.run.seeds, (ends, says))


def reference_statement(claim: Claim, shared: SharedRuns) -> Statement | None:
    """What the seeds say about all checks of a run; None if there are none."""
    return state_claim(claim, lambda run: shared.reference_path(Request(run, SEEDS)))


def finer_statement(claim: Claim, shared: SharedRuns) -> Statement | None:
    """Statement of as many seeds in float64 runs with w as the distance from its limit; None if impossible."""
    paths: dict[Experiment, Path] = {}
    for run in runs_of(claim):
        path = shared.offset_path(run, SEEDS)
        if path is None:
            return None
        paths[run] = path
    return state_claim(claim, paths.__getitem__)


def reference_findings(claim: Claim, statement: Statement | None, shared: SharedRuns) -> tuple[Finding | None, ...]:
    """What the reference says about each check."""

    def otherwise(check: Check) -> Finding | None:
        if isinstance(check, TrajectoryCheck) and check.share is not None:
            return _share(claim.experiment, check, check.share, shared)
        if isinstance(check, UpdateCheck):
            return judge_update(check, shared.trajectory(claim.experiment))
        return _default(check) if isinstance(check, DefaultCheck) else None

    return findings_of(claim, statement, otherwise, _of_seeds)


def _of_seeds(answers: Answers, check: Check) -> Finding:
    met, told, number = Share.of(answers.met, answers.resolved)
    median = _median(answers.number)
    who = f"true in {met} of {number} runs" if told else f"none of {number} runs can tell"
    says = who if np.isnan(median) else f"{who}, median {measured(check, median)}{_when(check, answers.step)}"
    unanimous = told == number and met in (0, number)
    reason = "" if told == number else answers.reason
    return Finding(met == number if unanimous else None, median, says, reason, (met, told, number))


def _when(check: Check, steps: np.ndarray) -> str:
    """At which steps the numbers are, where that is for the runs to say."""
    if not isinstance(check, TrajectoryCheck) or check.when not in ("ever", "always") or (steps < 0).any():
        return ""
    low, high = int(steps.min()), int(steps.max())
    return f" at step {low:,}" if low == high else f" at steps {low:,} to {high:,}"


def _median(numbers: np.ndarray) -> float:
    """Halves are added, as a sum of two might be too large."""
    if np.isnan(numbers).any():
        return float("nan")
    ordered = np.sort(numbers)
    low, high = float(ordered[(len(ordered) - 1) // 2]), float(ordered[len(ordered) // 2])
    return low if low == high else low / 2 + high / 2


def _default(check: DefaultCheck) -> Finding | None:
    """The default of the optimizer of the same name, which is to be Keras' own."""
    module, _, name = check.of.rpartition(".")
    if module != "keras.optimizers" or name not in OPTIMIZERS:
        return None
    field = next((field for field in fields(OPTIMIZERS[name]) if field.name == check.argument), None)
    if field is None:
        return None
    number = field.default if isinstance(field.default, float) else None
    return Finding(same(field.default, check.equals), number, f"{check.argument} = {field.default!r}")
