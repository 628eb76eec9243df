"""Exact lane: on dyadic experiments every implementation must give the exact rational.

`compare.certificates.exact.rational` says what that rational is and proves that no order of operations has to
round on the way; here both sides are compared with it by ``==``, and zeros by their sign
too where the formula defines it. There is no tolerance.

    check_reference("float64")             the reference: its functions, then whole runs
    check_keras(recorder, "float64")       Keras, as `recorder` runs it
    compare_exactly(case, observed)        any other implementation

Functions of the reference are looked up when they are called, as attributes of
`reference.neuron` and `reference.training`, and methods on the class of the optimizer,
so one that is replaced there is the one that is checked::

    with unittest.mock.patch.object(reference.neuron, "backward", wrong):
        check_reference("float64").agrees        # False

The functions are called on the oracle's own states, hence a replaced function of
`reference.neuron` is seen even though `reference.training` has bound the original. On
Keras' side a graph holds the classes that it was traced with: patch, make a new
`keras_impl.Recorder`, call `check_keras`. To save tracing, give only the cases that
matter: each `network` is one graph (see `exact_cases`).
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.certificates.exact.cases import ExactCase, exact_cases
from compare.certificates.exact.rational import Dyadic, ExactRun, Rounded, exact_run
from compare.certificates.quantities import by_quantity, recorded
from compare.certificates.specification import short_name
from reference import Experiment, OptimizerState, Parameters, neuron, training
from reference.subject import Subject

__all__ = [
    "SAMPLEWISE",
    "ExactDisagreement",
    "ExactResult",
    "check_keras",
    "check_reference",
    "compare_exactly",
]

SAMPLEWISE = ("y", "y_pred")

Observed = Mapping[str, Any]


class ExactDisagreement(NamedTuple):
    """A value that is not the exact rational."""

    side: str  # whose value it is
    case: str  # name of the `ExactCase`
    step: int
    quantity: str  # "y", "y_pred", "loss", "gradient.w", "momentum.w", "w", …
    observed: float
    exact: Fraction
    zero: int  # if `exact` is 0, the sign it must have; 0 if either will do
    sample: int | None = None  # index in the batch, for "y" and "y_pred"

    def __str__(self) -> str:
        sample = "" if self.sample is None else f", sample {self.sample}"
        exact = f"{'-' if self.zero < 0 else '+'}0" if self.exact == 0 and self.zero else str(self.exact)
        return (
            f"exact, {self.case}, step {self.step}{sample}: {self.quantity} is {self.observed!r} in {self.side}, "
            f"must be {exact}"
        )


class ExactResult(NamedTuple):
    """Outcome of the exact lane.

    Parameters
    ----------
    agrees : bool
    first_disagreement : ExactDisagreement or None
    cases : int
        Dyadic experiments run.
    compared, skipped : int
        Values compared with ``==``, and values left out because some order of operations
        would have to round.
    disagreements : mapping of str to ExactDisagreement
        The first of each quantity.
    """

    agrees: bool
    first_disagreement: ExactDisagreement | None
    cases: int
    compared: int
    skipped: int
    disagreements: Mapping[str, ExactDisagreement]


def check_reference(dtype: str = "float64", *, cases: Iterable[ExactCase] | None = None) -> ExactResult:
    """Compare the reference with the oracle: function by function, then as whole runs.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    cases : iterable of ExactCase, optional
        By default all `exact_cases` of that dtype.

    Returns
    -------
    ExactResult

    Examples
    --------
    >>> result = check_reference("float32")
    >>> result.agrees, result.first_disagreement
    (True, None)
    """
    results = []
    for case in exact_cases(dtype) if cases is None else cases:
        run = _oracle(case)
        path = training.train(case.experiment, batches=(case.x, case.y))
        results.append(compare_exactly(case, _functions(case, run), "the reference", run))
        results.append(compare_exactly(case, recorded(path), "the reference's run", run))
    return _together(results, cases=len(results) // 2)


def check_keras(recorder: Subject, dtype: str = "float64", *, cases: Iterable[ExactCase] | None = None) -> ExactResult:
    """Compare Keras, as `recorder` runs it, or another subject with the oracle.

    Parameters
    ----------
    recorder : keras_impl.Recorder or Subject
        Its mode says how Keras is run. A new one sees Keras' classes as they are now. Another subject
        has to have the formulas and the values at the kink that the cases have.
    dtype : {"float32", "float64"}
    cases : iterable of ExactCase, optional
        By default all `exact_cases` of that dtype.

    Returns
    -------
    ExactResult
    """
    results = []
    for case in exact_cases(dtype) if cases is None else cases:
        (block,) = recorder.record(case.experiment, (case.x, case.y))
        results.append(compare_exactly(case, {"y_pred": block.y_pred, **recorded(block)}, short_name(recorder)))
    return _together(results, cases=len(results))


def compare_exactly(
    case: ExactCase, observed: Observed, side: str, run: ExactRun | None = None, *, signs: bool = True
) -> ExactResult:
    """Compare any implementation's results on a case with the oracle.

    Parameters
    ----------
    case : ExactCase
    observed : mapping of str to ndarray
        By quantity, the steps along the first axis: at least those that the oracle has of
        this quantity. What is missing is not compared.
    side : str
        Whose results they are.
    run : ExactRun, optional
        The oracle's, if it is at hand.
    signs : bool
        Whether a zero has to have its sign, where the formula defines it.

    Returns
    -------
    ExactResult

    Raises
    ------
    ValueError
        If an array differs in dtype or shape from the case.
    """
    run = _oracle(case) if run is None else run
    found: dict[str, ExactDisagreement] = {}
    compared = 0
    for step, expected in enumerate(run.steps):
        for quantity in (q for q in expected if q in observed):
            values, row = expected[quantity], np.atleast_1d(observed[quantity][step])
            if row.shape != (len(values),) or row.dtype != case.experiment.dtype:
                raise ValueError(
                    f"{quantity} of step {step} must be {case.experiment.dtype} of shape ({len(values)},), "
                    f"got {row.dtype} of shape {row.shape}"
                )
            compared += len(values)
            wrong = _first_wrong(row, values, signs)
            if wrong is not None and quantity not in found:
                exact, sample = values[wrong], wrong if quantity in SAMPLEWISE else None
                zero = 0 if isinstance(exact, Rounded) else exact.zero
                found[quantity] = ExactDisagreement(
                    side, case.name, step, quantity, float(row[wrong]), exact.value, zero, sample
                )
    first = min(found.values(), key=lambda d: d.step, default=None)
    return ExactResult(not found, first, 1, compared, run.skipped, MappingProxyType(found))


def _oracle(case: ExactCase) -> ExactRun:
    """Train a case in rational arithmetic, once for all that it is compared with."""
    return _run_once(repr(case.experiment), case.experiment, case.x.tobytes(), case.y.tobytes())


@lru_cache(maxsize=256)
def _run_once(text: str, experiment: Experiment, x: bytes, y: bytes) -> ExactRun:
    """Train on batches given by their bits; the text tells a start at -0.0 from one at 0.0, which are equal."""
    samples, labels = (np.frombuffer(bits, experiment.dtype).reshape(-1, experiment.batch_size) for bits in (x, y))
    return exact_run(experiment, samples, labels)


def _first_wrong(row: np.ndarray, values: Sequence[Dyadic | Rounded], with_signs: bool) -> int | None:
    """Index of the first value that is not the rational one, or as a zero has not its sign.

    A mean, which is one number, may be off by its roundings instead. Equal samples share one rational.
    """
    mean = values[0]
    if isinstance(mean, Rounded):
        close = np.isfinite(row[0]) and abs(Fraction(float(row[0])) - mean.value) <= Fraction(mean.radius)
        return None if close else 0
    distinct = {id(exact): exact for exact in values if isinstance(exact, Dyadic)}
    index = {key: i for i, key in enumerate(distinct)}
    of_each = np.array([index[id(exact)] for exact in values])
    # Each is a number of the row's dtype, so that its float is exact.
    floats = np.array([float(exact) for exact in distinct.values()])[of_each]
    signs = np.array([0 if exact.value or not with_signs else exact.zero for exact in distinct.values()])[of_each]
    equal = (row == floats) & ((signs == 0) | (np.signbit(row) == (signs < 0)))
    return None if equal.all() else int(np.argmin(equal))


def _together(results: list[ExactResult], cases: int) -> ExactResult:
    found: dict[str, ExactDisagreement] = {}
    for result in results:
        found = {**result.disagreements, **found}
    return ExactResult(
        agrees=not found,
        first_disagreement=next((r.first_disagreement for r in results if not r.agrees), None),
        cases=cases,
        compared=sum(r.compared for r in results),
        skipped=sum(r.skipped for r in results),
        disagreements=MappingProxyType(found),
    )


def _functions(case: ExactCase, run: ExactRun) -> dict[str, list[np.ndarray]]:
    """The reference's functions, called on the oracle's own states and gradients."""
    experiment = case.experiment
    trainable, step = experiment.trainable, experiment.optimizer.step
    slope, grad_at_zero = training.constants(experiment)
    parameters, state = training.start(experiment)
    observed: dict[str, list[np.ndarray]] = {}
    for x, y, exact in zip(case.x, case.y, run.steps, strict=False):
        at = neuron.forward(parameters, x, slope)
        gradient = neuron.backward(parameters, x, y, at, slope, trainable, grad_at_zero)
        found = {"y": experiment.target.labels(x), "y_pred": at.y_pred, "loss": neuron.mean_squared_error(at.y_pred, y)}
        found |= by_quantity({"gradient": gradient})
        if trainable[-1] in exact:
            stepped, after = step(parameters, _group(exact, "gradient.", gradient), state)
            found |= by_quantity({"": stepped}, trainable) | by_quantity(after.slots)
            slots = {slot: _group(exact, f"{slot}.", group) for slot, group in after.slots.items()}
            parameters, state = _group(exact, "", stepped), OptimizerState(after.iterations, slots)
        for quantity, value in found.items():
            observed.setdefault(quantity, []).append(value)
    return observed


def _group(exact: Mapping[str, tuple[Dyadic | Rounded, ...]], prefix: str, ours: Parameters) -> Parameters:
    """The oracle's values where it has any, in the dtype of ours; ours elsewhere."""
    return Parameters(
        *(
            value.dtype.type(float(exact[f"{prefix}{name}"][0])) if f"{prefix}{name}" in exact else value
            for name, value in zip(Parameters._fields, ours, strict=True)
        )
    )
