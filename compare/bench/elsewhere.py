"""Jobs in a process of their own, which prepares them and does each whenever it is asked to.

A request is a line of JSON, and so is the reply: a list of arguments has a job prepared, a number
has the job done that got this number. So what runs in several processes takes its turn in
the same rounds as everything else.
"""

import gc
import json
import os
import pkgutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from compare.bench.clock import Job, Reading
from compare.bench.plan import NotInstalled, Prepared, Wrong

__all__ = ["Elsewhere", "answer"]

START = """
import os
if {cores} and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {cores})
from compare.bench.elsewhere import answer
answer({preparing!r})
"""


class Elsewhere:
    """A process for jobs; it ends with this object, which each of its jobs keeps.

    Parameters
    ----------
    preparing : str
        "module:function" that prepares a job there: it is given the arguments of `prepare`, as JSON
        has them, and returns a Prepared or raises NotInstalled or Wrong.
    environment : mapping of str to str
    cores : set of int or None
        That it may use; by default those of this process.
    """

    def __init__(self, preparing: str, environment: Mapping[str, str], cores: set[int] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", START.format(cores=cores, preparing=preparing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            text=True,
        )
        self._end = weakref.finalize(self, _end, self._process)

    def prepare(self, *arguments: Any) -> Prepared:
        """Have a job prepared there; raises what its preparation raises there, NotInstalled or Wrong."""
        said = self._ask(arguments)
        if "missing" in said:
            raise NotInstalled(said["missing"])
        if "wrong" in said:
            raise Wrong(said["wrong"])
        return Prepared(partial(self.do, said["job"]), said["units"], said["details"])

    def do(self, job: int) -> Reading:
        """Have a job done, and return what it took there."""
        return Reading(*self._ask(job)["reading"])

    def _ask(self, request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended, as reading will tell
            self._process.stdin.write(f"{json.dumps(request)}\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._end()
            raise OSError(f"the process ended with status {self._process.returncode}")
        reply: dict[str, Any] = json.loads(line)
        return reply


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()  # closes its input, upon which it ends


def answer(preparing: str) -> None:
    """In such a process: reply to each line that comes in."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes elsewhere
    prepare, jobs = pkgutil.resolve_name(preparing), list[Job]()
    for line in sys.stdin:
        print(json.dumps(_reply(json.loads(line), prepare, jobs)), file=replies, flush=True)


def _reply(request: Any, prepare: Callable[..., Prepared], jobs: list[Job]) -> dict[str, Any]:
    if isinstance(request, int):
        gc.collect()
        gc.disable()
        try:
            return {"reading": jobs[request]()}
        finally:
            gc.enable()
    try:
        prepared = prepare(*request)
    except NotInstalled as error:
        return {"missing": str(error)}
    except Wrong as error:
        return {"wrong": str(error)}
    jobs.append(prepared.job)
    return {"job": len(jobs) - 1, "units": prepared.units, "details": dict(prepared.details)}
