"""The audit's folder: whose it is, and what is in it afterwards."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compare.bench.__main__ import main as bench
from compare.defects.__main__ import main as defects
from compare.run.__main__ import main as run
from compare.sweep.__main__ import main as sweep
from compare.system import folders
from compare.system.folders import OutputError, folder, with_files
from compare.system.output import write_json

OURS = {"written_by": "neuron-audit"}
FOREIGN = {
    "nothing": "",
    "no JSON": "precious",
    "empty": "{}",
    "list": '["written_by", "neuron-audit"]',
    "another program's": '{"written_by": "conda", "schema": 1, "versions": {"neuron-audit": "0.1.0"}}',
    "deep": "[" * 100_000,
    "an older audit's": '{"schema": 1, "arguments": [], "seed": 0, "versions": {"neuron-audit": "0.1.0"}}',
}


def entries(path):
    return sorted(entry.name for entry in path.iterdir())


def contents(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def write(out, text, **files):
    """Write an audit of two entries and some more files."""
    with folder(out) as temporary:
        for name, content in {"report.html": text, **files}.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_text(content)
        write_json(temporary / "environment.json", with_files(OURS | {"text": text}, temporary))


def test_a_new_folder_appears_with_its_parents(tmp_path):
    with folder(tmp_path / "a" / "b") as temporary:
        (temporary / "environment.json").write_text("{}")
        assert not (tmp_path / "a" / "b").exists()
    assert entries(tmp_path / "a" / "b") == ["environment.json"]
    assert entries(tmp_path / "a") == ["b"]


@pytest.mark.parametrize("parents", ["", "p/q/"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device")])
def test_after_an_error_there_is_nothing_and_no_parent(error, parents, tmp_path):
    def failing():
        with folder(tmp_path / f"{parents}a") as temporary:
            (temporary / "report.html").write_text("half")
            raise error

    with pytest.raises((RuntimeError, KeyboardInterrupt, OutputError)):
        failing()
    assert entries(tmp_path) == []


def test_an_earlier_audit_is_replaced_and_what_else_it_has_stays(tmp_path):
    out = tmp_path / "a"
    for text in ("one", "two"):
        write(out, text, **{f"figures/{text}.png": text})
        (out / "defects.json").write_text("kept")
        (out / "figures" / "notes.txt").write_text("mine")
    assert entries(out) == ["defects.json", "environment.json", "figures", "report.html"]
    assert (out / "report.html").read_text() == "two"
    assert entries(out / "figures") == ["notes.txt", "two.png"]


def test_what_an_earlier_audit_wrote_and_this_one_does_not_goes(tmp_path):
    write(tmp_path / "a", "one", **{"figures/one.png": "", "trajectories/one.csv": ""})
    (tmp_path / "a" / "trajectories" / "mine.csv").write_text("mine")
    write(tmp_path / "a", "two")
    assert entries(tmp_path / "a") == ["environment.json", "report.html", "trajectories"]
    assert contents(tmp_path / "a" / "trajectories") == {"mine.csv": b"mine"}


def test_an_earlier_audit_survives_a_failed_one(tmp_path):
    write(tmp_path / "a", "one")
    before = contents(tmp_path)
    with pytest.raises(RuntimeError), folder(tmp_path / "a"):
        raise RuntimeError
    assert contents(tmp_path) == before


@pytest.mark.parametrize("claimed", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_folder_that_only_looks_like_an_audit_is_left_alone(claimed, tmp_path, capsys):
    for name in ("results.json", "report.html", "defects.json", "bench.json", "sweep.npz"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "environment.json").write_text(claimed)
    (tmp_path / "spec.json").write_text(claimed)
    before = contents(tmp_path)
    out = ["--out", str(tmp_path)]
    for command, flags in (
        (run, ["--only", "jump", "--no-keras", "--no-figures"]),
        (bench, ["--only", "start-up", "--rounds", "1"]),
        (defects, ["--only", "loss-halved"]),
        (sweep, ["--grid", "initial.w=1,2", "--steps", "2"]),
    ):
        assert command([*flags, *out]) == 2
        assert "holds other files" in capsys.readouterr().err
        assert contents(tmp_path) == before


@pytest.mark.parametrize("kind", ["fifo", "folder", "link"])
def test_a_marker_that_is_no_file_says_nothing(kind, tmp_path):
    marker = tmp_path / "environment.json"
    {"fifo": lambda: os.mkfifo(marker), "folder": marker.mkdir, "link": lambda: marker.symlink_to("/dev/zero")}[kind]()
    with pytest.raises(OutputError, match="holds other files"), folder(tmp_path):
        pass


def test_an_audit_and_a_sweep_do_not_take_each_others_folders(tmp_path, capsys):
    flags = ["--grid", "initial.w=1,2", "--steps", "2", "--no-picture", "--quiet", "--out", str(tmp_path / "sweep")]
    assert sweep(flags) == sweep(flags) == 0
    write(tmp_path / "audit", "one")
    before = contents(tmp_path)
    assert run(["--only", "jump", "--no-keras", "--no-figures", "--out", str(tmp_path / "sweep")]) == 2
    assert sweep([*flags[:-1], str(tmp_path / "audit")]) == 2
    assert capsys.readouterr().err.count("holds other files") == 2
    assert contents(tmp_path) == before


def test_a_link_to_a_folder_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for text in ("one", "two"):
        write(tmp_path / "link", text)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "report.html").read_text() == "two"
    assert entries(tmp_path) == ["link", "real"]


@pytest.mark.parametrize("inside", [".", "figures"])
def test_the_working_folder_may_be_inside(inside, tmp_path, monkeypatch):
    write(tmp_path / "a", "one", **{"figures/one.png": ""})
    monkeypatch.chdir(tmp_path / "a" / inside)
    write(Path(os.path.relpath(tmp_path / "a")), "two", **{"figures/one.png": ""})
    assert Path.cwd() == tmp_path / "a" / inside
    assert (tmp_path / "a" / "report.html").read_text() == "two"
    assert entries(tmp_path) == ["a"]


def test_an_empty_folder_that_the_user_made_keeps_its_mode(tmp_path):
    (tmp_path / "a").mkdir(mode=0o750)
    for text in ("one", "two"):
        write(tmp_path / "a", text)
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o750


def test_what_comes_into_the_folder_at_the_last_moment_stays(tmp_path, monkeypatch):
    write(tmp_path / "a", "one")
    exchange = folders.exchange

    def late(new, target, aside):
        (target / "defects.json").write_text("late")
        exchange(new, target, aside)

    monkeypatch.setattr(folders, "exchange", late)
    write(tmp_path / "a", "two")
    assert (tmp_path / "a" / "defects.json").read_text() == "late"
    assert entries(tmp_path) == ["a"]


def test_what_somebody_put_there_meanwhile_is_not_replaced(tmp_path):
    def overtaken():
        with folder(tmp_path / "a") as temporary:
            (temporary / "report.html").write_text("ours")
            (tmp_path / "a").mkdir()
            (tmp_path / "a" / "report.html").write_text("precious")

    with pytest.raises(OutputError, match="holds other files"):
        overtaken()
    assert contents(tmp_path) == {"a/report.html": b"precious"}


@pytest.mark.parametrize("made", ["folder where a file goes", "file where a folder goes"])
def test_what_is_in_the_way_of_an_entry_is_not_lost(made, tmp_path):
    write(tmp_path / "a", "one")
    if made == "folder where a file goes":
        (tmp_path / "a" / "bench.json").mkdir()
        (tmp_path / "a" / "bench.json" / "mine").write_text("precious")
    else:
        (tmp_path / "a" / "figures").write_text("precious")
    before = contents(tmp_path)
    with pytest.raises(OutputError):
        write(tmp_path / "a", "two", **{"bench.json": "", "figures/one.png": ""})
    assert contents(tmp_path) == before


# What only root, or somebody who is not root, can try; in a process and mounts of its own.
PRELUDE = f"""
import os, sys, json
sys.path[:0] = {sys.path!r}
from pathlib import Path
from compare.system.folders import OutputError, folder
import compare.system.exchange, shutil, encodings.idna
out = Path(sys.argv[1])
def write(text):
    with folder(out) as temporary:
        (temporary / "figures").mkdir()
        (temporary / "figures" / "one.png").write_text(text)
        (temporary / "report.html").write_text(text)
        files = ["environment.json", "figures/one.png", "report.html"]
        (temporary / "environment.json").write_text(json.dumps({{"written_by": "neuron-audit", "files": files}}))
def tried(text):
    try:
        write(text)
    except OutputError as error:
        print(error)
"""


def in_a_world_of_its_own(script, out):
    """What a process printed that may mount what it likes and whose mounts nobody else sees."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    command = ["unshare", "--mount", sys.executable, "-c", PRELUDE + script, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if "cannot mount" in done.stdout or "unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.returncode == 0, done.stderr
    return done.stdout


MOUNT = """
def mount(*arguments):
    import subprocess
    if subprocess.run(["mount", *arguments], capture_output=True).returncode:
        print("cannot mount")
        sys.exit(0)
"""


@pytest.mark.parametrize("what", ["", "figures", "report.html"])
def test_a_mount_point_is_refused_before_anything_is_done(what, tmp_path):
    out = tmp_path / "my audit"
    script = (
        MOUNT
        + f"""
write("one")
mount("--bind", str(out / {what!r}), str(out / {what!r}))
tried("two")
print((out / "report.html").read_text(), (out / "figures" / "one.png").read_text(), os.listdir(out.parent))
"""
    )
    said, left = in_a_world_of_its_own(script, out).splitlines()
    assert f"{out / what} is a mount point, which cannot be replaced" in said
    assert left == "one one ['my audit']"


def test_a_full_disk_leaves_the_earlier_audit_as_it_was(tmp_path):
    script = (
        MOUNT
        + """
mount("-t", "tmpfs", "-o", "size=300k", "tmpfs", str(out.parent))
write("one")
tried("2" * 400_000)
print((out / "report.html").read_text(), (out / "figures" / "one.png").read_text(), os.listdir(out.parent))
write("3")
print((out / "report.html").read_text())
"""
    )
    (tmp_path / "disk").mkdir()
    said, left, again = in_a_world_of_its_own(script, tmp_path / "disk" / "audit").splitlines()
    assert said.endswith("cannot be written: No space left on device")
    assert (left, again) == ("one one ['audit']", "3")


@pytest.mark.parametrize("what", ["report.html", "figures", "figures/one.png"])
def test_what_is_immutable_is_refused_before_anything_is_done(what, tmp_path):
    script = f"""
import subprocess
write("one")
if subprocess.run(["chattr", "+i", str(out / {what!r})], capture_output=True).returncode:
    print("cannot mount")
    sys.exit(0)
try:
    tried("two")
    print((out / "report.html").read_text(), (out / "figures" / "one.png").read_text(), os.listdir(out.parent))
finally:
    subprocess.run(["chattr", "-i", str(out / {what!r})])
"""
    if shutil.which("chattr") is None:
        pytest.skip("needs chattr")
    said, left = in_a_world_of_its_own(script, tmp_path / "audit").splitlines()
    assert f"{tmp_path / 'audit' / what} is write-protected" in said
    assert left == "one one ['audit']"


@pytest.mark.parametrize(("what", "mode"), [("report.html", 0o444), ("figures", 0o555), (".", 0o555), ("..", 0o555)])
def test_what_its_owner_protected_is_refused_before_anything_is_done(what, mode, tmp_path):
    script = f"""
os.chown(out.parent, 65534, 65534)
os.setgid(65534), os.setuid(65534)
write("one")
(out / {what!r}).chmod({mode})
tried("two")
print((out / "report.html").read_text(), (out / "figures" / "one.png").read_text(), os.listdir(out.parent))
(out / {what!r}).chmod(0o755)
write("three")
print((out / "report.html").read_text())
"""
    (tmp_path / "of_nobody").mkdir()
    for parent in tmp_path.parents:
        if parent.owner() != "root" or parent == Path("/tmp"):
            break
        parent.chmod(0o755)
    tmp_path.chmod(0o755)
    said, left, again = in_a_world_of_its_own(script, tmp_path / "of_nobody" / "audit").splitlines()
    assert "is write-protected" in said or "cannot be" in said
    assert (left, again) == ("one one ['audit']", "three")


def test_an_environment_of_ours_is_known_again(tmp_path):
    write(tmp_path / "a", "one")
    record = json.loads((tmp_path / "a" / "environment.json").read_text())
    assert record == {"written_by": "neuron-audit", "text": "one", "files": ["environment.json", "report.html"]}
