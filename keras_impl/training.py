"""Training on Keras: an Experiment in, a Trajectory out, as in the reference."""

import numpy as np

from keras_impl.recorders.chosen import Recorder
from keras_impl.recorders.common import CommonRecorder
from reference import Experiment, Trajectory
from reference.subject import assemble, without_samples
from reference.trajectory import steps_recorded

__all__ = ["train"]


def train(
    experiment: Experiment,
    *,
    record: str | int = "all",
    batches: tuple[np.ndarray, np.ndarray] | None = None,
    recorder: CommonRecorder | None = None,
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
