"""What is to be measured: groups of measurements, how large each is, and what its numbers should be."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from compare.bench.clock import Job
from compare.system.command_line import KerasMissing, start_keras

__all__ = ["FULL", "QUICK", "Goal", "Group", "Measurement", "NotInstalled", "Prepared", "Size", "Wrong", "require"]

SCALES = {"s": 1.0, "ms": 1e3, "µs": 1e6, "ns": 1e9, "B": 1.0, "MB": 1e-6}  # of a second, or a byte


class NotInstalled(Exception):
    """What a measurement needs is not there; the message names it."""


class Wrong(Exception):
    """What was to be timed does not compute what the reference computes; the message says where."""


def require(package: str) -> None:
    """Import a package, Keras without what it prints, or raise NotInstalled."""
    try:
        if package == "keras":
            start_keras()
        else:
            importlib.import_module(package)
    except (ImportError, KerasMissing):
        raise NotInstalled(package) from None


class Size(NamedTuple):
    """How large problems are: ensembles of side x side starts, and samples of a batch."""

    side: int
    samples: int
    effort: float  # factor on the number of steps, of points, of whatever is repeated

    def scaled(self, number: int) -> int:
        """So many of something at this effort, at least one.

        Examples
        --------
        >>> Size(side=4, samples=16, effort=0.25).scaled(10), Size(side=4, samples=16, effort=0.0).scaled(10)
        (2, 1)
        """
        return max(1, round(number * self.effort))


FULL = Size(side=512, samples=1000, effort=1.0)
QUICK = Size(side=128, samples=1000, effort=0.25)


class Goal(NamedTuple):
    """What a median should be at least, or at most.

    Examples
    --------
    >>> Goal("ratio", at_least=50.0).met_by(49.0), Goal("cost", at_most=3.0).met_by(3.0)
    (False, True)
    """

    of: str  # "ratio" or "cost"
    at_least: float | None = None
    at_most: float | None = None

    def met_by(self, number: float) -> bool:
        """Whether a number meets the goal."""
        low_enough = self.at_most is None or number <= self.at_most
        return low_enough and (self.at_least is None or number >= self.at_least)


class Prepared(NamedTuple):
    """A measurement that was checked and warmed up."""

    job: Job
    units: float = 1.0  # how much the job does: steps, or models times steps, or points
    details: Mapping[str, Any] = MappingProxyType({})  # for the report
    size: float = 0.0  # what the group varies, where it asks how the cost grows with that
    times: float = 1.0  # how often the job does what has this size


@dataclass(frozen=True)
class Measurement:
    """Something whose cost is measured, once `prepare` has checked it; that may raise NotInstalled or Wrong."""

    name: str
    prepare: Callable[[Size], Prepared]
    goal: Goal | None = None
    baseline: str = ""  # of its ratios, instead of the group's


@dataclass(frozen=True)
class Group:
    """Measurements that are compared with each other."""

    name: str
    title: str  # "{side}" and "{samples}" stand for those of the Size
    unit: str  # of a cost; begins with one of SCALES
    baseline: str  # name of the measurement that ratios are taken to; empty if there are none
    measurements: tuple[Measurement, ...]

    def titled(self, size: Size) -> str:
        """The title, with the size filled in."""
        return self.title.format(**size._asdict())

    @property
    def in_memory(self) -> bool:
        """Whether bytes are measured, which are the same in every round; else it is time."""
        return self.unit.endswith("B")

    @property
    def scale(self) -> float:
        """How many units of cost make a second, or a byte."""
        return SCALES[self.unit.split()[0]]
