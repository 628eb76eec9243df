"""Training: an Experiment in, a Trajectory out. The loop is `_step_by_step`; here the reading ends."""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import numpy as np

from reference import checks
from reference.experiment import Batches, Experiment, check_batches, iterate_batches, require_experiment
from reference.neuron import Parameters, backward, forward, mean_squared_error
from reference.optimizers import OptimizerState
from reference.trajectory import Trajectory, Watch, first_crossing, first_non_finite, present, steps_recorded

__all__ = ["Trajectory", "blocks", "constants", "first_crossing", "first_non_finite", "start", "train"]

METHODS = ("auto", "neuron", "moments")


def train(
    experiment: Experiment,
    *,
    record: str | int = "all",
    batches: Batches | None = None,
    method: str = "auto",
    workers: int | None = None,
) -> Trajectory:
    """Train the neuron by hand: forward, backward, optimizer step, on every batch.

    Divergence is a result, not an error: the trajectory then holds infinities and NaN,
    and `diverged_at` says from where.

    Parameters
    ----------
    experiment : Experiment
        With arrays in it, all members are trained at once on the same batches.
    record : {"all", "end"} or int
        Every step, or only the last state, or every k-th state and the last.
    batches : tuple of x and y, each an ndarray of shape (steps, batch_size), optional
        What `draw_batches` returned, to draw once for several experiments, or samples
        of your own. By default the experiment's batches are drawn block by block.
    method : {"auto", "neuron", "moments"}
        "neuron" is the specification. "moments" takes gradients from sums over a batch
        (`reference.ensembles`): the same up to rounding, for the same active samples, and
        for a large ensemble about a hundred times faster. "auto" is "moments" for ensembles
        where that pays; few members stay bit for bit what they are alone.
    workers : int, optional
        In how many processes "moments" trains a share of the members each; the result is the
        same, byte for byte. By default those cores that this process may use, where each
        has a second's work or more: at most NEURON_AUDIT_WORKERS or, without it,
        OMP_NUM_THREADS, and one in a child process of `multiprocessing`.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError, TypeError
        If `record` or `method` is unknown, `workers` is no positive integer, or `batches`
        does not fit the experiment; for "moments" also if `grad_at_zero` is not the slope,
        or labels are not the target's.

    Notes
    -----
    The neuron holds several arrays of members times samples; what "moments" costs is said in
    `reference.ensembles`. From `diverged_at` on, which infinity or NaN a member holds, and
    whether w crosses 0 with it, is the method's own. A loss next to overflow is finite by
    "moments" where the neuron's sum of squares is not.

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
    recorded = steps_recorded(record, experiment.steps)
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    if workers is not None:
        workers = checks.integer("workers", workers, at_least=1)
    if method == "moments" or (method == "auto" and experiment.shape):
        from reference import ensembles  # a faster way to the same numbers, skipped when reading

        trajectory = ensembles.train(experiment, recorded, batches, required=method == "moments", workers=workers)
        if trajectory is not None:
            return trajectory
    return _step_by_step(experiment, recorded, batches)


def _step_by_step(experiment: Experiment, recorded: np.ndarray, batches: Batches | None) -> Trajectory:
    """One forward pass, one backward pass and one step of the optimizer on every batch.

    If every state is kept, divergence and crossing are read off the arrays afterwards;
    otherwise `Watch` looks at each state as it passes.
    """
    slope, grad_at_zero = constants(experiment)
    slope = slope if np.ndim(slope) == 0 else slope[..., None]  # samples are the last axis
    parameters, state = start(experiment)
    every, wanted = len(recorded) == experiment.steps + 1, set(recorded.tolist())
    visited: list[tuple[Parameters, OptimizerState]] = [(parameters, state)] if 0 in wanted else []
    seen: list[tuple[Parameters, Any]] = []
    watch = Watch(parameters)
    with np.errstate(all="ignore"):
        for x_block, y_block in blocks(experiment, batches):
            for x, y in zip(x_block, y_block, strict=True):
                at = forward(parameters, x, slope)
                gradient = backward(parameters, x, y, at, slope, experiment.trainable, grad_at_zero)
                loss = mean_squared_error(at.y_pred, y)
                parameters, state = experiment.optimizer.step(parameters, gradient, state)
                if not every:
                    watch.look(parameters, state.slots)
                if every or watch.steps in wanted:
                    visited.append((parameters, state))
                    seen.append((gradient, loss))
    return _assemble(experiment, visited, seen, None if every else watch, recorded)


def start(experiment: Experiment) -> tuple[Parameters, OptimizerState]:
    """Initial parameters, in the experiment's dtype and shape, and optimizer state."""
    parameters = Parameters(
        *(np.broadcast_to(np.asarray(p, experiment.dtype), experiment.shape)[()] for p in experiment.initial)
    )
    return parameters, experiment.optimizer.init(parameters)


def constants(experiment: Experiment) -> tuple[Any, Any]:
    """Slope (an array where the experiment has one) and derivative at the kink, in the experiment's dtype.

    The slope is rounded as `experiment.constants` says: Keras on TensorFlow has it as a float32
    attribute of the operation, also in float64.
    """
    at_zero = experiment.grad_at_zero
    return experiment.slope, None if at_zero is None else np.dtype(experiment.dtype).type(at_zero)


def blocks(experiment: Experiment, batches: Batches | None) -> Iterator[Batches]:
    """Blocks of batches: those given, checked, or else the experiment's own, drawn as they are used."""
    if batches is None:
        yield from iterate_batches(experiment)
        return
    check_batches(experiment, batches)
    yield batches


def _assemble(
    experiment: Experiment,
    visited: list[tuple[Parameters, OptimizerState]],
    seen: list[tuple[Parameters, Any]],
    watch: Watch | None,
    recorded: np.ndarray,
) -> Trajectory:
    """Stack what was recorded into arrays with the step axis first; without a watch, that is every state."""
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
        np.array([loss for _, loss in seen]),
        MappingProxyType(slots),
        first_non_finite(parameters, slots) if watch is None else present(watch.diverged_at),
        first_crossing(parameters.w) if watch is None else present(watch.crossed_at),
        recorded,
    )


def _stack(
    rows: list[Parameters], trainable: tuple[str, ...], untrained: Callable[[Any], Any] = lambda p: None
) -> Parameters:
    return Parameters(
        *(
            np.array([row[i] for row in rows]) if name in trainable else untrained(rows[0][i])
            for i, name in enumerate(Parameters._fields)
        )
    )
