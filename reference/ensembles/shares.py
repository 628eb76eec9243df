"""Parts of an ensemble that can be trained apart from each other, and how many there are by default."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from reference import checks
from reference.ensembles.choice import seconds_of_members
from reference.ensembles.loop import run
from reference.ensembles.members import optimizer_of
from reference.ensembles.recorded import Recorded, Whole
from reference.experiment import Experiment, draw_samples
from reference.neuron import Parameters

__all__ = ["Share", "compute", "number_of_shares", "shares"]

VARIABLE = "NEURON_AUDIT_WORKERS"
THREADS = "OMP_NUM_THREADS"  # what pools of processes set, so that none of them takes all cores
SECONDS = 1.0  # of work that a process should have, as starting one takes some tenths
LEAST_APART = 4  # steps between states; handing one over costs about as much as two steps by SGD
SAMPLES_IN_CACHE = 2**16


class Share(NamedTuple):
    """Some members, with what all of them have in common.

    Parameters
    ----------
    experiment : Experiment
        Of these members.
    whole : Whole
    x : ndarray of shape (steps, batch_size), or None
        Samples of one's own; None if they are drawn.
    recorded : ndarray of int
    where : slice
        The members' place in the ensemble.
    """

    experiment: Experiment
    whole: Whole
    x: np.ndarray | None
    recorded: np.ndarray
    where: slice


def compute(share: Share) -> Recorded:
    """Train the members of a share in this process."""
    return run(share.experiment, _samples(share), share.recorded, share.whole)


def _samples(share: Share) -> Iterator[np.ndarray]:
    """Blocks of batches, each of shape (batches, batch_size), cut the same way for every share."""
    if share.x is not None:
        return iter([share.x])
    return draw_samples(share.experiment, max(1, SAMPLES_IN_CACHE // share.experiment.batch_size))


def shares(whole: Share, number: int) -> list[Share]:
    """Cut an ensemble into a number of parts, as equal as can be.

    Examples
    --------
    >>> three = Experiment(initial=Parameters(w=np.array([1.0, 2.0, 3.0]), b=0.5))
    >>> parts = shares(Share(three, Whole.of(three), None, np.array([2000]), slice(0, 3)), 2)
    >>> [(part.where, part.experiment.initial.w) for part in parts]
    [(slice(0, 1, None), array([1.])), (slice(1, 3, None), array([2., 3.]))]
    """
    if number == 1:
        return [whole]
    edges = [whole.whole.members * i // number for i in range(number + 1)]
    return [
        whole._replace(experiment=_part(whole.experiment, where), where=where)
        for where in map(slice, edges[:-1], edges[1:])
    ]


def _part(experiment: Experiment, where: slice) -> Experiment:
    def pick(value: Any) -> Any:
        return np.broadcast_to(value, experiment.shape).reshape(-1)[where] if np.ndim(value) else value

    return replace(
        experiment,
        initial=Parameters(*map(pick, experiment.initial)),
        negative_slope=pick(experiment.negative_slope),
        optimizer=optimizer_of(experiment.optimizer, pick),
    )


def number_of_shares(whole: Share, workers: int | None) -> int:
    """How many processes an ensemble is trained in, this one included.

    Parameters
    ----------
    whole : Share
        The whole ensemble.
    workers : int or None
        Asked for; None leaves it to the environment and to whether it pays.

    Returns
    -------
    int
        One for an optimizer of the user's own, which another process might not find, and in a
        program that is no Python to start another one of.

    Raises
    ------
    ValueError
        If the environment asks for something that is no number of processes.
    """
    own_optimizer = type(whole.experiment.optimizer).__module__.split(".")[0] != __name__.split(".")[0]
    if own_optimizer or getattr(sys, "frozen", False) or not sys.executable:
        return 1
    if workers is not None:
        return min(workers, max(1, whole.whole.members))
    most = _most()
    if most == 1 or LEAST_APART * len(whole.recorded) > whole.experiment.steps:
        return 1
    return max(1, min(most, int(seconds_of_members(whole.experiment) / SECONDS)))


def _most() -> int:
    """What the environment allows: so many as it says, one in a pool of processes, or all cores."""
    asked = os.environ.get(VARIABLE, "").strip()
    if asked:
        try:
            return checks.integer(VARIABLE, int(asked), at_least=1)
        except ValueError:
            raise ValueError(f"{VARIABLE} must be an integer of at least 1, got {asked!r}") from None
    multiprocessing = sys.modules.get("multiprocessing.process")  # which a child process of it has imported
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    threads = os.environ.get(THREADS, "").split(",")[0].strip()
    return min(cores, int(threads)) if threads.isdecimal() and int(threads) else cores
