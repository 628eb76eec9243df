"""Lockstep: from each state that Keras recorded, one step of the reference, compared.

All steps of a block are evaluated together, the reference's functions being given the
whole block of states as one ensemble. Forward, loss and gradient start from Keras'
parameters, the optimizer from Keras' parameters, slots and gradient, so that an error
shows up where it is made and nowhere else. The samples are read once: what the free run
needs of them, the derivatives of the gradient, is taken on the way.

Where one side is finite and the other is not, `compare.rounding.overflow` says whether
rounding can do that; where it cannot, the ratio is infinite.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.certificates.evaluation import Evaluation, Predictions, chunks, evaluate, evaluate_batches
from compare.rounding import Arithmetic, Ball, ratio, ulps
from compare.rounding.overflow import neuron_unexplained, step_unexplained
from reference import Experiment, OptimizerState, Parameters, forward
from reference.training import constants

__all__ = ["Comparison", "Examined", "compare_block", "evaluate_batches", "examine_block", "take_step"]


class Comparison(NamedTuple):
    """One quantity at consecutive steps: what Keras has, the reference's ball, their ratio.

    Arrays have the shape (k,); of `y_pred`, the sample of each step with the largest ratio.

    Parameters
    ----------
    quantity : str
    first_step : int
    keras : ndarray
    ball : Ball
    ratio : ndarray
        Observed difference / bound, see `compare.rounding.ratio`.
    ulps : ndarray
        Distance in units in the last place, for `y_pred` the largest of all samples.
    bits : ndarray or None
        Observed difference / bound where operations are done as they are written; None for
        what is a reduction, and where nothing of the kind is expected.
    sample : ndarray of int or None
        For `y_pred`, the sample's index.
    numbers : int
        How many numbers each entry stands for: of `y_pred` all samples of a batch.
    """

    quantity: str
    first_step: int
    keras: np.ndarray
    ball: Ball
    ratio: np.ndarray
    ulps: np.ndarray
    bits: np.ndarray | None = None
    sample: np.ndarray | None = None
    numbers: int = 1

    @classmethod
    def of(
        cls, quantity: str, first_step: int, keras: np.ndarray, ball: Ball, written: Ball | None = None
    ) -> "Comparison":
        """Compare with what rounding allows, and with what it does if all is done as `written`."""
        bits = None if written is None else ratio(keras, written)
        return cls(quantity, first_step, keras, ball, ratio(keras, ball), ulps(keras, ball.value), bits)


class Examined(NamedTuple):
    """What lockstep finds in a block, and what it knows of it afterwards.

    Parameters
    ----------
    comparisons : list of Comparison
    evaluation : Evaluation
        Of the block's batches at Keras' states.
    predictions : Predictions
        Of the first of these batches, as many as were evaluated at once.
    """

    comparisons: list[Comparison]
    evaluation: Evaluation
    predictions: Predictions


def compare_block(experiment: Experiment, record: Any, bits: Arithmetic | None = None) -> Iterator[Comparison]:
    """Compare a recorded block of steps with the reference, quantity by quantity.

    Parameters
    ----------
    experiment : Experiment
    record : keras_impl.Record
    bits : Arithmetic, optional
        What the bit lane is to expect of Keras; by default there is none.

    Yields
    ------
    Comparison
    """
    yield from examine_block(experiment, record, bits).comparisons


def examine_block(
    experiment: Experiment, record: Any, bits: Arithmetic | None = None, *, fused: bool = False
) -> Examined:
    """Compare a recorded block, and keep what the free run needs of it.

    Parameters
    ----------
    experiment, record, bits
        As for `compare_block`.
    fused : bool
        Whether a compiler may evaluate a gradient once more for each use of it, with other
        contractions, as XLA does. The optimizer is then held against the reference's
        gradient within its bound, and not against the one that was recorded.

    Returns
    -------
    Examined
    """
    before = Parameters(*(p[:-1] for p in record.parameters))
    evaluations: list[Evaluation] = []
    predictions: list[Comparison] = []
    beginning: Predictions | None = None
    with np.errstate(all="ignore"):
        for here in chunks(len(record.x), experiment.batch_size):
            parameters = Parameters(*(p[here] for p in before))
            first = record.first_step + here.start
            found, y_pred = evaluate(experiment, first, parameters, record.x[here], record.y[here])
            evaluations.append(found)
            beginning = beginning or y_pred
            predictions.append(_compare_predictions(experiment, parameters, record, here, y_pred, bits))
        whole = Evaluation.join(evaluations)
        comparisons = [_join(predictions)]
        first = record.first_step
        comparisons.append(Comparison.of("loss", first, record.loss, whole.loss))
        for name in experiment.trainable:
            keras = getattr(record.gradient, name)
            comparisons.append(Comparison.of(f"gradient.{name}", first, keras, getattr(whole.gradient, name)))
        comparisons = [
            *_overflows_of_batches(experiment, record, before, comparisons),
            *_overflows_of_steps(
                experiment,
                record,
                before,
                list(_optimizer_step(experiment, record, before, bits, whole.gradient if fused else record.gradient)),
            ),
        ]
    assert beginning is not None  # a block has steps
    return Examined(comparisons, whole, beginning)


def take_step(
    experiment: Experiment,
    first_step: int,
    parameters: Parameters,
    slots: dict[str, Parameters],
    gradient: Parameters,
    arithmetic: Arithmetic = Arithmetic.ANY,
) -> tuple[Parameters, dict[str, Parameters]]:
    """One optimizer step from each of k consecutive states, with bounds.

    Parameters
    ----------
    experiment : Experiment
    first_step : int
        Steps completed before the first of these states.
    parameters, slots, gradient
        Parameters of ndarray, or of Ball, of shape (k,); None for what is not trained.
    arithmetic : Arithmetic
        What the bounds are to cover.

    Returns
    -------
    tuple of Parameters and dict of str to Parameters, of Ball
    """

    def balls(group: Parameters) -> Parameters:
        return _map(lambda a: a if isinstance(a, Ball) else Ball.exact(a, arithmetic), group)

    k = len(parameters.w)
    iterations = Ball.exact(np.arange(first_step, first_step + k).astype(experiment.dtype), arithmetic)
    state = OptimizerState(iterations, {name: balls(slot) for name, slot in slots.items()})
    stepped, after = experiment.optimizer.step(balls(parameters), balls(gradient), state)
    return stepped, dict(after.slots)


def _optimizer_step(
    experiment: Experiment, record: Any, before: Parameters, bits: Arithmetic | None, gradient: Parameters
) -> Iterator[Comparison]:
    """Slots and parameters after each step, given a gradient."""
    slots = {name: _map(lambda path: path[:-1], slot) for name, slot in record.slots.items()}
    given = (experiment, record.first_step, before, slots, gradient)
    (stepped, after), written = take_step(*given), None
    if bits is not None:
        written = take_step(*given, bits)
    for slot in (*slots, ""):
        for name in experiment.trainable:
            keras = getattr(record.slots[slot] if slot else record.parameters, name)[1:]
            ball = getattr(after[slot] if slot else stepped, name)
            exact = written and getattr(written[1][slot] if slot else written[0], name)
            yield Comparison.of(f"{slot}.{name}" if slot else name, record.first_step, keras, ball, exact)


def _compare_predictions(
    experiment: Experiment,
    parameters: Parameters,
    record: Any,
    here: slice,
    predictions: Predictions,
    bits: Arithmetic | None,
) -> Comparison:
    """y_pred of some batches, reduced to the sample of each with the largest ratio.

    Nearly always all samples are equal and there is nothing to bound.
    """
    x, keras, ours = record.x[here], record.y_pred[here], predictions.y_pred
    k = len(ours)
    sample, largest, most, beyond = np.zeros(k, np.intp), np.zeros(k), np.zeros(k), np.zeros(k)
    rows = np.flatnonzero(~(keras == ours).all(axis=1))
    if rows.size:
        by_sample = ratio(keras[rows], predictions.ball(rows, slice(None), x))
        sample[rows], largest[rows] = by_sample.argmax(axis=1), by_sample.max(axis=1)
        # Where all others are within their bounds, one that a side alone has finite is the one to be looked at.
        alone = np.isfinite(keras[rows]) != np.isfinite(ours[rows])
        odd = alone.any(axis=1) & (largest[rows] <= 1)
        sample[rows[odd]] = alone[odd].argmax(axis=1)
        most[rows] = ulps(keras[rows], ours[rows]).max(axis=1)
        if bits is not None:
            exact = Parameters(*(Ball.exact(p[rows], bits) for p in parameters))
            written = forward(exact, Ball.exact(x[rows], bits), constants(experiment)[0]).y_pred
            beyond[rows] = ratio(keras[rows], written).max(axis=1)
    return Comparison(
        quantity="y_pred",
        first_step=record.first_step + here.start,
        keras=keras[np.arange(k), sample],
        ball=predictions.ball(np.arange(k), sample, x),
        ratio=largest,
        ulps=most,
        bits=None if bits is None else beyond,
        sample=sample,
        numbers=x.shape[1],
    )


def _overflows_of_batches(
    experiment: Experiment, record: Any, before: Parameters, comparisons: list[Comparison]
) -> Iterator[Comparison]:
    """Make infinite where one side alone is finite, and rounding does not explain it.

    From parameters that are not finite nothing is rounded, and what a NaN comes to behind a
    ReLU is not the same everywhere. There, only a loss is looked at that is finite although
    predictions are not.
    """
    start = np.logical_and.reduce([np.isfinite(p) for p in before])
    slope = float(constants(experiment)[0])
    for comparison in comparisons:
        rows = np.flatnonzero(_apart(comparison) & start)
        if rows.size:
            value = _finite_one(comparison.keras[rows], comparison.ball.value[rows])
            x, y = record.x[rows], record.y[rows]
            if comparison.sample is not None:
                here = np.arange(len(rows)), comparison.sample[rows]
                x, y, value = x[here][:, None], y[here][:, None], value[:, None]
            at = Parameters(*(p[rows] for p in before))
            found = neuron_unexplained(at, x, y, slope, {comparison.quantity: value})[comparison.quantity]
            comparison = _beyond(comparison, rows[found.reshape(len(rows))])
        if comparison.quantity == "loss":
            repaired = ~np.isfinite(record.y_pred).all(axis=1) & np.isfinite(comparison.keras)
            comparison = _beyond(comparison, np.flatnonzero(repaired & ~start))
        yield comparison


def _overflows_of_steps(
    experiment: Experiment, record: Any, before: Parameters, comparisons: list[Comparison]
) -> Iterator[Comparison]:
    """The same for the optimizer's step, from whatever Keras had."""
    for comparison in comparisons:
        slot, _, name = comparison.quantity.rpartition(".")
        rows = np.flatnonzero(_apart(comparison))
        if rows.size:
            mine = {s: getattr(group, name)[:-1][rows] for s, group in record.slots.items()}
            w, gradient = getattr(before, name)[rows], getattr(record.gradient, name)[rows]
            found = step_unexplained(experiment.optimizer, record.first_step + rows, w, gradient, mine)
            comparison = _beyond(comparison, rows[found[slot]])
        yield comparison


def _apart(comparison: Comparison) -> Any:
    return np.isfinite(comparison.keras) != np.isfinite(comparison.ball.value)


def _finite_one(a: np.ndarray, b: np.ndarray) -> Any:
    return np.where(np.isfinite(a), a, b)


def _beyond(comparison: Comparison, rows: np.ndarray) -> Comparison:
    ratios = comparison.ratio.copy()
    ratios[rows] = np.inf
    return comparison._replace(ratio=ratios)


def _join(parts: list[Comparison]) -> Comparison:
    """One comparison of consecutive ones of the same quantity."""
    first = parts[0]
    if len(parts) == 1:
        return first

    def join(column: Callable[[Comparison], Any]) -> Any:
        return None if column(first) is None else np.concatenate([column(part) for part in parts])

    ball = Ball(join(lambda c: c.ball.value), join(lambda c: np.broadcast_to(c.ball.radius, c.ball.shape)))
    return first._replace(
        keras=join(lambda c: c.keras),
        ball=ball,
        ratio=join(lambda c: c.ratio),
        ulps=join(lambda c: c.ulps),
        bits=join(lambda c: c.bits),
        sample=join(lambda c: c.sample),
    )


def _map(function: Callable[[Any], Any], group: Parameters) -> Parameters:
    return Parameters(*(None if a is None else function(a) for a in group))
