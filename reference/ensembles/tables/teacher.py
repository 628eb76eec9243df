"""The teacher as two lines, and where in a sorted batch one follows the other."""

from typing import NamedTuple

import numpy as np

from reference.neuron import Target

__all__ = ["TeacherLines", "teacher_lines"]


class TeacherLines(NamedTuple):
    """``y = left.slope x + left.height`` left of the teacher's kink, and so on.

    Parameters
    ----------
    left, right : tuple of float
        Slope and height of the line; with them, labels are right up to their rounding.
    w, b : floating scalar
        The teacher's own, in the dtype of the samples.
    """

    left: tuple[float, float]
    right: tuple[float, float]
    w: np.floating
    b: np.floating

    def kink(self, x: np.ndarray) -> int:
        """How many samples of a sorted batch, from the left, are on the left line.

        The teacher's own decision ``fl(fl(w x) + b) > 0``, which is monotone in x.
        """
        if self.left == self.right:
            return 0
        active = int(np.count_nonzero(self.w * x + self.b > 0))
        return len(x) - active if self.w > 0 else active


def teacher_lines(target: Target, dtype: np.dtype) -> TeacherLines:
    """Lines of a teacher whose settings are rounded to `dtype`, as its labels are.

    Examples
    --------
    >>> lines = teacher_lines(Target(w=-1.0, b=0.5, negative_slope=0.25), np.dtype("float64"))
    >>> lines.left, lines.right, lines.kink(np.array([-1.0, 0.5, 2.0]))
    ((-1.0, 0.5), (-0.25, 0.125), 1)
    """
    w, b, slope = (dtype.type(setting) for setting in target)
    active, inactive = (float(w), float(b)), (float(slope) * float(w), float(slope) * float(b))
    if w == 0:
        active = inactive = active if b > 0 else inactive
    return TeacherLines(active, inactive, w, b) if w < 0 else TeacherLines(inactive, active, w, b)
