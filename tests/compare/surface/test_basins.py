"""Basins against what the critical points and a local expansion say about them."""

import math

import numpy as np
import pytest

from compare.surface.basins import basins
from compare.surface.flow import gradient_flow
from reference import SGD, Adam, Parameters


def kinds(found):
    return [found.points[i].kind if i >= 0 else None for i in found.reached.ravel()]


def test_without_bias_the_sign_of_the_start_decides_for_a_relu_and_not_for_a_leaky_one():
    starts = Parameters(np.array([-10.0, -1.0, -0.01, 0.01, 1.0, 10.0]))
    assert kinds(basins(starts)) == ["one-sided stationary"] * 3 + ["global minimum"] * 3
    assert kinds(basins(starts, negative_slope=0.3)) == ["global minimum"] * 6
    assert kinds(basins(starts, negative_slope=-0.5)) == ["local minimum"] * 3 + ["global minimum"] * 3


def test_with_bias_a_leaky_relu_ends_at_its_one_minimum_from_everywhere():
    grid = np.linspace(-3, 3, 5)
    found = basins(Parameters(grid[:, None], grid), trainable=("w", "b"), negative_slope=0.3, until=200.0)
    assert set(kinds(found)) == {"global minimum"}
    assert found.share("global minimum") == 1.0


def test_the_boundary_of_a_backward_relu_leaves_the_origin_like_sqrt2_w_to_the_three_halves():
    # For small w < 0 and b = eps |w|: d eps/dt = (eps^2 / |w| - 2) / sqrt(2 pi) to leading order, so that starts
    # with eps^2 < 2 |w| die and those with eps^2 > 2 |w| turn around: b = sqrt(2) |w|^1.5.
    w = 2.0**-12
    for factor, dies in ((0.75, True), (1.5, False)):
        end = gradient_flow(Parameters(-w, factor * math.sqrt(2) * w**1.5), trainable=("w", "b"), until=60.0).end
        assert bool(end.w < 0) == dies


def test_upside_down_and_back_to_front_four_parameters_find_a_line():
    found = basins(Parameters(-1.5, 0.25, -0.5, 0.25), trainable=("w", "b", "v", "d"), until=4000.0)
    point = found.points[int(found.reached)]
    assert point.kind == "minimum at infinity"
    assert float(found.end.w) < 0 > float(found.end.v)


def test_an_optimizer_has_basins_of_its_own():
    starts = Parameters(np.array([-1.0, -0.5]))
    assert kinds(basins(starts, optimizer=SGD(learning_rate=0.5))) == ["one-sided stationary"] * 2
    assert kinds(basins(starts, optimizer=SGD(learning_rate=1.5))) == ["global minimum"] * 2
    assert kinds(basins(starts, optimizer=Adam(learning_rate=0.01))) == ["global minimum"] * 2


def test_a_start_on_its_way_is_not_assigned():
    assert basins(Parameters(5.0), until=0.5).reached == -1


def test_what_is_not_trained_must_be_the_same_for_all():
    with pytest.raises(ValueError, match="b is not trained"):
        basins(Parameters(-1.0, np.array([0.0, 1.0])))
