"""A rival in a process of its own that may use all cores, timed by the clock on the wall.

The command itself keeps to one core (`compare.bench.one_thread`), and libraries size their
pools of threads when they are loaded. So a process is started that has the cores the command
had; it builds the rival, and trains whenever it is asked to.
"""

import json
import os
import subprocess
import sys
import time
import weakref
from typing import Any

from compare.bench.clock import Reading
from compare.bench.one_thread import VARIABLES, cores_at_first
from compare.bench.plan import NotInstalled, Prepared, Size, Wrong

__all__ = ["answer", "prepare_elsewhere"]

START = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {cores})
from compare.bench.all_cores import answer
answer({rival!r}, {size}, {longer})
"""


class Elsewhere:
    """A job that another process does; it ends with this object."""

    def __init__(self, rival: str, size: Size, longer: int, cores: set[int]) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        program = START.format(cores=cores, rival=rival, size=tuple(size), longer=longer)
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment if len(cores) > 1 else {**os.environ, **VARIABLES},
            text=True,
        )
        self._end = weakref.finalize(self, _end, self._process)
        self.said = self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._end()
            raise OSError(f"the process ended with status {self._process.returncode}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def __call__(self) -> Reading:
        assert self._process.stdin is not None
        self._process.stdin.write("once more\n")
        self._process.stdin.flush()
        seconds = self._reply()["seconds"]
        return Reading(seconds, seconds)


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()  # closes its input, upon which it ends


def prepare_elsewhere(rival: str, size: Size, *, longer: int = 1, alone: bool = False) -> Prepared:
    """Have a rival checked and built, with so many times its steps, in a process that may use all cores, or one."""
    cores = cores_at_first()
    job = Elsewhere(rival, size, longer, {max(cores)} if alone else cores)
    if "missing" in job.said:
        raise NotInstalled(job.said["missing"])
    if "wrong" in job.said:
        raise Wrong(job.said["wrong"])
    return Prepared(job, job.said["units"], job.said["details"])


def answer(rival: str, size: tuple[int, int, float], longer: int) -> None:
    """In such a process: check and build a rival, say so, and train once for each line that comes in."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes elsewhere

    def reply(**content: Any) -> None:
        print(json.dumps(content), file=replies, flush=True)

    from compare.bench.rivals import RIVALS

    (one,) = (one for one in RIVALS if one.name == rival)
    try:
        train, units, details = one._replace(steps=longer * one.steps).built(Size(*size))
    except NotInstalled as error:
        return reply(missing=str(error))
    except Wrong as error:
        return reply(wrong=str(error))
    reply(units=units, details=details)
    for _ in sys.stdin:
        before = time.perf_counter()
        train()
        reply(seconds=time.perf_counter() - before)
    return None
