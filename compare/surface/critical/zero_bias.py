"""Without bias: the loss is a parabola on either side of w = 0, so everything has a formula.

Facing right or left (`teacher.facing`), with psi = phi(x) and m = v |w|::

    m = E[(y - d) psi] / E[psi^2]               E[psi^2] = (1 + s^2) / 2
    m = cov(y, psi) / var(psi), d trained       var(psi) = (1 + s^2) / 2 - (1 - s)^2 / (2 pi)

and dL/d|w| at w = 0 is -2 v E[(y - d) psi], its derivative on that side of the kink.
"""

import math
from collections.abc import Iterator

from compare.surface.critical.classification import at_kink, make_critical_point
from compare.surface.critical.points import CriticalPoint
from compare.surface.critical.stationarity import TrainedSurface, kink_kind
from reference import Parameters

__all__ = ["best", "correlation", "unbiased"]

DENSITY_AT_ZERO = 1 / math.sqrt(2 * math.pi)


def unbiased(surface: TrainedSurface) -> Iterator[CriticalPoint]:
    """Yield the stationary points for trained w and b = 0 fixed."""
    for orientation in (1, -1):
        yield from _on_one_side(surface, orientation, *best(surface, orientation))
    products = [correlation(surface, orientation) for orientation in (1, -1)]
    yield from at_kink(surface, lambda v: kink_kind([-v * p for p in products]), "w = 0")


def best(surface: TrainedSurface, orientation: int) -> tuple[float, float]:
    """Slope m and bias d of the best m phi(orientation x) + d."""
    s, mean = surface.s, (1 - surface.s) * DENSITY_AT_ZERO
    product, power = correlation(surface, orientation), (1 + s * s) / 2
    if not surface.trains("d"):
        return product / power, surface.fixed.d
    m = product / (power - mean * mean)
    return m, surface.centre - m * mean


def _on_one_side(surface: TrainedSurface, orientation: int, m: float, d: float) -> Iterator[CriticalPoint]:
    """The minimum among neurons of one orientation, m and d being the best; a curve of minima where v is trained."""
    if not surface.trains("v"):
        w = m / surface.fixed.v
        if w > 0:
            yield make_critical_point(surface, Parameters(orientation * w, 0.0, surface.fixed.v, d), "local minimum")
    elif m == 0:
        at, family = Parameters(float(orientation), 0.0, 0.0, d), f"v = 0, w {'>' if orientation > 0 else '<'} 0"
        yield make_critical_point(surface, at, "local minimum", dimension=1, family=family)
    else:
        root = math.sqrt(abs(m))
        at = Parameters(orientation * root, 0.0, math.copysign(root, m), d)
        yield make_critical_point(surface, at, "local minimum", dimension=1, family="(c w, v / c), c > 0")


def correlation(surface: TrainedSurface, orientation: int) -> float:
    """E[(y - d) phi(x)] = s E[x y] + (1 - s) E[x y; x > 0] - d E[phi(x)]."""
    teacher, s = surface.teacher(orientation), surface.s
    kink = teacher.kink
    if kink == 0:
        both = (teacher.right + s * teacher.left) / 2
    else:
        right = teacher.right * (0.5 - kink * DENSITY_AT_ZERO)
        if kink > 0:
            from scipy.special import ndtr  # late: most teachers have their kink at 0

            outer = float(ndtr(-kink))  # E[(x - kink) x; x > kink]
            right = teacher.left * (0.5 - outer - kink * DENSITY_AT_ZERO) + teacher.right * outer
        both = s * teacher.slope + (1 - s) * right
    return both + (teacher.level - surface.centre) * (1 - s) * DENSITY_AT_ZERO
