"""What a certificate remembers: the worst, the first beyond its bound, and what was never compared."""

import numpy as np

from compare.certificates.differences import Ledger
from compare.certificates.lockstep import Comparison
from compare.rounding import Ball


def comparison(keras, value, radius, first_step=0):
    return Comparison.of("w", first_step, np.array(keras), Ball(np.array(value), np.array(radius)))


def entered(*comparisons):
    ledger = Ledger("lockstep")
    for one in comparisons:
        ledger.enter(one)
    return ledger


def test_the_worst_and_the_first_are_told_apart():
    ledger = entered(comparison([1.0, 1.5, 4.0], [1.0, 1.0, 1.0], [0.25, 0.25, 0.25], first_step=7))
    assert (ledger.first.step, ledger.first.keras) == (8, 1.5)
    assert ledger.worst["w"].step == 9
    assert ledger.worst["w"].compared == 3


def test_a_quantity_that_never_had_a_bound_is_named():
    ledger = entered(comparison([1.0, 5.0], [1.0, 1.0], [np.inf, np.inf], first_step=3))
    assert ledger.first is None
    (blind,) = ledger.blind
    assert (blind.quantity, blind.step, blind.keras) == ("w", 4, 5.0)
    assert "no step had a bound" in str(blind)
    assert (ledger.worst["w"].unbounded, ledger.worst["w"].compared) == (2, 0)


def test_one_bound_in_any_block_is_enough_to_compare():
    blind, seeing = comparison([1.5], [1.0], [np.inf]), comparison([1.0], [1.0], [0.5], first_step=1)
    assert entered(blind, seeing).blind == ()
    assert entered(seeing, blind).blind == ()
    assert len(entered(blind).blind) == 1


def test_the_same_bits_without_a_bound_were_not_compared_either():
    (blind,) = entered(comparison([1.0, 2.0], [1.0, 2.0], [np.inf, np.inf])).blind
    assert (blind.step, blind.keras, blind.reference) == (0, 1.0, 1.0)


def test_what_is_not_finite_needs_no_bound():
    ledger = entered(comparison([np.inf, np.nan], [np.inf, np.nan], [np.inf, np.inf]))
    assert ledger.blind == ()
    assert ledger.worst["w"].unbounded == 0


def test_a_reference_that_alone_is_not_finite_is_not_passed_over():
    ledger = entered(comparison([1.0, 2.0], [np.nan, np.inf], [np.nan, np.inf], first_step=5))
    (blind,) = ledger.blind
    assert (blind.step, blind.keras) == (5, 1.0)
    assert (ledger.worst["w"].unbounded, ledger.worst["w"].compared) == (2, 0)


def test_keras_alone_not_finite_is_beyond_every_bound():
    assert entered(comparison([np.nan], [1.0], [0.5])).first.step == 0
