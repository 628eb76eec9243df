"""An ensemble trained in several processes, with the same bytes as in one.

Not threads: a step is some forty short calls of NumPy, and each hands the interpreter's lock
over; two threads took twice as long as one, where two processes take half. And not the
processes of `multiprocessing`, which import the caller's main module again, so that a script
without a guard would run anew in each.

A process is given its share through a pipe and gives back what it recorded. Where one cannot
be started, or is killed, this process does its share.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Thread

from reference.ensembles.loop import run
from reference.ensembles.recorded import Recorded, joined
from reference.ensembles.shares import Share, samples_of

__all__ = ["answer", "compute", "run_shares"]

CHILD = "import sys; sys.path[:] = {path!r}; from reference.ensembles.processes import answer; answer()"

Process = subprocess.Popen[bytes]


def compute(share: Share) -> Recorded:
    """Train the members of a share in this process."""
    return run(share.experiment, samples_of(share), share.recorded, share.members)


def run_shares(shares: Sequence[Share]) -> Recorded:
    """Train each share in a process of its own, the first one in this."""
    if len(shares) == 1:
        return compute(shares[0])
    with _children(len(shares) - 1) as children, ThreadPoolExecutor(len(shares)) as conversations:
        try:
            answers = [conversations.submit(_ask, *pair) for pair in zip(children, shares[1:], strict=False)]
            parts = [compute(shares[0]), *(one.result() for one in answers)]
        finally:  # ends conversations too, if an error or an interrupt came in between
            for child in children:
                child.kill()
    parts += [None] * (len(shares) - len(parts))
    return joined([compute(share) if part is None else part for share, part in zip(shares, parts, strict=True)])


@contextmanager
def _children(number: int) -> Iterator[list[Process]]:
    """So many processes, or as many as can be started; they end with the with block."""
    children: list[Process] = []
    with suppress(OSError):
        children.extend(_start() for _ in range(number))
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.communicate()


def _start() -> Process:
    command = [sys.executable, "-c", CHILD.format(path=sys.path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _ask(child: Process, share: Share) -> Recorded | None:
    """What a process answers; None if it has ended, or writes something else."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        pickle.dump(share, child.stdin, pickle.HIGHEST_PROTOCOL)
        child.stdin.flush()  # and not closed, which would tell that nobody waits any more
        recorded = pickle.load(child.stdout)
    except Exception:  # whatever befalls another process: its share is computed here
        return None
    return recorded if isinstance(recorded, Recorded) else None


def answer() -> None:
    """In such a process: read a share, train its members, and write what was recorded."""
    share = pickle.load(sys.stdin.buffer)
    Thread(target=_end_with_caller, daemon=True).start()
    pickle.dump(compute(share), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def _end_with_caller() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is written any more: it returns when the pipe is closed
    os._exit(1)
