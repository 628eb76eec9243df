"""The basin map: each start in the colour of what became of it."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from compare.figures import basin_map, style
from compare.sweep import Axis, Sweep, run_sweep
from compare.theory.outcomes import outcome_of
from reference import SGD, Experiment, Parameters, train

W, B = np.array([-2.0, -0.5, 0.5, 2.0]), np.array([-1.0, 0.0, 1.0])


def grid(w=W, b=B[:, None], **changes):
    settings = {"trainable": ("w", "b"), "steps": 150, "batch_size": 100, "optimizer": SGD(learning_rate=0.125)}
    return train(Experiment(initial=Parameters(w=w, b=b), **settings | changes), record="end")


def test_each_cell_has_the_colour_of_the_single_run_from_there(ax):
    basin_map(grid(), ax=ax)
    (mesh,) = ax.collections
    cells, seen = mesh.to_rgba(mesh.get_array()), set()
    for i, b in enumerate(B):
        for j, w in enumerate(W):
            outcome = outcome_of(grid(w=w, b=b))
            assert to_hex(cells[i, j]).upper() == style.LOOKS[outcome].colour, (w, b)
            seen.add(outcome)
    assert seen == {"learned", "on its way", "dead"}


def test_cells_lie_where_the_starts_are(ax):
    w, b = np.array([-1.0, 0.0, 1.0]), np.array([-2.0, 2.0])
    basin_map(grid(w=w, b=b[:, None]), ax=ax)
    corners = ax.collections[0].get_coordinates()
    assert corners[0, :, 0].tolist() == [-1.5, -0.5, 0.5, 1.5]
    assert corners[:, 0, 1].tolist() == [-4.0, 0.0, 4.0]


def test_shares_are_those_of_a_sweep_from_the_same_starts_and_named_with_the_minimum(ax):
    run = grid()
    basin_map(run, ax=ax)
    axes = (Axis("initial.b", tuple(B.tolist())), Axis("initial.w", tuple(W.tolist())))
    alone = replace(run.experiment, initial=Parameters(w=1.0))
    swept = run_sweep(Sweep(name="same", says="", experiment=alone, grid=axes))
    expected = [f"{name} ({100 * swept.share(name):.3g} %)" for name in ("learned", "on its way", "dead")]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*expected, "minimum (1, 0)"]


def test_any_slope_can_be_drawn(ax):
    basin_map(grid(negative_slope=-0.5, steps=300, batch_size=10_000), ax=ax)
    assert any("stuck" in text.get_text() for text in ax.get_legend().get_texts())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w": W, "b": 0.0}, r"two-dimensional ensemble that trains w and b, got shape \(4,\)"),
        ({"trainable": ("w",)}, "that trains w$"),
        ({"w": W[::-1]}, "needs a grid of starts"),
        ({"w": W + B[:, None] / 8}, "needs a grid of starts"),
        ({"w": W[:1]}, "needs a grid of starts"),
    ],
)
def test_mistakes_are_told(ax, changes, message):
    with pytest.raises(ValueError, match=message):
        basin_map(grid(**changes), ax=ax)
    assert not ax.collections


def test_what_is_no_trajectory_is_told(ax):
    with pytest.raises(TypeError, match=r"basin_map draws a Trajectory.*got \[1.0\]"):
        basin_map([1.0], ax=ax)
