"""Forward, loss and backward against rational arithmetic, on both branches and on the kink."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.rounding import Ball
from reference import Parameters, Target, backward, forward, mean_squared_error, phi, phi_derivative

NAMES = Parameters._fields
SUBSETS = [subset for size in range(1, 5) for subset in combinations(NAMES, size)]
DTYPES = [np.float32, np.float64]
INF, NAN = np.inf, np.nan


def differentiate(parameters, x, y, slope, grad_at_zero):
    """Loss and gradient in rational numbers, sample by sample.

    On its branch a sample's loss is ``(v k (w x + b) + d - y)^2`` with a constant k, a
    polynomial in w, b, v and d; k in the derivative by w and b is `grad_at_zero` on the kink.
    """
    w, b, v, d = parameters
    loss, dw, db, dv, dd = (Fraction(0) for _ in range(5))
    for a, label in zip(x, y, strict=True):
        z = w * a + b
        k = 1 if z > 0 else slope
        inner = grad_at_zero if z == 0 else k
        error = v * k * z + d - label
        loss += error**2
        dw += 2 * error * v * inner * a
        db += 2 * error * v * inner
        dv += 2 * error * k * z
        dd += 2 * error
    return loss / len(x), Parameters(*(total / len(x) for total in (dw, db, dv, dd)))


def dyadic(largest, denominator):
    return st.integers(-largest * denominator, largest * denominator).map(lambda i: Fraction(i, denominator))


@st.composite
def problems(draw):
    """Four samples, one of them on the kink, so coarse that no result needs more than 24 bits.

    w in halves up to 1 and x in halves up to 2 make b and z quarters, up to 2 and 4; slope and
    v in halves up to 2 make phi eighths up to 8, and y_pred - y sixteenths up to 20. The sum
    of the squares is then below 2^11 in units of 2^-8, the largest derivative, by w, below
    2^9 in units of 2^-8.
    """
    x = draw(st.lists(dyadic(2, 2), min_size=4, max_size=4))
    w = draw(dyadic(1, 2))
    y = draw(st.lists(dyadic(2, 2), min_size=4, max_size=4))
    parameters = Parameters(w, -w * x[-1], draw(dyadic(2, 2)), draw(dyadic(2, 2)))
    return parameters, x, y, draw(dyadic(2, 2)), draw(dyadic(2, 2))


@pytest.mark.parametrize("dtype", DTYPES)
@given(problem=problems())
def test_loss_and_gradient_equal_the_rationals_where_nothing_is_rounded(dtype, problem):
    exact, x, y, slope, grad_at_zero = problem
    loss, gradient = differentiate(*problem)
    parameters = Parameters(*(dtype(p) for p in exact))
    x, y = np.array(x, dtype), np.array(y, dtype)
    at = forward(parameters, x, dtype(slope))
    assert mean_squared_error(at.y_pred, y) == loss
    assert backward(parameters, x, y, at, dtype(slope), NAMES, dtype(grad_at_zero)) == gradient


@given(problem=problems())
def test_without_a_value_at_the_kink_the_slope_is_taken(problem):
    exact, x, y, slope, _ = problem
    parameters = Parameters(*map(float, exact))
    x, y = np.array(x, float), np.array(y, float)
    at = forward(parameters, x, float(slope))
    assert backward(parameters, x, y, at, float(slope)) == differentiate(exact, *problem[1:4], slope)[1]


@given(problem=problems())
def test_forward_leaves_pre_activation_and_activation(problem):
    (w, b, v, d), x, _, slope, _ = problem
    at = forward(Parameters(*map(float, (w, b, v, d))), np.array(x, float), float(slope))
    z = [w * a + b for a in x]
    activation = [max(a, Fraction(0)) + slope * min(a, Fraction(0)) for a in z]
    assert at.z.tolist() == z
    assert at.activation.tolist() == activation
    assert at.y_pred.tolist() == [v * a + d for a in activation]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", [0.0, 0.3, -0.5, 1.75])
def test_on_ordinary_numbers_the_rationals_lie_within_the_error_bounds(dtype, slope):
    rng = np.random.default_rng(3)
    parameters = Parameters(*(dtype(p) for p in (-0.7, 0.1, 1.3, 0.2)))
    slope, x, y = dtype(slope), rng.standard_normal(100).astype(dtype), rng.standard_normal(100).astype(dtype)
    exact = Parameters(*(Fraction(float(p)) for p in parameters))
    k = Fraction(float(slope))
    loss, gradient = differentiate(exact, [Fraction(float(a)) for a in x], [Fraction(float(a)) for a in y], k, k)
    balls = Parameters(*(Ball.exact(p) for p in parameters))
    at = forward(balls, Ball.exact(x), slope)
    computed = [mean_squared_error(at.y_pred, Ball.exact(y)), *backward(balls, Ball.exact(x), Ball.exact(y), at, slope)]
    for ball, expected in zip(computed, [loss, *gradient], strict=True):
        assert abs(Fraction(float(ball.value)) - expected) <= Fraction(float(ball.bound))
        assert 0 < ball.bound < abs(ball.value)


# z, slope, phi(z), phi'(z): what is promised about signs of zero, infinities and NaN.
SPECIAL = [
    (0.0, 0.25, 0.0, 0.25),
    (-0.0, 0.25, -0.0, 0.25),
    (0.0, -0.25, -0.0, -0.25),
    (0.0, 0.0, 0.0, 0.0),
    (-0.0, 0.0, 0.0, 0.0),
    (-3.0, 0.0, 0.0, 0.0),
    (-3.0, -2.0, 6.0, -2.0),
    (-3.0, 1.0, -3.0, 1.0),
    (-3.0, 3.0, -9.0, 3.0),
    (INF, 0.25, INF, 1.0),
    (INF, 0.0, INF, 1.0),
    (-INF, 0.25, -INF, 0.25),
    (-INF, -0.25, INF, -0.25),
    (-INF, 0.0, 0.0, 0.0),
    (NAN, 0.25, NAN, 0.25),
    (NAN, 0.0, NAN, 0.0),
    (5e-324, 0.25, 5e-324, 1.0),
    (-5e-324, 1.0, -5e-324, 1.0),
]


@pytest.mark.parametrize(("z", "slope", "value", "derivative"), SPECIAL)
def test_special_values(z, slope, value, derivative):
    z = np.array([z])
    assert phi(z, slope).tobytes() == np.array([value]).tobytes()
    assert phi_derivative(z, slope).tobytes() == np.array([derivative]).tobytes()


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("at_zero", [0.0, 0.5, 1.0, -2.0])
def test_the_value_at_the_kink_is_taken_at_both_zeros_and_nowhere_else(zero, at_zero):
    z = np.array([-5e-324, zero, 5e-324, NAN])
    assert phi_derivative(z, 0.25, at_zero).tolist() == [0.25, at_zero, 1.0, 0.25]


def test_a_zero_at_the_kink_is_not_mistaken_for_no_value():
    assert phi_derivative(np.array([0.0]), 0.25, grad_at_zero=0.0).tolist() == [0.0]


def test_a_nan_sample_makes_the_loss_nan_but_not_silently_zero():
    at = forward(Parameters(w=1.0), np.array([NAN, 1.0]), 0.0)
    assert np.isnan(mean_squared_error(at.y_pred, np.array([0.0, 1.0])))


@pytest.mark.parametrize("trainable", SUBSETS)
def test_a_subset_of_derivatives_is_what_all_of_them_hold(trainable):
    rng = np.random.default_rng(1)
    parameters, x, y = Parameters(0.7, -0.2, 1.3, 0.4), rng.standard_normal(50), rng.standard_normal(50)
    at = forward(parameters, x, 0.3)
    everything = backward(parameters, x, y, at, 0.3)
    some = backward(parameters, x, y, at, 0.3, trainable)
    for name in NAMES:
        assert getattr(some, name) == (getattr(everything, name) if name in trainable else None)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_ensemble_is_its_members(dtype):
    x = np.array([-1.5, -0.5, 0.0, 2.0], dtype)
    y = np.maximum(x, 0)
    w = np.array([[-1.0, 0.5, 2.0], [0.0, 1.0, -2.0]], dtype)
    b = np.array([[0.5], [-0.25]], dtype)
    slope = np.array([0.5, -0.25, 0.0], dtype)
    many = Parameters(w, b, dtype(1.5), dtype(0.25))
    at = forward(many, x, slope[:, None])
    loss, gradient = mean_squared_error(at.y_pred, y), backward(many, x, y, at, slope[:, None])
    assert loss.shape == gradient.w.shape == gradient.d.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        one = Parameters(w[i, j], b[i, 0], dtype(1.5), dtype(0.25))
        alone = forward(one, x, slope[j])
        assert loss[i, j] == mean_squared_error(alone.y_pred, y)
        assert tuple(g[i, j] for g in gradient) == tuple(backward(one, x, y, alone, slope[j]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_dtype_that_comes_in_goes_out(dtype):
    x = np.linspace(-1, 1, 5, dtype=dtype)
    parameters = Parameters(*(dtype(p) for p in (0.5, 0.25, 2.0, 1.0)))
    at = forward(parameters, x, 0.3)
    gradient = backward(parameters, x, x, at, 0.3, grad_at_zero=0.5)
    results = [*at, *gradient, mean_squared_error(at.y_pred, x), phi(x, 0.0), Target(2.0, 1.0, 0.3).labels(x)]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_the_default_teacher_is_relu_and_another_is_the_neuron_itself():
    x = np.array([-2.0, 0.0, 0.5])
    assert Target().labels(x).tolist() == [0.0, 0.0, 0.5]
    assert Target(w=-2.0, b=1.0, negative_slope=0.25).labels(x).tolist() == [5.0, 1.0, 0.0]
    assert Target(w=-2.0, b=-1.0, negative_slope=0.25).labels(x).tolist() == [3.0, -0.25, -0.5]


X = np.array([1.0, 2.0])
REFUSED = {
    "z and negative_slope must be float32 or float64 throughout, got int64": lambda: phi(np.array([1, 2]), 0.5),
    "z and negative_slope must be float32 or float64 throughout, got float": lambda: phi(1.0, 0.5),
    "z and negative_slope must be float32 or float64 throughout, got float32 and float64": lambda: phi(
        X.astype(np.float32), np.float64(0.5)
    ),
    "z, negative_slope and grad_at_zero must be float32 or float64 throughout, got int64": lambda: phi_derivative(
        np.array([1, 2]), 0.5
    ),
    "parameters and x must be float32 or float64 throughout, got float32 and float64": lambda: forward(
        Parameters(w=np.float32(1)), X, 0.0
    ),
    "parameters and x must be float32 or float64 throughout, got float16": lambda: forward(
        Parameters(w=1.0), X.astype(np.float16), 0.0
    ),
    "x must be float32 or float64 throughout, got int64": lambda: Target().labels(np.array([1, 2])),
    "y_pred and y must be float32 or float64 throughout, got float32 and float64": lambda: mean_squared_error(
        X.astype(np.float32), X
    ),
    "y must have the shape of y_pred, (2,), or be repeated along its axes, got (2, 1)": lambda: mean_squared_error(
        X, X[:, None]
    ),
    "y must have the shape of y_pred, (2, 1), or be repeated along its axes, got (2,)": lambda: mean_squared_error(
        X[:, None], X
    ),
    "y must have the shape of y_pred, (1,), or be repeated along its axes, got (2,)": lambda: backward(
        Parameters(w=1.0), X[:1], X, forward(Parameters(w=1.0), X[:1], 0.0), 0.0
    ),
    "y_pred must have at least one sample along its last axis, got shape (0,)": lambda: mean_squared_error(
        X[:0], X[:0]
    ),
    "y_pred must have at least one sample along its last axis, got shape ()": lambda: mean_squared_error(
        np.float64(1.0), np.float64(1.0)
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(message):
    with pytest.raises((TypeError, ValueError)) as error:
        REFUSED[message]()
    assert str(error.value) == message
