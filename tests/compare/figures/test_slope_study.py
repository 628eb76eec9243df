"""The slope study's figure shows what the study says."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.slope_study import draw_losses, draw_map, draw_starts, slope_figure, study_legend
from compare.surface import critical_points
from compare.theory import slope_study
from compare.theory.outcomes import NAMES

SLOPES = np.array([-0.5, 0.0, 0.5])


@pytest.fixture(scope="module")
def studies():
    return slope_study(SLOPES, starts=4), slope_study(SLOPES, bias=True, starts=4, steps=200)


@pytest.fixture(scope="module")
def whole():
    """Slopes on all sides of -1, 0 and 1, and these."""
    return slope_study(np.array([-1.5, -1.125, -1.0, -0.875, -0.125, 0.0, 0.125, 1.0, 1.5]), starts=4)


def colours_of(mesh):
    rows, columns = mesh.get_array().shape
    return [[to_hex(c).upper() for c in row] for row in mesh.to_rgba(mesh.get_array()).reshape(rows, columns, 4)]


def test_each_start_has_the_colour_of_what_became_of_it(whole, ax):
    draw_starts(ax, whole)
    assert len(ax.collections) == 4
    drawn = np.concatenate([colours_of(mesh) for mesh in ax.collections], axis=1)
    expected = [[style.LOOKS[NAMES[i]].colour for i in row] for row in whole.outcome[[0, 1, 3, 4, 6, 8], :, 0].T]
    assert drawn.tolist() == expected
    assert {style.LOOKS["learned"].colour, style.LOOKS["stuck"].colour} == set(drawn.ravel())


def test_shading_ends_exactly_where_the_outcome_changes_at_once(whole, ax):
    draw_starts(ax, whole)
    edges = [mesh.get_coordinates()[0, :, 0].tolist() for mesh in ax.collections]
    assert [(part[0], part[-1]) for part in edges[1:3]] == [(-1.0, 0.0), (0.0, 1.0)]
    assert edges[0][-1] == -1.0
    assert edges[3][0] == 1.0


def test_the_slopes_at_the_borders_are_lines_of_their_own_with_a_marker_for_each_start(whole, ax):
    draw_starts(ax, whole)
    for i, slope in ((2, -1.0), (5, 0.0), (7, 1.0)):
        points = [line for line in ax.lines if list(line.get_xdata()) == [slope] and line.get_marker() != "p"]
        assert [list(line.get_ydata()) for line in points] == [[w] for w in whole.w]
        looks = [style.LOOKS[NAMES[outcome]] for outcome in whole.outcome[i, :, 0]]
        assert [(line.get_color(), line.get_marker()) for line in points] == [look[:2] for look in looks]


@pytest.mark.parametrize("slope", [-1.75, -0.5, 0.5, 2.0])
def test_the_lines_go_through_the_minima(slope, ax):
    draw_starts(ax, slope_study(np.array([-2.0, slope, 2.5]), starts=2, steps=3))
    for point in critical_points(negative_slope=slope):
        name = {"global minimum": "best minimum", "local minimum": "other minimum"}.get(point.kind)
        if name:
            lines = [line for line in ax.lines if line.get_label().strip("_") == name]
            at = [np.interp(slope, *line.get_data(), left=np.nan, right=np.nan) for line in lines]
            # Straight pieces no longer than 4.5 / 160, of curves whose second derivative is at most 2.
            straight = (4.5 / 160) ** 2 / 8 * 2
            assert any(abs(w - point.parameters.w) <= straight for w in at), (name, at)


@pytest.mark.parametrize("slope", [-1.5, -0.5, 0.1, 0.3, 1.0])
def test_the_least_losses_are_those_of_the_critical_points_and_a_bias_never_makes_them_worse(slope, studies, ax):
    """Between the slopes that were tried too, where straight lines from one to the next would lie too high."""
    without = slope_study(np.array([-2.0, 2.0]), starts=2, steps=3)
    draw_losses(ax, without, studies[1])
    lines = {line.get_label(): line for line in ax.lines}
    read = []
    for name, trainable in (("least, without bias", ("w",)), ("least, with bias", ("w", "b"))):
        read.append(float(np.interp(slope, *lines[name].get_data())))
        least = min(point.loss for point in critical_points(trainable=trainable, negative_slope=slope))
        straight = (4 / 160) ** 2 / 8 * 2  # pieces of 1 / 40, of curves whose second derivative is at most 2
        assert abs(read[-1] - least) <= straight
    assert read[1] <= read[0]


def test_losses_where_starts_are_stuck_are_drawn_where_they_were_computed_and_not_joined(whole, studies, ax):
    draw_losses(ax, whole, studies[1])
    lines = {line.get_label(): line for line in ax.lines}
    stuck, dead = lines["stuck, without bias"], lines["dead, with bias"]
    assert stuck.get_linestyle() == dead.get_linestyle() == "None"
    assert stuck.get_xdata().tolist() == [-1.5, -1.125, -1.0, -0.875, -0.125, 0.0, 1.0, 1.5]
    assert stuck.get_ydata()[5] == 0.5  # of the ReLU's trap
    assert dead.get_xdata().tolist() == [0.0]


def test_every_map_is_named_by_its_slope(studies):
    titles = [ax.get_title(loc="left") for ax in slope_figure(*studies, figure=Figure()).axes[2:]]
    assert titles == ["s = \N{MINUS SIGN}0.5", "s = 0 (ReLU)", "s = 0.5"]


def test_a_legend_names_what_is_drawn_and_nothing_else(studies, ax):
    draw_map(ax, studies[1], 2, first=True)
    named = [handle.get_label() for handle in study_legend([studies[1].outcome[2]], [ax])]
    assert named == ["learned", "best minimum (star)"]
    figure = slope_figure(*studies, figure=Figure())
    named = {text.get_text() for text in figure.legends[0].get_texts()}
    occurring = {NAMES[i] for study in studies for i in np.unique(study.outcome)}
    marks = {
        "best minimum",
        "other minimum",
        "best minimum (star)",
        "other minimum (hollow)",
        "ReLU's trap, w = 0",
        "dead at w = 0",
    }
    assert named == occurring | marks


def test_two_equal_minima_both_have_a_star(ax):
    study = slope_study(np.array([-1.0, 0.5]), bias=True, starts=2, steps=3)
    draw_map(ax, study, 0, first=True)
    stars = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "*"]
    assert len(stars) == 2
    assert f"{sum(stars):.9f}".strip("-") == "0.000000000"


def test_studies_in_the_wrong_order_are_refused(studies):
    with pytest.raises(ValueError, match="in this order"):
        slope_figure(*studies[::-1])
    with pytest.raises(ValueError, match="at least two slopes"):
        slope_figure(slope_study(np.array([0.0]), starts=2), studies[1])
