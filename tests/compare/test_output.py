"""The audit's folder: whole or not at all."""

import json

import numpy as np
import pytest

from compare.output import OutputError, folder, write_json


def entries(path):
    return sorted(entry.name for entry in path.iterdir())


def test_a_new_folder_appears_with_its_parents(tmp_path):
    with folder(tmp_path / "a" / "b") as temporary:
        (temporary / "environment.json").write_text("{}")
        assert not (tmp_path / "a" / "b").exists()
    assert entries(tmp_path / "a" / "b") == ["environment.json"]
    assert entries(tmp_path / "a") == ["b"]


def test_after_an_error_there_is_nothing(tmp_path):
    def interrupted():
        with folder(tmp_path / "a") as temporary:
            (temporary / "report.html").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert entries(tmp_path) == []


def test_an_earlier_audit_is_replaced_and_what_else_it_has_stays(tmp_path):
    out = tmp_path / "a"
    for text in ("one", "two"):
        with folder(out) as temporary:
            (temporary / "environment.json").write_text(text)
            (temporary / "figures").mkdir()
            (temporary / "figures" / f"{text}.png").write_text(text)
        (out / "defects.json").write_text("kept")
    assert entries(out) == ["defects.json", "environment.json", "figures"]
    assert (out / "environment.json").read_text() == "two"
    assert entries(out / "figures") == ["two.png"]


def test_an_earlier_audit_survives_a_failed_one(tmp_path):
    out = tmp_path / "a"
    with folder(out) as temporary:
        (temporary / "environment.json").write_text("one")
    with pytest.raises(RuntimeError), folder(out):
        raise RuntimeError
    assert entries(out) == ["environment.json"]


def test_a_folder_with_somebody_elses_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"), folder(tmp_path):
        pass
    assert entries(tmp_path) == ["thesis.tex"]


def test_json_holds_full_precision_and_no_nan(tmp_path):
    value = {"a": np.float64(0.1), "b": (np.int64(3), float("inf")), "c": np.array([1.5, np.nan]), "d": True}
    write_json(tmp_path / "x.json", value)
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 0.1, "b": [3, None], "c": [1.5, None], "d": True}
