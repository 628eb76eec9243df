"""The expected Hessian against 50-digit values and second differences, and its absence at w = b = 0."""

import mpmath as mp
import numpy as np
import pytest

from compare.surface import expected_hessian
from compare.surface.errors import HESSIAN_ERROR
from reference import Parameters, Target

NAMES = Parameters._fields


def evaluate(point):
    return expected_hessian(Parameters(*point[:4]), negative_slope=point.s, target=Target(*point.target))


def test_two_thousand_points_of_every_magnitude_keep_the_promised_error(points, exact):
    for point in points:
        true, seen = exact(point).hessian, evaluate(point)
        largest = max(abs(h) for h in true)
        if largest < 1e300:
            error = max(abs(mp.mpf(float(seen[i, j])) - true[i, j]) for i in range(4) for j in range(4))
            assert error <= HESSIAN_ERROR * largest, point


def test_no_entry_is_lost_beside_larger_ones_of_another_unit(points, exact):
    # The curvature by w may be 1 and that by v 1e-600, or the other way round.
    compared = 0
    for point in points:
        true, scales, seen = exact(point).hessian, exact(point).scales, evaluate(point)
        for i in range(4):
            for j in range(4):
                if 1e-290 < scales[i, j] < 1e300:
                    assert abs(mp.mpf(float(seen[i, j])) - true[i, j]) <= HESSIAN_ERROR * scales[i, j], (i, j, point)
                    compared += 1
    assert compared > 12 * len(points)


@pytest.mark.parametrize("unit", [2.0**-1074, 1e-300, 1e-160, 1.0, 1e150, 1e300])
def test_the_unit_of_w_and_b_does_not_matter_where_the_neuron_is_silent_or_the_label_zero_at_its_kink(unit):
    # w = -1, b = -1.7, in any unit: active for x < -1.7, where y = 0, and so is r at the kink. Hence by w and b H is
    # 2 v^2 E[(x, 1)(x, 1)^T; x < -1.7], by hand P + 1.7 p, -p and P with P = Phi(-1.7) and p the density there.
    for v in (1.0, 2.0**-400, 2.0**300):
        at = Parameters(-10 * unit, -17 * unit, v)
        k = mp.mpf(at.b) / mp.mpf(at.w)
        tail, density = mp.ncdf(-k), mp.npdf(k)
        true = [2 * v * v * m for m in (tail + k * density, -density, tail)]
        # r at the kink is v (w k + b) = 0 exactly, but k is rounded: nothing, for ReLU's y is 0 on both sides.
        seen = expected_hessian(at)
        for value, entry in zip(true, (seen[0, 0], seen[0, 1], seen[1, 1]), strict=True):
            assert abs(mp.mpf(float(entry)) - value) <= HESSIAN_ERROR * 2 * v * v


@pytest.mark.parametrize("slope", [0.0, 0.3, -1.0])
def test_it_is_the_second_derivative_of_the_loss(slope, make_point, exact):
    # Central differences of 50-digit losses: their own error is of the order h^2 = 1e-24.
    point = make_point(0.75, -0.5, 1.5, 0.25, slope, (1.25, 0.5, 0.25))
    seen, h = evaluate(point), mp.mpf(10) ** -12

    def loss(*steps):
        moved = {name: getattr(point, name) + step * h for name, step in zip(NAMES, steps, strict=True)}
        return exact(point._replace(**moved)).loss

    unit = np.eye(4, dtype=int)
    for i in range(4):
        for j in range(4):
            with mp.workdps(60):
                corners = [(a, b, loss(*(a * unit[i] + b * unit[j]).tolist())) for a in (1, -1) for b in (1, -1)]
                difference = sum(a * b * value for a, b, value in corners) / (4 * h * h)
                assert abs(mp.mpf(float(seen[i, j])) - difference) <= HESSIAN_ERROR * np.abs(seen).max()


def test_the_moving_kink_is_seen():
    # For w != 0, v = 1, ReLU: without its term the w, b block would be 2 E[phi'^2 (x, 1)(x, 1)^T].
    w, b, d = 1.0, -0.5, 0.75
    h = expected_hessian(Parameters(w, b, 1.0, d))
    k = 0.5
    upper = mp.erfc(mp.mpf(k) / mp.sqrt(2)) / 2
    density = mp.exp(-(mp.mpf(k) ** 2) / 2) / mp.sqrt(2 * mp.pi)
    jump = 2 * (d - k) * density  # the residual at the kink is d - relu(k)
    assert abs(h[1, 1] - float(2 * upper + jump)) <= 4 * HESSIAN_ERROR
    assert abs(h[0, 1] - float(2 * density + jump * k)) <= 4 * HESSIAN_ERROR


def test_it_is_symmetric_and_has_the_order_w_b_v_d():
    h = expected_hessian(Parameters(*np.random.default_rng(0).normal(size=(4, 50))), negative_slope=0.3)
    assert h.shape == (50, 4, 4)
    assert h.tobytes() == np.ascontiguousarray(h.swapaxes(-1, -2)).tobytes()
    assert (h[:, 3, 3] == 2).all()
    # dL/dv = 2 E[phi (v phi + d - y)] has the derivative 2 E phi^2 = w^2 by v, if b = 0.
    assert expected_hessian(Parameters(2.0, 0.0, 5.0, 7.0))[2, 2] == 4.0


def test_at_the_cone_only_what_exists_is_given():
    def given(v, slope):
        return ~np.isnan(expected_hessian(Parameters(0.0, 0.0, v, 0.5), negative_slope=slope))

    assert given(1.0, 1.0).all()
    assert given(1.0, 0.0).tolist() == [
        [False] * 4,
        [False] * 4,
        [False, False, True, True],
        [False, False, True, True],
    ]
    assert given(0.0, 0.0).tolist() == [[True, True, False, True]] * 2 + [[False, False, True, True], [True] * 4]


def test_towards_a_weight_of_zero_it_is_continuous():
    near, at = (expected_hessian(Parameters(w, 0.5, 1.5, 0.25), negative_slope=0.25) for w in (1e-200, 0.0))
    assert np.abs(near - at).max() <= HESSIAN_ERROR * np.abs(at).max()
