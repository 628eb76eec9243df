"""All roots of a function of one variable on an interval, with proof.

A cell on which the enclosure of the values leaves out zero holds no root. A cell on
which the enclosure of the slopes leaves out zero holds at most one, and the signs at its
ends decide. All other cells are cut in two (Moore, Kearfott and Cloud 2009,
"Introduction to interval analysis", chapter 8). A root that is still shared by a cell of
the smallest size is a multiple one, or one of an exact degeneracy, and is refused.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.surface.critical.interval import Interval, Jet

__all__ = ["Root", "isolate"]

CELLS = 64
CUTS = 44
MOST_CELLS = 4096  # open cells: a function that vanishes all along
UNEVEN = 0.4921875  # cells are cut off the middle, where no root of a symmetric function lies


class Root(NamedTuple):
    """A simple root and what it is known to lie within."""

    value: float
    low: float
    high: float


def isolate(function: Callable[[Any, Any], Jet], low: float, high: float) -> list[Root]:
    """Return every root of a function in [low, high], each once.

    Parameters
    ----------
    function : callable
        Of arrays of lower and upper ends of cells; encloses values and slopes.
    low, high : float

    Returns
    -------
    list of Root
        In ascending order. A function that vanishes to rounding at an end of the interval
        has a root there.

    Raises
    ------
    ArithmeticError
        If roots coincide, to within rounding.

    Examples
    --------
    >>> def parabola(low, high):
    ...     t = Jet(Interval(low, high), Interval.of(1.0))
    ...     return t * t - 0.25
    >>> [root.value for root in isolate(parabola, -1.0, 1.0)]
    [-0.5, 0.5]
    """
    ends = [e for e in (low, high) if _at(function, e).contains(0.0)]
    edges = low + (high - low) * np.arange(CELLS + 1) / CELLS
    edges[1:-1] -= (high - low) * (0.5 - UNEVEN) / CELLS
    cells = np.stack([edges[:-1], edges[1:]])
    roots = [Root(e, e, e) for e in ends]
    for _ in range(CUTS):
        jet = function(*cells)
        open_ = jet.value.contains(0.0)
        single = open_ & ~jet.slope.contains(0.0)
        for i in np.flatnonzero(single):
            if not any(cells[0, i] <= end <= cells[1, i] for end in ends):
                root = _single(function, float(cells[0, i]), float(cells[1, i]))
                if root is not None and not any(_same(function, root, end) for end in ends):
                    roots.append(root)
        cells = cells[:, open_ & ~single]
        if cells.shape[1] > MOST_CELLS:
            break
        if cells.shape[1] == 0:
            return _distinct(roots)
        middle = cells[0] + (cells[1] - cells[0]) * UNEVEN
        cells = np.concatenate([np.stack([cells[0], middle]), np.stack([middle, cells[1]])], axis=1)
    raise ArithmeticError(
        f"a stationary point near {float(cells[0, 0])!r} is degenerate: it cannot be told from a double one"
    )


def _at(function: Callable[[Any, Any], Jet], point: float) -> Interval:
    value = function(np.array([point]), np.array([point])).value
    return Interval(np.ravel(value.low)[0], np.ravel(value.high)[0])


def _single(function: Callable[[Any, Any], Jet], low: float, high: float) -> Root | None:
    """The root of a monotone cell, if it has one, by Newton's method on intervals as far as it narrows the cell."""
    ends = function(np.array([low, high]), np.array([low, high])).value
    if (ends.low > 0).all() or (ends.high < 0).all():
        return None
    while True:
        middle = low + (high - low) / 2
        jet = function(np.array([low, middle]), np.array([high, middle]))
        slope, value = (np.broadcast_to(np.stack([*part]), (2, 2)) for part in (jet.slope, jet.value))
        step = middle - Interval(*value[:, 1]) / Interval(*slope[:, 0])
        narrower = max(low, float(step.low)), min(high, float(step.high))
        if not low <= narrower[0] <= narrower[1] <= high or narrower == (low, high):
            return Root(middle, low, high)
        low, high = narrower


def _same(function: Callable[[Any, Any], Jet], root: Root, end: float) -> bool:
    """Whether the function is monotone from the root to a root at an end, so that they are one."""
    slope = function(np.array([min(root.low, end)]), np.array([max(root.high, end)])).slope
    return not bool(np.ravel(slope.contains(0.0))[0])


def _distinct(roots: list[Root]) -> list[Root]:
    """Sorted, with a root that two neighbouring cells share counted once."""
    distinct: list[Root] = []
    for root in sorted(roots):
        if not distinct or root.low > distinct[-1].high:
            distinct.append(root)
    return distinct
