"""Values, derivatives and forks of batches."""

from fractions import Fraction

import numpy as np
import pytest

from compare.certificates.evaluation import KinkFork, chunks, evaluate, evaluate_batches
from compare.certificates.free_run.jacobian import linearize
from reference import SGD, Adam, Experiment, Parameters, backward, draw_batches, forward, mean_squared_error, train

NAMES = Parameters._fields


def coarse(seed, k=6, n=16, dtype="float64"):
    """Few-bit parameters, samples and labels; derivatives of the loss are exact then."""
    rng = np.random.default_rng(seed)
    parameters = Parameters(*((rng.integers(-8, 9, k) / 4 + 1 / 8).astype(dtype) for _ in NAMES))
    x = (rng.integers(-8, 9, (k, n)) / 4).astype(dtype)
    return parameters, x, (rng.integers(-8, 9, (k, n)) / 2).astype(dtype)


def second_difference(parameters, p, q, x, y, slope):
    """Of the batch loss on its branches, which is quadratic in each parameter: exact in Fractions."""

    def loss(moved):
        w, b, v, d = moved
        sides = [Fraction(1) if at * xi + bt > 0 else Fraction(slope) for xi, at, bt in branches]
        terms = [(v * s * (w * xi + b) + d - yi) ** 2 for (xi, _, _), s, yi in zip(branches, sides, ys, strict=True)]
        return sum(terms) / len(terms)

    start = [Fraction(float(value)) for value in parameters]
    branches = [(Fraction(float(xi)), start[0], start[1]) for xi in x]
    ys = [Fraction(float(yi)) for yi in y]

    def moved(i, by, j, by_j):
        values = list(start)
        values[i] += by
        values[j] += by_j
        return loss(values)

    if p == q:
        return moved(p, 1, p, 0) - 2 * loss(start) + moved(p, -1, p, 0)
    return (moved(p, 1, q, 1) - moved(p, 1, q, -1) - moved(p, -1, q, 1) + moved(p, -1, q, -1)) / 4


@pytest.mark.parametrize("slope", [0.0, 0.25, -0.5])
@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), ("v", "d"), NAMES])
def test_second_derivatives_are_exact_differences(trainable, slope):
    parameters, x, y = coarse(0)
    e = Experiment(initial=Parameters(w=1.0, b=1.0), trainable=trainable, negative_slope=slope, dtype="float64")
    found = evaluate(e, 0, parameters, x, y)[0].hessian
    assert found.shape == (6, len(trainable), len(trainable))
    for t in range(6):
        at = [p[t] for p in parameters]
        for i, p in enumerate(trainable):
            for j, q in enumerate(trainable):
                exact = second_difference(at, NAMES.index(p), NAMES.index(q), x[t], y[t], slope)
                assert found[t, i, j] == exact


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_are_the_references_own_for_any_number_of_batches(dtype):
    parameters, x, y = coarse(1, dtype=dtype)
    e = Experiment(initial=Parameters(w=1.0, b=1.0), trainable=NAMES, dtype=dtype)
    found, y_pred = evaluate(e, 0, parameters, x, y)
    at = forward(parameters, x, 0.0)
    assert (y_pred.y_pred == at.y_pred).all()
    assert (found.loss.value == mean_squared_error(at.y_pred, y)).all()
    for ball, exact in zip(found.gradient, backward(parameters, x, y, at, 0.0), strict=True):
        assert (ball.value == exact).all()
    parts = [
        evaluate(e, t, Parameters(*(p[t : t + 1] for p in parameters)), x[t : t + 1], y[t : t + 1]) for t in range(6)
    ]
    joined = type(found).join([part for part, _ in parts])
    assert (joined.loss.value == found.loss.value).all()
    assert (joined.hessian == found.hessian).all()


def kinked(dtype="float32"):
    """Without fused multiply-add z is 0 and the gradient too; with it z > 0."""
    x = np.full((1, 1), 1 + 2.0**-12, dtype)
    parameters = Parameters(*(np.full(1, p, dtype) for p in (1 + 2.0**-12, -(1 + 2.0**-11), 1.0, 0.0)))
    e = Experiment(initial=Parameters(w=1.0, b=1.0), trainable=("w", "b"), batch_size=1, steps=1, dtype=dtype)
    return e, parameters, x


def test_a_sample_within_rounding_of_the_kink_is_a_fork_and_both_gradients_are_allowed():
    e, parameters, x = kinked()
    found = evaluate(e, 7, parameters, x, x)[0]
    (fork,) = found.forks
    assert (fork.step, fork.sample, fork.z) == (7, 0, 0.0)
    assert fork.bound >= 2.0**-24  # what fused multiply-add leaves of z
    assert "FORK: step 7, sample 0" in str(fork)
    assert found.gradient.b.value == 0
    assert found.gradient.b.bound >= 2 * (x - 2.0**-24)  # 2 e with e = z - x
    assert (found.gradient.b.bound == evaluate_batches(e, parameters, x, x).gradient.b.bound).all()


def test_in_more_precision_the_same_sample_is_on_one_side():
    e, parameters, x = kinked("float64")
    found = evaluate(e, 7, parameters, x, x)[0]
    assert found.forks == ()
    assert found.gradient.b.value < -1
    assert found.gradient.b.bound < 1e-3


def test_a_sample_exactly_on_the_kink_is_no_fork():
    e = Experiment(initial=Parameters(w=0.0, b=0.0), trainable=("w", "b"), negative_slope=0.5, batch_size=4, steps=1)
    zero, one = np.zeros(1, "float32"), np.ones(1, "float32")
    x = np.array([[1.0, -1.0, 0.0, 0.5]], "float32")
    found = evaluate(e, 0, Parameters(zero, zero, one, zero), x, np.abs(x))[0]
    assert found.forks == ()
    assert (found.gradient.w.bound < np.abs(found.gradient.w.value) / 2**16).all()


def test_states_that_are_not_finite_have_no_bound():
    e = Experiment(initial=Parameters(w=1.0), batch_size=2, steps=1)
    nan, one, zero = np.array([np.nan, np.inf, 1e30], "float32"), np.ones(3, "float32"), np.zeros(3, "float32")
    x = np.full((3, 2), 1e10, "float32")
    with np.errstate(all="ignore"):
        found = evaluate(e, 0, Parameters(nan, zero, one, zero), x, x)[0]
    assert np.isinf(found.gradient.w.bound).all()
    assert np.isinf(found.loss.bound).all()


def test_chunks_cover_everything_once():
    for steps, size in ((1, 1), (10, 10**6), (1000, 100)):
        pieces = list(chunks(steps, size))
        assert [i for piece in pieces for i in range(piece.start, piece.stop)] == list(range(steps))


def test_forks_print_in_one_line():
    assert "\n" not in str(KinkFork(0, 1, 2.0, 3.0))


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.25, momentum=0.5, nesterov=True), Adam(learning_rate=0.01)])
def test_the_jacobian_predicts_what_a_small_push_does(optimizer):
    e = Experiment(
        initial=Parameters(w=0.75, b=0.5, v=1.25, d=0.125),
        trainable=NAMES,
        negative_slope=0.25,
        optimizer=optimizer,
        batch_size=64,
        steps=3,
        dtype="float64",
    )
    run = train(e)
    x, y = draw_batches(e)
    found = evaluate(e, 0, Parameters(*(p[:-1] for p in run.parameters)), x, y)[0]
    jacobian, _ = linearize(e, run, found)
    size = 1 + len(optimizer.slots)
    state = type(optimizer.init(run.parameters))(2, {s: Parameters(*(v[2] for v in g)) for s, g in run.slots.items()})
    push = 2.0**-20
    for i, name in enumerate(NAMES):

        def after(sign, name=name):
            here = Parameters(*(p[2] for p in run.parameters))
            here = here._replace(**{name: getattr(here, name) + sign * push})
            at = forward(here, x[2], 0.25)
            new, _ = optimizer.step(here, backward(here, x[2], y[2], at, 0.25), state)
            return np.array(new)

        slope = (after(1) - after(-1)) / (2 * push)
        predicted = jacobian[2, ::size, i * size]
        # Third differences over push^2, and the rounding of the two states over push: both below sqrt(push).
        assert (np.abs(slope - predicted) < np.sqrt(push)).all()
