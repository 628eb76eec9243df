"""Both sides on the same batches, lane by lane: what a certificate says of one run."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

import reference
from compare.drawing import Drawing, Redrawing
from compare.evaluation import Evaluation, KinkFork
from compare.exactly import ExactLane, certify_exactly
from compare.free_run import free_run
from compare.ledger import Disagreement, Ledger, Worst
from compare.lockstep import Comparison, Examined, examine_block
from compare.power import combine, power_of_block
from compare.records import compare_account, compare_marks, compare_record, compare_start
from compare.rounding import Arithmetic
from reference import Experiment, Trajectory

if TYPE_CHECKING:
    from keras_impl import Record, Recorder

__all__ = ["Examination", "examine"]

Batches = tuple[np.ndarray, np.ndarray]

REDRAWN = 2**18  # samples of a single block that are drawn once more; of several blocks all are
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
        See `compare.power`.
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
        Whether they are the experiment's own, and to be held against a drawing.
    prefix : str
        Of the names of lanes.

    Returns
    -------
    Examination
    """
    from keras_impl.training import assemble, without_samples

    ledgers = {name: Ledger(prefix + name) for name in DECIDING}
    bits = ledgers["bit"] = Ledger(f"{prefix}bit", lambda comparison: comparison.bits)
    redrawing = Redrawing(experiment) if drawn else None
    records: list[Record] = []
    evaluations: list[Evaluation] = []
    powers: list[dict[str, float]] = []
    beginning: tuple[Record, Examined] | None = None
    short = experiment.steps * experiment.batch_size <= INLINE
    # The reference runs while TensorFlow does. Each in its own thread, lest blocks wait and fill the memory.
    with _beside(short) as ours_beside, _beside(short) as drawing_beside:
        ours_later = ours_beside.submit(_train, experiment, batches)
        drawings: list[Future[Any]] = []
        for block in recorder.record(experiment, batches):
            if redrawing is not None:
                looked_at = len(block.x) if batches is None else max(1, REDRAWN // experiment.batch_size)
                drawings.append(drawing_beside.submit(redrawing.check, block.x[:looked_at], block.y[:looked_at]))
            for comparison in compare_start(experiment, block, records[-1] if records else None):
                ledgers["start"].enter(comparison)
            examined = examine_block(experiment, block, BITS[recorder.mode])
            for comparison in examined.comparisons:
                ledgers["lockstep"].enter(comparison)
                bits.enter(comparison)
            evaluations.append(examined.evaluation)
            if beginning is None:
                beginning = block, examined
            else:
                powers.append(power_of_block(experiment, block, examined))
            records.append(without_samples(block))
        ours, of_record = ours_later.result()
        for drawing in drawings:
            drawing.result()
    assert beginning is not None  # an experiment has steps
    keras, evaluation = assemble(experiment, records), Evaluation.join(evaluations)
    for comparison in (*of_record, *compare_account(keras, records), *compare_marks(ours), *compare_marks(keras)):
        ledgers["record"].enter(comparison)
    run = free_run(experiment, ours, keras, batches, evaluation)
    for comparison in run.comparisons:
        ledgers["free run"].enter(comparison)
    exact = certify_exactly(experiment, beginning[0], ours, prefix)
    powers.append(power_of_block(experiment, *beginning, exact.bounds))
    drawing_so_far = None if redrawing is None else redrawing.drawing
    found = [
        _of_drawing(drawing_so_far, prefix),
        *(ledgers[lane].first for lane in ("start", "record")),
        exact.first_disagreement,
        *(ledgers[lane].first for lane in ("lockstep", "free run")),
    ]
    return Examination(
        experiment=experiment,
        lanes=MappingProxyType({name: MappingProxyType(ledger.worst) for name, ledger in ledgers.items()}),
        exact=exact,
        drawing=drawing_so_far,
        # The earliest; of equal ones the first, which stands nearest to the cause.
        first_disagreement=min((d for d in found if d is not None), key=lambda d: d.step, default=None),
        first_bit_difference=bits.first,
        not_compared=ledgers["lockstep"].blind,
        power=MappingProxyType(combine(powers)),
        forks=evaluation.forks,
        vacuous_from=run.vacuous_from,
        reference=ours,
        keras=keras,
    )


class _Inline(Executor):
    """Does at once what it is given: for runs that are over before a thread has started."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **options))
        return done


def _beside(short: bool) -> Executor:
    return _Inline() if short else ThreadPoolExecutor(1)


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
