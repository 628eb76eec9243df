r"""What the negative slope s changes: stationary points, losses, and who gets stuck.

Without bias the loss is two parabolas that meet at w = 0, with vertices

    right   w = 1 / (1 + s^2),   L = s^2 / (2 (1 + s^2))
    left    w = s / (1 + s^2),   L = 1 / (2 (1 + s^2)),   if that is negative

so that for s > 0 the left one is out of the way and nothing gets stuck, at s = 0 (ReLU) it is
the kink itself, and for s < 0 it is a minimum, the better one of the two once s < -1. With
bias the same three regimes have the same borders, except that the ReLU's trap is its dead
half-line, and that it catches a part of the starts that face the wrong way only. For a finite number of
steps it also holds starts with w > 0 whose kink is far out, b / w well below -1: they are on
their way, with a gradient like exp(-(b / w)^2 / 2).
"""

from dataclasses import dataclass

import numpy as np

from compare.surface import expected_descent, expected_loss
from compare.surface.critical import CriticalPoint
from compare.theory.outcomes import NAMES, outcomes_at
from reference import SGD, Experiment, Parameters

__all__ = ["SlopeStudy", "least_loss", "slope_study"]

REACH = 3.0  # starts are spread over -REACH to REACH
LEARNING_RATE = 0.25
FARTHEST_KINK = 6.0  # among which the best one is looked for
POINTS, ZOOMS = 61, 4


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
    outcome : ndarray of int of the same shape
        What became of each start by then, an index into `compare.theory.outcomes.OUTCOMES`.
    """

    slopes: np.ndarray
    bias: bool
    points: tuple[tuple[CriticalPoint, ...], ...]
    best: np.ndarray
    w: np.ndarray
    b: np.ndarray
    end_loss: np.ndarray
    outcome: np.ndarray

    @property
    def stuck(self) -> np.ndarray:
        """Which starts were, after the last step, stuck or dead."""
        return np.asarray(np.isin(self.outcome, [NAMES.index(name) for name in ("stuck", "dead")]))

    @property
    def stuck_share(self) -> np.ndarray:
        """Share of the starts that got stuck or died, by slope."""
        return np.asarray(self.stuck.mean(axis=(1, 2)))


def slope_study(
    slopes: np.ndarray | None = None,
    *,
    bias: bool = False,
    starts: int = 24,
    steps: int | None = None,
    learning_rate: float | None = None,
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
        Of SGD on the exact gradient, by default 100 without bias and 600 with bias.
    learning_rate : float, optional
        By default 1 / (4 + 4 s^2) for a slope s: without bias each step takes a quarter off the distance.

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
    points, losses, outcomes = [], [], []
    for slope in map(float, slopes):
        experiment = Experiment(
            initial=Parameters(w[:, None], b[None, :]),
            trainable=names,
            negative_slope=slope,
            optimizer=SGD(learning_rate=learning_rate or LEARNING_RATE / (1 + slope * slope)),
            steps=steps,
            dtype="float64",
        )
        end = expected_descent(experiment, record="end").end
        found = outcomes_at(experiment, end)
        if found.without_points:
            raise ValueError(f"slope_study: critical points cannot be listed: {found.without_points[0]}")
        points.append(tuple(point for point, _ in found.points))
        losses.append(found.loss)
        outcomes.append(found.outcome)
    best = np.array([min(point.loss for point in listed) for listed in points])
    return SlopeStudy(slopes, bias, tuple(points), best, w, b, np.array(losses), np.array(outcomes))


def least_loss(slopes: np.ndarray, *, bias: bool = False) -> np.ndarray:
    """Least expected loss that a neuron with each slope can have, quickly: a curve is drawn from it.

    Without bias that of the better vertex. With bias a neuron is a height v > 0 times
    phi(o (x - k)) with a kink k and an orientation o; the best height is E[phi y] / E[phi^2], and the
    best kink is looked for on a grid that is made finer around the best point.

    Examples
    --------
    >>> least_loss(np.array([-2.0, 0.0, 1.0])).tolist()
    [0.1, 0.0, 0.25]
    """
    slopes = np.asarray(slopes, np.float64)
    if not bias:
        return np.asarray(np.where(slopes >= -1, slopes**2, 1.0) / (2 * (1 + slopes**2)))
    best = np.full(slopes.shape, np.inf)
    for orientation in (1.0, -1.0):
        centre, reach = np.zeros((len(slopes), 1)), FARTHEST_KINK
        for _ in range(ZOOMS):
            kinks = centre + np.linspace(-reach, reach, POINTS)
            up, down = (
                expected_loss(Parameters(orientation, -orientation * kinks, v), negative_slope=slopes[:, None])
                for v in (1.0, -1.0)
            )
            squares, product = (up + down - 1) / 2, (down - up) / 4  # as E y^2 = 1/2
            loss = 0.5 - np.maximum(product, 0) ** 2 / squares
            chosen = np.argmin(loss, axis=1)
            best = np.minimum(best, loss[np.arange(len(slopes)), chosen])
            centre, reach = kinks[np.arange(len(slopes)), chosen][:, None], 2 * reach / (POINTS - 1) * 1.5
    return np.asarray(np.maximum(best, 0.0))
