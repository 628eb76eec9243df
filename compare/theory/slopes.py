r"""What the negative slope c changes: stationary points, losses, and who gets stuck.

Without bias the loss is two parabolas that meet at w = 0, with vertices

    right   w = 1 / (1 + c^2),   L = c^2 / (2 (1 + c^2))
    left    w = c / (1 + c^2),   L = 1 / (2 (1 + c^2)),   if that is negative

so that for c > 0 the left one is out of the way and nothing gets stuck, at c = 0 (ReLU) it is
the kink itself, and for c < 0 it is a minimum, the better one of the two once c < -1. With
bias the same three regimes have the same borders, except that the ReLU's trap is its dead
half-line, and that it catches a part of the backward starts only. For a finite number of
steps it also holds starts with w > 0 whose kink is far out, b / w well below -1: they are on
their way, with a gradient like exp(-(b / w)^2 / 2).
"""

from dataclasses import dataclass

import numpy as np

from compare.surface import critical_points, expected_descent, expected_loss
from compare.surface.critical import CriticalPoint
from reference import SGD, Experiment, Parameters

__all__ = ["SlopeStudy", "slope_study"]

REACH = 3.0  # starts are spread over -REACH to REACH
LEARNING_RATE = 0.25
STUCK_EXCESS = 1e-3


@dataclass(frozen=True, eq=False)
class SlopeStudy:
    """Stationary points and end losses by negative slope.

    Parameters
    ----------
    slopes : ndarray
    bias : bool
        Whether b is trained too.
    points : tuple of tuple of CriticalPoint
        For each slope, what `critical_points` lists.
    best : ndarray
        Least loss of all, attained or at infinity.
    w, b : ndarray
        Starts.
    end_loss : ndarray of shape (slopes, starts of w, starts of b)
        Expected loss where each start was after the last step.
    """

    slopes: np.ndarray
    bias: bool
    points: tuple[tuple[CriticalPoint, ...], ...]
    best: np.ndarray
    w: np.ndarray
    b: np.ndarray
    end_loss: np.ndarray

    @property
    def stuck(self) -> np.ndarray:
        """Which starts had, after the last step, a loss above the least one by more than a thousandth."""
        return np.asarray(self.end_loss > self.best[:, None, None] + STUCK_EXCESS)

    @property
    def stuck_share(self) -> np.ndarray:
        """Share of the starts that got stuck, by slope."""
        return np.asarray(self.stuck.mean(axis=(1, 2)))


def slope_study(
    slopes: np.ndarray | None = None, *, bias: bool = False, starts: int = 24, steps: int | None = None
) -> SlopeStudy:
    """Stationary points of every slope, and where a grid of starts ends under plain descent.

    Parameters
    ----------
    slopes : ndarray, optional
        By default from -2 to 3 in steps of 1/8.
    bias : bool
    starts : int
        Of each of w and, with bias, b: even, so that none is 0.
    steps : int, optional
        Of SGD with learning rate 1 / (4 + 4 c^2) on the exact gradient: by default 100 without
        bias, where each one takes a quarter off the distance, and 600 with bias.

    Returns
    -------
    SlopeStudy

    Raises
    ------
    ValueError
        If `starts` is not a positive even number.

    Notes
    -----
    A second a slope with bias, at 24 by 24 starts, a tenth of that without.

    Examples
    --------
    Everything right of zero learns, and left of zero nothing does for a slope of 0 or less:

    >>> study = slope_study(np.array([-0.5, 0.0, 0.5]), starts=8)
    >>> study.stuck_share.tolist()
    [0.5, 0.5, 0.0]
    """
    if starts < 2 or starts % 2:
        raise ValueError(f"slope_study: starts must be a positive even number, got {starts!r}")
    slopes = np.arange(-16, 25) / 8 if slopes is None else np.asarray(slopes, np.float64)
    steps = (600 if bias else 100) if steps is None else steps
    w = np.linspace(-REACH, REACH, starts)
    b = w if bias else np.zeros(1)
    names = ("w", "b") if bias else ("w",)
    points, ends = [], []
    for slope in map(float, slopes):
        points.append(critical_points(trainable=names, negative_slope=slope))
        experiment = Experiment(
            initial=Parameters(w[:, None], b[None, :]),
            trainable=names,
            negative_slope=slope,
            optimizer=SGD(learning_rate=LEARNING_RATE / (1 + slope * slope)),
            steps=steps,
            dtype="float64",
        )
        end = expected_descent(experiment, record="end").end
        ends.append(expected_loss(end, negative_slope=slope))
    best = np.array([min(point.loss for point in listed) for listed in points])
    return SlopeStudy(slopes, bias, tuple(points), best, w, b, np.array(ends))
