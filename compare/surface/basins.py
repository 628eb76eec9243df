"""Basins of attraction: which start ends at which stationary point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.surface.activation import activation_probability
from compare.surface.critical import CriticalPoint, critical_points
from compare.surface.descent import expected_descent
from compare.surface.flow import gradient_flow
from reference import Experiment, Optimizer, Parameters, Target

__all__ = ["RESOLUTION", "Basins", "arrived", "basins"]

RESOLUTION = 1 / 64


@dataclass(frozen=True, eq=False)
class Basins:
    """Where an ensemble of starts went.

    Parameters
    ----------
    points : tuple of CriticalPoint
        What `critical_points` lists.
    reached : ndarray of int
        For each start the index of its point, -1 where it is on its way still.
    end : Parameters of ndarray
    """

    points: tuple[CriticalPoint, ...]
    reached: np.ndarray
    end: Parameters

    def share(self, kind: str) -> float:
        """Share of the starts that ended at a point of this kind."""
        of_kind = [i for i, point in enumerate(self.points) if point.kind == kind]
        return float(np.isin(self.reached, of_kind).mean())


def basins(
    starts: Parameters,
    *,
    trainable: tuple[str, ...] = ("w",),
    negative_slope: float = 0.0,
    target: Target = Target(),
    optimizer: Optimizer | None = None,
    steps: int = 4000,
    until: float = 40.0,
    resolution: float = RESOLUTION,
) -> Basins:
    """Send every start down the gradient flow, or down an optimizer's path, and see where it ends.

    Parameters
    ----------
    starts : Parameters
        Numbers or arrays that broadcast together.
    trainable, negative_slope, target
        As in `Experiment`.
    optimizer : Optimizer, optional
        Take `steps` steps of it on the exact gradient; by default follow the flow for the time `until`.
    steps : int
    until : float
    resolution : float
        How near counts as there: the difference of v w, v b and d, or for a neuron that dies
        or becomes a line the share of inputs on the other side of its kink.

    Returns
    -------
    Basins

    Raises
    ------
    TypeError, ValueError, ArithmeticError
        As `critical_points`, `gradient_flow` and `Experiment`.

    Notes
    -----
    A neuron is its function of x, and that is fixed by (v w, v b, d) and the sign of w, so
    points of a curve of equal neurons count as one. About 20 ms a start for the flow, 1
    microsecond a start and step for an optimizer.

    Examples
    --------
    >>> found = basins(Parameters(w=np.array([-2.0, -0.5, 0.5, 2.0])))
    >>> [found.points[i].kind for i in found.reached]
    ['one-sided stationary', 'one-sided stationary', 'global minimum', 'global minimum']
    >>> found.share("global minimum")
    0.5
    """
    members = _broadcast(starts)
    settings: dict[str, Any] = {"trainable": trainable, "negative_slope": negative_slope, "target": target}
    if optimizer is None:
        flat = [Parameters(*map(float, member)) for member in zip(*(p.ravel() for p in members), strict=True)]
        ends = [gradient_flow(start, until=until, times=[until], **settings).end for start in flat]
        end = Parameters(*(np.array(p, np.float64).reshape(members.w.shape) for p in zip(*ends, strict=True)))
    else:
        experiment = Experiment(initial=members, optimizer=optimizer, steps=steps, dtype="float64", **settings)
        end = expected_descent(experiment, record="end").end
    fixed = Parameters(*(float(np.ravel(p)[0]) for p in members))
    for name, values in zip(Parameters._fields, members, strict=True):
        if name not in trainable and np.ptp(values) > 0:
            raise ValueError(f"basins: {name} is not trained and must be the same for all starts, got {values!r}")
    points = critical_points(parameters=fixed, **settings)
    return Basins(points, arrived(points, end, negative_slope=negative_slope, resolution=resolution), end)


def arrived(
    points: Sequence[CriticalPoint], end: Parameters, *, negative_slope: float = 0.0, resolution: float = RESOLUTION
) -> np.ndarray:
    """At which of some stationary points neurons are.

    Parameters
    ----------
    points : sequence of CriticalPoint
        By loss, as `critical_points` lists them.
    end : Parameters
        Finite numbers, or arrays that broadcast together.
    negative_slope : float
    resolution : float
        How near counts as there, see `basins`.

    Returns
    -------
    ndarray of int
        Index of the point, of the lowest one where several fit; -1 where none does.

    Examples
    --------
    >>> arrived(critical_points(), Parameters(w=np.array([-1.0, -0.001, 0.5, 0.999])))
    array([-1,  1, -1,  0])
    """
    end = _broadcast(end)
    reached = np.full(end.w.shape, -1)
    for i in reversed(range(len(points))):  # where several fit, the lowest counts
        reached = np.where(_is_at(points[i], end, negative_slope, resolution), i, reached)
    return reached


def _broadcast(parameters: Parameters) -> Parameters:
    shape = np.broadcast_shapes(*(np.shape(p) for p in parameters))
    return Parameters(*(np.broadcast_to(np.asarray(p, np.float64), shape) for p in parameters))


def _is_at(point: CriticalPoint, end: Parameters, negative_slope: float, resolution: float) -> Any:
    """Whether the neurons are near the point, or on their way to it at infinity."""
    at = point.parameters
    faces = (end.w >= 0) if at.w > 0 or (at.w == 0 and np.copysign(1.0, at.w) > 0) else (end.w <= 0)
    if point.kind == "dead set" or (at.b == -np.inf and negative_slope == 0):
        return activation_probability(end) <= resolution
    if not np.isfinite(tuple(at)).all():
        inactive = 1 - activation_probability(end)
        beyond = inactive if at.b > 0 else 1 - inactive
        return (point.kind == "minimum at infinity") & faces & (beyond <= resolution)
    near = (np.abs(end.v * end.w - at.v * at.w) <= resolution) & (np.abs(end.v * end.b - at.v * at.b) <= resolution)
    near = near & (np.abs(end.d - at.d) <= resolution)
    return near & ((at.w == 0) | (end.w * at.w >= 0))
