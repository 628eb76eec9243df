"""Numbers of a path that no rounding has touched: starts as they are written, zeros where no sample counts."""

from fractions import Fraction
from typing import Protocol

import numpy as np

from compare.claims.witnesses.descent.parabolas import half_parabolas
from compare.claims.witnesses.loss_values import neuron_of
from compare.claims.witnesses.paths.offset_states import nearest_float
from compare.claims.witnesses.real_numbers import written
from reference import Experiment, Parameters

__all__ = ["exact_where_nothing_moved"]

Known = tuple[np.ndarray, np.ndarray | float]  # where a difference is known exactly, and what it is there


class Run(Protocol):
    """What has to be known of a path; a loss that is None is not that of batches."""

    @property
    def experiment(self) -> Experiment: ...
    @property
    def parameters(self) -> Parameters: ...
    @property
    def gradient(self) -> Parameters: ...
    @property
    def loss(self) -> np.ndarray | None: ...


def exact_where_nothing_moved(
    path: Run, kind: str, name: str, number: Fraction, rows: slice, difference: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that no rounding has touched: starts as they are written, gradients where no sample counts."""
    known: Known | None = None
    if kind in Parameters._fields:
        if (getattr(path.parameters, name)[rows] == getattr(path.parameters, name)[:1]).any():
            known = _still_at_start(path, name)[rows], _start_minus(path, name, number)
    elif kind == "expected_loss":
        known = _expected_loss_of_start(path, number, rows)
    elif kind != "loss" or path.loss is not None:
        nothing = difference == -nearest_float(number)
        if nothing.any():
            known = nothing & _exactly_zero(path, kind, name)[rows], nearest_float(-number)
    if known is None:
        return difference, error
    return np.where(known[0], known[1], difference), np.where(known[0], 0.0, error)


def _expected_loss_of_start(path: Run, number: Fraction, rows: slice) -> Known | None:
    start, target = path.experiment.initial, path.experiment.target
    if path.experiment.shape or start.b or start.d or target.b:
        return None
    still = np.logical_and.reduce([_still_at_start(path, name)[rows] for name in path.experiment.trainable])
    neuron = neuron_of(start, path.experiment)
    left, right = half_parabolas(neuron)
    return still, nearest_float((right if neuron.w > 0 else left)(neuron.w) - number)


def _start_minus(path: Run, name: str, number: Fraction) -> np.ndarray:
    """How far the start of each member is from a number: that of the experiment as it is written."""
    start, first = getattr(path.experiment.initial, name), np.asarray(getattr(path.parameters, name)[0])
    away = np.asarray(first, np.float64) - nearest_float(number)
    if np.ndim(start) == 0:
        is_it = first == np.asarray(start, first.dtype)
        away = np.where(is_it, nearest_float(written(float(start)) - number), away)
    return np.asarray(away)


def _still_at_start(path: Run, name: str) -> np.ndarray:
    """Whether each state is still the start; an update that rounding lost counts as a move."""
    values = np.asarray(getattr(path.parameters, name))
    same = values == values[:1]
    if name not in path.experiment.trainable:
        return np.asarray(same)
    gradient = getattr(path.gradient, name)
    if gradient is None:
        same[1:] = False
    else:
        same[1:] &= _exactly_zero(path, "gradient", name)
    return np.asarray(np.logical_and.accumulate(same, axis=0))


def _exactly_zero(path: Run, kind: str, name: str) -> np.ndarray:
    """Where a number of a batch is 0 because no sample counts, and not because it was too small."""
    states = [np.abs(np.asarray(p)[:-1]) for p in path.parameters]
    small = float(np.sqrt(np.finfo(path.experiment.dtype).tiny))
    underflows = np.logical_or.reduce([(p > 0) & (p < small) for p in states])
    if kind == "loss":
        assert path.loss is not None
        return np.asarray((path.loss == 0) & ~underflows)
    gradient = getattr(path.gradient, name)
    if gradient is None:
        return np.zeros(underflows.shape, bool)
    zero = (np.asarray(gradient) == 0) & ~underflows
    if kind == "gradient":
        return np.asarray(zero)
    # A step is 0 if there is no gradient, and none is remembered.
    remembers = bool(path.experiment.optimizer.slots)
    moves = getattr(path.experiment.optimizer, "weight_decay", 0.0) != 0
    resting = np.logical_and.accumulate(zero, axis=0) if remembers else zero
    return np.asarray(resting & (np.diff(np.asarray(getattr(path.parameters, name)), axis=0) == 0) & (not moves))
