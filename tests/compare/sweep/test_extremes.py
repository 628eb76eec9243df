"""Settings at the ends of the range of numbers: no warning, no traceback, from a sweep or its picture."""

import random

import pytest

from compare.figures.style import rounded
from compare.sweep.__main__ import main

NUMBERS = ["0", "1", "-1", "1e308", "-1e308", "1.7e308", "-1.7e308", "5e-324", "1e-310", "1e-300", "1e-45", "3.5e38"]
NUMBERS += ["-3.5e38", "1e150", "1e154", "-1e154", "2", "0.5"]
STARTS = ["initial.w", "initial.b", "initial.v", "initial.d", "negative_slope", "target.w", "target.b"]
SETTINGS = [*STARTS, "target.negative_slope", "optimizer.learning_rate", "optimizer.momentum", "optimizer.epsilon"]


def flags(seed):
    """Flags of a tiny sweep; many are refused."""
    rng = random.Random(seed)
    found = []
    for _ in range(rng.choice([1, 1, 2])):
        setting, (one, other) = rng.choice(SETTINGS), rng.choices(NUMBERS, k=2)
        distribution = rng.choice(["normal", "uniform", "log_uniform"])
        found += rng.choice(
            [
                ["--grid", f"{setting}={one}:{other}:{rng.choice([2, 3, 5])}{rng.choice(['', ':log'])}"],
                ["--grid", f"{setting}={one},{other}"],
                ["--random", f"{setting}={distribution}:{one}:{other}", "--number", "4"],
                ["--set", f"{setting}={one}"],
            ]
        )
    found += ["--optimizer", rng.choice(["SGD", "Adam", "RMSprop", "AdamW"]), "--dtype", f"float{rng.choice([32, 64])}"]
    return [*found, "--train", rng.choice(["w", "w,b", "w,b,v,d"]), "--steps", "3", "--batch-size", "4"]


@pytest.mark.parametrize("seed", range(60))
def test_no_sweep_warns(seed, tmp_path, capsys):
    assert main([*flags(seed), "--out", str(tmp_path / "out")]) in (0, 2)
    assert "Warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("axes", "status"),
    [
        (["--grid", "initial.w=-1.7e308:1.7e308:5"], 2),
        (["--grid", "initial.d=-1e308:1.7e308:2"], 2),
        (["--grid", "initial.w=-1.7e308,1.7e308"], 0),
        (["--grid", "target.b=1e-310,-1e308"], 0),
        (["--grid", "target.negative_slope=1.7e308,-1e308", "--grid", "target.b=1,0.5"], 0),
        (["--grid", "target.b=0,0.5", "--grid", "initial.b=2,1.7e308"], 0),
        (["--grid", "initial.w=0:5e-324:2"], 0),
    ],
)
def test_the_ends_of_the_range(axes, status, tmp_path, capsys):
    small = ["--steps", "3", "--batch-size", "4", "--dtype", "float64", "--out", str(tmp_path / "out")]
    assert main([*axes, *small]) == status
    printed = capsys.readouterr()
    assert printed.err.count("\n") == (status == 2)
    assert ("no picture" in printed.out) == (status == 0)


def test_a_number_at_the_end_of_the_range_is_rounded():
    import numpy as np

    assert [rounded(np.float64(value)) for value in (1.7e308, -1.7e308, 5e-324)] == [
        "1.7e308",
        "\N{MINUS SIGN}1.7e308",
        "0",
    ]
