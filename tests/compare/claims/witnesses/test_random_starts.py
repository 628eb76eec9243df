"""Random starts, the streams of batches that they see, and the shares of them that meet a condition."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, chi2

from compare.claims import SharedRuns, judge
from compare.claims.values import Claim, Condition, ShareOf, TrajectoryCheck
from compare.claims.witnesses.paths.answers import Answers
from compare.claims.witnesses.seeds.batch_streams import half_squares, stream_of_each
from compare.claims.witnesses.seeds.batch_sums import SortedBatches, WholeBatches, evaluate, split_at_zero
from compare.claims.witnesses.seeds.confidence_intervals import Interval, interval
from compare.claims.witnesses.seeds.many_runs import Request, run_together
from compare.claims.witnesses.seeds.random_starts import draw_starts, expected_request, first_start, share_runs
from compare.claims.witnesses.seeds.shares import judge_share, within
from compare.rounding import gamma
from reference import SGD, Experiment, Parameters, Target

UNIT = {"w": ("uniform", -1.0, 0.0)}
ONE_STEP = Experiment(initial=Parameters(w=-0.5), optimizer=SGD(learning_rate=1.0), batch_size=1, steps=1)
CROSSES = 0.5 * chi2.sf(0.5, 1)  # w (1 - 2 x^2) > 0 from w < 0: x < 0 and x^2 > 1/2


def share_of(number, initial=UNIT, confidence=0.99, **condition):
    return ShareOf("starts", number, initial, confidence, Condition(**condition or {"above": 0.5}))


def check_of(share, quantity="w", **condition):
    return TrajectoryCheck(
        quantity=quantity, when="end", condition=Condition(**condition or {"above": 0.0}), share=share
    )


def judged(experiment, share, quantity="w", **condition):
    checks = (check_of(share, quantity, **condition),)
    return judge(Claim(id="a", says="b", source="c", experiment=experiment, checks=checks), keras=False)


# Independent streams.


def test_starts_of_one_step_on_one_sample_are_independent():
    number, seeds = 256, 24
    verdicts = [judged(replace(ONE_STEP, seed=7 * i), share_of(number, near=0.24, within=0.12)) for i in range(seeds)]
    shares = [v.witnesses["reference"].findings[0].share for v in verdicts]
    assert all(v.verdict in ("holds", "undecided") for v in verdicts)
    ends = [interval(met, number, 0.99) for met, _, _ in shares]
    assert sum(not low <= CROSSES <= high for low, high in ends) <= binom.ppf(1 - 2.0**-20, seeds, 0.01)
    assert verdicts[0].number.endswith("; each start has batches of its own")


@pytest.mark.parametrize(
    ("trainable", "initial"),
    [(("w",), {}), (("w", "v"), {}), (("w", "b"), {"b": np.linspace(-1, 1, 7)}), (("w", "b", "v", "d"), {})],
)
@pytest.mark.parametrize("streams", [1, 3, 7])
def test_every_start_sees_the_batches_of_its_stream(trainable, initial, streams):
    starts = Parameters(w=np.linspace(-1.5, 1.5, 7), v=np.full(7, 0.5), **initial)
    many = Experiment(initial=starts, trainable=trainable, steps=6, batch_size=20, seed=11, dtype="float64")
    request = Request(many, streams)
    path = run_together([request])[request]
    for i, stream in enumerate(stream_of_each(7, streams)):
        start = Parameters(*(float(np.broadcast_to(p, 7)[i]) for p in starts))
        alone = Request(replace(many, initial=start, seed=11 + int(stream)), 1)
        expected = run_together([alone])[alone]
        for name in trainable:
            ours, theirs = (getattr(p.parameters, name) for p in (path, expected))
            # The same sums in another order; six contracting steps of at most 0.01 times a gradient below 10.
            assert np.abs(ours[:, i] - theirs[:, 0]).max() <= gamma(6 * 64, 2.0**-53)


def test_as_many_streams_as_affordable():
    alone, biased = Experiment(), Experiment(trainable=("w", "b"))

    def streams(experiment, number):
        share = share_of(number)
        return share_runs(experiment, check_of(share), share).run.seeds

    assert streams(alone, 4096) == 4096  # two sums a batch
    assert streams(replace(biased, steps=20), 400) == 400
    assert streams(replace(biased, batch_size=8), 512) == 512
    assert 8 <= streams(biased, 512) < 512
    assert streams(replace(biased, batch_size=1_000_000, steps=20), 512) == 8
    assert streams(replace(biased, batch_size=1_000_000, steps=20), 5) == 5


def test_seeds_are_what_they_were():
    share = ShareOf("seeds", 40, {}, 0.99, Condition(above=0.5))
    runs = share_runs(Experiment(), check_of(share), share)
    assert runs.run == Request(Experiment(), 40)
    assert runs.noiseless is runs.noisy is None


def test_noise_is_tested_on_the_first_starts_with_streams_of_their_own():
    share = share_of(600, {"w": ("normal", 0.0, 1.0), "b": ("normal", 0.0, 1.0)})
    biased = Experiment(trainable=("w", "b"))
    runs = share_runs(biased, check_of(share), share)
    noisy = runs.noisy.experiment
    assert noisy.shape == (runs.noisy.seeds,) == (512,)
    assert noisy.batch_size <= biased.batch_size / 4
    assert noisy.initial.b.tolist() == runs.noiseless.experiment.initial.b[:512].tolist()
    assert runs.noiseless == expected_request(biased, check_of(share), share)
    assert runs.noiseless.experiment.shape == (600,)


# Batches without samples.


def half(seed, n, steps, streams):
    blocks = [squares for _, squares in half_squares(Experiment(batch_size=n, seed=seed), steps, streams)]
    return (np.concatenate(side) for side in zip(*blocks, strict=True))


@pytest.mark.parametrize("n", [1, 2, 1000])
def test_squares_without_samples_are_distributed_as_those_of_samples(n):
    above, below = half(3, n, 70, 300)
    assert above.shape == below.shape == (70, 300)
    above, below = above[:, 1:].ravel(), below[:, 1:].ravel()
    # E[x^2; x > 0] = 1/2, E[x^4; x > 0] = 3/2: variance 5/4 and covariance -1/4 over n.
    number = len(above)
    for mean in (above.mean(), below.mean()):
        assert abs(mean - 0.5) <= 5 * (5 / 4 / n / number) ** 0.5
    whole = above + below  # chi-square with n degrees of freedom, over n
    assert abs(whole.mean() - 1) <= 5 * (2 / n / number) ** 0.5
    for q in (0.1, 0.5, 0.9):
        met = np.count_nonzero(whole <= chi2.ppf(q, n) / n)
        assert abs(met - q * number) <= 5 * (q * (1 - q) * number) ** 0.5
        # Given how many are above, so are the parts: a mixture of chi-square distributions.
        end = chi2.ppf(q, max(1, n // 2)) / n
        p = sum(binom.pmf(k, n, 0.5) * (chi2.cdf(end * n, k) if k else 1.0) for k in range(n + 1))
        assert abs(np.count_nonzero(above <= end) - p * number) <= 5 * (p * (1 - p) * number) ** 0.5
    if n == 1:
        assert ((above == 0) != (below == 0)).all()


def test_the_first_stream_is_that_of_the_samples_and_all_depend_on_the_seed_only():
    above, below = half(5, 40, 100, 700)
    first = Experiment(batch_size=40, seed=5, steps=100)
    samples = np.random.default_rng(5).standard_normal((100, 40)).astype(first.dtype)
    low, high = split_at_zero(samples)
    assert above[:, 0].tolist() == high[2].tolist()
    assert below[:, 0].tolist() == low[2].tolist()
    shorter, _ = half(5, 40, 10, 700)
    assert shorter.tolist() == above[:10].tolist()
    other, _ = half(6, 40, 10, 700)
    assert not (other == shorter).any()


def test_drawn_squares_are_used_where_samples_are_too_many(monkeypatch):
    share = share_of(3000, {"w": ("uniform", -2.0, 2.0)})
    long = Experiment(steps=70, batch_size=1000)
    run = share_runs(long, check_of(share), share).run
    assert run.seeds == 3000
    path = run_together([run])[run]
    alone = Request(first_start(long, share), 1)
    assert path.parameters.w[:, 0].tolist() == run_together([alone])[alone].parameters.w[:, 0].tolist()
    # w (1 - 2 rate N)^... from w > 0: log of the distance to 1 falls by sum log(1 - 0.02 P), of known moments.
    right = path.parameters.w[0] > 0
    factor = (path.parameters.w[-1, right] - 1) / (path.parameters.w[0, right] - 1)
    far = np.abs(path.parameters.w[0, right] - 1) > 0.5  # where float32 leaves digits
    mean, number = 0.99**70, np.count_nonzero(far)
    spread = 70 * 0.02**2 * 5 / 4 / 1000  # of the logarithm, its variance
    assert abs(factor[far].mean() / mean - 1) <= 6 * (spread / number) ** 0.5
    assert 0.8 < factor[far].std() / mean / spread**0.5 < 1.2


# What is said.


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.46, 0.54, True), (0.3, 0.39, False), (0.61, 0.9, False), (0.3, 0.5, None), (0.5, 0.9, None), (0.1, 0.9, None)],
)
def test_a_share_is_judged_by_its_whole_interval(low, high, expected):
    assert within(Condition(near=0.5, within=0.1), Interval(low, high)) is expected


def answers(met, told):
    met, told = np.array(met, bool), np.array(told, bool)
    return Answers(np.zeros(len(met)), np.zeros(len(met), int), met, told, "lost")


def test_members_that_cannot_tell_are_counted_and_told():
    share = share_of(8, confidence=0.9, above=0.9)
    finding = judge_share(answers([1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0, 0, 0]), share, 8)
    low, high = interval(2, 8, 0.9).low, interval(5, 8, 0.9).high
    ends = f"{low:.4f} to {high:.4f}"
    wanted = f"2 of 8 starts (3 cannot tell), with 90 % confidence a share of {ends}; each start has batches of its own"
    assert finding.says == wanted
    assert finding.met is False
    nobody = judge_share(answers([0] * 8, [0] * 8), share, 4)
    assert nobody.says.startswith("0 of 8 starts (8 cannot tell), with 90 % confidence a share of 0 to 1;")
    assert (nobody.met, nobody.reason) == (None, "lost")


def test_starts_that_share_batches_need_more_streams_not_more_members():
    share = share_of(400, confidence=0.99, below=0.1)
    alike = answers([0] * 400, [1] * 400)
    assert judge_share(alike, share, 400).met is True
    shared = judge_share(alike, share, 8)
    assert shared.met is None
    assert "more streams" in shared.reason
    assert "the starts share 8 streams of batches" in shared.says


def test_what_is_known_without_noise_narrows_the_interval_unless_it_contradicts():
    share, alike = share_of(400, confidence=0.99, below=0.1), answers([0] * 400, [1] * 400)
    narrow = judge_share(alike, share, 8, (interval(0, 400, 0.995), "noise changes nothing"))
    assert narrow.met is True
    assert narrow.says.endswith("; noise changes nothing")
    contradicting = judge_share(alike, share, 8, (interval(399, 400, 0.995), "noise changes nothing"))
    assert contradicting.met is None
    assert "noise" not in contradicting.says


def test_large_batches_that_decide_nothing_leave_a_narrow_interval():
    # From (-1, -1/2) with rate 1/2 a step takes w half of the way to 0, whatever the samples.
    share = share_of(64, {"w": ("uniform", -1.0, -0.5), "b": ("uniform", 0.0, 0.1)}, above=0.8)
    step = Experiment(trainable=("w", "b"), optimizer=SGD(learning_rate=0.5), batch_size=300_000, steps=2)
    verdict = judged(step, share, below=0.0)
    assert verdict.verdict == "holds"
    assert "0 of 64 starts could end otherwise" in verdict.number


@pytest.mark.parametrize("seed", [0, 100, 200])
def test_large_batches_that_decide_everything_leave_a_wide_one(seed):
    # At w = -1 dL/dw = -2 mean(x^2; x < 0) but for a tiny b: above or below -1 with probability 1/2, for all starts.
    share = share_of(512, {"b": ("uniform", -(2.0**-20), 2.0**-20)}, above=0.5)
    run = Experiment(initial=Parameters(w=-1.0), trainable=("w", "b"), batch_size=300_000, steps=1, seed=seed)
    (finding,) = judged(run, share, quantity="gradient.w", above=-1.0).witnesses["reference"].findings
    assert finding.met is None
    low, high = (float(end) for end in finding.says.split("a share of ")[1].split(";")[0].split(" to "))
    assert low < 0.49 < 0.51 < high


@pytest.mark.parametrize("kind", [("uniform", -1.7e308, 1.7e308), ("normal", 0.0, 1e308), ("uniform", 0.0, 1e39)])
@pytest.mark.parametrize("trainable", [("w",), ("w", "b")])
def test_starts_beyond_the_range_of_floats_are_quiet(kind, trainable):
    run = Experiment(trainable=trainable, steps=3, batch_size=4)
    share = share_of(20, {"w": kind, "b": kind} if "b" in trainable else {"w": kind})
    largest = float(np.finfo(np.float32).max)
    drawn = draw_starts(run, share).initial.w
    assert np.abs(drawn).max() == largest / 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judged(run, share)
    finding = verdict.witnesses["reference"].findings[0]
    beyond = np.logical_or.reduce([np.abs(p) == largest / 2 for p in draw_starts(run, share).initial])
    met, counted, number = finding.share
    assert met <= counted <= number - np.count_nonzero(beyond)
    assert f"({number - counted} cannot tell)" in finding.says


def test_starts_that_no_float_holds_decide_nothing():
    verdict = judged(Experiment(steps=3, batch_size=4), share_of(20, {"w": ("uniform", 1e39, 1e40)}))
    assert (verdict.verdict, verdict.why) == ("undecided", "random starts are beyond the range of the dtype")


def test_starts_are_drawn_from_the_seed_and_as_distributed():
    share = ShareOf("starts", 4000, {"w": ("normal", 2.0, 0.5), "b": ("uniform", -1.0, 3.0)}, 0.99, Condition())
    drawn = draw_starts(Experiment(seed=3), share).initial
    assert draw_starts(Experiment(seed=3), share).initial.w.tolist() == drawn.w.tolist()
    assert draw_starts(Experiment(seed=4), share).initial.w.tolist() != drawn.w.tolist()
    assert set(drawn.v.tolist()) == {1.0}
    assert -1 <= drawn.b.min() < drawn.b.max() <= 3
    # Five standard errors: one seed in two million fails, and the seed is fixed.
    assert abs(drawn.w.mean() - 2) <= 5 * 0.5 / 4000**0.5
    assert abs(drawn.b.mean() - 1) <= 5 * (4 / 12**0.5) / 4000**0.5


def test_starts_are_drawn_uniformly_where_their_width_overflows():
    wide = share_of(4000, {"w": ("uniform", -1.7e308, 1.7e308)})
    drawn = draw_starts(Experiment(dtype="float64"), wide).initial.w / 1.7e308
    half = float(np.finfo(np.float64).max) / 2 / 1.7e308
    assert (drawn.min(), drawn.max()) == (-half, half)
    for end in (-0.5, -0.25, 0.0, 0.25, 0.5):
        assert abs(np.count_nonzero(drawn < end) / 4000 - (1 + end) / 2) <= 5 * (1 / 4 / 4000) ** 0.5


# Exactly 0.


@pytest.mark.parametrize("kind", ["whole", "sorted"])
@pytest.mark.parametrize("seed", range(8))
def test_a_neuron_that_is_its_target_has_no_gradient_whatever_others_do(kind, seed):
    x = np.random.default_rng(seed).standard_normal((2, 33)).astype(np.float32)
    samples = WholeBatches(x, x * x, split_at_zero(x)) if kind == "whole" else SortedBatches.of(x, np.arange(2))
    w, b = np.array([[1.0, 0.5]]), np.array([[0.0, 0.75]])
    found = evaluate(Parameters(w, b, np.ones((1, 2)), np.zeros((1, 2))), np.zeros((1, 1)), Target(), samples)
    assert [float(g[0, 0]) for g in found.gradient] == [0.0] * 4
    assert found.loss[0, 0] == 0
    assert found.gradient.w[0, 1] != 0


def test_starts_that_have_learned_come_to_rest():
    share = share_of(64, {"w": ("uniform", 0.5, 2.0), "b": ("normal", 0.0, 0.5)})
    run = Experiment(trainable=("w", "b"), optimizer=SGD(learning_rate=1.0), batch_size=32, steps=800)
    request = share_runs(run, check_of(share, "gradient.w"), share).run
    path = SharedRuns().reference_path(request)
    # Next to the target the gradient is proportional to what is missing, until it is lost in the rounding of w.
    assert np.count_nonzero(path.gradient.w[-1] == 0) > 60
