"""What the expected loss tends to when one argument goes to infinity."""

from typing import Any

import numpy as np

from compare.surface.arguments import Arguments
from compare.surface.integrals import kernels
from compare.surface.integrals.evaluation import evaluate

__all__ = ["put_limits"]


def put_limits(loss: Any, arguments: Arguments) -> None:
    """Put the limit for NaN where exactly one argument is infinite, in the losses of n points, for x ~ N(0, 1).

    The neuron's output tends to d where it is switched off: v = 0, or the pre-activation goes
    to -oo and the slope is 0. An infinite slope is not seen if no pre-activation is negative
    (w = 0, b >= 0), nor an infinite v if phi is 0 (w = 0, and b = 0 or the neuron off). In all
    other cases the square of the residual grows without bound on a set of inputs of positive
    probability, and the loss is infinite.
    """
    if arguments.inputs is not None or not np.isnan(loss).any():
        return
    w, b, v, d, s = (np.broadcast_to(np.asarray(x, np.float64), (arguments.n,)) for x in arguments[:5])
    infinities = np.sum([np.isinf(x) for x in (w, b, v, d, s)], axis=0)
    one = (infinities == 1) & ~np.any([np.isnan(x) for x in (w, b, v, d, s)], axis=0)
    off = (v == 0) | ((b == -np.inf) & (s == 0))
    phi_is_zero = (w == 0) & ((b == 0) | ((b < 0) & (s == 0)))
    constant = np.where(np.isinf(v), phi_is_zero, off) & ~np.isinf(d)
    unseen_slope = np.isinf(s) & (w == 0) & (b >= 0)
    finite = one & (constant | unseen_slope)
    loss[one & ~finite] = np.inf
    if finite.any():
        pick = finite & ~unseen_slope
        w, b, v = (np.where(pick, 0.0, x)[finite] for x in (w, b, v))
        s = np.where(pick | unseen_slope, 0.0, s)[finite]
        instead = arguments._replace(w=w, b=b, v=v, d=d[finite], s=s, shape=w.shape)
        (loss[finite],) = evaluate(kernels.LOSS, instead)
