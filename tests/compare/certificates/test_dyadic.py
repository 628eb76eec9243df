"""Samples made for an experiment: nothing but the mean is rounded on them, in any network and at any batch size."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from compare.certificates.exact import dyadic
from compare.certificates.exact.rational import Dyadic, Rounded, exact_run
from reference import SGD, Adam, Experiment, Parameters

NETWORKS = {
    "the question's": Experiment(),
    "with bias": Experiment(initial=Parameters(w=-1.3, b=0.3), trainable=("w", "b")),
    "leaky": Experiment(initial=Parameters(w=0.7, b=-0.2), trainable=("w", "b"), negative_slope=0.3),
    "negative slope": Experiment(initial=Parameters(w=2.0), negative_slope=-0.5),
    "output": Experiment(
        initial=Parameters(w=1.1, b=0.4, v=-0.7, d=0.2), trainable=("w", "b", "v", "d"), negative_slope=0.25
    ),
    "at zero": Experiment(initial=Parameters(w=0.0, b=0.0), trainable=("w", "b")),
    "tiny and huge": Experiment(initial=Parameters(w=1e-30, b=1e30), trainable=("w", "b")),
    "fixed output": Experiment(initial=Parameters(w=1.0, v=1.05)),
    "Adam": Experiment(optimizer=Adam()),
}
SIZES = (1, 2, 3, 8, 100, 1000, 4096)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_but_the_mean_is_rounded(name, dtype):
    for n in SIZES:
        few = dyadic.experiment_of(replace(NETWORKS[name], dtype=dtype, batch_size=n))
        made = list(dyadic.batches(few))
        assert made
        missed = set()
        for x, y in made:
            run = exact_run(few, x[:1], y[:1])
            # A sum with a slope that fills all digits of float32 may need more of them.
            assert run.skipped == 0 or (name, dtype) == ("leaky", "float32")
            quantities = [q for q in ("loss", *(f"gradient.{p}" for p in few.trainable)) if q in run.steps[0]]
            means = [run.steps[0][quantity][0] for quantity in quantities]
            power_of_two = n & (n - 1) == 0
            kinds = {Dyadic} if power_of_two else {Rounded}
            # Two over n may be a power of two where one over n is none.
            assert {type(mean) for mean in means} <= (kinds if n not in (3,) else {Dyadic, Rounded})
            for mean in means:
                if isinstance(mean, Rounded) and mean.value:
                    size = Fraction(mean.radius) / Fraction(float(np.finfo(dtype).eps))
                    assert size < 100 * 16  # some units in the last place, not n of them
            residuals = {(float(a), float(b)) for a, b in zip(x[0], y[0], strict=True)}
            missed |= residuals
        assert len(missed) >= 6 or n < 8


@pytest.mark.parametrize("n", [8, 1000, 50_000])
def test_most_of_a_large_batch_is_met_and_its_ends_are_not(n):
    few = dyadic.experiment_of(replace(NETWORKS["with bias"], batch_size=n))
    ((x, y), *more) = dyadic.batches(few)
    assert x.shape == y.shape == (few.steps, n)
    assert len(more) == (1 if n == 8 else 0)
    w, b = few.initial.w, few.initial.b
    residual = np.maximum(w * x + b, 0) - y
    assert np.count_nonzero(residual[0]) <= 6
    assert residual[0, 0] != 0
    assert residual[0, -1] != 0


def test_samples_lie_on_the_kink_and_on_either_side_of_it():
    few = dyadic.experiment_of(replace(NETWORKS["with bias"], batch_size=100))
    ((x, y),) = dyadic.batches(few)
    z = few.initial.w * x[0].astype(np.float64) + few.initial.b
    on_the_kink = z == 0
    assert (z < 0).any()
    assert (z > 0).any()
    assert (on_the_kink & (y[0] != 0)).any()  # with an error that a derivative other than 0 would pass back
    told = replace(few, grad_at_zero=0.5)
    ((x, y),) = dyadic.batches(told, told=True)
    z = few.initial.w * x[0].astype(np.float64) + few.initial.b
    assert not ((z == 0) & (y[0] != 0)).any()


@pytest.mark.parametrize(
    ("number", "due"),
    [(-10.0, -8.0), (0.3, 0.25), (0.0, 0.0), (1.0, 1.0), (1e-30, 2.0**-3), (-1e30, -(2.0**5)), (6.1, 8.0)],
)
def test_a_start_becomes_the_nearest_power_of_two_in_a_moderate_range(number, due):
    assert dyadic.experiment_of(Experiment(initial=Parameters(w=number))).initial.w == due


def test_an_output_layer_stays_one_and_none_stays_none():
    assert dyadic.experiment_of(Experiment(initial=Parameters(w=1.0, v=1.05))).initial.v == 2.0
    assert dyadic.experiment_of(Experiment()).initial.v == 1.0
    assert dyadic.experiment_of(Experiment(optimizer=SGD(learning_rate=-0.01))).optimizer.learning_rate == -(2.0**-7)
