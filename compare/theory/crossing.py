r"""When an optimizer crosses w = 0 under the expected gradient, without bias.

On the left dL/dw = a (w - w*) with a = 1 + s^2 and w* = s / (1 + s^2) (v = 1, d = 0, the
question's target), so with e = w - w* and h = lr a every momentum method is a linear
recurrence, started from rest:

    SGD          e' = (1 - h) e
    heavy ball   e'' = (1 + mu - h) e' - mu e                  e_1 = (1 - h) e_0
    Nesterov     e'' = (1 + mu) (1 - h) e' - mu (1 - h) e      e_1 = (1 - (1 + mu) h) e_0

For a ReLU w* = 0, and crossing is a change of sign of e. It never happens if and only if
the characteristic roots r1 >= r2 are real and positive, for then, with q = e_1 / e_0,

    e_t / e_0 = ((q - r2) r1^t - (q - r1) r2^t) / (r1 - r2)

and q >= r1: the characteristic polynomial at q is h mu and h mu^2, which is positive, and
q is right of its vertex. So w never crosses if and only if

    SGD          h <= 1
    heavy ball   h <= (1 - sqrt mu)^2           i.e. mu <= (1 - sqrt h)^2 and h <= 1
    Nesterov     h <= ((1 - mu) / (1 + mu))^2

from whatever start: the size of w does not matter (heavy ball on a quadratic: Polyak 1964,
"Some methods of speeding up the convergence of iteration methods"). Beyond the threshold
the roots are rho exp(+-i omega), e_t / e_0 = rho^t cos(omega t - delta) / cos delta, and the
first t with omega t - delta > pi / 2 is the crossing, unless step 1 overshoots already.
"""

import math

from compare.surface.descent import expected_descent
from reference import SGD, Experiment, Optimizer, Parameters

__all__ = ["crossing_step", "crossing_threshold", "crossing_time"]

ITERATE = 1_000_000


def crossing_threshold(momentum: float = 0.0, *, nesterov: bool = False) -> float:
    """Learning rate above which SGD carries a backward ReLU across w = 0, and up to which it never does.

    Parameters
    ----------
    momentum : float in [0, 1]
    nesterov : bool

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the momentum is not in [0, 1].

    Examples
    --------
    With momentum 0.25, a learning rate of 1/4 suffices, with Nesterov's form 9/25:

    >>> crossing_threshold(), crossing_threshold(0.25), crossing_threshold(0.25, nesterov=True)
    (1.0, 0.25, 0.36)
    """
    if not 0 <= momentum <= 1:
        raise ValueError(f"crossing_threshold: momentum must be in [0, 1], got {momentum!r}")
    if nesterov:
        return ((1 - momentum) / (1 + momentum)) ** 2
    return (1 - math.sqrt(momentum)) ** 2


def crossing_step(
    optimizer: Optimizer, w: float = -1.0, *, negative_slope: float = 0.0, steps: int = 100_000
) -> int | None:
    """Number of the first state with w > 0, under the expected gradient from w < 0.

    Parameters
    ----------
    optimizer : Optimizer
    w : float
        Start, negative.
    negative_slope : float
    steps : int
        How far to look where there is no formula: that is for slopes other than 0, and for
        optimizers other than `SGD`.

    Returns
    -------
    int or None
        None if there is none: for SGD on a ReLU never, otherwise not within `steps`.

    Raises
    ------
    ValueError
        If w is not negative.

    Notes
    -----
    In real arithmetic. Adam divides by the root of a decaying mean of squares and acts in the
    end like a heavy ball with momentum beta_1 and a learning rate (1 - beta_1) lr / sqrt(velocity)
    that grows as long as w shrinks slowly; it crosses about when that is more than
    `crossing_threshold(beta_1)`. AMSGrad's divisor does not decay: far from zero it stays
    below the threshold for ever.

    Examples
    --------
    >>> crossing_step(SGD(learning_rate=0.01)) is None
    True
    >>> crossing_step(SGD(learning_rate=0.01, momentum=0.9), w=-10.0)
    24
    """
    if not w < 0:
        raise ValueError(f"crossing_step: w must be negative, got {w!r}")
    if type(optimizer) is SGD and negative_slope == 0:
        return _step_of_sgd(optimizer.learning_rate, optimizer.momentum, optimizer.nesterov)
    experiment = Experiment(
        initial=Parameters(w), optimizer=optimizer, steps=steps, negative_slope=negative_slope, dtype="float64"
    )
    crossed = expected_descent(experiment, record="end").crossed_at
    return None if crossed is None else int(crossed)


def crossing_time(w: float = -1.0, *, negative_slope: float) -> float:
    """Time at which the gradient flow from w < 0 reaches w = 0.

    Parameters
    ----------
    w : float
        Start, negative.
    negative_slope : float

    Returns
    -------
    float
        ``log(1 + |w| (1 + s^2) / s) / (1 + s^2)``. Infinite for slopes up to 0: for s = 0 w
        tends to 0, for s < 0 to s / (1 + s^2).

    Raises
    ------
    ValueError
        If w is not negative.

    Examples
    --------
    >>> crossing_time(negative_slope=1.0) == math.log1p(2) / 2, crossing_time(negative_slope=0.0)
    (True, inf)
    """
    if not w < 0:
        raise ValueError(f"crossing_time: w must be negative, got {w!r}")
    if negative_slope <= 0:
        return math.inf
    rate = 1 + negative_slope * negative_slope
    return math.log1p(-w * rate / negative_slope) / rate


def _step_of_sgd(h: float, momentum: float, nesterov: bool) -> int | None:
    first = 1 - (1 + momentum if nesterov else 1) * h
    if first < 0:
        return 1
    if h <= crossing_threshold(momentum, nesterov=nesterov):
        return None
    product = momentum * (1 - h) if nesterov else momentum
    total = (1 + momentum) * (1 - h) if nesterov else 1 + momentum - h
    radius = math.sqrt(product)
    cosine = total / (2 * radius)
    omega = math.acos(cosine)
    delta = math.atan((first / radius - cosine) / math.sin(omega))
    step = math.floor((math.pi / 2 + delta) / omega) + 1
    if step > ITERATE:
        return step
    # Near a tie the recurrence itself decides: e_t = 0 is no crossing.
    step, here, there = 1, 1.0, first
    while there >= 0:
        step, here, there = step + 1, there, total * there - product * here
    return step
