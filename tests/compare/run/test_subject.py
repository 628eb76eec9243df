"""``python -m compare.run --subject``: who makes the runs, what the files say of it, and who is not there."""

import html
import json
import re
import sys

import pytest

from compare.run.__main__ import main
from compare.system.command_line import BAD_USAGE, GOOD, NO_KERAS

NEEDS = {"torch": ("torch", "PyTorch "), "jax": ("optax", "JAX ")}


def run(folder, subject, only, *flags):
    return main(["--subject", subject, "--only", only, "--no-keras", "--no-figures", "--out", str(folder), *flags])


@pytest.mark.parametrize("subject", NEEDS)
def test_a_run_is_certified_on_the_subject_by_its_own_formula_and_the_report_names_it(subject, tmp_path, capsys):
    module, name = NEEDS[subject]
    pytest.importorskip(module)
    assert run(tmp_path / "audit", subject, "momentum-from-1") == GOOD
    entry = json.loads((tmp_path / "audit" / "results.json").read_text())["experiments"][0]
    assert entry["id"] == "momentum-from-1"
    assert entry["agrees"] is True
    assert entry["certificate"]["subject"].startswith(name)
    assert entry["certificate"]["optimizer"].startswith({"torch": "pytorch.SGD(", "jax": "optax.SGD("}[subject])
    assert (entry["departure"]["quantity"], entry["departure"]["step"]) == ("momentum.w", 0)
    said = capsys.readouterr().out
    assert f"Under test: {name}" in said
    assert "departs from Keras' formula: lockstep, step 0: momentum.w is" in " ".join(said.split())
    page = html.unescape(re.sub("<[^>]*>", "", (tmp_path / "audit" / "report.html").read_text()))
    assert f"by {entry['certificate']['subject']} and by a NumPy reference" in page
    assert re.search("It departs from Keras. formula", page)
    environment = json.loads((tmp_path / "audit" / "environment.json").read_text())
    assert environment["subject"] == entry["certificate"]["subject"]
    assert module in environment["versions"]


@pytest.mark.parametrize("subject", NEEDS)
def test_where_the_formulas_are_the_same_nothing_departs(subject, tmp_path, capsys):
    pytest.importorskip(NEEDS[subject][0])
    assert run(tmp_path / "audit", subject, "relu-backward") == GOOD
    (entry,) = json.loads((tmp_path / "audit" / "results.json").read_text())["experiments"]
    assert (entry["agrees"], entry["departure"]) == (True, None)
    assert "departs" not in capsys.readouterr().out


@pytest.mark.parametrize(("subject", "missing", "extra"), [("torch", "torch", "torch"), ("jax", "jax", "optax")])
def test_a_subject_that_is_not_installed_is_one_line_that_names_the_extra(
    subject, missing, extra, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, missing, None)
    assert run(tmp_path / "audit", subject, "relu-backward") == NO_KERAS
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("compare.run: ")
    assert f"pip install neuron-audit[{extra}]" in line
    assert not (tmp_path / "audit").exists()


def test_a_subject_that_nobody_knows_is_bad_usage(tmp_path, capsys):
    assert run(tmp_path / "audit", "tf", "relu-backward") == BAD_USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert "--subject" in line
    assert "torch" in line
