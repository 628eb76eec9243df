"""Pools of worker processes that end with this process."""

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context

__all__ = ["process_pool"]


@contextmanager
def process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that are terminated if an error or an interrupt ends the with block.

    They are started afresh rather than forked: TensorFlow does not survive a fork.
    """
    others = set(active_children())
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_die_quietly)
    try:
        yield pool
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _die_quietly() -> None:
    """Let an interrupt end the process without a traceback; the first process says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
