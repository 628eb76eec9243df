"""What leaves a run undecided: a weight at exactly 0, or one too small for its number format."""

import numpy as np

from compare.claims import SharedRuns, Verdict
from compare.claims.witnesses.paths.answers_by_state import ON_THE_KINK
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import run_checks
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.shared_runs import SEEDS
from compare.report.numbers import plain

__all__ = ["at_zero", "counted_at_zero"]


def at_zero(verdict: Verdict, shared: SharedRuns) -> str:
    """Say in how many runs which of the two it is that no answer rests on; empty where it is neither."""
    reference = verdict.witnesses["reference"]
    if reference is None:
        return ""
    checks = [i for i, _ in run_checks(verdict.claim)]
    if not any((finding := reference.findings[i]) is not None and finding.reason == ON_THE_KINK for i in checks):
        return ""
    path = shared.reference_path(Request(verdict.claim.experiment, SEEDS))
    zero, small = counted_at_zero(path)
    parts = []
    if zero:
        parts.append(
            f"in {zero} of {path.members} runs w comes to be exactly 0, "
            "where ReLU has no derivative and a value is taken for it"
        )
    if small:
        limit = plain(float(np.finfo(path.experiment.dtype).tiny))
        parts.append(
            f"in {small} of {path.members} runs w falls below {limit} in size without being 0, "
            f"where {path.experiment.dtype} loses its digits (underflow)"
        )
    said = "; ".join(parts)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def counted_at_zero(path: Path) -> tuple[int, int]:
    """In how many runs w and b are both exactly 0 at some step, and in how many others both are subnormal."""
    w, b = (np.broadcast_to(np.abs(p), np.shape(path.parameters.w)) for p in path.parameters[:2])
    zero = ((w == 0) & (b == 0)).any(axis=0)
    small = ((w < path.resolution) & (b < path.resolution)).any(axis=0) & ~zero
    return int(zero.sum()), int(small.sum())
