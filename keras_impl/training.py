"""Training on Keras: an Experiment in, a Trajectory out, as in the reference."""

from types import MappingProxyType
from typing import Any

import numpy as np

from keras_impl.recorder import Record, Recorder
from reference import Experiment, Parameters, Trajectory
from reference.training import first_crossing, first_non_finite
from reference.trajectory import steps_recorded

__all__ = ["assemble", "train", "without_samples"]


def train(
    experiment: Experiment,
    *,
    record: str | int = "all",
    batches: tuple[np.ndarray, np.ndarray] | None = None,
    recorder: Recorder | None = None,
) -> Trajectory:
    """Train the neuron on Keras, on the same batches as `reference.train`.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron. `grad_at_zero` has no effect: Keras takes its own value.
    record : {"all", "end"} or int
        As for `reference.train`.
    batches : tuple of x and y, optional
        As for `reference.train`.
    recorder : Recorder, optional
        To share traced graphs between experiments; by default a new one.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        If the experiment is an ensemble or `record` is unknown.

    Examples
    --------
    >>> run = train(Experiment(steps=100))
    >>> run.parameters.w.shape, bool(run.end.w < 0)
    ((101,), True)
    """
    steps_recorded(record, 1)  # refuses what is none, before anything runs
    records = (recorder or Recorder()).record(experiment, batches)
    return assemble(experiment, [without_samples(block) for block in records], record)


def assemble(experiment: Experiment, records: list[Record], record: str | int = "all") -> Trajectory:
    """Join recorded blocks into a Trajectory."""
    parameters = _join([block.parameters for block in records], states=True)
    slots = {name: _join([block.slots[name] for block in records], states=True) for name in experiment.optimizer.slots}
    gradient = _join([block.gradient for block in records])
    loss = np.concatenate([block.loss for block in records])
    diverged_at, crossed_at = first_non_finite(parameters, slots), first_crossing(parameters.w)
    recorded = steps_recorded(record, experiment.steps)
    if record != "all":
        batches = recorded[recorded > 0] - 1
        parameters, gradient, loss = _rows(parameters, recorded), _rows(gradient, batches), loss[batches]
        slots = {name: _rows(slot, recorded) for name, slot in slots.items()}
    return Trajectory(
        experiment, parameters, gradient, loss, MappingProxyType(slots), diverged_at, crossed_at, recorded
    )


def without_samples(block: Record) -> Record:
    """Drop what is as large as the batches."""
    none: Any = None
    return block._replace(x=none, y=none, y_pred=none)


def _join(blocks: list[Parameters], states: bool = False) -> Parameters:
    """Concatenate along the steps; the state that ends a block begins the next one."""
    return Parameters(
        *(
            None
            if column[0] is None
            else np.concatenate([column[0], *(array[1:] if states else array for array in column[1:])])
            for column in zip(*blocks, strict=True)
        )
    )


def _rows(group: Parameters, rows: np.ndarray) -> Parameters:
    return Parameters(*(None if a is None else a[rows] for a in group))
