"""The exact expected loss and gradient against quadrature, point by point."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from compare.bench.clock import timed
from compare.bench.plan import Goal, Group, Measurement, Prepared, Size, Wrong
from compare.surface import expected_gradient, expected_loss, expected_loss_and_gradient
from compare.surface.errors import GRADIENT_ERROR, LOSS_ERROR
from reference import Parameters

__all__ = ["GROUP", "by_quadrature", "require_agreement"]

QUADRATURES = 40  # points a round, of five quantities each
PROBES = ((0.5, 0.75), (-1.0, 0.25), (1.5, -0.5))
FAR = 40.0  # the density is 0 beyond

Values = tuple[list[float], list[float]]


def by_quadrature(w: float, b: float, magnitudes: bool = False) -> Values:
    """Loss and derivatives by w, b, v, d at (w, b, 1, 0), by SciPy's quad with the kinks given.

    Returns values, and the errors that quad estimates; `magnitudes` is to integrate the sizes of the integrands.
    """
    from scipy.integrate import quad

    def integrand(x: float, quantity: int) -> float:
        z = w * x + b
        residual, active = max(z, 0.0) - max(x, 0.0), z > 0
        factor = (residual, 2 * active * x, 2.0 * active, 2 * max(z, 0.0), 2.0)[quantity]
        value = residual * factor * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return abs(value) if magnitudes else value

    found = [quad(integrand, -FAR, FAR, args=(i,), points=(-b / w, 0.0), limit=200) for i in range(5)]
    return [value for value, _ in found], [error for _, error in found]


def require_agreement(quadrature: Callable[..., Values] = by_quadrature) -> None:
    """Raise Wrong where quadrature and closed form differ by more than the errors of both."""
    for w, b in PROBES:
        loss, gradient = expected_loss_and_gradient(Parameters(w=w, b=b))
        values, errors = quadrature(w, b)
        sizes, _ = quadrature(w, b, magnitudes=True)
        for name, exact, value, error, size in zip(
            ("loss", *Parameters._fields), (loss, *gradient), values, errors, sizes, strict=True
        ):
            bound = error + (LOSS_ERROR if name == "loss" else GRADIENT_ERROR) * size
            if not abs(value - float(exact)) <= bound:
                raise Wrong(f"{name} at (w, b) = ({w:g}, {b:g}) is {value!r}, in closed form {float(exact)!r}")


def _closed_form(size: Size, work: Callable[[Parameters], Any]) -> Prepared:
    require_agreement()
    side = max(2, size.scaled(2 * size.side))
    points = Parameters(np.linspace(-3, 3, side)[:, None], np.linspace(-3, 3, side))
    work(points)
    return Prepared(timed(lambda: work(points)), side * side, {"points": side * side})


def _two_calls(points: Parameters) -> Any:
    return expected_loss(points), expected_gradient(points)


def _quadrature(size: Size) -> Prepared:
    require_agreement()
    points = size.scaled(QUADRATURES)
    return Prepared(timed(lambda: [by_quadrature(*PROBES[0]) for _ in range(points)]), points, {"points": points})


GROUP = Group(
    name="surface",
    title="expected loss and gradient on a grid over (w, b)",
    unit="ns a point",
    baseline="closed form, in one call",
    measurements=(
        Measurement("closed form, in one call", partial(_closed_form, work=expected_loss_and_gradient)),
        Measurement("closed form, in two calls", partial(_closed_form, work=_two_calls), Goal("ratio", at_least=1.0)),
        Measurement("scipy.integrate.quad, kinks given", _quadrature, Goal("ratio", at_least=500.0)),
    ),
)
