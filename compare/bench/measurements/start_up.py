"""How long imports take in fresh interpreters, beyond what an empty one takes."""

import subprocess
import sys

from compare.bench.clock import Reading, timed
from compare.bench.plan import Goal, Group, Measurement, NotInstalled, Prepared, Size

__all__ = ["GROUP"]


def _interpreter(statement: str) -> Reading:
    """Time that a fresh interpreter takes for a statement."""
    command = [sys.executable, "-c", statement]
    return timed(lambda: subprocess.run(command, check=True, capture_output=True), Reading.of_children)()


def _importing(module: str, goal: Goal | None = None) -> Measurement:
    statement = f"import {module}"

    def prepare(size: Size) -> Prepared:
        try:
            _interpreter(statement)  # warms the disk's cache
        except subprocess.CalledProcessError:
            raise NotInstalled(module) from None
        return Prepared(lambda: _interpreter(statement).minus(_interpreter("pass")))

    return Measurement(statement, prepare, goal)


GROUP = Group(
    name="start-up",
    title="imports in a fresh process",
    unit="ms",
    baseline="import numpy",
    measurements=(
        _importing("numpy"),
        _importing("reference", Goal("ratio", at_most=1.5)),
        _importing("compare.surface"),
        _importing("compare"),
        _importing("keras"),
    ),
)
