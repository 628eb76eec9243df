"""What a sweep leaves: arrays of the grid's shape."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.sweep.chunks import ChunkResult
from compare.sweep.labels import LABELS, label_of
from compare.sweep.values import Sweep
from reference import Parameters

__all__ = ["SweepResult", "merged"]


@dataclass(frozen=True, eq=False)
class SweepResult:
    """Where every neuron of a sweep went.

    Arrays have the sweep's shape: an axis for each of the grid, in its order, then one for
    the random starts.

    Parameters
    ----------
    sweep : Sweep
    end : Parameters of ndarray
        After the last update; None for what is not trained.
    loss : ndarray
        Expected loss there; NaN where it diverged.
    label : ndarray of int
        Index into `LABELS`.
    point : ndarray of int
        Index into `points`; -1 where it is at none of them.
    points : tuple of mapping
        Every critical point of every slope: kind, w, b, v, d, loss, negative_slope and set.
    crossed_at, diverged_at : ndarray of int
        After how many updates w had first changed sign, and something was first not
        finite; -1 where it never happened.
    without_points : tuple of str
        Settings of which the critical points cannot be listed, and why.
    """

    sweep: Sweep
    end: Parameters
    loss: np.ndarray
    label: np.ndarray
    point: np.ndarray
    points: tuple[Mapping[str, Any], ...]
    crossed_at: np.ndarray
    diverged_at: np.ndarray
    without_points: tuple[str, ...]

    def values(self, setting: str) -> np.ndarray:
        """Values of a setting on the grid or drawn, in a shape that broadcasts with the arrays.

        Raises
        ------
        KeyError
            If the sweep does not vary it.
        """
        axes = [axis.setting for axis in self.sweep.grid]
        if setting in axes:
            i = axes.index(setting)
            after = len(self.sweep.shape) - i - 1
            return np.array(self.sweep.grid[i].values).reshape(-1, *(1,) * after)
        return self.sweep.drawn()[setting]

    def share(self, label: str) -> float:
        """Share of the neurons with this label."""
        return float((self.label == list(LABELS).index(label)).mean())

    def shares_of_kinds(self) -> dict[str, float]:
        """Share of the neurons at each kind of critical point that anyone is at."""
        kinds = np.array([point["kind"] for point in self.points] + [""])
        found, counts = np.unique(kinds[self.point], return_counts=True)
        return {str(kind): float(n / self.sweep.size) for kind, n in zip(found, counts, strict=True) if kind}


def merged(sweep: Sweep, results: Sequence[ChunkResult]) -> SweepResult:
    """Put the results of all chunks together, which are in the order of `compare.sweep.chunks.chunks_of`."""
    points: dict[str, int] = {}  # by description; a point of several chunks is listed once
    arrays: dict[str, list[np.ndarray]] = {}
    for result in results:
        index = np.array([*(points.setdefault(text, len(points)) for text in result.points), -1])
        for name, array in result.arrays.items():
            arrays.setdefault(name, []).append(index[array] if name == "point" else array)
    whole = {name: _in_order(sweep, np.concatenate(parts)) for name, parts in arrays.items()}
    listed = tuple(json.loads(text) for text in points)
    label = label_of(whole["point"], list(listed), whole["diverged_at"] >= 0)
    return SweepResult(
        sweep,
        Parameters(*(whole.get(f"end.{name}") for name in Parameters._fields)),
        whole["loss"],
        label,
        whole["point"].astype(np.int32),
        listed,
        whole["crossed_at"],
        whole["diverged_at"],
        tuple(dict.fromkeys(text for result in results for text in result.without_points)),
    )


def _in_order(sweep: Sweep, flat: np.ndarray) -> np.ndarray:
    """From loops first, members after, to the order of the grid."""
    computed = [*sweep.loops, *sweep.ensemble]
    lengths = [len(axis.values) for axis in computed]
    array = flat.reshape(*lengths, *((sweep.number,) if sweep.draws else ()))
    settings = [axis.setting for axis in computed]
    order = [settings.index(axis.setting) for axis in sweep.grid]
    return np.ascontiguousarray(array.transpose(*order, *range(len(order), array.ndim)))
