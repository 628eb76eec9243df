"""Clocks, and rounds in which everything that is compared takes its turn.

What counts is processor time: on one core it is what the wall clock shows while the machine
does nothing else, and it stays that when the machine does. The wall clock is read beside
it, to tell how busy the machine was.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

__all__ = ["Job", "Reading", "in_rounds", "of_children", "timed"]


class Reading(NamedTuple):
    """What is read off after a job was done once.

    Parameters
    ----------
    amount : float
        Seconds of processor time; bytes, where memory is measured.
    wall : float
        Seconds by the clock on the wall; bytes again.
    """

    amount: float
    wall: float


Job = Callable[[], Reading]


def timed(work: Callable[[], object]) -> Job:
    """A job that does the work once and tells what it took, all threads of this process together.

    Examples
    --------
    >>> took = timed(lambda: sum(range(1000)))()
    >>> took.amount >= 0, took.wall > 0
    (True, True)
    """
    return lambda: _difference(work, time.process_time)


def of_children(work: Callable[[], object]) -> Job:
    """The same for work that is done in child processes, which it waits for."""
    return lambda: _difference(work, _children)


def _children() -> float:
    """Processor time of the children that have ended; without `resource`, in hundredths of a second."""
    try:
        import resource
    except ImportError:
        usage = os.times()
        return usage.children_user + usage.children_system
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _difference(work: Callable[[], object], processor: Callable[[], float]) -> Reading:
    wall, used = time.perf_counter(), processor()
    work()
    return Reading(processor() - used, time.perf_counter() - wall)


def in_rounds(jobs: Mapping[str, Job], rounds: int) -> dict[str, list[Reading]]:
    """Do each job once a round, one after the other, without garbage collection in between.

    What slows the machine down for a while then meets all of them, so that ratios within a
    round stand when times do not.

    Parameters
    ----------
    jobs : mapping of str to callable
    rounds : int

    Returns
    -------
    dict of str to list of Reading
        In the order of the rounds.

    Examples
    --------
    >>> order = []
    >>> jobs = {name: lambda name=name: order.append(name) or Reading(1.0, 2.0) for name in "AB"}
    >>> in_rounds(jobs, 2)["B"], order
    ([Reading(amount=1.0, wall=2.0), Reading(amount=1.0, wall=2.0)], ['A', 'B', 'A', 'B'])
    """
    readings: dict[str, list[Reading]] = {name: [] for name in jobs}
    with _no_collection():
        for _ in range(rounds):
            for name, job in jobs.items():
                readings[name].append(job())
    return readings


@contextmanager
def _no_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
