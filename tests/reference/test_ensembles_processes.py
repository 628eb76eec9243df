"""An ensemble in several processes: the same bytes, how many there are, and what becomes of those that fail."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import reference.ensembles.processes
from reference import SGD, Adam, Experiment, Parameters, RMSprop, draw_batches, train

PATIENCE = 120  # seconds, for what takes a few
RNG = np.random.default_rng(5)
W, B = RNG.uniform(-2, 2, (2, 90))
RATES = np.geomspace(0.01, 30, 90)  # the largest diverge
SLOPES = np.linspace(-0.5, 0.5, 90)
COMMON = {"batch_size": 40, "steps": 30, "dtype": "float64"}
ENSEMBLES = {
    "lines": Experiment(initial=Parameters(W, B), trainable=("w", "b"), optimizer=SGD(learning_rate=0.05), **COMMON),
    "diverging": Experiment(
        initial=Parameters(W, B), trainable=("w", "b", "v"), optimizer=SGD(learning_rate=RATES), **COMMON
    ),
    "slopes": Experiment(
        initial=Parameters(W, 0.5, 1.0, B), trainable=("b", "d"), negative_slope=SLOPES, optimizer=Adam(), **COMMON
    ),
    "without biases": Experiment(initial=Parameters(W), optimizer=SGD(learning_rate=0.2, momentum=0.9), **COMMON),
    "two axes": Experiment(
        initial=Parameters(np.linspace(-3, 3, 12)[:, None], np.linspace(-1, 1, 7)),
        trainable=("w", "b"),
        optimizer=RMSprop(learning_rate=0.1),
        batch_size=50,
        steps=20,
    ),
}


def bytes_of(run):
    arrays = [*run.parameters, *run.gradient, run.loss, run.diverged_at, run.crossed_at]
    for slot in run.slots.values():
        arrays += slot
    return [None if array is None else (array.dtype, array.shape, array.tobytes()) for array in arrays]


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    processes, start = [], reference.ensembles.processes._start

    def noted():
        processes.append(start())
        return processes[-1]

    monkeypatch.setattr(reference.ensembles.processes, "_start", noted)
    return processes


@pytest.fixture
def done_here(monkeypatch):
    """The shares that this process has done."""
    shares, compute = [], reference.ensembles.processes.compute
    monkeypatch.setattr(reference.ensembles.processes, "compute", lambda share: shares.append(share) or compute(share))
    return shares


@pytest.mark.parametrize("name", ENSEMBLES)
def test_any_number_of_processes_gives_the_same_bytes(name, started, done_here):
    experiment = ENSEMBLES[name]
    one = train(experiment, method="moments", workers=1)
    assert not started
    if name == "diverging":
        assert 0 < (one.diverged_at >= 0).sum() < one.diverged_at.size
    if name != "slopes":
        assert (one.crossed_at >= 0).any()
    for workers in (2, 4):
        done_here.clear()
        several = train(experiment, method="moments", workers=workers)
        assert bytes_of(several) == bytes_of(one)
        assert (len(started), len(done_here)) == (workers - 1, 1)
        assert all(process.poll() is not None for process in started)
        started.clear()


@pytest.mark.parametrize("record", ["all", "end", 7])
def test_whatever_is_recorded(record, started):
    one, two = (train(ENSEMBLES["lines"], method="moments", record=record, workers=number) for number in (1, 2))
    assert bytes_of(one) == bytes_of(two)
    assert started


def test_batches_of_ones_own_are_handed_over(started):
    x, y = draw_batches(replace(ENSEMBLES["lines"], seed=77))
    one, two = (train(ENSEMBLES["lines"], method="moments", batches=(x, y), workers=number) for number in (1, 2))
    assert bytes_of(one) == bytes_of(two) != bytes_of(train(ENSEMBLES["lines"], method="moments"))
    assert started


def test_there_are_no_more_processes_than_members(started):
    three = Experiment(initial=Parameters(np.array([-1.0, 0.5, 2.0])), batch_size=10, steps=5)
    one, many = (train(three, method="moments", workers=number) for number in (1, 50))
    assert bytes_of(one) == bytes_of(many)
    assert len(started) == 2


def child(program):
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def cannot_be_started():
    raise PermissionError(13, "not allowed")


def no_more_threads():
    raise RuntimeError("can't start new thread")


READY = "import os, pickle, sys; print('ready', flush=True); "
FAILING = {
    "cannot be started": cannot_be_started,
    "has no thread": no_more_threads,
    "ends at once": lambda: child("raise SystemExit(1)"),
    "ends later": lambda: child(f"{READY}sys.stdin.buffer.read(1)"),
    "is killed": lambda: child(f"{READY}sys.stdin.buffer.read(1); os.kill(os.getpid(), 9)"),
    "answers in part": lambda: child(f"{READY}sys.stdin.buffer.read(1); os.write(1, bytes([128, 5, 149]))"),
    "prints": lambda: child("print('hello')"),
    "answers something else": lambda: child(f"{READY}pickle.dump(7, sys.stdout.buffer)"),
    "never begins": lambda: child("import time; time.sleep(10**6)"),
}


@pytest.mark.parametrize("failing", FAILING)
def test_the_share_of_a_process_that_fails_is_done_here(failing, done_here, monkeypatch):
    monkeypatch.setattr(reference.ensembles.processes, "_start", FAILING[failing])
    monkeypatch.setattr(reference.ensembles.processes, "PATIENCE", 1.0 if failing == "never begins" else PATIENCE)
    run = train(ENSEMBLES["lines"], method="moments", workers=3)
    assert [share.where for share in done_here] == [slice(0, 30), slice(30, 60), slice(60, 90)]
    assert bytes_of(run) == bytes_of(train(ENSEMBLES["lines"], method="moments", workers=1))


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_error_or_an_interrupt_here_ends_the_others(error, started, monkeypatch):
    def ended(share):
        raise error

    monkeypatch.setattr(reference.ensembles.processes, "compute", ended)
    with pytest.raises(error):
        train(replace(ENSEMBLES["lines"], steps=10**6), method="moments", record="end", workers=3)
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)


def test_an_interrupt_while_others_are_started_ends_those_that_were(started, monkeypatch):
    start = reference.ensembles.processes._start

    def interrupted():
        if started:
            raise KeyboardInterrupt
        return start()

    monkeypatch.setattr(reference.ensembles.processes, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(ENSEMBLES["lines"], method="moments", workers=3)
    assert [process.poll() is not None for process in started] == [True]


@pytest.mark.parametrize("optimizer", [SGD, RMSprop])
def test_a_share_without_momentum_has_the_slots_of_all(optimizer, started):
    momentum = np.repeat([0.0, 0.9], 45)
    e = replace(ENSEMBLES["lines"], optimizer=optimizer(learning_rate=0.05, momentum=momentum))
    one, two = (train(e, method="moments", workers=number) for number in (1, 2))
    assert bytes_of(one) == bytes_of(two)
    assert one.slots["momentum"].w[1:, :45].any()
    assert len(started) == 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Halved(SGD):
    """An optimizer that another process could not import."""

    def update(self, w, g, iterations, slots):
        return super().update(w, g / 2, iterations, slots)


def test_an_optimizer_of_ones_own_stays_in_one_process(started):
    halved = replace(ENSEMBLES["lines"], optimizer=Halved(learning_rate=0.1))
    assert bytes_of(train(halved, method="moments", workers=2)) == bytes_of(
        train(ENSEMBLES["lines"], method="moments", workers=1)
    )
    assert not started


SCRIPT = """
import numpy as np
import reference.ensembles.processes as processes
from reference import Experiment, Parameters, train
start = processes._start
def noted():
    child = start()
    print(child.pid, flush=True)
    return child
processes._start = noted
print("begins", flush=True)
starts = Parameters(w=np.linspace(-1, 1, 10**5), b=0.5)
train(Experiment(initial=starts, trainable=("w", "b"), steps=10**6), record="end", workers=2)
"""


@pytest.fixture
def script(tmp_path):
    """A program without a guard around what starts processes, and the one that it started."""
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "script.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "begins\n"
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes where Linux shows them")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_the_others_end_when_the_first_is_ended(how, script):
    process, other = script
    assert running(other)
    process.send_signal(getattr(signal, how))
    end = time.monotonic() + PATIENCE
    while running(other):
        assert time.monotonic() < end, "it goes on"
        time.sleep(0.05)
    assert process.wait(PATIENCE) != 0


LATE = """
import threading
import numpy as np
from reference import Experiment, Parameters, train
starts = Experiment(initial=Parameters(np.linspace(-1, 1, 40)), batch_size=200, steps=3)
def late():
    threading.main_thread().join()
    for method in ("neuron", "moments"):
        print(train(starts, method=method, workers=WORKERS).loss.shape)
threading.Thread(target=late).start()
"""


@pytest.mark.parametrize("workers", [None, 2])
def test_a_thread_that_is_left_when_the_program_ends_can_train(workers):
    code = LATE.replace("WORKERS", repr(workers))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("(3, 40)\n(3, 40)\n", "")


SHADOWS = ("subprocess", "concurrent", "multiprocessing", "queue", "selectors", "signal", "logging", "socket")


def test_files_named_like_what_processes_need_are_in_nobodys_way_in_one(tmp_path):
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not what you want')")
    code = """
import numpy as np
from reference import Experiment, Parameters, train
starts = Experiment(initial=Parameters(np.linspace(-1, 1, 40)), batch_size=200, steps=3)
print(train(starts, method="moments", workers=1).loss.shape)
"""
    (tmp_path / "mine.py").write_text(code)
    done = subprocess.run([sys.executable, tmp_path / "mine.py"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(3, 40)\n", "")


def test_another_directory_is_no_place_to_import_from(tmp_path, monkeypatch, started, done_here):
    for name in ("numpy", "reference"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not what you want')")
    monkeypatch.setattr(sys, "path", ["", Path("no text"), *sys.path])
    monkeypatch.chdir(tmp_path)
    train(ENSEMBLES["without biases"], method="moments", workers=2)
    assert (len(started), len(done_here)) == (1, 1)


def running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "2"])
def test_the_number_of_processes_is_checked(workers):
    with pytest.raises((ValueError, TypeError), match="workers must be an integer of at least 1, got"):
        train(Experiment(steps=1), workers=workers)
