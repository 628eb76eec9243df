"""How accurate the surface functions are, as constants for whoever compares with them.

With u = 2^-53, for x ~ N(0, 1) and as long as the result is a normal number::

    expected_loss           |error| <= LOSS_ERROR L
    expected_gradient       |error in p| <= GRADIENT_ERROR 2 E|r df/dp|,  f = v phi(w x + b) + d
    expected_hessian        |error in H_ij| <= HESSIAN_ERROR S_ij
                            S_ij = 2 (E[f_i^2] E[f_j^2])^(1/2) + 2 E|r f_ij|,  f_i = df/dp_i, f_ij = df_i/dp_j
    activation_probability  |error| <= PROBABILITY_ERROR P

in the range ::

    max(|w|, |b|) <= 1e150, subnormal numbers and 0 included
    |v| max(|w|, |b|), |d|, |negative_slope| and the teacher's numbers <= 1e100

In fact far beyond: up to the largest float64 where neither the result overflows nor a kink is
more than 37 standard deviations out, so that a density below 1e-300 meets a z above 1e150. No
entry of the Hessian is lost beside larger ones of another unit.

The loss is thus relatively accurate everywhere, at the global minimum as in the tails. The
gradient's bound is 2e-14 of its largest component, unless positive and negative residuals
cancel to less than a fifth of 2 E|r df/dp| in all four components: near a critical point
no arithmetic of fixed length has relative accuracy, and the bound is that of rounding the
terms.

Count of roundings
------------------
A residual or a slope is a double-double numerator, rounded once and divided once: 2 u. A
moment is good to 8 u, a density to 9 u (`gaussian`). A term residual^2 m_0,
2 residual slope m_1 or slope^2 m_2 takes two of the former, one of each of the latter and at
most 7 multiplications, and the terms of at most 4 pieces are added in 4 more: with all errors
at their largest and of one sign, 2 * 2 + 8 + 9 + 7 + 4 = 32 u.

Where residual and slope have opposite signs, the middle term is subtracted, and the sum may
be as little as 1/14 of its terms. Errors would have to conspire to use that up: of 14,000
points drawn to be difficult (`tests/compare/surface/conftest.py`), the worst had 11 u in the
loss, 17 u in the gradient, 8 u of the largest entry in the Hessian.
"""

__all__ = ["GRADIENT_ERROR", "HESSIAN_ERROR", "LOSS_ERROR", "PROBABILITY_ERROR"]

UNIT_ROUNDOFF = 2.0**-53
LOSS_ERROR = 32 * UNIT_ROUNDOFF
GRADIENT_ERROR = 32 * UNIT_ROUNDOFF
HESSIAN_ERROR = 32 * UNIT_ROUNDOFF
PROBABILITY_ERROR = 20 * UNIT_ROUNDOFF  # a moment, a density, and their product and sum
