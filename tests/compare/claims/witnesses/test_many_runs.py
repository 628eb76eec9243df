"""The reference over many seeds: batches in a few sums, held against the reference itself."""

from fractions import Fraction

import numpy as np
import pytest

from compare.certificates.evaluation import evaluate_batches
from compare.claims.witnesses.seeds.batch_sums import SortedBatches, SplitAtZero, WholeBatches, evaluate, split_at_zero
from compare.claims.witnesses.seeds.many_runs import LONGEST, Request, affordable_steps, run_expected, run_together
from compare.claims.witnesses.seeds.unbiased_batches import gradient_on, lines_of, loss_on
from compare.rounding import gamma, ratio
from compare.surface import expected_loss
from reference import SGD, Adam, Experiment, Parameters, Target, iterate_batches, train

# Few-bit samples, both sides of 0 and on it, a power of two of them: sums and means are exact.
SAMPLES = np.array([[-2.0, -0.5, 0.0, 0.25, 0.5, 1.0, -1.0, 3.0], [1.0, 1.0, -0.25, -0.75, 0.5, 2.0, -3.0, 0.0]])
SLOPES = np.array([[0.0], [0.5], [-1.0]])
TARGETS = [Target(), Target(w=-0.5, b=0.25, negative_slope=0.5)]


def by_fractions(w, b, v, d, s, target, x):
    """Loss and gradient of one neuron on one batch, in rational arithmetic; the kink is on the left."""

    def phi(z, slope):
        return z if z > 0 else slope * z

    w, b, v, d, s = map(Fraction, (w, b, v, d, s))
    tw, tb, ts = (Fraction(t) for t in target)
    n, total = len(x), [Fraction(0)] * 5
    for sample in map(Fraction, x.tolist()):
        z = w * sample + b
        e = v * phi(z, s) + d - phi(tw * sample + tb, ts)
        gain = 1 if z > 0 else s
        terms = (e * e, 2 * e * v * gain * sample, 2 * e * v * gain, 2 * e * phi(z, s), 2 * e)
        total = [sum_ + term / n for sum_, term in zip(total, terms, strict=True)]
    return total


@pytest.mark.parametrize("kind", ["whole", "sorted"])
@pytest.mark.parametrize("target", TARGETS, ids=["relu", "leaky"])
@pytest.mark.parametrize(("w", "b"), [(0.5, -0.25), (-1.0, 0.5), (0.0, 0.5), (0.0, -0.5), (2.0, 0.0), (-0.5, -0.25)])
def test_a_batch_in_sums_is_the_batch_in_fractions(w, b, target, kind):
    v, d = 0.5, -0.25
    shape = (len(SLOPES), 1 if kind == "sorted" else len(SAMPLES))
    parameters = Parameters(*(np.full(shape, p) for p in (w, b, v, d)))
    if kind == "sorted":
        samples = SortedBatches.of(SAMPLES[:1])
    else:
        samples = WholeBatches(SAMPLES, SAMPLES**2, split_at_zero(SAMPLES))
    found = evaluate(parameters, SLOPES, target, samples)
    for i, (s,) in enumerate(SLOPES):
        for j in range(shape[1]):
            expected = by_fractions(w, b, v, d, s, target, SAMPLES[j])
            ours = [found.loss[i, j], *(g[i, j] for g in found.gradient)]
            assert [Fraction(float(x)) for x in ours] == expected


@pytest.mark.parametrize("target", [Target(), Target(w=-0.5, negative_slope=0.5)], ids=["relu", "leaky"])
@pytest.mark.parametrize("w", [0.5, -1.0, 0.0, 4.0])
def test_without_biases_two_sums_are_enough(w, target):
    shape = (len(SLOPES), len(SAMPLES))
    low, high = split_at_zero(SAMPLES)
    weights, v = np.full(shape, w), np.full(shape, 0.5)
    above, below = high[2][None, None], low[2][None, None]
    gradient = gradient_on(lines_of(v, SLOPES, target, above, below), 0, weights)
    loss = loss_on(weights[None], v, SLOPES, target, above, below)[0]
    general = evaluate(Parameters(weights, np.zeros(shape), v, np.zeros(shape)), SLOPES, target, SplitAtZero(low, high))
    for i, (s,) in enumerate(SLOPES):
        for j, x in enumerate(SAMPLES):
            expected = by_fractions(w, 0, 0.5, 0, s, target, x)[:2]
            assert [Fraction(float(loss[i, j])), Fraction(float(gradient[i, j]))] == expected
            assert [Fraction(float(general.loss[i, j])), Fraction(float(general.gradient.w[i, j]))] == expected


RUNS = [
    Experiment(steps=30, batch_size=100),
    Experiment(initial=Parameters(w=2.0), steps=30, batch_size=100, negative_slope=0.3, dtype="float64"),
    Experiment(initial=Parameters(w=-0.5, b=1.5), trainable=("w", "b"), steps=30, batch_size=64),
    Experiment(
        initial=Parameters(1.5, 0.25, 0.5, 0.25),
        trainable=("w", "b", "v", "d"),
        optimizer=Adam(learning_rate=0.05),
        negative_slope=0.3,
        steps=30,
        batch_size=64,
        dtype="float64",
    ),
    Experiment(initial=Parameters(w=0.5, v=2.0), trainable=("v", "d"), steps=30, batch_size=32, seed=4),
]


@pytest.mark.parametrize("experiment", RUNS, ids=range(len(RUNS)))
def test_every_gradient_is_the_references_up_to_rounding(experiment):
    path = run_together([Request(experiment, 3)])[Request(experiment, 3)]
    for member in range(3):
        seeded = Experiment(**{**vars(experiment), "seed": experiment.seed + member})
        ((x, y),) = iterate_batches(seeded, steps_per_block=seeded.steps)
        at = Parameters(*(np.ascontiguousarray(p[:-1, member]) for p in path.parameters))
        theirs = evaluate_batches(seeded, at, x, y)
        assert ratio(np.ascontiguousarray(path.loss[:, member]), theirs.loss).max() <= 1
        for name in experiment.trainable:
            ours = np.ascontiguousarray(getattr(path.gradient, name)[:, member])
            assert ratio(ours, getattr(theirs.gradient, name)).max() <= 1


def test_plain_sgd_steps_by_the_gradient_that_was_seen():
    experiment = Experiment(initial=Parameters(w=-1.0), optimizer=SGD(learning_rate=0.25), steps=20, batch_size=16)
    path = run_together([Request(experiment, 4)])[Request(experiment, 4)]
    w, g = path.parameters.w, path.gradient.w
    assert (w[1:] == w[:-1] - g * np.float32(0.25)).all()


def test_the_first_member_has_the_batches_of_the_experiments_own_seed():
    experiment = Experiment(initial=Parameters(w=-1.0), steps=5, batch_size=16, seed=7)
    ours = run_together([Request(experiment, 2)])[Request(experiment, 2)].parameters.w[:, 0]
    other = run_together([Request(Experiment(**{**vars(experiment), "seed": 6}), 2)])
    assert ours.tolist() == next(iter(other.values())).parameters.w[:, 1].tolist()
    single = train(experiment).parameters.w
    # Five steps of contraction by 0.99, each with a gradient that is off by some roundings of 16 samples.
    assert np.abs(ours - single).max() <= gamma(5 * 64, 2.0**-24)


def test_runs_that_share_batches_are_what_they_are_alone():
    together = run_together(Request(experiment, 2) for experiment in RUNS)
    for experiment in RUNS:
        alone = run_together([Request(experiment, 2)])[Request(experiment, 2)]
        for ours, theirs in zip(together[Request(experiment, 2)].parameters, alone.parameters, strict=True):
            assert ours.tobytes() == theirs.tobytes()


def test_many_starts_see_the_batches_of_one_seed():
    w, b = np.array([-1.0, 0.5, 2.0]), np.array([0.25, -0.5, 0.0])
    common = {"trainable": ("w", "b"), "steps": 10, "batch_size": 32, "dtype": "float64"}
    many = Experiment(initial=Parameters(w=w, b=b), **common)
    path = run_together([Request(many, 1)])[Request(many, 1)]
    for i in range(3):
        one = Experiment(initial=Parameters(w=w[i], b=b[i]), **common)
        alone = run_together([Request(one, 1)])[Request(one, 1)]
        # The same sums in another order; ten contracting steps of at most 0.01 times a gradient below 10.
        assert np.abs(path.parameters.w[:, i] - alone.parameters.w[:, 0]).max() <= gamma(10 * 64, 2.0**-53)


def test_an_infinite_batch_has_the_expected_loss():
    w, b = np.array([-1.0, 0.5]), np.array([0.25, -0.5])
    run = Experiment(initial=Parameters(w=w, b=b), trainable=("w", "b"), negative_slope=0.3, steps=3)
    path = run_expected([Request(run, 1)])[Request(run, 1)]
    exact = expected_loss(Parameters(w=w, b=b), negative_slope=np.float64(np.float32(0.3)))
    # Differences of distribution functions: absolute error of some units on terms below 4.
    assert (np.abs(path.loss[0] - exact) <= 4 * gamma(64, 2.0**-53)).all()


def test_an_infinite_batch_without_biases_is_the_path_of_the_exact_witness():
    run = Experiment(initial=Parameters(w=np.array([-1.0, 3.0])), optimizer=SGD(learning_rate=0.25), steps=10)
    path = run_expected([Request(run, 1)])[Request(run, 1)]
    assert path.parameters.w[:, 0].tolist() == [-(0.75**n) for n in range(11)]
    assert path.parameters.w[:, 1].tolist() == [1 + 2 * 0.75**n for n in range(11)]


def test_long_runs_are_cut():
    long = Experiment(steps=LONGEST + 5, batch_size=1)
    assert affordable_steps(long) == LONGEST
    assert affordable_steps(Experiment()) == 2000
    assert affordable_steps(Experiment(batch_size=1_000_000)) < 2000


def test_a_run_on_what_was_kept_of_the_batches_is_the_same_run():
    kept = {}
    first, other = Request(RUNS[0], 3), Request(Experiment(initial=Parameters(w=-2.0), steps=20, batch_size=100), 3)
    run_together([first], kept)
    (key,) = kept
    assert kept[key].above.shape == (30, 3)
    later, alone = run_together([other], kept)[other], run_together([other])[other]
    assert later.parameters.w.tobytes() == alone.parameters.w.tobytes()
    assert later.loss.tobytes() == alone.loss.tobytes()


@pytest.mark.parametrize("w", [0.0625, -0.0625])
@pytest.mark.parametrize("starts", [1, 3])
def test_a_neuron_that_no_sample_activates_has_no_gradient_at_all(w, starts):
    start = Parameters(w=w if starts == 1 else np.full(starts, w), b=-1.0)  # its kink is at 16 or -16
    experiment = Experiment(initial=start, trainable=("w", "b"), steps=20, batch_size=100)
    (path,) = run_together([Request(experiment, 4 if starts == 1 else 1)]).values()
    assert not path.gradient.w.any()
    assert not path.gradient.b.any()
    assert (path.parameters.w == np.float32(w)).all()
