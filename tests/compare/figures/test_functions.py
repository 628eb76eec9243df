"""What neurons compute before and after training."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from compare.figures import functions, style
from reference import Experiment, Parameters, train


@pytest.fixture(scope="module")
def run():
    start = Parameters(w=-1.5, b=0.25, v=0.5, d=0.25)
    return train(Experiment(initial=start, trainable=("w", "b", "v", "d"), negative_slope=0.5, steps=20, batch_size=20))


def test_start_and_end_are_the_neurons_outputs(run):
    axes = Figure().subplots(1, 2)
    assert functions(run, run, titles=["one", "two"], ax=axes) is axes
    for ax, title in zip(axes, ["one", "two"], strict=True):
        target, before, after = ax.lines
        x = before.get_xdata()
        z = -1.5 * x + 0.25
        assert before.get_ydata().tolist() == (0.5 * np.where(z > 0, z, 0.5 * z) + 0.25).tolist()
        w, b, v, d = (float(p) for p in run.end)
        z = w * x + b
        assert after.get_ydata().tolist() == (v * np.where(z > 0, z, 0.5 * z) + d).tolist()
        assert target.get_ydata().tolist() == np.maximum(x, 0).tolist()
        assert target.get_color() == style.TARGET
        assert after.get_color() == style.LOOKS["on its way"].colour
        assert ax.get_title(loc="left") == title
        assert ax.get_xlabel() == "input x"
    assert axes[0].get_ylabel() == "output"


def test_one_run_takes_one_axes_and_says_where_its_weight_went(run):
    ax = Figure().add_subplot()
    (drawn,) = functions(run, ax=ax)
    assert drawn is ax
    assert ax.get_title(loc="left") == f"from w = {style.number(-1.5)}: on its way, w = {style.number(run.end.w)}"


def test_mistakes_are_told(run):
    with pytest.raises(ValueError, match="needs at least one Trajectory, got none"):
        functions(titles=[])
    with pytest.raises(ValueError, match="one title and one Axes a run, got 0 and 1 for 1"):
        functions(run, titles=[], ax=[Figure().add_subplot()])
    with pytest.raises(TypeError, match="functions draws Trajectories"):
        functions(1, titles=["one"])
