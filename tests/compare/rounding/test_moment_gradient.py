"""Gradients by sums, put together in two ways, against rational arithmetic, for numbers of any size."""

from fractions import Fraction

import numpy as np
import pytest

from compare.rounding.moment_gradient import sums_radius
from reference import Parameters, Target

NAMES = Parameters._fields


def pieces(case, member):
    """Sums of 1, x, x^2, y and x y over each piece, the gain of the neuron there, and the teacher's line."""
    w, b, _, _ = (p[member] for p in case.parameters)
    number = case.x.dtype.type
    tau, theta, slope = map(number, case.experiment.target)
    active, theirs = w * case.x + b > 0, tau * case.x + theta > 0
    for here, g in ((active, number(1)), (~active, number(case.slope))):
        for there, t in ((theirs, number(1)), (~theirs, slope)):
            x = case.x[here & there]
            y = t * (tau * x + theta)
            yield g, (t * tau, t * theta), [a.sum() for a in (np.ones_like(x), x, x * x, y, x * y)]


def centred(case, member):
    w, b, v, d = (p[member] for p in case.parameters)
    total = dict.fromkeys(NAMES, w * 0)
    for g, (tau, theta), (s0, s1, s2, _, _) in pieces(case, member):
        alpha, beta = v * w * g - tau, v * b * g + d - theta
        r0, r1 = alpha * s1 + beta * s0, alpha * s2 + beta * s1
        for name, term in zip(NAMES, (v * g * r1, v * g * r0, g * (w * r1 + b * r0), r0), strict=True):
            total[name] += term
    return {name: 2 * value / case.x.dtype.type(len(case.x)) for name, value in total.items()}


def expanded(case, member):
    w, b, v, d = (p[member] for p in case.parameters)
    total = dict.fromkeys(NAMES, w * 0)
    for g, _, sums in pieces(case, member):
        s0, s1, s2, sy, sxy = (2 * s / case.x.dtype.type(len(case.x)) for s in sums)
        vg = v * g
        total["w"] += (vg * vg * w) * s2 + (vg * vg * b) * s1 + (vg * d) * s1 - vg * sxy
        total["b"] += (vg * vg * w) * s1 + (vg * vg * b) * s0 + (vg * d) * s0 - vg * sy
        total["v"] += (vg * g) * ((w * w) * s2 + 2 * (w * b) * s1 + (b * b) * s0)
        total["v"] += (g * d) * (w * s1 + b * s0) - g * (w * sxy + b * sy)
        total["d"] += (vg * w) * s1 + (vg * b) * s0 + d * s0 - sy
    return total


def exact_labels(case):
    """The teacher's labels without rounding, on the line that its own decision takes."""
    w, b, slope = map(case.x.dtype.type, case.experiment.target)
    with np.errstate(all="ignore"):
        active = w * case.x + b > 0
    w, b, slope = (Fraction(float(setting)) for setting in (w, b, slope))
    return [(1 if side else slope) * (w * Fraction(float(x)) + b) for x, side in zip(case.x, active, strict=True)]


@pytest.mark.parametrize("gradient", [centred, expanded])
def test_sums_in_any_grouping_are_as_near_as_their_radius(extremes, gradient):
    worst, compared = 0.0, 0
    for case in extremes.cases(2, 1500):
        with np.errstate(all="ignore"):
            radius = sums_radius(case.parameters, case.x, case.slope, case.experiment.target)._asdict()
            found = [gradient(case, i) for i in range(len(case.parameters.w))]
        assert not np.isnan(list(radius.values())).any()
        for i, exact in enumerate(extremes.exactly(case, exact_labels(case))):
            for name, value in found[i].items():
                worst = max(worst, extremes.ratio(value, exact[name], radius[name][i]))
                compared += bool(np.isfinite(value) and np.isfinite(radius[name][i]))
    print(f"observed/bound {worst:.3g} of {compared}")
    assert compared > 1500
    assert 2**-6 < worst <= 1


def test_a_radius_is_known_or_infinite():
    # A v of 0 makes nothing of an activation that overflows, but for what underflow may do.
    one = Parameters(*(np.array([p]) for p in (1e308, 0.0, 0.0, 0.0)))
    assert np.isposinf(sums_radius(one, np.array([10.0]), 0.0, Target())).all()
    # 2^600 v has room in float64, and its square times what underflow loses too.
    large = Parameters(*(np.array([p]) for p in (1.0, 0.0, 2.0**600, 0.0)))
    assert np.isfinite(sums_radius(large, np.array([2.0**-200]), 0.0, Target()).d).all()
