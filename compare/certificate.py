"""Certify an experiment: Keras against the reference, in lockstep and as a free run."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import reference
from compare.free_run import free_run
from compare.evaluation import Evaluation
from compare.lockstep import Comparison, examine_block
from reference import Experiment, Trajectory, draw_batches
from reference.experiment import SAMPLES_PER_BLOCK

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["Certificate", "Disagreement", "Worst", "certify"]


class Disagreement(NamedTuple):
    """The first difference that rounding does not explain.

    Parameters
    ----------
    lane : {"lockstep", "free run"}
    step : int
        Step, counted from 0, that produced the value.
    quantity : str
        "y_pred", "loss", "gradient.w", a slot such as "momentum.w", or a parameter.
    keras, reference : float
    bound : float
        Largest admissible difference.
    sample : int or None
        Index in the batch, for "y_pred".
    """

    lane: str
    step: int
    quantity: str
    keras: float
    reference: float
    bound: float
    sample: int | None = None

    def __str__(self) -> str:
        sample = "" if self.sample is None else f", sample {self.sample}"
        times = abs(self.keras - self.reference) / self.bound if self.bound else float("inf")
        return (
            f"{self.lane}, step {self.step}{sample}: {self.quantity} is {self.keras!r} in Keras and "
            f"{self.reference!r} in the reference, {times:.3g} times the bound {self.bound:.3g}"
        )


class Worst(NamedTuple):
    """Largest observed difference / bound of one quantity.

    Parameters
    ----------
    ratio : float
    step : int
        The step that produced it.
    unbounded : int
        Values that had no finite bound, and were not compared: after divergence, or where
        a square root or quotient of what may be zero enters.
    """

    ratio: float
    step: int
    unbounded: int


@dataclass(frozen=True, eq=False)
class Certificate:
    """Outcome of a comparison.

    Parameters
    ----------
    experiment : Experiment
    agrees : bool
        Whether rounding explains every difference, in lockstep and free run.
    worst : float
        Largest observed difference / bound over all steps and quantities; at most 1 when
        the two agree.
    first_disagreement : Disagreement or None
    lockstep, free_run : mapping of str to Worst
        By quantity.
    steps_compared : int
        Steps that started from a finite state in Keras.
    vacuous_from : int or None
        First step from which the bound of the free run says nothing; None if never.
    reference, keras : Trajectory
        The two runs.
    """

    experiment: Experiment
    agrees: bool
    worst: float
    first_disagreement: Disagreement | None
    lockstep: Mapping[str, Worst]
    free_run: Mapping[str, Worst]
    steps_compared: int
    vacuous_from: int | None
    reference: Trajectory
    keras: Trajectory


def certify(
    experiment: Experiment,
    *,
    batches: tuple[np.ndarray, np.ndarray] | None = None,
    recorder: "Recorder | None" = None,
) -> Certificate:
    """Run both sides on the same batches and compare them.

    In lockstep, one step of the reference is taken from each state that Keras recorded;
    y_pred, loss and gradient are compared, then slots and parameters given Keras'
    gradient. In the free run both go their own way and the whole paths are compared.
    `compare.rounding` and `compare.free_run` derive the bounds.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.
    batches : tuple of x and y, optional
        As for `reference.train`.
    recorder : keras_impl.Recorder, optional
        To share traced graphs between experiments; by default a new one, which sees
        Keras' classes as they are now.

    Returns
    -------
    Certificate

    Raises
    ------
    ImportError
        If Keras is missing or does not run on TensorFlow.
    ValueError
        If the experiment is an ensemble, or `batches` do not fit it.

    Examples
    --------
    >>> certificate = certify(Experiment(steps=100))
    >>> certificate.agrees, certificate.worst <= 1, certificate.first_disagreement
    (True, True, None)
    """
    import keras_impl
    from keras_impl.training import assemble, without_samples

    if batches is None and experiment.steps * experiment.batch_size <= SAMPLES_PER_BLOCK:
        batches = draw_batches(experiment)
    recorder = recorder or keras_impl.Recorder()
    lockstep = _Ledger("lockstep")
    records, evaluations = [], []
    with ThreadPoolExecutor(1) as beside:
        ours_later = beside.submit(reference.train, experiment, batches=batches)
        for block in recorder.record(experiment, batches):
            examined = examine_block(experiment, block)
            evaluations.append(examined.evaluation)
            for comparison in examined.comparisons:
                lockstep.enter(comparison)
            records.append(without_samples(block))
        ours = ours_later.result()
    keras = assemble(experiment, records)
    run = free_run(experiment, ours, keras, batches, Evaluation.join(evaluations))
    free = _Ledger("free run")
    for comparison in run.comparisons:
        free.enter(comparison)
    worst = max(entry.ratio for entry in (*lockstep.worst.values(), *free.worst.values()))
    return Certificate(
        experiment=experiment,
        agrees=worst <= 1,
        worst=worst,
        first_disagreement=lockstep.first or free.first,
        lockstep=MappingProxyType(lockstep.worst),
        free_run=MappingProxyType(free.worst),
        steps_compared=experiment.steps if keras.diverged_at is None else keras.diverged_at,
        vacuous_from=run.vacuous_from,
        reference=ours,
        keras=keras,
    )


class _Ledger:
    """Keeps the worst entry of each quantity, and the first that is beyond its bound."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.worst: dict[str, Worst] = {}
        self.first: Disagreement | None = None

    def enter(self, comparison: Comparison) -> None:
        flat = int(np.argmax(comparison.ratio))
        largest, step = float(comparison.ratio.flat[flat]), flat // (comparison.ratio.size // len(comparison.ratio))
        unbounded = int(np.count_nonzero(~np.isfinite(comparison.ball.bound)))
        entry = Worst(largest, comparison.first_step + step, unbounded)
        known = self.worst.get(comparison.quantity, entry._replace(unbounded=0))
        worst = max(known, entry, key=lambda w: w.ratio)
        self.worst[comparison.quantity] = worst._replace(unbounded=known.unbounded + unbounded)
        if largest > 1:
            self._note(comparison)

    def _note(self, comparison: Comparison) -> None:
        index = np.unravel_index(int(np.argmax(comparison.ratio > 1)), comparison.ratio.shape)
        step = comparison.first_step + int(index[0])
        if self.first is not None and self.first.step <= step:
            return
        self.first = Disagreement(
            lane=self.lane,
            step=step,
            quantity=comparison.quantity,
            keras=float(comparison.keras[index]),
            reference=float(comparison.ball.value[index]),
            bound=float(comparison.ball.bound[index]),
            sample=int(index[1]) if len(index) > 1 else None,
        )
