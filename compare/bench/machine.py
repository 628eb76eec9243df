"""What the numbers were measured on: machine, versions, threads, and how busy it was."""

from collections.abc import Sequence
from typing import Any

from compare.bench.measuring import Row
from compare.bench.one_thread import VARIABLES, core
from compare.system.folders import AUDIT
from compare.system.output import environment
from compare.system.versions import UNKNOWN, version_of

__all__ = ["describe", "footnotes"]

PACKAGES = ("keras", "tensorflow", "jax", "optax", "torch", "numba")
BUSY = 1.1  # times as long by the wall as on the processor


def describe(arguments: list[str]) -> dict[str, Any]:
    """The environment of an audit with optional packages and threads, or why nothing can be said about it."""
    try:
        found = environment(arguments, seed=0, dtype="float64", keras=False)
        found["versions"] |= {name: version for name in PACKAGES if (version := version_of(name)) != UNKNOWN}
        return {**found, "one_core": core(), "variables": dict(VARIABLES)}
    except Exception as error:  # whatever a system or an installation is like that nobody thought of
        return {"written_by": AUDIT, "schema": 1, "arguments": arguments, "unknown": f"{type(error).__name__}: {error}"}


def footnotes(machine: dict[str, Any], rows: Sequence[Row]) -> list[str]:
    """What belongs under the tables: machine and versions, what was timed, and whether others were at work.

    Examples
    --------
    >>> machine = {"processor": "P", "cores": 2, "one_core": 1, "python": "3.11.2", "versions": {"numpy": "2.4"}}
    >>> footnotes(machine, [])[0]
    'P, 2 cores, one of them used with one thread; Python 3.11.2, numpy 2.4'
    """
    if "unknown" in machine:
        on = f"a machine about which nothing is known ({machine['unknown']})"
    else:
        versions = [f"{name} {version}" for name, version in machine["versions"].items() if name != "neuron-audit"]
        used = "one of them used with one thread" if machine["one_core"] is not None else "one thread asked for"
        on = f"{machine['processor']}, {machine['cores']} cores, {used}; Python {machine['python']}"
        on = ", ".join([on, *versions])
    lines = [on, "Medians and ranges of the rounds, on one core by processor time; ratios are taken within each round."]
    total, by_the_wall = sum(sum(row.costs) for row in rows), sum(sum(row.by_the_wall) for row in rows)
    if total > 0 and by_the_wall / total > BUSY:
        times = by_the_wall / total
        lines.append(f"The machine was busy: by the clock on the wall it took {times:.1f} times as long.")
    return lines
