"""States of w as offsets from a few origins, with more digits than a float has.

Numbers of experiments and claims are the decimals that they are written as: 0.1 is 1/10,
also where a float stands in for it.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from compare.claims.witnesses.descent.parabolas import Parabola

__all__ = ["OffsetStates", "nearest_float"]

UNIT = 2.0**-53


@dataclass(frozen=True, eq=False)
class OffsetStates:
    """A path of w in which each state is an offset from one of a few origins; arrays of shape (states, members)."""

    origins: tuple[Fraction, ...]
    origin: np.ndarray  # which of them a state's offset is from
    offset: np.ndarray
    error: np.ndarray  # how much an offset can be off
    exact: tuple[Fraction, ...]  # the first states, as far as nothing was rounded, of a path of one member
    sides: tuple[Parabola, Parabola]  # the expected loss left and right of w = 0
    of_batches: bool = False  # whether it is a run on batches, and not the expected dynamics

    def minus(self, number: Fraction) -> tuple[np.ndarray, np.ndarray]:
        """Distance of each state from a number, and its error."""
        base = np.array([nearest_float(origin - number) for origin in self.origins])[self.origin]
        with np.errstate(invalid="ignore", over="ignore"):
            difference = base + self.offset
            error = self.error + 4 * UNIT * np.abs(base)
        for i, state in enumerate(self.exact[: len(difference)]):
            difference[i], error[i] = nearest_float(state - number), 0.0
        return difference, error

    def loss_minus(self, number: Fraction, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance of the expected loss at each state from a number, and its error."""
        difference, error = np.empty(w.shape), np.empty(w.shape)
        for right, side in zip((False, True), self.sides, strict=True):
            here = (w > 0) == right
            if side.a:
                middle = side.lowest_at
                lowest = nearest_float(side(middle) - number)
                away, off = self.minus(middle)
                half = nearest_float(side.a)
                with np.errstate(all="ignore"):
                    rise, slack = half * away * away, half * off * (2 * np.abs(away) + off)
                    total = lowest + rise
                    bound = slack + 8 * UNIT * (abs(lowest) + rise)
                # Exact states on the minimum, or with a loss that is a float, have no rounding to speak of.
                bound = np.where((rise == 0) & (off == 0), 0.0, bound)
            else:
                total, bound = np.full(w.shape, nearest_float(side.c - number)), np.zeros(w.shape)
            difference[here], error[here] = total[here], bound[here]
        for i, state in enumerate(self.exact[: len(w)]):
            side = self.sides[state > 0]
            difference[i], error[i] = nearest_float(side(state) - number), 0.0
        return difference, error


def nearest_float(number: Fraction) -> float:
    """The nearest float; infinite where none is as large, the smallest normal number where none is as small."""
    try:
        nearest = float(number)
    except OverflowError:
        return np.inf if number > 0 else -np.inf
    tiny = float(np.finfo(np.float64).tiny)
    return nearest if not number or abs(nearest) >= tiny else (tiny if number > 0 else -tiny)
