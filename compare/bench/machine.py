"""What the numbers were measured on: machine, versions, threads, and how busy it was."""

import math
from collections.abc import Iterable
from typing import Any

from compare.bench.one_thread import VARIABLES, core
from compare.bench.results import Row
from compare.system.output import environment
from compare.system.versions import UNKNOWN, version_of

__all__ = ["busyness", "describe", "footnotes", "in_words"]

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numba")
BUSY = 1.1  # times as long by the wall as on the processor


def describe(arguments: list[str]) -> dict[str, Any]:
    """The environment of an audit, and what the measurements add: optional packages, threads."""
    found = environment(arguments, seed=0, dtype="float64", keras=False)
    found["versions"] |= {name: version for name in PACKAGES if (version := version_of(name)) != UNKNOWN}
    found["one_core"] = core()
    found["variables"] = dict(VARIABLES)
    return found


def in_words(machine: dict[str, Any]) -> str:
    """One line to stand under the tables.

    Examples
    --------
    >>> in_words({"processor": "P", "cores": 2, "one_core": 1, "python": "3.11.2", "versions": {"numpy": "2.4"}})
    'P, 2 cores, one of them used with one thread; Python 3.11.2, numpy 2.4'
    """
    if "unknown" in machine:
        return f"a machine about which nothing is known ({machine['unknown']})"
    if "unknown" in machine:
        return f"a machine about which nothing is known ({machine['unknown']})"
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if name != "neuron-audit")
    used = "one of them used with one thread" if machine["one_core"] is not None else "one thread asked for"
    return f"{machine['processor']}, {machine['cores']} cores, {used}; Python {machine['python']}, {versions}"


def footnotes(machine: dict[str, Any], rows: Iterable[Row]) -> list[str]:
    """What belongs under the tables: machine and versions, what was timed, and whether others were at work."""
    lines = [
        in_words(machine),
        "Medians and ranges of the rounds, by processor time; ratios are taken within each round.",
    ]
    busy = busyness(rows)
    if busy > BUSY:
        lines.append(f"The machine was busy: by the clock on the wall it took {busy:.1f} times as long.")
    return lines


def busyness(rows: Iterable[Row]) -> float:
    """How many times as long the measurements took by the wall as on the processor; NaN if there are none.

    Examples
    --------
    >>> busyness([Row("a", costs=(1.0, 2.0), by_the_wall=(2.0, 4.0)), Row("b", note="not installed")])
    2.0
    """
    measured = [row for row in rows if row.costs]
    total = sum(sum(row.costs) for row in measured)
    return sum(sum(row.by_the_wall) for row in measured) / total if total > 0 else math.nan
