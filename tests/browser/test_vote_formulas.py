"""The formulas of "Who gets a vote?", as the browser computes them, against the surface and the reference."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from compare.report.data import FEW
from compare.surface import expected_gradient, expected_loss
from reference import SGD, Experiment, Parameters, Target, draw_batches, train
from reference.neuron import backward, forward, mean_squared_error, phi_derivative

SMALL = 1e-12  # what is promised, relative to the terms that are summed
WEIGHTS = (-12.0, -2.0, -0.7, -1e-3, 0.0, 1e-3, 0.3, 1.0, 2.2, 12.0)
SLOPES = (0.0, 0.25, 1.0, -0.5, -1.0)  # float32 numbers, as the reference rounds a slope to those


def spread(session):
    return np.array(session.execute_script("return spreadInputs(40)"), float)


def size(w, s):
    """The magnitudes of the terms of dL/dw, summed: phi' times the slopes of answer and label, on either side."""
    gain = max(1.0, abs(s))
    return gain * (gain * abs(w) + 1)


def test_the_forty_inputs_are_even_shares_of_the_distribution_with_mean_square_one(opened):
    x = spread(opened)
    assert np.array_equal(x, -x[::-1])
    assert abs(math.fsum(x * x) / 40 - 1) <= SMALL
    middles = np.array([NormalDist().inv_cdf((i + 0.5) / 40) for i in range(40)])
    factor = 1 / math.sqrt(np.mean(middles**2))
    assert np.max(np.abs(x - factor * middles)) <= SMALL
    assert 1 < factor < 1.03  # a small correction


@pytest.mark.parametrize("s", SLOPES)
def test_loss_and_pulls_of_the_forty_are_those_of_the_expected_loss(opened, s):
    x = spread(opened)
    for w in WEIGHTS:
        at_w = Parameters(w=w)
        y_pred = forward(at_w, x, np.float64(s)).y_pred
        loss = float(expected_loss(at_w, negative_slope=s))
        assert abs(float(mean_squared_error(y_pred, Target().labels(x))) - loss) <= SMALL * max(loss, size(w, s))
        total = opened.execute_script("return sumOfPulls(arguments[0], arguments[1], spreadInputs(40))", w, s)
        assert abs(total + float(expected_gradient(at_w, negative_slope=s).w)) <= SMALL * size(w, s)


def test_inputs_that_were_not_scaled_would_be_seen():
    middles = np.array([NormalDist().inv_cdf((i + 0.5) / 40) for i in range(40)])
    x = middles
    gradient = gradients(Parameters(w=-2.0), x, 0.0)
    assert abs(gradient.mean() - float(expected_gradient(Parameters(w=-2.0)).w)) > 1000 * SMALL * size(-2.0, 0.0)


def gradients(at_w, x, s):
    """The derivative of each input's own squared error, by the reference, as a batch of one input."""
    s = np.float64(s)
    one = [backward(at_w, v, Target().labels(v), forward(at_w, v, s), s, ("w",), None).w for v in x[:, None]]
    return np.array(one, float)


@pytest.mark.parametrize("s", SLOPES)
def test_each_pull_is_the_reference_s_derivative_of_one_squared_error(opened, s):
    x = np.concatenate([spread(opened), draw_batches(FEW)[0][0]])
    code = "return pullsOn(arguments[0], arguments[1], arguments[2]).map(pull => [Number.isNaN(pull), pull]);"
    for w in WEIGHTS:
        found = opened.execute_script(code, w, s, x.tolist())
        off = np.array([nan for nan, _ in found])
        assert np.array_equal(off, phi_derivative(w * x, np.float64(s)) == 0)
        pulls = np.array([0.0 if nan else pull for nan, pull in found])
        exact = -gradients(Parameters(w=np.float64(w)), x, s) / len(x)
        assert (np.abs(pulls - exact) <= SMALL * 2 * size(w, s) * x * x / len(x)).all()


@pytest.mark.parametrize(
    ("s", "start", "rate"), [(0.0, -2.0, 0.1), (0.25, -2.0, 0.1), (-0.5, 1.5, 0.3), (0.0, -2.0, 1.5)]
)
def test_batch_steps_are_those_of_the_reference(opened, s, start, rate):
    code = """const [start, rate, slope] = arguments;
    const { batches } = JSON.parse(document.getElementById("data").textContent);
    const path = [start];
    for (const inputs of batches) {
        path.push(path.at(-1) + rate * sumOfPulls(path.at(-1), slope, inputs));
    }
    return path;"""
    found = np.array(opened.execute_script(code, start, rate, s), float)
    settings = {"initial": Parameters(w=start), "optimizer": SGD(learning_rate=rate), "negative_slope": s}
    run = train(Experiment(**settings, batch_size=40, steps=50, dtype="float64"))
    assert np.max(np.abs(found - run.parameters.w) / (1 + np.abs(run.parameters.w))) <= SMALL
    other = train(
        Experiment(
            **settings | {"optimizer": SGD(learning_rate=rate * (1 + 1e-9))}, batch_size=40, steps=50, dtype="float64"
        )
    )
    assert np.max(np.abs(found - other.parameters.w) / (1 + np.abs(run.parameters.w))) > SMALL
