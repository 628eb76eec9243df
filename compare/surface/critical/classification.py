"""Makes a `CriticalPoint` of parameters: polished, with its loss, its kind and its curvature."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compare.surface.arguments import Limit
from compare.surface.critical.points import CriticalPoint
from compare.surface.critical.polish import polished
from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.errors import HESSIAN_ERROR
from reference import Parameters

__all__ = ["at_kink", "limit", "make_critical_point"]

UNIT_ROUNDOFF = 2.0**-53


def make_critical_point(
    surface: TrainedSurface, parameters: Parameters, kind: str | None = None, **more: Any
) -> CriticalPoint:
    """Return the stationary point at `parameters`, polished unless it is a cone, its kind by the Hessian unless given.

    `more` are other fields of `CriticalPoint`, and `eigenvalues`, None where the loss has no second
    derivative. Raises an ArithmeticError if the gradient does not vanish there, or the Hessian is singular to rounding.
    """
    parameters = _without_minus_zero(parameters)
    dimension = more.get("dimension", 0)
    error = None
    if not _is_cone(surface, parameters):
        parameters, error = polished(surface, parameters, dimension)
        parameters = _without_minus_zero(parameters)
    eigenvalues = more.pop("eigenvalues", ())
    if eigenvalues == ():
        hessian = surface.hessian(parameters)
        if not np.isfinite(hessian).all():
            raise OverflowError("a second derivative is beyond the largest float64")
        eigenvalues = tuple(float(e) for e in np.linalg.eigvalsh(hessian))
        kind = kind or _kind(hessian, dimension)
    assert kind is not None
    return CriticalPoint(parameters, kind, surface.loss(parameters), eigenvalues, error=error, **more)


def at_kink(surface: TrainedSurface, kind_of: Callable[[float], str | None], where: str) -> Iterator[CriticalPoint]:
    """Yield the points w = 0, b = 0 that are stationary in some sense: `kind_of(v)` is the kind, None if they are not.

    With v trained its sign decides, and where it is 0 the loss falls with w for one sign of v.
    """
    d = surface.centre
    if not surface.trains("v"):
        kind = kind_of(surface.fixed.v)
        if kind:
            yield make_critical_point(surface, Parameters(0.0, 0.0, surface.fixed.v, d), kind, eigenvalues=None)
        return
    yield make_critical_point(surface, Parameters(0.0, 0.0, 0.0, d), "saddle", eigenvalues=None)
    for v, sign in ((1.0, ">"), (-1.0, "<")):
        kind = kind_of(v)
        if kind:
            at, family = Parameters(0.0, 0.0, v, d), f"{where}, v {sign} 0"
            yield make_critical_point(surface, at, kind, eigenvalues=None, dimension=1, family=family)


def limit(
    surface: TrainedSurface,
    parameters: Parameters,
    loss: float,
    falls: bool,
    family: str,
    far: Parameters | None = None,
) -> CriticalPoint:
    """Return a point at infinity; `far` is a neuron on the way there beyond which only its parameters change."""
    kind = "minimum at infinity" if falls else "saddle at infinity"
    parameters, error = Parameters(*(float(p) for p in parameters)), None
    if far is not None:
        far, error = polished(surface, Parameters(*(float(p) for p in far)), 0)
        parameters = Limit.at(parameters, far)
    return CriticalPoint(parameters, kind, max(loss, 0.0), family=family, error=error)


def _without_minus_zero(parameters: Parameters) -> Parameters:
    return Parameters(*(float(p) + 0.0 for p in parameters))


def _is_cone(surface: TrainedSurface, parameters: Parameters) -> bool:
    """Whether no gradient exists: w = b = 0 and v not 0; a ReLU's is 0 there, by the convention phi'(0) = 0."""
    return parameters.w == parameters.b == 0 != parameters.v and surface.s not in (0, 1)


def _kind(hessian: np.ndarray, dimension: int) -> str:
    """Kind by the signs of the eigenvalues.

    Along a set of dimension n the loss is constant, and n eigenvalues are zero but for
    rounding: the others decide. They keep their signs when rows and columns are scaled
    (Sylvester's law of inertia), which takes parameters of different sizes to the same one.
    """
    scale = np.sqrt(np.max(np.abs(hessian), axis=0))
    scale = np.where(scale == 0, 1.0, scale)
    scaled = hessian / scale / scale[:, None]
    eigenvalues = np.linalg.eigvalsh(scaled)
    deciding = sorted(eigenvalues.tolist(), key=abs)[dimension:]
    # By Weyl's inequality an eigenvalue is off by the norm of what the entries are, and of what the solver adds.
    rounding = len(hessian) * (HESSIAN_ERROR + len(hessian) * UNIT_ROUNDOFF) * float(np.max(np.abs(scaled)))
    if deciding and abs(deciding[0]) <= rounding:
        raise ArithmeticError(
            f"critical_points: a stationary point has a curvature of {deciding[0]:.1e} of the largest: "
            "it cannot be told from a degenerate one"
        )
    if all(e > 0 for e in deciding):
        return "local minimum"
    return "local maximum" if all(e < 0 for e in deciding) else "saddle"
