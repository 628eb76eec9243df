"""What a run of the fast path leaves, before it becomes a Trajectory."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from reference.experiment import Experiment

__all__ = ["Recorded", "Whole", "empty", "joined"]


class Recorded(NamedTuple):
    """What `run` leaves, members in one flat axis.

    Parameters
    ----------
    parameters : dict of str to ndarray of shape (states, members)
        Of what is trained.
    slots : dict of str to dict of str to ndarray of shape (states, members)
        By parameter, then by slot.
    gradient : dict of str to ndarray of shape (batches, members)
    loss : ndarray of shape (batches, members)
    diverged_at, crossed_at : ndarray of int, of shape (members,)
        -1 where it never happened.
    rows : dict of int to int
        Entry of each recorded number of updates.
    """

    parameters: dict[str, np.ndarray]
    slots: dict[str, dict[str, np.ndarray]]
    gradient: dict[str, np.ndarray]
    loss: np.ndarray
    diverged_at: np.ndarray
    crossed_at: np.ndarray
    rows: dict[int, int]


class Whole(NamedTuple):
    """What members have from the ensemble that they are a part of, whatever part that is.

    Parameters
    ----------
    members : int
        Of the ensemble, which sizes of tables depend on.
    slots : tuple of str
        Of its optimizer; that of a part may have fewer, where its momenta are all 0.
    """

    members: int
    slots: tuple[str, ...]

    @classmethod
    def of(cls, experiment: Experiment) -> "Whole":
        """That of a whole ensemble."""
        return cls(int(np.prod(experiment.shape)), experiment.optimizer.slots)


def empty(experiment: Experiment, members: int, recorded: np.ndarray, slots: tuple[str, ...]) -> Recorded:
    """Room for what is to be recorded; nobody has diverged or crossed yet."""
    dtype, names = experiment.dtype, experiment.trainable
    states, batches = (len(recorded), members), (int(np.count_nonzero(recorded)), members)
    return Recorded(
        {name: np.empty(states, dtype) for name in names},
        {name: {slot: np.empty(states, dtype) for slot in slots} for name in names},
        {name: np.empty(batches, dtype) for name in names},
        np.empty(batches, dtype),
        np.full(members, -1),
        np.full(members, -1),
        {int(step): row for row, step in enumerate(recorded)},
    )


def joined(parts: Sequence[Recorded]) -> Recorded:
    """What parts of an ensemble recorded, one after the other, as that of all."""
    return parts[0] if len(parts) == 1 else Recorded(*map(_joined, zip(*parts, strict=True)))


def _joined(arrays: Sequence[Any]) -> Any:
    first = arrays[0]
    if not isinstance(first, dict):
        return np.concatenate(arrays, axis=-1)
    if all(isinstance(value, int) for value in first.values()):
        return first  # rows, the same for all
    return {name: _joined([part[name] for part in arrays]) for name in first}
