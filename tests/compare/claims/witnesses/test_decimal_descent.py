"""The expected dynamics in decimals: against rational numbers, step by step, and runs that no formula continues."""

from fractions import Fraction

import numpy as np
import pytest

from compare.claims.witnesses.descent.decimal_descent import DecimalDescent
from compare.claims.witnesses.descent.decimal_orbit import Orbit
from compare.claims.witnesses.real_numbers import written
from compare.rounding import gamma
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target


def run(w=-10.0, optimizer=None, **changes):
    return Experiment(initial=Parameters(w=w), optimizer=optimizer or SGD(learning_rate=0.01), **changes)


def by_fractions(w, lr, steps, mu="0", nesterov=False, slope="0"):
    """W of ReLU or leaky ReLU on a ReLU, by the lines of hand algebra."""
    w, lr, mu, s, m = Fraction(w), Fraction(lr), Fraction(mu), Fraction(slope), Fraction(0)
    states = [w]
    for _ in range(steps):
        g = (1 + s * s) * w - (1 if w > 0 else s) if w else -s
        m = mu * m - lr * g
        w += mu * m - lr * g if nesterov else m
        states.append(w)
    return states


def is_within(ours, exact, off):
    """Within the stated error; one of 0 stands for the nearest float, of the right sign."""
    if off == 0:
        return (ours > 0) == (exact > 0) and (ours < 0) == (exact < 0) and ours == float(exact)
    return abs(Fraction(ours) - exact) <= Fraction(off)


CASES = {
    "beyond stability": (run(2.0, SGD(learning_rate=2.5)), by_fractions(2, "2.5", 300)),
    "on the wrong side": (run(), by_fractions(-10, "0.01", 60)),
    "onto zero": (run(-1.0, SGD(learning_rate=1.0)), by_fractions(-1, 1, 5)),
    "leaky": (run(-1.0, SGD(learning_rate=0.3), negative_slope=0.3), by_fractions(-1, "0.3", 60, slope="0.3")),
    "momentum": (run(-1.0, SGD(learning_rate=0.01, momentum=0.9)), by_fractions(-1, "0.01", 80, "0.9")),
    "Nesterov": (
        run(-1.0, SGD(learning_rate=0.01, momentum=0.9, nesterov=True)),
        by_fractions(-1, "0.01", 80, "0.9", nesterov=True),
    ),
    "a double root": (run(2.0, SGD(learning_rate=0.01, momentum=0.81)), by_fractions(2, "0.01", 80, "0.81")),
}


@pytest.mark.parametrize("name", CASES)
def test_states_are_those_of_rational_numbers_within_the_stated_error(name):
    experiment, states = CASES[name]
    path = DecimalDescent(experiment).path(len(states) - 1)
    for number in (0.0, 1.0, -9.9, 0.3):
        difference, error = path.minus("w", number)
        for ours, off, state in zip(difference[:, 0], error[:, 0], states, strict=True):
            assert is_within(ours, state - written(number), off)
    # A claim in the first steps may ask for the number itself.
    assert path.minus("w", 0.0)[1][0, 0] == 0


@pytest.mark.parametrize("name", CASES)
def test_the_loss_is_that_of_rational_numbers(name):
    experiment, states = CASES[name]
    path, s = DecimalDescent(experiment).path(len(states) - 1), written(experiment.negative_slope)
    difference, error = path.minus("expected_loss", 0.245)
    for ours, off, w in zip(difference[:, 0], error[:, 0], states, strict=True):
        up, down = (w, s * w) if w > 0 else (s * w, w)
        loss = ((up - 1) ** 2 + down**2) / 2
        assert is_within(ours, loss - Fraction("0.245"), off)


def test_signs_are_known_below_any_float():
    # 0.99^n at n = 200,000 is 1e-873.
    difference, error = DecimalDescent(run()).path(200_000).minus("w", 0.0)
    assert (difference < 0).all()
    assert (error < -difference).all()


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(learning_rate=0.01),
        SGD(learning_rate=1.7),
        SGD(learning_rate=0.01, momentum=0.5),
        SGD(learning_rate=0.01, momentum=0.81),
        SGD(learning_rate=0.01, momentum=0.9),
        SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    ],
)
@pytest.mark.parametrize("w", [3.0, -1.0])
def test_a_formula_goes_on_as_the_steps_would(optimizer, w, monkeypatch):
    path = DecimalDescent(run(w, optimizer)).path(1500)
    monkeypatch.setattr(Orbit, "_leave_the_rest_to_a_formula", lambda self: None)
    stepped = Orbit(run(w, optimizer), 60)
    stepped.extend(1500)
    assert stepped.tail is None
    expected = stepped.offsets(1500)
    assert (path.offsets.origin[:, 0] == expected.origin).all()
    off = np.abs(path.offsets.offset[:, 0] - expected.offset)
    assert (off <= path.offsets.error[:, 0] + expected.rounding).all()


def test_digits_are_added_where_rounding_is_amplified():
    descent = DecimalDescent(run(2.0, SGD(learning_rate=2.5)))
    path = descent.path(2000)
    # log10(1.5) = 0.176 digits a step.
    assert descent.digits > 0.176 * 2000
    end = by_fractions(2, "2.5", 2000)[-1]
    assert abs(Fraction(path.minus("w", 1.0)[0][-1, 0]) - (end - 1)) <= Fraction(path.offsets.error[-1, 0])


def test_where_digits_are_too_many_the_error_says_so():
    path = DecimalDescent(run(2.0, SGD(learning_rate=2.5))).path(60_000)
    difference, error = path.minus("w", 1.0)
    assert (error[-1000:] > np.abs(difference[-1000:])).mean() > 0.5


@pytest.mark.parametrize(
    "optimizer", [Adam(learning_rate=0.01), RMSprop(learning_rate=0.01), AdamW(learning_rate=0.01)]
)
def test_other_optimizers_are_what_mpmath_makes_of_their_formulas(optimizer):
    from mpmath import mp, mpf, sqrt

    path = DecimalDescent(run(1.5, optimizer)).path(400)
    with mp.workdps(80):
        lr, m, v, w = mpf("0.01"), mpf(0), mpf(0), mpf("1.5")
        for t in range(1, 401):
            g = w - 1 if w > 0 else w
            if isinstance(optimizer, RMSprop):
                v = mpf("0.9") * v + (1 - mpf("0.9")) * g * g
                w -= lr * g / sqrt(v + mpf("1e-7"))
                continue
            b1, b2 = mpf("0.9"), mpf("0.999")
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            decay = mpf("0.004") * lr * w if isinstance(optimizer, AdamW) else 0
            w -= decay + lr * sqrt(1 - b2**t) / (1 - b1**t) * m / (sqrt(v) + mpf("1e-7"))
        difference, error = path.minus("w", 1.0)
        assert abs(mpf(float(difference[-1, 0])) - (w - 1)) <= mpf(float(error[-1, 0]))
        # Of Adam and RMSprop the distance itself is kept; AdamW is where it would be without.
        kept = abs(float(difference[-1, 0])) if not isinstance(optimizer, AdamW) else 1.0
        assert float(error[-1, 0]) <= gamma(8, 2.0**-53) * kept


def test_it_is_for_w_alone_without_biases():
    assert DecimalDescent.takes(run())
    for other in (run(trainable=("w", "b")), run(target=Target(b=0.5))):
        assert not DecimalDescent.takes(other)


def test_the_loss_that_is_shown_is_not_rounded_away_at_the_minimum():
    # (1 - w)^2 / 2 = 81 / 2 * 0.81^n from w = 10 at rate 0.1: 1e-181 after 2000 steps, where w is 1 in floats.
    path = DecimalDescent(run(10.0, SGD(learning_rate=0.1))).path(2000)
    assert path.parameters.w[-1, 0] == 1.0
    shown, expected = float(path.series("expected_loss")[-1, 0]), float(Fraction(81, 2) * Fraction(81, 100) ** 2000)
    # Of the formula that goes on from the first steps: logarithms of size 400, each rounded, and squared.
    assert abs(shown - expected) <= gamma(2 * 8 * 400, 2.0**-53) * expected
