"""Exact symmetries of the neuron and of the update rules, and what holds but for rounding.

Signs and powers of two commute with rounding, as long as nothing over- or underflows, so
symmetries made of them hold to the bit.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compare.rounding import Ball, ratio
from reference import SGD, Adam, AdamW, Parameters, RMSprop, backward, forward, mean_squared_error

NAMES = Parameters._fields
DTYPES = st.sampled_from([np.float32, np.float64])
UNIFORM = st.floats(-8, 8, allow_subnormal=False).filter(lambda a: a == 0 or abs(a) > 2.0**-20)
POWERS = st.integers(-8, 8)


class Problem:
    """Parameters, a batch and a slope in one dtype."""

    def __init__(self, dtype, parameters, seed, n, slope):
        rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.parameters = Parameters(*map(dtype, parameters))
        self.x, self.y = rng.standard_normal((2, n)).astype(dtype)
        self.x[0] = 0  # without a bias, a sample on the kink
        self.slope = dtype(slope)


PROBLEMS = st.builds(
    Problem,
    DTYPES,
    st.tuples(*[UNIFORM] * 4),
    st.integers(0, 2**32),
    st.integers(1, 100),
    st.floats(-2, 3).filter(lambda a: a == 0 or abs(a) > 2.0**-20),
)


def evaluate(parameters, x, y, slope):
    """y_pred, loss and gradient."""
    at = forward(parameters, x, slope)
    return at.y_pred, mean_squared_error(at.y_pred, y), backward(parameters, x, y, at, slope)


@given(problem=PROBLEMS)
def test_mirrored_samples_and_weight_are_the_same_neuron(problem):
    w, b, v, d = problem.parameters
    pred, loss, g = evaluate(problem.parameters, problem.x, problem.y, problem.slope)
    mirrored = evaluate(Parameters(-w, b, v, d), -problem.x, problem.y, problem.slope)
    assert mirrored[0].tolist() == pred.tolist()
    assert mirrored[1:] == (loss, Parameters(-g.w, g.b, g.v, g.d))


@given(problem=PROBLEMS)
def test_turning_the_output_upside_down_turns_its_derivatives(problem):
    w, b, v, d = problem.parameters
    pred, loss, g = evaluate(problem.parameters, problem.x, problem.y, problem.slope)
    turned = evaluate(Parameters(w, b, -v, -d), problem.x, -problem.y, problem.slope)
    assert turned[0].tolist() == (-pred).tolist()
    assert turned[1:] == (loss, Parameters(g.w, g.b, -g.v, -g.d))


@given(problem=PROBLEMS, power=POWERS)
def test_the_output_scales_with_input_weights_and_labels(problem, power):
    # phi(c z) = c phi(z) for c > 0.
    w, b, v, d = problem.parameters
    c = problem.dtype(2.0**power)
    pred, loss, g = evaluate(problem.parameters, problem.x, problem.y, problem.slope)
    scaled = evaluate(Parameters(c * w, c * b, v, c * d), problem.x, c * problem.y, problem.slope)
    assert scaled[0].tolist() == (c * pred).tolist()
    assert scaled[1:] == (c * c * loss, Parameters(c * g.w, c * g.b, c * c * g.v, c * g.d))


@given(problem=PROBLEMS, power=POWERS)
def test_a_factor_moves_from_input_to_output_weights_without_a_trace(problem, power):
    w, b, v, d = problem.parameters
    c = problem.dtype(2.0**power)
    pred, loss, g = evaluate(problem.parameters, problem.x, problem.y, problem.slope)
    moved = evaluate(Parameters(c * w, c * b, v / c, d), problem.x, problem.y, problem.slope)
    assert moved[0].tolist() == pred.tolist()
    assert moved[1:] == (loss, Parameters(g.w / c, g.b / c, c * g.v, g.d))


@given(problem=PROBLEMS)
def test_a_leaky_neuron_is_one_of_the_inverse_slope_seen_from_behind(problem):
    # phi_s(z) = -s phi_(1/s)(-z) for s > 0; powers of two are exact.
    slope = problem.dtype(0.25)
    w, b, v, d = problem.parameters
    pred, loss, g = evaluate(problem.parameters, problem.x, problem.y, slope)
    behind = evaluate(Parameters(-w, -b, -slope * v, d), problem.x, problem.y, 1 / slope)
    assert behind[0].tolist() == pred.tolist()
    on_kink = forward(problem.parameters, problem.x, slope).z == 0
    assume(not on_kink.any())  # where each takes its own slope for the derivative
    assert behind[1:] == (loss, Parameters(-g.w, -g.b, -g.v / slope, g.d))


def balls(parameters):
    return Parameters(*(Ball.exact(p) for p in parameters))


@given(problem=PROBLEMS, seed=st.integers(0, 1000))
def test_the_order_of_the_samples_does_not_matter_but_for_rounding(problem, seed):
    order = np.random.default_rng(seed).permutation(len(problem.x))
    bounded = evaluate(balls(problem.parameters), Ball.exact(problem.x), Ball.exact(problem.y), problem.slope)
    shuffled = evaluate(problem.parameters, problem.x[order], problem.y[order], problem.slope)
    assert shuffled[0].tolist() == bounded[0].value[order].tolist()
    assert ratio(shuffled[1], bounded[1]) <= 1
    assert all(ratio(theirs, ours) <= 1 for theirs, ours in zip(shuffled[2], bounded[2], strict=True))


@given(problem=PROBLEMS)
def test_w_and_b_together_feel_what_v_feels(problem):
    # Euler's theorem for phi, which is homogeneous: w dL/dw + b dL/db = v dL/dv, whence
    # v^2 - w^2 - b^2 does not change under the gradient flow.
    p = balls(problem.parameters)
    _, _, g = evaluate(p, Ball.exact(problem.x), Ball.exact(problem.y), problem.slope)
    inner, outer = p.w * g.w + p.b * g.b, p.v * g.v
    assert abs(float(inner.value) - float(outer.value)) <= inner.bound + outer.bound


VARIANTS = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    Adam(),
    Adam(amsgrad=True),
    AdamW(),
    RMSprop(momentum=0.5),
    RMSprop(centered=True, epsilon=2.0**-10),
]


def run(optimizer, w, gradients):
    parameters = Parameters(w, w, w, w)
    state = optimizer.init(parameters)
    path = []
    with np.errstate(all="ignore"):
        for g in gradients:
            parameters, state = optimizer.step(parameters, Parameters(g, None, None, None), state)
            path.append(parameters.w)
    return np.array(path)


@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
@given(dtype=DTYPES, w=UNIFORM, gradients=st.lists(UNIFORM, min_size=1, max_size=8))
def test_optimizers_know_no_left_and_right(optimizer, dtype, w, gradients):
    gradients = np.array(gradients, dtype)
    path = run(optimizer, dtype(w), gradients)
    np.testing.assert_array_equal(run(optimizer, dtype(-w), -gradients), -path)


@given(dtype=DTYPES, w=UNIFORM, gradients=st.lists(UNIFORM, min_size=1, max_size=8), power=POWERS)
@pytest.mark.parametrize("optimizer", [o for o in VARIANTS if isinstance(o, SGD)], ids=repr)
def test_sgd_is_linear(optimizer, dtype, w, gradients, power):
    c, gradients = dtype(2.0**power), np.array(gradients, dtype)
    path = run(optimizer, dtype(w), gradients)
    assert run(optimizer, c * dtype(w), c * gradients).tolist() == (c * path).tolist()


@given(dtype=DTYPES, w=UNIFORM, gradients=st.lists(UNIFORM, min_size=1, max_size=8), power=POWERS)
@pytest.mark.parametrize("optimizer", [o for o in VARIANTS if not isinstance(o, SGD)], ids=repr)
def test_without_epsilon_the_size_of_the_gradient_does_not_matter(optimizer, dtype, w, gradients, power):
    optimizer, gradients = replace(optimizer, epsilon=0.0), np.array(gradients, dtype)
    path = run(optimizer, dtype(w), gradients)
    np.testing.assert_array_equal(run(optimizer, dtype(w), dtype(2.0**power) * gradients), path)


def test_with_epsilon_it_does():
    gradients = np.array([1.0, -2.0])
    path = run(Adam(epsilon=1e-3), np.float64(1), gradients)
    assert run(Adam(epsilon=1e-3), np.float64(1), gradients / 4).tolist() != path.tolist()
