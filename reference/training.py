"""Training: an Experiment in, a Trajectory out."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from reference import checks
from reference.experiment import Experiment, iterate_batches, require_experiment
from reference.neuron import Parameters, backward, forward, mean_squared_error
from reference.optimizers import OptimizerState, cast_like_keras

__all__ = ["Trajectory", "blocks", "constants", "first_non_finite", "start", "train"]

RECORDS = ("all", "end")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What happened, step by step.

    Arrays have the step axis first and the ensemble's shape behind it. With S steps and
    ``record="all"``, entry t of `parameters` and `slots` is the state after t updates
    (S + 1 entries), entry t of `gradient` and `loss` belongs to batch t, at that state
    (S entries). With ``record="end"`` they hold the last state, and the loss and
    gradient of the last batch: one entry each.

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
    """

    experiment: Experiment
    parameters: Parameters
    gradient: Parameters
    loss: np.ndarray
    slots: Mapping[str, Parameters]
    diverged_at: Any

    @property
    def end(self) -> Parameters:
        """The parameters after the last update: scalars, or the ensemble's shape."""
        return Parameters(*(p[-1] for p in self.parameters))

    def member(self, index: int) -> "Trajectory":
        """One neuron of an ensemble, by its position in the flattened ensemble, as a run of its own.

        Examples
        --------
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

        diverged_at = int(self.diverged_at.flat[index])
        return Trajectory(
            alone,
            of(self.parameters),
            of(self.gradient),
            self.loss.reshape(len(self.loss), size)[:, index].copy(),
            MappingProxyType({name: of(self.slots[name]) for name in alone.optimizer.slots}),
            None if diverged_at < 0 else diverged_at,
        )


def train(
    experiment: Experiment,
    *,
    record: str = "all",
    batches: tuple[np.ndarray, np.ndarray] | None = None,
) -> Trajectory:
    """Train the neuron by hand: forward, backward, optimizer step, on every batch.

    Divergence is a result, not an error: the trajectory then holds infinities and NaN,
    and `diverged_at` says from where.

    Parameters
    ----------
    experiment : Experiment
        With arrays in it, all members are trained at once on the same batches.
    record : {"all", "end"}
        Every step, or only the last state.
    batches : tuple of x and y, each an ndarray of shape (steps, batch_size), optional
        What `draw_batches` returned, to draw once for several experiments, or samples
        of your own. By default the experiment's batches are drawn block by block.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError, TypeError
        If `record` is unknown, or `batches` does not fit the experiment.

    Examples
    --------
    The question's run: from the wrong side, w creeps towards 0 and never gets there.

    >>> run = train(Experiment())
    >>> bool((run.parameters.w < 0).all()), run.loss.shape
    (True, (2000,))

    One step of plain SGD at w = -1 with samples -1 and 2: e = (1, -2), so
    dL/dw = (1/2) (2 * 1 * -1) = -1.

    >>> from reference import SGD
    >>> x = np.array([[-1.0, 2.0]])
    >>> start = Parameters(w=-1.0)
    >>> e = Experiment(initial=start, optimizer=SGD(learning_rate=0.5), batch_size=2, steps=1, dtype="float64")
    >>> one = train(e, batches=(x, np.maximum(x, 0)))
    >>> float(one.gradient.w[0]), float(one.loss[0]), float(one.end.w)
    (-1.0, 2.5, -0.5)
    """
    require_experiment(experiment)
    if record not in RECORDS:
        raise ValueError(f'record must be "all" or "end", got {record!r}')
    slope, grad_at_zero = constants(experiment)
    slope = slope if np.ndim(slope) == 0 else slope[..., None]  # samples are the last axis
    parameters, state = start(experiment)
    visited, seen = [(parameters, state)], []
    diverged = _FirstNonFinite(experiment.shape)
    with np.errstate(all="ignore"):
        for x_block, y_block in blocks(experiment, batches):
            for x, y in zip(x_block, y_block, strict=True):
                at = forward(parameters, x, slope)
                gradient = backward(parameters, x, y, at, slope, experiment.trainable, grad_at_zero)
                loss = mean_squared_error(at.y_pred, y)
                parameters, state = experiment.optimizer.step(parameters, gradient, state)
                if record == "end":
                    diverged.look(parameters, state)
                    visited, seen = [(parameters, state)], [(gradient, loss)]
                else:
                    visited.append((parameters, state))
                    seen.append((gradient, loss))
    return _assemble(experiment, visited, seen, diverged if record == "end" else None)


def start(experiment: Experiment) -> tuple[Parameters, OptimizerState]:
    """Initial parameters, in the experiment's dtype and shape, and optimizer state."""
    parameters = Parameters(
        *(np.broadcast_to(np.asarray(p, experiment.dtype), experiment.shape)[()] for p in experiment.initial)
    )
    return parameters, experiment.optimizer.init(parameters)


def constants(experiment: Experiment) -> tuple[Any, Any]:
    """Slope (an array where the experiment has one) and derivative at the kink, in the experiment's dtype.

    The slope is rounded as Keras rounds it: on TensorFlow it is a float32 attribute of
    the operation, also in float64.
    """
    dtype = np.dtype(experiment.dtype)
    at_zero = experiment.grad_at_zero
    return cast_like_keras(experiment.negative_slope, dtype), None if at_zero is None else dtype.type(at_zero)


def blocks(
    experiment: Experiment, batches: tuple[np.ndarray, np.ndarray] | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of batches: those given, checked, or else the experiment's own, drawn as they are used."""
    if batches is None:
        yield from iterate_batches(experiment)
        return
    _check_batches(experiment, batches)
    yield batches


def _check_batches(experiment: Experiment, batches: Any) -> None:
    if not isinstance(batches, tuple) or len(batches) != 2:
        count = f" of {len(batches)}" if isinstance(batches, tuple) else ""
        raise TypeError(f"batches must be a tuple of x and y, got {type(batches).__name__}{count}")
    expected = (experiment.steps, experiment.batch_size)
    for name, array in zip("xy", batches, strict=True):
        if not isinstance(array, np.ndarray) or array.shape != expected or array.dtype != experiment.dtype:
            what = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise ValueError(f"batches: {name} must be {experiment.dtype} of shape {expected}, got {what}")
        finite = np.isfinite(array)
        if not finite.all():
            step, sample = np.unravel_index(np.argmin(finite), expected)
            raise ValueError(
                f"batches: {name} must be finite, got {array[step, sample]} at step {step}, sample {sample}"
            )


class _FirstNonFinite:
    """Watches states go by and notes at which a number was first not finite."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.steps = 0
        self.first = np.full(shape, -1)

    def look(self, parameters: Parameters, state: OptimizerState) -> None:
        self.steps += 1
        finite = np.logical_and.reduce([np.isfinite(a) for a in _flat(parameters, state.slots)])
        self.first = np.where((self.first < 0) & ~finite, self.steps, self.first)


def _flat(parameters: Parameters, slots: Mapping[str, Parameters]) -> list[Any]:
    return [a for group in (parameters, *slots.values()) for a in group if a is not None]


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
    finite = np.logical_and.reduce([np.isfinite(a) for a in _flat(parameters, slots)])
    return _present(np.where(finite.all(axis=0), -1, np.argmin(finite, axis=0)))


def _present(first: np.ndarray) -> Any:
    """An array for an ensemble; for a single neuron an int or None."""
    if first.ndim:
        return first
    return None if first < 0 else int(first)


def _assemble(
    experiment: Experiment,
    visited: list[tuple[Parameters, OptimizerState]],
    seen: list[tuple[Parameters, Any]],
    diverged: _FirstNonFinite | None,
) -> Trajectory:
    """Stack what was recorded into arrays with the step axis first."""
    states, gradients = [p for p, _ in visited], [g for g, _ in seen]
    parameters = _stack(
        states, experiment.trainable, untrained=lambda p: np.broadcast_to(p, (len(states), *np.shape(p)))
    )
    slots = {
        name: _stack([state.slots[name] for _, state in visited], experiment.trainable)
        for name in experiment.optimizer.slots
    }
    return Trajectory(
        experiment,
        parameters,
        _stack(gradients, experiment.trainable),
        np.stack([loss for _, loss in seen]),
        MappingProxyType(slots),
        first_non_finite(parameters, slots) if diverged is None else _present(diverged.first),
    )


def _stack(
    rows: list[Parameters], trainable: tuple[str, ...], untrained: Callable[[Any], Any] = lambda p: None
) -> Parameters:
    return Parameters(
        *(
            np.stack([row[i] for row in rows]) if name in trainable else untrained(rows[0][i])
            for i, name in enumerate(Parameters._fields)
        )
    )
