"""What a certificate remembers: the worst, the first beyond its bound, and what was never compared."""

import numpy as np

from compare.certificates.comparison import Comparison
from compare.certificates.differences import Differences
from compare.rounding import Ball


def comparison(keras, value, radius, first_step=0):
    return Comparison.of("w", first_step, np.array(keras), Ball(np.array(value), np.array(radius)))


def entered(*comparisons):
    kept = Differences("lockstep")
    kept.add(*comparisons)
    return kept


def test_the_worst_and_the_first_are_told_apart():
    kept = entered(comparison([1.0, 1.5, 4.0], [1.0, 1.0, 1.0], [0.25, 0.25, 0.25], first_step=7))
    assert (kept.first.step, kept.first.observed) == (8, 1.5)
    assert kept.worst["w"].step == 9
    assert kept.worst["w"].compared == 3


def test_a_quantity_that_never_had_a_bound_is_named():
    kept = entered(comparison([1.0, 5.0], [1.0, 1.0], [np.inf, np.inf], first_step=3))
    assert kept.first is None
    (example,) = kept.not_compared
    assert (example.quantity, example.step, example.observed) == ("w", 4, 5.0)
    assert "no step had a bound" in str(example)
    assert (kept.worst["w"].unbounded, kept.worst["w"].compared) == (2, 0)


def test_one_bound_in_any_block_is_enough_to_compare():
    unbounded, bounded = comparison([1.5], [1.0], [np.inf]), comparison([1.0], [1.0], [0.5], first_step=1)
    assert entered(unbounded, bounded).not_compared == ()
    assert entered(bounded, unbounded).not_compared == ()
    assert len(entered(unbounded).not_compared) == 1


def test_the_same_bits_without_a_bound_were_not_compared_either():
    (example,) = entered(comparison([1.0, 2.0], [1.0, 2.0], [np.inf, np.inf])).not_compared
    assert (example.step, example.observed, example.reference) == (0, 1.0, 1.0)


def test_what_is_not_finite_needs_no_bound():
    kept = entered(comparison([np.inf, np.nan], [np.inf, np.nan], [np.inf, np.inf]))
    assert kept.not_compared == ()
    assert kept.worst["w"].unbounded == 0


def test_a_reference_that_alone_is_not_finite_is_not_passed_over():
    kept = entered(comparison([1.0, 2.0], [np.nan, np.inf], [np.nan, np.inf], first_step=5))
    (example,) = kept.not_compared
    assert (example.step, example.observed) == (5, 1.0)
    assert (kept.worst["w"].unbounded, kept.worst["w"].compared) == (2, 0)


def test_keras_alone_not_finite_is_beyond_every_bound():
    assert entered(comparison([np.nan], [1.0], [0.5])).first.step == 0
