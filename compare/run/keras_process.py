"""Keras as the main job has it: in a process beside this one, which works ahead, or in this one.

On several cores Keras certifies the runs of the question and those of the claims in turns,
each in the order in which they are asked for, while this process asks the other witnesses and
draws. On one core, or where Keras is loaded already, with whatever was done to it, there
is one process. What is computed is the same.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from compare.claims import Claim
from compare.claims.findings import Finding as ClaimFinding
from compare.claims.values import Check
from compare.claims.witnesses.installed_keras import only_keras
from compare.claims.witnesses.keras import keras_experiments
from compare.claims.witnesses.keras_runs import KerasRun, KerasRuns
from compare.claims.witnesses.shared_runs import affordable
from compare.question.audit import Finding, audit
from compare.question.experiments import Case
from compare.run.subjects import BACKENDS, opened
from compare.system.command_line import expect_keras, start_keras
from compare.system.processes import cores, process_pool
from reference import Experiment
from reference.subject import Subject

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["KerasBeside", "KerasHere", "keras_for"]

Result = TypeVar("Result")


class KerasHere(KerasRuns):
    """Keras in this process, which has to be loaded, and another subject if it makes the question's runs.

    Parameters
    ----------
    recorder : keras_impl.Recorder
    subject : str
        As for `compare.certify`: "keras", "torch" or "jax".
    dtype : str
        Of the runs, which the subject must have.
    """

    def __init__(self, recorder: "Recorder", subject: str, dtype: str = "float32") -> None:
        super().__init__(recorder)
        self._subject = None if subject == "keras" else opened(subject, dtype)

    def findings(self, cases: Iterable[Case]) -> Iterator[Finding]:
        """Certify the runs of the question, one by one."""
        return audit(cases, self._subject) if self._subject else audit(cases, certified=self.certificate)


class KerasBeside:
    """Keras in another process, which has been told beforehand what will be wanted, and in which order.

    Parameters
    ----------
    pool : ProcessPoolExecutor
        Of one process.
    threads : ThreadPoolExecutor
        Of one thread, in which the findings are followed; it may wait for the pool.
    cases : sequence of Case
    claims : iterable of Claim
    subject : str
        Who makes the question's runs.

    Attributes
    ----------
    pool : ProcessPoolExecutor
        Which does other work once Keras has done its own.
    meanwhile : callable
        Does a piece of other work while this process has to wait, and says whether there was any.
    """

    def __init__(
        self,
        pool: ProcessPoolExecutor,
        threads: ThreadPoolExecutor,
        cases: Sequence[Case],
        claims: Iterable[Claim],
        subject: str,
    ) -> None:
        self.pool, self._threads = pool, threads
        self.meanwhile: Callable[[], bool] = lambda: False
        self._findings: list[Future[Finding]] = []
        self._runs: dict[Experiment, Future[KerasRun]] = {}
        self._installed: dict[int, tuple[Check, Future[ClaimFinding | None]]] = {}  # by id: not all have a hash
        needs = [need for claim in claims for need in _needs_of(claim)]
        # A run of the question that Keras makes is at hand for the claims as well.
        known = cases if subject == "keras" else []
        of_cases, runs = {case.experiment for case in known}, {need for need in needs if isinstance(need, Experiment)}
        others = iter([need for need in needs if not (isinstance(need, Experiment) and need in of_cases)])
        for case in cases:
            self._findings.append(pool.submit(_finding, case, subject))
            if subject == "keras" and case.experiment in runs:  # which its certificate has
                self._begin_run(case.experiment)
            for need in islice(others, 1):
                self._begin(need)
        for need in others:
            self._begin(need)

    def followed(self, follow: Callable[[Iterator[Finding]], list[Finding]]) -> Future[list[Finding]]:
        """Let a thread follow the runs of the question as they are certified."""
        return self._threads.submit(follow, (future.result() for future in self._findings))

    def awaited(self, future: Future[Result]) -> Result:
        """A result, while which is computed other work is done here."""
        while not future.done() and self.meanwhile():
            pass
        return future.result()

    def run(self, experiment: Experiment) -> KerasRun:
        """See `KerasRuns.run`."""
        return self.awaited(self._begin_run(experiment))

    def installed(self, check: Check) -> ClaimFinding | None:
        """See `KerasRuns.installed`."""
        return self.awaited(self._begin_check(check)) if only_keras(check) else None

    def _begin(self, need: Experiment | Check) -> None:
        if isinstance(need, Experiment):
            self._begin_run(need)
        else:
            self._begin_check(need)

    def _begin_run(self, experiment: Experiment) -> Future[KerasRun]:
        if experiment not in self._runs:
            self._runs[experiment] = self.pool.submit(_run, experiment)
        return self._runs[experiment]

    def _begin_check(self, check: Check) -> Future[ClaimFinding | None]:
        if id(check) not in self._installed:
            self._installed[id(check)] = check, self.pool.submit(_judge_installed, check)
        return self._installed[id(check)][1]


def _needs_of(claim: Claim) -> Iterator[Experiment | Check]:
    """What a claim asks of Keras: runs, and checks that take none."""
    yield from map(affordable, keras_experiments(claim))
    yield from filter(only_keras, claim.checks)


@contextmanager
def keras_for(
    cases: Sequence[Case], claims: Sequence[Claim], subject: str = "keras"
) -> Iterator[KerasHere | KerasBeside]:
    """Keras, and who makes the runs, for what the with block asks for; KerasMissing if they cannot be imported."""
    if cores() == 1 or "keras" in sys.modules or not _is_found():
        yield _loaded(subject, dtype_of(cases))
        return
    expect_keras()
    # The thread goes last: it waits for what the pool gives, or for its end.
    with ThreadPoolExecutor(1) as threads, process_pool(1, "--no-keras needs less, and so does --only") as pool:
        yield KerasBeside(pool, threads, cases, claims, subject)


def _is_found() -> bool:
    """Whether Keras is there as far as can be seen without loading it; if not, that is to be said at once."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    return backend in BACKENDS and all(find_spec(name) is not None for name in ("keras", backend))


def dtype_of(cases: Sequence[Case]) -> str:
    """Of the runs of the question, which have one for all."""
    return cases[0].experiment.dtype if cases else "float32"


def _loaded(subject: str, dtype: str = "float32") -> KerasHere:
    start_keras(instead=", or use --no-keras")
    import keras_impl

    return KerasHere(keras_impl.Recorder(), subject, dtype)


# Of the process beside the first: the runs that Keras makes of everything, and what it is asked of claims.


@cache
def _keras() -> KerasHere:
    return _loaded("keras")


@cache
def _other(subject: str, dtype: str) -> Subject:
    return opened(subject, dtype)


def _finding(case: Case, subject: str) -> Finding:
    (finding,) = (
        _keras().findings([case]) if subject == "keras" else audit([case], _other(subject, case.experiment.dtype))
    )
    return finding


def _run(experiment: Experiment) -> KerasRun:
    return _keras().run(experiment)


def _judge_installed(check: Check) -> ClaimFinding | None:
    return _keras().installed(check)
