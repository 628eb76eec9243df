"""The rational oracle against other derivations, and its proofs against rounded arithmetic."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from compare.certificates.exact.cases import exact_cases
from compare.certificates.exact.rational import Dyadic, ExactArithmetic, NotRepresentable, Rounded, exact_run
from reference import SGD, Adam, Experiment, Parameters


def loss(parameters, xs, ys, branches):
    """The batch loss with each sample on a given branch of phi, in Fractions."""
    w, b, v, d = parameters
    terms = [(v * slope * (w * x + b) + d - y) ** 2 for x, y, slope in zip(xs, ys, branches, strict=True)]
    return sum(terms) / len(terms)


def central_difference(parameters, i, xs, ys, branches):
    """On fixed branches the loss is quadratic in each parameter, so this is its derivative exactly."""
    up, down = list(parameters), list(parameters)
    up[i], down[i] = up[i] + 1, down[i] - 1
    return (loss(up, xs, ys, branches) - loss(down, xs, ys, branches)) / 2


def states_and_steps(case):
    """The oracle's states before each step, as Fractions, with what it says of the step."""
    state = {name: Fraction(p) for name, p in zip(Parameters._fields, case.experiment.initial, strict=True)}
    for t, step in enumerate(exact_run(case.experiment, case.x, case.y).steps):
        yield t, dict(state), step
        state |= {name: step[name][0].value for name in case.experiment.trainable if name in step}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loss_and_gradient_are_exact_differences_of_the_loss_on_its_branches(dtype):
    checked = 0
    for case in exact_cases(dtype):
        slope = Fraction(case.experiment.negative_slope)
        for t, state, step in states_and_steps(case):
            xs, ys = [Fraction(float(x)) for x in case.x[t]], [Fraction(float(y)) for y in case.y[t]]
            branches = [Fraction(1) if state["w"] * x + state["b"] > 0 else slope for x in xs]
            parameters = tuple(state.values())
            if "loss" in step:
                assert step["loss"][0].value == loss(parameters, xs, ys, branches)
            for i, name in enumerate(Parameters._fields):
                if f"gradient.{name}" in step:
                    assert step[f"gradient.{name}"][0].value == central_difference(parameters, i, xs, ys, branches)
                    checked += 1
    assert checked > len(exact_cases(dtype))


def test_a_trajectory_by_hand():
    # One sample x = 1, y = 1, w = 0 on the kink of a neuron with slope 1/2, rate 1/4, momentum 1/2:
    # e = -1, g = 2 e / 2 = -1, m = 1/4, w = 1/4; then z > 0, e = -3/4, g = -3/2, m = 1/8 + 3/8, w = 3/4.
    heavy = Experiment(
        initial=Parameters(w=0.0),
        negative_slope=0.5,
        optimizer=SGD(learning_rate=0.25, momentum=0.5),
        batch_size=1,
        steps=2,
        dtype="float64",
    )
    ones = np.ones((2, 1))
    run = exact_run(heavy, ones, ones)
    assert [step["gradient.w"][0].value for step in run.steps] == [-1, Fraction(-3, 2)]
    assert [step["momentum.w"][0].value for step in run.steps] == [Fraction(1, 4), Fraction(1, 2)]
    assert [step["w"][0].value for step in run.steps] == [Fraction(1, 4), Fraction(3, 4)]
    assert run.stopped == ""
    # Nesterov looks ahead: w = m mu - g lr = 1/8 + 1/4.
    nesterov = replace(heavy, optimizer=SGD(learning_rate=0.25, momentum=0.5, nesterov=True))
    assert exact_run(nesterov, ones, ones).steps[0]["w"][0].value == Fraction(3, 8)


def test_the_value_of_phi_at_the_kink_is_the_experiments():
    e = Experiment(initial=Parameters(w=0.0), negative_slope=0.25, batch_size=1, steps=1, grad_at_zero=1.0)
    one = np.ones((1, 1), "float32")
    assert exact_run(e, one, one).steps[0]["gradient.w"][0].value == -2


def test_other_optimizers_are_followed_to_their_first_root():
    e = Experiment(initial=Parameters(w=0.5), optimizer=Adam(), batch_size=2, steps=2, dtype="float64")
    run = exact_run(e, np.ones((2, 2)), np.ones((2, 2)))
    assert len(run.steps) == 1
    assert "gradient.w" in run.steps[0]
    assert "w" not in run.steps[0]
    assert "Adam" in run.stopped


def test_data_that_are_not_dyadic_enough_stop_it_at_once():
    e = Experiment(steps=1, batch_size=4)
    x = np.full((1, 4), 0.1, "float32")
    run = exact_run(e, x, x)
    assert run.steps == []
    assert "bits" in run.stopped


def test_a_mean_over_three_is_rounded_and_by_how_much_is_said():
    third = Experiment(initial=Parameters(w=1.0), batch_size=3, steps=2)
    thirds = exact_run(third, np.ones((2, 3), "float32"), np.array([[0, 1, 1], [0, 0, 0]], "float32"))
    assert [step.keys() for step in thirds.steps] == [{"y", "y_pred", "loss", "gradient.w"}]
    assert thirds.skipped == 0
    assert "gradient" in thirds.stopped
    (loss,), (gradient,) = (thirds.steps[0][quantity] for quantity in ("loss", "gradient.w"))
    assert (loss.value, gradient.value) == (Fraction(1, 3), Fraction(2, 3))  # of one sample that is not met
    u = Fraction(1, 2**24)
    assert 5 * u <= Fraction(loss.radius) / loss.value < 6 * u


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_that_are_said_to_fit_are_exact_in_every_order(dtype):
    rng, scalar = np.random.default_rng(0), np.dtype(dtype).type
    bits = np.finfo(dtype).nmant + 1
    refused = rounded = 0
    for _ in range(200):
        terms = [int(t) << int(s) for t, s in zip(rng.integers(-9, 10, 5), rng.integers(0, bits, 5), strict=True)]
        exact = Fraction(sum(terms))
        sums = []
        for order in itertools.permutations(terms):
            total = scalar(0)
            for term in order:
                total += scalar(term)
            sums.append(Fraction(float(total)))
        try:
            assert ExactArithmetic(dtype).total([Dyadic(Fraction(t)) for t in terms]).value == exact
        except NotRepresentable:
            refused += 1
            rounded += any(s != exact for s in sums)
        else:
            assert all(s == exact for s in sums)
    assert refused >= rounded > 0


def test_products_that_are_said_to_fit_are_exact_in_every_order():
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(200):
        factors = [Fraction(int(f), 8) for f in rng.integers(-999, 1000, 3)]
        try:
            exact = ExactArithmetic("float32").product(*map(Dyadic, factors)).value
        except NotRepresentable:
            refused += 1
            continue
        for a, b, c in itertools.permutations(np.float32(float(f)) for f in factors):
            assert Fraction(float(a * b * c)) == exact
    assert 0 < refused < 200


@pytest.mark.parametrize("values", [[2.0**24, 1.0], [2.0**-126, 2.0**-127], [2.0**127, 2.0**127]])
def test_what_needs_more_bits_or_range_than_there_is_is_refused(values):
    with pytest.raises(NotRepresentable):
        ExactArithmetic("float32").total([Dyadic(Fraction(v)) for v in values])


@pytest.mark.parametrize("values", [[2.0**13 - 1, 2.0**12 + 1], [2.0**-100, 2.0**-100], [2.0**100, 2.0**100]])
def test_products_out_of_bits_or_range_are_refused(values):
    with pytest.raises(NotRepresentable):
        ExactArithmetic("float32").product(*(Dyadic(Fraction(v)) for v in values))


@pytest.mark.parametrize("a", [0.0, -0.0, 1.0, -1.0])
@pytest.mark.parametrize("b", [0.0, -0.0, 1.0, -1.0])
def test_zeros_have_the_sign_of_ieee_754(a, b):
    arithmetic = ExactArithmetic("float64")
    for ours, theirs in [
        (arithmetic.add(Dyadic.of(a), Dyadic.of(b)), np.float64(a) + np.float64(b)),
        (arithmetic.add(Dyadic.of(a), -Dyadic.of(b)), np.float64(a) - np.float64(b)),
        (arithmetic.product(Dyadic.of(a), Dyadic.of(b)), np.float64(a) * np.float64(b)),
    ]:
        assert float(ours) == theirs
        assert np.signbit(float(ours)) == np.signbit(theirs)


def test_an_open_sign_stays_open_only_where_it_matters():
    arithmetic, open_zero = ExactArithmetic("float64"), Dyadic(Fraction(0), 0)
    plus, minus = Dyadic.of(0.0), Dyadic.of(-0.0)
    assert arithmetic.add(plus, open_zero).zero == 1
    assert arithmetic.add(minus, open_zero).zero == 0
    assert arithmetic.total([minus, minus]).zero == 0  # -0, or +0 if the sum starts from +0
    assert arithmetic.total([minus, plus]).zero == 1
    assert arithmetic.square(open_zero).zero == 1
    assert arithmetic.product(open_zero, Dyadic.of(2.0)).zero == 0


def test_a_factor_that_is_no_binary_fraction_is_refused_also_where_it_cancels():
    # 2/7 of 7 is 2, but not of 2/7 as a float.
    with pytest.raises(NotRepresentable, match="2/7 is not a binary fraction"):
        ExactArithmetic("float32").product(Dyadic(Fraction(2, 7)), Dyadic(Fraction(7)))
    e = Experiment(initial=Parameters(w=0.0, b=7.0), trainable=("b",), batch_size=7, steps=1)
    zeros = np.zeros((1, 7), "float32")
    (gradient,) = exact_run(e, zeros, zeros).steps[0]["gradient.b"]
    assert isinstance(gradient, Rounded)
    assert gradient.value == 14


def test_what_is_no_binary_fraction_is_refused():
    with pytest.raises(NotRepresentable, match="1/3 is not a binary fraction"):
        ExactArithmetic("float64").total([Dyadic(Fraction(1, 3))])
