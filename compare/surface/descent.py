"""Gradient descent on the expected loss: what an optimizer does without sampling noise.

Steps are the optimizer's own, of `reference`, with its rounding. The exact witness of claims has the same
gradient (`scalar_gradient`), but steps by rules of its own (`compare.claims.witnesses.descent.textbook`): it is
to be independent of the reference, and at 4 microseconds a step instead of 35 follows longer runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.surface.gradient import expected_gradient
from compare.surface.scalar_gradient import scalar_gradient
from compare.surface.unbiased_gradient import one_sided_slopes
from reference import SGD, Experiment, OptimizerState, Parameters

__all__ = ["Descent", "expected_descent"]


State = tuple[Parameters, Mapping[str, Parameters]]
Kept = list[tuple[int, Parameters]]

NO_SLOTS: Mapping[str, Parameters] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Descent:
    """The deterministic path.

    Parameters
    ----------
    experiment : Experiment
    steps : ndarray of int
        Numbers of the recorded states: 0 is the start, t the state after t updates.
    parameters : Parameters of ndarray
        At those, the step axis first and the ensemble's shape behind it.
    slots : mapping of str to Parameters
        The optimizer's memory after the last step.
    crossed_at : int, None or ndarray of int
        Number of the first state in which w has not the sign of its start, and is not
        zero; None (of an ensemble -1) if there is none.
    """

    experiment: Experiment
    steps: np.ndarray
    parameters: Parameters
    slots: Mapping[str, Parameters]
    crossed_at: Any

    @property
    def end(self) -> Parameters:
        """The parameters after the last step."""
        return Parameters(*(p[-1] for p in self.parameters))


def expected_descent(experiment: Experiment, *, record: str | int = "all") -> Descent:
    """Run the experiment's optimizer on the exact gradient of the expected loss.

    The optimizer's own `step`, in float64 whatever the experiment's dtype, with the
    experiment's slope and learning rate unrounded; batches, their size and the seed have
    no meaning. For a batch size that tends to infinity, `reference.train` follows this path.

    Parameters
    ----------
    experiment : Experiment
        `grad_at_zero` is the value of phi' where w = b = 0.
    record : {"all", "end"} or int
        Which states to keep; k keeps every k-th, and the last one.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError
        If `record` is something else.

    Notes
    -----
    About 35 microseconds a step for a single neuron, 1.5 for plain SGD without bias, and 1 ms
    and 1 microsecond a member for an ensemble.

    Thousands of steps towards 0 end below 2**-1074, where rounding decides: with momentum w may
    then cross 0 although in real numbers it never does, as `compare.theory.crossing_step` knows.

    Examples
    --------
    Without bias a ReLU with w < 0 has dL/dw = w, and w <- (1 - lr) w never changes sign:

    >>> from reference import SGD
    >>> e = Experiment(initial=Parameters(w=-1.0), optimizer=SGD(learning_rate=0.5), steps=1000)
    >>> run = expected_descent(e)
    >>> run.parameters.w[:4], run.crossed_at
    (array([-1.   , -0.5  , -0.25 , -0.125]), None)
    >>> bool(expected_descent(e, record="end").end.w == -(2.0**-1000))
    True

    A crossing that float64 makes, and the exact dynamics does not:

    >>> from compare.theory import crossing_step
    >>> e = Experiment(initial=Parameters(w=-1.0), optimizer=SGD(learning_rate=0.04, momentum=0.6), steps=6000)
    >>> expected_descent(e, record="end").crossed_at, crossing_step(e.optimizer, w=-1.0)
    (5414, None)
    """
    every = _every(record, experiment.steps)
    with np.errstate(all="ignore"):
        if experiment.shape:
            kept, slots, crossed = _watch(_ensemble(experiment), experiment.steps, every)
        else:
            states = _plain(experiment) if _is_plain(experiment) else _single(experiment)
            kept, slots, crossed = _watch_one(states, experiment.steps, every)
    return Descent(
        experiment,
        np.array([step for step, _ in kept]),
        Parameters(*(np.array(path, np.float64) for path in zip(*(p for _, p in kept), strict=True))),
        slots,
        crossed,
    )


def _every(record: str | int, steps: int) -> int:
    if record == "all":
        return 1
    if record == "end":
        return steps
    if isinstance(record, int) and not isinstance(record, bool) and record >= 1:
        return record
    raise ValueError(f'record must be "all", "end" or an integer of at least 1, got {record!r}')


def _watch(states: Iterator[State], steps: int, every: int) -> tuple[Kept, Mapping[str, Parameters], Any]:
    start, slots = next(states)
    kept, crossed = [(0, start)], np.full(start.w.shape, -1)
    for step, (parameters, slots) in enumerate(states, 1):  # noqa: B007  the last slots are returned
        crossed = np.where((crossed < 0) & (parameters.w * np.sign(start.w) < 0), step, crossed)
        if step % every == 0 or step == steps:
            kept.append((step, parameters))
    return kept, slots, crossed


def _watch_one(states: Iterator[State], steps: int, every: int) -> tuple[Kept, Mapping[str, Parameters], int | None]:
    start, slots = next(states)
    kept, crossed = [(0, start)], None
    for step, (parameters, slots) in enumerate(states, 1):  # noqa: B007  the last slots are returned
        if crossed is None and (parameters.w < 0 < start.w or parameters.w > 0 > start.w):
            crossed = step
        if step % every == 0 or step == steps:
            kept.append((step, parameters))
    return kept, slots, crossed


def _step(
    experiment: Experiment, parameters: Parameters, gradient: Iterable[Any], state: OptimizerState
) -> tuple[Parameters, OptimizerState]:
    trained = Parameters(
        *(g if name in experiment.trainable else None for name, g in zip(Parameters._fields, gradient, strict=True))
    )
    return experiment.optimizer.step(parameters, trained, state)


def _ensemble(experiment: Experiment) -> Iterator[State]:
    initial = (np.broadcast_to(np.asarray(p, np.float64), experiment.shape) for p in experiment.initial)
    parameters = Parameters(*(np.array(p) for p in initial))
    state = experiment.optimizer.init(parameters)
    yield parameters, state.slots
    for _ in range(experiment.steps):
        gradient = expected_gradient(
            parameters,
            negative_slope=experiment.negative_slope,
            target=experiment.target,
            grad_at_zero=experiment.grad_at_zero,
        )
        parameters, state = _step(experiment, parameters, gradient, state)
        yield parameters, state.slots


def _single(experiment: Experiment) -> Iterator[State]:
    gradient = scalar_gradient(experiment.negative_slope, experiment.target, experiment.grad_at_zero)
    parameters = experiment.initial
    state = experiment.optimizer.init(parameters)
    yield parameters, state.slots
    for _ in range(experiment.steps):
        parameters, state = _step(experiment, parameters, gradient(*parameters), state)
        parameters = Parameters(*map(float, parameters))
        yield parameters, state.slots


def _is_plain(experiment: Experiment) -> bool:
    """Whether a step is w <- w - lr (a w + c), with one c on either side of zero."""
    optimizer, initial = experiment.optimizer, experiment.initial
    vanilla = type(optimizer) is SGD and optimizer.momentum == 0
    return vanilla and experiment.trainable == ("w",) and initial.b == 0 and experiment.target.w != 0


def _plain(experiment: Experiment) -> Iterator[State]:
    initial, lr = experiment.initial, experiment.optimizer.learning_rate
    side = one_sided_slopes(initial.v, initial.d, experiment.negative_slope, experiment.target)
    at_zero = scalar_gradient(experiment.negative_slope, experiment.target, experiment.grad_at_zero)
    stays, w = at_zero(0.0, 0.0, initial.v, initial.d)[0], initial.w
    yield initial, NO_SLOTS
    fixed = initial[1:]
    for _ in range(experiment.steps):
        w -= (side.steepness * w + (side.right if w > 0 else side.left) if w else stays) * lr
        yield Parameters(w, *fixed), NO_SLOTS
