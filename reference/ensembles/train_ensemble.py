"""Training by the fast path, with the same result as `reference.train` gives."""

from types import MappingProxyType

import numpy as np

from reference.ensembles.choice import obstacle, obstacle_in, pays
from reference.ensembles.recorded import Recorded, Whole
from reference.ensembles.shares import Share, compute, number_of_shares, shares
from reference.experiment import Batches, Experiment, check_batches
from reference.neuron import Parameters
from reference.trajectory import Trajectory, present

__all__ = ["train"]


def train(
    experiment: Experiment,
    recorded: np.ndarray,
    batches: Batches | None,
    *,
    required: bool,
    workers: int | None = None,
) -> Trajectory | None:
    """Train if the fast path can be taken and, unless it is required, pays; else return None.

    Parameters
    ----------
    experiment, batches, workers
        As for `reference.train`.
    recorded : ndarray of int
        After how many updates a state is kept, ascending; the last is the number of steps.
    required : bool

    Returns
    -------
    Trajectory or None

    Raises
    ------
    TypeError, ValueError
        If the batches do not fit, or the fast path is required and cannot be taken.

    Examples
    --------
    >>> two = Experiment(initial=Parameters(w=np.array([0.5, 1.0])), batch_size=2, steps=1)
    >>> train(two, np.array([0, 1]), None, required=True).parameters.w.shape
    (2, 2)
    >>> train(two, np.array([0, 1]), None, required=False) is None  # two neurons are no faster this way
    True
    """
    if not required and not pays(experiment):
        return None
    reason = obstacle(experiment)
    if reason is None and batches is not None:
        check_batches(experiment, batches)
        reason = obstacle_in(experiment, batches)
    if reason is None:
        return _train(experiment, recorded, batches, workers)
    if required:
        raise ValueError(f'method "moments" cannot be used: {reason}')
    return None


def _train(experiment: Experiment, recorded: np.ndarray, batches: Batches | None, workers: int | None) -> Trajectory:
    members, shape = int(np.prod(experiment.shape)), experiment.shape
    x = None if batches is None else batches[0]
    whole = Share(experiment, Whole.of(experiment), x, recorded, slice(0, members))
    run_of_all = _run(shares(whole, number_of_shares(whole, workers)))

    def shaped(group: dict[str, np.ndarray], states: int) -> Parameters:
        return Parameters(
            *(group[name].reshape(states, *shape) if name in group else None for name in Parameters._fields)
        )

    states, seen = len(recorded), len(run_of_all.loss)
    trained = shaped(run_of_all.parameters, states)
    fixed = (np.broadcast_to(np.asarray(p, experiment.dtype), (states, *shape)) for p in experiment.initial)
    slots = {
        slot: shaped({name: mine[slot] for name, mine in run_of_all.slots.items()}, states)
        for slot in experiment.optimizer.slots
    }
    return Trajectory(
        experiment,
        Parameters(*(still if path is None else path for path, still in zip(trained, fixed, strict=True))),
        shaped(run_of_all.gradient, seen),
        run_of_all.loss.reshape(seen, *shape),
        MappingProxyType(slots),
        present(run_of_all.diverged_at.reshape(shape)),
        present(run_of_all.crossed_at.reshape(shape)),
        recorded,
    )


def _run(parts: list[Share]) -> Recorded:
    if len(parts) == 1:
        return compute(parts[0])
    from reference.ensembles.processes import run_shares  # what it imports is needed here only

    return run_shares(parts)
