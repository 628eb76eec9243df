"""Which samples are active, looked up: always what the neuron itself decides for each of them."""

import numpy as np
import pytest

from reference import Target
from reference.ensembles.gradients import ranks_of
from reference.ensembles.scratch import Scratch
from reference.ensembles.tables.kink_ranks import code_type, number_of_cells, rank_table
from reference.ensembles.tables.sums import opposite, run_sums
from reference.ensembles.tables.teacher import teacher_lines

DTYPES = ["float32", "float64"]


def looked_up(x, w, b, cells=None):
    """Ranks by the table, which is prepared as a kernel prepares it."""
    table = rank_table(x, cells or number_of_cells(len(x)))
    shift = np.where(np.signbit(w), 0, len(x)).astype(code_type(len(x)))
    special = np.flatnonzero(np.abs(w) < np.finfo(w.dtype).tiny)
    with np.errstate(all="ignore"):
        return ranks_of(table, w, b, shift, np.signbit(w), special, Scratch.of(len(w)))


def active(x, ranks):
    """The samples that a rank says are active, shape (k, n)."""
    n, i = len(x), np.arange(len(x))
    k = (ranks - n)[:, None]
    return np.where(k > 0, i >= n - k, i < -k)


def decided(x, w, b):
    with np.errstate(all="ignore"):
        return w[:, None] * x + b[:, None] > 0


def next_to_kinks(x, rng, count):
    """Neurons whose kink is at a sample, up to a few units in the last place of b and of w."""
    dtype = x.dtype.type
    w = (rng.choice([-1, 1], count) * 10.0 ** rng.uniform(-6, 4, count)).astype(dtype)
    b = -(w * rng.choice(x, count))
    for _ in range(3):
        b = np.where(rng.random(count) < 0.5, b, np.nextafter(b, dtype(rng.choice([-np.inf, np.inf]))))
        w = np.where(rng.random(count) < 0.7, w, np.nextafter(w, dtype(rng.choice([-np.inf, np.inf]))))
    return w, b


SAMPLES = {
    "normal": lambda rng: rng.normal(size=300),
    "tied": lambda rng: np.round(rng.normal(size=300) * 4) / 4,
    "one": lambda rng: np.array([0.75]),
    "zeros": lambda rng: np.zeros(5),
    "of all sizes": lambda rng: rng.choice([-1, 1], 200) * 10.0 ** rng.uniform(-30, 15, 200),
    "tiny": lambda rng: rng.normal(size=50) * 1e-39,
    "far from zero": lambda rng: 1000 + rng.normal(size=200) * 1e-4,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SAMPLES)
def test_the_rank_is_the_neurons_own_decision_for_every_sample(name, dtype):
    rng = np.random.default_rng(1)
    x = np.sort(SAMPLES[name](rng).astype(dtype))
    ordinary = [(rng.normal(size=2000) * scale).astype(dtype) for scale in (1.0, 1.0)]
    tiny = [(rng.integers(-9, 10, 500) * np.finfo(dtype).smallest_subnormal).astype(dtype) for _ in "wb"]
    special = np.meshgrid(*[np.array([0.0, -0.0, 1.0, -1.0, 1e-38, -1e-45, 1e30, np.inf], dtype)] * 2)
    groups = [ordinary, tiny, [a.ravel() for a in special], next_to_kinks(x, rng, 4000)]
    w, b = (np.concatenate([group[i] for group in groups]) for i in range(2))
    finite = np.isfinite(w) & np.isfinite(b)  # others have diverged: inf - inf has no rank of its own
    w, b = w[finite], b[finite]
    for cells in (None, 16, 1024):
        assert np.array_equal(active(x, looked_up(x, w, b, cells)), decided(x, w, b))


@pytest.mark.parametrize("dtype", DTYPES)
def test_kinks_a_few_units_from_a_sample_really_fall_on_either_side(dtype):
    # The same neurons, looked up by comparing -b/w with the samples: some are misjudged.
    rng = np.random.default_rng(1)
    x = np.sort(rng.normal(size=300).astype(dtype))
    w, b = next_to_kinks(x, rng, 4000)
    naive = np.where((w > 0)[:, None], x > (-b / w)[:, None], x < (-b / w)[:, None])
    assert (naive != decided(x, w, b)).any(axis=1).sum() > 100


@pytest.mark.parametrize("kink", [0, 3, 7])
def test_sums_are_those_of_the_active_samples_on_either_side(kink):
    x = np.array([-2.0, -1.5, -1.0, 0.25, 0.25, 0.5, 3.0])
    n, ranks = len(x), np.arange(15)
    sums = run_sums(x, kink)
    left = np.arange(n) < kink
    for mine, here in ((active(x, ranks), ranks), (~active(x, ranks), opposite(ranks, n))):
        for power in range(3):
            whole = (2 / n) * np.where(mine[:, None], np.stack([left, ~left]) * x**power, 0).sum(axis=-1)
            tables = sums.counts if power == 0 else [(run.real, run.imag)[power - 1] for run in (sums.left, sums.right)]
            for run, exact in zip(tables, whole.T, strict=True):
                # Sums of quarters and their squares are exact; the factor is rounded on either side.
                assert (np.abs(run[here] - exact) <= 2 * np.spacing(np.abs(exact))).all()
                assert ((run[here] == 0) == (exact == 0)).all()
        count = (2 / n) * mine.sum(axis=-1)
        assert (np.abs(sums.both[here] - count) <= 2 * np.spacing(count)).all()


@pytest.mark.parametrize("target", [Target(), Target(-1.0, 0.5, 0.25), Target(0.0, 1.0, 0.5), Target(0.0, -1.0, 0.5)])
def test_the_teachers_lines_give_its_labels(target):
    x = np.array([-2.0, -0.5, 0.0, 0.5, 1.0, 1.5])
    lines = teacher_lines(target, x.dtype)
    kink = lines.kink(x)
    line = [lines.left] * kink + [lines.right] * (len(x) - kink)
    assert [slope * s + height for s, (slope, height) in zip(x, line, strict=True)] == target.labels(x).tolist()
