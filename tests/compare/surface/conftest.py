"""Exact values of the surface: the textbook formula, with as many digits as it takes to lose some.

    E[(v phi + d - y)^2] = sum over pieces of A^2 m_2 + 2 A B m_1 + B^2 m_0

with raw moments m_k of [low, high] from erfc and exp, and r = A x + B. Shares no formula with
the code under test: no anchors, no scaled moments, no double-doubles.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest

DIGITS = 50
FAR = 10**4  # beyond, the normal distribution is nothing to hundreds of thousands of digits


class Point(NamedTuple):
    """Neuron and teacher, floats."""

    w: float
    b: float
    v: float
    d: float
    s: float
    target: tuple[float, float, float]


# Each was, or would be, the undoing of some simpler way to compute it: (w, b, v, d), slope, target.
NASTY = {
    "one bit from the teacher": ((1 + 2.0**-52, 0.0, 1.0, 0.0), 0.0, (1.0, 0.0, 0.0)),
    "one bit from the teacher's kink": ((1.0, -3 * (1 + 2.0**-52), 1.0, 0.0), 0.0, (1.0, -3.0, 0.0)),
    "the teacher in other units": ((3.0, 0.3, 1 / 3, 0.0), 0.1, (1.0, 0.1, 0.1)),
    "products that cancel 53 bits": ((0.1, 0.7, 1 / 0.1, 0.0), 0.3, (1.0, 7.0, 0.3)),
    "two dead units in the tail": ((5.0, -100.0, 1.0, 0.0), 0.0, (1.0, -20.1, 0.0)),
    "kinks 33 deviations out, one bit apart": ((1.0, -33.0, 1.0, 0.0), 0.0, (1.0, -33.0 * (1 - 2.0**-53), 0.0)),
    "tail too thin for the density, weight large": ((1.0, -45.0, 1e150, 0.0), 0.0, (0.0, -1.0, 0.0)),
    "weight of the smallest size": ((1e-300, 1e-300, 1e300, 0.0), 0.0, (1.0, 1.0, 0.0)),
    "weight of the largest size": ((-1e150, 1e150, 1e-150, 0.0), 0.3, (1.0, 1.0, 0.0)),
    "kink out of reach": ((1e-300, 1.0, 1.0, 0.0), 0.0, (1.0, 0.0, 0.0)),
    "teacher's kink out of reach": ((1.0, 1000.0, 1.0, 0.0), 0.5, (1.0, 1000.0 * (1 + 2.0**-50), 0.0)),
    "kink at zero": ((-1.0, 0.0, 1.0, 0.0), 0.0, (1.0, 0.0, 0.0)),
    "kink at minus zero": ((1.0, -0.0, 1.0, 0.0), 0.0, (1.0, 0.5, 0.0)),
    "kink next to zero": ((1.0, 5e-324, 1.0, 0.0), 0.0, (1.0, -1e-20, 0.0)),
    "no weight": ((0.0, 0.5, 1.0, 0.0), 0.0, (1.0, 0.0, 0.0)),
    "no weight, off": ((0.0, -0.5, 1.0, 0.25), 0.5, (1.0, 0.5, 0.0)),
    "linear neuron of a bent teacher": ((1e3, 1e-3, 1e-3, -5.0), 1.0, (1.0, 0.01, 0.3)),
    "bent neuron of a linear teacher": ((1e-3, -5e-3, 1.0, 0.0), 0.0, (0.0157, 0.0, 1.0)),
    "constant teacher": ((1.0, -2.0, 1.0, 0.0), -1.0, (0.0, 2.0, 0.3)),
    "constant teacher that is off": ((1.0, 2.0, -1.0, -0.6), -1.0, (0.0, -2.0, 0.3)),
    "absolute value": ((1.0, 0.0, 1.0, -0.79788456), -1.0, (1.0, 0.0, -1.0)),
    "residual cancels at zero": ((-0.119, -0.1375, 1.0, 0.1375), 0.0, (0.3646, -0.0324, 0.0)),
    "kinks a hair to the left and right of zero": ((-24.7, 0.0098, 1e-200, 0.0), 0.0, (1.6, 4e-75, 0.0)),
    "gradient by w underflows without v": ((32.0, -1410.0, -5e74, 0.0), 0.0, (2.3e75, -1.03e77, 0.0)),
    "kinks far, 5 % apart": ((-7.1282, -220.011, 21.4671, 0.0), 0.0, (-21.8230, -673.611, 0.0)),
}


class Exact(NamedTuple):
    """Values with 50 digits; `sizes` are 2 E|r df/dp|, `scales` 2 (E[f_i^2] E[f_j^2])^(1/2) + 2 E|r f_ij|."""

    loss: Any
    gradient: list[Any]
    sizes: list[Any]
    hessian: Any
    scales: Any


def exact_values(point: Point) -> Exact:
    digits = 110
    while True:
        with mp.workdps(digits):
            values, lost = _expand(point)
        if digits - lost >= DIGITS or digits > 1500:
            return values
        digits = int(DIGITS + lost + 20)


def _expand(point: Point) -> tuple[Exact, float]:
    w, b, v, d, s = (mp.mpf(x) for x in point[:5])
    tw, tb, ts = (mp.mpf(x) for x in point.target)
    kinks = [-shift / weight for weight, shift in ((w, b), (tw, tb)) if weight != 0]

    def residual(low, high):
        if not mp.isinf(low) and not mp.isinf(high):
            x = (low + high) / 2
        else:
            x = low + 1 + abs(low) if mp.isinf(high) else high - 1 - abs(high)
        g, h = (1 if w * x + b > 0 else s), (1 if tw * x + tb > 0 else ts)
        return g, v * g * w - h * tw, v * g * b + d - h * tb

    cuts = sorted({mp.mpf(0), *kinks})
    roots = set()
    for low, high in pairwise([-mp.inf, *cuts, mp.inf]):
        _, slope, rest = residual(low, high)
        if slope != 0 and low < -rest / slope < high:
            roots.add(-rest / slope)
    loss, loss_terms = mp.mpf(0), mp.mpf(0)
    gradient, sizes, terms = ([mp.mpf(0)] * 4 for _ in range(3))
    hessian, bends = mp.zeros(4, 4), mp.zeros(4, 4)
    squares = [mp.mpf(0)] * 4
    for low, high in pairwise([-mp.inf, *sorted({*cuts, *roots}), mp.inf]):
        g, slope, rest = residual(low, high)
        m, a = _moments(low, high)
        loss += slope**2 * m[2] + 2 * slope * rest * m[1] + rest**2 * m[0]
        loss_terms += slope**2 * a[2] + 2 * abs(slope * rest) * a[1] + rest**2 * a[0]
        r0, r1 = slope * m[1] + rest * m[0], slope * m[2] + rest * m[1]
        a0, a1 = abs(slope) * a[1] + abs(rest) * a[0], abs(slope) * a[2] + abs(rest) * a[1]
        parts = 2 * v * g * r1, 2 * v * g * r0, 2 * g * (w * r1 + b * r0), 2 * r0
        big = abs(2 * v * g) * a1, abs(2 * v * g) * a0, abs(2 * g) * (abs(w) * a1 + abs(b) * a0), 2 * a0
        for i in range(4):
            gradient[i] += parts[i]
            sizes[i] += abs(parts[i])
            terms[i] += big[i]
        z = [w * m[1] + b * m[0], w * m[2] + b * m[1]]
        upper = {
            (0, 0): v * v * g * g * m[2],
            (0, 1): v * v * g * g * m[1],
            (0, 2): v * g * g * z[1] + g * r1,
            (0, 3): v * g * m[1],
            (1, 1): v * v * g * g * m[0],
            (1, 2): v * g * g * z[0] + g * r0,
            (1, 3): v * g * m[0],
            (2, 2): g * g * (w * z[1] + b * z[0]),
            (2, 3): g * z[0],
            (3, 3): m[0],
        }
        for (i, j), h in upper.items():
            hessian[i, j] += 2 * h
        bends[0, 2] += abs(2 * g * r1)
        bends[1, 2] += abs(2 * g * r0)
        for i in range(4):
            squares[i] += upper[i, i]
    if w != 0:
        k = -b / w
        label = tw * k + tb
        label = label if label > 0 else ts * label
        mass = 2 * v * (1 - s) * (d - label) * _density(k) / abs(w)
        for (i, j), power in {(0, 0): 2, (0, 1): 1, (1, 1): 0}.items():
            hessian[i, j] += mass * k**power
            bends[i, j] += abs(mass * k**power)
    for i in range(4):
        for j in range(i):
            hessian[i, j] = hessian[j, i]
            bends[i, j] = bends[j, i]
    scales = mp.matrix([[2 * mp.sqrt(squares[i] * squares[j]) + bends[i, j] for j in range(4)] for i in range(4)])
    pairs = [(loss, loss_terms), *zip(sizes, terms, strict=True)]
    lost = max([float(mp.log10(size / abs(value))) if value else 1e9 for value, size in pairs if size], default=0.0)
    return Exact(loss, gradient, sizes, hessian, scales), lost


def _moments(low, high):
    """Integrals of 1, x, x^2 over [low, high], and the sums of the absolute terms they come from."""
    flip = high > 0 and low >= 0
    ends = (low, high) if flip else (-high, -low)
    masses = [_erfc(end / mp.sqrt(2)) / 2 for end in ends]
    p, q = _density(low), _density(high)
    xp, xq = (mp.mpf(0) if abs(x) > FAR else x * _density(x) for x in (low, high))
    m0, a0 = masses[0] - masses[1], masses[0] + masses[1]
    return (m0, p - q, m0 + xp - xq), (a0, p + q, a0 + abs(xp) + abs(xq))


def _erfc(x):
    return mp.mpf(0) if x > FAR else mp.mpf(2) if x < -FAR else mp.erfc(x)


def _density(x):
    return mp.mpf(0) if abs(x) > FAR else mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


class Draw:
    """Draws points of every magnitude; `kinds` are the ways to be difficult."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.kinds = [
            self.ordinary, self.through_zero, self.near_the_teacher, self.kinks_in_the_tail, self.dead_but_for_the_tail,
            self.extreme_weight, self.extreme_scale, self.no_residual_at_zero, self.no_weight, self.kinks_close,
            self.extreme_labels, self.extreme_slope, self.huge_but_in_the_tail, self.next_to_nothing, self.large_bias,
            self.large_teacher_bias, self.any_scale,
        ]  # fmt: skip

    def size(self, low: float = -3, high: float = 2) -> float:
        return float(self.rng.choice([-1, 1]) * 10 ** self.rng.uniform(low, high))

    def slope(self, target: tuple[float, float, float]) -> float:
        return float(self.rng.choice([0, 0.3, 1, -1, self.rng.uniform(-2, 3), target[2]]))

    def target(self) -> tuple[float, float, float]:
        if self.rng.random() < 0.3:
            return 1.0, 0.0, 0.0
        w = 0.0 if self.rng.random() < 0.05 else self.size(-2, 1)
        b = float(self.rng.choice([0, self.size(-2, 1), self.size()]))
        return w, b, float(self.rng.choice([0, 1, 0.3, self.rng.normal()]))

    def ordinary(self) -> Point:
        target = self.target()
        v, d = self.rng.choice([1, self.size()]), self.rng.choice([0, self.size()])
        return Point(self.size(), self.size(), float(v), float(d), self.slope(target), target)

    def through_zero(self) -> Point:
        return self.ordinary()._replace(b=0.0)

    def near_the_teacher(self) -> Point:
        w, b, s = target = self.target()
        c, off = abs(self.size(-1, 1)), self.size(-16, -1)
        e = off * self.rng.normal(size=5) * (self.rng.random(5) < 0.7)
        return Point(w * c * (1 + e[0]), b * c * (1 + e[1]), (1 + e[2]) / c, float(e[3]), s * (1 + e[4]), target)

    def kinks_in_the_tail(self) -> Point:
        k, w, tw = self.size(0.5, 1.56), self.size(), self.size()
        target = (tw, -k * tw * (1 + self.size(-16, -1)), float(self.rng.choice([0, 0.5])))
        return Point(
            w, -k * w, self.size(), float(self.rng.choice([0, self.size(-300, 1)])), self.slope(target), target
        )

    def dead_but_for_the_tail(self) -> Point:
        k, w, tw = abs(self.size(0.5, 1.56)), abs(self.size()), abs(self.size())
        w, tw = (w, tw) if self.rng.random() < 0.5 else (-w, -tw)
        target = (tw, -k * abs(tw) * (1 + self.size(-16, 0)), 0.0)
        return Point(w, -k * abs(w), self.size(), 0.0, 0.0, target)

    def extreme_weight(self) -> Point:
        weights = [0.0, self.size(-300, -200), self.size(100, 150)]
        return self.ordinary()._replace(w=float(self.rng.choice(weights)), v=1.0)

    def extreme_scale(self) -> Point:
        w = self.size(-300, 150)
        return self.ordinary()._replace(w=w, b=float(w * 3 * self.rng.normal()), v=float(self.size(-1, 1) / w))

    def no_residual_at_zero(self) -> Point:
        point = self.ordinary()
        return point._replace(d=float(-point.b * point.v * self.rng.choice([1, point.s])))

    def no_weight(self) -> Point:
        return self.ordinary()._replace(w=0.0)

    def kinks_close(self) -> Point:
        point = self.ordinary()
        tw, tb, ts = point.target
        b = tb * point.w / (tw or 1.0) * (1 + self.size(-17, -1))
        return point._replace(b=float(b), target=(tw, tb, ts), d=float(self.rng.choice([0.0, point.d])))

    def extreme_labels(self) -> Point:
        point = self.near_the_teacher() if self.rng.random() < 0.5 else self.ordinary()
        (tw, tb, ts), c = point.target, abs(self.size(-90, 90))
        return point._replace(v=point.v * c, d=point.d * c, target=(tw * c, tb * c, ts))

    def extreme_slope(self) -> Point:
        return self.ordinary()._replace(s=self.size(-90, 90))

    def huge_but_in_the_tail(self) -> Point:
        point = self.dead_but_for_the_tail()
        k, c, tw = float(self.rng.uniform(30, 48)), abs(self.size(50, 140)), point.target[0]
        return point._replace(b=-k * abs(point.w), v=point.v * c, target=(tw * c, -1.01 * k * abs(tw) * c, 0.0))

    def next_to_nothing(self) -> Point:
        point = self.ordinary()
        tw, tb, ts = (float(t * abs(self.size(-140, 0))) for t in point.target)
        return point._replace(v=point.v * abs(self.size(-250, 0)), d=0.0, target=(tw, tb, ts))

    def large_bias(self) -> Point:
        return self.ordinary()._replace(b=self.size(2, 150), v=1.0)

    def any_scale(self) -> Point:
        """Units of z from subnormal to 1e150, units of the output from 1e-290 to 1e90, v in neither or in both."""
        z, y = 10 ** self.rng.uniform(-320, 150), 10 ** self.rng.uniform(-290, 90)
        w, b = self.size(-1, 1) * z, float(self.rng.choice([0, self.size(-1, 1) * z]))
        fitting = y / z if y < 1e300 * z else 1.0
        v = float(self.rng.choice([1, self.size(-1, 1) * fitting, self.size(-300, 0) / max(1.0, z)]))
        v = v if abs(v) * z < 1e100 else 1.0 / z
        target = (self.size(-1, 1) * y, float(self.rng.choice([0, self.size(-1, 1) * y])), self.slope((1.0, 0.0, 0.3)))
        s = float(self.rng.choice([0, 0.3, 1, -1, 2]))
        return Point(w, b, v, float(self.rng.choice([0, self.size(-1, 1) * y])), s, target)

    def large_teacher_bias(self) -> Point:
        point = self.ordinary()
        tw, _, ts = point.target
        return point._replace(target=(tw, self.size(2, 90), ts), d=self.size(2, 90))


@pytest.fixture(scope="session")
def nasty():
    """Points by name."""
    return {name: Point(*parameters, slope, target) for name, (parameters, slope, target) in NASTY.items()}


@pytest.fixture(scope="session")
def exact():
    """Exact values of a point, computed once."""
    cache: dict[Point, Exact] = {}

    def values(point: Point) -> Exact:
        if point not in cache:
            cache[point] = exact_values(point)
        return cache[point]

    return values


@pytest.fixture(scope="session")
def points(nasty):
    """The nasty points, and 150 of each kind."""
    draw = Draw(seed=20)
    drawn = [kind() for kind in draw.kinds for _ in range(150)]
    return [*nasty.values(), *(point for point in drawn if point.w or point.b)]


@pytest.fixture(scope="session")
def make_point():
    return Point


@pytest.fixture(scope="session")
def draw():
    return Draw
