"""Stationary points against formulas, symmetries, the Euler characteristic and searches from random starts."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from compare.rounding import gamma
from compare.surface import expected_gradient, expected_loss
from compare.surface.critical import KINDS, critical_points
from compare.surface.errors import HESSIAN_ERROR, LOSS_ERROR
from reference import Parameters, Target

U = 2.0**-53
ROUNDINGS = 64  # more than lie between a kink and the parameters, or in any formula below
SLOPES = (-2.0, -1.5, -1.0, -0.75, -0.25, 0.125, 0.3, 0.5, 0.9, 1.5, 2.0, 3.0)
SUBSETS = [names for n in range(1, 5) for names in itertools.combinations("wbvd", n)]


def same_loss(a, b):
    """Whether rounding explains the difference between two evaluations of a loss that a formula gives."""
    return abs(a - b) <= (LOSS_ERROR + gamma(ROUNDINGS, U)) * max(abs(a), abs(b))


def of_kind(points, kind):
    return [point for point in points if point.kind == kind]


@pytest.mark.parametrize("slope", [s for s in SLOPES if 8 * s == int(8 * s)])  # then only the quotient is rounded
def test_without_bias_the_minima_are_the_vertices_of_two_parabolas(slope):
    s = Fraction(slope)
    right, left = 1 / (1 + s * s), s / (1 + s * s)
    found = {point.parameters.w: point for point in critical_points(negative_slope=slope)}
    expected = {float(right)} | ({float(left), 0.0} if s < 0 else set())
    assert set(found) == expected
    at = found[float(right)]
    assert at.hessian_eigenvalues == (float(1 + s * s),)
    if s < 0:
        assert found[0.0].kind == "local maximum"
        losses = {w: (1 + s * s) / 2 * w * w - w * (1 if w > 0 else s) + Fraction(1, 2) for w in (right, left)}
        best = min(losses.values())
        for w, loss in losses.items():
            assert found[float(w)].kind == ("global minimum" if loss == best else "local minimum")


def test_the_relu_without_bias_is_stationary_from_the_left_at_zero_and_nowhere_else_below_one():
    points = critical_points()
    assert [(p.parameters.w, p.kind, p.loss) for p in points] == [
        (1.0, "global minimum", 0.0),
        (0.0, "one-sided stationary", 0.5),
    ]


def test_with_bias_the_relu_has_one_minimum_a_tip_and_a_dead_half_line():
    points = critical_points(trainable=("w", "b"))
    assert {(p.kind, *p.parameters[:2], p.dimension) for p in points} == {
        ("global minimum", 1.0, 0.0, 0),
        ("one-sided stationary", 0.0, 0.0, 0),
        ("dead set", 0.0, -1.0, 1),
        ("saddle at infinity", 0.0, -math.inf, 0),
    }
    # At w = 1, b = 0 the Hessian is that of E[((w - 1) x + b)^2; x > 0]: no kink term, for the residual is 0 there.
    mean = 1 / math.sqrt(2 * math.pi)
    trace, determinant = 2.0, 1 - 4 * mean * mean
    root = math.sqrt(trace * trace / 4 - determinant)
    low, high = of_kind(points, "global minimum")[0].hessian_eigenvalues
    spread = trace * HESSIAN_ERROR + gamma(ROUNDINGS, U) * trace  # of the entries, and of the eigenvalue solver
    assert abs(low - (1 - root)) <= spread
    assert abs(high - (1 + root)) <= spread


@pytest.mark.parametrize("slope", SLOPES)
def test_with_bias_extrema_less_saddles_make_one(slope):
    # The loss tends to infinity in all directions, so the indices add up to the Euler characteristic of a disc.
    points = critical_points(trainable=("w", "b"), negative_slope=slope)
    index = {"global minimum": 1, "local minimum": 1, "local maximum": 1, "saddle": -1}
    assert sum(index[point.kind] for point in points) == 1


@pytest.mark.parametrize(
    ("slope", "target"),
    [
        (0.25, Target(-2.0, 0.5, 0.25)),
        (-0.5, Target(1.0, 1.0, -1.0)),
        (3.0, Target(0.5, -0.75, 2.0)),
        (-1.25, Target()),
    ],
)
def test_a_search_from_random_starts_finds_nothing_else(slope, target):
    from scipy.optimize import root

    listed = critical_points(trainable=("w", "b"), negative_slope=slope, target=target)
    here = np.array([p.parameters[:2] for p in listed])
    apart = min((math.dist(a, b) for a, b in itertools.combinations(here, 2)), default=1.0)

    def gradient(at):
        g = expected_gradient(Parameters(*at), negative_slope=slope, target=target)
        return np.array([float(g.w), float(g.b)])

    seen = set()
    for start in np.random.default_rng(7).normal(0, 1.5, (60, 2)):
        found = root(gradient, start)
        if found.success and np.hypot(*gradient(found.x)) < np.hypot(*found.x):
            distances = np.hypot(*(here - found.x).T)
            assert distances.min() < apart / 2
            seen.add(int(distances.argmin()))
    assert {i for i, p in enumerate(listed) if "minimum" in p.kind} <= seen


@pytest.mark.parametrize("names", SUBSETS, ids="".join)
@pytest.mark.parametrize("slope", [0.0, 0.3, -0.5])
def test_the_gradient_vanishes_to_rounding_wherever_it_is_said_to(names, slope):
    for fixed in (Parameters(1.0), Parameters(-0.5, -0.75, 1.5, 0.25)):
        for point in critical_points(trainable=names, negative_slope=slope, parameters=fixed):
            assert point.kind in KINDS
            assert (point.dimension > 0) == bool(point.family) or not all(map(math.isfinite, point.parameters))
            if point.hessian_eigenvalues is None:
                continue
            gradient = expected_gradient(point.parameters, negative_slope=slope)
            # The parameters are off by what the kink is, and by the rounding of formulas in it; the gradient by the
            # Hessian times that.
            size = 1 + sum(p * p for p in point.parameters)
            off = size * (point.uncertainty + gamma(ROUNDINGS, U))
            steepest = 1 + max(abs(e) for e in point.hessian_eigenvalues)
            for name in names:
                assert abs(float(getattr(gradient, name))) <= steepest * off
            assert point.loss == float(expected_loss(point.parameters, negative_slope=slope))


@pytest.mark.parametrize("names", [("w", "b", "v"), ("w", "b", "v", "d")], ids="".join)
@pytest.mark.parametrize("slope", [0.25, -0.5, 4.0])
def test_a_neuron_mirrored_at_its_kink_has_the_same_points(names, slope):
    # phi_s(z) = -s phi_(1/s)(-z), so (w, b, v) with slope s is (-w, -b, -s v) with slope 1 / s.
    ours, theirs = (
        [(p.kind, p.loss) for p in critical_points(trainable=names, negative_slope=s) if p.hessian_eigenvalues]
        for s in (slope, 1 / slope)
    )
    assert [kind for kind, _ in sorted(ours)] == [kind for kind, _ in sorted(theirs)]
    for (_, a), (_, b) in zip(sorted(ours), sorted(theirs), strict=True):
        assert same_loss(a, b)


def test_a_learnable_target_is_learnt_exactly():
    for target in (Target(-2.0, 0.5, 0.25), Target(0.75, -1.0, -0.5)):
        points = critical_points(trainable=("w", "b"), negative_slope=target.negative_slope, target=target)
        (best,) = of_kind(points, "global minimum")
        size = 1 + math.hypot(*target[:2]) ** 2
        assert math.dist(best.parameters[:2], target[:2]) <= size * (best.uncertainty + gamma(ROUNDINGS, U))


def test_upside_down_and_back_to_front_the_best_is_a_line_at_infinity():
    # All four trained, w < 0 and v < 0: S = E[x y] = 1/2, loss E[y^2] - E[y]^2 - S^2 = 1/4 - 1/(2 pi).
    points = critical_points(trainable=("w", "b", "v", "d"))
    (line,) = of_kind(points, "minimum at infinity")
    assert same_loss(line.loss, 0.25 - 1 / (2 * math.pi))
    assert (line.parameters.b, line.parameters.v, line.parameters.d) == (math.inf, -math.inf, math.inf)
    assert not of_kind(points, "local minimum")


def test_a_trained_output_weight_gives_the_backward_relu_a_place_to_die():
    (minimum,) = (p for p in critical_points(trainable=("w", "v")) if p.family == "v = 0, w < 0")
    assert (minimum.kind, minimum.loss, minimum.dimension) == ("local minimum", 0.5, 1)


def test_a_trained_output_bias_lets_the_backward_relu_through():
    # At w = 0- the best d is E[y], and dL/dw = 2 cov(y, relu(-x)) = -1 / pi: downhill all the way to w = 1.
    points = critical_points(trainable=("w", "d"))
    assert [p.kind for p in points] == ["global minimum"]


def test_all_or_nothing_where_neuron_and_target_are_lines():
    for names in SUBSETS:
        points = critical_points(trainable=names, negative_slope=1.0, target=Target(2.0, 0.5, 1.0))
        assert points[0].kind == "global minimum"
        if set(names) >= {"w", "b"}:
            assert points[0].loss == 0.0


@pytest.mark.parametrize("slope", [0.3, -0.5, 2.0])
def test_a_target_without_slope_has_its_mean_as_a_stationary_constant(slope):
    # y = |x|: E[x y] = 0, so that w = 0, v phi(b) + d = E[y] is stationary.
    target = Target(negative_slope=-1.0)
    mean = math.sqrt(2 / math.pi)
    points = critical_points(trainable=("w", "b"), negative_slope=slope, target=target)
    flat = {p.parameters.b for p in points if p.parameters.w == 0 and p.parameters.b != 0}
    expected = {mean} | ({mean / slope} if slope < 0 else set())
    assert len(flat) == len(expected)
    assert all(abs(a - b) <= gamma(ROUNDINGS, U) * abs(b) for a, b in zip(sorted(flat), sorted(expected), strict=True))
    index = {"global minimum": 1, "local minimum": 1, "local maximum": 1, "saddle": -1}
    assert sum(index[point.kind] for point in points) == 1
    curve = [
        p
        for p in critical_points(trainable=("w", "b", "v"), negative_slope=slope, target=target)
        if p.parameters.w == 0 and p.parameters.b > 0
    ]
    assert [(p.dimension, p.parameters.v * p.parameters.b == mean) for p in curve] == [(1, True)]
    with pytest.raises(ValueError, match="must be correlated with x"):
        critical_points(trainable=("w", "b", "v", "d"), negative_slope=slope, target=target)


def test_a_box_leaves_out_what_is_farther_away():
    inside = critical_points(trainable=("w", "b"), box=0.5)
    assert [p.parameters.w for p in inside] == [0.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trainable": ()}, "trainable must be some of"),
        ({"trainable": "w"}, "trainable must be some of"),
        ({"trainable": ("u",)}, "trainable must be some of"),
        ({"negative_slope": math.nan}, "negative_slope must be finite"),
        ({"negative_slope": "steep"}, "negative_slope must be a number"),
        ({"target": Target(w=0.0)}, "target.w must not be 0"),
        ({"target": Target(b=7.0)}, "kink must be within 6"),
        ({"target": 1.0}, "target must be a Target"),
        ({"parameters": (1.0, 0.0, 1.0, 0.0)}, "parameters must be Parameters"),
        ({"parameters": Parameters(1.0, v=0.0)}, "parameters.v must not be 0"),
        ({"trainable": ("b",), "parameters": Parameters(0.0)}, "parameters.w must not be 0"),
        ({"parameters": Parameters(1.0, d=math.inf)}, "parameters.d must be finite"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message) as error:
        critical_points(**arguments)
    assert "\n" not in str(error.value)


def test_a_relu_can_have_a_second_minimum_where_a_target_bends_far_out():
    # The target rises again beyond its kink at 2.7, by 0.58 of its slope: a ReLU may learn that part alone, exactly.
    target = Target(-0.1875, 0.5, -0.5)
    points = critical_points(trainable=("w", "b"), target=target)
    (second,) = of_kind(points, "local minimum")
    assert math.dist(second.parameters[:2], (0.09375, -0.25)) <= gamma(ROUNDINGS, U)
    (between,) = of_kind(points, "saddle")
    assert between.loss > second.loss > of_kind(points, "global minimum")[0].loss
