"""The expected gradient for one state at a time, on plain floats.

What `compare.surface.expected_gradient` computes for arrays, with relative accuracy
everywhere, is needed here for one state after another, some hundred thousand times. With
phi and the teacher piecewise linear, the residual of the neuron is alpha x + beta between
the two kinks, and with m_k the k-th moment of x ~ N(0, 1) over a piece::

    dL/dw = sum 2 v gain (alpha m_2 + beta m_1)      dL/db = sum 2 v gain (alpha m_1 + beta m_0)
    dL/dv = sum 2 gain (w (alpha m_2 + beta m_1) + b (alpha m_1 + beta m_0))
    dL/dd = sum 2 (alpha m_1 + beta m_0)

Differences of distribution functions are accurate in absolute terms, to some units of
2^-53 times the size of the terms: enough to follow a path, not to tell how it ends at the
last digit. Without biases the gradient is one straight line on either side of w = 0
(`half_lines`), and is evaluated without moments at all.

At w = b = 0, phi' is the experiment's `grad_at_zero`, or the slope.
"""

import math
from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

from reference import Experiment, Parameters, Target

__all__ = ["HalfLines", "gradient_function", "half_lines"]

Gradient = Callable[[list[float]], tuple[float, ...]]

_ROOT_2PI = math.sqrt(2 * math.pi)
_ROOT_2 = math.sqrt(2)


class HalfLines(NamedTuple):
    """dL/dw without biases: ``curvature w - pull`` on either side of 0, and a number at 0."""

    left_curvature: float
    left_pull: float
    right_curvature: float
    right_pull: float
    at_zero: float


def half_lines(experiment: Experiment) -> HalfLines | None:
    """The expected gradient of w where only w is trained and there is no bias, else None.

    With E[x^2; x > 0] = E[x^2; x < 0] = 1/2 and the teacher's slopes p for x > 0 and n for
    x < 0, the neuron's output slopes being v w and v s w (w > 0) or v s w and v w (w < 0)::

        w > 0    dL/dw = v ((v w - p) + s (v s w - n))
        w < 0    dL/dw = v (s (v s w - p) + (v w - n))
        w = 0    dL/dw = -v c (p + n)    with c taken for phi'(0): `grad_at_zero`, or the slope s

    Examples
    --------
    >>> half_lines(Experiment(negative_slope=0.5))
    HalfLines(left_curvature=1.25, left_pull=0.5, right_curvature=1.25, right_pull=1.0, at_zero=-0.5)
    """
    start, target, s = experiment.initial, experiment.target, experiment.negative_slope
    if experiment.trainable != ("w",) or start.b != 0 or start.d != 0 or target.b != 0:
        return None
    v = float(start.v)
    p, n = _slopes(target)
    curvature = v * v * (1 + s * s)
    c = s if experiment.grad_at_zero is None else experiment.grad_at_zero
    return HalfLines(curvature, v * (s * p + n), curvature, v * (p + s * n), -v * c * (p + n) + 0.0)


def _slopes(target: Target) -> tuple[float, float]:
    """A teacher without bias: slopes of its output for x > 0 and x < 0."""
    if target.w > 0:
        return target.w, target.negative_slope * target.w
    return target.negative_slope * target.w, target.w


def gradient_function(experiment: Experiment) -> Gradient:
    """The expected gradient of the trained parameters, as a function of them.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.

    Returns
    -------
    callable
        From a list of the trained parameters, in the order w, b, v, d, to the tuple of
        their derivatives.

    Examples
    --------
    >>> gradient_function(Experiment())([-3.0])
    (-3.0,)
    """
    lines = half_lines(experiment)
    return _on_half_lines(lines) if lines is not None else _by_pieces(experiment)


def _on_half_lines(lines: HalfLines) -> Gradient:
    left_curvature, left_pull, right_curvature, right_pull, at_zero = lines

    def gradient(state: list[float]) -> tuple[float, ...]:
        w = state[0]
        if w < 0:
            return (left_curvature * w - left_pull,)
        if w > 0:
            return (right_curvature * w - right_pull,)
        return (at_zero if w == 0 else w,)

    return gradient


def _by_pieces(experiment: Experiment) -> Gradient:
    """Written out for each of the three pieces: this is called some hundred thousand times."""
    s, (target_w, target_b, target_s) = experiment.negative_slope, experiment.target
    theirs = -target_b / target_w if target_w else math.inf
    (t0, t1, t2), (u0, u1, u2) = _around(theirs)
    below, above = (target_s, 1.0) if target_w > 0 else (1.0, target_s)
    if not target_w:
        below = 1.0 if target_b > 0 else target_s
    their_below, their_above = (below * target_w, below * target_b), (above * target_w, above * target_b)
    trained = [Parameters._fields.index(name) for name in experiment.trainable]
    picked: Callable[[tuple[float, ...]], tuple[float, ...]]
    picked = itemgetter(*trained) if len(trained) > 1 else lambda every: (every[trained[0]],)
    whole = [float(p) for p in experiment.initial]
    at_zero = s if experiment.grad_at_zero is None else experiment.grad_at_zero

    def gradient(state: list[float]) -> tuple[float, ...]:
        for i, value in zip(trained, state, strict=True):
            whole[i] = value
        w, b, v, d = whole
        ours = -b / w if w else math.inf
        below, above = (s, 1.0) if w > 0 else (1.0, s)
        if not w:
            below = 1.0 if b > 0 else s if b else at_zero
        # Moments of the outer pieces, l and h, and of the one between the kinks, m.
        (l0, l1, l2), (h0, h1, h2) = _around(ours)
        if ours < theirs:
            between, their_between = above, their_below
            if ours > 0:
                m0, m1, m2 = h0 - u0, h1 - u1, h2 - u2
            else:
                m0, m1, m2 = t0 - l0, t1 - l1, t2 - l2
            h0, h1, h2 = u0, u1, u2
        else:
            between, their_between = below, their_above
            if theirs > 0:
                m0, m1, m2 = u0 - h0, u1 - h1, u2 - h2
            else:
                m0, m1, m2 = l0 - t0, l1 - t1, l2 - t2
            l0, l1, l2 = t0, t1, t2
        alpha, beta = v * below * w - their_below[0], v * below * b + d - their_below[1]
        low, low_x = alpha * l1 + beta * l0, alpha * l2 + beta * l1
        alpha, beta = v * between * w - their_between[0], v * between * b + d - their_between[1]
        middle, middle_x = alpha * m1 + beta * m0, alpha * m2 + beta * m1
        alpha, beta = v * above * w - their_above[0], v * above * b + d - their_above[1]
        high, high_x = alpha * h1 + beta * h0, alpha * h2 + beta * h1
        # Plus 0: a derivative that vanishes has no sign.
        g0 = below * low + between * middle + above * high + 0.0
        g1 = below * low_x + between * middle_x + above * high_x + 0.0
        every = (2 * v * g1, 2 * v * g0, 2 * (w * g1 + b * g0), 2 * (low + middle + high + 0.0))
        return picked(every)

    return gradient


Moments = tuple[float, float, float]


def _around(cut: float) -> tuple[Moments, Moments]:
    """E[x^k; x < cut] and E[x^k; x > cut] for k = 0, 1, 2, each with the accuracy of its own tail.

    A neuron that hardly any input activates lives on one of them: 1 - Phi(10) is 7.6e-24,
    which a difference from 1 would lose.
    """
    if math.isinf(cut):
        nothing, everything = (0.0, 0.0, 0.0), (1.0, 0.0, 1.0)
        return (everything, nothing) if cut > 0 else (nothing, everything)
    density = math.exp(-cut * cut / 2) / _ROOT_2PI
    tail, edge = math.erfc(abs(cut) / _ROOT_2) / 2, cut * density
    below, above = (1 - tail, tail) if cut > 0 else (tail, 1 - tail)
    return (below, -density, below - edge), (above, density, above + edge)
