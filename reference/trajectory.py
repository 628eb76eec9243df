"""What a run leaves behind: its states, and when it diverged or crossed 0."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from reference import checks
from reference.experiment import Experiment
from reference.neuron import Parameters

__all__ = ["Trajectory", "Watch", "first_crossing", "first_non_finite", "present", "steps_recorded"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What happened, step by step.

    Arrays have the step axis first and the ensemble's shape behind it. With S steps and
    ``record="all"``, entry t of `parameters` and `slots` is the state after t updates
    (S + 1 entries), entry t of `gradient` and `loss` belongs to batch t, at that state
    (S entries). With ``record="end"`` they hold the last state, and the loss and
    gradient of the last batch: one entry each. With ``record=k`` they hold the states
    after 0, k, 2k, ... and S updates, and the loss and gradient of the batch of each of
    those updates, of which there is none before the first.

    Parameters
    ----------
    experiment : Experiment
    parameters : Parameters of ndarray
    gradient : Parameters of ndarray
        None for parameters that are not trained.
    loss : ndarray
        Mean squared error of each batch, before the update.
    slots : mapping of str to Parameters of ndarray
        The optimizer's memory under Keras' names; None for parameters not trained.
    diverged_at : int, None or ndarray of int
        After how many updates a parameter or slot was first not finite; None if it
        never happened. In an ensemble an array, -1 where it never happened.
    crossed_at : int, None or ndarray of int
        After how many updates w was first on the other side of 0 from where it began; None
        or -1 likewise, also from 0 itself. Seen at every update, whatever is recorded.
    recorded : ndarray of int
        After how many updates each entry of `parameters` and `slots` was taken.
    """

    experiment: Experiment
    parameters: Parameters
    gradient: Parameters
    loss: np.ndarray
    slots: Mapping[str, Parameters]
    diverged_at: Any
    crossed_at: Any
    recorded: np.ndarray

    @property
    def end(self) -> Parameters:
        """The parameters after the last update: scalars, or the ensemble's shape."""
        return Parameters(*(p[-1] for p in self.parameters))

    def member(self, index: int) -> "Trajectory":
        """One neuron of an ensemble, by its position in the flattened ensemble, as a run of its own.

        Examples
        --------
        >>> from reference import train
        >>> both = train(Experiment(initial=Parameters(w=np.array([-1.0, 2.0])), steps=3, batch_size=4))
        >>> both.member(1).experiment.initial.w, both.member(1).parameters.w.shape
        (2.0, (4,))
        """
        shape = self.experiment.shape
        size = math.prod(shape)
        if not shape or not -size <= index < size:
            raise IndexError(f"member must be an index of an ensemble, got {index!r} for one of shape {shape}")
        alone = replace(
            self.experiment,
            initial=Parameters(*(checks.pick(p, shape, index) for p in self.experiment.initial)),
            negative_slope=checks.pick(self.experiment.negative_slope, shape, index),
            optimizer=self.experiment.optimizer.member(shape, index),
        )

        def of(group: Parameters) -> Parameters:
            return Parameters(*(None if a is None else a.reshape(len(a), size)[:, index].copy() for a in group))

        return Trajectory(
            alone,
            of(self.parameters),
            of(self.gradient),
            self.loss.reshape(len(self.loss), size)[:, index].copy(),
            MappingProxyType({name: of(self.slots[name]) for name in alone.optimizer.slots}),
            present(np.asarray(self.diverged_at.flat[index])),
            present(np.asarray(self.crossed_at.flat[index])),
            self.recorded,
        )


def steps_recorded(record: str | int, steps: int) -> np.ndarray:
    """After how many updates states are kept.

    Raises
    ------
    ValueError
        If `record` is nothing that `train` takes.

    Examples
    --------
    >>> steps_recorded(3, 7), steps_recorded("end", 7)
    (array([0, 3, 6, 7]), array([7]))
    """
    if record == "all":
        return np.arange(steps + 1)
    if record == "end":
        return np.array([steps])
    if isinstance(record, (int, np.integer)) and not isinstance(record, bool) and record >= 1:
        return np.append(np.arange(0, steps, record), steps)
    raise ValueError(f'record must be "all", "end" or an integer of at least 1, got {record!r}')


class Watch:
    """Watches states go by, and notes when a number was first not finite and when w first crossed 0."""

    def __init__(self, start: Parameters) -> None:
        self.steps, self.sign = 0, np.sign(start.w)
        self.diverged_at = np.full(np.shape(start.w), -1)
        self.crossed_at = np.full(np.shape(start.w), -1)

    def look(self, parameters: Parameters, slots: Mapping[str, Parameters]) -> None:
        """See the state after one more update."""
        self.steps += 1
        finite = np.logical_and.reduce([np.isfinite(a) for a in _flat(parameters, slots)])
        self.diverged_at = np.where((self.diverged_at < 0) & ~finite, self.steps, self.diverged_at)
        crossed = (self.crossed_at < 0) & (parameters.w * self.sign < 0)
        self.crossed_at = np.where(crossed, self.steps, self.crossed_at)


def first_non_finite(parameters: Parameters, slots: Mapping[str, Parameters]) -> Any:
    """Index of the first state, along the leading axis, that is not finite.

    Parameters
    ----------
    parameters, slots
        As in `Trajectory` with every step recorded.

    Returns
    -------
    int or None, or for an ensemble an ndarray of int with -1 for None
    """
    return _first(~np.logical_and.reduce([np.isfinite(a) for a in _flat(parameters, slots)]))


def first_crossing(w: np.ndarray) -> Any:
    """Index of the first state, along the leading axis, in which w has the opposite sign of its start.

    Returns
    -------
    int or None, or for an ensemble an ndarray of int with -1 for None

    Examples
    --------
    >>> first_crossing(np.array([-2.0, 0.0, 0.5])), first_crossing(np.array([0.0, 1.0]))
    (2, None)
    """
    with np.errstate(invalid="ignore"):
        return _first(w * np.sign(w[0]) < 0)


def present(first: np.ndarray) -> Any:
    """An array for an ensemble; for a single neuron an int or None."""
    if first.ndim:
        return first
    return None if first < 0 else int(first)


def _first(happened: np.ndarray) -> Any:
    return present(np.where(happened.any(axis=0), np.argmax(happened, axis=0), -1))


def _flat(parameters: Parameters, slots: Mapping[str, Parameters]) -> list[Any]:
    return [a for group in (parameters, *slots.values()) for a in group if a is not None]
