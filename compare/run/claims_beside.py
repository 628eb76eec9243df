"""What ships, without Keras, in two processes: here claims about a neuron without a bias, beside it all the rest.

Both have about as much to do, and hardly a run in common. What is computed is the same as in
one process.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from compare.claims import Claim, SharedRuns, Verdict, judge_all
from compare.claims.settings import has_no_bias
from compare.question.audit import Finding, audit
from compare.question.experiments import Case
from compare.report.claim_rows.curves import Curve, curve_of
from compare.system.processes import process_pool

__all__ = ["Beside", "judged_in_two"]

Judged = list[tuple[Verdict, Curve | None]]


class Beside(NamedTuple):
    """Findings, all verdicts in order, and the process beside this one."""

    findings: Future[list[Finding]]
    verdicts: Iterator[Verdict]
    curves: dict[str, Curve | None]  # by id, of those claims whose runs are not here; filled as they come
    pool: Executor


@contextmanager
def judged_in_two(
    cases: Sequence[Case],
    claims: Sequence[Claim],
    shared: SharedRuns,
    follow: Callable[[Iterable[Finding]], list[Finding]],
    meanwhile: Callable[[], bool] = lambda: False,
) -> Iterator[Beside]:
    """Run cases and judge claims, those without a bias on runs of this process, when the verdicts are asked for.

    A thread lets `follow` see the findings; it may wait for the process.
    `meanwhile` does a piece of other work while this process has to wait, and says whether there was any.
    """
    curves: dict[str, Curve | None] = {}
    mine = [claim for claim in claims if has_no_bias(claim.experiment)]
    others = [claim for claim in claims if not has_no_bias(claim.experiment)]
    # The thread goes last: it waits for what the pool gives, or for its end.
    with ThreadPoolExecutor(1) as threads, process_pool(1, "--only needs less") as pool:
        found = pool.submit(_run, cases)
        here, there = judge_all(mine, shared), pool.submit(_judge, others)
        verdicts = _in_order(claims, here, there, curves, meanwhile)
        yield Beside(threads.submit(lambda: follow(found.result())), verdicts, curves, pool)


def _in_order(
    claims: Sequence[Claim],
    here: Iterator[Verdict],
    there: Future[Judged],
    curves: dict[str, Curve | None],
    meanwhile: Callable[[], bool],
) -> Iterator[Verdict]:
    """Each verdict as soon as all before it are known; while the other process is at work, so is this one."""
    known: dict[str, Verdict] = {}
    for claim in claims:
        while claim.id not in known:
            verdict = None if there.done() and not has_no_bias(claim.experiment) else next(here, None)
            if verdict is not None:
                known[verdict.claim.id] = verdict
                continue
            while not there.done() and meanwhile():
                pass
            for verdict, curve in there.result():
                known[verdict.claim.id], curves[verdict.claim.id] = verdict, curve
        yield known[claim.id]


def _run(cases: Sequence[Case]) -> list[Finding]:
    return list(audit(cases))


def _judge(claims: Sequence[Claim]) -> Judged:
    shared = SharedRuns()
    return [(verdict, curve_of(verdict, shared)) for verdict in judge_all(claims, shared)]
