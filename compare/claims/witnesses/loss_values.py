"""The expected loss and its derivatives at a point, in real numbers.

All that is integrated over x ~ N(0, 1) is a polynomial a x^2 + b x + c on each piece of the
line between the kink of the neuron and that of its teacher. By parts, with density p and
distribution function P, over a piece from l to h::

    E[a x^2 + b x + c; l < x < h] = (a + c) (P(h) - P(l)) + (a l + b) p(l) - (a h + b) p(h)

The arguments are rational, so are the kinks and the coefficients of P and p at each: they are
summed up as fractions, and only then are P and p evaluated (`Reals.tail`, 1 - P(h) being the
tail where h > 0). Without biases the kinks are at 0, where P is 1/2, and the loss over w is a
fraction. Written independently of `compare.surface`, which is faster and of arrays.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from compare.claims.witnesses.real_numbers import Real, Reals, written
from reference import Experiment, Parameters

__all__ = ["Neuron", "expected_gradient", "expected_hessian", "expected_loss", "is_cone", "neuron_of"]

NOTHING = Fraction(0)
Line = tuple[Fraction, Fraction]  # slope, intercept
Sum = Callable[[Reals], Real]


class Neuron(NamedTuple):
    """A neuron v phi(w x + b) + d and its teacher, in fractions."""

    w: Fraction
    b: Fraction
    v: Fraction
    d: Fraction
    negative_slope: Fraction
    target_w: Fraction
    target_b: Fraction
    target_slope: Fraction


def neuron_of(at: Parameters, experiment: Experiment) -> Neuron:
    """A neuron at a point and the experiment's teacher, of the decimals that are written."""
    return Neuron(*(written(number) for number in (*at, experiment.negative_slope, *experiment.target)))


class Piece(NamedTuple):
    """Part of the line: phi'(z), and residual and z as lines in x."""

    low: Fraction | None  # None: without end
    high: Fraction | None
    gain: Fraction
    z: Line
    residual: Line


def expected_loss(neuron: Neuron) -> Sum:
    """E[r^2] of the residual r.

    Examples
    --------
    >>> from compare.claims.witnesses.real_numbers import reals_of
    >>> left = Neuron(*map(Fraction, ("-1e-9", 0, 1, 0, 0, 1, 0, 0)))
    >>> expected_loss(left)(reals_of(20)).value - Fraction(1, 2)
    Fraction(1, 2000000000000000000)
    """
    return _expectation((piece, _product(piece.residual, piece.residual)) for piece in _pieces(neuron))


def expected_gradient(neuron: Neuron, name: str, side: str | None = None) -> Sum:
    """The derivative of the loss by w, b, v or d; from a side at w = b = 0.

    2 E[r f'] with f' = v phi'(z) x, v phi'(z), phi(z) and 1. At w = b = 0, where z = 0 for
    all x, phi'(z) is that of z = +-x for w and of z = +-1 for b.
    """
    cone = {"w": (1, 0), "b": (0, 1)}.get(name) if is_cone(neuron) and side is not None else None
    facing = None if cone is None else tuple(part if side == "right" else -part for part in cone)
    return _expectation(
        (piece, _product(piece.residual, _output(neuron, piece, name), 2)) for piece in _pieces(neuron, facing)
    )


def expected_hessian(neuron: Neuron, row: str, column: str) -> Sum | None:
    """A second derivative of the loss, or None where it does not exist.

    2 E[f'_i f'_j] + 2 E[r f''_ij], f'' being phi'(z) x for w and v, phi'(z) for b and v, and for
    w and b among each other what the moving kink k adds, 2 v (1 - s) r(k) p(k) / |w| times
    k^2, k or 1. At w = b = 0 the first derivatives of the output jump, unless v (1 - s) = 0.
    """
    pair = {row, column}
    jumps = is_cone(neuron) and neuron.negative_slope != 1 and bool(pair & {"w", "b"})
    if jumps and ("v" in pair or neuron.v != 0):
        return None
    terms = []
    for piece in _pieces(neuron):
        terms.append((piece, _product(_output(neuron, piece, row), _output(neuron, piece, column), 2)))
        if pair in ({"w", "v"}, {"b", "v"}):
            line = (piece.gain, NOTHING) if "w" in pair else (NOTHING, piece.gain)
            terms.append((piece, _product(piece.residual, line, 2)))
    smooth = _expectation(iter(terms))
    if pair <= {"w", "b"} and neuron.w != 0 and neuron.negative_slope != 1:
        kink = -neuron.b / neuron.w
        residual = neuron.d - _teacher(neuron, kink)
        moving = 2 * neuron.v * (1 - neuron.negative_slope) * residual / abs(neuron.w)
        moving *= kink ** [row, column].count("w")
        return lambda reals: smooth(reals) + moving * reals.density(kink)
    return smooth


def is_cone(neuron: Neuron) -> bool:
    """Whether w = b = 0, where phi is taken at its kink for all x."""
    return neuron.w == 0 and neuron.b == 0


def _teacher(neuron: Neuron, x: Fraction) -> Fraction:
    z = neuron.target_w * x + neuron.target_b
    return z if z > 0 else neuron.target_slope * z


def _pieces(neuron: Neuron, facing: tuple[int, ...] | None = None) -> Iterator[Piece]:
    """Cut the line at the kinks; `facing` stands for (w, b) in what phi' is taken of."""
    w, b = facing if facing is not None else neuron[:2]
    s = neuron.negative_slope
    cuts = [-Fraction(intercept) / slope for slope, intercept in ((w, b), neuron[5:7]) if slope != 0]
    ends = [None, *sorted(set(cuts)), None]
    for low, high in pairwise(ends):
        inside = _between(low, high)
        gain = Fraction(1) if w * inside + b > 0 else s
        label = Fraction(1) if neuron.target_w * inside + neuron.target_b > 0 else neuron.target_slope
        z = (gain * neuron.w, gain * neuron.b)
        residual = (
            neuron.v * z[0] - label * neuron.target_w,
            neuron.v * z[1] + neuron.d - label * neuron.target_b,
        )
        yield Piece(low, high, gain, z, residual)


def _between(low: Fraction | None, high: Fraction | None) -> Fraction:
    if low is None:
        return NOTHING if high is None else high - 1
    return low + 1 if high is None else (low + high) / 2


def _output(neuron: Neuron, piece: Piece, name: str) -> Line:
    """Derivative of the output by a parameter."""
    outer = neuron.v * piece.gain
    return {"w": (outer, NOTHING), "b": (NOTHING, outer), "v": piece.z, "d": (NOTHING, Fraction(1))}[name]


def _product(one: Line, other: Line, factor: int = 1) -> tuple[Fraction, ...]:
    product = one[0] * other[0], one[0] * other[1] + one[1] * other[0], one[1] * other[1]
    return tuple(factor * part for part in product)


def _expectation(terms: Iterator[tuple[Piece, tuple[Fraction, ...]]]) -> Sum:
    """The sum over pieces, as coefficients of the distribution function and the density at each cut."""
    rest = NOTHING
    tails: dict[Fraction, Fraction] = {}
    densities: dict[Fraction, Fraction] = {}
    for piece, (a, b, c) in terms:
        for end, sign in ((piece.low, -1), (piece.high, 1)):
            if end is None:  # P is 0 or 1, the density 0
                rest += a + c if sign > 0 else 0
                continue
            mass = sign * (a + c)
            rest += mass if end > 0 else 0
            tails[end] = tails.get(end, NOTHING) + (-mass if end > 0 else mass)
            densities[end] = densities.get(end, NOTHING) - sign * (a * end + b)

    def evaluate(reals: Reals) -> Real:
        total = reals.number(rest)
        for end, factor in tails.items():
            if factor:
                total = total + factor * reals.tail(abs(end))
        for end, factor in densities.items():
            if factor:
                total = total + factor * reals.density(end)
        return total

    return evaluate
