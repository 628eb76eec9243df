"""Loss, gradient and Hessian as sums over the pieces of the line.

With m_k the moments of a piece, r = residual + slope t, and x and z likewise linear in t:

    R_0 = E r   = residual m_0 + slope m_1         R_1 = E r t = residual m_1 + slope m_2
    E r^2 = residual R_0 + slope R_1               E r x = direction (anchor R_0 + R_1)
    E r z = z R_0 + weight R_1

Each kernel returns its components, one array each; beside it stands what they are products of.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.surface.errors import LOSS_ERROR
from compare.surface.integrals.normal_pieces import Piece
from compare.surface.integrals.units import Degree, Output

__all__ = ["GRADIENT", "HESSIAN", "LOSS", "LOSS_AND_GRADIENT", "LOSS_ERROR_BOUND", "PROBABILITY", "SIZES", "Kernel"]


class Kernel(NamedTuple):
    """Components, and what each is a product of."""

    components: Callable[[Any, Output, Any, Sequence[Piece]], list[Any]]  # of student, output, slope and pieces
    degrees: tuple[Degree, ...]


def _loss(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """L = E r^2."""
    total: Any = 0.0
    for piece in pieces:
        residual, slope, r0, r1 = _residual_moments(piece)
        total = total + (residual * r0 + slope * r1)
    return [total]


def _loss_error(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Bound the absolute error of `LOSS`: its rounding, and what the errors of the moments contribute."""
    total = LOSS_ERROR * _loss(student, output, s, pieces)[0]
    for piece, error in zip(pieces, getattr(student, "errors", ()), strict=False):
        residual, slope = np.abs(piece.residual), np.abs(piece.slope)
        total = total + residual**2 * error.zeroth + 2 * residual * slope * error.first + slope**2 * error.second
    return [total]


def _gradient(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """dL/dw, b, v, d alone: a loss that overflows would call for other units (`units`)."""
    return _loss_and_gradient(student, output, s, pieces)[1:]


def _loss_and_gradient(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """L, and its partial derivatives by w, b, v, d: 2 v E[r phi' x], 2 v E[r phi'], 2 E[r phi], 2 E[r]."""
    v = output.outer
    total: Any = 0.0
    w: Any = 0.0
    b, v_, d = w, w, w
    for piece in pieces:
        residual, slope, r0, r1 = _residual_moments(piece)
        total = total + (residual * r0 + slope * r1)
        # A density that underflows may meet a v that brings it back, so the two come first.
        v_gain, z, weight, by_d = _times_root(piece, v * piece.gain, piece.z, piece.weight, r0)
        w = w + v_gain * piece.direction * (piece.anchor * r0 + r1)
        b = b + v_gain * r0
        v_ = v_ + piece.gain * (z * r0 + weight * r1)
        d = d + by_d
    return [total, 2 * w, 2 * b, 2 * v_, 2 * d]


def _hessian(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Second derivatives in the order ww, wb, wv, wd, bb, bv, bd, vv, vd, dd, and three summands.

    The formula is that of `expected_hessian`. What the moving kink adds to ww, wb and bb is returned apart, being
    of another degree. At w = b = 0, a cone, NaN stands for the entries that do not exist there.
    """
    v, inner = output
    sums: list[Any] = [0.0] * 9
    for piece in pieces:
        direction, gain, root, m = piece.direction, piece.gain, piece.root, piece.moments
        # A density that underflows may meet a large v or z, each of which takes a root of it first.
        v_gain, inner_gain = v * gain * root, inner * gain
        _, _, r0, r1 = _residual_moments(piece)
        x1 = direction * (piece.anchor * m.zeroth + m.first)
        x2 = piece.anchor * (piece.anchor * m.zeroth + 2 * m.first) + m.second
        z, weight, z0, z1 = _activation_moments(piece)
        terms = (
            v_gain * v_gain * x2,  # v^2 phi'^2 x^2
            v_gain * v_gain * x1,  # v^2 phi'^2 x
            v_gain * v_gain * m.zeroth,  # v^2 phi'^2
            gain * root * direction * (piece.anchor * (inner_gain * z0 + r0) + (inner_gain * z1 + r1)),
            gain * root * (inner_gain * z0 + r0),  # v phi' phi + r phi'
            gain * gain * (z * z0 + weight * z1),  # phi^2
            v_gain * root * x1,
            v_gain * root * m.zeroth,
            gain * root * z0,
        )
        sums = [total + term for total, term in zip(sums, terms, strict=True)]
    ww, wb, bb, wv, bv, vv, wd, bd, vd = sums
    # On the cone phi'(z) jumps with the direction of (w, b), whatever v is; v phi'(z) unless v = 0.
    jump = np.where((student.w == 0) & (student.b == 0) & (np.asarray(s) != 1), np.nan, 0.0)
    v_jump = np.where(np.asarray(v) == 0, 0.0, jump)
    ww, wb, bb, wd, bd = (h + v_jump for h in (ww, wb, bb, wd, bd))
    summands = _moving_kink(student, v, s, pieces[-1])
    return [2 * h for h in (ww, wb, wv + jump, wd, bb, bv + jump, bd, vv, vd, 1.0, *summands)]


def _moving_kink(student: Any, v: Any, s: Any, last: Piece) -> tuple[Any, Any, Any]:
    """Summands v (1 - s) r(k) phi(k) / |w| times k^2, k, 1: each factor meets a part of the density first."""
    size = np.where(student.w == 0, 1.0, np.abs(student.w))
    moving = (v * student.root * (1 - s)) * (last.residual * student.root) / size
    x = last.direction * last.anchor
    return moving * np.square(x), moving * x, moving


def _sizes(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """E[r^2]^(1/2), and E[(df/dp)^2]^(1/2) for p = w, b, v, d, where df/dp is v phi' x, v phi', phi and 1."""
    w: Any = 0.0
    b, v = w, w
    for piece in pieces:
        m0, m1, m2 = piece.moments
        x2 = piece.anchor * (piece.anchor * m0 + 2 * m1) + m2
        z2 = piece.z * (piece.z * m0 + 2 * piece.weight * m1) + np.square(piece.weight) * m2
        gain = np.abs(piece.gain * piece.root)
        v_gain = np.abs(output.outer) * gain
        # Roots are added, for the squares may leave the range that they are in.
        w, b, v = (
            np.hypot(w, v_gain * np.sqrt(x2)),
            np.hypot(b, v_gain * np.sqrt(m0)),
            np.hypot(v, gain * np.sqrt(np.maximum(z2, 0.0))),
        )
    return [np.sqrt(_loss(student, output, s, pieces)[0]), w, b, v, 1.0]


def _probability(student: Any, output: Output, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Mass of the pieces on which phi' is 1 rather than 0."""
    return [sum(np.square(piece.root) * piece.moments.zeroth * (piece.gain == 1) for piece in pieces)]


def _activation_moments(piece: Piece) -> tuple[Any, Any, Any, Any]:
    """Pre-activation, weight, E z and E z t, each times the root of the density."""
    z, weight, m = piece.z * piece.root, piece.weight * piece.root, piece.moments
    return z, weight, z * m.zeroth + weight * m.first, z * m.first + weight * m.second


def _residual_moments(piece: Piece) -> tuple[Any, Any, Any, Any]:
    """Residual, slope, R_0 and R_1, each times the root of the density."""
    residual, slope = _times_root(piece, piece.residual, piece.slope)
    m = piece.moments
    return residual, slope, residual * m.zeroth + slope * m.first, residual * m.first + slope * m.second


def _times_root(piece: Piece, *values: Any) -> tuple[Any, ...]:
    """Values times the root of the density, where that is not 1 by itself."""
    if isinstance(piece.root, float) and piece.root == 1:
        return values
    return tuple(value * piece.root for value in values)


LOSS = Kernel(_loss, (Degree(0, 0, 2),))
LOSS_ERROR_BOUND = Kernel(_loss_error, LOSS.degrees)
GRADIENT = Kernel(_gradient, (Degree(1, 0, 1), Degree(1, 0, 1), Degree(0, 1, 1), Degree(0, 0, 1)))
LOSS_AND_GRADIENT = Kernel(_loss_and_gradient, LOSS.degrees + GRADIENT.degrees)
HESSIAN = Kernel(
    _hessian,
    (
        *(Degree(2, 0, 0), Degree(2, 0, 0), Degree(0, 0, 1), Degree(1, 0, 0)),  # ww, wb, wv, wd
        *(Degree(2, 0, 0), Degree(0, 0, 1), Degree(1, 0, 0)),  # bb, bv, bd
        *(Degree(0, 2, 0), Degree(0, 1, 0), Degree(0, 0, 0)),  # vv, vd, dd
        *(Degree(1, -1, 1),) * 3,  # what the moving kink adds to ww, wb and bb
    ),
)
SIZES = Kernel(_sizes, (Degree(0, 0, 1), Degree(1, 0, 0), Degree(1, 0, 0), Degree(0, 1, 0), Degree(0, 0, 0)))
PROBABILITY = Kernel(_probability, (Degree(0, 0, 0),))
