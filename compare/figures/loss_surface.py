"""The expected-loss surface that runs live on: its loss, slope and minimum."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.surface import expected_gradient, expected_loss
from reference import Experiment, Parameters, Target, Trajectory, checks

__all__ = ["LARGEST", "LossSurface", "limits", "surface_of"]

# Beyond float32 nothing is drawn: margins around float64's largest numbers would overflow.
LARGEST = float(np.finfo(np.float32).max)


class LossSurface(NamedTuple):
    """What the expected loss depends on besides the parameters that vary."""

    negative_slope: float
    target: Target
    fixed: Parameters

    def at(self, **varying: Any) -> Any:
        """Expected loss where the varying parameters are these."""
        parameters = self.fixed._replace(**varying)
        return expected_loss(parameters, negative_slope=self.negative_slope, target=self.target)

    def gradient_at(self, *, side: str | None = None, **varying: Any) -> Parameters:
        """Gradient of the expected loss there; at w = b = 0 that of the "left" or "right" side."""
        parameters = self.fixed._replace(**varying)
        return expected_gradient(parameters, negative_slope=self.negative_slope, target=self.target, side=side)

    def one_sided_slopes(self) -> tuple[float, float]:
        """dL/dw next to w = 0, left and right of it."""
        left, right = (float(self.gradient_at(w=0.0, side=side).w) for side in ("left", "right"))
        return left, right

    def drawable(self, w: np.ndarray) -> np.ndarray:
        """Expected loss at weights w; NaN where w is, or where the loss is too large to be drawn."""
        with np.errstate(over="ignore"):
            loss = self.at(w=np.where(np.isnan(w), 0.0, w))
        return np.where(np.isnan(w) | ~(loss <= LARGEST), np.nan, loss)

    def minimum_between(self, low: float, high: float) -> tuple[float, float] | None:
        """Find w and loss of the lowest local minimum over w, None if there is none.

        A local minimum is a change of sign of dL/dw, found between 400 points by bisection (Brent).
        """
        from scipy.optimize import brentq  # which takes longer to import than it needs for its work

        def slope(w: Any) -> Any:
            return self.gradient_at(w=w).w

        w = np.linspace(low, high, 401)
        w = w[w != 0]  # the kink
        slopes = slope(w)
        turns = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
        minima = [float(brentq(slope, w[i], w[i + 1])) for i in turns]
        return min(((w, float(self.at(w=w))) for w in minima), key=lambda minimum: minimum[1], default=None)

    def minimum_near(self, w: np.ndarray, b: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
        """Find (w, b) of the minimum nearest the lowest point of a grid, three arrays of one shape, by BFGS."""
        from scipy.optimize import minimize

        def loss_and_gradient(point: np.ndarray) -> tuple[float, np.ndarray]:
            at = dict(zip("wb", point, strict=True))
            gradient = self.gradient_at(**at)
            return float(self.at(**at)), np.array([float(gradient.w), float(gradient.b)])

        start = np.unravel_index(np.argmin(loss), loss.shape)
        found = minimize(loss_and_gradient, np.array([w[start], b[start]]), jac=True, method="BFGS")
        return float(found.x[0]), float(found.x[1])


def surface_of(
    runs: Sequence[Trajectory],
    caller: str,
    varying: tuple[str, ...],
    negative_slope: float | None = None,
    target: Target | None = None,
) -> LossSurface:
    """Find the one surface that all runs live on; without runs, the one that is asked for.

    TypeError or ValueError, if runs train something that does not vary on the surface, or
    differ from each other or from what is asked for in what determines it.
    """
    asked: dict[str, Any] = {}
    if negative_slope is not None:
        asked["negative_slope"] = checks.number(f"{caller}: negative_slope", negative_slope, "float32")
    if target is not None:
        if not isinstance(target, Target):
            raise TypeError(f"{caller}: target must be a Target, got {target!r}")
        asked["target"] = target
    found = [_surface_of_one(run.experiment, caller, varying) for run in runs]
    first = found[0] if found else LossSurface(0.0, Target(), Parameters(w=0.0))
    surface = first._replace(**asked)
    for other in found:
        for name, mine, theirs in zip(LossSurface._fields, surface, other, strict=True):
            if mine != theirs:
                what = name if name != "fixed" else "parameters that are not trained"
                raise ValueError(f"{caller} draws one surface, got different {what}: {mine} and {theirs}")
    return surface


def _surface_of_one(experiment: Experiment, caller: str, varying: tuple[str, ...]) -> LossSurface:
    if set(experiment.trainable) - set(varying):
        trained = ", ".join(experiment.trainable)
        raise ValueError(f"{caller} draws runs that train {' or '.join(varying)}, got one that trains {trained}")
    fixed = experiment.initial._replace(**dict.fromkeys(varying, 0.0))
    if np.ndim(experiment.negative_slope):
        raise ValueError(f"{caller} draws one surface, got an ensemble with different slopes")
    if any(np.ndim(p) for p in fixed):
        raise ValueError(f"{caller} draws one surface, got an ensemble with different parameters that are not trained")
    return LossSurface(experiment.negative_slope, experiment.target, fixed)


def limits(name: str, pair: tuple[float, float]) -> tuple[float, float]:
    """Check limits of an axis: two finite numbers, the lower one first."""
    if len(pair) != 2 or not -LARGEST <= pair[0] < pair[1] <= LARGEST:
        raise ValueError(f"{name} must be two numbers, the lower one first, got {pair!r}")
    return pair
