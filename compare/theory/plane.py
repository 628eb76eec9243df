r"""What happens to ReLUs that face the wrong way and have a bias: the (w, b) plane under the gradient flow.

**w < 0 and b <= 0: dead, and slower and slower.** With p = -w, q = -b, y = -x and kappa = q / p,
the neuron is active for y > kappa >= 0, where the target is 0, so L = 1/2 + E[(p y - q)+^2]:

    dp/dt = -2 E[(p y - q)+ y] = -2 p Q(kappa)                     Q = P(y > kappa)
    dq/dt =  2 E[(p y - q)+]   =  2 p (phi(kappa) - kappa Q(kappa))

and the kink moves by itself, dkappa/dt = 2 phi(kappa), phi being the normal density:

    erfi(kappa(t) / sqrt 2) = erfi(kappa(0) / sqrt 2) + 2 t / pi

It never stops, but kappa grows like sqrt(2 log t). From d log p / d kappa = -Q / phi, w tends to
0 like 1 / kappa and b to a limit that is not 0: a point of the dead half-line w = 0, b < 0, where
no input activates the neuron. Nothing there is a minimum; the loss is 1/2 and w > 0 would be
downhill, at a rate of the same vanishing size.

**w < 0 and b > 0: two fates.** The neuron is active for x < k = b / |w|, k > 0, and sees the target's
slope on 0 < x < k only. Above a curve b = B(|w|) it turns around, through w = 0 at b > 0, where
it is active for all x, and goes on to the minimum; below it loses its bias first and dies. The
curve is the stable manifold of the tip w = b = 0. Close to it, with b = eps |w|,

    d eps / dt = (eps^2 / |w| - 2 + O(eps)) / sqrt(2 pi),    d|w|/dt = -|w| (1 + O(eps))

so that B(|w|) = sqrt 2 |w|^(3/2) (1 + o(1)). Transversally the flow runs away from the curve, and
backward in time towards it: it is integrated backward from the tip.
"""

import math
from typing import Any

import numpy as np

from compare.surface.scalar_gradient import scalar_gradient
from reference import Target

__all__ = ["dead_end", "dead_kink", "turning_bias"]

TIP = 2.0**-21  # |w| at which the curve is started: b is off there by a factor of 1 + O(sqrt |w|), and forgets it
ACCURACY = 2.0**-36


def dead_kink(time: Any, kink: Any = 0.0) -> Any:
    """Position kappa = b / w of the kink of a dying neuron, w < 0 and b <= 0, after a time.

    Parameters
    ----------
    time : float or ndarray
        At least 0; SGD without momentum is at time lr t after t steps.
    kink : float or ndarray
        b / w at time 0, at least 0.

    Returns
    -------
    float64 scalar or ndarray

    Raises
    ------
    ValueError
        If an argument is negative.

    Examples
    --------
    From b = 0, the time it takes to get to kappa = 1 is pi / 2 erfi(1 / sqrt 2); ten thousand times
    that does not get it to 5.

    >>> from scipy.special import erfi
    >>> one = math.pi / 2 * erfi(math.sqrt(0.5))
    >>> round(float(dead_kink(one)), 12), round(float(dead_kink(1e4 * one)), 2)
    (1.0, 4.66)
    """
    from scipy.special import dawsn, erfi

    time, kink = np.asarray(time, np.float64), np.asarray(kink, np.float64)
    if (time < 0).any() or (kink < 0).any():
        raise ValueError("dead_kink: time and kink must be at least 0")
    goal = erfi(kink / math.sqrt(2)) + 2 * time / math.pi
    z = np.where(goal < 1, goal * math.sqrt(math.pi) / 2, np.sqrt(np.log(np.maximum(goal, 1)) + 1))
    for _ in range(60):  # Newton for log erfi, which is concave: from the right it never overshoots
        growth = np.exp(np.minimum(z * z, 700.0))
        slope = 2 * growth / math.sqrt(math.pi)
        value = 2 / math.sqrt(math.pi) * growth * dawsn(z)
        z = np.where(goal > 0, np.maximum(z - (value - goal) / slope, z / 2), 0.0)
    return (np.maximum(z * math.sqrt(2), kink))[()]


def dead_end(w: float, b: float, time: float) -> tuple[float, float]:
    """Where the flow takes a dying neuron, w < 0 and b <= 0, in a time: (w, b).

    Parameters
    ----------
    w, b : float
    time : float

    Returns
    -------
    tuple of two floats

    Raises
    ------
    ValueError
        If w is not negative or b is positive.

    Examples
    --------
    From (-2, -1), SGD with learning rate 0.01 is near these points after 2,000, 20,000 and
    200,000 steps:

    >>> for time in (20.0, 200.0, 2000.0):
    ...     print(*(round(p, 3) for p in dead_end(-2.0, -1.0, time)))
    -0.63 -1.685
    -0.489 -1.725
    -0.417 -1.742
    """
    from scipy.integrate import quad
    from scipy.special import erfcx

    if not (w < 0 and b <= 0):
        raise ValueError(f"dead_end: w must be negative and b at most 0, got {(w, b)!r}")
    start = b / w
    end = float(dead_kink(time, start))
    mills, _ = quad(lambda k: math.sqrt(math.pi / 2) * float(erfcx(k / math.sqrt(2))), start, end)
    p = -w * math.exp(-mills)
    return -p, -end * p


def turning_bias(w: Any) -> Any:
    """Bias above which a backward ReLU, w < 0, turns around under the flow, and below which it dies.

    Parameters
    ----------
    w : float or ndarray
        Between -100 and -1e-6.

    Returns
    -------
    float64 scalar or ndarray

    Raises
    ------
    ValueError
        If w is out of range.

    Examples
    --------
    >>> [round(float(b), 4) for b in turning_bias([-2.0, -1.0, -0.01])]
    [1.7932, 0.7608, 0.0013]
    """
    from scipy.integrate import solve_ivp

    size = -np.asarray(w, np.float64)
    if not ((size >= 1e-6) & (size <= 100)).all():
        raise ValueError(f"turning_bias: w must be between -100 and -1e-6, got {w!r}")
    gradient = scalar_gradient(0.0, Target())

    def backward(log_size: float, ratio: Any) -> list[float]:
        """Slope of eps = b / |w| over log |w| along a path."""
        length, eps = math.exp(log_size), float(ratio[0])
        by_w, by_b, _v, _d = gradient(-length, eps * length, 1.0, 0.0)
        return [-by_b / by_w - eps]

    order = np.unique(np.log(size))
    path = solve_ivp(
        backward, (math.log(TIP), order[-1]), [math.sqrt(2 * TIP)], "LSODA", t_eval=order, rtol=ACCURACY, atol=ACCURACY
    )
    if not path.success:
        raise ArithmeticError(f"turning_bias: {path.message}")
    return (path.y[0][np.searchsorted(order, np.log(size))] * size)[()]
