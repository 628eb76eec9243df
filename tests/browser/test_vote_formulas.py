"""The formulas of "Who gets a vote?", as the browser computes them, against the surface and the reference."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from compare.report.data import FEW
from compare.rounding import gamma
from compare.surface import expected_gradient, expected_loss
from compare.surface.errors import GRADIENT_ERROR, LOSS_ERROR
from reference import SGD, Experiment, Parameters, Target, draw_batches, train
from reference.neuron import backward, forward, mean_squared_error, phi_derivative

U = 2.0**-53
# Of a sum of forty pulls: 8 of each, 40 of the sum, and twice 27 of the mean of the inputs' squares, which is 1.
ROUNDINGS = 110
WEIGHTS = (-12.0, -2.0, -0.7, -1e-3, 0.0, 1e-3, 0.3, 1.0, 2.2, 12.0)
SLOPES = (0.0, 0.25, 1.0, -0.5, -1.0)  # float32 numbers, as the reference rounds a slope to those


def spread(session):
    return np.array(session.execute_script("return spreadInputs(40)"), float)


def size(w, s):
    """The magnitudes of what is subtracted in phi' (phi(w x) - y), relative to |x|."""
    gain = max(1.0, abs(s))
    return gain * (gain * abs(w) + 1)


def test_the_bound_is_what_is_promised():
    assert gamma(ROUNDINGS, U) <= 1e-12


def test_the_forty_inputs_are_even_shares_of_the_distribution_with_mean_square_one(functions):
    x = spread(functions)
    assert np.array_equal(x, -x[::-1])
    assert abs(math.fsum(x * x) / 40 - 1) <= gamma(27, U)
    shares = [(i + 0.5) / 40 for i in range(20)]
    middles = np.array(functions.execute_script("return arguments[0].map(placeOfShare)", shares))
    off = [abs(math.erf(a / math.sqrt(2)) / 2 - share) for a, share in zip(middles.tolist(), shares, strict=True)]
    assert (np.array(off) <= gamma(64 + 8, U) * np.array(shares)).all()  # 64 of a moment, in normal.js
    factor = 1 / math.sqrt(math.fsum(middles**2) / 20)
    assert (np.abs(x[20:] - factor * middles) <= gamma(30, U) * x[20:]).all()
    assert 1 < factor < 1.03  # a small correction


@pytest.mark.parametrize("s", SLOPES)
def test_loss_and_pulls_of_the_forty_are_those_of_the_expected_loss(functions, s):
    x = spread(functions)
    for w in WEIGHTS:
        at_w = Parameters(w=w)
        loss = float(expected_loss(at_w, negative_slope=s))
        mean = float(mean_squared_error(forward(at_w, x, np.float64(s)).y_pred, Target().labels(x)))
        assert abs(mean - loss) <= gamma(ROUNDINGS, U) * size(w, s) ** 2 + LOSS_ERROR * loss
        total = functions.execute_script("return sumOfPulls(arguments[0], arguments[1], spreadInputs(40))", w, s)
        assert excess(total, w, s) <= 1


def excess(total, w, s):
    """How far a sum of pulls is from minus the expected gradient, in units of its bound."""
    exact = -float(expected_gradient(Parameters(w=w), negative_slope=s).w)
    return abs(total - exact) / ((gamma(ROUNDINGS, U) + GRADIENT_ERROR) * 2 * size(w, s))


def test_inputs_that_were_not_scaled_would_be_seen():
    x = np.array([NormalDist().inv_cdf((i + 0.5) / 40) for i in range(40)])
    assert excess(-gradients(Parameters(w=-2.0), x, 0.0).mean(), -2.0, 0.0) > 1000


def gradients(at_w, x, s):
    """The derivative of each input's own squared error, by the reference, as a batch of one input."""
    s = np.float64(s)
    one = [backward(at_w, v, Target().labels(v), forward(at_w, v, s), s, ("w",), None).w for v in x[:, None]]
    return np.array(one, float)


@pytest.mark.parametrize("s", SLOPES)
def test_each_pull_is_the_reference_s_derivative_of_one_squared_error(functions, s):
    x = np.concatenate([spread(functions), draw_batches(FEW)[0][0]])
    code = "return pullsOn(arguments[0], arguments[1], arguments[2]).map(pull => [Number.isNaN(pull), pull]);"
    for w in WEIGHTS:
        found = functions.execute_script(code, w, s, x.tolist())
        off = np.array([nan for nan, _ in found])
        assert np.array_equal(off, phi_derivative(w * x, np.float64(s)) == 0)
        pulls = np.array([0.0 if nan else pull for nan, pull in found])
        exact = -gradients(Parameters(w=np.float64(w)), x, s) / len(x)
        assert (np.abs(pulls - exact) <= gamma(16, U) * 2 * size(w, s) * x * x / len(x)).all()


@pytest.mark.parametrize(
    ("s", "start", "rate"), [(0.0, -2.0, 0.1), (0.25, -2.0, 0.1), (-0.5, 1.5, 0.3), (0.0, -2.0, 1.5)]
)
def test_batch_steps_are_those_of_the_reference(functions, s, start, rate):
    code = """const [start, rate, slope] = arguments;
    const { batches } = JSON.parse(document.getElementById("data").textContent);
    const path = [start];
    for (const inputs of batches) {
        path.push(path.at(-1) + rate * sumOfPulls(path.at(-1), slope, inputs));
    }
    return path;"""
    found = np.array(functions.execute_script(code, start, rate, s), float)
    settings = {"initial": Parameters(w=start), "optimizer": SGD(learning_rate=rate), "negative_slope": s}
    few = {"batch_size": 40, "steps": 50, "dtype": "float64"}
    run = train(Experiment(**settings, **few))
    w, (x, _) = run.parameters.w, draw_batches(FEW)
    allowed = allowances(w, x, s, rate)
    assert (np.abs(found - w) <= allowed).all()
    assert allowed[-1] <= 1e-12 * (1 + abs(w[-1]))
    other = train(Experiment(**settings | {"optimizer": SGD(learning_rate=rate * (1 + 1e-9))}, **few))
    assert (np.abs(found - other.parameters.w) > allowed)[1:10].all()


def allowances(w, x, s, rate):
    """How far two paths can be apart that are computed in different orders, step by step.

    A step multiplies what they are apart by 1 - rate * curvature, as long as both are on the same
    side of 0; to it come the roundings of both gradients and of the two operations of either step.
    """
    allowed = [0.0]
    for at_w, inputs in zip(w[:-1].tolist(), x, strict=True):
        gains = np.where(at_w * inputs > 0, 1.0, s)
        curvature = 2 * np.mean((gains * inputs) ** 2)
        roundings = gamma(2 * (8 + 40), U) * 2 * rate * size(at_w, s) * np.mean(inputs**2) + gamma(4, U) * abs(at_w)
        allowed.append(abs(1 - rate * curvature) * allowed[-1] + 2 * roundings)
    return np.array(allowed)
