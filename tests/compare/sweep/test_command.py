"""``python -m compare.sweep``: flags, what it prints, writes, draws and returns."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from compare.sweep import LABELS, load_sweep
from compare.sweep.__main__ import main
from compare.sweep.reading.load import shipped_sweeps

CHECK_IMPORT = """
import sys
from compare.sweep.__main__ import main
status = main(["--list"])
loaded = {"keras", "tensorflow", "matplotlib", "distributed"} & sys.modules.keys()
sys.exit(status or len(loaded))
"""
TINY = ["--grid", "initial.w=-2:2:8", "--steps", "20", "--batch-size", "10"]


def test_listing_needs_neither_keras_nor_pictures_nor_a_cluster():
    done = subprocess.run([sys.executable, "-c", CHECK_IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == sorted(shipped_sweeps())


def test_arrays_and_table_hold_the_same_numbers_to_the_last_bit(tmp_path, capsys):
    folder = tmp_path / "out"
    flags = ["--grid", "initial.b=0,0.5", "--random", "initial.w=uniform:-1:1", "--number", "3", "--train", "w,b"]
    assert main([*flags, "--steps", "9", "--batch-size", "5", "--out", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert all(f"{label}: {meaning}" in printed for label, meaning in LABELS.items())
    with np.load(folder / "sweep.npz", allow_pickle=False) as arrays:
        named = {name: arrays[name] for name in arrays.files}
    with (folder / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert named["end.w"].shape == named["label"].shape == (2, 3)
    assert len(rows) == 6
    for i, row in enumerate(rows):
        at = np.unravel_index(i, (2, 3))
        assert float(row["initial.b"]) == named["initial.b"][at[0]]
        assert float(row["initial.w"]) == named["initial.w"][at[1]]
        assert np.float32(row["end.w"]) == named["end.w"][at]
        assert np.float32(row["end.b"]) == named["end.b"][at]
        assert float(row["loss"]) == named["loss"][at]
        assert row["label"] == named["labels"][named["label"][at]]
        assert row["point"] == ("" if named["point"][at] < 0 else named["points"][named["point"][at]])
        assert row["crossed_at"] == ("" if named["crossed_at"][at] < 0 else str(named["crossed_at"][at]))
    report = json.loads((folder / "sweep.json").read_text())
    assert report["labels"] == LABELS
    assert sum(report["shares"].values()) == 1
    assert report["experiment"].count("steps=9") == 1
    assert (folder / "environment.json").is_file()


def test_flags_change_what_a_file_says(tmp_path):
    folder = tmp_path / "out"
    flags = ["--grid", "initial.w=-1:1:3", "--grid", "initial.b=0,1", "--set", "steps=2", "--set", "target.b=0.5"]
    assert main(["relu-adam", *flags, "--learning-rate", "0.5", "--quiet", "--out", str(folder)]) == 0
    report = json.loads((folder / "sweep.json").read_text())
    assert report["grid"] == {"initial.b": [0, 1], "initial.w": [-1, 0, 1]}
    for text in ("steps=2", "Adam(learning_rate=0.5", "b=0.5, negative_slope=0.0)", "trainable=('w', 'b')"):
        assert text in report["experiment"]


def test_another_optimizer_on_the_command_line_has_its_own_defaults(tmp_path):
    folder = tmp_path / "out"
    small = ["--grid", "initial.w=0,1", "--grid", "initial.b=0,1", "--steps", "1", "--quiet"]
    assert main(["relu-momentum", *small, "--optimizer", "Adam", "--out", str(folder)]) == 0
    assert "Adam(learning_rate=0.001" in json.loads((folder / "sweep.json").read_text())["experiment"]


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (["relu-sdg"], "did you mean 'relu-sgd'?"),
        (["none.toml"], "cannot be read"),
        ([], "nothing to sweep over; name a file or one of --list, or give --grid or --random"),
        (["--grid", "initial.w"], "must be SETTING=VALUE"),
        (["--grid", "initial.w=1:2"], "must be S=FROM:TO:NUMBER"),
        (["--grid", "initial.w=1:2:3:lgo"], 'did you mean "log"?'),
        (["--grid", "initial.w=a:2:3"], "from"),
        (["--grid", "inital.w=1,2"], 'did you mean "initial.w"?'),
        (["--grid", "initial.w=1,2", "--optimizer", "Adm"], 'did you mean "Adam"?'),
        (["--grid", "initial.w=1,2", "--steps", "0"], "steps"),
        (["--grid", "initial.w=1,2", "--workers", "0"], "--workers"),
        (["--random", "initial.w=normal:0:1", "--number", "0"], "--number"),
        (["--random", "initial.w=normal:0"], "entries"),
        (["--train", "w,x", "--grid", "initial.w=1,2"], "trainable"),
        (["--gird", "initial.w=1,2"], "unrecognized arguments"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(flags, part, capsys, tmp_path):
    assert main([*flags, "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("compare.sweep: ")
    assert part in printed.err
    assert not list(tmp_path.iterdir())


def test_an_interrupt_in_the_process_itself_keeps_what_was_finished(tmp_path, capsys, monkeypatch):
    from compare.sweep.chunks import compute

    def interrupted(sweep, chunk):
        if chunk.number == 1:
            raise KeyboardInterrupt
        return compute(sweep, chunk)

    monkeypatch.setattr("compare.sweep.running.compute", interrupted)
    folder = tmp_path / "out"
    assert main([*TINY, "--grid", "seed=0,1,2", "--out", str(folder)]) == 130
    assert capsys.readouterr().err == (
        f"compare.sweep: interrupted; 1 of 3 chunks are in {folder}, and the same command goes on from there\n"
    )


@pytest.mark.parametrize(
    "flags",
    [
        ["--grid", "initial.w=-2:2:4", "--grid", "initial.b=-1:1:3", "--train", "w,b", "--grid", "seed=0,1,2,3"],
        [
            *("--grid", "optimizer.learning_rate=0.01:1:3:log", "--grid", "optimizer.momentum=0,0.5"),
            *("--random", "initial.w=normal:0:1", "--number", "5"),
        ],
        ["--grid", "negative_slope=0,0.5", "--random", "initial.w=normal:0:1", "--number", "5"],
        ["--grid", "initial.w=-2:2:4"],
        ["--random", "initial.w=normal:0:1", "--random", "initial.b=normal:0:1", "--number", "9", "--train", "w,b"],
        ["--random", "initial.w=normal:0:1", "--number", "9"],
    ],
    ids=["maps", "share over two", "shares over one", "ends", "two drawn", "one drawn"],
)
def test_every_kind_of_sweep_has_its_picture(flags, tmp_path):
    flags = [*flags, "--steps", "3", "--batch-size", "4", "--quiet"]
    pictures = []
    for name in ("one", "other"):
        assert main([*flags, "--out", str(tmp_path / name)]) == 0
        pictures.append((tmp_path / name / "sweep.png").read_bytes())
    assert pictures[0] == pictures[1]
    with Image.open(tmp_path / "one" / "sweep.png") as picture:
        assert min(picture.size) > 500


def test_where_nothing_is_a_number_there_is_no_picture(tmp_path, capsys):
    flags = ["--grid", "dtype=float32,float64", "--steps", "2", "--batch-size", "4"]
    assert main([*flags, "--out", str(tmp_path / "out")]) == 0
    assert "no picture" in capsys.readouterr().out
    assert not (tmp_path / "out" / "sweep.png").exists()


def test_a_file_of_ones_own_is_read(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[sweep]\nname = "mine"\n[sweep.grid]\ninitial.w = [1.0, 2.0]\nsteps = [3]\nbatch_size = [4]\n')
    assert load_sweep(file).shape == (2, 1, 1)
    assert main([str(file), "--quiet", "--out", str(tmp_path / "out")]) == 0
