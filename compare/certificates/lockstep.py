"""Lockstep: from each state that Keras recorded, one step of the reference, compared.

All steps of a block are evaluated together, the reference's functions being given the
whole block of states as one ensemble. Forward, loss and gradient start from Keras'
parameters, the optimizer from Keras' parameters, slots and gradient, so that an error
shows up where it is made and nowhere else. The samples are read once: what the free run
needs of them, the derivatives of the gradient, is taken on the way.

Where one side is finite and the other is not, `compare.rounding.overflow` says whether
rounding can do that; where it cannot, the ratio is infinite.
"""

from collections.abc import Iterable, Iterator, Set
from typing import Any, NamedTuple

import numpy as np

from compare.certificates.comparison import Comparison
from compare.certificates.completion import Completed
from compare.certificates.evaluation import Evaluation, Predictions, chunks, evaluate
from compare.certificates.quantities import by_quantity, group_of, loss_and_gradient, map_parameters, states_before
from compare.rounding import Arithmetic, Ball, ratio, ulps
from compare.rounding.overflow import may_overflow, neuron_unexplained, step_unexplained
from reference import Experiment, OptimizerState, Parameters, forward
from reference.subject import Record
from reference.training import constants

__all__ = ["Examined", "examine_block", "take_step"]


class Examined(NamedTuple):
    """What lockstep finds in a block, and what it knows of it afterwards."""

    comparisons: list[Comparison]
    evaluation: Evaluation  # of the block's batches at Keras' states
    predictions: Predictions  # of the first of these batches, as many as were evaluated at once


def examine_block(
    experiment: Experiment,
    record: Record | Completed,
    bits: Arithmetic | None = None,
    *,
    fused: bool = False,
    unseen: Set[str] = frozenset(),
) -> Examined:
    """Compare a block of steps, a subject's Record, with the reference, and keep what the free run needs of it.

    `bits` is what the bit lane is to expect of the subject; None if there is none. `fused` says
    whether a compiler may evaluate a gradient once more for each use of it, with other contractions,
    as XLA does: the optimizer is then held against the reference's gradient within its bound, and
    not against the one that was recorded. What is `unseen`, of "y_pred", "loss" and "gradient", gets
    no bound and is not compared, and neither is what a record was completed by.
    """
    completed = record if isinstance(record, Completed) else Completed(record, frozenset(), None, {})
    record, unknown = completed.record, completed.unknown
    before, slots = states_before(record)
    first = record.first_step
    evaluations: list[Evaluation] = []
    compared: list[Comparison] = []
    with np.errstate(all="ignore"):
        for here in chunks(len(record.x), experiment.batch_size):
            parameters = Parameters(*(p[here] for p in before))
            found, y_pred = evaluate(experiment, first + here.start, parameters, record.x[here], record.y[here])
            if here.start == 0:
                beginning = y_pred
            evaluations.append(found)
            compared.append(_compare_predictions(experiment, parameters, record, here, y_pred, bits))
        whole = Evaluation.join(evaluations)
        balls = loss_and_gradient(whole.loss, whole.gradient)
        of_batches = [
            Comparison.join(compared),
            *(
                Comparison.of(quantity, first, observed, balls[quantity])
                for quantity, observed in loss_and_gradient(record.loss, record.gradient).items()
            ),
        ]
        # What is computed in float32 has no bound here; the optimizer is held against what it was given.
        evaluated = "gradient" in unknown or (fused and "gradient" not in unseen)
        gradient = whole.gradient if evaluated else record.gradient
        memory = slots if completed.slots is None else completed.slots
        of_steps = _compare_steps(experiment, record, before, memory, gradient, bits)
        comparisons = [
            *_check_overflows_of_batches(experiment, record, before, of_batches),
            *_check_overflows_of_steps(experiment, record, before, slots, of_steps, "gradient" in unknown),
        ]
    return Examined([_unless(unknown | unseen, comparison) for comparison in comparisons], whole, beginning)


def _unless(unknown: Set[str], comparison: Comparison) -> Comparison:
    """The comparison, without a bound if its quantity is unknown."""
    return comparison.unbounded() if group_of(comparison.quantity) in unknown else comparison


def take_step(
    experiment: Experiment,
    first_step: int,
    parameters: Parameters,
    slots: dict[str, Parameters],
    gradient: Parameters,
    arithmetic: Arithmetic = Arithmetic.ANY,
) -> tuple[Parameters, dict[str, Parameters]]:
    """One optimizer step from each of k consecutive states, as Balls of shape (k,).

    Parameters, slots and gradient are arrays of shape (k,) or Balls, and None for what is not
    trained; `first_step` is the number of steps completed before the first of these states.
    """

    def balls(group: Parameters) -> Parameters:
        return map_parameters(lambda a: a if isinstance(a, Ball) else Ball.exact(a, arithmetic), group)

    k = len(parameters.w)
    iterations = Ball.exact(np.arange(first_step, first_step + k).astype(experiment.dtype), arithmetic)
    state = OptimizerState(iterations, {name: balls(slot) for name, slot in slots.items()})
    stepped, after = experiment.optimizer.step(balls(parameters), balls(gradient), state)
    return stepped, dict(after.slots)


def _compare_steps(
    experiment: Experiment,
    record: Any,
    before: Parameters,
    slots: dict[str, Parameters],
    gradient: Parameters,
    bits: Arithmetic | None,
) -> Iterator[Comparison]:
    """Compare slots and parameters after each step with those of a step from the record's state and this gradient."""

    def stepped(arithmetic: Arithmetic) -> dict[str, Ball]:
        parameters, after = take_step(experiment, record.first_step, before, slots, gradient, arithmetic)
        return by_quantity({**after, "": parameters}, experiment.trainable)

    balls, written = stepped(Arithmetic.ANY), {} if bits is None else stepped(bits)
    for quantity, path in by_quantity({**record.slots, "": record.parameters}, experiment.trainable).items():
        yield Comparison.of(quantity, record.first_step, path[1:], balls[quantity], written.get(quantity))


def _compare_predictions(
    experiment: Experiment,
    parameters: Parameters,
    record: Any,
    here: slice,
    predictions: Predictions,
    bits: Arithmetic | None,
) -> Comparison:
    """y_pred of some batches, reduced to the sample of each with the largest ratio.

    Bounds are evaluated only for batches with a sample that differs, which is rare.
    """
    x, observed, ours = record.x[here], record.y_pred[here], predictions.y_pred
    k = len(ours)
    sample, largest, distance, beyond_written = np.zeros(k, np.intp), np.zeros(k), np.zeros(k), np.zeros(k)
    rows = np.flatnonzero(~(observed == ours).all(axis=1))
    if rows.size:
        by_sample = ratio(observed[rows], predictions.ball(rows, slice(None), x))
        sample[rows], largest[rows] = by_sample.argmax(axis=1), by_sample.max(axis=1)
        # Where all others are within their bounds, a sample that is finite on one side only is the one to be looked at.
        one_sided = _finite_on_one_side(observed[rows], ours[rows])
        chosen = one_sided.any(axis=1) & (largest[rows] <= 1)
        sample[rows[chosen]] = one_sided[chosen].argmax(axis=1)
        distance[rows] = ulps(observed[rows], ours[rows]).max(axis=1)
        if bits is not None:
            exact = Parameters(*(Ball.exact(p[rows], bits) for p in parameters))
            written = forward(exact, Ball.exact(x[rows], bits), constants(experiment)[0]).y_pred
            beyond_written[rows] = ratio(observed[rows], written).max(axis=1)
    return Comparison(
        quantity="y_pred",
        first_step=record.first_step + here.start,
        observed=observed[np.arange(k), sample],
        ball=predictions.ball(np.arange(k), sample, x),
        ratio=largest,
        ulps=distance,
        bits=None if bits is None else beyond_written,
        sample=sample,
        numbers=x.shape[1],
    )


def _check_overflows_of_batches(
    experiment: Experiment, record: Any, before: Parameters, comparisons: Iterable[Comparison]
) -> Iterator[Comparison]:
    """Make the ratio infinite where one side alone is finite, and rounding does not explain it.

    From parameters that are not finite nothing is rounded, and what a NaN comes to behind a
    ReLU is not the same everywhere. There, only a loss is looked at that is finite although
    predictions are not.
    """
    from_finite = np.logical_and.reduce([np.isfinite(p) for p in before])
    slope = float(constants(experiment)[0])
    for comparison in comparisons:
        observed, ours = comparison.observed, comparison.ball.value
        rows = np.flatnonzero(_finite_on_one_side(observed, ours) & from_finite)
        if rows.size:
            value = np.where(np.isfinite(observed[rows]), observed[rows], ours[rows])
            x, y = record.x[rows], record.y[rows]
            if comparison.sample is not None:
                here = np.arange(len(rows)), comparison.sample[rows]
                x, y, value = x[here][:, None], y[here][:, None], value[:, None]
            at = Parameters(*(p[rows] for p in before))
            unexplained = neuron_unexplained(at, x, y, slope, {comparison.quantity: value})[comparison.quantity]
            may = may_overflow(at, x, y, slope, comparison.quantity)
            comparison = comparison.on_one_side(rows, (unexplained | ~may).reshape(len(rows)))
        if comparison.quantity == "loss":
            in_spite = ~np.isfinite(record.y_pred).all(axis=1) & np.isfinite(observed)
            comparison = comparison.beyond_bound(in_spite & ~from_finite)
        yield comparison


def _check_overflows_of_steps(
    experiment: Experiment,
    record: Any,
    before: Parameters,
    slots: dict[str, Parameters],
    steps: Iterable[Comparison],
    hidden: bool,
) -> Iterator[Comparison]:
    """The same for the optimizer's steps, from whatever the subject had.

    A gradient that it does not show may have overflowed on the way, and the step with it.
    """
    slope = float(experiment.slope)
    for comparison in steps:
        slot, _, name = comparison.quantity.rpartition(".")
        rows = np.flatnonzero(_finite_on_one_side(comparison.observed, comparison.ball.value))
        if rows.size:
            w, gradient, *memory = (getattr(group, name)[rows] for group in (before, record.gradient, *slots.values()))
            of_parameter = dict(zip(slots, memory, strict=True))
            unexplained = step_unexplained(experiment.optimizer, record.first_step + rows, w, gradient, of_parameter)
            comparison = comparison.beyond_bound(rows[unexplained[slot]])
            if hidden:
                at = Parameters(*(p[rows] for p in before))
                lost = ~np.isfinite(comparison.observed[rows])
                overflows = lost & may_overflow(at, record.x[rows], record.y[rows], slope, f"gradient.{name}")
                comparison = comparison.on_one_side(rows[overflows], np.zeros(int(overflows.sum()), bool))
        yield comparison


def _finite_on_one_side(a: np.ndarray, b: np.ndarray) -> Any:
    return np.isfinite(a) != np.isfinite(b)
