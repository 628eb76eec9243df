"""The expected loss over w without biases: a parabola on either side of 0.

With E[x^2; x > 0] = E[x^2; x < 0] = 1/2, the teacher's output slopes p for x > 0 and n for x < 0,
and the neuron's v w and v s w on the sides where it is on and off::

    w > 0    L = ((v w - p)^2 + (v s w - n)^2) / 2
    w < 0    L = ((v s w - p)^2 + (v w - n)^2) / 2

In fractions they are exact; in floats they are for steps (`half_lines`). With biases of v phi(w x) + d
and of the teacher the lines are in `compare.surface.unbiased_gradient`.

A line crosses the loss where their difference changes its sign: at a simple root on either
side, and at 0 where the signs next to it differ. At a double root, and where it runs along the
loss, it touches only.
"""

import math
from fractions import Fraction
from typing import Any, NamedTuple

from compare.claims.settings import has_no_bias
from compare.claims.witnesses.loss_values import Neuron
from compare.claims.witnesses.real_numbers import rational_root
from reference import Experiment

__all__ = ["HalfLines", "Parabola", "crossings", "half_lines", "half_parabolas", "teacher_slopes"]

PRECISION = 10**80  # of roots that are irrational, in units of 1/PRECISION of their sizes


class Parabola(NamedTuple):
    """a w^2 + b w + c."""

    a: Fraction
    b: Fraction
    c: Fraction

    def __call__(self, w: Fraction) -> Fraction:
        """Its value."""
        return (self.a * w + self.b) * w + self.c

    @property
    def lowest_at(self) -> Fraction:
        """Where it has its extremum; there is one if a is not 0."""
        return -self.b / (2 * self.a)


class HalfLines(NamedTuple):
    """dL/dw in floats: ``curvature w - pull`` on either side of 0, and a number at 0."""

    curvature: float
    left_pull: float
    right_pull: float
    at_zero: float


def teacher_slopes(w: Any, negative_slope: Any) -> tuple[Any, Any]:
    """Slopes p and n of the output of a teacher without bias, for x > 0 and for x < 0."""
    return (negative_slope * w, w) if w < 0 else (w, negative_slope * w)


def half_parabolas(neuron: Neuron) -> tuple[Parabola, Parabola]:
    """The loss over w on the left and on the right of 0, of a neuron and a teacher without biases.

    Examples
    --------
    >>> left, right = half_parabolas(Neuron(*map(Fraction, (1, 0, 1, 0, 0, 1, 0, 0))))
    >>> [str(part) for part in left], [str(part) for part in right]
    (['1/2', '0', '1/2'], ['1/2', '-1', '1/2'])
    """
    v, s = neuron.v, neuron.negative_slope
    p, n = teacher_slopes(neuron.target_w, neuron.target_slope)
    a, c = v * v * (1 + s * s) / 2, (p * p + n * n) / 2
    return Parabola(a, -v * (s * p + n), c), Parabola(a, -v * (p + s * n), c)


def half_lines(experiment: Experiment) -> HalfLines | None:
    """The expected gradient of w in floats where only w is trained and there is no bias, else None.

    The derivatives of the parabolas. At w = 0 it is -v c (p + n), with c taken for phi'(0): `grad_at_zero`, or
    the slope.

    Examples
    --------
    >>> half_lines(Experiment(negative_slope=0.5))
    HalfLines(curvature=1.25, left_pull=0.5, right_pull=1.0, at_zero=-0.5)
    """
    start, target, s = experiment.initial, experiment.target, experiment.negative_slope
    if not has_no_bias(experiment):
        return None
    v = float(start.v)
    p, n = teacher_slopes(target.w, target.negative_slope)
    c = s if experiment.grad_at_zero is None else experiment.grad_at_zero
    return HalfLines(v * v * (1 + s * s), v * (s * p + n), v * (p + s * n), -v * c * (p + n) + 0.0)


def crossings(left: Parabola, right: Parabola, at_zero: Fraction, slope: Fraction) -> list[Fraction]:
    """Where a line passes from one side of the loss to the other, ascending.

    Their number is exact; places are the fractions themselves, or next to them where they are
    irrational.

    Examples
    --------
    >>> parabolas = half_parabolas(Neuron(*map(Fraction, (1, 0, 1, 0, 0, 1, 0, 0))))
    >>> [float(w) for w in crossings(*parabolas, Fraction(1, 2), Fraction(0))]
    [0.0, 2.0]
    >>> [float(w) for w in crossings(*parabolas, Fraction(5, 8), Fraction(0))]
    [-0.5, 2.118033988749895]
    """
    # In |w| on either side, less the line.
    mirrored = Parabola(left.a, -left.b + slope, left.c - at_zero)
    straight = Parabola(right.a, right.b - slope, right.c - at_zero)
    found = [-w for w in reversed(_positive_simple_roots(mirrored))]
    if _sign_near_zero(mirrored) * _sign_near_zero(straight) < 0:
        found.append(Fraction(0))
    return found + _positive_simple_roots(straight)


def _sign_near_zero(parabola: Parabola) -> int:
    """Sign just right of 0: of the first coefficient that is not 0, from the constant on."""
    first = next((part for part in reversed(parabola) if part != 0), Fraction(0))
    return (first > 0) - (first < 0)


def _positive_simple_roots(parabola: Parabola) -> list[Fraction]:
    a, b, c = parabola
    if a == 0:
        return [-c / b] if b != 0 and -c / b > 0 else []
    discriminant = b * b - 4 * a * c
    if discriminant <= 0:
        return []
    # How many are positive is told by signs of coefficients, not by where the roots come out.
    count = 1 if c / a < 0 or (c == 0 and -b / a > 0) else 2 if c != 0 and -b / a > 0 else 0
    # The root of larger size first, the other from the product of the two: no cancellation.
    far = -(b + (1 if b > 0 else -1) * _root(discriminant)) / (2 * a) if b != 0 else _root(discriminant) / (2 * abs(a))
    near = c / (a * far)
    roots = sorted((far, near) if b != 0 else (far, -far))
    return roots[2 - count :]


def _root(number: Fraction) -> Fraction:
    """Square root, exactly where it is rational."""
    exact = rational_root(number)
    if exact is not None:
        return exact
    # sqrt(n / d) = sqrt(n d) / d
    return Fraction(math.isqrt(number.numerator * number.denominator * PRECISION**2), number.denominator * PRECISION)
