"""Both sides on the same batches, lane by lane: what a certificate says of one run."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

import reference
from compare.certificates.comparison import Comparison
from compare.certificates.completion import Completed, complete
from compare.certificates.differences import Differences, Disagreement, Worst
from compare.certificates.evaluation import Evaluation, KinkFork
from compare.certificates.exact.initial_steps import ExactLane, compare_initial_steps, nothing_exact
from compare.certificates.free_run import FreeRun, free_run
from compare.certificates.lockstep import Examined, examine_block
from compare.certificates.records import (
    compare_assembled,
    compare_crossing_and_divergence,
    compare_record,
    compare_start,
)
from compare.certificates.redrawn_batches import Drawing, Redrawing
from compare.certificates.sensitivity.power import combine, power_of_block
from compare.certificates.specification import short_name
from compare.rounding import Arithmetic
from reference import Experiment, Trajectory
from reference.subject import Record, Subject, assemble, without_samples

__all__ = ["Examination", "count_compared", "examine"]

Batches = tuple[np.ndarray, np.ndarray]

REDRAWN = 2**16  # samples of the reference's own drawing that are looked at; of several blocks all are
INLINE = 2**16  # samples of a run too short for threads

# What a bit lane can expect, by a subject's `operations`.
BITS = {"as written": Arithmetic.WRITTEN, "rewritten": Arithmetic.REWRITTEN, "contracted": None, "fused": None}

# Lanes in which a difference is a disagreement; the bit lane has its own verdict.
DECIDING = ("start", "record", "lockstep", "free run")


@dataclass(frozen=True, eq=False)
class Examination:
    """What came of comparing two runs of an experiment."""

    experiment: Experiment
    lanes: Mapping[str, Mapping[str, Worst]]  # of "start", "record", "lockstep", "free run" and "bit", by quantity
    exact: ExactLane
    drawing: Drawing | None  # of the batches, if they were drawn
    first_disagreement: Disagreement | None  # of all lanes but the bit lane
    first_bit_difference: Disagreement | None
    not_compared: tuple[Disagreement, ...]  # an example of each finite quantity without a finite bound in lockstep
    unseen: frozenset[str]  # quantities that the subject does not show, or not in this precision
    power: Mapping[str, float]  # see `compare.certificates.sensitivity.power`
    forks: tuple[KinkFork, ...]
    vacuous_from: int | None
    reference: Trajectory
    observed: Trajectory

    @property
    def worst(self) -> float:
        """Largest observed difference / bound of all lanes that have bounds."""
        return max(entry.ratio for lane in DECIDING for entry in self.lanes[lane].values())

    @property
    def compared(self) -> dict[str, int]:
        """By quantity, how many numbers had a finite bound in lockstep and were compared."""
        entries = {quantity: entry.compared for quantity, entry in self.lanes["lockstep"].items()}
        return dict.fromkeys(self.unseen, 0) | entries


def examine(
    experiment: Experiment, subject: Subject, batches: Batches | None, *, drawn: bool, prefix: str = ""
) -> Examination:
    """Run both sides on the same batches and compare them in every lane.

    The experiment is as `compare.certificates.specification.specify` makes it for the subject.
    Batches are None if they are to be drawn block by block. `drawn` says whether they are the
    experiment's own, so that the reference's drawing is under test; `prefix` goes before the
    names of lanes.
    """
    who = short_name(subject)
    differences = {name: Differences(prefix + name, who) for name in DECIDING}
    bits = differences["bit"] = Differences(f"{prefix}bit", who, lambda comparison: comparison.bits)
    single = subject.in_single(experiment.dtype)
    runs = _run_both(experiment, subject, batches, drawn, single, differences)
    ours, observed, evaluation = runs.reference, assemble(experiment, runs.records), Evaluation.join(runs.evaluations)
    differences["record"].add(
        *runs.record_comparisons,
        *compare_assembled(observed, runs.records),
        *compare_crossing_and_divergence(ours),
        *compare_crossing_and_divergence(observed),
    )
    beginning, examined = runs.beginning
    if single:  # whose rounding no bound in this precision holds
        run, exact = FreeRun([], 0), nothing_exact(f"{who} computes {' and '.join(sorted(single))} in float32")
    else:
        run = free_run(experiment, ours, observed, batches, evaluation)
        exact = compare_initial_steps(experiment, beginning, ours, who, prefix, signs=subject.takes_optimizer)
    differences["free run"].add(*(c for c in run.comparisons if c.quantity not in differences["lockstep"].unseen))
    power = combine([*runs.powers, power_of_block(experiment, beginning.record, examined, exact.bounds)])
    wrongly_drawn = runs.drawing and runs.drawing.first_disagreement
    found = [
        wrongly_drawn and wrongly_drawn._replace(lane=f"{prefix}drawing"),
        *(differences[lane].first for lane in ("start", "record")),
        exact.first_disagreement,
        *(differences[lane].first for lane in ("lockstep", "free run")),
    ]
    return Examination(
        experiment=experiment,
        lanes=MappingProxyType({name: MappingProxyType(lane.worst) for name, lane in differences.items()}),
        exact=exact,
        drawing=runs.drawing,
        # The earliest; of equal ones the first, which stands nearest to the cause.
        first_disagreement=min((d for d in found if d is not None), key=lambda d: d.step, default=None),
        first_bit_difference=bits.first,
        not_compared=differences["lockstep"].not_compared,
        unseen=frozenset(differences["lockstep"].unseen),
        power=MappingProxyType(power),
        forks=evaluation.forks,
        vacuous_from=run.vacuous_from,
        reference=ours,
        observed=observed,
    )


def count_compared(examinations: Iterable[Examination]) -> dict[str, int]:
    """By quantity, how many numbers several examinations compared."""
    total: Counter[str] = Counter()
    for examination in examinations:
        total.update(examination.compared)
    return dict(total)


class _BothRuns(NamedTuple):
    """What is kept once both sides have run, without the samples but for those of the first block."""

    reference: Trajectory
    record_comparisons: list[Comparison]
    records: list[Record]
    evaluations: list[Evaluation]
    powers: list[dict[str, float]]
    beginning: tuple[Completed, Examined]
    drawing: Drawing | None


def _run_both(
    experiment: Experiment,
    subject: Subject,
    batches: Batches | None,
    drawn: bool,
    single: frozenset[str],
    differences: dict[str, Differences],
) -> _BothRuns:
    """Run the subject and compare it block by block, while the reference runs in another thread."""
    redrawing = Redrawing(experiment) if drawn else None
    records: list[Record] = []
    evaluations: list[Evaluation] = []
    powers: list[dict[str, float]] = []
    completed: Completed | None = None
    bits, fused = BITS[subject.operations], subject.operations == "fused"
    short = experiment.steps * experiment.batch_size <= INLINE or _cores() == 1
    # Each in its own thread, lest blocks wait for the reference and fill the memory.
    with _executor(short) as of_reference, _executor(short) as of_drawing:
        training = of_reference.submit(_train, experiment, batches)
        drawings: list[Future[Any]] = []
        if redrawing is not None and batches is not None:  # drawn from the generator itself
            drawings.append(of_drawing.submit(_check_drawing, redrawing))
        for block in subject.record(experiment, batches):
            if redrawing is not None and batches is None:
                drawings.append(of_drawing.submit(redrawing.check, block.x, block.y))
            previous = records[-1] if records else None
            differences["start"].add(*compare_start(experiment, block, previous, batches))
            completed = complete(experiment, block, completed)
            examined = examine_block(experiment, completed, bits, fused=fused, unseen=single)
            for lane in ("lockstep", "bit"):
                differences[lane].add(*examined.comparisons)
            if not records:
                beginning = completed, examined
            else:
                powers.append(power_of_block(experiment, completed.record, examined))
            evaluations.append(examined.evaluation)
            records.append(without_samples(completed.record))
        ours, record_comparisons = training.result()
        for drawing in drawings:
            drawing.result()
    drawing_so_far = None if redrawing is None else redrawing.drawing
    return _BothRuns(ours, record_comparisons, records, evaluations, powers, beginning, drawing_so_far)


class _Inline(Executor):
    """Runs what it is given at once, in this thread: for one core, and runs shorter than the start of a thread."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **options))
        return done


def _cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _executor(short: bool) -> Executor:
    return _Inline() if short else ThreadPoolExecutor(1)


def _check_drawing(redrawing: Redrawing) -> None:
    """Hold the beginning of the reference's own drawing against the generator."""
    experiment = redrawing.experiment
    steps = min(experiment.steps, max(1, REDRAWN // experiment.batch_size))
    redrawing.check(*reference.draw_batches(replace(experiment, steps=steps)))


def _train(experiment: Experiment, batches: Batches | None) -> tuple[Trajectory, list[Comparison]]:
    ours = reference.train(experiment, batches=batches)
    return ours, list(compare_record(experiment, ours, batches))
