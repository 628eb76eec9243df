"""Measure a group: check and warm up each of its measurements, then all of them in rounds."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from compare.bench.clock import Reading, in_rounds
from compare.bench.plan import Goal, Group, NotInstalled, Prepared, Size, Wrong

__all__ = ["Row", "measure"]


@dataclass(frozen=True)
class Row:
    """Result of a measurement: costs in the group's unit, and ratios to the baseline, one a round."""

    name: str
    costs: Sequence[float] = ()  # by processor time; empty if nothing was measured
    by_the_wall: Sequence[float] = ()
    ratios: Sequence[float] = ()  # empty if there is no baseline
    note: str = ""  # why nothing was measured
    wrong: bool = False  # whether that is because it computes something else
    goal: Goal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    size: float | None = None  # of what the group varies
    exponent: float | None = None  # the cost of one such thing grows with this power of the size, from the row above

    @property
    def meets_goal(self) -> bool | None:
        """Whether the median meets the goal; None without a goal or a measurement."""
        if self.goal is None:
            return None
        numbers = self.ratios if self.goal.of == "ratio" else self.costs
        return self.goal.met_by(statistics.median(numbers)) if numbers else None


def measure(group: Group, size: Size, rounds: int, announce: Callable[[str], None] = lambda name: None) -> list[Row]:
    """A row for each measurement of a group, also for what could not be measured.

    `announce` is given the name of what is being prepared or measured.
    """
    prepared: dict[str, Prepared] = {}
    rows: dict[str, Row] = {}
    for measurement in group.measurements:
        name, goal = measurement.name, measurement.goal
        announce(name)
        try:
            prepared[name] = measurement.prepare(size)
        except NotInstalled as error:
            rows[name] = Row(name, note=f"not installed: {error}", goal=goal)
        except Wrong as error:
            rows[name] = Row(name, note=str(error), wrong=True, goal=goal)
    announce(f"{group.name}: {rounds} rounds")
    readings = in_rounds({name: ready.job for name, ready in prepared.items()}, 1 if group.in_memory else rounds)
    costs, walls = {}, {}
    for name, ready in prepared.items():
        costs[name] = tuple(group.scale * reading.amount / ready.units for reading in readings[name])
        walls[name] = tuple(group.scale * reading.wall / ready.units for reading in readings[name])
    for measurement in group.measurements:
        name, goal, baseline = measurement.name, measurement.goal, measurement.baseline or group.baseline
        if name in prepared:
            ratios = _ratios(costs[name], costs[baseline]) if baseline in costs and baseline != name else ()
            ready = prepared[name]
            rows[name] = Row(
                name, costs[name], walls[name], ratios, goal=goal, details=ready.details, size=ready.size or None
            )
    whole = {name: _median_of_one(prepared[name], readings[name]) for name in prepared if prepared[name].size}
    for (before, small), (name, large) in pairwise(whole.items()):
        growth = prepared[name].size / prepared[before].size
        if growth > 1 and small > 0 < large:
            rows[name] = replace(rows[name], exponent=math.log(large / small) / math.log(growth))
    return [rows[measurement.name] for measurement in group.measurements]


def _median_of_one(prepared: Prepared, readings: Sequence[Reading]) -> float:
    return statistics.median(reading.amount for reading in readings) / prepared.times


def _ratios(costs: Sequence[float], baseline: Sequence[float]) -> tuple[float, ...]:
    """Ratios to the baseline within each round, infinite where the clock was too coarse for the baseline."""
    pairs = zip(costs, baseline, strict=True)
    return tuple(cost / base if base > 0 else math.inf for cost, base in pairs)
