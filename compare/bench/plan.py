"""What is to be measured: groups of measurements with a baseline, and how large each is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from compare.bench.clock import Job
from compare.bench.results import Meant

__all__ = ["FULL", "QUICK", "Group", "Measurement", "NotInstalled", "Prepared", "Size", "Wrong"]


class NotInstalled(Exception):
    """What a measurement needs is not there; the message names it."""


class Wrong(Exception):
    """What was to be timed does not compute what the reference computes; the message says where."""


class Size(NamedTuple):
    """How large problems are.

    Parameters
    ----------
    side : int
        An ensemble has side x side starts.
    samples : int
        Of a batch.
    effort : float
        Factor on the number of steps, of points, of whatever is repeated; at least one is left.
    """

    side: int
    samples: int
    effort: float

    def some(self, number: int) -> int:
        """So many of something at this effort.

        Examples
        --------
        >>> Size(side=4, samples=16, effort=0.25).some(10), Size(side=4, samples=16, effort=0.0).some(10)
        (2, 1)
        """
        return max(1, round(number * self.effort))


FULL = Size(side=512, samples=1000, effort=1.0)
QUICK = Size(side=128, samples=1000, effort=0.25)


class Prepared(NamedTuple):
    """A measurement that was checked and warmed up.

    Parameters
    ----------
    job : callable
        Does it once and returns what was read off.
    units : float
        How much it then has done: steps, or models times steps, or points.
    details : mapping of str to object
    """

    job: Job
    units: float
    details: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Measurement:
    """Something whose cost is measured.

    Parameters
    ----------
    name : str
    prepare : callable
        Given a Size, checks and warms up. Raises NotInstalled or Wrong.
    meant : Meant, optional
    against : str
        Name of the measurement that its ratio is taken to; by default the group's baseline.
    """

    name: str
    prepare: Callable[[Size], Prepared]
    meant: Meant | None = None
    against: str = ""


@dataclass(frozen=True)
class Group:
    """Measurements that are compared with each other.

    Parameters
    ----------
    name : str
        For ``--only``.
    says : str
        What is measured; ``{side}`` and ``{samples}`` stand for those of the Size.
    unit : str
        Of a cost.
    per_amount : float
        So many units of cost are one of what is read off, a second or a byte.
    baseline : str
        Name of the measurement that ratios are taken to; empty if costs are not compared.
    measurements : tuple of Measurement
    most_rounds : int or None
        Where more would tell nothing, or take minutes.
    """

    name: str
    says: str
    unit: str
    per_amount: float
    baseline: str
    measurements: tuple[Measurement, ...] = field(default=())
    most_rounds: int | None = None
