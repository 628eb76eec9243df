"""Conditions at the ends of the range of numbers: told, and without a warning."""

import numpy as np
import pytest

from compare.claims.values import Condition

LARGE = 1.7e308


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (Condition(below=-LARGE), [False, False, False]),
        (Condition(above=LARGE), [False, False, False]),
        (Condition(above=-LARGE), [False, True, True]),
        (Condition(near=-LARGE, within=LARGE), [True, True, False]),
        (Condition(near=LARGE, within=1.0), [False, False, True]),
    ],
)
def test_a_condition_is_told_at_the_ends(condition, met):
    numbers = np.array([-LARGE, 0.0, LARGE])
    assert condition.met(numbers).tolist() == met
    margin = condition.margin(numbers)
    assert not np.isnan(margin).any()
    assert (margin[np.array(met)] >= 0).all()
    assert (margin[~np.array(met)] <= 0).all()
