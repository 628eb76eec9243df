"""Rational oracle: what a step of training is, without any rounding.

The neuron, its loss and gradient and the SGD step in `fractions.Fraction`, written from
the formulas and sharing no code with the reference. Beside each value it proves, by
integer arithmetic, that a floating-point implementation must find the same one whatever
its order of operations, with or without fused multiply-add; what it cannot prove, it
leaves out.

Two facts suffice. Every number here is dyadic, m 2^e with m odd, and a binary format
with p bits holds m 2^e when m < 2^p and the exponent is in range.

* Products: the odd part of a product is the product of the odd parts, so if the whole
  product fits, so does every partial product, in any order.
* Sums: if every term is a multiple of the quantum q, a power of two, and the sum of
  their magnitudes is at most 2^p q, then so is every partial sum in every order, and
  an integer of at most 2^p, times q, fits.

A mean over n samples is such a number if n is a power of two. If it is not, the sum of what
is different from 0 still has few terms in batches that are made for it (`compare.certificates.exact.dyadic`),
and no more roundings than those: the mean is then given with their bound, as `Rounded`
(`compare.rounding.sparse_mean`).

A zero has a sign in floating point. IEEE 754 defines it (section 6.3), but a formula may
not: a sum of negative zeros depends on whether the summation starts from +0, that of a
gradient on whether it is -sum(y - p) or sum(p - y), and the zero that a closed ReLU
passes back is a product in one implementation and a selection in another. Such a zero
has sign 0 here, and either sign is right.
"""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from compare.rounding.sparse_mean import sparse_mean_bound
from reference import SGD, Experiment, Parameters

__all__ = ["Dyadic", "ExactArithmetic", "ExactRun", "NotRepresentable", "Rounded", "exact_run"]

Quantities = dict[str, "tuple[Dyadic | Rounded, ...]"]

Distinct = tuple[tuple[Any, Any], list[int], list[int]]  # samples and labels, how often each, which one each is


class NotRepresentable(ArithmeticError):
    """Some order of operations would have to round."""


class Dyadic(NamedTuple):
    """A rational number, and the sign it has when it is zero: 1, -1, or 0 where the formula leaves it open."""

    value: Fraction
    zero: int = 1

    @classmethod
    def of(cls, number: Any) -> "Dyadic":
        """The exact value of a finite float."""
        return cls(Fraction(float(number)), -1 if np.signbit(number) else 1)

    @property
    def sign(self) -> int:
        """1, -1, or 0 for a zero whose sign is open."""
        return (self.value > 0) - (self.value < 0) or self.zero

    def __float__(self) -> float:
        return float(self.value) if self.value else -0.0 if self.zero < 0 else 0.0

    def __neg__(self) -> "Dyadic":
        return Dyadic(-self.value, -self.zero)


class Rounded(NamedTuple):
    """A rational number that is rounded in every implementation, and by how much at most."""

    value: Fraction
    radius: float

    def __float__(self) -> float:
        return float(self.value)


class ExactArithmetic:
    """Arithmetic that is exact in float32 or float64, or raises `NotRepresentable`.

    >>> arithmetic, third = ExactArithmetic("float32"), Dyadic(Fraction(3, 8))
    >>> arithmetic.product(third, third).value
    Fraction(9, 64)
    >>> arithmetic.total([Dyadic(Fraction(2**24)), Dyadic(Fraction(1))])
    Traceback (most recent call last):
    compare.certificates.exact.rational.NotRepresentable: a sum needs 25 bits, float32 has 24
    """

    def __init__(self, dtype: str) -> None:
        info = np.finfo(dtype)
        self.dtype, self.bits = dtype, info.nmant + 1
        self.smallest, self.largest = Fraction(float(info.tiny)), Fraction(float(info.max))

    def product(self, *factors: Dyadic) -> Dyadic:
        """Product, every partial product of which fits."""
        value, low, high, zero = Fraction(1), Fraction(1), Fraction(1), 1
        for factor in factors:
            size = abs(factor.value)
            _quantum(size)
            value, zero = value * factor.value, zero * factor.sign
            if size > 1:
                high *= size
            elif size:
                low *= size
        if value:
            self._holds("a product", abs(value), _quantum(value))
        self._in_range(low, high)
        return Dyadic(value, zero)

    def square(self, factor: Dyadic) -> Dyadic:
        """Square; of a zero of either sign it is +0."""
        return self.product(factor, factor)._replace(zero=1)

    def total(self, terms: Sequence[Dyadic], counts: Sequence[int] | None = None) -> Dyadic:
        """Sum of a reduction, in any order, from +0 or from one of the terms; each as often as it is counted."""
        value = self._sum(terms, counts)
        return Dyadic(value, 1 if any(term.sign > 0 or term.value for term in terms) else 0)

    def add(self, a: Dyadic, b: Dyadic) -> Dyadic:
        """One addition: a zero is +0 unless both are -0."""
        value = self._sum([a, b])
        if a.value or b.value or 1 in (a.zero, b.zero):
            return Dyadic(value)
        return Dyadic(value, -1 if a.zero == b.zero == -1 else 0)

    def mean(self, terms: Sequence[tuple[Dyadic, ...]], counts: Sequence[int], divisor: Fraction) -> "Dyadic | Rounded":
        """Sum of products that are divided by a number first, as `total` if that is a power of two."""
        if not divisor.numerator & (divisor.numerator - 1):
            return self.total([self.product(Dyadic(1 / divisor), *factors) for factors in terms], counts)
        products = [self.product(*factors).value / divisor for factors in terms]
        some = [(value, count) for value, count in zip(products, counts, strict=True) if value]
        size = sum((abs(value) * count for value, count in some), Fraction(0))
        if some:
            self._in_range(min(abs(value) for value, _ in some), size)
        radius = sparse_mean_bound(sum(count for _, count in some), float(size), self.dtype)
        return Rounded(sum((value * count for value, count in some), Fraction(0)), radius)

    def _sum(self, terms: Sequence[Dyadic], counts: Sequence[int] | None = None) -> Fraction:
        counts = [1] * len(terms) if counts is None else counts
        counted = [(term.value, count) for term, count in zip(terms, counts, strict=True) if term.value]
        if not counted:
            return Fraction(0)
        quantum = min(_quantum(value) for value, _ in counted)
        size = sum((abs(value) * count for value, count in counted), Fraction(0))
        self._holds("a sum", size, quantum)
        self._in_range(quantum, size)
        return sum((value * count for value, count in counted), Fraction(0))

    def _holds(self, what: str, size: Fraction, quantum: Fraction) -> None:
        multiple = size / quantum
        if multiple > 2**self.bits:
            bits = int(multiple).bit_length()
            raise NotRepresentable(f"{what} needs {bits} bits, {self.dtype} has {self.bits}")

    def _in_range(self, low: Fraction, high: Fraction) -> None:
        if low < self.smallest or high > self.largest:
            raise NotRepresentable(f"a result leaves the range of normal {self.dtype} numbers")


def _quantum(value: Fraction) -> Fraction:
    """Largest power of two that divides a dyadic number."""
    if value.denominator & (value.denominator - 1):
        raise NotRepresentable(f"{value} is not a binary fraction")
    return Fraction(value.numerator & -value.numerator or 1, value.denominator)


class ExactRun(NamedTuple):
    """What every implementation must compute, for as long as nothing needs rounding.

    Of each step by quantity ("y" and "y_pred", with one value a sample, "loss", "gradient.w",
    "momentum.w", "w", …), parameters and slots as after the step; `skipped` counts the values
    left out of these steps, because some order of operations would round; `stopped` says why
    there is no further step, and is empty if the run is complete.
    """

    steps: list[Quantities]
    skipped: int
    stopped: str


def exact_run(experiment: Experiment, x: np.ndarray, y: np.ndarray, most: int | None = None) -> ExactRun:
    """Train in rational arithmetic until a result may need more bits than the dtype has.

    With e = y_pred - y, phi'(0) the slope or `grad_at_zero`, and n samples::

        dL/dd = (2/n) sum e                 dL/dv = (2/n) sum e phi(z)
        dL/db = (2/n) sum e v phi'(z)       dL/dw = (2/n) sum e v phi'(z) x

    Of optimizers other than SGD only the first forward, loss and gradient are given. Samples and
    labels are in the experiment's dtype, of shape (steps, batch_size); only so many that differ
    are looked at as `most` says: a batch with more of them ends it.
    """
    arithmetic, optimizer = ExactArithmetic(experiment.dtype), experiment.optimizer
    state = {
        name: Dyadic.of(np.dtype(experiment.dtype).type(p))
        for name, p in zip(Parameters._fields, experiment.initial, strict=True)
    }
    velocity = {name: Dyadic(Fraction(0)) for name in experiment.trainable}
    steps: list[Quantities] = []
    skipped, looked_at = 0, 0
    for row_x, row_y in zip(x, y, strict=True):
        distinct = _distinct(row_x, row_y)
        looked_at += len(distinct[1])
        if most is not None and looked_at > most:
            return ExactRun(steps, skipped, f"more than {most} different samples are not looked at")
        found: Quantities = {}
        steps.append(found)
        try:
            gradient = _neuron(arithmetic, experiment, state, distinct, found)
            skipped += 1 - ("loss" in found) + sum(f"gradient.{name}" not in found for name in experiment.trainable)
            if len(gradient) < len(experiment.trainable):
                return ExactRun(steps, skipped, "a gradient may need rounding")
            if not isinstance(optimizer, SGD):
                return ExactRun(steps, skipped, f"the step of {type(optimizer).__name__} is not taken")
            for name, g in gradient.items():
                moved, velocity[name] = _sgd(arithmetic, experiment, optimizer, state[name], g, velocity[name])
                state[name] = moved
        except NotRepresentable as reason:
            steps[-1:] = [found] if "y_pred" in found else []
            return ExactRun(steps, skipped, str(reason))
        if optimizer.momentum:
            found.update({f"momentum.{name}": (m,) for name, m in velocity.items()})
        found.update({name: (state[name],) for name in experiment.trainable})
    return ExactRun(steps, skipped, "")


def _neuron(
    arithmetic: ExactArithmetic, experiment: Experiment, state: dict[str, Dyadic], distinct: Distinct, found: Quantities
) -> dict[str, Dyadic]:
    """Put y_pred, loss and gradient into `found`, as far as they fit; return the gradient."""
    slope = _constant(experiment.negative_slope, experiment)
    at_zero = slope if experiment.grad_at_zero is None else Dyadic.of(experiment.grad_at_zero)
    # One sample after the other: the first one that does not fit ends it.
    (row_x, row_y), counts, back = distinct
    n = len(back)
    xs, zs = zip(
        *((x, _affine(arithmetic, experiment, state, "w", x, "b")) for x in map(Dyadic.of, row_x)), strict=True
    )
    ys = tuple(Dyadic.of(y)._replace(zero=0) for y in row_y)
    found["y"] = tuple(ys[i] for i in back)
    activations = [_phi(arithmetic, z, slope) for z in zs]
    predictions = [_affine(arithmetic, experiment, state, "v", a, "d") for a in activations]
    # The zero that a closed unit passes back is a product or a selection: its sign is open.
    one_sided = [Dyadic(Fraction(1)) if z.value > 0 else slope if z.value else at_zero for z in zs]
    one_sided = [d._replace(zero=0) for d in one_sided]
    # p - y and -(y - p) are zeros of opposite sign.
    residuals = [arithmetic.add(p, -y)._replace(zero=0) for p, y in zip(predictions, ys, strict=True)]
    found["y_pred"] = tuple(predictions[i] for i in back)
    with suppress(NotRepresentable):
        squares = [arithmetic.square(e) for e in residuals]
        arithmetic.total(squares, counts)
        found["loss"] = (arithmetic.mean([(square,) for square in squares], counts, Fraction(n)),)
    factors: dict[str, list[tuple[Dyadic, ...]]] = {
        "w": [(state["v"], slope_, x) for slope_, x in zip(one_sided, xs, strict=True)],
        "b": [(state["v"], slope_) for slope_ in one_sided],
        "v": [(a,) for a in activations],
        "d": [() for _ in xs],
    }
    gradient = {}
    for name in experiment.trainable:
        with suppress(NotRepresentable):
            terms = [(e, *more) for e, more in zip(residuals, factors[name], strict=True)]
            mean = arithmetic.mean(terms, counts, Fraction(n, 2))
            if isinstance(mean, Dyadic):
                mean = gradient[name] = mean._replace(zero=0)  # a factor of -1 may be taken out of the sum
            found[f"gradient.{name}"] = (mean,)
    return gradient


def _distinct(row_x: Any, row_y: Any) -> Distinct:
    """Samples and labels that differ, by their bits, how often there is each, and which one each sample is."""
    pairs = np.stack([row_x, row_y], axis=1)
    bits = pairs.view(np.dtype((np.void, pairs.itemsize * 2)))[:, 0]
    _, first, back, counts = np.unique(bits, return_index=True, return_inverse=True, return_counts=True)
    return (row_x[first], row_y[first]), counts.tolist(), back.tolist()


def _constant(setting: float, experiment: Experiment) -> Dyadic:
    """A setting as a constant, of float32 if need be; a subnormal one may be flushed, to 0 of either sign."""
    kind = np.dtype("float32" if experiment.constants == "float32" else experiment.dtype).type
    rounded = kind(setting)
    flushed = setting != 0 and abs(rounded) < np.finfo(kind).tiny
    return Dyadic(Fraction(0), 0) if flushed else Dyadic.of(rounded)


def _affine(
    arithmetic: ExactArithmetic, experiment: Experiment, state: dict[str, Dyadic], by: str, x: Dyadic, plus: str
) -> Dyadic:
    """A product and an addend that, where it is 0 and not trained, may not be there at all."""
    product = arithmetic.total([arithmetic.product(state[by], x)])
    result = arithmetic.add(product, state[plus])
    absent = plus not in experiment.trainable and not state[plus].value
    return result._replace(zero=0) if absent and result.sign != product.sign else result


def _phi(arithmetic: ExactArithmetic, z: Dyadic, slope: Dyadic) -> Dyadic:
    if z.value > 0:
        return z
    if not slope.value:  # max(z, 0), either argument being right for z = -0; or a product with what was flushed
        return Dyadic(Fraction(0), 1 if slope.zero and (z.value or z.zero == 1) else 0)
    scaled = arithmetic.product(slope, z)
    return scaled if z.value or slope.value > 0 else scaled._replace(zero=0)


def _sgd(
    arithmetic: ExactArithmetic, experiment: Experiment, optimizer: SGD, w: Dyadic, g: Dyadic, m: Dyadic
) -> tuple[Dyadic, Dyadic]:
    """Parameter and velocity after a step of plain, heavy-ball or Nesterov SGD."""
    pull = -arithmetic.product(g, Dyadic.of(np.dtype(arithmetic.dtype).type(optimizer.learning_rate)))
    if not optimizer.momentum:
        return arithmetic.add(w, pull), m
    mu = _constant(optimizer.momentum, experiment)
    m = arithmetic.add(arithmetic.product(m, mu), pull)
    if not optimizer.nesterov:
        return arithmetic.add(w, m), m
    ahead = arithmetic.product(m, mu)
    arithmetic.total([w, ahead, pull])
    return arithmetic.add(w, arithmetic.add(ahead, pull)), m
