"""Certify an experiment: Keras against the reference, in every lane.

bound lane
    In lockstep, one step of the reference is taken from each state that Keras recorded;
    y_pred, loss and gradient are compared, then slots and parameters given Keras'
    gradient. In the free run both go their own way and the whole paths are compared.
    `compare.rounding` and `compare.free_run` derive the bounds.
bit lane
    The same lockstep where there is no reduction (y_pred, and the optimizer's step given
    the gradient), against what is left if each operation is rounded as written: mostly
    nothing. Not for XLA, which fuses operations.
exact lane
    As long as an experiment's own numbers are so short that nothing has to be rounded,
    both sides are compared with rational arithmetic. Most experiments are not like that:
    `compare.exact_lane` has some that are.

An experiment agrees if nothing is beyond its bound in the bound and the exact lane. The
bit lane has its own verdict: a processor or library that rounds otherwise than expected
is not a wrong one.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

import reference
from compare.evaluation import Evaluation, KinkFork
from compare.exact_lane import ExactLane, certify_exactly
from compare.free_run import free_run
from compare.ledger import Disagreement, Ledger, Worst
from compare.lockstep import examine_block
from compare.rounding import Arithmetic
from reference import Experiment, Trajectory, draw_batches
from reference.experiment import SAMPLES_PER_BLOCK

if TYPE_CHECKING:
    from keras_impl import Recorder
    from keras_impl.probe import Subnormals

__all__ = ["Certificate", "Disagreement", "Worst", "certify"]

FORKS_KEPT = 100

# What each mode of TensorFlow leaves of the operations as Keras wrote them.
BITS = {"eager": Arithmetic.WRITTEN, "graph": Arithmetic.REWRITTEN, "xla": None}


@dataclass(frozen=True, eq=False)
class Certificate:
    """Outcome of a comparison; printed, it is a table of the lanes.

    Parameters
    ----------
    experiment : Experiment
    mode : {"graph", "xla", "eager"}
        How TensorFlow ran Keras.
    own_data : bool
        Whether the batches were given, not drawn.
    agrees : bool
        Whether rounding explains every difference, in lockstep, free run and exact lane.
    worst : float
        Largest observed difference / bound over all steps and quantities; at most 1 when
        the two agree.
    first_disagreement : Disagreement or None
    not_compared : Disagreement or None
        A difference in a quantity that had no finite bound at any step in lockstep: rounding
        may explain it, or a defect; nothing here can tell.
    lockstep, free_run : mapping of str to Worst
        By quantity.
    bits : mapping of str to Worst
        The bit lane; empty in XLA.
    first_bit_difference : Disagreement or None
        The first difference that is too large for operations as they are written.
    exact : ExactLane
        What could be compared with rational arithmetic.
    forks : tuple of KinkFork
        The first samples that rounding may put on either side of the kink.
    fork_count : int
        How many there are in all.
    subnormals : Subnormals
        What TensorFlow was found to do with numbers below the smallest normal one. The
        bounds hold either way.
    steps_compared : int
        Steps that started from a finite state in Keras.
    vacuous_from : int or None
        First step from which the bound of the free run says nothing; None if never.
    reference, keras : Trajectory
        The two runs.
    """

    experiment: Experiment
    mode: str
    own_data: bool
    agrees: bool
    worst: float
    first_disagreement: Disagreement | None
    not_compared: Disagreement | None
    lockstep: Mapping[str, Worst]
    free_run: Mapping[str, Worst]
    bits: Mapping[str, Worst]
    first_bit_difference: Disagreement | None
    exact: ExactLane
    forks: tuple[KinkFork, ...]
    fork_count: int
    subnormals: "Subnormals"
    steps_compared: int
    vacuous_from: int | None
    reference: Trajectory
    keras: Trajectory

    @property
    def reproduce(self) -> str:
        """Command that makes this certificate again, given the batches if they were not drawn."""
        from compare.summary import command

        return command(self)

    def __str__(self) -> str:
        from compare.summary import summary

        return summary(self)


def certify(
    experiment: Experiment,
    *,
    batches: tuple[np.ndarray, np.ndarray] | None = None,
    recorder: "Recorder | None" = None,
    mode: str | None = None,
) -> Certificate:
    """Run both sides on the same batches and compare them.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.
    batches : tuple of x and y, each an ndarray of shape (steps, batch_size), optional
        Samples and labels of your own, in the experiment's dtype and finite. Labels may be
        any, they need not be a neuron's.
    recorder : keras_impl.Recorder, optional
        To share traced graphs between experiments; by default a new one, which sees
        Keras' classes as they are now.
    mode : {"graph", "xla", "eager"}, optional
        How TensorFlow is to run Keras; by default as the recorder does, or in a graph.

    Returns
    -------
    Certificate

    Raises
    ------
    ImportError
        If Keras is missing or does not run on TensorFlow.
    ValueError, TypeError
        If the experiment is an ensemble, `batches` do not fit it, or the recorder has
        another mode.

    Examples
    --------
    >>> certificate = certify(Experiment(steps=100))
    >>> certificate.agrees, certificate.worst <= 1, certificate.first_disagreement
    (True, True, None)

    Data of your own: here a line, 2 x + 1, seen with noise.

    >>> from reference import Parameters
    >>> rng = np.random.default_rng(1)
    >>> x = rng.uniform(-1, 1, (50, 32))
    >>> y = 2 * x + 1 + rng.normal(0, 0.1, x.shape)
    >>> line = dict(initial=Parameters(w=0.5, b=0.25), trainable=("w", "b"), negative_slope=1.0)
    >>> certify(Experiment(**line, batch_size=32, steps=50, dtype="float64"), batches=(x, y)).agrees
    True
    """
    import keras_impl
    from keras_impl.recorder import require_single
    from keras_impl.training import assemble, without_samples

    require_single(experiment)
    if recorder is None:
        recorder = keras_impl.Recorder(mode or "graph")
    elif mode not in (None, recorder.mode):
        raise ValueError(f"mode is {mode!r}, but the recorder's is {recorder.mode!r}")
    own_data = batches is not None
    if batches is None and experiment.steps * experiment.batch_size <= SAMPLES_PER_BLOCK:
        batches = draw_batches(experiment)
    lockstep, bits = Ledger("lockstep"), Ledger("bit", lambda comparison: comparison.bits)
    records, evaluations, beginning = [], [], None
    with ThreadPoolExecutor(1) as beside:  # the reference runs while TensorFlow does
        ours_later = beside.submit(reference.train, experiment, batches=batches)
        for block in recorder.record(experiment, batches):
            beginning = beginning or block
            examined = examine_block(experiment, block, BITS[recorder.mode])
            evaluations.append(examined.evaluation)
            for comparison in examined.comparisons:
                lockstep.enter(comparison)
                bits.enter(comparison)
            records.append(without_samples(block))
        ours = ours_later.result()
    keras, evaluation = assemble(experiment, records), Evaluation.join(evaluations)
    run = free_run(experiment, ours, keras, batches, evaluation)
    free = Ledger("free run")
    for comparison in run.comparisons:
        free.enter(comparison)
    exact = certify_exactly(experiment, beginning, ours)
    worst = max(entry.ratio for entry in (*lockstep.worst.values(), *free.worst.values()))
    return Certificate(
        experiment=experiment,
        mode=recorder.mode,
        own_data=own_data,
        agrees=worst <= 1 and exact.first_disagreement is None,
        worst=worst,
        first_disagreement=_first(exact.first_disagreement, lockstep.first, free.first),
        not_compared=lockstep.blind,
        lockstep=MappingProxyType(lockstep.worst),
        free_run=MappingProxyType(free.worst),
        bits=MappingProxyType(bits.worst),
        first_bit_difference=bits.first,
        exact=exact,
        forks=evaluation.forks[:FORKS_KEPT],
        fork_count=len(evaluation.forks),
        subnormals=recorder.subnormals(experiment.dtype),
        steps_compared=experiment.steps if keras.diverged_at is None else keras.diverged_at,
        vacuous_from=run.vacuous_from,
        reference=ours,
        keras=keras,
    )


def _first(*found: Disagreement | None) -> Disagreement | None:
    """The earliest, of equal ones the first."""
    return min((d for d in found if d is not None), key=lambda d: d.step, default=None)
