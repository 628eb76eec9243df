"""Batches for w alone without any bias: the gradient is a line on either side of w = 0.

With p and n the teacher's output slopes for x > 0 and x < 0, P and N the means over the
batch of x^2 for x > 0 and x < 0 (samples of the other sign counting as 0)::

    w > 0    dL/dw = 2 v ((v w - p) P + s (v s w - n) N)
    w < 0    dL/dw = 2 v (s (v s w - p) P + (v w - n) N)
    w = 0    dL/dw = -2 v s (p P + n N)

For the normal distribution itself P = N = 1/2, see `compare.claims.witnesses.descent.parabolas.half_lines`.
"""

from typing import NamedTuple

import numpy as np

from compare.claims.witnesses.descent.parabolas import teacher_slopes
from reference import Target

__all__ = ["Lines", "gradient_on", "lines_of", "loss_on"]


class Lines(NamedTuple):
    """``curvature w - pull`` on either side, and what is pulled at 0; arrays (steps, experiments, members)."""

    left_curvature: np.ndarray
    left_pull: np.ndarray
    right_curvature: np.ndarray
    right_pull: np.ndarray
    zero_pull: np.ndarray

    def curvature(self, right: bool) -> np.ndarray:
        """That of the only experiment on one side, (steps, members)."""
        return np.asarray((self.right_curvature if right else self.left_curvature)[:, 0])


def lines_of(v: np.ndarray, slope: np.ndarray, target: Target, above: np.ndarray, below: np.ndarray) -> Lines:
    """Lines of several batches, of which P and N, `above` and `below`, have the shape (steps, 1, members).

    `v` and `slope` have the shapes (experiments, members) and (experiments, 1); the target has no bias.
    """
    p, n = teacher_slopes(target.w, target.negative_slope)
    square = slope * slope
    return Lines(
        2 * v * v * (square * above + below),
        2 * v * (slope * p * above + n * below),
        2 * v * v * (above + square * below),
        2 * v * (p * above + slope * n * below),
        2 * v * slope * (p * above + n * below),
    )


def gradient_on(lines: Lines, step: int, w: np.ndarray) -> np.ndarray:
    """Gradient of one step's batches at w, in float64."""
    right = w * lines.right_curvature[step] - lines.right_pull[step]
    gradient: np.ndarray = np.where(w > 0, right, w * lines.left_curvature[step] - lines.left_pull[step])
    return gradient if w.all() else np.where(w == 0, -lines.zero_pull[step], gradient)


def loss_on(
    w: np.ndarray, v: np.ndarray, slope: np.ndarray, target: Target, above: np.ndarray, below: np.ndarray
) -> np.ndarray:
    """Loss of batches at w, both of shape (steps, experiments, members): (P' - p)^2 P + (N' - n)^2 N."""
    p, n = teacher_slopes(target.w, target.negative_slope)
    up, down = v * np.where(w > 0, 1.0, slope) * w - p, v * np.where(w < 0, 1.0, slope) * w - n
    return np.asarray(up * up * above + down * down * below)
