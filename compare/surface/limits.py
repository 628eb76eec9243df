"""What the expected loss tends to when one argument goes to infinity."""

from typing import Any

import numpy as np

from compare.surface.arguments import Arguments

__all__ = ["at_infinity"]


def at_infinity(arguments: Arguments) -> tuple[Any, Any, Arguments]:
    """Limits of the loss at the points that have exactly one infinite argument.

    The neuron's output tends to d where it is switched off: v = 0, or the pre-activation goes
    to -oo and the slope is 0. An infinite slope is not seen if no pre-activation is negative
    (w = 0, b >= 0), nor an infinite v if phi is 0 (w = 0, and b = 0 or the neuron off). In all
    other cases the square of the residual grows without bound on a set of inputs of positive
    probability, and the loss is infinite.

    Parameters
    ----------
    arguments : Arguments

    Returns
    -------
    infinite : ndarray of bool, shape (n,)
        Where the loss is infinite.
    finite : ndarray of bool, shape (n,)
        Where it is that of other, finite arguments.
    instead : Arguments
        Those, at the points marked in `finite`.
    """
    n = int(np.prod(arguments.shape, dtype=np.int64))
    w, b, v, d, s = (np.broadcast_to(np.asarray(x, np.float64), (n,)) for x in arguments[:5])
    infinities = np.sum([np.isinf(x) for x in (w, b, v, d, s)], axis=0)
    one = (infinities == 1) & ~np.any([np.isnan(x) for x in (w, b, v, d, s)], axis=0)
    off = (v == 0) | ((b == -np.inf) & (s == 0))
    phi_is_zero = (w == 0) & ((b == 0) | ((b < 0) & (s == 0)))
    constant = np.where(np.isinf(v), phi_is_zero, off) & ~np.isinf(d)
    unseen_slope = np.isinf(s) & (w == 0) & (b >= 0)
    finite = one & (constant | unseen_slope)
    pick = finite & ~unseen_slope
    w, b, v = (np.where(pick, 0.0, x)[finite] for x in (w, b, v))
    return one & ~finite, finite, Arguments(w, b, v, d[finite], np.where(pick | unseen_slope, 0.0, s)[finite], w.shape)
