"""The command line: what it writes, what it says, and how it ends."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from compare.question.audit import audit
from compare.question.experiments import SETTINGS, shipped
from compare.run.__main__ import main
from reference import draw_batches, train

FAST = ["--no-keras", "--no-figures"]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "audit"
    assert main([*FAST, "--quiet", "--out", str(out)]) == 0
    return out


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "compare.run", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


def test_ids_are_unique_and_cover_the_eight_settings():
    cases = shipped()
    assert len({case.id for case in cases}) == len(cases)
    assert len(SETTINGS) == 8
    assert {case.setting for case in cases} == set(SETTINGS)


def test_another_seed_gives_other_batches():
    one, other = shipped(seed=1)[0].experiment, shipped(seed=2)[0].experiment
    assert not (draw_batches(one)[0] == draw_batches(other)[0]).any()


def test_the_audit_holds_what_the_contract_names(audited):
    assert {entry.name for entry in audited.iterdir()} == {
        "report.html",
        "results.json",
        "environment.json",
        "trajectories",
    }
    results = json.loads((audited / "results.json").read_text())
    assert results["schema"] == 1
    assert [entry["id"] for entry in results["experiments"]] == [case.id for case in shipped()]
    assert {entry["agrees"] for entry in results["experiments"]} == {None}


@pytest.fixture(scope="module")
def findings():
    """Those of the runs that ship, by their id."""
    return {finding.case.id: finding for finding in audit(shipped())}


@pytest.mark.parametrize("id", ["bias-backward-b", "sgd-from-1"])
def test_a_run_trained_in_an_ensemble_has_the_bits_of_the_run_alone(id, findings):
    alone = train(findings[id].case.experiment)
    assert findings[id].trajectory.experiment == alone.experiment
    assert findings[id].trajectory.diverged_at == alone.diverged_at
    assert findings[id].trajectory.loss.tobytes() == alone.loss.tobytes()
    assert findings[id].trajectory.parameters.w.tobytes() == alone.parameters.w.tobytes()
    assert findings[id].trajectory.gradient.w.tobytes() == alone.gradient.w.tobytes()


def test_trajectories_are_written_in_full_precision(audited):
    rows = np.genfromtxt(audited / "trajectories" / "relu-backward.csv", delimiter=",", names=True, dtype=np.float32)
    run = train(shipped()[1].experiment)
    assert rows["w"].tobytes() == run.parameters.w.tobytes()
    assert rows["loss"][:-1].tobytes() == run.loss.tobytes()
    assert np.isnan(rows["loss"][-1])


def test_two_runs_write_the_same_bytes_save_the_environment(audited, tmp_path):
    again = tmp_path / "again"
    assert main([*FAST, "--quiet", "--out", str(again)]) == 0
    names = sorted(path.relative_to(audited) for path in audited.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    differ = [str(name) for name in names if (audited / name).read_bytes() != (again / name).read_bytes()]
    assert set(differ) <= {"environment.json"}


def test_only_runs_one_and_says_so_line_by_line(tmp_path, capsys):
    assert main([*FAST, "--only", "jump", "--dtype", "float64", "--out", str(tmp_path / "a")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("[1/1] jump: not compared\n")
    assert "report.html" in printed
    assert len(list((tmp_path / "a" / "trajectories").iterdir())) == 1


def test_quiet_prints_nothing(tmp_path, capsys):
    assert main([*FAST, "--only", "jump", "--quiet", "--out", str(tmp_path / "a")]) == 0
    assert capsys.readouterr() == ("", "")


def test_list_names_every_run_and_writes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out.split()
    assert all(case.id in printed for case in shipped())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dtype", "float8"], ["--dtype", "'float8'", "float32", "float64"]),
        (["--seed", "x"], ["--seed", "at least 0", "'x'"]),
        (["--seed", "-1"], ["--seed"]),
        (["--only", "jmp"], ["--only", "'jump'"]),
        (["--only", "zzzzzz"], ["--only", "--list"]),
        (["--nonsense"], ["--nonsense"]),
        (["no-such-file.toml"], ["no-such-file.toml"]),
    ],
)
def test_bad_usage_is_one_line_and_writes_nothing(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert all(word in printed.err for word in words)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert main([*FAST, "--only", "jump", "--quiet", "--out", str(out)]) == 2
        printed = capsys.readouterr().err
        assert printed.count("\n") == 1
        assert str(out) in printed
    assert (tmp_path / "file").read_text() == "mine"


def test_an_interrupt_leaves_nothing_behind(tmp_path, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("compare.run.computing.follow_verdicts", interrupted)
    assert main([*FAST, "--out", str(tmp_path / "a")]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_report_holds_every_run_and_allows_nothing_from_outside(audited):
    page = (audited / "report.html").read_text()
    assert all(f"<code>{case.id}</code>" in page for case in shipped())
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:link|iframe|object)\b|<script[^>]*src|src=[\"'](?!data:)|url\((?!#)|@import", page)


def test_without_keras_it_says_so_and_exits_with_3(tmp_path):
    done = run("--out", str(tmp_path / "a"), KERAS_BACKEND="no_such_backend")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "Keras" in done.stderr
    assert "KERAS_BACKEND=no_such_backend" in done.stderr
    assert "--no-keras" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_disagreement_is_reported_and_exits_with_1(tmp_path, capsys, monkeypatch):
    import keras

    def ignore_gradient(self, gradient, variable, learning_rate):
        pass

    monkeypatch.setattr(keras.optimizers.SGD, "update_step", ignore_gradient)
    assert main(["--only", "sgd-from-1", "--no-figures", "--quiet", "--out", str(tmp_path / "a")]) == 1
    assert "lockstep, step 0: w is -1.0 in Keras" in capsys.readouterr().err
    entry = json.loads((tmp_path / "a" / "results.json").read_text())["experiments"][0]
    assert entry["agrees"] is False
    assert entry["worst"] > 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_with_keras_the_witnesses_agree_and_nothing_else_is_printed(dtype, tmp_path):
    done = run("--only", "output-both", "--dtype", dtype, "--no-figures", "--out", str(tmp_path / "a"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "agree" in done.stdout
