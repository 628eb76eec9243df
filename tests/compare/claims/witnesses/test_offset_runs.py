"""Seeds counted from where they go: against the same runs in mpmath, below underflow and past convergence."""

import numpy as np
import pytest
from mpmath import mp, mpf, sqrt

from compare.claims.witnesses.seeds.batch_streams import Squares
from compare.claims.witnesses.seeds.offset_runs import offset_path, takes_offsets
from compare.rounding import gamma
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop

SEEDS = 3
# Settings of few bits are the same for everybody.
ADAM = Adam(learning_rate=2.0**-7, beta_1=0.875, beta_2=1 - 2.0**-10, epsilon=2.0**-24)
RMSPROP = RMSprop(learning_rate=2.0**-7, rho=0.875, epsilon=2.0**-24)


def squares(steps, samples=40, seed=5):
    """Means of x^2 over the samples above and below 0, of about so many samples."""
    rng = np.random.default_rng(seed)
    return Squares(*(rng.gamma(samples / 2, 1 / samples, (steps, SEEDS)) for _ in range(2)))


@pytest.mark.parametrize(
    ("lr", "mu", "crosses"),
    [(0.75, 0.0, True), (0.5, 0.0, False), (0.125, 0.5, True), (0.0625, 0.59375, True), (0.0078125, 0.8125, False)],
)
def test_signs_are_those_of_mpmath_however_small_the_number(lr, mu, crosses):
    steps, batches = 1200, squares(1200)
    run = Experiment(
        initial=Parameters(w=-1.0), optimizer=SGD(learning_rate=lr, momentum=mu), steps=steps, batch_size=40
    )
    path, crossed = offset_path(run, SEEDS, [(0, batches)]), False
    with mp.workdps(40):
        for seed in range(SEEDS):
            w, m = mpf(-1), mpf(0)
            for step in range(steps):
                side = batches.above if w > 0 else batches.below
                g = 2 * mpf(side[step, seed]) * (w - 1 if w > 0 else w)
                m = mpf(mu) * m - mpf(lr) * g
                w += m
                assert (w > 0) == (path.parameters.w[step + 1, seed] > 0)
            crossed |= w > 0
    assert crossed == crosses
    # Those that do not get across get nearer to 0 all the time.
    assert crosses or (np.diff(np.abs(path.parameters.w[200::200]), axis=0) <= 0).all()


@pytest.mark.parametrize("optimizer", [ADAM, RMSPROP])
def test_the_distance_from_the_minimum_keeps_its_digits(optimizer):
    # RMSprop goes around the minimum in the end, and amplifies what is rounded.
    steps = 60 if isinstance(optimizer, RMSprop) else 700
    batches = squares(steps)
    run = Experiment(initial=Parameters(w=1.5), optimizer=optimizer, steps=steps, batch_size=40, dtype="float64")
    path = offset_path(run, SEEDS, [(0, batches)])
    with mp.workdps(60):
        eps = mpf(2) ** -24
        for seed in range(SEEDS):
            u, m, v = mpf("0.5"), mpf(0), mpf(0)
            for t in range(1, steps + 1):
                g = 2 * mpf(batches.above[t - 1, seed]) * u
                if isinstance(optimizer, RMSprop):
                    rho = mpf(0.875)
                    v = rho * v + (1 - rho) * g * g
                    u -= mpf(0.0078125) * g / sqrt(v + eps)
                else:
                    b1, b2 = mpf(0.875), 1 - mpf(2) ** -10
                    m, v = m + (g - m) * (1 - b1), v + (g * g - v) * (1 - b2)
                    u -= mpf(0.0078125) * sqrt(1 - b2**t) / (1 - b1**t) * m / (sqrt(v) + eps)
            ours = mpf(float(path.minus("w", 1.0)[0][-1, seed]))
            # Each step rounds ten times in float64, relative to a distance that was 1/2 at most, and shrinks.
            assert abs(ours - u) <= gamma(10 * steps, 2.0**-53)
            if not isinstance(optimizer, RMSprop):
                assert float(1 + ours) == 1 or abs(ours) < abs(mpf(float(path.offsets.offset[100, seed])))


def test_runs_on_kept_squares_are_those_of_the_reference_in_float64():
    from compare.claims.witnesses.seeds.many_runs import Request, run_together

    run = Experiment(initial=Parameters(w=-1.0), optimizer=SGD(momentum=0.9), steps=60, batch_size=30, dtype="float64")
    kept: dict = {}
    reference = run_together([Request(run, SEEDS)], kept)[Request(run, SEEDS)]
    ((above, below),) = kept.values()
    ours = offset_path(run, SEEDS, [(0, Squares(above, below))])
    # The same recurrence with other roundings, of errors that momentum 0.9 amplifies tenfold at most.
    assert np.abs(ours.parameters.w - reference.parameters.w).max() <= 10 * gamma(60 * 16, 2.0**-53)


def test_what_moves_without_a_gradient_or_has_a_bias_is_not_run_so():
    assert takes_offsets(Experiment())
    for other in (Experiment(optimizer=AdamW()), Experiment(trainable=("w", "b")), Experiment(trainable=("w", "v"))):
        assert not takes_offsets(other)
        assert offset_path(other, 2) is None
