"""Without bias the expected gradient is a straight line on either side of w = 0.

    dL/dw = a w + c,   a = v^2 (1 + s^2),   c = -2 v E[(y - d) phi(x)]    for w > 0
                                            c =  2 v E[(y - d) phi(-x)]   for w < 0

For the question's own neuron that is w - 1 on the right and w on the left, with slope s
(1 + s^2) w - 1 and (1 + s^2) w - s.
"""

from typing import NamedTuple

from compare.surface.critical.stationarity import TrainedSurface
from compare.surface.critical.zero_bias import correlation
from reference import Parameters, Target

__all__ = ["Halves", "one_sided_slopes"]


class Halves(NamedTuple):
    """dL/dw = steepness w + left for w < 0, steepness w + right for w > 0."""

    steepness: float
    left: float
    right: float


def one_sided_slopes(v: float = 1.0, d: float = 0.0, negative_slope: float = 0.0, target: Target = Target()) -> Halves:
    """Coefficients of the expected gradient of a neuron with b = 0.

    Parameters
    ----------
    v, d, negative_slope : float
    target : Target
        Its weight not 0.

    Returns
    -------
    Halves

    Examples
    --------
    >>> one_sided_slopes(negative_slope=0.5)
    Halves(steepness=1.25, left=-0.5, right=-1.0)
    """
    surface = TrainedSurface(("w",), Parameters(1.0, 0.0, v, d), negative_slope, target)
    left, right = 2 * v * correlation(surface, -1), -2 * v * correlation(surface, 1)
    return Halves(v * v * (1 + negative_slope * negative_slope), left + 0.0, right + 0.0)
