"""Inputs that are no files, or never end: refused at once, whichever argument names them."""

import os
import socket
import time

import pytest

from compare.bench.__main__ import main as bench
from compare.claims import ClaimFileError, load_claims
from compare.defects.__main__ import main as defects
from compare.report.defects import kill_table
from compare.run.__main__ import main as run
from compare.sweep.__main__ import main as sweep
from compare.system.files import read_bounded, whole_file

AT_ONCE = 30.0  # seconds: many hundred times what it takes, and little of what an endless input would
FAST = ["--no-keras", "--no-figures", "--only", "jump"]


def fifo(folder):
    os.mkfifo(folder / "pipe.toml")
    return folder / "pipe.toml"


def bound_socket(folder):
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket.toml")
    finally:
        os.chdir(here)
    return folder / "socket.toml"


def directory(folder):
    (folder / "folder.toml").mkdir()
    return folder / "folder.toml"


def link_to_nothing(folder):
    (folder / "link.toml").symlink_to("link.toml")
    return folder / "link.toml"


def endless(folder):
    path = folder / "endless.toml"
    with path.open("wb") as file:
        file.truncate(2**40)
    return path


THINGS = {
    "pipe": fifo,
    "socket": bound_socket,
    "folder": directory,
    "loop": link_to_nothing,
    "endless": endless,
    "zeros": lambda folder: "/dev/zero",
    "random": lambda folder: "/dev/random",
    "terminal": lambda folder: "/dev/tty",
    "kernel's log": lambda folder: "/proc/kmsg",
    "memory": lambda folder: "/proc/self/mem",
    "page map": lambda folder: "/proc/self/pagemap",
    "nothing": lambda folder: "/dev/null",
}


def refused(main, arguments, capsys, about):
    began = time.monotonic()
    assert main([str(argument) for argument in arguments]) == 2
    assert time.monotonic() - began < AT_ONCE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert str(about) in printed.err


@pytest.fixture(scope="module", autouse=True)
def _imported():
    """What a command imports takes its time once."""
    import compare.claims
    import compare.sweep.reading.load  # noqa: F401


@pytest.mark.parametrize("thing", THINGS)
def test_as_a_claim_file_or_a_sweep(thing, tmp_path, capsys, monkeypatch):
    path = THINGS[thing](tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    refused(run, [path, "--no-keras", "--no-figures"], capsys, path)
    refused(run, [path, "--list"], capsys, path)
    refused(sweep, [path], capsys, path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("thing", sorted(THINGS.keys() - {"folder"}))
def test_as_a_folder_to_write(thing, tmp_path, capsys):
    path = THINGS[thing](tmp_path)
    before = sorted(tmp_path.iterdir())
    refused(run, [*FAST, "--out", path], capsys, path)
    refused(sweep, ["--grid", "initial.w=1,2", "--steps", "1", "--out", path], capsys, path)
    refused(bench, ["--only", "start-up", "--rounds", "1", "--out", path], capsys, path)
    refused(defects, ["--only", "loss-halved", "--out", path], capsys, path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("thing", THINGS)
def test_as_a_file_for_verdicts(thing, tmp_path, capsys):
    path = THINGS[thing](tmp_path)
    before = sorted(tmp_path.iterdir())
    refused(run, [*FAST, "--out", tmp_path / "out", "--junit", path], capsys, path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["spec.json", "environment.json"])
def test_inside_a_folder_that_exists(name, tmp_path, capsys):
    os.mkfifo(tmp_path / name)
    refused(run, [*FAST, "--out", tmp_path], capsys, "holds other files")
    refused(sweep, ["--grid", "initial.w=1,2", "--steps", "1", "--out", tmp_path], capsys, "holds other files")


def test_a_kill_table_that_is_a_pipe_is_none(tmp_path):
    os.mkfifo(tmp_path / "defects.json")
    assert kill_table(tmp_path) is None
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "defects.json").write_text("[" * 100_000)
    assert kill_table(tmp_path / "b") is None


def test_from_python_too(tmp_path):
    for path in (fifo(tmp_path), "/dev/zero", "a\0b"):
        with pytest.raises(ClaimFileError, match="cannot be read"):
            load_claims(path)


def test_what_is_too_long_is_read_no_further(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_bounded(tmp_path / "a", 100) == b"x" * 100
    assert read_bounded(tmp_path / "a", 10) == b"x" * 11


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "a").write_text("old")

    def failing(name):
        with whole_file(tmp_path / name) as file:
            file.write(b"half")
            raise RuntimeError

    for name in ("a", "b", "c/d/e"):
        with pytest.raises(RuntimeError):
            failing(name)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"
    (tmp_path / "link").symlink_to("a")
    with whole_file(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "new"
