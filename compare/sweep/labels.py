"""Outcome of a neuron's training: the critical point it is at, and one word for it."""

import json
from collections.abc import Iterator
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
from reference import Experiment, Parameters

__all__ = ["LABELS", "STUCK_AT", "Labelled", "label", "label_of"]

LABELS = {
    "learned": "at the global minimum of the expected loss",
    "stuck": "at a critical point that is not, from where the gradient leads nowhere: "
    "a dead ReLU, a kink that is stationary from where the neuron is, a local minimum, also at infinity",
    "undecided": "finite, and at none of these: on its way still, passing a saddle, or kept off by the batches' noise",
    "diverged": "a parameter or the optimizer's memory is no longer a finite number",
}

STUCK_AT = ("dead set", "one-sided stationary", "local minimum", "minimum at infinity")


class Labelled(NamedTuple):
    """Critical points of an ensemble, and at which of them its members are; arrays of shape (members,)."""

    point: np.ndarray  # index into `points`, -1 for none of them
    points: list[str]  # as JSON: kind, parameters, loss, the slope they belong to
    loss: np.ndarray  # expected; NaN where it diverged
    without_points: list[str]  # why critical points could not be listed, where that was so


def label_of(point: np.ndarray, kinds: list[str], diverged: np.ndarray) -> np.ndarray:
    """The word for each member, as an index into the keys of `LABELS`.

    Examples
    --------
    >>> points = np.array([0, 1, 2, -1, -1])
    >>> diverged = np.array([False, False, False, False, True])
    >>> label_of(points, ["global minimum", "dead set", "saddle"], diverged).tolist()
    [0, 1, 2, 2, 3]
    """
    words = [0 if kind == "global minimum" else 1 if kind in STUCK_AT else 2 for kind in kinds]
    of_point = np.array([*words, 2], np.int8)  # the last is that of -1
    return np.where(diverged, np.int8(3), of_point[point])


def label(experiment: Experiment, end: Parameters, resolution: float) -> Labelled:
    """Find the critical point at which each member of an ensemble ended; `end` has arrays of shape (members,).

    For `resolution` see `compare.surface.basins`.
    """
    members = experiment.shape
    finite = np.logical_and.reduce([np.isfinite(p) for p in end])
    held = Parameters(*(np.where(finite, p, 0.0).astype(np.float64) for p in end))
    slope = np.broadcast_to(experiment.negative_slope, members)
    with np.errstate(all="ignore"):  # a neuron may be finite, and its loss not
        loss = np.where(finite, expected_loss(held, negative_slope=slope, target=experiment.target), np.nan)
    point = np.full(members, -1)
    points: list[str] = []
    without: list[str] = []
    for where, settings in _alike(experiment):
        try:
            found = critical_points(trainable=experiment.trainable, target=experiment.target, **settings)
        except (ValueError, ArithmeticError) as error:
            without.append(f"slope {settings['negative_slope']:g}: {' '.join(str(error).split())}")
            continue
        with np.errstate(all="ignore"):
            mine = Parameters(*(p[where] for p in held))
            here = arrived(found, mine, negative_slope=settings["negative_slope"], resolution=resolution)
            here = np.where(_coming_back(experiment, mine, settings["negative_slope"], found, here), -1, here)
        point[where] = np.where((here >= 0) & finite[where], here + len(points), -1)
        points += [_described(one, settings["negative_slope"]) for one in found]
    return Labelled(point, points, loss, without)


def _coming_back(
    experiment: Experiment, at: Parameters, slope: float, points: tuple[CriticalPoint, ...], here: np.ndarray
) -> np.ndarray:
    """Nearly dead neurons whose b / |w| is increasing and that expect at least one active sample: not labelled dead.

    The probability of an active sample is Phi(b / |w|), and descent changes b / |w| at the rate
    (b sign(w) g_w - |w| g_b) / w^2. Samples are those of as many steps as the neuron was
    trained for. Result and `here`, the index of each neuron's point or -1: (members,).
    """
    dead = np.array([slope == 0 and (p.kind == "dead set" or p.parameters.b == -np.inf) for p in points] + [False])
    candidates = dead[here]
    back = np.zeros(here.shape, bool)
    if candidates.any():
        few = Parameters(*(p[candidates] for p in at))
        gradient = expected_gradient(few, negative_slope=slope, target=experiment.target)
        g_w, g_b = (getattr(gradient, name) if name in experiment.trainable else 0.0 for name in ("w", "b"))
        samples = activation_probability(few) * experiment.batch_size * experiment.steps
        back[candidates] = (few.b * np.sign(few.w) * g_w > np.abs(few.w) * g_b) & (samples >= 1)
    return back


def _alike(experiment: Experiment) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    """Groups of members with the same critical points, as indices: the same slope and the same untrained parameters."""
    fixed = [name for name in Parameters._fields if name not in experiment.trainable]
    columns = [experiment.negative_slope, *(getattr(experiment.initial, name) for name in fixed)]
    table = np.stack([np.broadcast_to(column, experiment.shape) for column in columns], axis=1)
    rows, group = np.unique(table, axis=0, return_inverse=True)
    for i, (slope, *values) in enumerate(rows.tolist()):
        parameters = Parameters(w=1.0)._replace(**dict(zip(fixed, values, strict=True)))
        yield np.flatnonzero(group.ravel() == i), {"negative_slope": slope, "parameters": parameters}


def _described(point: CriticalPoint, slope: float) -> str:
    at = {name: float(value) for name, value in point.parameters._asdict().items()}
    return json.dumps(
        {"kind": point.kind, **at, "loss": float(point.loss), "negative_slope": slope, "set": point.family}
    )
