"""The exact witness: the expected gradient, the textbook's rules, paths below any resolution."""

import math
from fractions import Fraction

import numpy as np
import pytest

from compare.claims.witnesses.descent.float_descent import (
    TINY,
    Descent,
    has_real_positive_modes,
    without_sampling_settings,
)
from compare.claims.witnesses.descent.parabolas import half_lines
from compare.claims.witnesses.descent.textbook import ReferenceUpdate, update_of
from compare.rounding import gamma
from compare.surface import expected_descent, expected_gradient
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target

UNIT = 2.0**-53
LEAKY_TEACHER = Target(w=-2.0, b=0.0, negative_slope=0.25)


def run(w=-10.0, **changes):
    return Experiment(initial=Parameters(w=w), **changes)


def gradient_of_w(experiment):
    """The first gradient of a run."""
    return Descent(experiment).path(1).gradient.w[0, 0]


# The gradient without biases, against the surface and against hand algebra.


@pytest.mark.parametrize("slope", [0.0, 0.25, -0.5, 1.0, 2.0])
@pytest.mark.parametrize("w", [-3.0, -0.25, 0.5, 1.0, 4.0])
def test_without_biases_the_gradient_is_the_line_of_hand_algebra(w, slope):
    # L = E[(phi(w x) - relu(x))^2], E[x^2; x > 0] = E[x^2; x < 0] = 1/2.
    s, at = Fraction(slope), Fraction(w)
    by_hand = (1 + s * s) * at - (1 if w > 0 else s)
    assert Fraction(gradient_of_w(run(w, negative_slope=slope))) == by_hand


@pytest.mark.parametrize("target", [Target(), LEAKY_TEACHER], ids=["relu", "leaky"])
@pytest.mark.parametrize("v", [1.0, -0.5])
def test_half_lines_are_those_of_the_surface(v, target):
    for w in (-2.0, -0.5, 0.5, 2.0):
        experiment = Experiment(initial=Parameters(w=w, v=v), negative_slope=0.25, target=target)
        exact = float(expected_gradient(Parameters(w=w, v=v), negative_slope=0.25, target=target).w)
        terms = abs(v) * (abs(v * w) * 2 + 4)
        assert abs(gradient_of_w(experiment) - exact) <= gamma(64, UNIT) * terms


def test_half_lines_are_for_w_alone_without_any_bias():
    assert half_lines(Experiment()) is not None
    for other in (
        Experiment(initial=Parameters(w=1.0, b=0.5)),
        Experiment(initial=Parameters(w=1.0, d=0.5)),
        Experiment(trainable=("w", "b")),
        Experiment(target=Target(b=0.5)),
    ):
        assert half_lines(other) is None


def test_at_the_kink_the_slope_is_taken():
    exact = expected_gradient(Parameters(w=0.0), negative_slope=0.25, grad_at_zero=0.25)
    assert gradient_of_w(run(0.0, negative_slope=0.25)) == float(exact.w) == -0.25
    assert gradient_of_w(run(0.0)) == 0.0


# The rules of the textbook, against the reference's and against fractions.


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(learning_rate=0.25),
        SGD(learning_rate=0.25, momentum=0.5),
        SGD(learning_rate=0.25, momentum=0.5, nesterov=True),
    ],
    ids=repr,
)
def test_sgd_is_exact_on_few_bit_numbers(optimizer):
    update, w, m, lr, mu = update_of(optimizer), Fraction(1), Fraction(0), Fraction(1, 4), Fraction(optimizer.momentum)
    for g in (Fraction(3, 2), Fraction(-1, 4), Fraction(2)):
        m = mu * m - lr * g
        w = w + (mu * m - lr * g if optimizer.nesterov else m)
        assert Fraction(update.step(float(w - (mu * m - lr * g if optimizer.nesterov else m)), float(g))) == w


@pytest.mark.parametrize(
    "optimizer",
    [
        Adam(beta_1=0.5, beta_2=0.75),
        Adam(beta_1=0.5, beta_2=0.75, amsgrad=True),
        AdamW(beta_1=0.5, beta_2=0.75, weight_decay=0.25),
        RMSprop(rho=0.75),
        RMSprop(rho=0.75, momentum=0.5),
        RMSprop(rho=0.75, centered=True, momentum=0.5),
        SGD(momentum=0.5, nesterov=True),
    ],
    ids=repr,
)
def test_a_textbook_rule_is_the_references_up_to_its_rounding(optimizer):
    ours, theirs, w = update_of(optimizer), ReferenceUpdate(optimizer), 1.0
    for g in (0.75, -2.0, 0.5, 1.25, -0.125):
        mine, other = ours.step(w, g), theirs.step(w, g)
        # A dozen roundings of a step whose parts are no larger than 1 + |step| each.
        assert abs(mine - other) <= gamma(64, UNIT) * (abs(w) + abs(mine - w) + 1)
        w = mine


def test_an_optimizer_without_a_textbook_rule_is_stepped_by_the_reference():
    class Other(SGD):
        pass

    assert isinstance(update_of(Other(learning_rate=0.5)), ReferenceUpdate)
    assert update_of(Other(learning_rate=0.5)).step(1.0, 0.5) == 0.75


# Paths.


def test_plain_sgd_from_the_wrong_side_is_a_power():
    # w_n = w_0 (1 - lr)^n exactly; with lr = 1/4 the first steps are representable.
    path = Descent(run(w=-1.0, optimizer=SGD(learning_rate=0.25))).path(20).parameters.w[:, 0]
    assert [Fraction(w) for w in path] == [-(Fraction(3, 4) ** n) for n in range(21)]


def test_the_sign_is_known_however_small_the_number():
    for optimizer in (SGD(learning_rate=0.5), SGD(learning_rate=0.25, momentum=0.125)):
        w = Descent(run(optimizer=optimizer)).path(1_000_000).parameters.w[:, 0]
        assert (w < 0).all()
        assert w[-1] == -TINY


@pytest.mark.parametrize(
    ("w", "slope", "lr"), [(-10.0, 0.0, 0.01), (3.0, 0.0, 0.5), (0.25, 0.5, 0.25), (-2.0, 2.0, 0.1)]
)
def test_the_formula_is_where_the_steps_lead(w, slope, lr):
    experiment = run(w=w, negative_slope=slope, optimizer=SGD(learning_rate=lr))
    at_once, one_by_one = Descent(experiment).path(400), Descent(experiment)
    for n in range(1, 401):  # too short for a formula
        one_by_one.extend(n)
    other = one_by_one.path(400)
    size = np.maximum(np.abs(other.parameters.w), 1.0)
    assert (np.abs(at_once.parameters.w - other.parameters.w) <= gamma(2 * 400, UNIT) * size).all()
    assert (np.abs(at_once.gradient.w - other.gradient.w) <= gamma(4 * 400, UNIT) * 8 * size[1:]).all()


def test_an_overshooting_step_changes_the_sign_below_any_resolution_too():
    # 1 - lr = -1/2: the sign alternates until the positive side, where w -> 1, takes over.
    w = Descent(run(w=-1e-300, optimizer=SGD(learning_rate=1.5))).path(60).parameters.w[:, 0]
    assert w[0] < 0 < w[1]
    assert abs(w[-1] - 1) <= 2.0**-50


def test_momentum_crosses_from_below_any_resolution():
    # Complex modes, in a start so small that w underflows many times over on the way down.
    w = Descent(run(w=-1e-300, optimizer=SGD(learning_rate=0.01, momentum=0.9))).path(100).parameters.w[:, 0]
    assert (w[:20] < 0).all()
    assert (w > 0).any()


def test_real_modes_never_cross():
    descent = Descent(run(optimizer=SGD(learning_rate=0.01, momentum=0.8)))
    assert (descent.path(200_000).parameters.w < 0).all()
    assert descent.settled


@pytest.mark.parametrize("nesterov", [False, True])
def test_modes_are_the_roots_of_the_recurrence(nesterov):
    for a in (0.01, 0.25, 0.9, 1.5):
        for mu in (0.0, 0.2, 0.5, 0.81, 0.95):
            # w' = (1 - k a) w + k mu m, m' = mu m - a w, with k = 1 + mu for Nesterov's look-ahead.
            step = np.array([[1 - a, mu], [-a, mu]])
            if nesterov:
                step = np.array([[1 - (1 + mu) * a, mu * mu], [-a, mu]])
            roots = np.linalg.eigvals(step)
            # Away from a double root, where rounding decides.
            discriminant = np.trace(step) ** 2 - 4 * np.linalg.det(step)
            if abs(discriminant) > 1 / 1024:
                expected = bool((roots.imag == 0).all() and (roots.real >= -1 / 1024).all() and 0 < a < 1)
                assert has_real_positive_modes(a, SGD(momentum=mu, nesterov=nesterov)) == expected, (a, mu)


def test_a_path_that_is_at_rest_is_known_to_the_end():
    descent = Descent(run(w=3.0, optimizer=SGD(learning_rate=1.0)))
    w = descent.path(5000).parameters.w[:, 0]
    assert descent.settled
    assert len(w) == 5001
    assert w[-1] == 1.0


def test_divergence_is_an_outcome():
    w = Descent(run(w=3.0, optimizer=SGD(learning_rate=3.0))).path(3000).parameters.w[:, 0]
    assert not math.isfinite(w[-1])
    assert len(w) == 3001


def test_the_expected_path_depends_on_neither_batches_nor_dtype():
    one, other = Experiment(seed=3, batch_size=7, steps=5, dtype="float64"), Experiment()
    assert without_sampling_settings(one) == without_sampling_settings(other)


def test_a_path_can_be_continued():
    experiment = Experiment(trainable=("w", "b"), initial=Parameters(w=0.5, b=-0.25), negative_slope=0.5)
    descent = Descent(experiment)
    descent.path(10)
    continued, whole = descent.path(50), Descent(experiment).path(50)
    for ours, theirs in zip(continued.parameters, whole.parameters, strict=True):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_the_path_is_that_of_the_surfaces_descent(momentum, slope):
    # Few-bit settings: for ten steps no rounding takes place on either side.
    experiment = run(
        w=-1.0, negative_slope=slope, steps=10, optimizer=SGD(learning_rate=0.25, momentum=momentum, nesterov=True)
    )
    theirs = expected_descent(experiment).parameters.w
    assert Descent(experiment).path(10).parameters.w[:, 0].tolist() == theirs.tolist()
