"""Bounds of whole batches against other admissible implementations, and against Balls."""

import itertools

import numpy as np
import pytest

from compare.certificates.evaluation import evaluate_batches
from compare.rounding import Ball, ratio
from compare.rounding.batch import batch_bounds, sides
from reference import Experiment, Parameters, backward, forward, mean_squared_error

NAMES = Parameters._fields
K = 40  # batches at a time
TINY = float(np.finfo(np.float32).tiny)


class Other:
    """The neuron once more, in another order, fused, flushing, in its own association.

    float32 is imitated in float64, so that products and sums can be left unrounded.
    """

    def __init__(self, dtype, *, fused, flushing, association, order):
        self.dtype, self.fused, self.flushing, self.association, self.order = dtype, fused, flushing, association, order

    def rounded(self, a):
        a = np.asarray(a).astype(self.dtype)
        return np.where(np.abs(a) < np.finfo(self.dtype).tiny, a.dtype.type(0), a) if self.flushing else a

    def multiply_add(self, a, b, c):
        wide = np.longdouble if self.dtype == "float64" else np.float64
        if self.fused:
            return self.rounded(a.astype(wide) * b + c)
        return self.rounded(self.rounded(a * b) + c)

    def total(self, terms):
        terms = terms[:, self.order(terms.shape[1])]
        running = self.rounded(terms[:, 0])
        for i in range(1, terms.shape[1]):
            running = self.rounded(running + terms[:, i])
        return running

    def __call__(self, parameters, x, y, slope):
        n, one = x.shape[1], np.dtype(self.dtype).type(1)
        w, b, v, d = (self.rounded(p)[:, None] for p in parameters)
        x, y = self.rounded(x), self.rounded(y)
        z = self.multiply_add(w, x, b)
        a = np.where(z > 0, z, self.rounded(one * slope * z))
        side = np.where(z > 0, one, one * slope)
        y_pred = self.multiply_add(v, a, d)
        e = self.rounded(y_pred - y)
        loss = self.rounded(self.total(self.rounded(e * e)) / n)
        over_n = self.rounded(one / n)
        if self.association == 0:  # as Keras does it
            up = -self.rounded(over_n * (-e * 2))
            inward = self.rounded(self.rounded(up * v) * side)
            sums = [self.rounded(inward * x), inward, self.rounded(up * a), up]
            return y_pred, loss, [self.total(s) for s in sums]
        if self.association == 1:  # factors taken out of the sums
            kinked = self.rounded(e * side)
            sums = [self.rounded(kinked * x), kinked, self.rounded(e * a), e]
            scaled = [self.rounded(self.total(s) * 2 * over_n) for s in sums]
            return y_pred, loss, [self.rounded(s * v[:, 0]) if i < 2 else s for i, s in enumerate(scaled)]
        inward = self.rounded(v * side)  # right to left
        up = self.rounded(2 * e / n)
        sums = [self.rounded(self.rounded(inward * x) * up), self.rounded(inward * up), self.rounded(a * up), up]
        return y_pred, loss, [self.total(s) for s in sums]


def others(dtype):
    rng = np.random.default_rng(3)
    orders = [np.arange, lambda n: np.arange(n)[::-1], rng.permutation]
    for fused, flushing, association in itertools.product([False, True], [False, True], range(3)):
        yield Other(dtype, fused=fused, flushing=flushing, association=association, order=orders[association])


def situation(name, n, dtype, seed=0):
    """Parameters of shape (K,), samples and labels, of a kind."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((K, n))
    w, b, v, d = rng.standard_normal((4, K))
    if name == "one weight":
        b, v, d = np.zeros(K), np.ones(K), np.zeros(K)
    if name == "nearly learned":
        w, b, v, d = 1 + 1e-6 * w, 1e-6 * b, np.ones(K), np.zeros(K)
    if name == "cancelling":
        d = -v * w * 3
        x = 3 + 1e-4 * x
    if name == "tiny samples":
        x = x * (1e-25 if dtype == "float32" else 1e-170)
    if name == "tiny parameters":
        w, v = w * (1e-20 if dtype == "float32" else 1e-160), v * (1e-20 if dtype == "float32" else 1e-160)
    if name == "large":
        w, x = w * 1e5, x * 1e6
    y = np.maximum(x, 0) if name != "any labels" else rng.standard_normal((K, n)) * 100
    return Parameters(*(p.astype(dtype) for p in (w, b, v, d))), x.astype(dtype), y.astype(dtype)


SITUATIONS = [
    "ordinary",
    "one weight",
    "nearly learned",
    "cancelling",
    "tiny samples",
    "tiny parameters",
    "large",
    "any labels",
]


def bounded(parameters, x, y, slope):
    at = forward(parameters, x, slope)
    gradient = backward(parameters, x, y, at, slope)
    bounds = batch_bounds(parameters, x, at, sides(x, y, at, slope), slope, NAMES)
    times_y_pred, plus, times_x = (c[:, None] for c in bounds.y_pred)
    y_pred = Ball(at.y_pred, times_y_pred * np.abs(at.y_pred) + plus + times_x * np.abs(x))
    balls = [Ball(mean_squared_error(at.y_pred, y), bounds.loss)]
    balls += [Ball(g, r) for g, r in zip(gradient, bounds.gradient, strict=True)]
    return y_pred, balls, bounds.regular


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("slope", [0.0, 0.3, -0.5, 2.0])
@pytest.mark.parametrize("name", SITUATIONS)
def test_every_admissible_implementation_is_within_the_bounds(name, slope, dtype):
    slope = np.dtype(dtype).type(np.float32(slope))
    for n, seed in ((1, 0), (7, 1), (64, 2)):
        parameters, x, y = situation(name, n, dtype, seed)
        y_pred, balls, regular = bounded(parameters, x, y, slope)
        assert regular.any()
        for other in others(dtype):
            theirs_y_pred, loss, gradient = other(parameters, x, y, slope)
            assert (ratio(theirs_y_pred, y_pred) <= 1).all()
            for theirs, ball in zip([loss, *gradient], balls, strict=True):
                assert (ratio(theirs, ball)[regular] <= 1).all()


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_a_slip_in_the_formula_is_far_beyond_the_bounds(slope):
    parameters, x, y = situation("ordinary", 64, "float64")
    _, balls, regular = bounded(parameters, x, y, slope)
    for i, ball in enumerate(balls):
        assert np.median(ratio(ball.value * (1 + 2.0**-30), ball)[regular]) > 1000, i


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("slope", [0.0, 0.3])
@pytest.mark.parametrize("name", ["ordinary", "one weight", "nearly learned", "cancelling", "any labels"])
def test_the_closed_form_is_at_most_twice_as_wide_as_balls(name, slope, dtype):
    slope = np.dtype(dtype).type(np.float32(slope))
    parameters, x, y = situation(name, 64, dtype)
    _, closed, regular = bounded(parameters, x, y, slope)
    e = Experiment(initial=Parameters(w=1.0, b=1.0), trainable=NAMES, negative_slope=float(slope), dtype=dtype)
    careful = evaluate_batches(e, parameters, x, y)
    regular &= (forward(parameters, x, slope).z > 0).mean(axis=1) > 0.25  # phi(z) = 0 behind b is exact to Balls
    for ours, ball in zip(closed, [careful.loss, *careful.gradient], strict=True):
        assert (ours.radius <= 2 * ball.radius)[regular].all()
        assert (ours.value == ball.value).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batches_with_a_sample_on_the_kink_or_an_overflow_are_not_regular(dtype):
    parameters, x, y = situation("ordinary", 8, dtype)
    _, _, regular = bounded(parameters, x, y, 0.0)
    assert regular.all()
    u = float(np.finfo(dtype).eps) / 2
    on_the_kink = x.copy()
    on_the_kink[0, 3] = -parameters.b[0] / parameters.w[0]
    on_the_kink[1, 5] = -parameters.b[1] / parameters.w[1] * (1 + u)
    _, _, regular = bounded(parameters, on_the_kink, y, 0.0)
    assert np.flatnonzero(~regular).tolist() == [0, 1]
    with np.errstate(over="ignore", invalid="ignore"):
        _, _, regular = bounded(parameters._replace(w=parameters.w * float(np.finfo(dtype).max) / 8), x, y, 0.0)
    assert not regular.any()
