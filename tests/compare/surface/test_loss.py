"""The expected loss against hand algebra, 50-digit values, and quadrature."""

from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from compare.surface import expected_loss
from compare.surface.errors import LOSS_ERROR
from reference import Parameters, Target, phi


def evaluate(point):
    return expected_loss(Parameters(*point[:4]), negative_slope=point.s, target=Target(*point.target))


def relative_error(value, exact):
    if exact == 0:
        return 0.0 if value == 0 else np.inf
    return float(abs(mp.mpf(float(value)) - exact) / exact)


def test_nasty_points_are_as_accurate_as_any(nasty, exact):
    errors = {name: relative_error(evaluate(point), exact(point).loss) for name, point in nasty.items()}
    assert {name: error for name, error in errors.items() if not error <= LOSS_ERROR} == {}


def test_two_thousand_points_of_every_magnitude_keep_the_promised_error(points, exact):
    worst = max(points, key=lambda point: regular_error(point, exact))
    assert regular_error(worst, exact) <= LOSS_ERROR, worst
    assert sum(1e-290 < exact(point).loss < 1e-10 for point in points) > 300  # near the minimum, and in the tails


def regular_error(point, exact):
    """Relative error where the loss is a normal number; beyond, only that it is beyond."""
    loss, value = exact(point).loss, evaluate(point)
    if loss < 1e-290:
        return 0.0 if 0 <= value < 2e-290 else np.inf
    return relative_error(value, loss) if loss < 1e300 else 0.0


def test_the_expanded_square_would_not_keep_it(points, exact):
    def expanded(point):
        (w, b, v, d, s), (tw, tb, ts) = point[:5], point.target
        kinks = sorted(-shift / weight for weight, shift in ((w, b), (tw, tb)) if weight != 0)
        total = 0.0
        for low, high in pairwise([-np.inf, *kinks, np.inf]):
            x = np.clip(0.0, low + 1e-9 * abs(low) if np.isfinite(low) else low, high)
            g, h = (1 if w * x + b > 0 else s), (1 if tw * x + tb > 0 else ts)
            slope, rest = v * g * w - h * tw, v * g * b + d - h * tb
            p, q = (np.exp(-end * end / 2) / np.sqrt(2 * np.pi) for end in (low, high))
            m0, m1 = ndtr(high) - ndtr(low), p - q
            m2 = m0 + (low * p if p else 0) - (high * q if q else 0)
            total += slope**2 * m2 + 2 * slope * rest * m1 + rest**2 * m0
        return total

    near_the_minimum = [point for point in points if 1e-290 < exact(point).loss < 1e-10 and abs(point.w) < 1e3]
    errors = [relative_error(expanded(point), exact(point).loss) for point in near_the_minimum]
    assert np.median(errors) > 1000 * LOSS_ERROR


@pytest.mark.parametrize(
    ("parameters", "slope", "loss"),
    [
        ((-1.0, 0.0, 1.0, 0.0), 0.0, Fraction(1)),  # (w^2 + 1) / 2
        ((-3.0, 0.0, 1.0, 0.0), 0.0, Fraction(5)),
        ((0.5, 0.0, 1.0, 0.0), 0.0, Fraction(1, 8)),  # (w - 1)^2 / 2
        ((2.0, 0.0, 0.25, 0.0), 0.0, Fraction(1, 8)),
        ((-2.0, 0.0, 1.0, 0.0), 0.25, Fraction(25, 8)),  # (w^2 + (s w - 1)^2) / 2
        ((0.0, 0.0, 1.0, 0.0), 0.0, Fraction(1, 2)),
    ],
)
def test_without_bias_it_is_a_polynomial(parameters, slope, loss):
    assert expected_loss(Parameters(*parameters), negative_slope=slope) == float(loss)


@pytest.mark.parametrize("seed", range(40))
def test_agrees_with_quadrature_split_at_the_kinks(seed):
    w, b, v, d, s, tw, tb, ts = np.random.default_rng(seed).normal(size=8)

    def integrand(x):
        x = np.float64(x)
        residual = v * phi(w * x + b, s) + d - phi(tw * x + tb, ts)
        return residual**2 * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

    ends = [-40.0, *sorted(k for k in (0.0, -b / w, -tb / tw) if abs(k) < 40), 40.0]
    parts = [quad(integrand, low, high, epsabs=0, limit=400) for low, high in pairwise(ends) if low < high]
    value, error = (sum(part) for part in zip(*parts, strict=True))
    loss = expected_loss(Parameters(w, b, v, d), negative_slope=s, target=Target(tw, tb, ts))
    assert abs(loss - value) <= error + LOSS_ERROR * value


def test_it_is_zero_exactly_where_the_neuron_is_its_teacher():
    rng = np.random.default_rng(3)
    for w, b, s in rng.normal(size=(100, 3)):
        assert expected_loss(Parameters(w, b), negative_slope=s, target=Target(w, b, s)) == 0
        assert expected_loss(Parameters(4 * w, 4 * b, 0.25), negative_slope=s, target=Target(w, b, s)) == 0
        # Upside down and back to front, a leaky unit is one with the inverse slope.
        s = 2.0 ** np.round(s)
        assert expected_loss(Parameters(-s * w, -s * b, -1.0), negative_slope=1 / s, target=Target(w, b, s)) == 0


def test_a_mirrored_line_and_another_unit_of_z_change_no_bit(points):
    for point in points[::4]:
        mirrored = point._replace(w=-point.w, target=(-point.target[0], *point.target[1:]))
        assert evaluate(point) == evaluate(mirrored)
        scaled = point._replace(w=point.w / 4, b=point.b / 4, v=point.v * 4)
        if min(abs(point.w), abs(point.b)) > 1e-290:
            assert evaluate(point) == evaluate(scaled), point


def test_it_broadcasts_like_a_ufunc():
    w, b, s = np.linspace(-2, 2, 5)[:, None, None], np.linspace(-1, 1, 3)[:, None], np.array([0.0, 0.5])
    loss = expected_loss(Parameters(w, b, 2, np.float32(0.5)), negative_slope=s)
    assert loss.shape == (5, 3, 2)
    assert loss.dtype == np.float64
    for i, j, k in np.ndindex(loss.shape):
        one = expected_loss(Parameters(w[i, 0, 0], b[j, 0], 2.0, 0.5), negative_slope=s[k])
        assert np.ndim(one) == 0
        assert one == loss[i, j, k]
    assert expected_loss(Parameters(np.empty((0, 3)))).shape == (0, 3)


def test_long_arrays_are_evaluated_as_short_ones():
    rng = np.random.default_rng(9)
    p = Parameters(*rng.normal(size=(4, 20_000)))
    whole = expected_loss(p, negative_slope=0.3, target=Target(1.0, -0.5, 0.1))
    some = [0, 8191, 8192, 19_999]
    parts = expected_loss(Parameters(*(x[some] for x in p)), negative_slope=0.3, target=Target(1.0, -0.5, 0.1))
    assert whole[some].tolist() == parts.tolist()


@pytest.mark.parametrize("field", range(5))
def test_nan_in_gives_nan_out_and_leaves_its_neighbours_alone(field):
    arguments = [np.full(3, 0.5) for _ in range(5)]
    arguments[field][1] = np.nan
    loss = expected_loss(Parameters(*arguments[:4]), negative_slope=arguments[4])
    whole = expected_loss(Parameters(0.5, 0.5, 0.5, 0.5), negative_slope=0.5)
    assert np.isnan(loss).tolist() == [False, True, False]
    assert loss[0] == loss[2] == whole


def test_a_loss_too_large_is_infinite_and_one_too_small_is_zero():
    assert expected_loss(Parameters(w=1e200)) == np.inf
    assert expected_loss(Parameters(w=0.0, b=1.0, v=1e-200), target=Target(0.0, 0.0)) == 0.0


def test_whatever_overflows_on_the_way_the_loss_is_a_number():
    rng = np.random.default_rng(8)

    def numbers(count):
        x = rng.choice([-1, 1], count) * 10 ** rng.uniform(-100, 100, count)
        return np.where(rng.random(count) < 0.1, 0.0, np.where(rng.random(count) < 0.05, 5e-324, x))

    for _ in range(30):
        loss = expected_loss(
            Parameters(*numbers((4, 200))), negative_slope=numbers(200), target=Target(*numbers(3).tolist())
        )
        assert (loss >= 0).all()
    # The squares of v s w and v s b are beyond 1e308 here, with residuals of either sign.
    assert expected_loss(Parameters(2.7e-7, -4.5e45, -8.6e85), negative_slope=1.3e62, target=Target(-2.9e69)) == np.inf


INF = np.inf
LIMITS = [
    (Parameters(INF), 0.0, INF),
    (Parameters(-INF), 0.5, INF),
    (Parameters(1.0, INF), 0.0, INF),
    (Parameters(1.0, -INF), 0.0, 0.5),  # dead
    (Parameters(1.0, -INF), -0.5, INF),
    (Parameters(1.0, 0.5, -INF), 0.0, INF),
    (Parameters(0.0, 0.0, INF), 0.5, 0.5),  # z = 0
    (Parameters(0.0, -1.0, INF), 0.0, 0.5),  # off
    (Parameters(0.0, 1.0, INF), 0.0, INF),
    (Parameters(1.0, 0.0, 1.0, -INF), 0.0, INF),
    (Parameters(1.0, 0.0, 0.0), INF, 0.5),
    (Parameters(0.0, 1.0, 0.0), INF, 0.5),
    (Parameters(1.0, 0.0, 1.0), -INF, INF),
    (Parameters(INF, 1.0, 0.0), 0.3, 0.5),
    (Parameters(-2.0, INF, 0.0), 0.3, 0.5),
    (Parameters(INF, 1.0, 0.0, INF), 0.3, np.nan),  # several
    (Parameters(INF, -INF), 0.0, np.nan),
    (Parameters(INF, np.nan), 0.0, np.nan),
]


@pytest.mark.parametrize(("parameters", "slope", "limit"), LIMITS)
def test_at_infinity_it_is_the_limit_where_there_is_one(parameters, slope, limit):
    loss = expected_loss(parameters, negative_slope=slope)
    assert loss == limit or (np.isnan(loss) and np.isnan(limit))


def test_the_limit_is_approached():
    for p, slope, limit in LIMITS:
        if np.isnan(limit):
            continue
        large = Parameters(*(np.clip(x, -1e9, 1e9) for x in p))
        near = expected_loss(large, negative_slope=np.clip(slope, -1e9, 1e9))
        assert near > 1e15 if limit == INF else near == limit


def test_an_infinite_slope_that_no_sample_meets_changes_nothing():
    p = Parameters(0.0, [0.0, 1.0], 1.5, 0.25)
    assert expected_loss(p, negative_slope=INF).tolist() == expected_loss(p, negative_slope=0.0).tolist()
