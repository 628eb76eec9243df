"""The claims that ship, judged in two processes: those about a neuron with a bias here, the others beside it.

Both have about as much to do, and hardly a run in common. What is computed is the same as in
one process.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import NamedTuple

from compare.claims import Claim, SharedRuns, Verdict, judge_all
from compare.claims.settings import has_no_bias
from compare.report.claim_rows.curves import Curve, curve_of
from compare.system.processes import process_pool

__all__ = ["Beside", "judged_in_two"]

Judged = list[tuple[Verdict, Curve | None]]


class Beside(NamedTuple):
    """All verdicts in order, and by id the curves of those claims whose runs are not here; filled as they come."""

    verdicts: Iterator[Verdict]
    curves: dict[str, Curve | None]


@contextmanager
def judged_in_two(claims: Sequence[Claim], shared: SharedRuns) -> Iterator[Beside]:
    """Judge claims without Keras, those with a bias on runs of this process, when the verdicts are asked for."""
    curves: dict[str, Curve | None] = {}
    mine = [claim for claim in claims if not has_no_bias(claim.experiment)]
    others = [claim for claim in claims if has_no_bias(claim.experiment)]
    with process_pool(1, "--only needs less") as pool:
        yield Beside(_in_order(claims, list(mine), shared, pool.submit(_judge, others), curves), curves)


def _in_order(
    claims: Sequence[Claim],
    mine: Sequence[Claim],
    shared: SharedRuns,
    judged: Future[Judged],
    curves: dict[str, Curve | None],
) -> Iterator[Verdict]:
    here = {verdict.claim.id: verdict for verdict in judge_all(mine, shared)}
    there: dict[str, Verdict] = {}
    for verdict, curve in judged.result():
        there[verdict.claim.id], curves[verdict.claim.id] = verdict, curve
    for claim in claims:
        yield here[claim.id] if claim.id in here else there[claim.id]


def _judge(claims: Sequence[Claim]) -> Judged:
    shared = SharedRuns()
    return [(verdict, curve_of(verdict, shared)) for verdict in judge_all(claims, shared)]
