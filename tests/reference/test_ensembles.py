"""Ensembles trained from sums: exact where arithmetic is, and the neuron's in all else."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from reference import SGD, Experiment, Parameters, Target, draw_batches, train

NAMES = Parameters._fields
DTYPES = ["float32", "float64"]


def exact_gradient(parameters, x, y, slope):
    """The gradient of one neuron in rational arithmetic; z = 0 takes the slope."""
    w, b, v, d = (Fraction(float(p)) for p in parameters)
    total = dict.fromkeys(NAMES, Fraction(0))
    for sample, label in zip(x, y, strict=True):
        sample, label = Fraction(float(sample)), Fraction(float(label))
        z = w * sample + b
        gain = Fraction(1) if z > 0 else Fraction(slope)
        e = 2 * (v * gain * z + d - label) / len(x)
        total["d"] += e
        total["v"] += e * gain * z
        total["b"] += e * v * gain
        total["w"] += e * v * gain * sample
    return total


def grid(*axes):
    return [a.ravel() for a in np.meshgrid(*axes)]


def coarse_batch(n, dtype, target=Target()):
    """Multiples of 1/2 with ties, both zeros among them: kinks of coarse neurons lie on them."""
    x = np.resize([-2.0, -1.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, -0.0, 1.5, 1.5, -1.5], (1, n)).astype(dtype)
    return x, target.labels(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", [0.0, 0.25, -1.0, 2.0])
@pytest.mark.parametrize("target", [Target(), Target(-0.5, 0.25, 0.5), Target(0.0, 1.0), Target(2.0, -1.0, -1.0)])
@pytest.mark.parametrize("n", [1, 8, 16])
def test_gradients_of_coarse_numbers_equal_the_rationals(n, target, slope, dtype):
    # Everything is a small multiple of a power of two and n a power of two: nothing is rounded.
    # With w and b in halves and samples in halves, kinks lie on samples, also on several.
    w, b, v, d = grid([-1.5, -0.5, 0.0, -0.0, 0.5, 1.0], [-1.0, -0.5, 0.0, 0.25, 1.0], [1.0, -0.5], [0.0, 0.25])
    x, y = coarse_batch(n, dtype, target)
    e = Experiment(
        initial=Parameters(w, b, v, d),
        trainable=NAMES,
        negative_slope=slope,
        target=target,
        batch_size=n,
        steps=1,
        dtype=dtype,
    )
    run = train(e, batches=(x, y), method="moments")
    for i, parameters in enumerate(zip(w, b, v, d, strict=True)):
        exact = exact_gradient(parameters, x[0], y[0], slope)
        assert {name: float(getattr(run.gradient, name)[0, i]) for name in NAMES} == exact


@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), ("b",), ("v", "d"), NAMES])
@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_leaving_out_what_is_not_trained_changes_nothing(slope, trainable):
    # Fixed numbers that are 0 or 1 take short cuts, also the kernel without biases.
    w = np.array([-1.5, -0.5, 0.0, 0.5, 1.0])
    x, y = coarse_batch(8, "float64")
    e = Experiment(initial=Parameters(w), negative_slope=slope, batch_size=8, steps=1, dtype="float64")
    run = train(replace(e, trainable=trainable), batches=(x, y), method="moments")
    for i in range(len(w)):
        exact = exact_gradient((w[i], 0.0, 1.0, 0.0), x[0], y[0], slope)
        assert {name: float(getattr(run.gradient, name)[0, i]) for name in trainable} == {
            name: exact[name] for name in trainable
        }
    assert [g is None for g in run.gradient] == [name not in trainable for name in NAMES]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("trainable", [("w",), ("w", "b")])
def test_a_path_of_coarse_numbers_is_the_neurons_bit_for_bit(trainable, dtype):
    # As in test_training: with slope 2, rate 1/4 and whole samples three steps are exact.
    x = np.random.default_rng(5).integers(-1, 2, (3, 4)).astype(dtype)
    batches = x, np.maximum(x, 0)
    w, b = grid([-1.5, -1.0, 0.0, 0.5], [0.5, -0.5] if "b" in trainable else [0.0])
    e = Experiment(
        initial=Parameters(w, b if "b" in trainable else 0.0),
        trainable=trainable,
        negative_slope=2.0,
        optimizer=SGD(learning_rate=0.25, momentum=0.5),
        batch_size=4,
        steps=3,
        dtype=dtype,
    )
    fast, slow = (train(e, batches=batches, method=method) for method in ("moments", "neuron"))
    for name in trainable:
        for ours, theirs in (
            (fast.parameters, slow.parameters),
            (fast.gradient, slow.gradient),
            (fast.slots["momentum"], slow.slots["momentum"]),
        ):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name))
    assert np.array_equal(fast.crossed_at, slow.crossed_at)


def test_dead_neurons_have_a_gradient_of_exactly_zero_and_stay():
    # ReLU with b far below: no sample of the batch is active.
    b = np.array([-100.0, -1e300, -50.0])
    e = Experiment(initial=Parameters(1.0, b), trainable=("w", "b"), steps=3, batch_size=100, dtype="float64")
    run = train(e, method="moments")
    assert not run.gradient.w.any()
    assert not run.gradient.b.any()
    assert (run.end.b == b).all()


def test_kinks_far_beyond_all_samples_see_all_of_them_or_none():
    # |b/w| from 1e3 to infinity, and w = 0 of either sign: active is who has b > 0.
    w, b = grid([1e-3, -1e-3, 1e-300, -1e-310, 0.0, -0.0], [1.0, -1.0])
    e = Experiment(initial=Parameters(w, b), trainable=("b",), batch_size=64, steps=1, dtype="float64")
    x, y = draw_batches(e)
    run = train(e, method="moments", batches=(x, y))
    assert ((run.gradient.b[0] != 0) == (b > 0)).all()


def test_subnormal_weights_are_active_where_their_own_product_is():
    # 5e-324 x is rounded: for |x| < 1/2 to 0, and z = b + 0 then has the sign of b, or is 0.
    tiny = float(np.finfo("float64").smallest_subnormal)
    x = np.array([[-1.0, -0.25, 0.25, 0.75]])
    w, b = grid([tiny, -tiny], [0.0, tiny, -tiny])
    for trainable, target in ((("w", "b"), Target()), (("w",), Target()), (("w",), Target(1.0, 0.0, 0.5))):
        chosen = w, b if "b" in trainable else 0.0
        e = Experiment(
            initial=Parameters(*chosen),
            trainable=trainable,
            negative_slope=0.25,
            target=target,
            batch_size=4,
            steps=1,
            dtype="float64",
        )
        fast, slow = (train(e, batches=(x, target.labels(x)), method=method) for method in ("moments", "neuron"))
        for name in trainable:
            # The residuals are the labels, up to numbers that a sum with them does not see.
            assert np.array_equal(getattr(fast.gradient, name), getattr(slow.gradient, name))


def test_zero_is_left_only_by_a_slope():
    # At w = 0 without bias every sample is on the kink: dL/dw = -(2/n) s sum y x = -s.
    x = np.array([[1.0, -1.0]])
    for slope, gradient in ((0.0, 0.0), (0.5, -0.5), (-1.0, 1.0)):
        e = Experiment(initial=Parameters(np.zeros(2)), negative_slope=slope, batch_size=2, steps=1, dtype="float64")
        run = train(e, batches=(x, np.maximum(x, 0)), method="moments")
        assert (run.gradient.w == gradient).all()
        assert (run.crossed_at == -1).all()


def test_samples_all_at_zero_are_a_batch_too():
    x = np.zeros((2, 3))
    w, b = grid([-1.0, 0.0, 2.0], [-0.5, 0.0, 0.5])
    e = Experiment(initial=Parameters(w, b), trainable=("w", "b"), batch_size=3, steps=2, dtype="float64")
    fast, slow = (train(e, batches=(x, x), method=method) for method in ("moments", "neuron"))
    assert (fast.gradient.w == 0).all()
    assert np.array_equal(np.sign(fast.gradient.b), np.sign(slow.gradient.b))
