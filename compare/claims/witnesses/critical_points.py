"""Where a critical point is, exactly or within a radius.

`compare.surface.critical_points` gives float64. Where the gradient vanishes exactly at a
fraction next to it, that is the place. Otherwise Newton's method goes on from there in real
numbers. With g the gradient where it ends and lambda the smallest of the Hessian's eigenvalues
in magnitude, the true one is about |g| / lambda away, and the loss of a minimum about
|g|^2 / (2 lambda) lower; both are taken `FIRST_ORDER` times, for the terms of higher order left
out.
"""

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from compare.claims.witnesses.loss_values import (
    Neuron,
    expected_gradient,
    expected_hessian,
    expected_loss,
    is_cone,
    neuron_of,
)
from compare.claims.witnesses.real_numbers import Real, Reals, reals_of
from compare.rounding import FIRST_ORDER
from reference import Experiment

if TYPE_CHECKING:
    from compare.surface import CriticalPoint

__all__ = ["Place", "place_of"]

SIMPLEST = 10**6  # denominator of fractions that are tried
DIGITS = 40  # in which the gradient is looked at
STEPS = 3  # of Newton's method, each of which takes the error to its square, or to a part in 2^50 of it


class Place(NamedTuple):
    """A critical point."""

    neuron: Neuron  # at the point, or next to it
    radius: Fraction  # how far each trained parameter may be from there; 0 if it is there exactly
    depth: Fraction  # how much lower the loss may be

    def parameter(self, name: str, reals: Reals) -> Real:
        """A trained parameter."""
        return reals.number(getattr(self.neuron, name)) + _within(reals, -self.radius, self.radius)

    def loss(self, reals: Reals) -> Real:
        """The expected loss."""
        return expected_loss(self.neuron)(reals) + _within(reals, -self.depth, Fraction(0))


def _within(reals: Reals, low: Fraction, high: Fraction) -> Real:
    if low == high:
        return reals.number(low)
    ends = [reals.number(end).interval() for end in (low, high)]
    return Real(reals, reals.intervals.mpf([ends[0].a, ends[1].b]))


def place_of(point: "CriticalPoint", experiment: Experiment) -> Place:
    """The place of a finite critical point; of a set, of its representative.

    Raises
    ------
    ArithmeticError
        If numbers are too different in size.

    Examples
    --------
    >>> from compare.surface import critical_points
    >>> place = place_of(critical_points(negative_slope=0.3)[0], Experiment(negative_slope=0.3))
    >>> place.neuron.w, place.radius
    (Fraction(100, 109), Fraction(0, 1))
    """
    trained = experiment.trainable
    found = {name: Fraction(float(getattr(point.parameters, name))) for name in trained}
    near = neuron_of(experiment.initial, experiment)._replace(**found)
    simple = near._replace(**{name: number.limit_denominator(SIMPLEST) for name, number in found.items()})
    for candidate in (simple, _solved(near, trained)):
        if candidate is not None and _is_stationary(candidate, trained):
            return Place(candidate, Fraction(0), Fraction(0))
    smooth = tuple(name for name in trained if not is_cone(near) or name not in ("w", "b"))
    curvature = _curvature(point)
    if not smooth or curvature == 0:  # at w = b = 0, or of a set, whose representative is a matter of choice
        return Place(near, Fraction(0), Fraction(0))
    if point.dimension == 0 and point.hessian_eigenvalues is not None:
        near = _approached(near, smooth)
    size = math.hypot(*(_largest(expected_gradient(near, name)(reals_of(DIGITS))) for name in smooth))
    radius, depth = FIRST_ORDER * size / curvature, FIRST_ORDER * size * size / (2 * curvature)
    if not math.isfinite(radius + depth):
        raise ArithmeticError("where the critical point is cannot be said: numbers are too different in size")
    return Place(near, Fraction(radius), Fraction(depth))


def _approached(near: Neuron, trained: tuple[str, ...]) -> Neuron:
    """Refine a point from float64 to all digits by a few steps of Newton's method."""
    entries = [expected_hessian(near, row, column) for row in trained for column in trained]
    if any(entry is None for entry in entries):
        return near
    hessian = np.reshape(
        [entry(reals_of(DIGITS)).middle() for entry in entries if entry is not None], (len(trained),) * 2
    )
    for _ in range(STEPS):
        gradient = [expected_gradient(near, name)(reals_of(DIGITS)).middle() for name in trained]
        step = np.linalg.solve(hessian, gradient)
        if not np.isfinite(step).all():
            return near
        moved = {name: getattr(near, name) - Fraction(float(by)) for name, by in zip(trained, step, strict=True)}
        near = near._replace(**moved)
    return near


def _largest(number: Real) -> float:
    """Largest magnitude in the interval of a number."""
    size = abs(number)
    return size.middle() if isinstance(size.value, Fraction) else float(size.field.points.mpf(size.value.b))


def _solved(near: Neuron, trained: tuple[str, ...]) -> Neuron | None:
    """One step of Newton's method, which is exact where the loss is a parabola with rational coefficients."""
    if len(trained) > 1:
        return None
    (name,) = trained
    second = expected_hessian(near, name, name)
    slope, bend = (f and f(reals_of(DIGITS)).value for f in (expected_gradient(near, name), second))
    if not isinstance(slope, Fraction) or not isinstance(bend, Fraction) or bend == 0:
        return None
    return near._replace(**{name: getattr(near, name) - slope / bend})


def _is_stationary(neuron: Neuron, trained: tuple[str, ...]) -> bool:
    """Whether every derivative is 0 and known to be, at a point that has derivatives."""
    if is_cone(neuron) and neuron.negative_slope != 1:
        return False
    return all(expected_gradient(neuron, name)(reals_of(DIGITS)).value == 0 for name in trained)


def _curvature(point: "CriticalPoint") -> float:
    """Smallest eigenvalue that is not one along a set; d alone has second derivative 2, also at a kink."""
    if point.hessian_eigenvalues is None:
        return 2.0 if point.dimension == 0 else 0.0
    across = sorted(map(abs, point.hessian_eigenvalues))[point.dimension :]
    return across[0] if across else 0.0
