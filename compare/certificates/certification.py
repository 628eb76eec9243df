"""Certify an experiment: a subject, by default Keras, against the reference, in every lane.

drawing
    If the batches were not given, they are drawn from the documented generator, and the
    reference's own drawing is held against it (`compare.certificates.redrawn_batches`).
start, record
    Both sides begin with the experiment's numbers, and what is not trained stays as it is;
    what the reference recorded is what its functions give (`compare.certificates.records`).
bound lane
    In lockstep, one step of the reference is taken from each state that the subject recorded;
    y_pred, loss and gradient are compared, then slots and parameters given the subject's
    gradient. In the free run both go their own way and the whole paths are compared.
    `compare.rounding` and `compare.certificates.free_run` derive the bounds.
bit lane
    The same lockstep where there is no reduction (y_pred, and the optimizer's step given
    the gradient), against what is left if each operation is rounded as written: mostly
    nothing. Not for XLA and PyTorch, which fuse operations.
exact lane
    As long as an experiment's own numbers are so short that nothing has to be rounded,
    both sides are compared with rational arithmetic. Most experiments are not like that:
    `compare.certificates.exact.comparison` has some that are.
twins
    All of that once more, for a few steps, in float64 and on samples of few bits, where
    bounds are so narrow that they see what the run itself hides (`compare.certificates.sensitivity.twins`).

What a subject's system does by nature, its constants and its value at the kink, is part of what
the reference runs (`compare.certificates.specification`). What a subject does not show is
supplied and not compared (`compare.certificates.completion`); nor is what it computes in float32
although float64 was asked for.

An experiment agrees if nothing is beyond its bound in any lane but the bit lane, which has
its own verdict: a processor or library that rounds otherwise than expected is not a wrong
one. And only if each trained parameter was compared: a comparison without a bound is none.

A run that is finite on one side only agrees where rounding explains that, step by step:
the exact result is within rounding of the largest number, or an intermediate result may
overflow in one order of operations and not in the other (`compare.rounding.overflow`); or
the runs are so far apart by rounding already that the free run's bound says nothing.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.certificates.certificate import Certificate
from compare.certificates.differences import Disagreement
from compare.certificates.examination import Examination, count_compared, examine
from compare.certificates.readings import fitting_readings
from compare.certificates.redrawn_batches import draw_independently
from compare.certificates.sensitivity.power import combine
from compare.certificates.sensitivity.twins import twins_of
from compare.certificates.specification import short_name, specify
from compare.subjects import open_subject
from reference import Experiment
from reference.experiment import SAMPLES_PER_BLOCK
from reference.subject import Subject, require_single

__all__ = ["certify"]

FORKS_KEPT = 100


def certify(
    experiment: Experiment,
    *,
    subject: "str | Subject | Callable[..., Any] | Any" = "keras",
    batches: tuple[np.ndarray, np.ndarray] | None = None,
    recorder: Subject | None = None,
    mode: str | None = None,
    twins: bool = True,
) -> Certificate:
    """Run both sides on the same batches and compare them.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.
    subject : {"keras", "torch", "jax"}, Subject, optimizer of Keras, or function, default "keras"
        What is under test: Keras on the backend that KERAS_BACKEND names; PyTorch without Keras;
        JAX with optax; one of these from `compare.subjects.open_subject`, to be used again; an
        instance or a class of `keras.optimizers.Optimizer`, which takes the place of Keras' own; or
        a function that takes a step, see `compare.subjects.function`.
    batches : tuple of x and y, each an ndarray of shape (steps, batch_size), optional
        Samples and labels of your own, in the experiment's dtype and finite. Labels may be
        any, they need not be a neuron's.
    recorder : keras_impl.Recorder, optional
        To share traced graphs between experiments; by default a new one, which sees
        Keras' classes as they are now. In place of `subject`.
    mode : {"graph", "xla", "eager"}, optional
        How TensorFlow is to run Keras; by default as the recorder does, or in a graph.
    twins : bool
        Whether to run the sharp twins too.

    Returns
    -------
    Certificate

    Raises
    ------
    ImportError
        If what the subject needs cannot be imported.
    ValueError, TypeError
        If the experiment is an ensemble, `batches` do not fit it, there is no such subject or
        mode, it has no such optimizer, or cannot compute in the experiment's dtype.

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
    require_single(experiment)
    if recorder is not None and subject != "keras":
        raise ValueError("subject and recorder are two names for who is under test: leave one of them away")
    under_test = open_subject(subject, mode, experiment) if recorder is None else recorder
    if mode not in (None, under_test.mode):
        raise ValueError(f"mode is {mode!r}, but the recorder's is {under_test.mode!r}")
    refused = under_test.refuses(experiment.dtype)
    if refused is not None:
        raise ValueError(refused)
    drawn = batches is None
    given = batches
    if drawn and experiment.steps * experiment.batch_size <= SAMPLES_PER_BLOCK:
        batches = draw_independently(experiment)
    run = examine(specify(experiment, under_test), under_test, batches, drawn=drawn)
    sharp = twins_of(experiment, under_test, given) if twins else ()
    examinations = [run, *(examination for twin in sharp for examination in twin.examinations)]
    compared = count_compared(examinations)
    first = next(filter(None, (examination.first_disagreement for examination in examinations)), None)
    readings = (
        () if first is None or not under_test.argument else fitting_readings(experiment, under_test, first, given)
    )
    return Certificate(
        experiment=experiment,
        subject=under_test.name,
        argument=under_test.argument,
        mode=under_test.mode,
        own_data=not drawn,
        agrees=first is None and all(compared[name] for name in experiment.trainable),
        worst=max(examination.worst for examination in examinations),
        first_disagreement=first,
        not_compared=_not_compared(run, experiment, under_test),
        unseen=tuple(sorted(run.unseen)),
        readings=readings,
        compared=MappingProxyType(compared),
        power=MappingProxyType(combine(examination.power for examination in examinations)),
        lockstep=run.lanes["lockstep"],
        free_run=run.lanes["free run"],
        start=run.lanes["start"],
        record=run.lanes["record"],
        drawing=run.drawing,
        twins=sharp,
        bits=run.lanes["bit"],
        first_bit_difference=run.first_bit_difference,
        exact=run.exact,
        forks=run.forks[:FORKS_KEPT],
        fork_count=len(run.forks),
        subnormals=under_test.subnormals(experiment.dtype),
        steps_compared=experiment.steps if run.observed.diverged_at is None else run.observed.diverged_at,
        vacuous_from=run.vacuous_from,
        reference=run.reference,
        observed=run.observed,
    )


def _not_compared(run: Examination, experiment: Experiment, subject: Subject) -> Disagreement | None:
    """A quantity that was never compared, None if there is none; trained parameters first, and unequal values."""
    found, who = list(run.not_compared), short_name(subject)
    for name in experiment.trainable:  # not finite on either side
        if not run.compared[name] and all(entry.quantity != name for entry in found):
            theirs, ours = (float(getattr(path.parameters, name)[1]) for path in (run.observed, run.reference))
            found.append(Disagreement("lockstep", 0, name, theirs, ours, np.inf, compared=False, subject=who))
    return min(found, key=lambda d: (d.quantity not in experiment.trainable, d.observed == d.reference), default=None)
