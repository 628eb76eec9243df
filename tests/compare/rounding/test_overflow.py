"""Finite on one side only: what rounding can do, and what it cannot, against rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from compare.rounding.overflow import neuron_unexplained, step_unexplained
from reference import SGD, Adam, Parameters, RMSprop


def neuron(*values, dtype):
    return Parameters(*(np.array([value], dtype) for value in values))


def exactly(parameters, x, y, slope):
    """Loss and derivatives of one batch, in rationals."""
    w, b, v, d = (Fraction(float(p[0])) for p in parameters)
    s, n = Fraction(slope), x.shape[1]
    found = dict.fromkeys(("loss", "gradient.w", "gradient.b", "gradient.v", "gradient.d"), Fraction(0))
    for x_i, y_i in zip(map(Fraction, x[0].tolist()), map(Fraction, y[0].tolist()), strict=True):
        z = w * x_i + b
        side = Fraction(1) if z > 0 else s
        e = v * side * z + d - y_i
        terms = (e * e, 2 * e * v * side * x_i, 2 * e * v * side, 2 * e * side * z, 2 * e)
        found = {name: total + term / n for (name, total), term in zip(found.items(), terms, strict=True)}
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(40))
def test_a_finite_value_is_refused_unless_it_is_next_to_the_exact_one(seed, dtype):
    rng = np.random.default_rng(seed)
    most = np.finfo(dtype).maxexp
    size = 2.0 ** rng.uniform(most / 3, most / 2 + 2)  # so that squares lie on either side of the largest number
    parameters = neuron(*(rng.normal(0, 1, 4) * [size, size, 1, size]), dtype=dtype)
    x, y = rng.normal(0, 1, (2, 1, 5)).astype(dtype)
    exact = exactly(parameters, x, y, 0.25)
    largest = Fraction(float(np.finfo(dtype).max))
    for name, value in exact.items():
        holds = abs(value) <= largest
        right = np.array([float(value) if holds else 0.0], dtype)
        wrong = np.array([float(value) / 2 if holds else float(largest)], dtype)
        assert neuron_unexplained(parameters, x, y, 0.25, {name: right})[name].tolist() == [not holds], name
        assert neuron_unexplained(parameters, x, y, 0.25, {name: wrong})[name].tolist() == [True], name


def test_predictions_are_looked_at_one_by_one():
    parameters = neuron(3e38, 0.0, 1.0, 0.0, dtype="float32")
    x = np.array([[0.5, 2.0, -2.0]], "float32")
    told = np.array([[1.5e38, 1.0, np.inf]], "float32")
    found = neuron_unexplained(parameters, x, 0 * x, 0.0, {"y_pred": told})["y_pred"]
    assert found.tolist() == [[False, True, False]]  # right; beyond float32, yet finite; not asked about


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [SGD(), SGD(momentum=0.9), Adam(), RMSprop(centered=True)], ids=repr)
def test_after_what_is_not_finite_no_parameter_is(optimizer, dtype):
    for gradient in (np.inf, -np.inf, np.nan):
        slots = {slot: np.zeros(1, dtype) for slot in optimizer.slots}
        one, g = np.ones(1, dtype), np.array([gradient], dtype)
        with np.errstate(all="ignore"):
            assert step_unexplained(optimizer, np.zeros(1), one, g, slots)[""].tolist() == [True]
            assert not np.isfinite(optimizer.update(one, g, np.zeros(1), slots)[0]).any()  # nor is the reference's


def test_a_step_out_of_range_is_told_from_one_next_to_it():
    most = float(np.finfo("float32").max)
    rate = SGD(learning_rate=1.0)
    w = np.array([most, most, 0.0], "float32")
    g = np.array([-most, most / 2, most], "float32")
    with np.errstate(over="ignore"):
        assert step_unexplained(rate, np.zeros(3), w, g, {})[""].tolist() == [True, False, False]
    # g^2 overflows in float32, (1 - beta_2) g^2 does not: the order of the factors decides, so nothing can be said.
    large = np.array([1e20], "float32")
    slots = {slot: np.zeros(1, "float32") for slot in Adam().slots}
    with np.errstate(over="ignore"):
        found = step_unexplained(Adam(), np.zeros(1), large, large, slots)
    assert {slot: flags.tolist() for slot, flags in found.items()} == {
        "": [False],
        "momentum": [False],
        "velocity": [False],
    }
