"""A stationary point as good as float64 holds it, and proof that it is one: the exact gradient there.

The formulas and kinks of the other modules give a point up to what cancels in them. Newton's
method on `expected_gradient`, which does not cancel, brings it to where the parameters cannot
be told from the true ones. With u = 2^-53, H the Hessian and eps the error of a derivative
(`expected_gradient_error`), a step ends where

    |computed derivative by p| <= sum over q of |H_pq| u |q| + 2 eps_p

by the rounding of each q that the step changes, and by the error of the derivatives at its
two ends; the true derivative is off by eps_p once more. Where that is not reached within a
few steps the point is taken not to exist, and an ArithmeticError is raised.
"""

from typing import NamedTuple

import numpy as np

from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.gradient import expected_gradient_error
from reference import Parameters

__all__ = ["polished"]

UNIT_ROUNDOFF = 2.0**-53
STEPS = 12
WITHIN = 0.5  # of what is allowed
FARTHEST = 2.0**-10  # of its size, that a parameter may be from where it was said to be


class _State(NamedTuple):
    """At a point, of the p trained parameters: derivatives (p,), Hessian (p, p), eps (p,), sum |H_pq| u |q| (p,)."""

    gradient: np.ndarray
    hessian: np.ndarray
    eps: np.ndarray
    rounding: np.ndarray

    @property
    def rest(self) -> float:
        """Largest derivative, in units of what is allowed."""
        allowed = self.rounding + 2 * self.eps
        quotients = np.abs(self.gradient) / np.where(allowed == 0, 1.0, allowed)
        return float(np.max(np.where((allowed == 0) & (self.gradient != 0), np.inf, quotients)))


def polished(surface: TrainedSurface, parameters: Parameters, dimension: int) -> tuple[Parameters, Parameters]:
    """Bring a point to where its gradient vanishes to rounding, and bound the true derivatives there.

    The point is finite, and one of a set of stationary points of this dimension. The bounds are
    infinite for what is not trained. An ArithmeticError if the gradient does not vanish nearby.
    """
    names = surface.trainable
    free, flat = _movable(surface, parameters, dimension)
    at = here = parameters
    best = _state(surface, parameters)
    for _ in range(STEPS):
        if best.rest <= 1:
            break
        moved = _newton_step(at, _state(surface, at), names, free, flat)
        if moved is None or _distance(moved, parameters) > FARTHEST:
            break
        at = moved
        state = _state(surface, at)
        if state.rest < best.rest:
            here, best = at, state
    if not best.rest <= 1:
        where = ", ".join(f"{name} = {value:.6g}" for name, value in parameters._asdict().items())
        raise ArithmeticError(
            f"critical_points: near {where} the gradient is {best.rest:.1e} times what rounding explains: "
            "the point cannot be told from one that is not stationary"
        )
    error = dict(zip(names, (best.rounding + 3 * best.eps).tolist(), strict=True))
    return here, Parameters(*(error.get(name, np.inf) for name in Parameters._fields))


def _movable(surface: TrainedSurface, parameters: Parameters, dimension: int) -> tuple[list[str], int]:
    """What a step may change, and in how many directions nothing changes.

    A v or w that is 0 is so by symmetry. Of a curve (c w, c b, v / c) one point is found by
    leaving v as it is, of (c w, c b) with v = 0 by leaving w.
    """
    w, b, v, _ = parameters
    held = {name for name in "wv" if getattr(parameters, name) == 0}
    if dimension > 0 and surface.trains("w") and w != 0:
        if v == 0 and surface.trains("b"):
            held.add("w")
            dimension -= 1
        elif v != 0 and surface.trains("v") and (surface.trains("b") or b == 0):
            held.add("v")
            dimension -= 1
    return [name for name in surface.trainable if name not in held], dimension


def _state(surface: TrainedSurface, at: Parameters) -> _State:
    rows, hessian = surface.rows, surface.hessian(at)
    gradient = np.array(surface.gradient(at))[rows]
    eps = np.array(expected_gradient_error(at, **surface.options))[rows]
    hessian = np.where(np.isnan(hessian), 0.0, hessian)  # at a cone: what is not there rounds nothing
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all() and np.isfinite(eps).all()):
        raise OverflowError("a derivative is beyond the largest float64")
    sizes = np.abs(at)[rows]
    return _State(gradient, hessian, eps, np.abs(hessian) @ (UNIT_ROUNDOFF * sizes))


def _newton_step(
    at: Parameters, state: _State, names: tuple[str, ...], free: list[str], flat: int
) -> Parameters | None:
    """One step of Newton's method across the set, that is, without its flat directions."""
    rank = len(free) - flat
    if rank <= 0:
        return None
    columns = [names.index(name) for name in free]
    unit = {"w": np.hypot(at.w, at.b), "b": np.hypot(at.w, at.b), "v": abs(at.v) or 1.0, "d": abs(at.d) or 1.0}
    scale = np.array([unit[name] for name in free])
    rows = state.rounding + 2 * state.eps
    rows = np.where(rows == 0, 1.0, rows)
    matrix = state.hessian[:, columns] * scale / rows[:, None]
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    if singular.size < rank or not singular[rank - 1] > 0:
        return None
    coefficients = (left.T @ (-state.gradient / rows))[:rank]
    # Where the gradient is within rounding already, a step would follow rounding, and far where the loss is flat.
    across = np.where(np.abs(coefficients) > WITHIN, coefficients, 0.0) / singular[:rank]
    moves = dict(zip(free, (right[:rank].T @ across * scale).tolist(), strict=True))
    moved = Parameters(*(p + moves.get(name, 0.0) for name, p in zip(Parameters._fields, at, strict=True)))
    return moved if np.isfinite(moved).all() else None


def _distance(at: Parameters, start: Parameters) -> float:
    """Largest change of a parameter, relative to its size; w and b have the size of (w, b)."""
    z = np.hypot(start.w, start.b) or 1.0
    sizes = (z, z, abs(start.v) or 1.0, max(abs(start.d), 1.0))
    return float(max(abs(a - p) / size for a, p, size in zip(at, start, sizes, strict=True)))
