"""All roots of a function of one variable on an interval, with proof.

A cell on which the enclosure of the values leaves out zero holds no root. A cell on
which the enclosure of the slopes leaves out zero holds at most one, and the signs at its
ends decide. All other cells are cut in two (Moore, Kearfott and Cloud 2009,
"Introduction to interval analysis", chapter 8). The values are enclosed twice, as they
come and by the mean value theorem, f(middle) + f'(cell) (cell - middle), which is off by
the square of the cell's width only. A root that is still shared by a cell of the smallest
size is a multiple one, or one of an exact degeneracy, and is refused.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.surface.critical.enclosures.interval import Interval, Jet

__all__ = ["Root", "isolate"]

CELLS = 64
CUTS = 44
MOST_CELLS = 4096  # open cells: a function that vanishes all along
UNEVEN = 0.4921875  # cells are cut off the middle, where no root of a symmetric function lies
PARTS = 16  # that a cell with one root is cut into, until it is as narrow as rounding lets it be

Function = Callable[[Any, Any], Jet]


class Root(NamedTuple):
    """A simple root and what it is known to lie within."""

    value: float
    low: float
    high: float
    sign: int = 0  # of the function's slope there; 0 if that is not known


def isolate(function: Function, low: float, high: float) -> list[Root]:
    """Return every root of a function in [low, high], each once and in ascending order.

    The function, of arrays of lower and upper ends of cells, encloses values and slopes. One that
    vanishes to rounding at an end of the interval has a root there. An ArithmeticError if roots
    coincide, to within rounding.

    Examples
    --------
    >>> def parabola(low, high):
    ...     t = Jet(Interval(low, high), Interval.of(1.0))
    ...     return t * t - 0.25
    >>> [root.value for root in isolate(parabola, -1.0, 1.0)]
    [-0.5, 0.5]
    """
    ends = [e for e in (low, high) if _at(function, e).contains(0.0)]
    edges = np.linspace(low, high, CELLS + 1)
    edges[1:-1] -= (high - low) * (0.5 - UNEVEN) / CELLS
    edges[-1] = high  # a cell that rounding takes beyond it may be one of another formula
    cells = np.stack([edges[:-1], edges[1:]])
    roots = [Root(e, e, e, _slope_sign(function, e, e)) for e in ends]
    for _ in range(CUTS):
        single, undecided = _sorted_out(function, cells)
        for start, stop in single.T.tolist():
            if not any(start <= end <= stop for end in ends):
                root = _narrowed(function, start, stop)
                if root is not None and not any(_same(function, root, end) for end in ends):
                    roots.append(root)
        cells = undecided
        if cells.shape[1] > MOST_CELLS:
            break
        if cells.shape[1] == 0:
            return _distinct(roots)
        middle = _middle(cells)
        cells = np.concatenate([np.stack([cells[0], middle]), np.stack([middle, cells[1]])], axis=1)
    raise ArithmeticError(
        f"a stationary point near {float(cells[0, 0])!r} is degenerate: it cannot be told from a double one"
    )


def _sorted_out(function: Function, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells with at most one root, which may have one, and those of which nothing is known."""
    low, high = cells
    middle = _middle(cells)
    n = low.size
    jet = function(np.concatenate([low, low, middle, high]), np.concatenate([high, low, middle, high]))
    values, slopes = (np.broadcast_to(np.stack([*part]), (2, 4 * n)) for part in (jet.value, jet.slope))
    value, at_low, at_middle, at_high = (Interval(*values[:, i * n : (i + 1) * n]) for i in range(4))
    slope = Interval(*slopes[:, :n])
    with np.errstate(invalid="ignore"):  # an enclosure lost is one of everything
        by_mean_value = at_middle + slope * (Interval(low, high) - Interval.of(middle))
    is_open = value.contains(0.0) & by_mean_value.contains(0.0)
    single = is_open & ~slope.contains(0.0)
    same_sign = ((at_low.low > 0) & (at_high.low > 0)) | ((at_low.high < 0) & (at_high.high < 0))
    return cells[:, single & ~same_sign], cells[:, is_open & ~single]


def _narrowed(function: Function, low: float, high: float) -> Root | None:
    """The root of a monotone cell, if it has one.

    Newton's method on intervals, and the signs at `PARTS` points where that does not narrow
    the cell: a slope that varies much over the cell says little, the sign at a point does.
    """
    while True:
        edges = np.linspace(low, high, PARTS + 1)
        edges[-1] = high
        middle = edges[PARTS // 2]
        jet = function(np.append(edges, low), np.append(edges, high))
        value, slope = (np.broadcast_to(np.stack([*part]), (2, PARTS + 2)) for part in (jet.value, jet.slope))
        sign = np.where(value[0, :-1] > 0, 1, np.where(value[1, :-1] < 0, -1, 0))
        if sign[0] == sign[-1] != 0:
            return None
        rising = slope[0, -1] > 0
        before, after = (-1, 1) if rising else (1, -1)
        narrower = [low, high]
        if (sign == before).any():
            narrower[0] = edges[np.flatnonzero(sign == before)[-1]]
        if (sign == after).any():
            narrower[1] = edges[np.flatnonzero(sign == after)[0]]
        step = middle - Interval(*value[:, PARTS // 2]) / Interval(*slope[:, -1])
        narrower = [max(narrower[0], float(step.low)), min(narrower[1], float(step.high))]
        if narrower[0] > narrower[1]:
            return None
        if not narrower[1] - narrower[0] < high - low:
            return Root(low + (high - low) / 2, low, high, 1 if rising else -1)
        low, high = map(float, narrower)


def _at(function: Function, point: float) -> Interval:
    value = function(np.array([point]), np.array([point])).value
    return Interval(np.ravel(value.low)[0], np.ravel(value.high)[0])


def _middle(cells: np.ndarray) -> np.ndarray:
    middle: np.ndarray = cells[0] + (cells[1] - cells[0]) * UNEVEN
    return middle


def _same(function: Function, root: Root, end: float) -> bool:
    """Whether the function is monotone from the root to a root at an end, so that they are one."""
    return _slope_sign(function, min(root.low, end), max(root.high, end)) != 0


def _slope_sign(function: Function, low: float, high: float) -> int:
    slope = function(np.array([low]), np.array([high])).slope
    return int((np.ravel(slope.low) > 0)[0]) - int((np.ravel(slope.high) < 0)[0])


def _distinct(roots: list[Root]) -> list[Root]:
    """Sorted, with a root that two neighbouring cells share counted once."""
    distinct: list[Root] = []
    for root in sorted(roots):
        if not distinct or root.low > distinct[-1].high:
            distinct.append(root)
    return distinct
