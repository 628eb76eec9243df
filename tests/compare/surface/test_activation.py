"""How often the neuron is active, against the error function in 50 digits."""

import mpmath as mp
import numpy as np
import pytest

from compare.surface import activation_probability
from compare.surface.errors import PROBABILITY_ERROR
from reference import Parameters

rng = np.random.default_rng(4)
WEIGHTS = 10 ** rng.uniform(-300, 150, 500)
BIASES = np.concatenate([WEIGHTS[:400] * rng.uniform(-37, 10, 400), WEIGHTS[400:] * 10 ** rng.uniform(-20, 2, 100)])


def test_five_hundred_weights_of_every_magnitude_keep_the_promised_error_also_in_the_tail():
    seen = activation_probability(Parameters(WEIGHTS, BIASES))
    for p, w, b in zip(seen, WEIGHTS, BIASES, strict=True):
        with mp.workdps(60):
            exact = mp.erfc(-mp.mpf(b) / mp.mpf(w) / mp.sqrt(2)) / 2
            assert abs(mp.mpf(float(p)) - exact) <= PROBABILITY_ERROR * exact, (w, b)


def test_the_sign_of_the_weight_does_not_matter():
    p = Parameters(WEIGHTS, BIASES)
    assert activation_probability(p).tolist() == activation_probability(p._replace(w=-p.w)).tolist()


@pytest.mark.parametrize(
    ("w", "b", "probability"),
    [
        (1.0, 0.0, 0.5),
        (-1.0, -0.0, 0.5),
        (0.0, 1.0, 1.0),
        (0.0, 0.0, 0.0),
        (0.0, -1.0, 0.0),
        (1.0, -60.0, 0.0),
        (-1e-300, 1.0, 1.0),
    ],
)
def test_special_values(w, b, probability):
    assert activation_probability(Parameters(w, b)) == probability


def test_it_broadcasts_over_all_four_parameters():
    assert activation_probability(Parameters(np.ones((2, 1)), 0.0, np.ones(3))).tolist() == [[0.5] * 3] * 2
    assert np.isnan(activation_probability(Parameters(np.nan)))
