"""``python -m compare.defects``: what it prints, writes and returns."""

import json
import subprocess
import sys

import pytest

from compare.defects.__main__ import main
from compare.defects.correct import controls
from compare.defects.detection.conventional_tests import USUAL_TESTS
from compare.defects.detection.lanes import LANES
from compare.defects.gallery import GALLERY

CHECK_IMPORT = """
import sys
from compare.defects.__main__ import main
status = main(["--list"])
loaded = {"keras", "tensorflow", "torch", "jax", "optax", "matplotlib"} & sys.modules.keys()
sys.exit(status or len(loaded))
"""


def test_listing_needs_no_system_and_no_pictures():
    done = subprocess.run([sys.executable, "-c", CHECK_IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(GALLERY)


@pytest.mark.parametrize("side", ["keras", "torch", "jax"])
def test_the_list_can_be_limited_to_a_side(side, capsys):
    assert main(["--list", "--side", side]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(defect.side == side for defect in GALLERY)
    assert all(line.startswith(f"{side}-") for line in lines)


def test_what_is_not_installed_is_left_out_in_a_line_with_the_extra(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    many = sum(defect.side == "torch" for defect in GALLERY)
    assert main(["--side", "torch", "--out", str(tmp_path / "audit")]) == 3
    error = capsys.readouterr().err
    assert error == f"left out: {many} defects, since PyTorch is not installed; pip install neuron-audit[torch]\n"
    assert not (tmp_path / "audit").exists()


def test_the_rest_is_tried_where_something_is_not_installed(tmp_path, capsys, monkeypatch):
    pytest.importorskip("keras_impl")
    from compare.defects import gallery

    monkeypatch.setitem(sys.modules, "optax", None)
    chosen = [defect for defect in GALLERY if defect.name in {"loss-halved", "jax-loss-of-every-pair"}]
    monkeypatch.setattr(gallery, "GALLERY", tuple(chosen))
    for which in ("random_alarms", "exact_alarms", "xla_alarms"):
        monkeypatch.setattr(controls, which, list)
    assert main(["--out", str(tmp_path / "audit"), "--jobs", "1"]) == 0
    done = capsys.readouterr()
    assert done.err == "left out: 1 defects, since JAX with optax is not installed; pip install neuron-audit[optax]\n"
    report = json.loads((tmp_path / "audit" / "defects.json").read_text())
    assert [(defect["name"], defect["subject"]) for defect in report["defects"]] == [("loss-halved", "Keras")]
    assert list(report["by_subject"]) == ["Keras"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "momentum-ignord"], "did you mean 'momentum-ignored'?"),
        (["--only", "momentum-ignored", "--side", "keras"], "there is no such defect"),
        (["--side", "pytorch"], "pytorch"),
        (["--nonsense"], "--nonsense"),
        (["--jobs", "0"], "must be an integer of at least 1, got '0'"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(arguments, complaint, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_an_unusable_folder_is_one_line_and_status_2(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("somebody's")
    assert main(["--only", "momentum-ignored", "--out", str(file)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert file.read_text() == "somebody's"


def test_missing_keras_is_one_line_and_status_3_and_leaves_nothing(tmp_path, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "keras_impl"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "keras", None)
    assert main(["--only", "momentum-ignored", "--out", str(tmp_path / "audit")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "audit").exists()


def test_one_defect_is_planted_seen_and_written(tmp_path, capsys):
    pytest.importorskip("keras_impl")
    out = tmp_path / "audit"
    assert main(["--only", "loss-halved", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "loss-halved" in printed
    assert "killed: 1" in printed
    report = json.loads((out / "defects.json").read_text())
    assert report["schema"] == 1
    (entry,) = report["defects"]
    assert entry.keys() >= {"name", "says", "source", "changes_mathematics", "killed", "lanes", "usual_tests"}
    assert entry["name"] == "loss-halved"
    assert (entry["side"], entry["subject"]) == ("reference", "Keras")
    assert report["by_subject"]["Keras"] == report["summary"]
    assert entry["killed"]
    assert entry["default"] == {"killed": True, "lane": "lockstep", "step": 0, "quantity": "loss"}
    assert list(entry["lanes"]) == list(LANES)
    assert entry["lanes"]["bound"]["quantity"] == "loss"
    assert entry["lanes"]["bound"]["step"] == 0
    assert entry["lanes"]["bound"]["factor"] > 1
    assert entry["lanes"]["free run"] == {"killed": False}  # a loss is reported, not trained on
    assert entry["usual_tests"] == entry["usual_tests_float32"] == dict.fromkeys(USUAL_TESTS, False)
    assert report["summary"]["killed_by_default"] == report["summary"]["killed"] == 1
    assert report["summary"]["historical"] == 1
    assert report["summary"]["plausible_slips"] == 0
    assert report["controls"]["unpatched_keras"] == ["leaky"]
    assert report["controls"]["false_alarms"] == []
    assert [(c["tried"], c["false_alarms"]) for c in report["controls"]["tried"]] == [(1, 0), (1, 0)]
    assert all(0 < c["upper_limit_95"] < 1 for c in report["controls"]["tried"])
    assert "false alarms: 0 of 1 runs of Keras as it is, certified by default (below 0.95 with 95 %" in printed
    assert {path.name for path in out.iterdir()} == {"defects.json", "environment.json"}


def test_a_harmless_rewrite_is_not_reported_and_an_audit_keeps_its_files(tmp_path, capsys):
    pytest.importorskip("keras_impl")
    out = tmp_path / "audit"
    out.mkdir()
    (out / "environment.json").write_text('{"written_by": "neuron-audit"}')
    (out / "report.html").write_text("earlier")
    assert main(["--only", "harmless-factor-2-last", "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert not json.loads((out / "defects.json").read_text())["defects"][0]["killed"]
    assert (out / "report.html").read_text() == "earlier"
    assert (out / "environment.json").read_text() == '{"written_by": "neuron-audit"}'


def test_a_defect_that_nobody_sees_is_status_1(tmp_path, capsys, monkeypatch):
    pytest.importorskip("keras_impl")
    from dataclasses import replace

    from compare.defects import gallery

    (harmless,) = (defect for defect in GALLERY if defect.name == "harmless-factor-2-last")
    claimed = replace(harmless, changes_mathematics=True)
    monkeypatch.setattr(gallery, "GALLERY", (claimed,))
    assert main(["--only", claimed.name, "--out", str(tmp_path / "audit")]) == 1
    assert f"survives: {claimed.name}, NOT SEEN" in capsys.readouterr().out


def test_a_certificate_that_disagrees_with_keras_as_it_is_is_a_false_alarm(tmp_path, capsys, monkeypatch):
    pytest.importorskip("keras_impl")
    from compare.defects import gallery
    from compare.defects.detection.default_certificate import ByDefault

    monkeypatch.setattr(gallery.ByDefault, "of", lambda certificate: ByDefault(True, "lockstep", 0, "w"))
    assert main(["--only", "loss-halved", "--out", str(tmp_path / "audit"), "--quiet"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert [line for line in errors if line.startswith("FALSE ALARM: unpatched Keras, leaky: ByDefault(killed=True")]
