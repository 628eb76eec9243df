"""Processes beside this one: what passes between them, and that none is left."""

import os
import signal
import subprocess
import sys
import time
from types import MappingProxyType

import pytest

from compare.system.command_line import UsageError
from compare.system.processes import cores, process_pool

PATIENCE = 60  # seconds, for what takes a moment

WITH_PARENT = f"""
import os, sys, time
sys.path[:0] = {sys.path!r}
from compare.system.processes import process_pool
if __name__ == "__main__":
    with process_pool(1, "") as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 1000).result()
"""


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_read_only_mapping_passes_both_ways():
    given = MappingProxyType({"w": MappingProxyType({"b": (1.0, None)})})
    with process_pool(1, "") as pool:
        assert pool.submit(dict, given).result() == {"w": {"b": (1.0, None)}}
        assert isinstance(pool.submit(dict, given).result()["w"], MappingProxyType)


def test_a_process_that_is_killed_is_a_line_that_says_what_helps():
    with (
        pytest.raises(UsageError, match="a worker was killed, perhaps for want of memory; do less"),
        process_pool(1, "do less") as pool,
    ):
        pool.submit(os._exit, 1).result()


def test_what_fails_there_is_raised_here():
    with process_pool(1, "") as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken away here")
def test_cores_are_those_that_this_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_the_one_that_started_them(sent, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(WITH_PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        beside = int(first.stdout.readline())
        first.send_signal(sent)
        first.wait(PATIENCE)
    end = time.monotonic() + PATIENCE
    while is_running(beside):
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.05)
