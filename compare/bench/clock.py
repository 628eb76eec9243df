"""Clocks, and rounds in which everything that is compared takes its turn.

We compare CPU time: on an idle core it equals wall time, and load from other processes does
not change it. Wall time is recorded too, to tell how busy the machine was.
"""

import gc
import os
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["Job", "Reading", "in_rounds", "timed"]


class Reading(NamedTuple):
    """CPU time and wall time of a job in seconds; where memory is measured, its bytes in both fields."""

    amount: float  # CPU time
    wall: float

    @classmethod
    def of_process(cls) -> "Reading":
        """Read both clocks; CPU time is that of all threads of this process."""
        return cls(time.process_time(), time.perf_counter())

    @classmethod
    def of_children(cls) -> "Reading":
        """Read both clocks; CPU time is that of child processes that have ended, without `resource` to 10 ms."""
        try:
            from resource import RUSAGE_CHILDREN, getrusage
        except ImportError:
            usage = os.times()
            return cls(usage.children_user + usage.children_system, time.perf_counter())
        ended = getrusage(RUSAGE_CHILDREN)
        return cls(ended.ru_utime + ended.ru_stime, time.perf_counter())

    def minus(self, other: "Reading") -> "Reading":
        """The difference of two readings of both clocks."""
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

    A machine that is slow for a while then slows all of them, so that ratios within a round
    hold even where times vary.

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
