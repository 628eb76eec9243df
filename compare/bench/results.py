"""What came of a measurement: its cost in each round, and its ratio to the baseline's."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["Meant", "Row", "Spread", "ratios"]


class Spread(NamedTuple):
    """Median of some numbers, and their range."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        """Of at least one number.

        Examples
        --------
        >>> Spread.of([4.0, 1.0, 2.0])
        Spread(median=2.0, low=1.0, high=4.0)
        """
        return cls(statistics.median(numbers), min(numbers), max(numbers))


class Meant(NamedTuple):
    """What a number is meant to be at least, or at most.

    Parameters
    ----------
    of : {"ratio", "cost"}
    at_least, at_most : float or None

    Examples
    --------
    >>> Meant("ratio", at_least=50.0).met_by(49.0), Meant("cost", at_most=3.0).met_by(3.0)
    (False, True)
    """

    of: str
    at_least: float | None = None
    at_most: float | None = None

    def met_by(self, number: float) -> bool:
        """Whether a number is as it is meant to be."""
        low_enough = self.at_most is None or number <= self.at_most
        return low_enough and (self.at_least is None or number >= self.at_least)


@dataclass(frozen=True)
class Row:
    """One measurement.

    Parameters
    ----------
    name : str
    costs : tuple of float
        In the group's unit, by processor time, one a round; empty if nothing was measured.
    by_the_wall : tuple of float
        The same by the clock on the wall.
    ratios : tuple of float
        To the baseline's cost of the same round; empty if there is none.
    note : str
        Why nothing was measured.
    wrong : bool
        Whether that is because it computes something else.
    meant : Meant or None
    details : mapping of str to object
        Size of the problem, and what the check before it found.
    """

    name: str
    costs: tuple[float, ...] = ()
    by_the_wall: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()
    note: str = ""
    wrong: bool = False
    meant: Meant | None = None
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def as_meant(self) -> bool | None:
        """Whether the median is as it is meant to be; None if there is nothing to tell."""
        numbers = () if self.meant is None else self.ratios if self.meant.of == "ratio" else self.costs
        return None if self.meant is None or not numbers else self.meant.met_by(statistics.median(numbers))


def ratios(costs: Sequence[float], baseline: Sequence[float]) -> tuple[float, ...]:
    """Ratio within each round; infinite where the clock saw nothing of the baseline.

    Examples
    --------
    >>> ratios([3.0, 8.0], [1.0, 2.0])
    (3.0, 4.0)
    """
    pairs = zip(costs, baseline, strict=True)
    return tuple(cost / base if base > 0 else float("inf") for cost, base in pairs)
