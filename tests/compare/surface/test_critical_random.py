"""Questions nobody thought of: what is listed is stationary, and what a random search finds is listed.

Each point's derivatives are taken with 50 digits and held against the error that the point
states. From random starts a local solver looks for zeros of the gradient; each that it
finds must be a listed point or belong to a listed set. FUZZ_QUESTIONS asks more questions
than the few of every day, FUZZ_FIRST leaves out the first ones, FUZZ_REPORT names a file
for the counts.
"""

import itertools
import json
import math
import os
import time
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import root

from compare.surface import expected_gradient, expected_gradient_error, expected_hessian
from compare.surface.critical import critical_points
from compare.surface.critical import critical_points as critical_points_of
from compare.surface.scalar_gradient import scalar_gradient
from reference import Parameters, Target

QUESTIONS = int(os.environ.get("FUZZ_QUESTIONS", "12"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
REPORT = os.environ.get("FUZZ_REPORT")
SUBSETS = [names for n in range(1, 5) for names in itertools.combinations("wbvd", n)]
STARTS = 24
U = 2.0**-53
FARTHEST = 25.0  # kinks: beyond, nothing shows where they are
FARTHEST_OF_A_TAIL = 5.0  # where one side of the neuron is next to flat, all derivatives are as small as the density
NEAR = 2.0**-17  # of functions: what a root of simple curvature is known to, by a gradient known to rounding
GRID = np.linspace(-3.0, 3.0, 25)


class Question(NamedTuple):
    trainable: tuple[str, ...]
    slope: float
    target: Target
    fixed: Parameters

    def gradient(self, at):
        g = expected_gradient(at, negative_slope=self.slope, target=self.target)
        return np.array([float(getattr(g, name)) for name in self.trainable])

    def at(self, values):
        return self.fixed._replace(**dict(zip(self.trainable, map(float, values), strict=True)))


def ask(number):
    """The question of a number."""
    rng = np.random.default_rng([2026, number])

    def size(low, high):
        return float(rng.choice([-1, 1]) * 10 ** rng.uniform(low, high))

    target_slope = float(rng.choice([0.0, 0.0, 0.3, 1.0, -1.0, rng.normal()]))
    slope = float(
        rng.choice(
            [
                *(0.0, 0.3, size(-6, -1), size(-3, -1), 1 + size(-6, -1), -1 + size(-6, -1), 1.0, -1.0),
                *(size(0, 1), size(0, 3), rng.normal(), rng.normal(), target_slope),
            ]
        )
    )
    w = size(-1, 1)
    kink = float(rng.choice([0.0, rng.normal(), rng.normal(), rng.uniform(-4, 4)]))
    fixed = Parameters(
        size(-1, 0.5), float(rng.choice([0.0, rng.normal()])), size(-1, 0.5), float(rng.choice([0.0, rng.normal()]))
    )
    return Question(SUBSETS[number % 15], slope, Target(w, -kink * w, target_slope), fixed)


def outcome(question, exact, make_point, tally):
    """What is wrong with the answer to a question, in words; counts what was looked at."""
    options = {"negative_slope": question.slope, "target": question.target}
    began = time.perf_counter()
    try:
        listed = critical_points(trainable=question.trainable, parameters=question.fixed, **options)
    except (ArithmeticError, ValueError) as refusal:
        tally["refused"] += 1
        tally.refusals.append([str(question), str(refusal)])
        return []
    finally:
        tally.slowest = max(tally.slowest, time.perf_counter() - began)
    tally["points"] += len(listed)
    wrong = [f"{p.kind}, but the Hessian says {kind}" for p in listed if (kind := other_kind(p, question, tally))]
    wrong += [f"{p.kind}: {excess}" for p in listed if (excess := excess_of(p, question, exact, make_point, tally))]
    for found in search(question):
        tally["found"] += 1
        if not any(belongs(found, p, question) for p in listed):
            tally["missing"] += 1
            wrong.append(f"missing: {found}")
    return wrong


def excess_of(point, question, exact, make_point, tally):
    """By how much a derivative is beyond the stated error, or ""."""
    if point.error is None:
        tally["without error"] += 1
        return ""
    at = getattr(point.parameters, "far", point.parameters)
    values = [*map(float, at)]
    if math.isinf(at.b) or at.w == at.b == 0:  # a ReLU switched off, or without output: all but E[r] is 0
        seen = question.gradient(at)
    else:
        seen = [dict(zip("wbvd", exact(make_point(*values, question.slope, question.target)).gradient, strict=True))]
        seen = [seen[0][name] for name in question.trainable]
    tally["checked"] += 1
    for name, derivative in zip(question.trainable, seen, strict=True):
        error = getattr(point.error, name)
        if not abs(derivative) <= error:
            tally["not stationary"] += 1
            return f"{name} {mp.nstr(derivative, 3)} > {error:.3g} at {at}"
        if error:
            tally.worst = max(tally.worst, float(abs(derivative) / error))
    return ""


def other_kind(point, question, tally):
    """The kind that the signs of the Hessian's eigenvalues say, where they are clear, if it is not the listed one."""
    at, dimension = point.parameters, point.dimension
    if point.hessian_eigenvalues is None or at.w == 0 or (at.v == 0 and "v" in question.trainable):
        return ""
    eigenvalues = sorted(scaled_eigenvalues(hessian_of(question, at)), key=abs)
    deciding = eigenvalues[dimension:]
    if not deciding or abs(deciding[0]) < 2.0**-20 or any(abs(e) > 2.0**-30 for e in eigenvalues[:dimension]):
        return ""
    tally["kinds"] += 1
    negative = sum(e < 0 for e in deciding)
    kinds = ("local minimum", "global minimum") if negative == 0 else ("saddle",)
    kinds = ("local maximum",) if negative == len(deciding) else kinds
    return "" if point.kind in kinds else kinds[0]


def hessian_of(question, at):
    rows = ["wbvd".index(name) for name in question.trainable]
    return expected_hessian(at, negative_slope=question.slope, target=question.target)[np.ix_(rows, rows)]


def scaled_eigenvalues(hessian):
    """Of parameters in units in which no second derivative is large: their signs stay."""
    scale = np.sqrt(np.max(np.abs(hessian), axis=0))
    scale = np.where(scale == 0, 1.0, scale)
    return np.linalg.eigvalsh(hessian / scale / scale[:, None]).tolist()


def search(question):
    """Zeros of the gradient from random starts, each brought to rest and known to be isolated but for its set."""
    at_point = scalar_gradient(question.slope, question.target)
    rng = np.random.default_rng(5)
    scale = max(abs(question.target.w), 0.3)
    scales = {"w": scale, "b": scale, "v": 1.0, "d": scale}
    names = question.trainable

    def gradient(values):
        whole = dict(zip("wbvd", at_point(*map(float, question.at(values))), strict=True))
        return np.array([whole[name] for name in names])

    for start in rng.normal(0, 1.2, (STARTS, len(names))):
        with np.errstate(all="ignore"):
            found = root(gradient, start * [scales[n] for n in names], method="lm", options={"maxiter": 200})
        at = question.at(found.x)
        if np.isfinite(found.x).all() and at_rest(question, at):
            yield at


def at_rest(question, at):
    """Whether the gradient vanishes to rounding, at a place where that means something."""
    farthest = FARTHEST if 2.0**-6 < abs(question.slope) < 2.0**6 else FARTHEST_OF_A_TAIL
    if abs(at.b) >= farthest * abs(at.w) or abs(at.w) + abs(at.b) < 2.0**-20:
        return False  # on its way to infinity, dead, or next to the tip of the cone
    hessian = hessian_of(question, at)
    errors = expected_gradient_error(at, negative_slope=question.slope, target=question.target)
    eps = np.array([float(getattr(errors, name)) for name in question.trainable])
    allowed = 3 * eps + np.abs(hessian) @ (8 * U * np.abs([getattr(at, name) for name in question.trainable]))
    gradient = question.gradient(at)
    if not (np.abs(gradient) <= 2.0**10 * allowed).all():
        return False
    if not hessian.any(axis=0).all():
        return False
    # Nearly degenerate, but for the direction in which a set extends: the solver may have stopped anywhere.
    clear = sorted(map(abs, scaled_eigenvalues(hessian)))
    return clear[1 if {"w", "v"} <= set(question.trainable) or len(hessian) == 4 else 0] > 2.0**-12


def belongs(found, point, question):
    """Whether the point, or its set, has this neuron: the same function, and the same kink if it has no output."""
    at = getattr(point.parameters, "far", point.parameters)
    if not all(map(math.isfinite, at)):
        return False
    ours, theirs = function(found, question.slope), function(at, question.slope)
    size = max(np.abs(ours).max(), abs(question.target.w))
    if np.abs(ours - theirs).max() > NEAR * size:
        return False
    if "v" in question.trainable and at.v == 0 and "<= 0" not in point.family and "w any" not in point.family:
        unit = math.hypot(found.w, found.b) * math.hypot(at.w, at.b)
        return abs(found.w * at.b - found.b * at.w) <= 2.0**-8 * unit and found.w * at.w + found.b * at.b >= 0
    return True


def function(at, slope):
    z = at.w * GRID + at.b
    return at.v * np.where(z > 0, z, slope * z) + at.d


class Tally(Counter):
    """Counts, the worst quotient of a derivative and its stated error, and refusals in words."""

    worst = 0.0
    slowest = 0.0

    def __init__(self):
        super().__init__()
        self.refusals = []
        self.wrong = []


def test_random_questions_are_answered_rightly_and_completely(exact, make_point):
    tally = Tally()
    for number in range(FIRST, FIRST + QUESTIONS):
        question = ask(number)
        tally["questions"] += 1
        for what in outcome(question, exact, make_point, tally):
            tally.wrong.append([number, str(question), what])
        if REPORT and number % 20 == 19:
            report(tally)
    if REPORT:
        report(tally)
    assert tally.wrong == []
    assert not any("\n" in words for _, words in tally.refusals)
    assert tally["checked"] > 0
    assert tally["refused"] <= max(2, QUESTIONS // 10)


PLANTED = {
    "a point forgotten": lambda points: points[1:],
    "a point moved by a part in a million": lambda points: (moved(points[0]), *points[1:]),
    "an error stated too small": lambda points: (
        replace(points[0], error=Parameters(*(e * 2.0**-20 for e in points[0].error))),
        *points[1:],
    ),
    "a minimum called a saddle": lambda points: (replace(points[0], kind="saddle"), *points[1:]),
}


def moved(point):
    return replace(point, parameters=point.parameters._replace(b=point.parameters.b + 1e-6))


@pytest.mark.parametrize("defect", PLANTED)
def test_a_planted_mistake_is_seen(defect, monkeypatch, exact, make_point):
    question = Question(("w", "b"), 0.3, Target(0.75, -0.5, 0.25), Parameters(1.0))
    assert outcome(question, exact, make_point, Tally()) == []
    monkeypatch.setitem(globals(), "critical_points", lambda **asked: PLANTED[defect](critical_points_of(**asked)))
    assert outcome(question, exact, make_point, Tally()) != []


def report(tally):
    with open(REPORT, "w", encoding="utf-8") as file:
        json.dump(
            {**tally, "worst": tally.worst, "slowest": tally.slowest, "wrong": tally.wrong, "refusals": tally.refusals},
            file,
            indent=1,
        )
