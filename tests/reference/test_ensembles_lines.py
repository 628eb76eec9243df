"""Gradients looked up as straight lines: against rational arithmetic, and where they are not to be used."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import reference.ensembles.kernels.affine_kernel
import reference.ensembles.tables.affine_sums
from compare.rounding.ensembles import sums_bounds
from reference import SGD, Experiment, Parameters, Target, train
from reference.ensembles.kernels.affine_kernel import AffineKernel
from reference.ensembles.kernels.general_kernel import GeneralKernel
from reference.ensembles.loop import kernel_of
from reference.ensembles.tables.affine_sums import affine_sums, pivots_of
from reference.ensembles.tables.sums import run_sums

BATCHES = [[-1.0, 2.0], [-2.0, -0.5, 0.0, 0.0, 0.25, 3.0, 3.0, 4.0], [1.0], [-3.0, -1.0], [0.0, 0.0]]  # powers of 2


def exact_gradient(x, taus, v, slope, active, w, b):
    """dL/dw and dL/db as Fractions, with the samples that are active given."""
    by_w = by_b = Fraction(0)
    for sample, on in zip(x, active, strict=True):
        sample = Fraction(float(sample))
        gain = Fraction(v) * (1 if on else Fraction(slope))
        residual = gain * (w * sample + b) - Fraction(taus[sample > 0]) * sample
        by_w += 2 * gain * residual * sample / len(x)
        by_b += 2 * gain * residual / len(x)
    return by_w, by_b


@pytest.mark.parametrize("taus", [(0.0, 1.0), (0.25, -1.0), (0.0, 0.0), (2.0, 2.0)])
@pytest.mark.parametrize("v", [1.0, -2.0, 0.5, 0.0])
@pytest.mark.parametrize("slope", [0.0, 0.25, -0.5])
def test_every_place_has_the_gradient_of_its_active_samples(taus, v, slope):
    # Numbers of few bits, which nothing has to round: both sides are equal.
    looked_at = 0
    for batch in BATCHES:
        x = np.array(batch)
        n = len(x)
        lines = affine_sums(run_sums(x, int((x <= 0).sum())), taus, v, slope)
        for above in range(n + 1):
            for right in (False, True):
                place = above + (n + 1 if right else 0)
                active = [(i >= n - above) == right for i in range(n)]
                pivot = pivots_of(taus, v)[right]
                for w, b in ((0.5, -0.25), (-1.5, 2.0), (0.0, 1.0)):
                    a, mixed, d, at_w, at_b = (array[place] for array in lines)
                    found = a * (w - pivot) + mixed * b + at_w, mixed * (w - pivot) + d * b + at_b
                    expected = exact_gradient(x, taus, v, slope, active, Fraction(w), Fraction(b))
                    assert tuple(map(Fraction, found)) == expected
                    looked_at += 1
    assert looked_at == 6 * sum(len(batch) + 1 for batch in BATCHES)


def near_the_optimum(dtype="float64"):
    w, b = np.meshgrid(1 + np.linspace(-1, 1, 5) * 2.0**-30, np.linspace(-1, 1, 5) * 2.0**-31)
    e = Experiment(initial=Parameters(w.ravel(), b.ravel()), trainable=("w", "b"), batch_size=200, steps=1, dtype=dtype)
    x = np.random.default_rng(0).normal(size=(1, 200)).astype(dtype)
    return e, (x, e.target.labels(x))


def off(e, batches):
    """How far the gradient in w is from the exact one, at most, in bounds."""
    run = train(e, batches=batches, method="moments")
    x, y = (np.broadcast_to(each[0], (run.loss.shape[1], e.batch_size)) for each in batches)
    here = Parameters(*(parameter[0] for parameter in run.parameters))
    bound = sums_bounds(here, x, y, e.negative_slope, e.target).gradient.w
    worst = 0.0
    for i, (w, b) in enumerate(zip(here.w, here.b, strict=True)):
        exact, _ = exact_gradient(x[i], (0, 1), 1, e.negative_slope, w * x[i] + b > 0, Fraction(w), Fraction(b))
        worst = max(worst, float(abs(Fraction(float(run.gradient.w[0, i])) - exact)) / bound[i])
    return worst


def test_nothing_cancels_next_to_the_optimum():
    assert off(*near_the_optimum()) <= 1


def test_a_pivot_on_the_other_side_is_caught(monkeypatch):
    def swapped(taus, v):
        return pivots_of(taus, v)[::-1]

    for module in (reference.ensembles.kernels.affine_kernel, reference.ensembles.tables.affine_sums):
        monkeypatch.setattr(module, "pivots_of", swapped)
    assert off(*near_the_optimum()) > 2**10


def test_a_sum_at_the_pivot_that_is_left_out_is_caught(monkeypatch):
    def without(*arguments):
        return affine_sums(*arguments)._replace(at_w=np.zeros(2 * 200 + 2))

    e, batches = near_the_optimum()
    e = replace(e, initial=Parameters(e.initial.w, 0.5))
    assert off(e, batches) <= 1
    monkeypatch.setattr(reference.ensembles.kernels.affine_kernel, "affine_sums", without)
    assert off(e, batches) > 2**10


PLAIN = Experiment(initial=Parameters(np.array([0.5, 1.0]), 0.25), trainable=("w", "b"), dtype="float64")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"trainable": ("b",)},
        {"negative_slope": 0.3},
        {"target": Target(w=-2.0, negative_slope=0.1)},
        {"initial": Parameters(np.array([0.5, 1.0]), 0.25, v=-3.0)},
    ],
)
def test_it_is_used_where_it_fits(changes):
    assert type(kernel_of(replace(PLAIN, **changes), 2)) is AffineKernel


@pytest.mark.parametrize(
    "changes",
    [
        {"trainable": ("w", "b", "v")},
        {"trainable": ("w", "d")},
        {"negative_slope": np.array([0.0, 0.3])},
        {"negative_slope": 1e-30},
        {"target": Target(b=0.5)},
        {"target": Target(w=1e30)},
        {"initial": Parameters(np.array([0.5, 1.0]), 0.25, d=0.5)},
        {"initial": Parameters(np.array([0.5, 1.0]), 0.25, v=np.array([1.0, 2.0]))},
        {"initial": Parameters(np.array([0.5, 1.0]), 0.25, v=1e-200)},
    ],
)
def test_it_is_not_used_where_it_does_not(changes):
    assert type(kernel_of(replace(PLAIN, **changes), 2)) is GeneralKernel


def test_samples_that_are_huge_are_left_to_the_general_kernel(monkeypatch):
    e = replace(PLAIN, batch_size=3, steps=1)
    x = np.array([[-1e150, 2.0, 1e100]])
    kernel = kernel_of(e, 2)
    assert [table.lines for table in kernel.tables(x)] == [None]
    batches = x, e.target.labels(x)
    found = train(e, batches=batches, method="moments")
    monkeypatch.setattr(AffineKernel, "fits", staticmethod(lambda experiment: False))
    assert type(kernel_of(e, 2)) is GeneralKernel
    other = train(e, batches=batches, method="moments")
    for name in ("w", "b"):
        assert np.array_equal(getattr(found.gradient, name), getattr(other.gradient, name))
    assert np.array_equal(found.loss, other.loss)


def test_plain_steps_in_place_are_the_optimizers_own():
    class Same(SGD):
        """Plain SGD that has to be asked."""

    e = replace(PLAIN, optimizer=SGD(learning_rate=np.array([0.1, 0.3])), batch_size=20, steps=30)
    quick, asked = (
        train(replace(e, optimizer=kind(learning_rate=e.optimizer.learning_rate)), method="moments")
        for kind in (SGD, Same)
    )
    for name in ("w", "b"):
        assert getattr(quick.parameters, name).tobytes() == getattr(asked.parameters, name).tobytes()
    assert np.array_equal(e.initial.w, [0.5, 1.0])  # what was given is not written to


def test_a_member_at_zero_stays_on_the_side_it_came_from():
    # w = 0 exactly, from either side: all or no samples are active, whatever the pivot.
    w = np.array([0.0, -0.0, 0.0, -0.0])
    b = np.array([1.0, 1.0, -1.0, -1.0])
    e = replace(PLAIN, initial=Parameters(w, b), batch_size=4, steps=1)
    x = np.array([[-2.0, -1.0, 0.5, 1.0]])
    run = train(e, batches=(x, e.target.labels(x)), method="moments")
    for i in range(4):
        active = [b[i] > 0] * 4
        expected = exact_gradient(x[0], (0, 1), 1, 0, active, Fraction(0), Fraction(b[i]))
        assert (Fraction(float(run.gradient.w[0, i])), Fraction(float(run.gradient.b[0, i]))) == expected
