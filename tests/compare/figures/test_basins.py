"""The basin map: each start in the colour of what became of it."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from compare.figures import basin_map, style
from reference import SGD, Experiment, Parameters, train

W, B = np.array([-2.0, -0.5, 0.5, 2.0]), np.array([-1.0, 0.0, 1.0])


def grid(w=W, b=B[:, None], **changes):
    settings = {"trainable": ("w", "b"), "steps": 150, "batch_size": 100, "optimizer": SGD(learning_rate=0.125)}
    return train(Experiment(initial=Parameters(w=w, b=b), **settings | changes), record="end")


def test_each_cell_has_the_colour_of_the_single_run_from_there(ax):
    basin_map(grid(), ax=ax)
    (mesh,) = ax.collections
    cells = mesh.to_rgba(mesh.get_array())
    for i, b in enumerate(B):
        for j, w in enumerate(W):
            end = grid(w=w, b=b).end
            # Near the teacher, or not: the runs are long enough to tell by eye.
            reached = bool(end.w > 0.5 and abs(end.b) < 0.5)
            assert to_hex(cells[i, j]).upper() == (style.SUCCESS if reached else style.FAILURE), (w, b)


def test_cells_lie_where_the_starts_are(ax):
    w, b = np.array([-1.0, 0.0, 1.0]), np.array([-2.0, 2.0])
    basin_map(grid(w=w, b=b[:, None]), ax=ax)
    corners = ax.collections[0].get_coordinates()
    assert corners[0, :, 0].tolist() == [-1.5, -0.5, 0.5, 1.5]
    assert corners[:, 0, 1].tolist() == [-4.0, 0.0, 4.0]


def test_shares_and_the_minimum_are_named(ax):
    basin_map(grid(), ax=ax)
    reached = sum(
        to_hex(colour).upper() == style.SUCCESS
        for colour in ax.collections[0].to_rgba(ax.collections[0].get_array()).reshape(-1, 4)
    )
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == [
        f"succeeds ({100 * reached / 12:.3g} %)",
        f"fails ({100 * (12 - reached) / 12:.3g} %)",
        "minimum: w = 1, b = 0",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w": W, "b": 0.0}, r"two-dimensional ensemble that trains w and b, got shape \(4,\)"),
        ({"trainable": ("w",)}, "that trains w$"),
        ({"w": W[::-1]}, "needs a grid of starts"),
        ({"w": W + B[:, None] / 8}, "needs a grid of starts"),
        ({"w": W[:1]}, "needs a grid of starts"),
        ({"negative_slope": -0.5}, "from 0 to 1 to tell success, got -0.5 and 0"),
    ],
)
def test_mistakes_are_told(ax, changes, message):
    with pytest.raises(ValueError, match=message):
        basin_map(grid(**changes), ax=ax)
    assert not ax.collections


def test_what_is_no_trajectory_is_told(ax):
    with pytest.raises(TypeError, match=r"basin_map draws a Trajectory.*got \[1.0\]"):
        basin_map([1.0], ax=ax)
