"""Stationary points where the neuron is linear in what is trained, or a line altogether."""

from collections.abc import Iterator

from compare.surface.critical.classification import make_critical_point
from compare.surface.critical.points import CriticalPoint
from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.hessian import expected_hessian
from reference import Parameters

__all__ = ["output_only", "straight_line"]


def output_only(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield the minima over v and d, least squares on the activation.

    The loss is quadratic in them, so its derivatives at v = d = 0 say all. A constant
    activation makes v and d exchangeable, and one that is zero makes v idle.
    """
    w, b, v, d = surface.fixed
    trains_v, trains_d = surface.trains("v"), surface.trains("d")
    at = Parameters(w, b, 0.0 if trains_v else v, 0.0 if trains_d else d)
    slope, hessian = surface.gradient(at), expected_hessian(at, **surface.options)
    square, mean = float(hessian[2, 2]), float(hessian[2, 3])
    idle = trains_v and (square == 0 or (trains_d and w == 0))
    if not trains_v:
        at = at._replace(d=-float(slope.d) / 2)
    elif idle:
        at = at._replace(d=-float(slope.d) / 2 if trains_d else d)
    elif trains_d:
        v = -(float(slope.v) - float(slope.d) * mean / 2) / (square - mean * mean / 2)
        at = at._replace(v=v, d=-(float(slope.d) + mean * v) / 2)
    else:
        at = at._replace(v=-float(slope.v) / square)
    family = ("v any, v phi(b) + d the same" if mean else "v any") if idle else ""
    yield make_critical_point(surface, at, "local minimum", dimension=int(idle), family=family)


def straight_line(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield the stationary points of the neuron of slope 1, y_pred = v w x + (v b + d).

    With the best line S x + E[y], S = E[x y], the conditions are v (v w - S) = 0 for w,
    v q = 0 for b, w (v w - S) + b q = 0 for v and q = 0 for d, with q = v b + d - E[y].
    """
    teacher = surface.teacher()
    slope, mean = teacher.slope, teacher.mean
    if slope == 0:
        raise ValueError("critical_points: with negative_slope 1 the target must be correlated with x")
    yield from _best_lines(surface, slope, mean)
    if surface.trains("v"):
        yield from _idle_lines(surface, slope, mean)


def _best_lines(surface: TrainedSurface, slope: float, mean: float) -> Iterator[CriticalPoint]:
    """Points with v not 0: the line has the right slope, or the right height, or both."""
    w, b, v, d = surface.fixed
    trains_w, trains_b, trains_v, trains_d = (surface.trains(name) for name in "wbvd")
    height = 0.0 if trains_d else mean - d  # of v b
    if trains_v:
        v = 1.0
        if not trains_w:
            v = slope / w
        elif not trains_b and not trains_d and b != 0:
            v = height / b
            if v == 0:
                return
    if trains_w:
        w = slope / v
    if trains_b:
        b = height / v
    if trains_d:
        d = mean - v * b
    at_will = trains_v and trains_w and (trains_b or trains_d or b == 0)
    free = int(at_will) + int(trains_b and trains_d)
    family = "v w and v b + d the same" if free else ""
    yield make_critical_point(surface, Parameters(w, b, v, d), "local minimum", dimension=free, family=family)


def _idle_lines(surface: TrainedSurface, slope: float, mean: float) -> Iterator[CriticalPoint]:
    """Points with v = 0: w S = b q, with q = d - E[y]."""
    w, b, _, d = surface.fixed
    trains_w, trains_b, trains_d = (surface.trains(name) for name in "wbd")
    gap = 0.0 if trains_d else d - mean
    if trains_d:
        d = mean
    if trains_w:
        b = 1.0 if trains_b else b
        w = b * gap / slope
    elif gap != 0:
        b = w * slope / gap
    else:
        return
    curve = trains_w and trains_b
    family = "v = 0, (c w, c b) for any c" if curve else ""
    yield make_critical_point(surface, Parameters(w, b, 0.0, d), "saddle", dimension=int(curve), family=family)
