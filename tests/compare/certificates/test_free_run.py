"""The propagated bound against runs that differ by rounding alone, and against runs that don't."""

from dataclasses import replace

import numpy as np
import pytest

from compare.certificates.free_run import free_run
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, draw_batches, train

OPTIMIZERS = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    Adam(learning_rate=0.01),
    Adam(learning_rate=0.01, amsgrad=True),
    AdamW(learning_rate=0.01),
    RMSprop(),
    RMSprop(centered=True, momentum=0.5),
]


def experiment(optimizer, dtype="float64", **changes):
    common = {"initial": Parameters(w=-1.5, b=0.5), "trainable": ("w", "b"), "negative_slope": 0.25, "batch_size": 200}
    return Experiment(**common | {"steps": 300, "optimizer": optimizer, "dtype": dtype} | changes)


def reordered(batches, seed=0):
    """The same samples in another order: the same mathematics, other roundings."""
    order = np.random.default_rng(seed).permutation(batches[0].shape[1])
    return tuple(np.ascontiguousarray(a[:, order]) for a in batches)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_runs_that_differ_by_rounding_alone_are_within_the_bound(optimizer, dtype):
    e = experiment(optimizer, dtype)
    batches = draw_batches(e)
    ours = train(e, batches=batches)
    for seed in range(3):
        theirs = train(e, batches=reordered(batches, seed))
        assert (theirs.loss != ours.loss).any()
        run = free_run(e, ours, theirs, batches)
        assert max(c.ratio.max() for c in run.comparisons) <= 1
        assert run.vacuous_from is None or run.vacuous_from > 10
        if dtype == "float64":
            assert run.vacuous_from is None


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_learning_rate_off_by_a_millionth_is_beyond_the_bound(optimizer):
    e = experiment(optimizer, steps=50)
    batches = draw_batches(e)
    wrong = replace(e, optimizer=replace(optimizer, learning_rate=optimizer.learning_rate * (1 + 1e-6)))
    run = free_run(e, train(e, batches=batches), train(wrong, batches=batches), batches)
    assert max(c.ratio.max() for c in run.comparisons) > 1000


def test_drawn_and_given_batches_are_the_same():
    e = experiment(SGD())
    ours, theirs = train(e), train(e, batches=reordered(draw_batches(e)))
    drawn, given = free_run(e, ours, theirs), free_run(e, ours, theirs, draw_batches(e))
    for a, b in zip(drawn.comparisons, given.comparisons, strict=True):
        assert (a.ball.radius == b.ball.radius).all()


def test_where_the_dynamics_forget_nothing_the_bound_says_so():
    # Beyond lr = 2 / curvature each step multiplies differences: float32 has soon nothing to say.
    e = experiment(SGD(learning_rate=4.0), "float32", steps=200, negative_slope=1.0)
    batches = draw_batches(e)
    ours, theirs = train(e, batches=batches), train(e, batches=reordered(batches))
    run = free_run(e, ours, theirs, batches)
    assert 0 < run.vacuous_from < 200
    for c in run.comparisons:
        assert not c.ratio[run.vacuous_from :].any()


def test_a_neuron_at_rest_has_a_bound_that_says_so():
    dead = experiment(SGD(), initial=Parameters(w=0.0, b=-100.0), negative_slope=0.0, steps=20)
    batches = draw_batches(dead)
    ours = train(dead, batches=batches)
    run = free_run(dead, ours, ours, batches)
    assert run.vacuous_from is None
    assert all(not c.ball.radius.any() for c in run.comparisons)


def test_samples_that_cross_the_kink_are_allowed_for():
    # Few samples, all near the kink of the path: reordering decides on which side some of them fall.
    e = experiment(SGD(learning_rate=0.1), "float32", batch_size=3, steps=150, negative_slope=-1.0)
    rng = np.random.default_rng(1)
    for seed in range(5):
        x = rng.standard_normal((150, 3)).astype("float32")
        batches = (x, np.maximum(x, 0))
        theirs = train(e, batches=reordered(batches, seed))
        run = free_run(e, train(e, batches=batches), theirs, batches)
        assert max(c.ratio.max() for c in run.comparisons) <= 1


def test_divergence_is_compared_as_far_as_it_is_finite():
    e = experiment(SGD(learning_rate=1e3), steps=200)
    ours = train(e)
    run = free_run(e, ours, ours)
    assert ours.diverged_at is not None
    assert run.vacuous_from is not None
    assert max(c.ratio.max() for c in run.comparisons) == 0
