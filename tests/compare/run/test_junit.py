"""``--junit``: never over an input or somebody's file, in one piece, and refused before anything is run."""

import os
from xml.etree import ElementTree as ET

import pytest

from compare.run import computing
from compare.run import junit as junit_module
from compare.run.__main__ import main
from compare.run.selection import shipped_files

FAST = ["--no-keras", "--no-figures", "--quiet"]
CLAIM = '[[claim]]\nid = "nice"\nsays = "It is nice."\nsource = "a test"\nnot_auditable = "A matter of taste."\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(CLAIM)
    (tmp_path / "linked.xml").symlink_to("mine.toml")
    os.link(tmp_path / "mine.toml", tmp_path / "hard.xml")
    (tmp_path / "notes.txt").write_text("precious")
    (tmp_path / "sub").mkdir()
    (tmp_path / "begun.toml").touch()
    (tmp_path / "made.xml").touch()
    return tmp_path


@pytest.fixture
def nothing_is_run(monkeypatch):
    def run(*arguments):
        raise AssertionError("something was run")

    monkeypatch.setattr(computing, "compute", run)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("nothing_is_run")
@pytest.mark.parametrize(
    "junit",
    [
        "mine.toml",
        "./mine.toml",
        "sub/../mine.toml",
        "linked.xml",
        "hard.xml",
        "notes.txt",
        "begun.toml",
        "sub",
        "sub/../notes.txt/below",
        "/proc/none/x.xml",
        *(f"out/{name}" for name in ("report.html", "results.json", "environment.json", "figures", "figures/a.xml")),
        "out/trajectories/x/y",
        "out",
        "p",
        str(shipped_files()[0]),
    ],
)
def test_what_is_there_stays_and_nothing_is_run(junit, here, capsys):
    before, shipped = contents(here), shipped_files()[0].read_bytes()
    assert main(["mine.toml", *FAST, "--out", "p/out" if junit == "p" else "out", "--junit", junit]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"--junit {junit.removeprefix('./')}" in error
    assert contents(here) == before
    assert shipped_files()[0].read_bytes() == shipped
    assert not (here / "out").exists()


@pytest.mark.usefixtures("nothing_is_run")
def test_of_two_files_none_is_overwritten(here):
    (here / "other.toml").write_text(CLAIM.replace("nice", "fine"))
    before = contents(here)
    assert main(["mine.toml", "other.toml", *FAST, "--out", "out", "--junit", "other.toml"]) == 2
    assert main(["mine.toml", *FAST, "--out", "out", "--junit", "other.toml"]) == 2  # forgotten before --junit
    assert contents(here) == before


@pytest.mark.parametrize("name", ["results.json", "report.html", "figures/mine.toml"])
def test_an_input_inside_the_audit_that_would_be_replaced_is_refused(name, here, capsys):
    assert main(["mine.toml", *FAST, "--out", "out"]) == 0
    file = here / "out" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(CLAIM)
    before = contents(here)
    assert main([f"out/{name}", *FAST, "--out", "out"]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert contents(here) == before


def test_a_claim_file_may_be_in_the_audits_folder(here):
    assert main(["mine.toml", *FAST, "--out", "out"]) == 0
    (here / "out" / "own.toml").write_text(CLAIM)
    assert main(["out/own.toml", *FAST, "--out", "out"]) == 0
    assert (here / "out" / "own.toml").read_text() == CLAIM


@pytest.mark.parametrize(
    "junit", ["new.xml", "made.xml", "sub/new.xml", "p/q/new.xml", "out/new.xml", "out/ci/new.xml"]
)
def test_a_new_file_is_written_and_written_again(junit, here):
    for _ in range(2):
        assert main(["mine.toml", *FAST, "--out", "out", "--junit", junit]) == 0
        assert [case.get("name") for case in ET.parse(here / junit).getroot()] == ["nice"]
    assert not list(here.rglob(".neuron-audit-*"))


@pytest.mark.parametrize("junit", ["new.xml", "p/q/new.xml", "out/new.xml"])
def test_after_an_error_there_is_nothing_or_the_old_file(junit, here, monkeypatch):
    before = contents(here)
    monkeypatch.setattr("compare.run.files.render", lambda *arguments, **options: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            main(["mine.toml", *FAST, "--out", "out", "--junit", junit])
        assert contents(here) == before
        assert not (here / "p").exists()
        (here / "new.xml").write_text("<testsuite/>")
        before = contents(here)


def test_a_disk_that_is_full_is_one_line(here, monkeypatch, capsys):
    def full(verdicts):
        raise OSError(28, "No space left on device")

    before = contents(here)
    monkeypatch.setattr(junit_module, "to_junit", full)
    assert main(["mine.toml", *FAST, "--out", "out", "--junit", "new.xml"]) == 2
    assert capsys.readouterr().err.endswith("cannot be written: No space left on device\n")
    assert contents(here) == before


def test_names_and_texts_are_xml_whatever_they_hold(here):
    (here / "odd.toml").write_text(CLAIM.replace("It is nice.", "a & <b> ]]> \\uFFFE \\uD7FF").replace("'", ""))
    assert main(["odd.toml", *FAST, "--out", "out", "--junit", "new.xml"]) == 0
    assert "a & <b> ]]> ?" in next(iter(ET.parse(here / "new.xml").getroot())).find("system-out").text
