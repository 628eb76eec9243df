"""How long imports take in fresh interpreters, beyond what an empty one takes."""

import subprocess
import sys

from compare.bench.clock import Job, Reading, of_children
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size
from compare.bench.results import Meant

__all__ = ["GROUP", "importing"]


def importing(statement: str) -> Job:
    """A job that times a statement in a fresh interpreter, and takes off what an empty one needs."""

    def run(what: str) -> None:
        subprocess.run([sys.executable, "-c", what], check=True, capture_output=True)

    with_it, without = of_children(lambda: run(statement)), of_children(lambda: run("pass"))

    def difference() -> Reading:
        took, empty = with_it(), without()
        return Reading(took.amount - empty.amount, took.wall - empty.wall)

    return difference


def _row(module: str, meant: Meant | None = None) -> Measurement:
    statement = f"import {module}"

    def prepare(size: Size) -> Prepared:
        job = importing(statement)
        try:
            job()  # warms the disk's cache
        except subprocess.CalledProcessError:
            raise NotInstalled(module) from None
        return Prepared(job, 1.0)

    return Measurement(statement, prepare, meant)


GROUP = Group(
    name="start-up",
    says="imports in a fresh process",
    unit="ms",
    per_amount=1e3,
    baseline="import numpy",
    measurements=(
        _row("numpy"),
        _row("reference", Meant("ratio", at_most=1.5)),
        _row("compare.surface"),
        _row("compare"),
        _row("keras"),
    ),
)
