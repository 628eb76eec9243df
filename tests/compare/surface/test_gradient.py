"""The expected gradient against 50-digit values and differences of the loss, and its values at w = b = 0."""

import mpmath as mp
import numpy as np
import pytest

from compare.surface import (
    activation_probability,
    expected_gradient,
    expected_gradient_error,
    expected_hessian,
    expected_loss,
    expected_loss_and_gradient,
)
from compare.surface.errors import GRADIENT_ERROR
from reference import Parameters, Target, backward, forward

U = 2.0**-53


def evaluate(point, **options):
    return expected_gradient(
        Parameters(*point[:4]), negative_slope=point.s, target=Target(*point.target), **options
    )  # fmt: skip


def test_two_thousand_points_of_every_magnitude_keep_the_promised_error(points, exact):
    for point in points:
        values, seen = exact(point), evaluate(point)
        for name, g, true, size in zip(Parameters._fields, seen, values.gradient, values.sizes, strict=True):
            if 1e-290 < size < 1e300:
                assert abs(mp.mpf(float(g)) - true) <= GRADIENT_ERROR * size, (name, point)


def test_but_for_cancelling_residuals_that_is_2e_minus_14_of_the_largest_component(points, exact):
    ratios = []
    for point in points:
        values, seen = exact(point), evaluate(point)
        largest = max(abs(g) for g in values.gradient)
        if 1e-290 < largest < 1e300:
            error = max(abs(mp.mpf(float(g)) - true) for g, true in zip(seen, values.gradient, strict=True))
            ratios.append((float(error / largest), float(max(values.sizes) / largest)))
    assert all(error <= 2e-14 for error, condition in ratios if condition < 5)
    assert np.mean([condition < 5 for _, condition in ratios]) > 0.75


def test_it_is_the_derivative_of_the_loss(make_point, draw, exact):
    # Differences of 50-digit losses, h = 2^-60 of the parameter: their own error is of the order h^2.
    draws = draw(seed=5)
    for point in (draws.ordinary() for _ in range(25)):
        seen, sizes = evaluate(point), exact(point).sizes
        for i, name in enumerate(Parameters._fields):
            with mp.workdps(60):
                h = max(abs(mp.mpf(point[i])), 1) * mp.mpf(2) ** -60
                up, down = (exact(point._replace(**{name: point[i] + e * h})).loss for e in (1, -1))
                assert abs(mp.mpf(float(seen[i])) - (up - down) / (2 * h)) <= GRADIENT_ERROR * sizes[i], (name, point)


@pytest.mark.parametrize(("side", "sign"), [("right", 1), ("left", -1)])
@pytest.mark.parametrize("slope", [0.0, 0.25, -1.5])
def test_one_sided_derivatives_at_zero_are_those_of_the_loss(side, sign, slope, make_point, exact):
    point = make_point(0.0, 0.0, 1.5, 0.25, slope, (1.0, 0.5, 0.25))
    one_sided = evaluate(point, side=side)
    h = mp.mpf(2) ** -70  # what a quotient of differences is off by, times some second derivative
    for i, name in ((0, "w"), (1, "b")):
        with mp.workdps(60):
            there = exact(point._replace(**{name: sign * h}))
            difference = (there.loss - exact(point).loss) / (sign * h)
            assert abs(mp.mpf(float(one_sided[i])) - difference) <= GRADIENT_ERROR * there.sizes[i]


def test_off_the_cone_both_sides_are_the_derivative():
    p = Parameters(np.array([0.0, 0.5, -0.5]), np.array([0.5, 0.0, 0.5]), 1.5, -0.25)
    both = [expected_gradient(p, negative_slope=0.25, side=side) for side in (None, "left", "right")]
    for components in zip(*both, strict=True):
        assert len({tuple(np.broadcast_to(c, 3).tolist()) for c in components}) == 1


def test_grad_at_zero_is_what_backward_sees_there():
    # At w = b = 0 a sample's gradient is -2 v phi'(0) (y - d) (x, 1): its mean over N(0, 1) by hand.
    for at_zero in (None, 0.0, 0.5, 1.0):
        g = expected_gradient(Parameters(0.0, 0.0, 2.0, 0.0), negative_slope=0.25, grad_at_zero=at_zero)
        factor = 0.25 if at_zero is None else at_zero
        assert g.w == -4 * factor * 0.5  # E[relu(x) x] = 1/2
        assert abs(g.b + 4 * factor / np.sqrt(2 * np.pi)) <= 4 * GRADIENT_ERROR
        assert g.v == 0.0
        x = np.array([1.0, -1.0])
        p = Parameters(np.float64(0.0), np.float64(0.0), np.float64(2.0), np.float64(0.0))
        sample = backward(p, x, np.maximum(x, 0), forward(p, x, 0.25), 0.25, grad_at_zero=at_zero)
        assert sample.w == g.w  # two points of variance 1 have the same E[relu(x) x]


def test_without_bias_it_is_linear():
    # FACTS of the model: (1 + s^2) w - s for w < 0 and (1 + s^2) w - 1 for w > 0.
    for w, slope in ((-3.0, 0.5), (2.0, 0.5), (-0.5, 0.0), (0.25, -1.0)):
        assert expected_gradient(Parameters(w), negative_slope=slope).w == (1 + slope**2) * w - (1 if w > 0 else slope)


def test_a_mirrored_line_changes_the_sign_of_one_component(points):
    for point in points[::4]:
        here = evaluate(point)
        there = evaluate(point._replace(w=-point.w, target=(-point.target[0], *point.target[1:])))
        if point.w:  # at w = 0 both are the same point
            assert there == here._replace(w=-here.w)


def test_a_teacher_is_a_stationary_point():
    rng = np.random.default_rng(3)
    for w, b, s in rng.normal(size=(50, 3)):
        assert expected_gradient(Parameters(w, b), negative_slope=s, target=Target(w, b, s)) == (0, 0, 0, 0)


def test_the_combined_call_has_the_same_bits():
    p = Parameters(*np.random.default_rng(2).normal(size=(4, 1000)))
    options = {"negative_slope": 0.3, "target": Target(0.5, -1.0, 0.1)}
    loss, gradient = expected_loss_and_gradient(p, **options)
    assert loss.tobytes() == expected_loss(p, **options).tobytes()
    for mine, theirs in zip(gradient, expected_gradient(p, **options), strict=True):
        assert mine.tobytes() == theirs.tobytes()


def test_rescaled_parameters_follow_the_chain_rule():
    # Across the border where the evaluation changes its unit of z.
    p = Parameters(*np.random.default_rng(2).normal(size=(4, 100)))
    here = expected_gradient(p, negative_slope=0.3)
    for power in (-600, -99, 99, 400):
        c = 2.0**power
        there = expected_gradient(Parameters(p.w * c, p.b * c, p.v / c, p.d), negative_slope=0.3)
        for name, factor in (("w", c), ("b", c), ("v", 1 / c), ("d", 1.0)):
            assert (getattr(there, name) * factor).tolist() == getattr(here, name).tolist()


@pytest.mark.parametrize("w", [-(2.0**-1074), -1e-310, -1e-300, -1.0, -1e150, -1e300, 1e-310, 1e300])
def test_without_bias_it_is_exact_for_every_float(w):
    # (1 + s^2) w - s for w < 0 and (1 + s^2) w - 1 for w > 0, with s = 0; the loss is (w^2 + 1) / 2 and (w - 1)^2 / 2.
    assert expected_gradient(Parameters(w)).w == (w if w < 0 else w - 1)
    assert expected_loss(Parameters(w)) == (w * w + 1 if w < 0 else (w - 1) * (w - 1)) / 2


@pytest.mark.parametrize("power", [-1000, -500, -150, 150, 500, 1000])
def test_units_of_the_output_are_taken_out_by_the_chain_rule(power):
    # v (v w - 1) and w (v w - 1) on the right, with powers of two: v w = 1/2. Teachers of every size likewise.
    c = 2.0**power
    g = expected_gradient(Parameters(0.5 / c, 0.0, c))
    assert (g.w, g.v) == (-0.5 * c, -0.25 / c)
    small = expected_gradient(Parameters(-(c / 2), 0.0, 1.0), target=Target(c))
    assert small.w == -c / 2
    teacher = expected_gradient(Parameters(0.5, 0.0, c), target=Target(c))
    assert teacher.v == -0.25 * c
    assert teacher.w == -(c * c) / 2


def test_the_bound_of_the_error_is_that_of_cauchy_and_schwarz(points, exact):
    for point in points[::3]:
        values = exact(point)
        bounds = expected_gradient_error(Parameters(*point[:4]), negative_slope=point.s, target=Target(*point.target))
        for i, (bound, size) in enumerate(zip(bounds, values.sizes, strict=True)):
            square = 2 * mp.sqrt(values.loss * values.scales[i, i] / 2)  # of d, and of w and b but for the kink
            if 1e-290 < size < 1e300 and 1e-290 < values.loss < 1e300:
                assert bound >= GRADIENT_ERROR * size * (1 - 2.0**-40)
                assert bound <= GRADIENT_ERROR * square * (1 + 2.0**-40)


def test_nan_in_gives_nan_out():
    g = expected_gradient(Parameters(np.array([np.nan, 1.0])), negative_slope=0.5)
    assert all(np.isnan(c[0]) and np.isfinite(c[1]) for c in g)


def test_a_bias_of_minus_infinity_is_the_limit_of_a_dead_neuron():
    p = Parameters(np.array([1.0, -2.0, 0.0]), -np.inf, 1.5, 0.25)
    here, dead = expected_gradient(p), expected_gradient(p._replace(b=-1e9))
    for limit, value in zip(here, dead, strict=True):
        assert np.abs(limit).tolist() == np.abs(value).tolist()
    assert np.isnan(expected_gradient(p, negative_slope=0.5).w).all()
    assert expected_hessian(p)[0].tolist() == expected_hessian(p._replace(b=-1e9))[0].tolist()
    assert activation_probability(p).tolist() == [0.0, 0.0, 0.0]
