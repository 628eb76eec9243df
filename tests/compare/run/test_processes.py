"""The main job in one process and in two: the same files and lines, and nothing left of it when it ends early."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 120  # seconds, for what takes a few
CLAIMS = """
[[claim]]
id = "stuck"
says = "The run is stuck."
source = "a test"
[claim.experiment]
initial = { w = -1.0 }
steps = 30
batch_size = 20
[[claim.check]]
quantity = "w"
when = "end"
below = 0.0

[[claim]]
id = "nice"
says = "It is nice."
source = "a test"
not_auditable = "A matter of taste."

[[claim]]
id = "rate"
says = "Keras' SGD has 0.01 as its learning rate."
source = "a test"
[[claim.check]]
quantity = "default"
of = "keras.optimizers.SGD"
argument = "learning_rate"
equals = 0.01

[[claim]]
id = "momentum"
says = "Momentum gets across."
source = "a test"
[claim.experiment]
initial = { w = -1.0, b = 0.5 }
trainable = ["w", "b"]
optimizer = { name = "SGD", learning_rate = 0.1, momentum = 0.9 }
steps = 40
batch_size = 20
[[claim.check]]
quantity = "w"
when = "ever"
above = 0.0
"""
ON_ONE_CORE = "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
MAIN = "from compare.run.__main__ import main; sys.exit(main(sys.argv[1:]))"

linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes where Linux shows them")
several = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="on one core there is one process"
)


def files_of(folder):
    """The bytes of all files but the one that may differ."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name.name != "environment.json"}


def workers_of(process):
    """The processes that the pools of a process have started."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except FileNotFoundError:
        return []


def awaited(condition):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "that took too long"
        time.sleep(0.05)
    return found


@several
def test_one_process_and_two_write_and_print_the_same(tmp_path):
    (tmp_path / "mine.toml").write_text(CLAIMS)
    printed = []
    for start in (["-c", f"{ON_ONE_CORE}{MAIN}"], ["-m", "compare.run"]):
        command = [sys.executable, *start, "mine.toml", "--out", "audit"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        printed.append((done.stdout, files_of(tmp_path / "audit")))
    assert printed[0][0] == printed[1][0]
    assert printed[0][1] == printed[1][1]
    numbered = re.findall(r"^\[(\d)/4\] (\w+): ", printed[0][0], flags=re.MULTILINE)
    assert numbered == [("1", "stuck"), ("2", "nice"), ("3", "rate"), ("4", "momentum")]
    assert {"figures/claim-stuck.png", "figures/claim-momentum.png"} <= {str(name) for name in printed[0][1]}


@linux
@several
@pytest.mark.parametrize("arguments", [[], ["--no-keras"]])
def test_a_process_that_dies_is_one_line_and_leaves_nothing(arguments, tmp_path):
    with started(arguments, tmp_path) as first:
        (beside,) = awaited(lambda: workers_of(first.pid))
        os.kill(beside, signal.SIGKILL)
        _, errors = first.communicate(timeout=PATIENCE)
    assert first.returncode == 2
    assert errors.count("\n") == 1
    assert "compare.run: a worker was killed, perhaps for want of memory; " in errors
    assert not list(tmp_path.iterdir())


@linux
@several
@pytest.mark.parametrize("arguments", [[], ["--no-keras"]])
def test_an_interrupt_ends_all_processes_and_leaves_nothing(arguments, tmp_path):
    with started(arguments, tmp_path) as first:
        (beside,) = awaited(lambda: workers_of(first.pid))
        os.killpg(first.pid, signal.SIGINT)  # as a terminal does
        _, errors = first.communicate(timeout=PATIENCE)
    assert first.returncode == 130
    assert errors == "compare.run: interrupted; nothing was written\n"
    awaited(lambda: not Path(f"/proc/{beside}").exists())
    assert not list(tmp_path.iterdir())


def started(arguments, folder):
    command = [
        sys.executable,
        "-m",
        "compare.run",
        "--quiet",
        "--no-figures",
        "--out",
        str(folder / "audit"),
        *arguments,
    ]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
