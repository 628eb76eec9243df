"""What became of a neuron: one word for it, decided by the critical point that it is at, and the reason.

Every picture, table and caption asks here. A neuron is at a point within `resolution` in v w, v b
and d, or, if it becomes a line, in the share of inputs on the other side of its kink
(`compare.surface.arrived`). A ReLU that at most this share of all inputs activates is dead, unless
these few bring it back: with w > 0 and a kink far out they do, in time.

The loss alone would not do: `compare.theory.success` rules out by it that a neuron faces the wrong way
or is dead, which is certain long before it has learned.
"""

from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.surface import (
    CriticalPoint,
    activation_probability,
    arrived,
    critical_points,
    expected_gradient,
    expected_loss,
)
from compare.surface.basins import RESOLUTION
from reference import Experiment, Parameters, Target, Trajectory

__all__ = ["OUTCOMES", "Outcomes", "outcome_of", "outcomes_at", "outcomes_of", "word_for"]

OUTCOMES = MappingProxyType(
    {
        "learned": "at the global minimum of the expected loss",
        "on its way": "finite, and at no point from which the gradient leads nowhere: it moves still, passes a saddle, "
        "or is kept off by the batches' noise",
        "stuck": "at a critical point that is not the global minimum, from where the gradient leads nowhere: "
        "a kink that is stationary from where the neuron is, or a local minimum, also at infinity",
        "dead": "a ReLU that so few inputs activate that they do not bring it back",
        "diverged": "a parameter or the optimizer's memory is no longer a finite number",
    }
)
NAMES = tuple(OUTCOMES)
STUCK_AT = ("one-sided stationary", "local minimum", "minimum at infinity")


class Outcomes(NamedTuple):
    """What became of an ensemble.

    Parameters
    ----------
    outcome : ndarray of int
        Index into the keys of `OUTCOMES`, of the ensemble's shape.
    point : ndarray of int
        Index into `points`, -1 for none of them.
    points : tuple of (CriticalPoint, float)
        With the negative slope that they belong to.
    loss : ndarray
        Expected; NaN where the neuron diverged.
    without_points : tuple of str
        Why critical points could not be listed, where that was so: these neurons count as on their way.
    """

    outcome: np.ndarray
    point: np.ndarray
    points: tuple[tuple[CriticalPoint, float], ...]
    loss: np.ndarray
    without_points: tuple[str, ...]

    def is_(self, name: str) -> np.ndarray:
        """Which members have this outcome."""
        return np.asarray(self.outcome == NAMES.index(name))

    def share(self, name: str) -> float:
        """Share of the members that have this outcome."""
        return float(self.is_(name).mean())


def word_for(kind: str, *, silent: bool = False) -> str:
    """The outcome of a neuron that is at a critical point of some kind; `silent` if no input activates it there.

    Examples
    --------
    >>> word_for("global minimum"), word_for("local minimum"), word_for("dead set"), word_for("saddle")
    ('learned', 'stuck', 'dead', 'on its way')
    """
    if kind == "global minimum":
        return "learned"
    if kind == "dead set" or (silent and kind in STUCK_AT):
        return "dead"
    return "stuck" if kind in STUCK_AT else "on its way"


def outcomes_at(
    experiment: Experiment, end: Parameters, *, diverged: Any = False, resolution: float = RESOLUTION
) -> Outcomes:
    """Say what became of the members of an ensemble that ended here.

    Parameters
    ----------
    experiment : Experiment
    end : Parameters
        Numbers, or arrays of the ensemble's shape.
    diverged : bool or ndarray of bool
        Members of which something is known to be no longer finite.
    resolution : float
        See `compare.surface.basins`.

    Returns
    -------
    Outcomes

    Examples
    --------
    >>> found = outcomes_at(Experiment(initial=Parameters(w=np.ones(3))), Parameters(w=np.array([-2.0, -1e-3, 0.99])))
    >>> [NAMES[i] for i in found.outcome]
    ['on its way', 'stuck', 'learned']
    """
    shape = experiment.shape
    members = int(np.prod(shape, dtype=int))
    flat = Parameters(*(np.broadcast_to(np.asarray(p, np.float64), shape).reshape(members) for p in end))
    finite = np.logical_and.reduce([np.isfinite(p) for p in flat])
    held = Parameters(*(np.where(finite, p, 0.0) for p in flat))
    slope = np.broadcast_to(experiment.negative_slope, shape).reshape(members)
    with np.errstate(all="ignore"):  # a neuron may be finite, and its loss not
        loss = np.where(finite, expected_loss(held, negative_slope=slope, target=experiment.target), np.nan)
    point = np.full(members, -1)
    points: list[tuple[CriticalPoint, float]] = []
    without: list[str] = []
    for where, negative_slope, fixed in _alike(experiment):
        try:
            found = _listed(experiment.trainable, experiment.target, negative_slope, fixed)
        except (ValueError, ArithmeticError) as error:
            without.append(f"slope {negative_slope:g}: {' '.join(str(error).split())}")
            continue
        with np.errstate(all="ignore"):
            mine = Parameters(*(p[where] for p in held))
            here = arrived(found, mine, negative_slope=negative_slope, resolution=resolution)
            here = np.where(_coming_back(experiment, mine, negative_slope, found, here), -1, here)
        point[where] = np.where((here >= 0) & finite[where], here + len(points), -1)
        points += [(one, negative_slope) for one in found]
    words = [NAMES.index(word_for(p.kind, silent=_is_silent(p, s))) for p, s in points]
    of_point = np.array([*words, NAMES.index("on its way")], np.int8)  # the last is that of -1
    gone = ~finite | np.broadcast_to(diverged, shape).reshape(members)
    outcome = np.where(gone, np.int8(NAMES.index("diverged")), of_point[point])
    return Outcomes(outcome.reshape(shape), point.reshape(shape), tuple(points), loss.reshape(shape), tuple(without))


def outcomes_of(run: Trajectory, *, resolution: float = RESOLUTION) -> Outcomes:
    """Say what became of the members of a run.

    Examples
    --------
    >>> from reference import train
    >>> starts = Experiment(initial=Parameters(w=np.array([-1.0, 3.0])), steps=600, batch_size=100)
    >>> found = outcomes_of(train(starts, record="end"))
    >>> found.share("learned"), found.share("stuck")
    (0.5, 0.5)
    """
    diverged = False if run.diverged_at is None else np.asarray(run.diverged_at) >= 0
    return outcomes_at(run.experiment, run.end, diverged=diverged, resolution=resolution)


def outcome_of(run: Trajectory, *, resolution: float = RESOLUTION) -> str:
    """Say in a word what became of a single run.

    Examples
    --------
    >>> from reference import train
    >>> outcome_of(train(Experiment(steps=5))), outcome_of(train(Experiment(steps=1000)))
    ('on its way', 'stuck')
    """
    return NAMES[int(outcomes_of(run, resolution=resolution).outcome)]


@lru_cache(maxsize=256)
def _listed(
    trainable: tuple[str, ...], target: Target, negative_slope: float, fixed: tuple[tuple[str, float], ...]
) -> tuple[CriticalPoint, ...]:
    """Critical points with these parameters fixed, as pictures of the same runs ask for them again and again."""
    parameters = Parameters(w=1.0)._replace(**dict(fixed))
    return critical_points(trainable=trainable, target=target, negative_slope=negative_slope, parameters=parameters)


def _is_silent(point: CriticalPoint, negative_slope: float) -> bool:
    """Whether no input activates a ReLU there."""
    return negative_slope == 0 and (point.kind == "dead set" or point.parameters.b == -np.inf)


def _coming_back(
    experiment: Experiment, at: Parameters, slope: float, points: tuple[CriticalPoint, ...], here: np.ndarray
) -> np.ndarray:
    """Nearly dead neurons whose b / |w| is increasing and that expect at least one active sample: not called dead.

    The probability of an active sample is Phi(b / |w|), and descent changes b / |w| at the rate
    (b sign(w) g_w - |w| g_b) / w^2. Samples are those of as many steps as the neuron was
    trained for. Result and `here`, the index of each neuron's point or -1: (members,).
    """
    dead = np.array([_is_silent(point, slope) for point in points] + [False])
    candidates = dead[here]
    back = np.zeros(here.shape, bool)
    if candidates.any():
        few = Parameters(*(p[candidates] for p in at))
        gradient = expected_gradient(few, negative_slope=slope, target=experiment.target)
        g_w, g_b = (getattr(gradient, name) if name in experiment.trainable else 0.0 for name in ("w", "b"))
        samples = activation_probability(few) * experiment.batch_size * experiment.steps
        back[candidates] = (few.b * np.sign(few.w) * g_w > np.abs(few.w) * g_b) & (samples >= 1)
    return back


def _alike(experiment: Experiment) -> Iterator[tuple[np.ndarray, float, tuple[tuple[str, float], ...]]]:
    """Groups of members with the same critical points, as indices: the same slope and the same untrained parameters."""
    fixed = [name for name in Parameters._fields if name not in experiment.trainable]
    columns = [experiment.negative_slope, *(getattr(experiment.initial, name) for name in fixed)]
    table = np.stack([np.broadcast_to(column, experiment.shape).ravel() for column in columns], axis=1)
    rows, group = np.unique(table.astype(np.float64), axis=0, return_inverse=True)
    for i, (slope, *values) in enumerate(rows.tolist()):
        yield np.flatnonzero(group.ravel() == i), slope, tuple(zip(fixed, values, strict=True))
