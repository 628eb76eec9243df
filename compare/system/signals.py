"""Signals that end a command: each becomes an exception, so that what was begun is cleaned up."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["STOPPED", "Stopped", "signals_deferred", "stoppable", "stopped_by"]

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(BaseException):
    """The process was asked to end, by the signal SIGTERM or SIGHUP."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


STOPPED = (KeyboardInterrupt, Stopped)  # everything by which somebody ends a command


def stopped_by(error: BaseException) -> tuple[str, int]:
    """What to say about one of `STOPPED`, and the exit status, 128 and the signal's number as shells have it.

    Examples
    --------
    >>> stopped_by(KeyboardInterrupt()), stopped_by(Stopped(signal.SIGTERM))
    (('interrupted', 130), ('stopped by SIGTERM', 143))
    """
    reason, number = (str(error), error.number) if isinstance(error, Stopped) else ("interrupted", signal.SIGINT)
    return "; ".join((reason, *getattr(error, "__notes__", ()))), 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `Stopped` inside the with block; one that is ignored, as under nohup, stays so."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    with _handled_by(stop, [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]):
        yield


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Put off SIGINT, SIGTERM and SIGHUP to the end of the with block.

    Examples
    --------
    >>> try:
    ...     with signals_deferred():
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("done first")
    ... except KeyboardInterrupt:
    ...     print("then interrupted")
    done first
    then interrupted
    """
    seen: list[int] = []
    handled = [number for number in (signal.SIGINT, *_ENDING) if callable(signal.getsignal(number))]
    with _handled_by(lambda number, frame: seen.append(number), handled):
        yield
    if seen:
        signal.raise_signal(seen[0])


@contextmanager
def _handled_by(handler: Any, numbers: list[Any]) -> Iterator[None]:
    """Handlers can be set in the main thread only, the only one that signals interrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
