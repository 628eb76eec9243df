"""The exact surface against quadrature, side by side: `python benchmarks/surface_speed.py`.

On one core: BLAS plays no part. Expected loss and gradient of a million points (w, b) are
meant to be at least 500 times faster than SciPy's quad with the kinks given, and the
combined call cheaper than the two.
"""

import math
import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy.integrate import quad

from compare.surface import expected_gradient, expected_loss, expected_loss_and_gradient
from reference import Parameters

ROUNDS = 5
POINTS = 1000  # along each axis
QUADRATURES = 40  # of one point each, all five quantities


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def by_quadrature() -> None:
    """Loss and the four derivatives at (w, b) = (1/2, 3/4), up to constant factors."""

    def integrand(x: float, quantity: int) -> float:
        z = 0.5 * x + 0.75
        residual, active = max(z, 0.0) - max(x, 0.0), z > 0
        factor = (residual, active * x, active, max(z, 0.0), 1.0)[quantity]
        return residual * factor * math.exp(-x * x / 2)

    for quantity in range(5):
        quad(integrand, -40, 40, args=(quantity,), points=(-1.5, 0.0), limit=200)


def main() -> None:
    """Print medians, and ratios within each round."""
    grid = Parameters(np.linspace(-3, 3, POINTS)[:, None], np.linspace(-3, 3, POINTS))
    rows = []
    for _ in range(ROUNDS):
        two = seconds(lambda: (expected_loss(grid), expected_gradient(grid)))
        one = seconds(lambda: expected_loss_and_gradient(grid))
        quadrature = seconds(lambda: [by_quadrature() for _ in range(QUADRATURES)]) / QUADRATURES * POINTS**2
        rows.append((two, one, quadrature, quadrature / two, one / two))
    two, one, quadrature, ratio, combined = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"loss and gradient of {POINTS**2} points, two calls   {two:9.3f} s")
    print(f"the combined call                             {one:9.3f} s, {combined:.2f} times the two")
    print(
        f"quadrature, from {QUADRATURES} points                    {quadrature:9.0f} s, {ratio:.0f} times the two calls"
    )


if __name__ == "__main__":
    main()
