"""The notebook of docs/: its cells run in order, print what stands behind them, and are kept without their outputs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tour.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]

# Cells in one namespace, as a notebook runs them; figures are drawn as it would show them.
WITHOUT_KERAS = """
import sys
sys.modules["keras"] = sys.modules["tensorflow"] = None  # importing either is an error
import matplotlib
matplotlib.use("Agg")
"""
DRAWN = """
for number in plt.get_fignums():
    plt.figure(number).canvas.draw()
print("figures", len(plt.get_fignums()))
"""


def promised(code):
    """What the comments behind and below the prints of a cell say that it prints."""
    lines = code.splitlines()
    behind = [line.split("  # ", 1)[1] for line in lines if line.startswith("print(") and "  # " in line]
    return behind + [line.removeprefix("# ") for line in lines if line.startswith("# ")]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)


def test_its_cells_run_without_keras_and_print_what_they_say():
    done = run("\n".join([WITHOUT_KERAS, *CODE, DRAWN]))
    assert done.returncode == 0, done.stderr
    *printed, figures = done.stdout.splitlines()
    assert printed == [line for code in CODE for line in promised(code)]
    assert len(printed) > 8
    assert figures == "figures 4"


@pytest.mark.parametrize("planted", ["print(1 / 0)", "import keras"])
def test_a_cell_that_fails_is_seen(planted):
    assert run("\n".join([WITHOUT_KERAS, planted])).returncode != 0


def test_a_promise_is_read_from_behind_and_from_below():
    assert promised("x = 1  # no promise\nprint(x)  # 1\nfor i in y:\n    print(i)\n# 2\n# 3") == ["1", "2", "3"]


def test_it_is_kept_without_outputs_and_each_cell_has_a_name_of_its_own():
    code = [cell for cell in CELLS if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)
    names = [cell["id"] for cell in CELLS]
    assert len(set(names)) == len(names)
