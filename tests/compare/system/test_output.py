"""The files of an audit: what JSON and the page hold."""

import json

import numpy as np

from compare.system.output import environment, write_json, write_page


def test_json_holds_full_precision_and_no_nan(tmp_path):
    value = {"a": np.float64(0.1), "b": (np.int64(3), float("inf")), "c": np.array([1.5, np.nan]), "d": True}
    write_json(tmp_path / "x.json", value)
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 0.1, "b": [3, None], "c": [1.5, None], "d": True}


def test_json_holds_names_that_are_no_text(tmp_path):
    write_json(tmp_path / "x.json", {"arguments": ["\udcff.toml", "\x1b"]})
    assert json.loads((tmp_path / "x.json").read_bytes()) == {"arguments": ["\udcff.toml", "\x1b"]}
    assert b"\x1b" not in (tmp_path / "x.json").read_bytes()


def test_a_page_holds_no_control_character(tmp_path):
    write_page(tmp_path / "x.html", "<p>\x1b[2J\x00\u202e\udcff ü</p>\n")
    assert (tmp_path / "x.html").read_text(encoding="utf-8") == "<p>\\x1b[2J\\x00\\u202e\\udcff ü</p>\n"


def test_an_environment_says_who_wrote_it():
    assert environment([], seed=0, dtype="float32", keras=False)["written_by"] == "neuron-audit"
