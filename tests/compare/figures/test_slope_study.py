"""The slope study's figure shows what the study says."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.slope_study import slope_figure
from compare.theory import slope_study

SLOPES = np.array([-0.5, 0.0, 0.5])


@pytest.fixture(scope="module")
def studies():
    return slope_study(SLOPES, starts=4), slope_study(SLOPES, bias=True, starts=4, steps=200)


def test_each_start_has_the_colour_of_what_became_of_it(studies):
    figure = slope_figure(*studies, figure=Figure())
    mesh = figure.axes[0].collections[0]
    cells = mesh.to_rgba(mesh.get_array()).reshape(4, 3, 4)
    for i in range(3):
        for j in range(4):
            expected = style.FAILURE if studies[0].stuck[i, j, 0] else style.SUCCESS
            assert to_hex(cells[j, i]).upper() == expected


def test_the_lines_are_the_minima(studies):
    figure = slope_figure(*studies, figure=Figure())
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    assert any(np.array_equal(y, [0.8, 1.0, 0.8], equal_nan=True) for y in drawn)  # 1 / (1 + c^2)
    assert any(np.array_equal(y, [-0.4, np.nan, np.nan], equal_nan=True) for y in drawn)  # c / (1 + c^2)
    assert any(np.array_equal(y, [np.nan, 0.0, np.nan], equal_nan=True) for y in drawn)  # the ReLU's kink


def test_losses_are_those_of_the_studies(studies):
    figure = slope_figure(*studies, figure=Figure())
    best = [line.get_ydata() for line in figure.axes[1].lines if line.get_label().startswith("best")]
    assert [y.tolist() for y in best] == [study.best.tolist() for study in studies]


def test_every_map_is_named_by_its_slope(studies):
    titles = [ax.get_title(loc="left") for ax in slope_figure(*studies, figure=Figure()).axes[2:]]
    assert titles == ["c = -0.5", "c = 0 (ReLU)", "c = 0.5"]


def test_studies_in_the_wrong_order_are_refused(studies):
    with pytest.raises(ValueError, match="in this order"):
        slope_figure(*studies[::-1])
    with pytest.raises(ValueError, match="at least two slopes"):
        slope_figure(slope_study(np.array([0.0]), starts=2), studies[1])
