"""Measure a group: check and warm up each, then all of them in rounds."""

from collections.abc import Callable

from compare.bench.clock import in_rounds
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size, Wrong
from compare.bench.results import Row, ratios

__all__ = ["measure"]


def measure(group: Group, size: Size, rounds: int, tell: Callable[[str], None] = lambda name: None) -> list[Row]:
    """Measure a group.

    Parameters
    ----------
    group : Group
    size : Size
    rounds : int
    tell : callable, optional
        Is given the name of what is being prepared or measured.

    Returns
    -------
    list of Row
        In the group's order, also of what could not be measured.
    """
    prepared: dict[str, Prepared] = {}
    left_out: dict[str, Row] = {}
    for measurement in group.measurements:
        tell(measurement.name)
        try:
            prepared[measurement.name] = measurement.prepare(size)
        except NotInstalled as error:
            left_out[measurement.name] = Row(measurement.name, note=f"not installed: {error}", meant=measurement.meant)
        except Wrong as error:
            left_out[measurement.name] = Row(measurement.name, note=str(error), wrong=True, meant=measurement.meant)
    tell(f"{group.name}: {rounds} rounds")
    rounds = min(rounds, group.most_rounds or rounds)
    readings = in_rounds({name: ready.job for name, ready in prepared.items()}, rounds)
    costs: dict[str, list[float]] = {}
    walls: dict[str, list[float]] = {}
    for name, ready in prepared.items():
        costs[name] = [group.per_amount * one.amount / ready.units for one in readings[name]]
        walls[name] = [group.per_amount * one.wall / ready.units for one in readings[name]]

    def row(measurement: Measurement) -> Row:
        name = measurement.name
        if name in left_out:
            return left_out[name]
        against = measurement.against or group.baseline
        to_baseline = ratios(costs[name], costs[against]) if against in costs and against != name else ()
        return Row(
            name,
            tuple(costs[name]),
            tuple(walls[name]),
            to_baseline,
            meant=measurement.meant,
            details=prepared[name].details,
        )

    return [row(measurement) for measurement in group.measurements]
