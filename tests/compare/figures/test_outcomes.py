"""Pictures of what became of ensembles."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgba

from compare.figures import style
from compare.figures.outcomes import (
    OUTCOMES,
    outcome_legend,
    outcome_map,
    outcome_points,
    outcome_shares,
    percent,
    share_map,
)


def test_every_cell_has_the_colour_of_its_outcome(ax):
    outcome = np.array([[0, 1, 2, 3], [4, 5, 6, 0]])
    outcome_map([0.0, 1.0, 2.0, 3.0], [0.0, 1.0], outcome, ax=ax)
    mesh = ax.collections[0]
    mesh.update_scalarmappable()
    colours = [to_hex(colour) for colour in mesh.to_rgba(mesh.get_array()).reshape(-1, 4)]
    assert colours == [list(OUTCOMES.values())[i].lower() for i in outcome.ravel()]


def test_colours_mean_what_they_mean_everywhere():
    assert OUTCOMES["learned"] == style.SUCCESS
    assert OUTCOMES["stuck: dead"] == style.FAILURE
    assert OUTCOMES["undecided"] == style.UNDECIDED
    assert len(set(OUTCOMES.values())) == len(OUTCOMES)


def test_no_share_is_white_and_all_of_it_the_colour_of_success(ax):
    share_map([0.0, 1.0], [0.0, 1.0], [[0.0, 1.0], [0.0, 1.0]], ax=ax)
    mesh = ax.collections[0]
    colours = mesh.to_rgba(mesh.get_array()).reshape(-1, 4)
    assert tuple(colours[0]) == to_rgba("white")
    assert tuple(colours[1]) == to_rgba(style.SUCCESS)


@pytest.mark.parametrize(
    ("x", "scale"), [([0.01, 0.1, 1.0], "log"), ([1.0, 2.0, 3.0], "linear"), ([0, 1, 9], "linear")]
)
def test_values_evenly_spaced_in_logarithms_are_drawn_so(ax, x, scale):
    outcome_map(x, [0.0, 1.0], [[0, 0, 0], [1, 1, 1]], ax=ax)
    assert ax.get_xscale() == scale


def test_points_are_drawn_each_in_its_colour_and_none_at_infinity(ax):
    outcome_points([0.0, 1.0, 2.0], [1.0, np.nan, 3.0], [0, 1, 5], ax=ax)
    assert [to_hex(cloud.get_facecolor()[0]) for cloud in ax.collections] == [
        OUTCOMES["learned"].lower(),
        OUTCOMES["undecided"].lower(),
    ]


def test_a_legend_names_what_occurs():
    assert [handle.get_label() for handle in outcome_legend([5, 5, 6, 0])] == [
        "learned (25 %)",
        "undecided (50 %)",
        "diverged (25 %)",
    ]


def test_a_share_is_never_shown_as_all_or_nothing_unless_it_is():
    assert [percent(share) for share in (0.0, 1e-7, 0.5, 1 - 1e-7, 1.0)] == ["0", "< 0.01", "50", "> 99.9", "100"]


@pytest.mark.parametrize(
    ("draw", "arguments", "message"),
    [
        (outcome_map, ([0.0, 1.0], [0.0], [[0]]), "must have shape"),
        (outcome_map, ([1.0, 0.0], [0.0], [[0, 0]]), "must increase"),
        (outcome_map, ([0.0, 1.0], [0.0], [[0, -1]]), "got -1"),
        (share_map, ([0.0, 1.0], [0.0], [[0.0, 1.5]]), "from 0 to 1"),
        (share_map, ([0.0, 1.0], [0.0], [[0.0, np.nan]]), "from 0 to 1"),
        (outcome_shares, ([0.0, 1.0], [[0.5, 0.5]]), "must have shape"),
        (outcome_points, ([0.0], [0.0], [7]), "got 7"),
    ],
)
def test_what_cannot_be_drawn_is_said(ax, draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(*arguments, ax=ax)
