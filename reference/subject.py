"""What an implementation under test looks like from here: a *subject* takes steps and writes down Records.

Everything that compares works on Records, whoever yields them: Keras on one of its
backends, PyTorch, JAX with optax, a function of yours. What a system does by nature and no
formula says stands beside them: how constants are rounded, what the derivative is at the
kink, what becomes of subnormal numbers.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np

from reference.experiment import Batches, Experiment, require_experiment
from reference.neuron import Parameters
from reference.trajectory import Trajectory, first_crossing, first_non_finite, steps_recorded

__all__ = ["Record", "Subject", "Subnormals", "assemble", "require_single", "without_samples"]


class Record(NamedTuple):
    """A block of k consecutive steps as a subject took them.

    States have k + 1 entries, from before the first to after the last step; what belongs
    to a batch has k. All arrays are in the experiment's dtype. A subject may not know all of
    it: what it leaves out is None, and a slot is missing from `slots`.

    Parameters
    ----------
    first_step : int
        Number of steps completed before this block.
    x, y : ndarray of shape (k, batch_size)
        The batches.
    parameters : Parameters of ndarray of shape (k + 1,)
    slots : dict of str to Parameters of ndarray of shape (k + 1,)
        By the names that the experiment's optimizer has for them; None for parameters not
        trained.
    y_pred : ndarray of shape (k, batch_size) or None
    loss : ndarray of shape (k,) or None
    gradient : Parameters of ndarray of shape (k,)
        None for parameters not trained, and for all if the subject does not show it.
    """

    first_step: int
    x: np.ndarray
    y: np.ndarray
    parameters: Parameters
    slots: dict[str, Parameters]
    y_pred: np.ndarray
    loss: np.ndarray
    gradient: Parameters


class Subnormals(NamedTuple):
    """What becomes of numbers below the smallest normal one.

    Parameters
    ----------
    results_flushed : bool
        A product that should be subnormal comes out as 0.
    operands_flushed : bool
        A subnormal operand counts as 0.
    """

    results_flushed: bool
    operands_flushed: bool


class Subject(Protocol):
    """An implementation under test, and what it does by nature.

    Attributes
    ----------
    name : str
        With its version, such as "Keras 3.15.1 on TensorFlow 2.21.0".
    system : {"keras", "pytorch", "optax"} or ""
        Whose formulas its optimizers are by, as `reference.optimizers.READINGS` has them.
    mode : {"graph", "xla", "eager"}
        How it is run.
    operations : {"as written", "rewritten", "contracted", "fused"}
        What is left of the operations as they are written: all of it; quotients and
        associations rewritten, as in TensorFlow's graph; multiply-adds contracted within a
        kernel; or anything evaluated anew wherever it is used, with other contractions, as in XLA.
    constants : {"float32", "direct"}
        How a setting becomes a number of the dtype, see `reference.Experiment`.
    takes_optimizer : bool
        Whether it trains with the experiment's optimizer, by name and arguments, rather than with
        one of its own, which is to do the same.
    argument : str
        What names it in a call of `compare.certify`, such as ``subject="torch"``; empty for Keras,
        which needs none.
    """

    name: str
    system: str
    mode: str
    operations: str
    constants: str
    takes_optimizer: bool
    argument: str

    def record(self, experiment: Experiment, batches: Batches | None = None) -> Iterator[Record]:
        """Run an experiment of a single neuron on these batches, by default its own, block by block."""

    def at_kink(self, negative_slope: float, dtype: str) -> float:
        """The derivative that the activation of this slope has at 0, by the system's convention."""

    def subnormals(self, dtype: str) -> Subnormals | None:
        """What becomes of subnormal numbers, asked of the system itself; None if that is not known."""

    def in_single(self, dtype: str) -> frozenset[str]:
        """Which of "y_pred", "loss" and "gradient" are computed in float32 although the dtype is float64."""

    def refuses(self, dtype: str) -> str | None:
        """Why it cannot compute in this dtype, in a line; None if it can."""


def require_single(experiment: Experiment) -> None:
    """Raise a ValueError if the experiment is an ensemble, which only the reference runs."""
    require_experiment(experiment)
    if experiment.shape != ():
        raise ValueError(f"only the reference runs ensembles, got one of shape {experiment.shape}")


def assemble(experiment: Experiment, records: Sequence[Record], record: str | int = "all") -> Trajectory:
    """Join recorded blocks into a Trajectory; `record` as for `reference.train`."""
    parameters = _join([block.parameters for block in records], states=True)
    slots = {
        name: _join([block.slots[name] for block in records], states=True)
        for name in experiment.optimizer.slots
        if name in records[0].slots
    }
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
