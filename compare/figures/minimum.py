"""Where the expected loss is smallest, for the mark in the pictures."""

from typing import Any

import numpy as np
from scipy import optimize

from compare.figures.runs import Setting
from compare.surface import expected_gradient, expected_loss
from reference import Parameters

__all__ = ["loss_at", "lowest_on_curve", "lowest_on_surface", "one_sided_slope"]


def lowest_on_curve(setting: Setting, low: float, high: float) -> float | None:
    """Return the w of the lowest local minimum of the expected loss between `low` and `high`.

    A local minimum is a change of sign of dL/dw, found between 400 points by bisection
    (Brent). None if there is none.
    """

    def slope(w: Any) -> Any:
        at = setting.fixed._replace(w=w)
        return expected_gradient(at, negative_slope=setting.negative_slope, target=setting.target).w

    w = np.linspace(low, high, 401)
    w = w[w != 0]  # the kink
    slopes = slope(w)
    turns = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
    minima = [float(optimize.brentq(slope, w[i], w[i + 1])) for i in turns]
    return min(minima, key=lambda point: loss_at(setting, w=point), default=None)


def lowest_on_surface(setting: Setting, w: np.ndarray, b: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    """Return the (w, b) of the minimum nearest the lowest point of a grid, by BFGS.

    Parameters
    ----------
    setting : Setting
    w, b, loss : ndarray of one shape
    """

    def value_and_slope(point: np.ndarray) -> tuple[float, np.ndarray]:
        at = setting.fixed._replace(w=point[0], b=point[1])
        gradient = expected_gradient(at, negative_slope=setting.negative_slope, target=setting.target)
        return loss_at(setting, w=point[0], b=point[1]), np.array([float(gradient.w), float(gradient.b)])

    start = np.unravel_index(np.argmin(loss), loss.shape)
    found = optimize.minimize(value_and_slope, np.array([w[start], b[start]]), jac=True, method="BFGS")
    return float(found.x[0]), float(found.x[1])


def loss_at(setting: Setting, **changes: float) -> float:
    """Expected loss at a point of a setting's surface."""
    at: Parameters = setting.fixed._replace(**changes)
    return float(expected_loss(at, negative_slope=setting.negative_slope, target=setting.target))


def one_sided_slope(setting: Setting, side: str) -> float:
    """dL/dw next to w = 0, "left" or "right" of it."""
    at = setting.fixed._replace(w=0.0)
    return float(expected_gradient(at, negative_slope=setting.negative_slope, target=setting.target, side=side).w)
