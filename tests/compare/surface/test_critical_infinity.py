"""Points at infinity, against the loss at points ever farther out.

What is trained beside the parameter that grows is v or d or both, and the best of those is
least squares: an independent, shorter path through `critical_points`, and no limits.
"""

import math

import pytest

from compare.surface.critical import critical_points
from compare.surface.errors import LOSS_ERROR
from reference import Parameters, Target

TARGETS = (Target(), Target(-2.0, 0.5, 0.25), Target(1.0, -0.5, -1.0), Target(1.5, 0.5, 1.0))
FIXED = Parameters(0.75, -0.5, 1.25, 0.25)


def best_loss(names, w, b, slope, target):
    """Least loss over v and d, of those that are trained, with w and b given."""
    inner = tuple(name for name in names if name in "vd")
    fixed = FIXED._replace(w=w, b=b)
    return critical_points(trainable=inner, negative_slope=slope, target=target, parameters=fixed)[0].loss


def along(point, names, distance):
    """w and b on the way to a point at infinity."""
    w, b = point.parameters[:2]
    if math.isinf(w):
        return math.copysign(distance, w), FIXED.b
    if "b" not in names:
        return math.copysign(abs(FIXED.b) / distance, w), FIXED.b
    if "w" not in names:
        return FIXED.w, math.copysign(distance * abs(FIXED.w), b)
    return math.copysign(1.0, w), math.copysign(distance, b)


def at_infinity(names, slope, target):
    points = critical_points(trainable=names, negative_slope=slope, target=target, parameters=FIXED)
    # The limit b -> -inf of a dead ReLU with w trained leaves everything open; the dead set stands for it.
    dead = slope == 0 and "w" in names
    return [p for p in points if "infinity" in p.kind and not (dead and p.parameters.b == -math.inf)]


# How far out: where the kink runs away, corrections are as small as the density there; where v -> 0, as 1 / distance.
WAYS = {"bvd": (2.5, 3.0, 3.5), "bd": (2.5, 3.0, 3.5), "wbvd": (2.5, 3.0, 3.5), "bv": (50.0, 100.0, 200.0)}
WAYS |= {"wv": (50.0, 100.0, 200.0), "wvd": (50.0, 100.0, 200.0)}


@pytest.mark.parametrize("slope", [0.0, 0.3, -0.5, 2.0])
@pytest.mark.parametrize("target", TARGETS, ids=["relu", "leaky", "absolute", "line"])
@pytest.mark.parametrize("names", WAYS)
def test_the_loss_tends_to_the_limit_from_the_side_that_the_kind_says(names, slope, target):
    for point in at_infinity(tuple(names), slope, target):
        ways = WAYS["wbvd"] if names == "wvd" and point.parameters.w == 0 else WAYS[names]
        if slope == 0 and point.parameters.b == -math.inf:
            continue  # no activation is left at such distances: see the next test
        losses = [best_loss(names, *along(point, names, far), slope, target) for far in ways]
        gaps = [loss - point.loss for loss in losses]
        rounding = 2 * LOSS_ERROR * point.loss
        assert abs(gaps[2]) < abs(gaps[1]) < abs(gaps[0]) or max(map(abs, gaps)) <= rounding
        if abs(gaps[2]) > rounding:
            assert (gaps[2] > 0) == (point.kind == "minimum at infinity")


@pytest.mark.parametrize("w", [0.75, -0.75])
@pytest.mark.parametrize("target", TARGETS, ids=["relu", "leaky", "absolute", "line"])
@pytest.mark.parametrize("names", ["b", "bd", "bv", "bvd"])
def test_a_relu_pushed_out_of_its_inputs_goes_farther_if_the_kind_says(names, target, w):
    fixed = FIXED._replace(w=w)
    points = critical_points(trainable=tuple(names), target=target, parameters=fixed)
    (point,) = (p for p in points if p.parameters.b == -math.inf)
    inner = tuple(name for name in names if name in "vd")
    losses = []
    for far in (2.0, 2.5, 3.0):
        at = fixed._replace(b=-far * abs(w))
        if inner:
            losses.append(critical_points(trainable=inner, target=target, parameters=at)[0].loss)
        else:
            from compare.surface import expected_loss

            losses.append(float(expected_loss(at, target=target)))
    gaps = [loss - point.loss for loss in losses]
    assert abs(gaps[2]) < abs(gaps[1]) < abs(gaps[0])
    assert (gaps[2] > 0) == (point.kind == "minimum at infinity")


@pytest.mark.parametrize("orientation", [1, -1])
def test_with_b_fixed_a_weight_that_fades_leaves_a_line(orientation):
    # y = 1.5 x + 0.5 is learnt in the limit w -> 0, v w = 1.5 / phi'(b), v phi(b) + d = 0.5, by no neuron with a kink.
    for slope in (0.3, -0.5):
        points = critical_points(
            trainable=("w", "v", "d"), negative_slope=slope, target=Target(1.5, 0.5, 1.0), parameters=FIXED
        )
        lines = [p for p in points if p.parameters.w == 0 and math.copysign(1.0, p.parameters.w) == orientation]
        (line,) = (p for p in lines if "infinity" in p.kind)
        assert (line.kind, line.loss, line.parameters.b) == ("minimum at infinity", 0.0, FIXED.b)
        assert not any(p.kind == "global minimum" for p in points)
