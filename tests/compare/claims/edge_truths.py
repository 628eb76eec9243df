"""What is true of the claims in edges.json, by means that have nothing in common with the code that judges them.

Each entry names its computation, an expression in the functions of this file and of edge_runs.py. It gives one of

- rows (where, met, of): for how many of so many independent seeds the claim is true; the first row is the claim as
  stated, the others are longer runs or other places in a claimed range;
- True or False, from rationals, 60 digits or algebra;
- None, where no run can tell.

Run as a program, with the beginnings of some ids if not all are wanted, it prints them.
"""

import json
import re
import sys
import tomllib
from fractions import Fraction as Q
from itertools import pairwise
from pathlib import Path

import mpmath

HERE = Path(__file__).parent
DIGITS = 60
SAME = 45  # digits in which two sides of an identity are held against each other


def word(truth):
    """The verdict that a truth makes right."""
    if truth is None:
        return "undecided"
    if isinstance(truth, bool):
        return "holds" if truth else "refuted"
    (_, met, of), *others = truth
    if met == 0:
        return "refuted"
    return "holds" if met == of and all(met == of for _, met, of in others) else "conditional"


# Numbers.


def rational(formula, at, kind, threshold):
    """A formula on decimals as they are written."""
    exact = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r'Q("\1")', formula)
    value = eval(exact, {"Q": Q, "max": max, "sign": lambda x: (x > 0) - (x < 0)}, {k: Q(x) for k, x in at.items()})
    return _compared(value, kind, Q(threshold))


def digits(formula, at, kind, threshold):
    """A formula that is not rational, in 60 digits."""
    with mpmath.workdps(DIGITS):
        names = {"exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "pi": +mpmath.pi}
        value = eval(formula, names, {name: mpmath.mpf(x) for name, x in at.items()})
        return _compared(value, kind, mpmath.mpf(threshold))


def _compared(value, kind, threshold):
    return bool({"near": value == threshold, "below": value < threshold, "above": value > threshold}[kind])


def identity(left, right):
    """Whether two numbers that algebra says are equal are so in 45 digits."""
    with mpmath.workdps(DIGITS):
        names = {"exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "mpf": mpmath.mpf}
        return mpmath.nstr(eval(left, names), SAME) == mpmath.nstr(mpmath.mpf(right), SAME)


def normal_tail(x):
    """P(X > x)."""
    return float(mpmath.erfc(mpmath.mpf(x) / mpmath.sqrt(2)) / 2)


def never_active(w, b, samples):
    """Whether w x + b > 0 is not to be expected, with b < 0, once in a thousand runs of so many samples."""
    return Q(w) == 0 or samples * normal_tail(float(-Q(b) / Q(w))) < 1e-3


# The expected loss where b = d = 0: a parabola on either side of w = 0.


def loss(w, c="0", v="1"):
    w, c, v = Q(w), Q(c), Q(v)
    right, left = (v * w, c * v * w) if w > 0 else (c * v * w, v * w)
    return ((right - 1) ** 2 + left**2) / 2


def slopes_at_zero(c):
    """Of the loss over w, from the left and from the right."""
    return -Q(c), Q(-1)


def jump_with_target(c, t):
    """How much the slope of the loss over w rises at 0 where the target has a slope t of its own left of x = 0."""
    c, t = Q(c), Q(t)
    return (-1 - c * t) - (-c - t)


def lowest(c):
    """The least loss and where, of the minima of the two parabolas that lie on their own side."""
    c = Q(c)
    return min((loss(w, c), w) for w in (1 / (1 + c * c), c / (1 + c * c)) if w > 0 or c < 0)


def crossings(at_zero, slope, c, v):
    """How often the loss less the line changes its sign."""
    a, s, c, v = Q(at_zero), Q(slope), Q(c), Q(v)
    with mpmath.workdps(DIGITS):
        roots = {mpmath.mpf(0)}
        for side, linear in ((-1, c * v + s), (1, v + s)):  # v^2 (1 + c^2) w^2 / 2 - linear w + 1/2 - a
            square = v * v * (1 + c * c)
            inside = linear**2 - 2 * square * (Q(1, 2) - a)
            if inside >= 0:
                both = [(_mp(linear) + sign * mpmath.sqrt(_mp(inside))) / _mp(square) for sign in (-1, 1)]
                roots |= {root for root in both if root * side > 0}
        ends = sorted(roots)
        between = [ends[0] - 1, *((p + q) / 2 for p, q in pairwise(ends)), ends[-1] + 1]
        over = [loss(_rational(w), c, v) > a + s * _rational(w) for w in between]
    return sum(p != q for p, q in pairwise(over))


def _mp(x):
    return mpmath.mpf(x.numerator) / x.denominator


def _rational(x):
    return Q(mpmath.nstr(x, 30))


def linear_least_squares():
    """Whether the Hessian over v and d, 2 [[E r^2, E r], [E r, 1]] with r = relu(x), has a positive determinant."""
    mean, square = 1 / mpmath.sqrt(2 * mpmath.pi), mpmath.mpf(1) / 2
    return bool(square > mean**2)


def above_its_chord():
    """Whether the loss over b at w = 1 is above the mean of its values at -10 and 0 midway between them."""

    def at_bias(b):
        return mpmath.quad(
            lambda x: (max(x + b, 0) - max(x, 0)) ** 2 * mpmath.npdf(x), sorted({-12, 0, min(-b, 11), 12})
        )

    return bool(at_bias(-5) > (at_bias(-10) + at_bias(0)) / 2)


def main():
    import edge_runs

    entries = json.loads((HERE / "edges.json").read_text(encoding="utf-8"))["claims"]
    for claim in tomllib.loads((HERE / "edges.toml").read_text(encoding="utf-8"))["claim"]:
        if claim["id"].startswith(tuple(sys.argv[1:]) or ""):
            truth = eval(entries[claim["id"]]["truth"], vars(edge_runs) | globals() | {"claim": claim})
            print(claim["id"], "|", word(truth), "|", truth)


if __name__ == "__main__":
    main()
