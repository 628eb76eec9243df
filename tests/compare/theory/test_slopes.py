"""The slope study and the orientations, against the formulas of their docstrings."""

import math

import numpy as np
import pytest

from compare.surface import critical_points, expected_loss
from compare.surface.errors import LOSS_ERROR
from compare.theory.outcomes import OUTCOMES
from compare.theory.quadrants import quadrant_shares
from compare.theory.slopes import least_loss, slope_study
from reference import Parameters

SLOPES = np.array([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0])


def test_without_bias_the_losses_of_both_vertices_are_those_of_the_formulas():
    study = slope_study(SLOPES, starts=4)
    for c, points in zip(SLOPES, study.points, strict=True):
        right = [p for p in points if p.parameters.w > 0]
        left = [p for p in points if p.parameters.w < 0]
        assert len(right) == 1
        assert len(left) == (c < 0)
        for found, loss in ((right, c * c / (2 + 2 * c * c)), (left, 1 / (2 + 2 * c * c))):
            assert all(abs(p.loss - loss) <= 2 * LOSS_ERROR * loss for p in found)


def test_without_bias_half_of_the_starts_are_stuck_up_to_zero_and_all_where_a_line_would_do_as_well():
    shares = slope_study(SLOPES, starts=4).stuck_share
    assert shares.tolist() == [0.5, 1.0, 0.5, 0.5, 0.0, 1.0, 1.0]


def test_below_minus_one_it_is_the_right_hand_starts_that_are_stuck():
    study = slope_study(np.array([-2.0, -0.5]), starts=4)
    assert study.stuck[0, :, 0].tolist() == [False, False, True, True]
    assert study.stuck[1, :, 0].tolist() == [True, True, False, False]


def test_with_bias_a_relu_loses_the_backward_starts_below_the_turning_curve():
    study = slope_study(np.array([0.0, 0.5]), bias=True, starts=6, steps=400)
    assert not study.stuck[1].any()
    stuck = study.stuck[0]
    w, b = study.w[:, None], study.b[None, :]
    assert not stuck[(w > 0) & (b > 0)].any()
    assert stuck[(w < 0) & (b < 0)].all()
    assert (stuck[(w < 0) & (b > 0)]).any()
    assert not (stuck[(w < 0) & (b > 0)]).all()


@pytest.mark.parametrize("starts", [0, 3])
def test_an_odd_number_of_starts_is_refused(starts):
    with pytest.raises(ValueError, match="positive even number"):
        slope_study(starts=starts)


def test_a_neuron_wrong_both_ways_ends_as_a_line():
    shares = quadrant_shares(24, until=1000.0)
    assert all(round(sum(share.values()), 12) == 1 for share in shares.values())
    assert shares["both"]["stuck"] > 0.75
    assert shares["right way"]["learned"] > 0.75
    assert shares["right way"]["learned"] > shares["upside down"]["learned"] > shares["both"]["learned"]
    assert all(tuple(share) == tuple(OUTCOMES)[:4] for share in shares.values())


def test_the_line_has_the_loss_of_linear_regression():
    # Var relu(x) - cov(x, relu(x))^2 = 1/2 - 1/(2 pi) - 1/4
    line = Parameters(w=0.5, d=1 / math.sqrt(2 * math.pi))
    loss = 0.25 - 1 / (2 * math.pi)
    assert abs(float(expected_loss(line, negative_slope=1.0)) - loss) <= 4 * LOSS_ERROR * loss


def test_no_starts_are_refused():
    with pytest.raises(ValueError, match="starts must be positive"):
        quadrant_shares(0)


@pytest.mark.parametrize("trainable", [("w",), ("w", "b")])
def test_the_least_loss_is_that_of_the_best_critical_point(trainable):
    slopes = np.array([-3.0, -1.0, -0.9, -0.1, 0.0, 0.1, 0.3, 1.0, 3.0])
    found = least_loss(slopes, bias=len(trainable) == 2)
    for slope, loss in zip(slopes.tolist(), found.tolist(), strict=True):
        best = min(point.loss for point in critical_points(trainable=trainable, negative_slope=slope))
        step = 12 / 60 / 20**3  # of the last grid of kinks; the loss is quadratic in what is left of it
        assert abs(loss - best) < step**2


def test_without_bias_the_least_loss_at_a_tenth_is_larger_than_with_one():
    (without,), (with_bias,) = (least_loss(np.array([0.1]), bias=bias) for bias in (False, True))
    assert (f"{without:.3g}", f"{with_bias:.3g}") == ("0.00495", "0.00464")


def test_starts_that_are_on_their_way_are_not_stuck():
    study = slope_study(np.array([0.0]), starts=4, steps=3)
    assert not study.stuck.any()
    assert (study.end_loss > 0.01).any()
