"""The teacher as a line with a kink, seen so that the neuron faces right."""

import math
from typing import NamedTuple

from reference import Target

__all__ = ["Teacher", "facing"]


class Teacher(NamedTuple):
    """y(x) = left (x - kink) to the left of the kink, right (x - kink) on the right, plus level.

    Parameters
    ----------
    kink : float
    left, right : float
        Slopes.
    level : float
        Value at the kink: 0, unless the target is a line, whose kink is put at 0.
    """

    kink: float
    left: float
    right: float
    level: float = 0.0

    @property
    def mirrored(self) -> "Teacher":
        """The teacher on -x."""
        return Teacher(-self.kink, -self.right, -self.left, self.level)

    @property
    def mean(self) -> float:
        """E[y]."""
        return self.level - self.right * self.kink - (self.left - self.right) * self._shortfall

    @property
    def slope(self) -> float:
        """E[x y] = E[y'] (Stein's identity), the slope of the best line."""
        from scipy.special import ndtr

        return float(self.left * ndtr(self.kink) + self.right * ndtr(-self.kink))

    @property
    def _shortfall(self) -> float:
        """E[(kink - x)+]."""
        from scipy.special import ndtr

        density = math.exp(-self.kink * self.kink / 2) / math.sqrt(2 * math.pi)
        return float(self.kink * ndtr(self.kink) + density)


def facing(target: Target, orientation: int) -> Teacher:
    """Return the teacher on x, or mirrored, on -x.

    The inputs are as likely as their mirror images, so a neuron with w < 0 that learns
    y(x) is a neuron with weight -w > 0 that learns y(-x).

    Parameters
    ----------
    target : Target
        With a weight that is not 0.
    orientation : {1, -1}
        1 for w > 0, -1 for w < 0.

    Examples
    --------
    >>> facing(Target(), -1)
    Teacher(kink=0.0, left=-1.0, right=-0.0, level=0.0)
    """
    if target.negative_slope == 1:
        return Teacher(0.0, orientation * target.w, orientation * target.w, target.b)
    outer, inner = target.w, target.negative_slope * target.w
    left, right = (inner, outer) if target.w > 0 else (outer, inner)
    teacher = Teacher(-target.b / target.w, left, right)
    return teacher if orientation > 0 else teacher.mirrored
