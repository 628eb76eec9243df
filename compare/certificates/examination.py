"""Both sides on the same batches, lane by lane: what a certificate says of one run."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import reference
from compare.certificates.differences import Disagreement, Ledger, Worst
from compare.certificates.drawing import Drawing, Redrawing
from compare.certificates.evaluation import Evaluation, KinkFork
from compare.certificates.exact.any_experiment import ExactLane, certify_exactly
from compare.certificates.free_run import free_run
from compare.certificates.lockstep import Comparison, Examined, examine_block
from compare.certificates.records import compare_account, compare_marks, compare_record, compare_start
from compare.certificates.sensitivity.power import combine, power_of_block
from compare.rounding import Arithmetic
from reference import Experiment, Trajectory

if TYPE_CHECKING:
    from keras_impl import Record, Recorder

__all__ = ["Examination", "examine"]

Batches = tuple[np.ndarray, np.ndarray]

REDRAWN = 2**16  # samples of the reference's own drawing that are looked at; of several blocks all are
INLINE = 2**16  # samples of a run too short for threads

# What each mode of TensorFlow leaves of the operations as Keras wrote them.
BITS = {"eager": Arithmetic.WRITTEN, "graph": Arithmetic.REWRITTEN, "xla": None}

# Lanes in which a difference is a disagreement; the bit lane has its own verdict.
DECIDING = ("start", "record", "lockstep", "free run")


@dataclass(frozen=True, eq=False)
class Examination:
    """What came of comparing two runs of an experiment.

    Parameters
    ----------
    experiment : Experiment
    lanes : mapping of str to mapping of str to Worst
        Of "start", "record", "lockstep", "free run" and "bit", by quantity.
    exact : ExactLane
    drawing : Drawing or None
        Of the batches, if they were drawn.
    first_disagreement : Disagreement or None
        Of all lanes but the bit lane.
    first_bit_difference : Disagreement or None
    not_compared : tuple of Disagreement
        Of each quantity that had a finite bound at no step in lockstep, though it was
        finite, what the sides have.
    power : mapping of str to float
        See `compare.certificates.sensitivity.power`.
    forks : tuple of KinkFork
    vacuous_from : int or None
    reference, keras : Trajectory
    """

    experiment: Experiment
    lanes: Mapping[str, Mapping[str, Worst]]
    exact: ExactLane
    drawing: Drawing | None
    first_disagreement: Disagreement | None
    first_bit_difference: Disagreement | None
    not_compared: tuple[Disagreement, ...]
    power: Mapping[str, float]
    forks: tuple[KinkFork, ...]
    vacuous_from: int | None
    reference: Trajectory
    keras: Trajectory

    @property
    def worst(self) -> float:
        """Largest observed difference / bound of all lanes that have bounds."""
        return max(entry.ratio for lane in DECIDING for entry in self.lanes[lane].values())

    @property
    def compared(self) -> dict[str, int]:
        """By quantity, how many numbers had a finite bound in lockstep and were compared."""
        return {quantity: entry.compared for quantity, entry in self.lanes["lockstep"].items()}


def examine(
    experiment: Experiment, recorder: "Recorder", batches: Batches | None, *, drawn: bool, prefix: str = ""
) -> Examination:
    """Run both sides on the same batches and compare them in every lane.

    Parameters
    ----------
    experiment : Experiment
    recorder : keras_impl.Recorder
    batches : tuple of x and y, or None
        None if they are to be drawn block by block.
    drawn : bool
        Whether they are the experiment's own, so that the reference's drawing is under test.
    prefix : str
        Of the names of lanes.

    Returns
    -------
    Examination
    """
    from keras_impl.training import assemble

    ledgers = {name: Ledger(prefix + name) for name in DECIDING}
    bits = ledgers["bit"] = Ledger(f"{prefix}bit", lambda comparison: comparison.bits)
    seen = _run_both(experiment, recorder, batches, drawn, ledgers)
    ours, keras, evaluation = seen.reference, assemble(experiment, seen.records), Evaluation.join(seen.evaluations)
    for comparison in (
        *seen.of_record,
        *compare_account(keras, seen.records),
        *compare_marks(ours),
        *compare_marks(keras),
    ):
        ledgers["record"].enter(comparison)
    run = free_run(experiment, ours, keras, batches, evaluation)
    for comparison in run.comparisons:
        ledgers["free run"].enter(comparison)
    exact = certify_exactly(experiment, seen.beginning[0], ours, prefix)
    power = combine([*seen.powers, power_of_block(experiment, *seen.beginning, exact.bounds)])
    found = [
        _of_drawing(seen.drawing, prefix),
        *(ledgers[lane].first for lane in ("start", "record")),
        exact.first_disagreement,
        *(ledgers[lane].first for lane in ("lockstep", "free run")),
    ]
    return Examination(
        experiment=experiment,
        lanes=MappingProxyType({name: MappingProxyType(ledger.worst) for name, ledger in ledgers.items()}),
        exact=exact,
        drawing=seen.drawing,
        # The earliest; of equal ones the first, which stands nearest to the cause.
        first_disagreement=min((d for d in found if d is not None), key=lambda d: d.step, default=None),
        first_bit_difference=bits.first,
        not_compared=ledgers["lockstep"].blind,
        power=MappingProxyType(power),
        forks=evaluation.forks,
        vacuous_from=run.vacuous_from,
        reference=ours,
        keras=keras,
    )


class _Seen(NamedTuple):
    """What is left when both sides have run: all but the samples."""

    reference: Trajectory
    of_record: list[Comparison]
    records: "list[Record]"
    evaluations: list[Evaluation]
    powers: list[dict[str, float]]
    beginning: "tuple[Record, Examined]"
    drawing: Drawing | None


def _run_both(
    experiment: Experiment, recorder: "Recorder", batches: Batches | None, drawn: bool, ledgers: dict[str, Ledger]
) -> _Seen:
    """Run Keras and compare it block by block, while the reference runs beside it."""
    from keras_impl.training import without_samples

    redrawing = Redrawing(experiment) if drawn else None
    records: list[Record] = []
    evaluations: list[Evaluation] = []
    powers: list[dict[str, float]] = []
    short = experiment.steps * experiment.batch_size <= INLINE or _cores() == 1
    # Each in its own thread, lest blocks wait for the reference and fill the memory.
    with _beside(short) as ours_beside, _beside(short) as drawing_beside:
        ours_later = ours_beside.submit(_train, experiment, batches)
        drawings: list[Future[Any]] = []
        if redrawing is not None and batches is not None:  # drawn from the generator itself
            drawings.append(drawing_beside.submit(_check_drawing, redrawing))
        for block in recorder.record(experiment, batches):
            if redrawing is not None and batches is None:
                drawings.append(drawing_beside.submit(redrawing.check, block.x, block.y))
            for comparison in compare_start(experiment, block, records[-1] if records else None, batches):
                ledgers["start"].enter(comparison)
            examined = examine_block(experiment, block, BITS[recorder.mode], fused=recorder.mode == "xla")
            for comparison in examined.comparisons:
                ledgers["lockstep"].enter(comparison)
                ledgers["bit"].enter(comparison)
            if not records:
                beginning = block, examined
            else:
                powers.append(power_of_block(experiment, block, examined))
            evaluations.append(examined.evaluation)
            records.append(without_samples(block))
        ours, of_record = ours_later.result()
        for drawing in drawings:
            drawing.result()
    drawing_so_far = None if redrawing is None else redrawing.drawing
    return _Seen(ours, of_record, records, evaluations, powers, beginning, drawing_so_far)


class _Inline(Executor):
    """Does at once what it is given: for runs that are over before a thread has started, and on one core."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **options))
        return done


def _cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _beside(short: bool) -> Executor:
    return _Inline() if short else ThreadPoolExecutor(1)


def _check_drawing(redrawing: Redrawing) -> None:
    """Hold the beginning of the reference's own drawing against the generator."""
    experiment = redrawing.experiment
    steps = min(experiment.steps, max(1, REDRAWN // experiment.batch_size))
    redrawing.check(*reference.draw_batches(replace(experiment, steps=steps)))


def _train(experiment: Experiment, batches: Batches | None) -> tuple[Trajectory, list[Comparison]]:
    ours = reference.train(experiment, batches=batches)
    return ours, list(compare_record(experiment, ours, batches))


def _of_drawing(drawing: Drawing | None, prefix: str) -> Disagreement | None:
    if drawing is None or drawing.first_disagreement is None:
        return None
    wrong = drawing.first_disagreement
    return Disagreement(
        f"{prefix}drawing", wrong.step, wrong.quantity, wrong.observed, wrong.expected, wrong.bound, wrong.sample
    )
