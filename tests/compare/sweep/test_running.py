"""The same bytes whoever computes a sweep, in how many pieces, and however often it was interrupted."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from compare.sweep import Axis, Draw, Sweep, chunks, run_sweep
from compare.sweep.__main__ import main
from compare.sweep.chunks import chunks_of, compute
from compare.sweep.store import Store, packed
from compare.sweep.telling.writing import write_result
from compare.system.command_line import UsageError
from reference import Experiment

SMALL = Sweep(
    name="small",
    says="",
    experiment=Experiment(steps=30, batch_size=20),
    grid=(Axis("negative_slope", (0.0, 0.5)), Axis("seed", (0, 1, 2)), Axis("optimizer.momentum", (0.0, 0.5, 0.9))),
    number=20,
    draws=(Draw("initial.w", "normal", 0.0, 1.0),),
)
# Six runs of a few tenths of a second each.
SLOW = ["--grid", "seed=0,1,2,3,4,5", "--grid", "initial.w=-2:2:64", "--steps", "3000", "--no-picture", "--quiet"]
FILES = ("sweep.npz", "sweep.csv", "sweep.json")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process writes."""
    return written(run_sweep(SMALL), tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted") / "out"
    assert main([*SLOW, "--out", str(folder)]) == 0
    return read(folder)


def written(result, folder):
    write_result(result, folder)
    return read(folder)


def read(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def test_processes_write_what_one_process_writes(alone, tmp_path):
    assert written(run_sweep(SMALL, workers=2), tmp_path) == alone


def test_a_cluster_writes_what_one_process_writes(alone, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: the extra cluster")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, worker_dashboard_address=None
    ) as cluster:
        result = run_sweep(SMALL, scheduler=cluster.scheduler_address, folder=tmp_path)
    assert written(result, tmp_path) == alone


def test_a_scheduler_that_is_not_there_is_one_line(capsys, monkeypatch, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed: the extra cluster")
    monkeypatch.setattr("compare.sweep.cluster.PATIENCE", "1s")
    status = main(["--grid", "initial.w=1,2", "--scheduler", "tcp://127.0.0.1:1", "--out", str(tmp_path / "a")])
    printed = capsys.readouterr().err
    assert (status, printed.count("\n")) == (2, 1)
    assert "tcp://127.0.0.1:1: cannot be reached" in printed


def test_a_server_that_is_no_scheduler_is_one_line(capsys, monkeypatch, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed: the extra cluster")
    monkeypatch.setattr("compare.sweep.cluster.PATIENCE", "1s")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def answer():
            while True:
                try:
                    connection, _ = server.accept()
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)
                    connection.close()
                except OSError:  # the test is over
                    return

        threading.Thread(target=answer, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        status = main(["--grid", "initial.w=1,2", "--scheduler", address, "--out", str(tmp_path / "a")])
    printed = capsys.readouterr().err
    assert (status, printed.count("\n")) == (2, 1)
    assert f"{address}: cannot be reached" in printed


def test_without_dask_one_line_names_the_extra(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["--grid", "initial.w=1,2", "--scheduler", "tcp://127.0.0.1:1", "--out", str(tmp_path / "a")]) == 2
    assert capsys.readouterr().err.endswith("pip install 'neuron-audit[cluster]'\n")


def test_chunks_are_found_again_and_damaged_ones_are_not_believed(alone, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    run_sweep(SMALL, folder=folder)
    files = sorted((folder / "chunks").iterdir())
    assert len(files) == len(chunks_of(SMALL)) == 3
    content = bytearray(files[1].read_bytes())
    content[len(content) // 2] ^= 1
    files[1].write_bytes(content)
    files[2].write_bytes(files[2].read_bytes()[:-1])
    computed = []
    monkeypatch.setattr(
        "compare.sweep.running.compute", lambda sweep, chunk: computed.append(chunk.number) or compute(sweep, chunk)
    )
    assert written(run_sweep(SMALL, folder=folder), tmp_path) == alone
    assert computed == [1, 2]


def test_chunks_of_other_versions_are_not_believed(tmp_path, monkeypatch):
    store = Store(tmp_path, SMALL)
    chunk = chunks_of(SMALL)[0]
    store.keep(chunk, compute(SMALL, chunk))
    assert store.kept(chunk) is not None
    monkeypatch.setattr(chunks, "version_of", lambda name: "another")
    assert store.kept(chunk) is None


def test_how_a_sweep_is_cut_changes_nothing_but_the_order_of_work(alone, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "NEURON_SAMPLES", 7 * 20)
    monkeypatch.setattr(chunks, "MEMBERS", 50)
    assert len(chunks_of(SMALL)) > 6
    assert written(run_sweep(SMALL), tmp_path) == alone


def test_a_folder_of_another_sweep_or_of_other_files_is_refused(tmp_path, capsys):
    flags = ["--grid", "initial.w=1,2", "--steps", "2", "--quiet", "--no-picture", "--out", str(tmp_path / "a")]
    assert main(flags) == 0
    assert main([*flags, "--steps", "3"]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "holds another sweep" in printed
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").touch()
    assert main([*flags[:-1], str(tmp_path / "b")]) == 2
    assert "holds other files" in capsys.readouterr().err
    assert main([*flags[:-1], str(tmp_path / "b" / "mine")]) == 2
    assert "is a file" in capsys.readouterr().err


def first_chunk_of(arguments, folder):
    """Start the command, and come back when it has finished a chunk."""
    process = subprocess.Popen(
        [sys.executable, "-m", "compare.sweep", *arguments, "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not list(folder.glob("chunks/*.chunk")):
        time.sleep(0.01)
    return process


def test_an_interrupted_run_says_what_it_left_and_the_next_goes_on_from_there(uninterrupted, tmp_path):
    folder = tmp_path / "out"
    process = first_chunk_of([*SLOW, "--workers", "2"], folder)
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does: to the workers too
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.count("\n") == 1
    assert f"of 6 chunks are in {folder}" in errors
    assert not (folder / "sweep.npz").exists()
    assert main([*SLOW, "--out", str(folder)]) == 0
    assert read(folder) == uninterrupted


def test_a_run_that_was_killed_goes_on_too(uninterrupted, tmp_path):
    folder = tmp_path / "out"
    process = first_chunk_of(SLOW, folder)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert main([*SLOW, "--out", str(folder)]) == 0
    assert read(folder) == uninterrupted


def test_what_a_killed_process_left_in_an_empty_folder_is_cleaned_up(tmp_path):
    code = """
import os, sys
from pathlib import Path
from compare.system.staging import staging
with staging(Path(sys.argv[1]) / "spec.json") as place:
    (place / "new").write_text("half")
    os.kill(os.getpid(), 9)
"""
    folder = tmp_path / "out"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert len(list(folder.iterdir())) == 1
    assert main(["--grid", "initial.w=1,2", "--steps", "2", "--quiet", "--no-picture", "--out", str(folder)]) == 0
    assert not list(tmp_path.rglob(".neuron-audit-*"))


def test_a_run_that_is_told_to_end_says_what_it_left(uninterrupted, tmp_path):
    folder = tmp_path / "out"
    process = first_chunk_of([*SLOW, "--workers", "2"], folder)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert errors.startswith("compare.sweep: stopped by SIGTERM; ")
    assert errors.count("\n") == 1
    assert not list(tmp_path.rglob(".neuron-audit-*"))
    assert main([*SLOW, "--out", str(folder)]) == 0
    assert read(folder) == uninterrupted


@pytest.mark.parametrize("name", ["sweep.png", "sweep.csv", "environment.json"])
def test_a_disk_that_is_full_in_the_end_is_one_line_and_the_chunks_stay(name, tmp_path, monkeypatch, capsys):
    flags = ["--grid", "initial.w=1,2", "--steps", "2", "--quiet", "--out", str(tmp_path / "out")]
    assert main(flags) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    replace = Path.replace

    def full(path, target):
        if Path(target).name == name:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    assert main(flags) == 2
    assert capsys.readouterr().err.endswith("cannot be written: No space left on device\n")
    after = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert after.keys() == before.keys()
    assert after[name] == before[name]


def test_bytes_of_arrays_hold_no_time():
    arrays = {"w": np.arange(3.0), "label": np.array(["a"])}
    content = packed(arrays)
    assert content == packed(arrays)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("workers", [0, True, 1.5])
def test_the_number_of_workers_is_checked(workers):
    with pytest.raises(ValueError, match="workers must be an integer of at least 1"):
        run_sweep(SMALL, workers=workers)


def test_only_a_sweep_is_run(tmp_path):
    with pytest.raises(TypeError, match="sweep must be a Sweep"):
        run_sweep("relu-sgd")
    with pytest.raises(UsageError, match="cannot be written"):
        run_sweep(SMALL, folder="/proc/none")


def test_a_follower_hears_of_every_chunk():
    heard = []
    run_sweep(SMALL, follow=lambda done, total: heard.append((done, total)))
    assert heard == [(0, 360), (120, 360), (240, 360), (360, 360)]
