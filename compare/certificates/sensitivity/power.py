"""What a comparison would have seen: the smallest relative error of each setting.

If a setting p is off by the relative error delta, a step's result r moves by |p dr/dp| delta
to first order, which exceeds its bound B where delta > B / |p dr/dp|. The smallest such
delta of all steps and quantities is what the run would have seen. Derivatives of the
optimizer's step are taken from the reference's own code, run on complex numbers as in
`compare.certificates.free_run.jacobian`. Where a result is exact, or compared bit for bit, its bound may
be below half its spacing; half the spacing then takes its place.

    learning_rate, momentum, beta_1, ...   slots and parameters after a step
    negative_slope                         y_pred of a sample with z < 0: v s z
    batch_size                             the divisor of loss and gradient; n against n + 1
                                           is a relative error of 1/n
    initial.w, ...                         compared with ``==``: half a unit in the last place

Infinite is what the run does not exercise: an error of any size would have passed.

A setting is a number of its own, and rounded before it is used, some through float32
(`reference.optimizers.cast_like_keras`): an error that is lost in that is not seen. So the
step that would have shown the error is taken once more with it, at twice the size, and as
long as that shows nothing the size is doubled.

The free run adds nothing to this. Its bound carries at least twice what each step's own
bound is, with the same signs as the error of a setting is carried, so if no step sees an
error the path does not either.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from compare.certificates.comparison import Comparison
from compare.certificates.evaluation import Predictions
from compare.certificates.free_run.jacobian import IMAGINARY
from compare.certificates.lockstep import Examined
from compare.certificates.quantities import quantity_name, states_before
from reference import Experiment, Optimizer
from reference.training import constants

__all__ = ["combine", "numbers", "power_of_block"]

SMALLEST = float(np.finfo(np.float64).eps) / 4  # relative error that a number of float64 may have
SEEN = 2  # times the error that is stated must show
BATCHES_LOOKED_AT = 8  # for the slope, whose y_pred are alike in all batches


def numbers(optimizer: Optimizer) -> tuple[str, ...]:
    """Names of an optimizer's settings that are numbers.

    Examples
    --------
    >>> from reference import SGD
    >>> numbers(SGD())
    ('learning_rate', 'momentum')
    """
    return tuple(f.name for f in fields(optimizer) if isinstance(getattr(optimizer, f.name), float))


def combine(powers: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Smallest error of each setting that any of several comparisons would have seen."""
    combined: dict[str, float] = {}
    for power in powers:
        for name, error in power.items():
            combined[name] = min(error, combined.get(name, np.inf))
    return combined


def power_of_block(
    experiment: Experiment, record: Any, examined: Examined, exact: Mapping[str, np.ndarray] | None = None
) -> dict[str, float]:
    """Smallest relative errors that a block of steps would have shown.

    Parameters
    ----------
    experiment : Experiment
    record : keras_impl.Record
    examined : Examined
        What lockstep found in it.
    exact : mapping of str to ndarray, optional
        By quantity, the bounds of the first steps in the exact lane.

    Returns
    -------
    dict of str to float
        By the names in the table above; infinite where nothing would have been seen.
    """
    exact = exact or {}
    bounds = {c.quantity: _visible_steps(c, exact.get(c.quantity)) for c in examined.comparisons}
    values = {c.quantity: c.ball.value for c in examined.comparisons}
    power = {f"initial.{name}": _of_start(experiment, name) for name in experiment.trainable}
    means = ["loss", *(f"gradient.{name}" for name in experiment.trainable)]
    with np.errstate(all="ignore"):
        power["batch_size"] = min(_smallest(bounds[q], np.abs(values[q], dtype=np.float64)) for q in means)
        power["negative_slope"] = _of_slope(experiment, record, examined.predictions)
        for setting in numbers(experiment.optimizer):
            power[setting] = _of_setting(experiment, record, setting, bounds)
    return power


def _visible_steps(comparison: Comparison, exact: np.ndarray | None) -> Any:
    """What a difference must exceed to be seen, step by step."""
    bound = np.array(comparison.ball.bound, np.float64)
    if exact is not None:
        here = min(len(exact), len(bound))
        bound[:here] = np.fmin(bound[:here], exact[:here])
    return _visible(bound, comparison.ball.value)


def _visible(bound: Any, value: Any) -> Any:
    """What a difference from a value must exceed: its bound, and no less than half its spacing."""
    return np.fmax(bound, np.spacing(np.abs(value)).astype(np.float64) / 2)


def _smallest(bound: Any, moved: Any) -> float:
    """Smallest of `_errors` of any step."""
    return float(np.min(_errors(bound, moved), initial=np.inf))


def _errors(bound: Any, moved: Any) -> Any:
    """Relative error for which ``error * moved`` reaches the bound, elementwise; infinite where nothing is seen."""
    seen = (moved > 0) & np.isfinite(moved) & np.isfinite(bound)
    return np.where(seen, bound / moved, np.inf)


def _of_start(experiment: Experiment, name: str) -> float:
    """Smallest relative error of an initial parameter that changes its bits: half its spacing."""
    start = np.dtype(experiment.dtype).type(getattr(experiment.initial, name))
    return float(np.spacing(np.abs(start))) / 2 / abs(float(start)) if start else np.inf


def _of_slope(experiment: Experiment, record: Any, predictions: Predictions) -> float:
    """Smallest relative error of the slope s that y_pred shows, by v s z of samples with z < 0; s is a float32."""
    slope = float(constants(experiment)[0])
    if slope == 0:
        return np.inf
    rows = np.arange(min(len(predictions.y_pred), BATCHES_LOOKED_AT))
    w, b, v = (np.asarray(p[:-1][rows], np.float64)[:, None] for p in record.parameters[:3])
    moved = np.abs(v * slope * np.minimum(w * record.x[rows] + b, 0))
    ball = predictions.ball(rows, slice(None), record.x)
    smallest_of_a_float32 = float(np.spacing(np.float32(abs(slope))) / 2 / abs(slope))
    return max(_smallest(_visible(ball.bound, ball.value), moved), smallest_of_a_float32)


def _of_setting(experiment: Experiment, record: Any, setting: str, bounds: Mapping[str, Any]) -> float:
    """Smallest relative error of an optimizer's setting that a parameter or slot shows, once `_shows` confirms it."""
    value = getattr(experiment.optimizer, setting)
    best, where = np.inf, ("", "", 0)
    if value != 0:
        for name in experiment.trainable:
            moved = _step(experiment, record, name, setting, complex(value, value * IMAGINARY), slice(None), complex)
            for slot, result in moved.items():
                errors = _errors(bounds[quantity_name(slot, name)], np.abs(result.imag) / IMAGINARY)
                row = int(np.argmin(errors))
                if errors[row] < best:
                    best, where = float(errors[row]), (slot, name, row)
    best = max(best, SMALLEST)
    while np.isfinite(best) and not _shows(experiment, record, setting, SEEN * best, where, bounds):
        best = 2 * best if best < 1 else np.inf
    return best


def _shows(
    experiment: Experiment,
    record: Any,
    setting: str,
    error: float,
    where: tuple[str, str, int],
    bounds: Mapping[str, Any],
) -> bool:
    """Whether a setting with this relative error moves one result beyond its bound.

    `where` is the result: the slot ("" for the parameter itself), the parameter, and the row of the record.
    """
    (slot, name, row), dtype = where, np.dtype(experiment.dtype)
    here = slice(row, row + 1)
    value = getattr(experiment.optimizer, setting)
    right, wrong = (
        _step(experiment, record, name, setting, number, here, dtype)[slot] for number in (value, value * (1 + error))
    )
    return bool(abs(float(wrong[0]) - float(right[0])) > bounds[quantity_name(slot, name)][row])


def _step(
    experiment: Experiment, record: Any, name: str, setting: str, value: Any, here: slice, dtype: Any
) -> dict[str, Any]:
    """Steps `here` of one parameter, in `dtype`, with another value of a setting: by slot, "" for the parameter."""
    optimizer = copy.copy(experiment.optimizer)
    object.__setattr__(optimizer, setting, value)
    iterations = np.arange(record.first_step, record.first_step + len(record.loss))[here]
    before, slots_before = states_before(record)
    w, gradient, *memory = (
        getattr(group, name)[here].astype(dtype) for group in (before, record.gradient, *slots_before.values())
    )
    slots = dict(zip(slots_before, memory, strict=True))
    moved, new = optimizer.update(w, gradient, iterations, slots)
    return {slot: np.broadcast_to(result, w.shape) for slot, result in {"": moved, **new}.items()}
