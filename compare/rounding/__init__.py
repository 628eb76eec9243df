"""How far two correct floating-point evaluations of one formula can be apart.

What rounding may do to one evaluation or one step is bounded here, and every literal that
enters these bounds stands here. Bounds of other kinds are derived where they are used: of
what a run accumulates (`compare.certificates.free_run`), of a label that is computed again
(`compare.certificates.redrawn_batches`), of the expected loss and its derivatives
(`compare.surface.errors`), of a path in real arithmetic (`compare.claims.witnesses.paths`).

`arithmetic`
    what an admissible implementation may do, and what one operation may then cost
`ball`
    numbers with a radius that any formula can be run on
`batch`
    the same bounds for whole batches of the neuron in closed form, an order of magnitude
    faster
`moment_gradient`
    gradients that are put together from the moments of a batch, its sums of 1, x and x^2
`sparse_mean`
    means over many samples of which few are different from 0
`ensembles`
    what `reference.ensembles` computes, against the exact gradient and the neuron's
`overflow`
    results that are finite on one side only
`distance`
    differences as a part of their bound, and in units in the last place

Method
------
A `Ball` is a number as NumPy computed it together with a radius: whatever another
admissible implementation computes for the same formula from the same inputs lies within
the radius (ball arithmetic: van der Hoeven 2010, "Ball arithmetic"; the per-operation
rules are the running error analysis of Higham, "Accuracy and Stability of Numerical
Algorithms", 2nd ed., section 3.3). The reference's own code is run on Balls, so each
formula and each optimizer has its bound without a second derivation.

With NumPy's value x = fl(a o b) and another implementation's x', from operands within
r_a and r_b of ours, the exact results differ by at most a spread P, thus

    |x - x'| <= P + u |x| (1 + 2u) + gamma_k (|x| (1 + 2u) + P) + eta

with u the unit roundoff, gamma_k = k u / (1 - k u) (Higham, lemma 3.1) for the k
roundings that `arithmetic` allows the other implementation, and

    a + b    P = r_a + r_b                  a b     P = |a| r_b + |b| r_a + r_a r_b
    a / b    P = (r_a + |a/b| r_b) / (|b| - r_b)    (infinite if b may be 0)
    sqrt a   P = r_a / (sqrt a + sqrt(a - r_a))     (infinite if a may be negative)
    max      P = r of the larger one, or the larger r if either may be it; no rounding
    sum a    P = sum r + gamma_(n-1) (2 sum |a| + sum r), any order (Higham, equation 4.4)

and eta = 2 n omega for what is flushed to zero, omega being the smallest normal number
and n the number of operations, unless the result is exactly zero in every
implementation, because an operand is. An input below omega gets its own size as its
radius. A sum of exact operands that is representable has radius 0: there is nothing to
round.

Constants need no term of their own: where Keras passes a setting through float32 even in
float64, the reference does (`reference.optimizers.cast_like_keras`), and both start from
the same number.

Radii are computed in float64 from nonnegative terms, so each operation costs them a
relative error of 2^-53; `Ball.bound` widens by 2^-20, which covers 2^32 operations.
"""

from compare.rounding.arithmetic import FIRST_ORDER, Arithmetic, gamma
from compare.rounding.ball import Ball, Fork
from compare.rounding.distance import ratio, ulps

__all__ = ["FIRST_ORDER", "Arithmetic", "Ball", "Fork", "gamma", "ratio", "ulps"]
