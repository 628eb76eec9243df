"""The teacher as a line with a kink, seen so that the neuron faces right."""

import math
from typing import NamedTuple

from reference import Target

__all__ = ["Teacher", "facing"]


class Teacher(NamedTuple):
    """y(x) = left (x - kink) to the left of the kink, right (x - kink) on the right, plus level."""

    kink: float  # of a line 0
    left: float  # slopes
    right: float
    level: float = 0.0  # value at the kink: 0, unless the target is a line

    @property
    def mirrored(self) -> "Teacher":
        """The teacher of the inputs -x, y(-x) as a function of x."""
        return Teacher(-self.kink, -self.right, -self.left, self.level)

    @property
    def mean(self) -> float:
        """E[y]."""
        return self.level - self.right * self.kink - (self.left - self.right) * self._shortfall

    @property
    def slope(self) -> float:
        """E[x y] = E[y'] (Stein's identity), the slope of the best line."""
        return self.left * _share_below(self.kink) + self.right * _share_below(-self.kink)

    @property
    def _shortfall(self) -> float:
        """E[(kink - x)+]."""
        density = math.exp(-self.kink * self.kink / 2) / math.sqrt(2 * math.pi)
        return self.kink * _share_below(self.kink) + density


def _share_below(cut: float) -> float:
    """P(x < cut)."""
    from scipy.special import ndtr  # late: it takes longer to import than most of what needs it

    return float(ndtr(cut))


def facing(target: Target, orientation: int) -> Teacher:
    """Return the teacher, of weight not 0, on x (orientation 1) or mirrored, on -x (orientation -1).

    The inputs are as likely as their mirror images, so a neuron with w < 0 that learns
    y(x) is a neuron with weight -w > 0 that learns y(-x).

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
