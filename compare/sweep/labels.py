"""Outcomes of a sweep's neurons, as its files hold them: critical points in text, and one word for each neuron."""

import json
from typing import Any, NamedTuple

import numpy as np

from compare.surface import CriticalPoint
from compare.theory.outcomes import OUTCOMES, outcomes_at, word_for
from reference import Experiment, Parameters

__all__ = ["LABELS", "Labelled", "label", "label_of"]

LABELS = dict(OUTCOMES)


class Labelled(NamedTuple):
    """Critical points of an ensemble, and at which of them its members are; arrays of shape (members,)."""

    point: np.ndarray  # index into `points`, -1 for none of them
    points: list[str]  # as JSON: kind, parameters, loss, the slope they belong to
    loss: np.ndarray  # expected; NaN where it diverged
    without_points: list[str]  # why critical points could not be listed, where that was so


def label_of(point: np.ndarray, points: list[dict[str, Any]], diverged: np.ndarray) -> np.ndarray:
    """The word for each member, as an index into the keys of `LABELS`.

    Examples
    --------
    >>> points = [{"kind": kind, "b": 0.0, "negative_slope": 0.0} for kind in ("global minimum", "dead set", "saddle")]
    >>> diverged = np.array([False, False, False, False, True])
    >>> label_of(np.array([0, 1, 2, -1, -1]), points, diverged).tolist()
    [0, 3, 1, 1, 4]
    """
    names = list(LABELS)
    words = [word_for(p["kind"], silent=p["negative_slope"] == 0 and p["b"] == -np.inf) for p in points]
    of_point = np.array([names.index(word) for word in (*words, "on its way")], np.int8)  # the last is that of -1
    return np.where(diverged, np.int8(names.index("diverged")), of_point[point])


def label(experiment: Experiment, end: Parameters, resolution: float) -> Labelled:
    """Find the critical point at which each member of an ensemble ended; `end` has arrays of shape (members,).

    For `resolution` see `compare.surface.basins`.
    """
    found = outcomes_at(experiment, end, resolution=resolution)
    points = [_described(point, slope) for point, slope in found.points]
    return Labelled(found.point, points, found.loss, list(found.without_points))


def _described(point: CriticalPoint, slope: float) -> str:
    at = {name: float(value) for name, value in point.parameters._asdict().items()}
    return json.dumps(
        {"kind": point.kind, **at, "loss": float(point.loss), "negative_slope": slope, "set": point.family}
    )
