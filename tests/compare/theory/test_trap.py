"""The proof that AMSGrad stays: against rational steps of its own conditions, and long runs."""

from fractions import Fraction

import pytest

from compare.theory.crossing import crossing_step
from compare.theory.trap import trapped_from
from reference import SGD, Adam


def test_what_is_proved_to_stay_does_not_cross_in_many_more_steps():
    for lr, w in ((0.01, -10.0), (0.001, -1.0), (0.05, -20.0)):
        optimizer = Adam(learning_rate=lr, amsgrad=True)
        step = trapped_from(optimizer, w)
        assert step is not None
        assert crossing_step(optimizer, w, steps=4 * step) is None


def test_what_crosses_is_not_proved_to_stay():
    for lr, w in ((0.01, -1.0), (0.1, -1.0), (0.5, -10.0)):
        optimizer = Adam(learning_rate=lr, amsgrad=True)
        assert crossing_step(optimizer, w, steps=20_000) is not None
        assert trapped_from(optimizer, w) is None


@pytest.mark.parametrize("beta", [Fraction(1, 4), Fraction(9, 16), Fraction(81, 100)])
@pytest.mark.parametrize("share", [Fraction(1, 2), Fraction(1)])
def test_the_map_of_the_ratio_keeps_below_its_larger_fixed_point(beta, share):
    # At share 1 of the threshold the two fixed points are one, and rational: beta is a square.
    root = {Fraction(1, 4): Fraction(1, 2), Fraction(9, 16): Fraction(3, 4), Fraction(81, 100): Fraction(9, 10)}[beta]
    eta = share * (1 - root) ** 2 / (1 - beta)

    def polynomial(rho):
        return eta * beta * rho**2 - (1 - beta) * (1 - eta) * rho + 1 - beta

    middle = (1 - beta) * (1 - eta) / (2 * eta * beta)
    assert polynomial(middle) <= 0
    assert (polynomial(middle) == 0) == (share == 1)
    for rho in (Fraction(0), Fraction(1), middle):
        q = beta * rho + 1 - beta
        assert eta * q < 1
        # F(rho) <= rho where the polynomial is not positive, and F is increasing.
        image = q / (1 - eta * q)
        assert (image <= rho) == (polynomial(rho) <= 0)


@pytest.mark.parametrize("optimizer", [Adam(), SGD()])
def test_only_amsgrad_is_accepted(optimizer):
    with pytest.raises(ValueError, match="must be Adam"):
        trapped_from(optimizer, -1.0)


def test_only_the_left_side_is_accepted():
    with pytest.raises(ValueError, match="w must be negative"):
        trapped_from(Adam(amsgrad=True), 1.0)
