"""From a checkout whose packages are importable but not installed: versions are unknown, everything else is as ever."""

import json
import os
import subprocess
import sys
from importlib import metadata

import pytest

from compare.bench import session
from compare.bench.__main__ import main as bench
from compare.bench.clock import Reading
from compare.bench.plan import Group, Measurement, Prepared
from compare.run.__main__ import main as run
from compare.sweep.__main__ import main as sweep
from compare.system.versions import version_of


@pytest.fixture
def not_installed(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)


def made_up(*jobs):
    rows = [Measurement(f"m{i}", lambda size, job=job: Prepared(job, 1.0)) for i, job in enumerate(jobs)]
    return Group(f"g{len(jobs)}", "", "s", "", tuple(rows))


def took(seconds):
    return lambda: Reading(seconds, seconds)


def test_a_version_that_is_damaged_is_unknown(monkeypatch):
    for error in (KeyError("Version"), metadata.PackageNotFoundError("a"), ValueError()):
        monkeypatch.setattr(metadata, "version", lambda name, error=error: (_ for _ in ()).throw(error))
        assert version_of("numpy") == "unknown"
    monkeypatch.setattr(metadata, "version", lambda name: None)
    assert version_of("numpy") == "unknown"


@pytest.mark.usefixtures("not_installed")
def test_every_command_works_without_versions(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(session, "GROUPS", (made_up(took(1.0)),))
    folders = [str(tmp_path / name) for name in "abc"]
    assert run(["--only", "jump", "--no-keras", "--no-figures", "--out", folders[0]]) == 0
    flags = ["--grid", "initial.w=1,2", "--steps", "2", "--no-picture", "--out", folders[1]]
    assert sweep(flags) == sweep(flags) == 0
    assert bench(["--rounds", "1", "--out", folders[2]]) == 0
    assert capsys.readouterr().err == ""
    for folder in tmp_path.iterdir():
        assert json.loads((folder / "environment.json").read_text())["versions"]["neuron-audit"] == "unknown"


def test_a_checkout_on_the_path_is_enough(tmp_path):
    """In a process that finds no metadata of the project: Python without site, what it needs on the path."""
    import reference

    (root,) = {os.path.dirname(path) for path in reference.__path__}
    site = tmp_path / "site"
    site.mkdir()
    for path in sys.path:
        if path.endswith("site-packages"):
            for name in os.listdir(path):
                if not name.startswith("neuron_audit") and not name.endswith(".pth") and not (site / name).exists():
                    (site / name).symlink_to(os.path.join(path, name))
    arguments = ["--only", "jump", "--no-keras", "--no-figures", "--quiet", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "compare.run", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([root, str(site)])},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    versions = json.loads((tmp_path / "out" / "environment.json").read_text())["versions"]
    assert versions["neuron-audit"] == "unknown"
    assert versions["numpy"] != "unknown"


@pytest.mark.parametrize("broken", ["machine.environment", "session.footnotes", "session.markdown"])
def test_what_was_measured_is_written_whatever_fails_at_the_end(broken, tmp_path, monkeypatch, capsys):
    def fails(*arguments, **options):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(session, "GROUPS", (made_up(took(1.0)), made_up(took(2.0), took(3.0))))
    monkeypatch.setattr(f"compare.bench.{broken}", fails)
    assert bench(["--rounds", "1", "--quiet", "--out", str(tmp_path / "out")]) in (0, 1)
    report = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert [[row["cost"]["median"] for row in group["rows"]] for group in report["groups"]] == [[1.0], [2.0, 3.0]]
    assert "Traceback" not in capsys.readouterr().err


def test_a_group_that_fails_costs_no_other_its_numbers(tmp_path, monkeypatch, capsys):
    broken = made_up(lambda: 1 / 0, took(0.0), took(0.0))
    monkeypatch.setattr(session, "GROUPS", (made_up(took(1.0)), broken, made_up(took(2.0), took(3.0))))
    assert bench(["--rounds", "1", "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "FAILED: g3: ZeroDivisionError: division by zero\n"
    assert [g["name"] for g in json.loads((tmp_path / "out" / "bench.json").read_text())["groups"]] == ["g1", "g2"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_keeps_what_was_measured(error, tmp_path, monkeypatch, capsys):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "GROUPS", (made_up(took(1.0)), made_up(took(0.0), stop), made_up(*[took(1.0)] * 3)))
    out = tmp_path / "out"
    assert bench(["--rounds", "1", "--quiet", "--out", str(out)]) == 130
    said = f"compare.bench: interrupted; 1 of 3 groups were measured and are in {out}\n"
    assert capsys.readouterr().err == said
    assert [g["name"] for g in json.loads((out / "bench.json").read_text())["groups"]] == ["g1"]


def test_a_folder_that_cannot_be_written_in_the_end_loses_nothing(tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"

    def somebody_came():
        out.mkdir()
        (out / "theirs").write_text("precious")
        return Reading(4.0, 4.0)

    monkeypatch.setattr(session, "GROUPS", (made_up(somebody_came),))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert bench(["--rounds", "1", "--quiet", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    (rescued,) = tmp_path.glob("neuron-audit-bench-*")
    assert error.endswith(f"what was measured is in {rescued}\n")
    report = json.loads((rescued / "bench.json").read_text())
    assert report["groups"][0]["rows"][0]["cost"]["median"] == 4.0
    assert [path.name for path in out.iterdir()] == ["theirs"]
