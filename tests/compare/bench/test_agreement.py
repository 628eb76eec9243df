"""The check before the clock lets the right training pass, and nothing that is nearly right."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from compare.bench.agreement import require_agreement, require_exact, require_one_step
from compare.bench.plan import Wrong
from compare.bench.problem import exact_ends, few_bits, grid
from compare.certificates.exact.rational import exact_run
from compare.rounding.moment_gradient import sums_radius
from reference import SGD, Adam, Experiment, Parameters, Target, draw_batches, train


def readable(problem):
    return train(problem.experiment(), record="end", batches=(problem.x, problem.y)).end


def by_sums(problem, *, off_by=0, on_kink=False, skip_last=False, factor=2.0):
    """Sums over the active samples of a sorted batch, with a choice of mistakes."""
    w, b = problem.w.copy(), problem.b.copy()
    for batch in problem.x:
        x = np.sort(batch)
        for model in range(w.size):
            z = w[model] * x + b[model]
            active = np.flatnonzero(z >= 0 if on_kink else z > 0)
            if off_by and 0 < active.size < x.size:
                active = active[off_by:]
            if skip_last:
                active = active[active < x.size - 1]
            s = x[active]
            y = np.maximum(s, 0)
            s0, s1, s2 = x.dtype.type(s.size), s.sum(), (s * s).sum()
            scale = x.dtype.type(problem.learning_rate * factor / x.size)
            by_w, by_b = w[model] * s2 + b[model] * s1 - (s * y).sum(), w[model] * s1 + b[model] * s0 - y.sum()
            w[model], b[model] = w[model] - scale * by_w, b[model] - scale * by_b
    return Parameters(w=w, b=b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("trains", [readable, by_sums])
def test_the_reference_and_sums_of_moments_pass(trains, dtype):
    found = require_agreement(trains, grid(100, 50, 2, dtype))
    assert found["exact_steps"] == (2 if dtype == "float64" else 1)
    assert 0 <= found["observed_over_bound"] <= 1


@pytest.mark.parametrize(
    "mistake", [{"off_by": 1}, {"on_kink": True}, {"skip_last": True}, {"factor": 1.0}, {"factor": 2 + 2.0**-40}]
)
def test_mistakes_are_seen_on_few_bits(mistake):
    with pytest.raises(Wrong, match="after 2 steps of few bits, where it is exactly"):
        require_exact(lambda problem: by_sums(problem, **mistake), "float64")


@pytest.mark.parametrize("mistake", [{"off_by": 1}, {"skip_last": True}, {"factor": 1.0}, {"factor": 2 + 2.0**-30}])
def test_mistakes_are_seen_on_the_numbers_that_are_timed(mistake):
    problem = grid(100, 50, 1)
    ends = by_sums(problem, **mistake)
    with pytest.raises(Wrong, match="times the bound"):
        require_one_step(problem.experiment(), (problem.x, problem.y), ends)


def test_single_precision_in_secret_is_seen():
    def in_secret(problem):
        narrow = problem._replace(**{name: getattr(problem, name).astype("float32") for name in ("x", "y", "w", "b")})
        return Parameters(*(np.asarray(p, problem.x.dtype) for p in readable(narrow)))

    with pytest.raises(Wrong, match="times the bound"):
        require_agreement(in_secret, grid(100, 50, 1))


def test_another_dtype_or_shape_is_seen():
    with pytest.raises(Wrong, match="float32 of shape"):
        require_exact(lambda problem: Parameters(*(p.astype("float32") for p in readable(problem)[:2])), "float64")
    with pytest.raises(Wrong, match="of shape"):
        require_exact(lambda problem: Parameters(*(p[:-1] for p in readable(problem)[:2])), "float64")


@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), ("w", "b", "v", "d")])
@pytest.mark.parametrize(
    "optimizer", [SGD(learning_rate=0.5, momentum=0.5), Adam(learning_rate=0.5)], ids=["sgd", "adam"]
)
def test_one_step_of_any_optimizer_is_compared_with_the_reference(optimizer, trainable):
    starts = Parameters(w=np.linspace(-2, 2, 7), b=0.25)
    experiment = Experiment(
        initial=starts, trainable=trainable, optimizer=optimizer, steps=1, batch_size=20, negative_slope=0.25
    )
    batches, end = draw_batches(experiment), train(experiment, record="end").end
    assert require_one_step(experiment, batches, end) == 0
    with pytest.raises(Wrong, match="w of model"):
        require_one_step(experiment, batches, end._replace(w=end.w + np.float32(2.0**-10)))


def test_few_bits_are_few_enough():
    problem = few_bits()
    first = exact_ends(problem.first_step())
    second = exact_ends(problem)
    for quantum, values in ((4, (problem.w, problem.b, problem.x)), (2**11, first[:2]), (2**20, second[:2])):
        for numbers in values:
            assert all((Fraction(float(number)) * quantum).denominator == 1 for number in np.ravel(numbers))
            assert np.abs(numbers).max() < 2**6
    on_kink = problem.w[:, None] * problem.x[0] + problem.b[:, None] == 0
    assert on_kink.any(axis=1).sum() > 20
    assert (problem.w == 0).any()


@pytest.mark.parametrize("model", [0, 60, 137, 200, 324])
def test_exact_ends_are_those_of_the_oracle(model):
    problem = few_bits()
    alone = Parameters(w=float(problem.w[model]), b=float(problem.b[model]))
    experiment = replace(problem.experiment(), initial=alone)
    oracle = exact_run(experiment, problem.x, problem.y)
    assert oracle.stopped == ""
    ends = exact_ends(problem)
    assert [float(oracle.steps[-1][name][0]) for name in "wb"] == [ends.w[model], ends.b[model]]


def gradient_by_sums(parameters, x, slope, target):
    """Expanded, in the dtype of the samples: where neuron and teacher have one slope each, three sums are enough."""
    number = x.dtype.type
    w, b, v, d = map(number, parameters)
    total = dict.fromkeys("wbvd", number(0))
    mine, theirs = w * x + b > 0, number(target.w) * x + number(target.b) > 0
    for side, their_side in product((False, True), repeat=2):
        piece = x[(mine == side) & (theirs == their_side)]
        gain, their_gain = number(1 if side else slope), number(1 if their_side else target.negative_slope)
        s0, s1, s2 = number(piece.size), piece.sum(), (piece * piece).sum()
        alpha = v * w * gain - number(target.w) * their_gain
        beta = v * b * gain + d - number(target.b) * their_gain
        total["w"] += v * gain * (alpha * s2 + beta * s1)
        total["b"] += v * gain * (alpha * s1 + beta * s0)
        total["v"] += gain * (w * (alpha * s2 + beta * s1) + b * (alpha * s1 + beta * s0))
        total["d"] += alpha * s1 + beta * s0
    return {name: number(2) / x.size * value for name, value in total.items()}


def gradient_in_fractions(parameters, x, slope, target):
    """Sample by sample, without rounding."""
    w, b, v, d, s, *teacher = (Fraction(float(p)) for p in (*parameters, slope, *target))
    total = dict.fromkeys("wbvd", Fraction(0))
    for sample in map(Fraction, x.tolist()):
        z, teacher_z = w * sample + b, teacher[0] * sample + teacher[1]
        gain = 1 if z > 0 else s
        residual = v * gain * z + d - (teacher_z if teacher_z > 0 else teacher[2] * teacher_z)
        for name, factor in zip("wbvd", (v * gain * sample, v * gain, gain * z, 1), strict=True):
            total[name] += residual * factor * 2 / len(x)
    return total


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_as_near_to_rational_arithmetic_as_their_radius_says(dtype):
    rng, worst = np.random.default_rng(0), 0.0
    for slope, target in [(0.0, Target()), (0.25, Target(-0.5, 0.25, 0.125)), (-2.0, Target(1.5, -0.5, 3.0))]:
        x = rng.standard_normal(40).astype(dtype)
        starts = Parameters(*rng.standard_normal((4, 8)).astype(dtype))
        radius = sums_radius(starts, x, slope, target)
        for member in range(8):
            alone = Parameters(*(p[member] for p in starts))
            exact = gradient_in_fractions(alone, x, slope, target)
            for name, value in gradient_by_sums(alone, x, slope, target).items():
                off = abs(float(Fraction(float(value)) - exact[name]))
                worst = max(worst, off / getattr(radius, name)[member])
    assert 0 < worst <= 1
