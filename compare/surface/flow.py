"""Gradient flow: gradient descent with steps that tend to zero.

    d(w, b, v, d)/dt = - dL/d(w, b, v, d), for the trained ones

The field is smooth except where the neuron has no bias: at w = b = 0 it jumps. A path is
therefore integrated up to w = 0 and no further (an event of `solve_ivp`), and goes on from
there on the other side if the field leads away on that side; otherwise it ends there. Where
the field itself tends to zero at w = 0, as that of a backward ReLU does, w only tends to it,
and log |w| is integrated in its place: rounding must not carry it across.

phi is positively homogeneous, so v dL/dv = w dL/dw + b dL/db, and v^2 - w^2 - b^2 is the same
all along a path that trains the three of them (Du, Hu and Lee 2018, "Algorithmic
regularization in learning deep homogeneous models: layers are automatically balanced",
theorem 2.1); `Flow.drift` is by how much it is not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from compare.surface.scalar_gradient import Gradient, scalar_gradient
from compare.surface.unbiased_gradient import one_sided_slopes
from reference import Parameters, Target

__all__ = ["Flow", "gradient_flow"]

TINY = 2.0**-1022  # beside zero
ACCURACY = 2.0**-36  # of a step; the tests hold whole paths to 2000 times that


@dataclass(frozen=True, eq=False)
class Flow:
    """A path of the gradient flow.

    Parameters
    ----------
    times : ndarray
    parameters : Parameters of ndarray
        At these times; those not trained are constant.
    kink_times : tuple of float
        When w came to 0 without bias.
    ended : {"time", "kink"}
        Whether time was up, or the path ended at w = 0 with the field on both sides leading there.
    drift : float
        Largest change of v^2 - w^2 - b^2, which is conserved if w, b and v are trained, or w and
        v with b = 0; NaN otherwise.
    """

    times: np.ndarray
    parameters: Parameters
    kink_times: tuple[float, ...]
    ended: str
    drift: float

    @property
    def end(self) -> Parameters:
        """The parameters at the last time."""
        return Parameters(*(p[-1] for p in self.parameters))


def gradient_flow(
    start: Parameters,
    *,
    trainable: tuple[str, ...] = ("w",),
    negative_slope: float = 0.0,
    target: Target = Target(),
    until: float = 40.0,
    times: Any = None,
    accuracy: float = ACCURACY,
) -> Flow:
    """Follow the flow of the expected gradient from one start.

    Gradient descent with learning rate lr is at time lr * t after t steps.

    Parameters
    ----------
    start : Parameters
        Numbers.
    trainable, negative_slope, target
        As in `Experiment`.
    until : float
        Time to stop.
    times : array of float, optional
        Ascending times from 0 to `until` to report; by default the integrator's own steps.
    accuracy : float
        Bound on the estimated error of each step, relative to the larger of 1 and the parameters.

    Returns
    -------
    Flow

    Raises
    ------
    ValueError, TypeError
        If the start is not finite, `trainable` unknown, `until` not positive, or `times` do not fit.
    ArithmeticError
        If the integrator gives up.

    Notes
    -----
    SciPy's LSODA (Petzold 1983, "Automatic selection of methods for solving stiff and nonstiff
    systems of ordinary differential equations"), so that the long way into a valley takes few steps.
    Without bias and with v = 1 the path has the closed form w(t) = w* + (w0 - w*) exp(-(1 + s^2) t) on
    either side of 0, with w* = 1 / (1 + s^2) on the right and s / (1 + s^2) on the left.

    Examples
    --------
    A leaky ReLU crosses, a ReLU does not:

    >>> len(gradient_flow(Parameters(w=-1.0), negative_slope=0.5).kink_times)
    1
    >>> path = gradient_flow(Parameters(w=-1.0))
    >>> path.kink_times, bool((path.parameters.w < 0).all())
    ((), True)
    """
    values, names, report = _checked(start, trainable, until, accuracy, times)
    gradient = scalar_gradient(float(negative_slope), target)
    kinked = "w" in names and "b" not in names and values.b == 0
    pieces: list[_Piece] = []
    kinks: list[float] = []
    now, ended = 0.0, "time"
    while now < until:
        side = _side(gradient, values) if kinked else 0
        if kinked and side == 0:
            ended = "kink"
            break
        shrinks = side != 0 and "d" not in names and _fades(values, side, float(negative_slope), target)
        piece = _integrate(gradient, names, values, side, shrinks, (now, until), accuracy)
        pieces.append(piece)
        now = float(piece.times[-1])
        values = values._replace(**dict(zip(names, map(float, piece.states(np.array([now]))[:, 0]), strict=True)))
        if piece.at_kink:
            values = values._replace(w=0.0)
            kinks.append(now)
    return _assemble(pieces, names, values, report, tuple(kinks), ended)


def _side(gradient: Gradient, values: Parameters) -> int:
    """On which side of w = 0 a neuron without bias is, or goes to; 0 if it stays."""
    if values.w != 0:
        return 1 if values.w > 0 else -1
    for side in (1, -1):
        if side * gradient(side * TINY, 0.0, values.v, values.d)[0] < 0:
            return side
    return 0


def _fades(values: Parameters, side: int, s: float, target: Target) -> bool:
    """Whether dL/dw tends to zero at w = 0 on this side, for all v: the teacher gives no signal there."""
    if target.w == 0:
        return False
    halves = one_sided_slopes(values.v, values.d, s, target)
    return (halves.left if side < 0 else halves.right) == 0 and values.w != 0


class _Piece(NamedTuple):
    """A smooth piece of the path."""

    times: np.ndarray  # the integrator's
    states: Callable[[np.ndarray], np.ndarray]  # at any times
    at_kink: bool  # whether it ended there


def _field(
    gradient: Gradient, names: tuple[str, ...], values: Parameters, side: int, shrinks: bool
) -> Callable[[float, Any], Any]:
    """The field, on one side of the kink continued beyond it, so that a step that probes there is not misled.

    With phi(w x) = w side phi(side x) the output is m phi(side x) + d, m = v w side.
    """
    rows = [Parameters._fields.index(name) for name in names]

    def field(_: float, y: Any) -> Any:
        at = list(values)
        for row, value in zip(rows, y, strict=True):
            at[row] = float(value)
        if side == 0:
            partial = gradient(*at)
            return [-partial[row] for row in rows]
        if shrinks:
            at[0] = side * math.exp(at[0])
        w, _b, v, d = at
        _, _, by_m, by_d = gradient(float(side), 0.0, v * w * side, d)
        by_w = v * side * by_m
        partial = (by_w / w if shrinks and w else by_w, 0.0, w * side * by_m, by_d)
        return [-partial[row] for row in rows]

    return field


def _integrate(
    gradient: Gradient,
    names: tuple[str, ...],
    values: Parameters,
    side: int,
    shrinks: bool,
    span: tuple[float, float],
    accuracy: float,
) -> _Piece:
    """One smooth piece of the path."""
    from scipy.integrate import solve_ivp

    def at_kink(_: float, y: Any) -> float:
        return float(y[names.index("w")])

    at_kink.terminal = True  # type: ignore[attr-defined]
    at_kink.direction = -side  # type: ignore[attr-defined]
    start = values._replace(w=math.log(abs(values.w))) if shrinks else values
    piece = solve_ivp(
        _field(gradient, names, values, side, shrinks),
        span,
        [getattr(start, name) for name in names],
        method="LSODA",
        dense_output=True,
        events=[at_kink] if side and not shrinks else None,
        rtol=accuracy,
        atol=accuracy,
    )
    if not piece.success:
        raise ArithmeticError(f"gradient_flow: stopped at time {piece.t[-1]!r}: {piece.message}")

    def states(times: np.ndarray) -> np.ndarray:
        found = np.array(piece.sol(times))
        if shrinks:
            found[names.index("w")] = side * np.exp(found[names.index("w")])
        return found

    return _Piece(piece.t, states, piece.status == 1)


def _assemble(
    pieces: list[_Piece],
    names: tuple[str, ...],
    values: Parameters,
    report: np.ndarray | None,
    kinks: tuple[float, ...],
    ended: str,
) -> Flow:
    """One path from its pieces; a path that ended early stays where it ended."""
    if report is None:
        report = np.concatenate([[0.0], *(piece.times[1:] for piece in pieces)])
    last = np.array([getattr(values, name) for name in names])
    states = np.tile(last[:, None], (1, report.size))
    for piece in pieces:
        inside = (report >= piece.times[0]) & (report <= piece.times[-1])
        if inside.any():
            states[:, inside] = piece.states(report[inside])
    paths = dict(zip(names, states, strict=True))
    parameters = Parameters(
        *(paths.get(name, np.full(report.size, p)) for name, p in zip(Parameters._fields, values, strict=True))
    )
    conserved = "v" in names and "w" in names and ("b" in names or values.b == 0)
    balance = parameters.v**2 - parameters.w**2 - parameters.b**2
    drift = float(np.max(np.abs(balance - balance[0]))) if conserved else float("nan")
    return Flow(report, parameters, kinks, ended, drift)


def _checked(
    start: Any, trainable: Any, until: Any, accuracy: Any, times: Any
) -> tuple[Parameters, tuple[str, ...], np.ndarray | None]:
    if not isinstance(start, Parameters) or any(np.ndim(p) for p in start):
        raise TypeError(f"gradient_flow: start must be Parameters of numbers, got {start!r}")
    if isinstance(trainable, str) or not trainable or not set(trainable) <= set(Parameters._fields):
        raise ValueError(f"gradient_flow: trainable must be some of {Parameters._fields}, got {trainable!r}")
    values = Parameters(*map(float, start))
    if not np.isfinite(values).all():
        raise ValueError(f"gradient_flow: start must be finite, got {start!r}")
    for name, value in (("until", until), ("accuracy", accuracy)):
        if not 0 < value < np.inf:
            raise ValueError(f"gradient_flow: {name} must be positive and finite, got {value!r}")
    names = tuple(name for name in Parameters._fields if name in trainable)
    if times is None:
        return values, names, None
    report = np.asarray(times, np.float64)
    if report.ndim != 1 or not ((np.diff(report) >= 0).all() and (report >= 0).all() and (report <= until).all()):
        raise ValueError(f"gradient_flow: times must ascend from 0 to until = {until!r}, got {times!r}")
    return values, names, report
