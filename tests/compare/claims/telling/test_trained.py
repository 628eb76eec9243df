"""Which parameters were trained, and at what the others were held."""

import numpy as np
import pytest

from compare.claims.telling.trained import is_unusual, trained_and_held
from reference import Experiment, Parameters


@pytest.mark.parametrize(
    ("settings", "text", "unusual"),
    [
        ({}, "Trained: w; held fixed: b = 0.", False),
        ({"initial": Parameters(w=-10.0, b=2.0)}, "Trained: w; held fixed: b = 2.", True),
        ({"initial": Parameters(w=-10.0, b=2.0), "trainable": ("w", "b")}, "Trained: w, b.", True),
        ({"initial": Parameters(w=1.0, v=-1.0, d=0.5)}, "Trained: w; held fixed: b = 0, v = -1, d = 0.5.", True),
        ({"initial": Parameters(w=-3.0), "trainable": ("b",)}, "Trained: b; held fixed: w = -3.", True),
        ({"trainable": ("w", "b", "v", "d")}, "Trained: w, b, v, d.", True),
        (
            {"initial": Parameters(w=np.array([1.0, 2.0]), b=np.array([1.0, 2.0]))},
            "Trained: w; held fixed: b = 1 to 2.",
            True,
        ),
    ],
)
def test_trained_and_held(settings, text, unusual):
    experiment = Experiment(**settings)
    assert trained_and_held(experiment) == text
    assert is_unusual(experiment) is unusual
