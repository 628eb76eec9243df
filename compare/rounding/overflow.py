"""One side finite and the other not: whether rounding explains it.

Bounds say nothing where one side has overflowed. But the exact result still does: with M
the largest number of the format, R the exact result and B a bound of what rounding makes
of it,

* the finite side must be within B of R, else it is wrong, be the other one infinite or not;
* in particular |R| > M + B leaves no finite result at all;
* and something must have overflowed on the side that is not finite: a sum before it is divided
  by n, a square, a partial product. That takes terms that come to M / 2 or more before the division.

What is left is explained: an intermediate result overflowed on one side that the other
side's order of operations does not have, or R is within rounding of M.

R is had in a format of larger exponent range, float64 for float32 and the extended format
for float64 (where the platform has none, nothing is said and all is explained). For the
neuron, with sigma = max(1, |s|), A_i = sigma (|w x_i| + |b|) not less than the activation
and E_i = |v| A_i + |d| + |y_i| not less than the residual, rounding errors of y_pred, loss
and derivatives are at most gamma_(n + K) times

    E_i        (2/n) sum E_i^2
    w    (2/n) sum |v| sigma E_i |x_i|      v    (2/n) sum E_i A_i
    b    (2/n) sum |v| sigma E_i            d    (2/n) sum E_i

as in `compare.rounding.moment_gradient`, K = 32 being more operations than any term meets; a loss
meets twice as many, being a square. A sample whose z may lie on either side of the kink
moves y_pred by no more than the same. Of an optimizer's step with finite operands only the
second point is asked, with B = gamma_64 M. With a parameter or gradient that is not finite
there is nothing to round: the parameter must then not be finite after the step either,
whoever takes it (an infinite or undefined gradient is nowhere multiplied by what makes it
finite again). Slots are left out, before and after the step: a maximum may drop a NaN or
keep it, and a step over the root of an infinite velocity is 0.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from compare.rounding.arithmetic import gamma
from reference import Optimizer, Parameters

__all__ = ["may_overflow", "neuron_unexplained", "step_unexplained"]

OPERATIONS = 32  # K
STEP_OPERATIONS = 64


def neuron_unexplained(
    parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, finite_side: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """True where a finite value is farther from the exact result than rounding explains, or that is out of range.

    Parameters are finite, of shape (k,), x and y of shape (k, n). `finite_side` has, by
    quantity ("loss", "gradient.w" to "gradient.d", or "y_pred" of shape (k, n)), what the
    finite side has; where it is not finite the answer is False.

    The square of 1e20 is beyond float32, that of 1e19 is not.

    >>> one = Parameters(*(np.array([p], np.float32) for p in (1e20, 0, 1, 0)))
    >>> x = np.ones((1, 1), np.float32)
    >>> found = neuron_unexplained(one, x, 0 * x, 0.0, {"loss": np.zeros(1, np.float32)})
    >>> found["loss"].tolist()
    [True]
    """
    wide, n = _wider(x.dtype), x.shape[-1]
    if wide is None:
        return {name: np.zeros(np.shape(value), bool) for name, value in finite_side.items()}
    largest = wide.type(np.finfo(x.dtype).max)
    w, b, v, d = (p.astype(wide)[:, None] for p in parameters)
    samples, labels, s = x.astype(wide), y.astype(wide), wide.type(slope)
    sigma = max(1.0, abs(float(slope)))
    z = w * samples + b
    derivative = np.where(z > 0, wide.type(1), s)
    activation = derivative * z
    prediction = v * activation + d
    e = prediction - labels
    most = sigma * (np.abs(w * samples) + np.abs(b))
    error = np.abs(v) * most + np.abs(d) + np.abs(labels)
    inward = np.abs(v) * sigma * error
    exact = {
        "y_pred": prediction,
        "loss": (e * e).sum(axis=-1) / n,
        "gradient.w": (e * v * derivative * samples).sum(axis=-1) * 2 / n,
        "gradient.b": (e * v * derivative).sum(axis=-1) * 2 / n,
        "gradient.v": (e * activation).sum(axis=-1) * 2 / n,
        "gradient.d": e.sum(axis=-1) * 2 / n,
    }
    sizes = {
        "y_pred": error,
        "loss": (error * error).sum(axis=-1) * 2 / n,
        "gradient.w": (inward * np.abs(samples)).sum(axis=-1) * 2 / n,
        "gradient.b": inward.sum(axis=-1) * 2 / n,
        "gradient.v": (error * most).sum(axis=-1) * 2 / n,
        "gradient.d": error.sum(axis=-1) * 2 / n,
    }
    relative = gamma(n + OPERATIONS, float(np.finfo(x.dtype).eps) / 2)
    found = {}
    for name, value in finite_side.items():
        bound = relative * sizes[name]
        away = np.abs(value.astype(wide) - exact[name]) > bound
        found[name] = np.isfinite(value) & (away | (np.abs(exact[name]) > largest + bound))
    return found


def may_overflow(parameters: Parameters, x: np.ndarray, y: np.ndarray, slope: float, quantity: str) -> np.ndarray:
    """True where "y_pred", "loss" or "gradient.w" to "gradient.d", evaluated in some order, may overflow on the way.

    Parameters of shape (k,), x and y of shape (k, n); returns an array of shape (k,), of "y_pred" (k, n).

    A hundred terms of 1e37 overflow unless each is divided by 100 first.

    >>> one = Parameters(*(np.array([p], np.float32) for p in (1e37, 0, 1, 0)))
    >>> x = np.ones((1, 100), np.float32)
    >>> [may_overflow(one, x, x, 0.0, quantity).tolist() for quantity in ("gradient.w", "loss")]
    [[True], [True]]
    >>> may_overflow(one, x, x, 0.0, "y_pred").any()
    np.False_
    """
    wide = _wider(x.dtype)
    if wide is None:
        return np.ones(x.shape if quantity == "y_pred" else len(x), bool)
    w, b, v, d = (np.abs(p.astype(wide))[:, None] for p in parameters)
    size, sigma = np.abs(x.astype(wide)), max(1.0, abs(float(slope)))
    most = sigma * (w * size + b)
    error = v * most + d + np.abs(y.astype(wide))
    if quantity == "y_pred":
        whole = np.maximum(error, most)
    elif quantity == "loss":
        whole = (error * error).sum(axis=-1)
    else:  # partial products of a term, and the sum of the terms
        inward = v * sigma + 0 * size
        factors = {"w": inward * np.maximum(size, 1), "b": inward, "v": most, "d": 1.0}
        whole = 2 * (error * np.maximum(factors[quantity.rpartition(".")[2]], 1)).sum(axis=-1)
    found: np.ndarray = whole >= wide.type(np.finfo(x.dtype).max) / 2
    return found


def step_unexplained(
    optimizer: Optimizer, iterations: np.ndarray, w: np.ndarray, gradient: np.ndarray, slots: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """True where the new value must overflow, or, of the parameter, must be non-finite as it or its gradient was.

    Takes k states of one parameter, w with its gradient and slots, each of shape (k,).
    The answers, arrays of bool of shape (k,), are by slot, and under "" for the parameter itself.
    """
    wide = _wider(w.dtype)
    lost = ~(np.isfinite(w) & np.isfinite(gradient))
    finite = ~lost & np.logical_and.reduce([np.isfinite(a) for a in (w, *slots.values())])
    if wide is None:
        return {"": lost, **{slot: np.zeros(len(w), bool) for slot in slots}}
    moved, new = optimizer.update(
        w.astype(wide), gradient.astype(wide), iterations, {slot: a.astype(wide) for slot, a in slots.items()}
    )
    largest = wide.type(np.finfo(w.dtype).max)
    most = largest * (1 + gamma(STEP_OPERATIONS, float(np.finfo(w.dtype).eps) / 2))
    return {
        "": lost | (finite & (np.abs(moved) > most)),
        **{slot: finite & (np.abs(new[slot]) > most) for slot in slots},
    }


def _wider(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """A format that holds squares and cubes of all finite numbers; None if there is none here."""
    if dtype == np.float32:
        return np.dtype(np.float64)
    extended = np.dtype(np.longdouble)
    return extended if np.finfo(extended).maxexp > 4 * np.finfo(dtype).maxexp else None
