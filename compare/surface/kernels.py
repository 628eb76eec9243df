"""Loss, gradient and Hessian as sums over the pieces of the line.

With m_k the moments of a piece, r = residual + slope t, and x and z likewise linear in t:

    R_0 = E r   = residual m_0 + slope m_1         R_1 = E r t = residual m_1 + slope m_2
    E r^2 = residual R_0 + slope R_1               E r x = direction (anchor R_0 + R_1)
    E r z = z R_0 + weight R_1

Each kernel returns its components, one array each.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.surface.errors import LOSS_ERROR
from compare.surface.pieces import Piece

__all__ = ["gradient", "hessian", "loss", "loss_and_gradient", "loss_error"]


def loss(student: Any, v: Any, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """L = E r^2."""
    total: Any = 0.0
    for piece in pieces:
        residual, slope, r0, r1 = _residual_moments(piece)
        total = total + (residual * r0 + slope * r1)
    return [total]


def loss_error(student: Any, v: Any, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Absolute error of `loss`: its rounding, and what the moments contribute."""
    total = LOSS_ERROR * loss(student, v, s, pieces)[0]
    for piece, error in zip(pieces, getattr(student, "errors", ()), strict=False):
        residual, slope = np.abs(piece.residual), np.abs(piece.slope)
        total = total + residual**2 * error.zeroth + 2 * residual * slope * error.first + slope**2 * error.second
    return [total]


def gradient(student: Any, v: Any, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Partial derivatives by w, b, v, d, as `loss_and_gradient` gives them."""
    return loss_and_gradient(student, v, s, pieces)[1:]


def loss_and_gradient(student: Any, v: Any, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """L, and its partial derivatives by w, b, v, d.

    dL/dw = 2 v E[r phi'(z) x]      dL/dv = 2 E[r phi(z)]
    dL/db = 2 v E[r phi'(z)]        dL/dd = 2 E[r]

    Parameters
    ----------
    student : Student or OtherStudent
    v, s : ndarray or float
    pieces : sequence of Piece
    """
    total: Any = 0.0
    w: Any = 0.0
    b, v_, d = w, w, w
    for piece in pieces:
        residual, slope, r0, r1 = _residual_moments(piece)
        total = total + (residual * r0 + slope * r1)
        # A density that underflows may meet a v that brings it back, so the two come first.
        v_gain = v * piece.gain if _is_one(piece.root) else v * piece.gain * piece.root
        w = w + v_gain * piece.direction * (piece.anchor * r0 + r1)
        b = b + v_gain * r0
        if not _is_one(piece.root):
            r0, r1 = r0 * piece.root, r1 * piece.root
        v_ = v_ + piece.gain * (piece.z * r0 + piece.weight * r1)
        d = d + r0
    return [total, 2 * w, 2 * b, 2 * v_, 2 * d]


def hessian(student: Any, v: Any, s: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Second derivatives in the order ww, wb, wv, wd, bb, bv, bd, vv, vd, dd.

        H = 2 E[f' f'^T + r f''],   f' = (v phi'(z) x, v phi'(z), phi(z), 1)

    where f'' has, beside phi'(z) x and phi'(z) at wv and bv, what comes from the moving
    kink: 2 v (1 - s) r(k) phi(k) / |w| times k^2, k, 1 at ww, wb, bb.

    At w = b = 0, a cone, NaN stands for the entries that do not exist there.
    """
    sums: list[Any] = [0.0] * 9
    for piece in pieces:
        direction, gain, m = piece.direction, piece.gain, piece.moments
        density = np.square(piece.root)
        r0 = (piece.residual * m.zeroth + piece.slope * m.first) * density
        r1 = (piece.residual * m.first + piece.slope * m.second) * density
        m0, m1, m2 = (moment * density for moment in m)
        x1 = direction * (piece.anchor * m0 + m1)
        x2 = piece.anchor * (piece.anchor * m0 + 2 * m1) + m2
        z0, z1 = piece.z * m0 + piece.weight * m1, piece.z * m1 + piece.weight * m2
        terms = (
            gain * gain * x2,  # phi'^2 x^2
            gain * gain * x1,  # phi'^2 x
            gain * gain * m0,  # phi'^2
            gain * (v * gain * direction * (piece.anchor * z0 + z1) + direction * (piece.anchor * r0 + r1)),
            gain * (v * gain * z0 + r0),  # v phi' phi + r phi'
            gain * gain * (piece.z * z0 + piece.weight * z1),  # phi^2
            gain * x1,
            gain * m0,
            gain * z0,
        )
        sums = [total + term for total, term in zip(sums, terms, strict=True)]
    ww, wb, bb, wv, bv, vv, wd, bd, vd = sums
    last = pieces[-1]
    moving = v * (1 - s) * last.residual * np.square(student.root) / np.where(student.w == 0, 1.0, np.abs(student.w))
    x = last.direction * last.anchor
    ww, wb, bb = v * v * ww + moving * np.square(x), v * v * wb + moving * x, v * v * bb + moving
    # On the cone phi'(z) jumps with the direction of (w, b), whatever v is; v phi'(z) unless v = 0.
    jump = np.where((student.w == 0) & (student.b == 0) & (np.asarray(s) != 1), np.nan, 0.0)
    v_jump = np.where(np.asarray(v) == 0, 0.0, jump)
    ww, wb, bb, wd, bd = (h + v_jump for h in (ww, wb, bb, v * wd, v * bd))
    return [2 * h for h in (ww, wb, wv + jump, wd, bb, bv + jump, bd, vv, vd, 1.0)]


def _residual_moments(piece: Piece) -> tuple[Any, Any, Any, Any]:
    """Residual, slope, R_0 and R_1, each times the root of the density."""
    residual, slope, m = piece.residual, piece.slope, piece.moments
    if not _is_one(piece.root):
        residual, slope = residual * piece.root, slope * piece.root
    return residual, slope, residual * m.zeroth + slope * m.first, residual * m.first + slope * m.second


def _is_one(root: Any) -> bool:
    return isinstance(root, float) and root == 1
