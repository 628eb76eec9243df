"""Where the expected loss is smallest, for the mark in the pictures."""

from typing import Any

import numpy as np
from scipy import optimize

from compare.figures.runs import Setting

__all__ = ["lowest_on_curve", "lowest_on_surface"]


def lowest_on_curve(setting: Setting, low: float, high: float) -> tuple[float, float] | None:
    """Return w and loss of the lowest local minimum of the expected loss between `low` and `high`.

    A local minimum is a change of sign of dL/dw, found between 400 points by bisection
    (Brent). None if there is none.
    """

    def slope(w: Any) -> Any:
        return setting.gradient(w=w).w

    w = np.linspace(low, high, 401)
    w = w[w != 0]  # the kink
    slopes = slope(w)
    turns = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
    minima = [float(optimize.brentq(slope, w[i], w[i + 1])) for i in turns]
    return min(((w, float(setting.loss(w=w))) for w in minima), key=lambda point: point[1], default=None)


def lowest_on_surface(setting: Setting, w: np.ndarray, b: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    """Return the (w, b) of the minimum nearest the lowest point of a grid, three arrays of one shape, by BFGS."""

    def loss_and_gradient(point: np.ndarray) -> tuple[float, np.ndarray]:
        at = dict(zip("wb", point, strict=True))
        gradient = setting.gradient(**at)
        return float(setting.loss(**at)), np.array([float(gradient.w), float(gradient.b)])

    start = np.unravel_index(np.argmin(loss), loss.shape)
    found = optimize.minimize(loss_and_gradient, np.array([w[start], b[start]]), jac=True, method="BFGS")
    return float(found.x[0]), float(found.x[1])
