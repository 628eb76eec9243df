"""What an admissible implementation may do with one operation.

Three sets of implementations, each containing the next:

ANY, the bound lane: whatever a compiler or library may make of a formula.
    * + - * are rounded once, or not at all (fused multiply-add);
    * a constant that is added to a sum may be added to one of its terms first;
    * a division is one, or a product with a reciprocal, or with a reciprocal of a
      product: relative error at most gamma_3; a square root, also as an inverse of an
      inverse: gamma_3;
    * a sum of n terms is taken in any order, with or without fused multiply-add: error at
      most gamma_(n-1) sum |terms| (Higham, equation 4.4);
    * `pow` is off by at most 4 units in the last place, see below;
    * operands and results up to the smallest normal number omega may be flushed to zero;
    * an activation takes either side of the kink when z is within its radius of it.

REWRITTEN, the bit lane in a TensorFlow graph: operations as written, each rounded
    correctly, but for what the graph optimizer (grappler) was seen to rewrite:
    * (a + b) + c into a + (b + c) where c is a constant (RMSprop's v - a^2 + epsilon),
      and likewise (a b) c into a (b c) (the decay of AdamW);
    * a / b into a product with a reciprocal: gamma_3; a / sqrt b into a rsqrt(b), where
      Eigen's vector kernel is off by 1.5 u in float64 and 2.5 u in float32 and the
      rounding of the root is gone on one side: gamma_5 in all.

WRITTEN, the bit lane operation by operation: each operation as written and rounded
    correctly, as IEEE 754 requires of + - * / and the square root. Equal operands then
    give equal results, bit for bit, and the radius is 0; only `pow` and flushing are left.

`pow` is the one library function that takes part and that nobody rounds correctly. The C
library's and TensorFlow's stay below 1 unit in the last place; NumPy's vector kernels
(SVML, AVX-512) promise less than 4. Both sides are granted 4.
"""

from enum import Enum

import numpy as np

__all__ = ["FIRST_ORDER", "POW_ULPS", "SLACK", "Arithmetic", "gamma"]

POW_ULPS = 4
SLACK = 1 + 2.0**-20  # for the roundings of the radii themselves
FIRST_ORDER = 2  # factor on a first-order bound, for the terms of higher order left out


class Arithmetic(Enum):
    """Which implementations a radius has to cover."""

    ANY = "any order of operations"
    REWRITTEN = "as written, quotients and associations rewritten"
    WRITTEN = "as written"


def gamma(k: int, u: float) -> float:
    """Higham's gamma_k = k u / (1 - k u), the relative error of k roundings.

    Infinite where k u >= 1.

    Examples
    --------
    >>> gamma(1, 0.5), gamma(2, 0.5)
    (1.0, inf)
    """
    return k * u / (1 - k * u) if k * u < 1 else np.inf
