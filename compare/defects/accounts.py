"""Keras' account of a run against what was recorded of it, step by step and with ``==``.

A certificate compares what the recorder hands over. What `keras_impl.train` returns is put
together from that, and is somebody's only source. And from a state that is not finite no
step is bounded; what can be said is that its loss is not finite either: an infinite weight
makes the prediction of every sample on one side of 0 infinite, and NaN stays NaN.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference import Trajectory

if TYPE_CHECKING:
    from keras_impl.recorder import Record

__all__ = ["Discrepancy", "compare_account"]


class Discrepancy(NamedTuple):
    """The first step at which a quantity is not what it must be.

    Parameters
    ----------
    step : int
    quantity : str
    """

    step: int
    quantity: str


def compare_account(records: "Sequence[Record]", told: Trajectory) -> Iterator[Discrepancy]:
    """Compare a trajectory of Keras with the blocks that it was put together from.

    Parameters
    ----------
    records : sequence of keras_impl.recorder.Record
        All blocks of a run.
    told : Trajectory
        With every step recorded.

    Yields
    ------
    Discrepancy
        One for each quantity that is not as recorded.
    """
    loss = np.concatenate([block.loss for block in records])
    pairs = {"loss": (told.loss, loss)}
    for name in told.experiment.trainable:
        states = np.concatenate([getattr(block.parameters, name)[1:] for block in records])
        gradient = np.concatenate([getattr(block.gradient, name) for block in records])
        pairs |= {
            name: (getattr(told.parameters, name)[1:], states),
            f"gradient.{name}": (getattr(told.gradient, name), gradient),
        }
    for quantity, (path, recorded) in pairs.items():
        other = ~((path == recorded) | (np.isnan(path) & np.isnan(recorded)))
        if other.any():
            yield Discrepancy(int(np.argmax(other)), quantity)
    repaired = ~np.logical_and.reduce([np.isfinite(p[:-1]) for p in told.parameters]) & np.isfinite(loss)
    if repaired.any():
        yield Discrepancy(int(np.argmax(repaired)), "loss")
