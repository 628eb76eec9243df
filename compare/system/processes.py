"""Processes beside this one: how many are worth it, and pools of them that end with this process."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from types import MappingProxyType
from typing import Any

from compare.system.command_line import UsageError
from compare.system.signals import signals_deferred

__all__ = ["cores", "process_pool"]


def cores() -> int:
    """How many cores this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@contextmanager
def process_pool(workers: int, advice: str) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that are terminated if an error or an interrupt ends the with block.

    They are started afresh rather than forked: TensorFlow does not survive a fork. They also
    end if this process is killed, and what they are given and give back may hold read-only
    mappings. If one of them is killed, that is a UsageError, with advice on what needs less
    memory.
    """
    others = set(active_children())
    _pickle_mappings()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        # No process is abandoned while it is being started, nor interrupted before it knows what to do then.
        with signals_deferred(), _interrupts_held_back():
            pool.submit(_pickle_mappings)
        yield pool
    except BaseException as error:
        for process in set(active_children()) - others:
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise UsageError(f"a worker was killed, perhaps for want of memory; {advice}") from None
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold SIGINT back in this thread inside the with block, and in processes that it starts there."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Let an interrupt end the process without a traceback; the first process says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _pickle_mappings()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _pickle_mappings() -> None:
    """Let read-only mappings pass between processes."""
    ForkingPickler.register(MappingProxyType, _taken_apart)


def _taken_apart(mapping: Any) -> tuple[Any, tuple[Any]]:
    return _read_only, (dict(mapping),)


def _read_only(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)
