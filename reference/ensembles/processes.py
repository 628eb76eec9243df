"""An ensemble trained in several processes, with the same bytes as in one.

Not threads: a step is some forty short calls of NumPy, and each hands the interpreter's lock
over; two threads took twice as long as one, where two processes take half. And not the
processes of `multiprocessing`, which import the caller's main module again, so that a script
without a guard would run anew in each.

A process is given its share through a pipe and gives back what it recorded. Where one cannot
be started, or fails, this process does its share. This module is imported where there are
several shares only: nobody else needs what it imports.
"""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from reference.ensembles.recorded import Recorded, joined
from reference.ensembles.shares import Share, compute

__all__ = ["answer", "run_shares"]

CHILD = "import sys; sys.path[:] = {path!r}; from reference.ensembles.processes import answer; answer({caller})"
PATIENCE = 60.0  # seconds, for a process to begin once this one has done its share

GREETING = b"ready\n"

Process = subprocess.Popen[bytes]


class _Conversation(Thread):
    """A process that is given a share, and this thread, which waits for what it answers."""

    def __init__(self, share: Share) -> None:
        super().__init__(daemon=True)
        self.share, self.begun = share, Event()
        self.process: Process | None = None
        self.answer: Recorded | None = None

    def run(self) -> None:
        """Hand the share over and wait; `answer` stays None if the process ends, or writes something else."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            if self.process.stdout.readline() == GREETING:
                self.begun.set()
                pickle.dump(self.share, self.process.stdin, pickle.HIGHEST_PROTOCOL)
                self.process.stdin.flush()  # and not closed, which would tell that nobody waits any more
                answer = pickle.load(self.process.stdout)
                self.answer = answer if isinstance(answer, Recorded) else None
        except Exception:  # whatever befalls another process: its share is computed here
            return
        finally:
            self.begun.set()

    def wait(self) -> None:
        """Wait for the answer, but not for a process that does not even begin."""
        if self.is_alive() and self.begun.wait(PATIENCE):
            self.join()

    def end(self) -> None:
        """End the process, whatever it is at."""
        if self.process is not None:
            self.process.kill()
            if self.is_alive():
                self.join()
            self.process.communicate()


def run_shares(shares: Sequence[Share]) -> Recorded:
    """Train each share in a process of its own, the first one in this."""
    conversations = [_Conversation(share) for share in shares[1:]]
    try:
        for conversation in conversations:
            with suppress(OSError, RuntimeError):  # no more processes or threads, or the interpreter is about to end
                conversation.process = _start()
                conversation.start()
        first = compute(shares[0])
        for conversation in conversations:
            conversation.wait()
    finally:
        for conversation in conversations:
            conversation.end()
    others = [compute(one.share) if one.answer is None else one.answer for one in conversations]
    return joined([first, *others])


def _start() -> Process:
    """Python, which finds this package and NumPy where they were found here."""
    path = [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str) and entry]
    program = CHILD.format(path=[*path, str(Path(__file__).parents[2])], caller=os.getpid())
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def answer(caller: int) -> None:
    """In such a process: read a share, train its members, and write what was recorded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides what an interrupt ends
    output = sys.stdout.buffer
    output.write(GREETING)
    output.flush()
    share = pickle.load(sys.stdin.buffer)
    Thread(target=_end_with_pipe, daemon=True).start()
    Thread(target=_end_with_caller, args=(caller,), daemon=True).start()
    pickle.dump(compute(share), output, pickle.HIGHEST_PROTOCOL)
    output.flush()


def _end_with_pipe() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is written any more: it returns when the pipe is closed
    os._exit(1)


def _end_with_caller(caller: int) -> None:
    """The pipe stays open in processes that the caller has forked."""
    while os.getppid() == caller:
        time.sleep(1.0)
    os._exit(1)
