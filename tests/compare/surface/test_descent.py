"""The deterministic path of the optimizers, against rational recurrences and long batches."""

import math
from fractions import Fraction

import numpy as np
import pytest

from compare.surface import expected_gradient
from compare.surface.descent import expected_descent
from compare.surface.scalar_gradient import SCALAR_ERROR, scalar_gradient
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target, train


def test_plain_descent_is_the_rational_recurrence_while_it_fits():
    e = Experiment(initial=Parameters(-3.0), negative_slope=0.5, optimizer=SGD(learning_rate=0.25), steps=8)
    w, path = Fraction(-3), [Fraction(-3)]
    for _ in range(8):
        gradient = Fraction(5, 4) * w - (1 if w > 0 else Fraction(1, 2))
        w -= gradient / 4
        path.append(w)
    assert expected_descent(e).parameters.w.tolist() == [float(w) for w in path]


def test_a_relu_never_crosses_with_a_learning_rate_below_one_and_crosses_at_once_above():
    for lr, crossed in ((0.5, None), (1.0, None), (1.5, 1)):
        e = Experiment(initial=Parameters(-1.0), optimizer=SGD(learning_rate=lr), steps=500)
        run = expected_descent(e, record="end")
        assert run.crossed_at == crossed
        assert (run.end.w <= 0) == (crossed is None)


def test_at_a_learning_rate_of_one_the_derivative_at_the_kink_decides():
    common = {"initial": Parameters(-1.0), "optimizer": SGD(learning_rate=1.0), "steps": 60}
    assert expected_descent(Experiment(**common)).parameters.w[1:].tolist() == [0.0] * 60
    # phi'(0) = 1/2 makes the step from 0 to be + 2 E[x y] / 2 = 1/2, and w <- 1 from there.
    moved = expected_descent(Experiment(**common, grad_at_zero=0.5))
    assert moved.parameters.w[:4].tolist() == [-1.0, 0.0, 0.5, 1.0]


OPTIMIZERS = [
    SGD(learning_rate=0.1, momentum=0.9),
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    Adam(learning_rate=0.05),
    Adam(learning_rate=0.05, amsgrad=True),
    AdamW(learning_rate=0.05),
    RMSprop(learning_rate=0.05, centered=True, momentum=0.5),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("names", [("w",), ("w", "b", "v", "d")], ids="".join)
def test_one_neuron_and_an_ensemble_of_it_take_the_same_path(optimizer, names):
    start = Parameters(-1.0, 0.0 if names == ("w",) else 0.5, 1.5, 0.25)
    common = {"trainable": names, "optimizer": optimizer, "steps": 12, "negative_slope": 0.25}
    one = expected_descent(Experiment(initial=start, **common))
    many = expected_descent(Experiment(initial=Parameters(*(np.array([p, 2.0]) for p in start)), **common))
    for a, b in zip(one.parameters, many.parameters, strict=True):
        # The two gradients differ by rounding, and each of 12 steps at most multiplies that by 4.
        assert np.abs(a - b[:, 0]).max() <= 4.0**12 * SCALAR_ERROR
    assert many.crossed_at.shape == (2,)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_long_batches_follow_it(optimizer):
    e = Experiment(
        initial=Parameters(-1.0, 0.5),
        trainable=("w", "b"),
        optimizer=optimizer,
        steps=10,
        batch_size=400_000,
        dtype="float64",
    )
    sampled, exact = train(e).parameters, expected_descent(e).parameters
    short = train(Experiment(**{**vars(e), "batch_size": 400})).parameters
    # A thousand times the samples, about a thirtieth of the distance.
    distance, farther = (np.abs(np.array(p[:2]) - np.array(exact[:2])).max() for p in (sampled, short))
    assert distance < farther / 4


def test_records_every_kth_state_and_the_last():
    run = expected_descent(Experiment(steps=10), record=4)
    assert run.steps.tolist() == [0, 4, 8, 10]
    assert run.parameters.w.shape == (4,)
    assert expected_descent(Experiment(steps=10), record="end").steps.tolist() == [0, 10]


@pytest.mark.parametrize("record", ["some", 0, True, 1.5, None])
def test_an_unknown_record_is_refused(record):
    with pytest.raises(ValueError, match="record must be"):
        expected_descent(Experiment(steps=1), record=record)


def test_divergence_ends_in_nan_not_in_an_error():
    e = Experiment(initial=Parameters(1.0, 0.5), optimizer=SGD(learning_rate=50.0), steps=400)
    assert math.isnan(expected_descent(e, record="end").end.w)


@pytest.mark.parametrize("target", [Target(), Target(-2.0, 0.5, 0.25), Target(0.5, 3.0, -1.0)])
def test_the_scalar_gradient_is_the_exact_one_to_the_rounding_of_its_terms(target):
    rng = np.random.default_rng(11)
    for s in (0.0, 0.3, -1.5, 2.0):
        gradient = scalar_gradient(s, target)
        points = [*rng.normal(0, 2, (50, 4)), (-1.0, 0.0, 1.0, 0.0), (0.0, 2.0, 1.0, 0.5), (1e-3, -2.0, 3.0, 0.0)]
        for w, b, v, d in points:
            exact = expected_gradient(Parameters(w, b, v, d), negative_slope=s, target=target)
            # |r| <= |v| L (|w x| + |b|) + |d| + |y|, |phi'| <= L, and E[x^2] = 1: a bound on every sum of terms.
            steep = max(1.0, abs(s))
            residual = abs(v) * steep * (abs(w) + abs(b)) + abs(d)
            residual += max(1.0, abs(target.negative_slope)) * (abs(target.w) + abs(target.b))
            size = 2 * residual * (1 + steep * (abs(v) + abs(w) + abs(b))) * 3
            for ours, theirs in zip(gradient(w, b, v, d), exact, strict=True):
                assert abs(ours - float(theirs)) <= SCALAR_ERROR * size


def test_the_scalar_gradient_at_the_kink_takes_the_value_it_is_given():
    # 2 v phi'(0) E[(d - y) x] = -2 v phi'(0) E[x y] = -phi'(0)
    for at_zero in (0.0, 0.5, 1.0):
        assert scalar_gradient(0.0, Target(), at_zero)(0.0, 0.0, 1.0, 0.0)[0] == -at_zero


@pytest.mark.parametrize("w", [0.1, -0.1])
def test_a_neuron_that_hardly_any_input_activates_has_the_gradient_of_the_tail(w):
    # The kink is ten standard deviations out: 1 - Phi(10) is 7.6e-24, which 1 - (1 - 7.6e-24) would lose.
    exact = expected_gradient(Parameters(w=w, b=-1.0))
    for ours, theirs in zip(scalar_gradient(0.0, Target())(w, -1.0, 1.0, 0.0)[:2], exact[:2], strict=True):
        assert ours != 0
        # The tail's moments cancel to about a hundredth of their size, so far out.
        assert abs(ours - float(theirs)) <= SCALAR_ERROR * abs(float(theirs)) * 2**12
