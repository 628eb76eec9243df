"""Clocks, and rounds in which everything that is compared takes its turn.

What counts is processor time: on one core it is what the wall clock shows while the machine
does nothing else, and it stays that when the machine does. The wall clock is read beside
it, to tell how busy the machine was.
"""

import gc
import os
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["Job", "Reading", "in_rounds", "timed"]


class Reading(NamedTuple):
    """Two clocks, or what a job took by either, in seconds; or bytes, twice, where memory is measured."""

    amount: float  # by the processor
    wall: float

    @classmethod
    def of_process(cls) -> "Reading":
        """All threads of this process together."""
        return cls(time.process_time(), time.perf_counter())

    @classmethod
    def of_children(cls) -> "Reading":
        """The child processes that have ended; without `resource`, in hundredths of a second."""
        try:
            from resource import RUSAGE_CHILDREN, getrusage
        except ImportError:
            usage = os.times()
            return cls(usage.children_user + usage.children_system, time.perf_counter())
        ended = getrusage(RUSAGE_CHILDREN)
        return cls(ended.ru_utime + ended.ru_stime, time.perf_counter())

    def minus(self, other: "Reading") -> "Reading":
        """The difference by either clock."""
        return Reading(self.amount - other.amount, self.wall - other.wall)


Job = Callable[[], Reading]


def timed(work: Callable[[], object], clock: Callable[[], Reading] = Reading.of_process) -> Job:
    """A job that does the work once and returns what that took."""

    def job() -> Reading:
        before = clock()
        work()
        return clock().minus(before)

    return job


def in_rounds(jobs: Mapping[str, Job], rounds: int) -> dict[str, list[Reading]]:
    """Do each job once a round, one after the other, without garbage collection in between.

    What slows the machine down for a while then meets all of them, so that ratios within a
    round stand when times do not.

    Examples
    --------
    >>> order = []
    >>> jobs = {name: lambda name=name: order.append(name) or Reading(1.0, 2.0) for name in "AB"}
    >>> in_rounds(jobs, 2)["B"], order
    ([Reading(amount=1.0, wall=2.0), Reading(amount=1.0, wall=2.0)], ['A', 'B', 'A', 'B'])
    """
    readings: dict[str, list[Reading]] = {name: [] for name in jobs}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, job in jobs.items():
                readings[name].append(job())
    finally:
        gc.enable()
    return readings
