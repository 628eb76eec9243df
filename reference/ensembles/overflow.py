"""How large intermediate results of the neuron become, and who has to be watched for that."""

from typing import Any

import numpy as np

from reference.neuron import Parameters, Target

__all__ = ["growth", "intermediate", "largest", "largest_label", "limit", "moderate"]

NEXT_TO_OVERFLOW = 2.0**-4


def limit(dtype: Any) -> float:
    """Below this no intermediate result overflows, whatever is rounded on the way."""
    return NEXT_TO_OVERFLOW * float(np.finfo(dtype).max)


def largest(array: Any) -> float:
    """Largest size; NaN where there is one."""
    return max(float(np.max(array)), -float(np.min(array)))


def largest_label(target: Target, widest: float) -> float:
    """No label of samples up to X = `widest` is larger.

    Examples
    --------
    >>> largest_label(Target(w=2.0, b=-1.0), 3.0)
    7.0
    """
    w, b, slope = target
    return float(max(1.0, abs(slope)) * (abs(w) * max(widest, 1.0) + abs(b)))


def intermediate(parameters: Parameters, slope: Any, widest: float, *, with_v: bool) -> Any:
    """Largest intermediate result of the neuron, but for a label, or more.

    With X the largest sample and sigma = max(1, |s|)::

        max(A, 2 E max(1, |v| sigma X, A))     A = sigma (|w| X + |b|)     E = |v| A + |d|

    A bounds the activation and E the residual; as a factor A enters where v is trained. The
    2 is left to `limit`.

    Examples
    --------
    >>> float(intermediate(Parameters(w=2.0, b=1.0, v=4.0, d=0.0), 0.0, 3.0, with_v=False))
    336.0
    """
    w, b, v, d = map(np.abs, parameters)
    sigma = np.maximum(1.0, np.abs(slope))
    activation = sigma * (w * widest + b)
    factor = np.maximum(1.0, v * (sigma * widest))
    if with_v:
        factor = np.maximum(factor, activation)
    return np.maximum(activation, (v * activation + d) * factor)


def moderate(dtype: Any, slope: Any, widest: float) -> float:
    """A size of all parameters at which every intermediate result is below the limit.

    Where they are at most q >= 1, that is at most 6 q^3 (sigma X)^2, for X >= 1.
    """
    return float(np.cbrt(limit(dtype) / 6) / (max(1.0, largest(slope)) * max(1.0, widest)) ** (2 / 3))


def growth(parameters: Parameters, slope: Any, widest: float, label: float, rate: Any) -> float:
    """By which factor a step of plain SGD enlarges the largest of 1, |w| and |b| at most, of all members.

    Where these are at most q >= 1, dL/dw and dL/db are, for X >= 1 and labels of at most Y, at most

        2 (|v| sigma (X + 1) q + |d| + Y) |v| sigma X  <=  2 (|v| sigma (X + 1) + |d| + Y) |v| sigma X q
    """
    _, _, v, d = map(largest, parameters)
    x, sigma = max(1.0, widest), max(1.0, largest(slope))
    return 1 + largest(rate) * 2 * (v * sigma * (x + 1) + d + label) * v * sigma * x
