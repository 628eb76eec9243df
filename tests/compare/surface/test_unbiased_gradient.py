"""The two straight lines of the gradient without bias, against the exact gradient."""

import numpy as np
import pytest

from compare.surface import critical_points, expected_gradient
from compare.surface.errors import GRADIENT_ERROR
from compare.surface.unbiased_gradient import one_sided_slopes
from reference import Parameters, Target

TARGETS = (Target(), Target(-2.0, 0.5, 0.25), Target(1.0, 1.0, -1.0), Target(0.5, -0.75, 2.0), Target(3.0, 0.5, 1.0))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("slope", [0.0, 0.3, -1.5, 1.0])
def test_both_lines_are_the_exact_gradient(target, slope):
    for v, d in ((1.0, 0.0), (-1.5, 0.25)):
        halves = one_sided_slopes(v, d, slope, target)
        for w in (-3.0, -0.125, 0.5, 2.0):
            line = halves.steepness * w + (halves.left if w < 0 else halves.right)
            exact = float(expected_gradient(Parameters(w, 0.0, v, d), negative_slope=slope, target=target).w)
            # 2 E|r df/dw| is at most this; the lines have no more roundings than the exact one allows itself.
            steep = max(1.0, abs(slope))
            label = (abs(target.w) + abs(target.b)) * max(1.0, abs(target.negative_slope))
            size = 2 * (abs(v * w) * steep + abs(d) + label) * abs(v) * steep
            assert abs(line - exact) <= 2 * GRADIENT_ERROR * size


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("slope", [0.0, 0.3, -1.5])
def test_stationary_points_without_bias_are_where_the_lines_are_zero(target, slope):
    for v, d in ((1.0, 0.0), (-1.5, 0.25)):
        halves = one_sided_slopes(v, d, slope, target)
        points = critical_points(
            trainable=("w",), negative_slope=slope, target=target, parameters=Parameters(1.0, 0.0, v, d)
        )
        found = sorted(p.parameters.w for p in points if p.parameters.w != 0)
        zeros = [
            z
            for z, side in ((-halves.left / halves.steepness, -1), (-halves.right / halves.steepness, 1))
            if z * side > 0
        ]
        assert len(found) == len(zeros)
        assert all(abs(a - b) <= 8 * np.spacing(abs(b)) for a, b in zip(found, zeros, strict=True))
        kink = [p for p in points if p.parameters.w == 0]
        # The gradients on the two sides: a minimum if they lead here, a maximum if both lead away.
        leads_here = halves.left <= 0 <= halves.right
        leads_away = halves.left > 0 > halves.right
        assert bool(kink) == (leads_here or leads_away or 0 in (halves.left, halves.right))
        if kink and (leads_here or leads_away):
            assert kink[0].kind in (("global minimum", "local minimum") if leads_here else ("local maximum",))
