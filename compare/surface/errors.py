"""How accurate the surface functions are, as constants for whoever compares with them.

With u = 2^-53, as long as the result is a normal number (no underflow, no overflow), for

    1e-300 <= max(|w|, |b|) <= 1e150, or w = b = 0
    |v| max(|w|, |b|), |d|, |negative_slope|, |w*|, |b*|, |negative_slope*| <= 1e150

the promise is

    expected_loss         |error| <= LOSS_ERROR L
    expected_gradient     |error in p| <= GRADIENT_ERROR 2 E|r df/dp|,   f = v phi(w x + b) + d
    expected_hessian      |error| <= HESSIAN_ERROR max |H_ij|
    activation_probability|error| <= PROBABILITY_ERROR P

So the loss is relatively accurate everywhere, at the global minimum as in the tails. The
gradient is, unless positive and negative residuals cancel; where they cancel completely,
at a critical point, no arithmetic of fixed length has relative accuracy, and the bound is
that of rounding the terms. Away from such points it is 2e-14 of the largest component.

Count of roundings
------------------
A residual or slope is a double-double numerator rounded once and divided once: 3 u. Moments
are good to 11 u, the square root of a density to 4 u (`gaussian`, by measurement against
50 digits). A term residual^2 m_0, 2 residual slope m_1 or slope^2 m_2 thus has at most
6 + 11 + 8 + 7 = 32 u if all these errors are at their largest with the same sign. On pieces
whose residual and slope have opposite signs the middle term is subtracted. The result is at
least 1/14 of the sum of the terms, as m_1^2 <= 3/4 m_0 m_2 for densities that do not
increase (3/4 is that of a constant density). On these pieces, short ones, the measured
errors of the moments are below 5 u and of one sign. The constants are twice what the
largest of 40,000 points has shown (a search for the worst, not a sample of the usual),
and hold on the points of the tests with the factor of two to spare.

Examples
--------
>>> LOSS_ERROR < 1e-14
True
"""

__all__ = ["GRADIENT_ERROR", "HESSIAN_ERROR", "LOSS_ERROR", "PROBABILITY_ERROR"]

UNIT_ROUNDOFF = 2.0**-53
LOSS_ERROR = 32 * UNIT_ROUNDOFF
GRADIENT_ERROR = 32 * UNIT_ROUNDOFF
HESSIAN_ERROR = 32 * UNIT_ROUNDOFF
PROBABILITY_ERROR = 16 * UNIT_ROUNDOFF
