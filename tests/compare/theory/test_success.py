"""Success: what the bounds rule out, and that they do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from compare.surface import critical_points, expected_loss
from compare.theory.success import end_loss, least_loss_in_words, loss_to_beat, succeeded
from reference import SGD, Experiment, Parameters, Target, train

U = 2.0**-53
# Of `loss_to_beat`: each of the five losses is off by 40 u L (compare.surface.loss), L <= 3 for
# the constants -1 and 1 and the lines -x and x, so the means are off by 40 u 6 / 4 = 60 u; they
# are at most 1/2, so each square adds 60 u; with E y^2 = 1/2 this makes 140 u, and few roundings.
BOUND_ERROR = 150 * U

positive = st.floats(2.0**-20, 8)
number = st.just(0.0) | positive | positive.map(lambda size: -size)
slope = st.floats(0, 1, allow_subnormal=False)


def test_the_bounds_for_relu_are_those_of_the_best_constant_and_the_best_line():
    # E y = 1 / sqrt(2 pi), E y^2 = E x y = 1/2.
    with mp.workdps(30):
        constant = mpf(1) / 2 - 1 / (2 * mp.pi)
        line = constant - mpf(1) / 4
    assert abs(loss_to_beat(Experiment()) - float(constant)) <= BOUND_ERROR
    assert abs(loss_to_beat(Experiment(trainable=("w", "v"))) - float(line)) <= BOUND_ERROR
    assert loss_to_beat(Experiment(initial=Parameters(w=1.0, v=-1.0))) == loss_to_beat(Experiment(trainable=("v",)))


@given(w=number.map(lambda w: -abs(w)), b=number, v=positive, d=number, s=slope)
def test_no_neuron_that_faces_the_wrong_way_is_below_the_bound(w, b, v, d, s):
    loss = float(expected_loss(Parameters(w, b, v, d), negative_slope=s))
    assert loss * (1 + 40 * U) >= loss_to_beat(Experiment(negative_slope=s)) - BOUND_ERROR


@given(w=number, b=number, v=positive, d=number, s=slope)
def test_no_neuron_that_bends_the_wrong_way_is_below_the_bound(w, b, v, d, s):
    loss = float(expected_loss(Parameters(w, b, -v, d), negative_slope=s))
    assert loss * (1 + 40 * U) >= loss_to_beat(Experiment(negative_slope=s, trainable=("v",))) - BOUND_ERROR


@pytest.mark.parametrize("s", [0.0, 0.3])
@pytest.mark.parametrize("trainable", ["w", "wb", "wbv", "wbvd"])
def test_of_all_stationary_points_only_the_global_minimum_is_below_the_bound(trainable, s):
    bound = loss_to_beat(Experiment(trainable=tuple(trainable), negative_slope=s))
    for point in critical_points(trainable=tuple(trainable), negative_slope=s):
        if point.kind == "global minimum":
            assert point.loss < bound
        else:
            assert point.loss * (1 + 40 * U) >= bound - BOUND_ERROR


@pytest.mark.parametrize("s", [0.0, 0.3, 1.0])
def test_the_minimum_without_bias_is_below_the_bound(s):
    best = Experiment(
        initial=Parameters(w=1 / (1 + s * s)), negative_slope=s, optimizer=SGD(learning_rate=1e-6), steps=1
    )
    assert succeeded(train(best))


def test_no_dead_neuron_succeeds():
    dead = Parameters(w=np.array([0.0, 1.0, -1.0]), b=np.array([-1.0, -50.0, -50.0]))
    assert succeeded(train(Experiment(initial=dead, trainable=("w", "b"), steps=2))).tolist() == [False] * 3


def test_the_questions_two_starts():
    short = {"steps": 350, "dtype": "float64", "batch_size": 50}
    assert not succeeded(train(Experiment(**short)))
    assert succeeded(train(Experiment(initial=Parameters(w=10.0), **short)))


def test_a_diverged_run_fails():
    steep = SGD(learning_rate=3.0)
    diverging = train(Experiment(initial=Parameters(w=2.0), steps=300, optimizer=steep, batch_size=50))
    assert np.isnan(end_loss(diverging))
    assert not succeeded(diverging)


@pytest.mark.parametrize("changes", [{"negative_slope": -0.5}, {"negative_slope": 1.5}, {"target": Target(1, 0, 2)}])
def test_outside_the_argument_nothing_is_claimed(changes):
    assert succeeded(train(Experiment(steps=2, **changes))) is None


def test_members_with_slopes_of_their_own_succeed_as_they_would_alone():
    slopes = np.array([0.0, 0.25, 0.5])
    together = train(Experiment(negative_slope=slopes, steps=400, batch_size=100), record="end")
    alone = [
        train(Experiment(negative_slope=slope, steps=400, batch_size=100), record="end") for slope in slopes.tolist()
    ]
    assert succeeded(together).tolist() == [bool(succeeded(run)) for run in alone] == [False, True, True]
    assert loss_to_beat(Experiment(negative_slope=np.array([0.5, 1.5]))) is None


@given(w=number, b=number, v=number, d=number, s=slope)
def test_what_is_said_of_a_neuron_is_true_of_it(w, b, v, d, s):
    neuron, experiment = Parameters(w, b, v, d), Experiment(negative_slope=s)
    said = least_loss_in_words(neuron, experiment)
    assert (said is None) == (w > 0 and v > 0)
    if said is not None:
        bound = loss_to_beat(Experiment(negative_slope=s, trainable=("v",) if v < 0 else ("w",)))
        assert f" below {bound:.3g}, " in said
        assert float(expected_loss(neuron, negative_slope=s)) * (1 + 40 * U) >= bound - BOUND_ERROR
