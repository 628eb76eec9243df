"""The fast path for ensembles and the neuron, step by step, within the bound derived for them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference.ensembles.gradients
import reference.ensembles.kernels.general_kernel
from compare.certificates.evaluation import evaluate
from compare.certificates.free_run import free_run
from compare.rounding import Ball
from compare.rounding.ensembles import bounds_from_neuron, sums_bounds
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target, draw_batches, train
from reference.ensembles.tables.kink_ranks import counts_above
from reference.neuron import backward, forward, mean_squared_error
from reference.training import constants

NAMES = Parameters._fields
DTYPES = ["float32", "float64"]


def lockstep(run, batches):
    """For each quantity the largest difference to the neuron's, in bounds, over the steps of a fast run.

    What is not finite, or has no finite bound, is left out.
    """
    e = run.experiment
    slope, _ = constants(e)
    steps, members = run.loss.shape
    worst = {}
    with np.errstate(all="ignore"):
        for t in range(steps):
            here = Parameters(*(p[t] for p in run.parameters))
            x, y = (np.broadcast_to(a[t], (members, e.batch_size)) for a in batches)
            at = forward(here, x, slope)
            theirs = {"loss": mean_squared_error(at.y_pred, y)}
            theirs |= backward(here, x, y, at, slope, e.trainable)._asdict()
            bounds = bounds_from_neuron(here, x, y, e.negative_slope, e.target)
            bound = {"loss": bounds.loss} | bounds.gradient._asdict()
            ours = {"loss": run.loss} | run.gradient._asdict()
            for name in ("loss", *e.trainable):
                mine, other, radius = ours[name][t].astype(np.float64), theirs[name], bound[name]
                known = np.isfinite(mine) & np.isfinite(other) & np.isfinite(radius)
                apart = np.abs(mine - other)
                ratio = np.where(known & (apart > 0), apart / radius, 0.0)
                worst[name] = max(worst.get(name, 0.0), float(ratio.max()))
    return worst


def the_update_is_the_optimizers_own(run):
    """Every recorded state follows, bit for bit, from the one before and the recorded gradient."""
    e, optimizer = run.experiment, run.experiment.optimizer
    with np.errstate(all="ignore"):
        for t in range(len(run.loss)):
            for name in e.trainable:
                before = {slot: getattr(run.slots[slot], name)[t] for slot in optimizer.slots}
                g = getattr(run.gradient, name)[t]
                new, after = optimizer.update(getattr(run.parameters, name)[t], g, t, before)
                assert np.array_equal(new, getattr(run.parameters, name)[t + 1], equal_nan=True)
                for slot, value in after.items():
                    assert np.array_equal(value, getattr(run.slots[slot], name)[t + 1], equal_nan=True)


def starts(dtype):
    """Ordinary numbers, coarse ones, and ones of any size."""
    info = np.finfo(dtype)
    tiny = float(info.tiny)
    special = [0.0, -0.0, 1.0, -1.0, 0.5, tiny, -tiny / 4, float(info.smallest_subnormal), 1e-12, 1e5, -1e9]
    return st.floats(-3, 3, allow_subnormal=False) | st.sampled_from(special)


@st.composite
def ensembles(draw):
    """An experiment of a few members, and its samples, drawn or coarse enough to sit on kinks."""
    dtype = draw(st.sampled_from(DTYPES))
    members = draw(st.integers(1, 12))
    trainable = draw(st.sampled_from([("w",), ("w", "b"), NAMES]) | st.sets(st.sampled_from(NAMES), min_size=1))
    array = st.lists(starts(dtype), min_size=members, max_size=members).map(np.array)
    plain = {"w": array, "b": st.just(0.0), "v": st.just(1.0), "d": st.just(0.0)}
    rate = st.floats(-4, 0.5).map(lambda e: 10.0**e)
    amount = st.sampled_from([0.0, 0.5, 0.9])
    optimizer = st.one_of(
        st.builds(SGD, learning_rate=rate, momentum=amount, nesterov=st.booleans()),
        st.builds(Adam, learning_rate=rate, amsgrad=st.booleans()),
        st.builds(AdamW, learning_rate=rate),
        st.builds(RMSprop, learning_rate=rate, momentum=amount, centered=st.booleans()),
    )
    settings_ = st.sampled_from([0.0, 1.0, -1.0, 0.5]) | st.floats(-2, 2, allow_subnormal=False)
    any_of = {name: plain[name] | array | starts(dtype) for name in NAMES} | {"w": array}
    targets = st.just(Target()) | st.builds(Target, settings_, settings_, settings_)
    if draw(st.booleans()):  # gradients that may be looked up as lines
        trainable = draw(st.sampled_from([("w", "b"), ("b",), ("w",)]))
        any_of |= {"d": st.just(0.0), "v": st.just(1.0) | st.floats(-3, 3, width=32, allow_subnormal=False)}
        targets = st.just(Target()) | st.builds(Target, settings_, st.just(0.0), settings_)
    e = Experiment(
        initial=Parameters(*(draw(any_of[name]) for name in NAMES)),
        trainable=tuple(trainable),
        negative_slope=draw(st.sampled_from([0.0, 0.25, -1.0]) | st.floats(-3, 3, width=32, allow_subnormal=False)),
        optimizer=draw(optimizer),
        target=draw(targets),
        batch_size=draw(st.integers(1, 8) | st.integers(9, 300)),
        steps=draw(st.integers(1, 20)),
        seed=draw(st.integers(0, 2**32)),
        dtype=dtype,
    )
    x, y = draw_batches(e)
    if draw(st.booleans()):
        x = np.round(2 * x) / 2
        y = e.target.labels(x)
    return e, (x, y)


WORST = {}


@settings(max_examples=250)
@given(ensembles())
def test_every_step_of_random_ensembles_is_within_the_bound(case):
    e, batches = case
    run = train(e, batches=batches, method="moments")
    the_update_is_the_optimizers_own(run)
    for name, ratio in lockstep(run, batches).items():
        assert ratio <= 1, f"{name} is {ratio:.3g} bounds from the neuron's"
        WORST[name] = max(WORST.get(name, 0.0), ratio)


def test_the_bounds_are_not_vacuous():
    # Reported with -s; a bound that is never approached would say nothing.
    case = Experiment(
        initial=Parameters(*np.random.default_rng(3).normal(size=(4, 200))),
        trainable=NAMES,
        negative_slope=0.3,
        target=Target(0.7, -0.4, 0.1),
        batch_size=2,
        steps=20,
    )
    worst = {}
    for dtype in DTYPES:
        e = replace(case, dtype=dtype)
        batches = draw_batches(e)
        worst[dtype] = lockstep(train(e, batches=batches, method="moments"), batches)
        assert min(worst[dtype].values()) > 2**-10
    print("observed/bound", worst, "in random experiments", WORST)


def coarse_case(dtype="float64"):
    """A grid of neurons of which many have samples on their kink, and labels there that are not 0."""
    w, b = np.meshgrid(np.arange(-2, 2.5, 0.5), np.arange(-2, 2.5, 0.5))
    e = Experiment(
        initial=Parameters(w, b), trainable=("w", "b"), target=Target(1.0, 0.25), batch_size=8, steps=1, dtype=dtype
    )
    e = replace(e, initial=Parameters(w.ravel(), b.ravel()))
    x = np.array([[-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.0, 2.0]], dtype)
    return e, (x, e.target.labels(x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_controls_below_start_from_a_case_that_agrees(dtype):
    e, batches = coarse_case(dtype)
    assert max(lockstep(train(e, batches=batches, method="moments"), batches).values()) <= 1


def test_a_rank_off_by_one_is_caught(monkeypatch):
    e, batches = coarse_case()

    def off(table, *rest):
        return np.minimum(reference.ensembles.gradients.ranks_of(table, *rest) + 1, 2 * e.batch_size)

    monkeypatch.setattr(reference.ensembles.kernels.general_kernel, "ranks_of", off)
    assert lockstep(train(e, batches=batches, method="moments"), batches)["b"] > 2**40


def test_a_sum_that_misses_a_sample_is_caught(monkeypatch):
    e, batches = coarse_case()

    def missing(x, kink):
        sums = true_sums(x, kink)
        sums.left[-1] = sums.left[-2]
        return sums

    true_sums = reference.ensembles.gradients.run_sums
    monkeypatch.setattr(reference.ensembles.gradients, "run_sums", missing)
    assert lockstep(train(e, batches=batches, method="moments"), batches)["w"] > 2**40


def test_the_wrong_side_for_samples_on_the_kink_is_caught(monkeypatch):
    e, batches = coarse_case()

    def active_on_the_kink(table, w, b, codes=None):
        # >= 0 is > 0 a little higher up, and no sample comes nearer than 2^-30 to a kink.
        return counts_above(table, w, b + 2.0**-30, codes)

    monkeypatch.setattr(reference.ensembles.gradients, "counts_above", active_on_the_kink)
    assert lockstep(train(e, batches=batches, method="moments"), batches)["b"] > 2**40


def test_a_gradient_that_cancels_is_caught():
    # Sums of 1, x, x^2 and x y, as a textbook has it, instead of sums of residuals: next to
    # the optimum, where the residuals are 2^-40, all digits but a few are gone.
    near = 1 + 2.0**-40
    e = Experiment(initial=Parameters(np.array([near])), batch_size=1000, steps=1, dtype="float64")
    batches = x, y = draw_batches(e)
    up = x[0] > 0
    textbook = (
        2 / 1000 * (near * np.sum(x[0, up] ** 2) - np.sum(x[0, up] * (y[0, up] + 2.0**-20)) + 2.0**-20 * x[0, up].sum())
    )
    here = Parameters(*(np.array([p], float) for p in (near, 0.0, 1.0, 0.0)))
    bound = sums_bounds(here, x, y, 0.0, Target()).gradient.w[0]
    exact = 2 / 1000 * 2.0**-40 * np.sum(x[0, up] ** 2)
    assert abs(train(e, batches=batches, method="moments").gradient.w[0, 0] - exact) <= bound
    assert abs(textbook - exact) > bound


def end_points(e):
    """(compared, vacuous, largest ratio) of all end points: each member by sums, and alone sample by sample."""
    batches = draw_batches(e)
    run = train(e, batches=batches, method="moments")
    compared = vacuous = 0
    worst = 0.0
    for index in range(e.initial.w.size):
        fast = run.member(index)
        alone = train(fast.experiment, batches=batches)
        if fast.diverged_at is not None or alone.diverged_at is not None:
            assert (fast.diverged_at is None) == (alone.diverged_at is None)
            continue
        states = Parameters(*(p[:-1] for p in alone.parameters))
        evaluation = evaluate(alone.experiment, 0, states, *batches)[0]
        sums = sums_bounds(states, *batches, alone.experiment.negative_slope, e.target)
        wider = [
            None if ball is None else Ball(ball.value, ball.radius + own, ball.arithmetic)
            for ball, own in zip(evaluation.gradient, sums.gradient, strict=True)
        ]
        free = free_run(alone.experiment, fast, alone, batches, evaluation._replace(gradient=Parameters(*wider)))
        if free.vacuous_from is not None:
            vacuous += 1
        compared += 1
        worst = max(worst, *(float(c.ratio.max()) for c in free.comparisons))
    return compared, vacuous, worst


def random_experiment(seed):
    """One of many: any optimizer, slope, target and trained parameters, three members."""
    rng = np.random.default_rng(seed)
    rate, momentum = 10.0 ** rng.uniform(-3, -1), rng.choice([0.0, 0.5, 0.9])
    optimizers = [
        SGD(learning_rate=rate, momentum=momentum, nesterov=bool(rng.integers(2))),
        Adam(learning_rate=rate, amsgrad=bool(rng.integers(2))),
        AdamW(learning_rate=rate),
        RMSprop(learning_rate=rate / 10, momentum=momentum),
    ]
    trainable = [("w",), ("w", "b"), NAMES, tuple(n for n in NAMES if rng.integers(2)) or ("v",)][rng.integers(4)]
    w, b, v, d = rng.normal(size=(4, 3)) * [[1.5], [0.5], [1.0], [0.5]]
    return Experiment(
        initial=Parameters(
            w,
            b if "b" in trainable else 0.0,
            v if "v" in trainable else 1.0,
            d if "d" in trainable else 0.0,
        ),
        trainable=trainable,
        negative_slope=float(rng.choice([0.0, 0.25, -0.5, 1.5])),
        optimizer=optimizers[rng.integers(4)],
        target=Target()
        if rng.integers(2)
        else Target(*rng.choice([-1.0, 0.5, 1.25], 2), float(rng.choice([0.0, 0.3]))),
        batch_size=int(rng.choice([5, 40, 200])),
        steps=int(rng.integers(20, 120)),
        seed=seed,
        dtype="float64" if rng.integers(3) else "float32",
    )


def test_end_points_of_random_experiments_are_within_the_bound_of_the_free_run():
    compared = vacuous = 0
    for seed in range(25):
        some, loose, worst = end_points(random_experiment(seed))
        assert worst <= 1
        compared, vacuous = compared + some, vacuous + loose
    assert compared > 60
    assert vacuous < compared / 2
