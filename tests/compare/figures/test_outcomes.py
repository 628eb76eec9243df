"""Pictures of what became of ensembles."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgba

from compare.figures import style
from compare.figures.outcomes import (
    cell_edges,
    outcome_legend,
    outcome_map,
    outcome_points,
    outcome_shares,
    percent,
    share_map,
)
from compare.theory.outcomes import OUTCOMES


def test_every_cell_has_the_colour_of_its_outcome(ax):
    outcome = np.array([[0, 1, 2, 3], [4, 3, 2, 0]])
    outcome_map([0.0, 1.0, 2.0, 3.0], [0.0, 1.0], outcome, ax=ax)
    mesh = ax.collections[0]
    mesh.update_scalarmappable()
    colours = [to_hex(colour) for colour in mesh.to_rgba(mesh.get_array()).reshape(-1, 4)]
    assert colours == [style.LOOKS[list(OUTCOMES)[i]].colour.lower() for i in outcome.ravel()]


def test_every_outcome_has_a_colour_a_marker_and_a_line_of_its_own():
    assert list(style.LOOKS) == list(OUTCOMES)
    for part in ("colour", "marker", "line"):
        assert len({str(getattr(look, part)) for look in style.LOOKS.values()}) == len(OUTCOMES)
    assert len({style.LOOKS[name].hatch for name in ("learned", "stuck", "dead")}) == 3


def luminance(colour):
    """Relative luminance by WCAG 2.1."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgba(colour)[:3]]
    return float(np.dot([0.2126, 0.7152, 0.0722], channels))


def test_every_outcome_can_be_seen_on_white():
    assert all(1.05 / (luminance(look.colour) + 0.05) >= 3 for look in style.LOOKS.values())


def test_what_is_stuck_or_dead_is_hatched_where_it_is_and_nowhere_else(ax):
    outcome = np.array([[0, 2, 2], [3, 0, 0]])
    outcome_map([0.0, 1.0, 2.0], [0.0, 1.0], outcome, ax=ax)
    hatched = {patch.get_hatch(): patch.get_path() for patch in ax.patches}
    assert set(hatched) == {style.LOOKS["stuck"].hatch, style.LOOKS["dead"].hatch}
    for i, name in ((2, "stuck"), (3, "dead")):
        path = hatched[style.LOOKS[name].hatch]
        inside = [[path.contains_point((x, y)) for x in (0.0, 1.0, 2.0)] for y in (0.0, 1.0)]
        assert inside == (outcome == i).tolist()


@given(values=st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True))
def test_cells_meet_half_way(values):
    values = np.sort(np.array(values, float))
    edges = cell_edges(values)
    assert edges[1:-1].tolist() == [(one + other) / 2 for one, other in pairwise(values.tolist())]
    assert edges[0] + edges[1] == 2 * values[0]
    assert edges[-1] + edges[-2] == 2 * values[-1]


def test_no_share_is_white_and_all_of_it_the_colour_of_success(ax):
    share_map([0.0, 1.0], [0.0, 1.0], [[0.0, 1.0], [0.0, 1.0]], ax=ax)
    mesh = ax.collections[0]
    colours = mesh.to_rgba(mesh.get_array()).reshape(-1, 4)
    assert tuple(colours[0]) == to_rgba("white")
    assert tuple(colours[1]) == to_rgba(style.LOOKS["learned"].colour)


@pytest.mark.parametrize(
    ("x", "scale"), [([0.01, 0.1, 1.0], "log"), ([1.0, 2.0, 3.0], "linear"), ([0, 1, 9], "linear")]
)
def test_values_evenly_spaced_in_logarithms_are_drawn_so(ax, x, scale):
    outcome_map(x, [0.0, 1.0], [[0, 0, 0], [1, 1, 1]], ax=ax)
    assert ax.get_xscale() == scale


def test_points_are_drawn_each_in_its_colour_and_none_at_infinity(ax):
    outcome_points([0.0, 1.0, 2.0], [1.0, np.nan, 3.0], [0, 2, 1], ax=ax)
    assert [to_hex(cloud.get_facecolor()[0]) for cloud in ax.collections] == [
        style.LOOKS["learned"].colour.lower(),
        style.LOOKS["on its way"].colour.lower(),
    ]


def test_a_legend_names_what_occurs():
    assert [handle.get_label() for handle in outcome_legend([1, 1, 4, 0])] == [
        "learned (25 %)",
        "on its way (50 %)",
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
