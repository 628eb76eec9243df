"""Correct rewrites raise no alarm; the same rewrites with a defect do."""

import numpy as np
import pytest

from compare.defects.correct.controls import REWRITES, exact_alarms, random_alarms
from compare.defects.correct.fma import SUMS
from compare.defects.correct.random_experiments import random_experiment
from compare.defects.correct.rewritten import Rewrite
from reference import SGD, Experiment, Parameters, draw_batches, train


def test_random_experiments_rewritten_raise_no_alarm():
    assert list(random_alarms(experiments=3 * len(REWRITES), seed=2026)) == []


def test_dyadic_runs_rewritten_raise_no_alarm():
    assert list(exact_alarms()) == []


def test_every_order_with_and_without_fusing_and_regrouping_takes_its_turn():
    assert {(r.order, r.fused, r.regrouped) for r in REWRITES} == {
        (order, fused, regrouped) for order in SUMS for fused in (False, True) for regrouped in (False, True)
    }


def test_the_random_experiments_are_of_all_kinds():
    rng = np.random.default_rng(0)
    drawn = [random_experiment(rng) for _ in range(200)]
    assert {type(e.optimizer).__name__ for e in drawn} == {"SGD", "Adam", "AdamW", "RMSprop"}
    assert {e.dtype for e in drawn} == {"float32", "float64"}
    assert {e.batch_size for e in drawn} >= {1, 2, 64}
    assert any(e.initial.w == e.initial.b == 0 for e in drawn)
    assert any(e.negative_slope < 0 for e in drawn)
    assert any(e.negative_slope > 1 for e in drawn)


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("_dot", lambda original: lambda self, a, b: original(self, a, b) * a.dtype.type(1.001)),
        ("_sgd", lambda original: lambda self, o, w, g, t, slots: original(self, o, w, g * 2, t, slots)),
        ("_adam", lambda original: lambda self, o, w, g, t, slots: original(self, o, w, g, t + 1, slots)),
        ("_rmsprop", lambda original: lambda self, o, w, g, t, slots: original(self, o, w, -g, t, slots)),
    ],
)
def test_a_rewrite_with_a_defect_raises_alarms(monkeypatch, method, change):
    monkeypatch.setattr(Rewrite, method, change(getattr(Rewrite, method)))
    assert next(random_alarms(experiments=24), None) is not None


def test_a_rewrite_trains_as_the_reference_does():
    # Few bits, so every order is exact: both must end on the same numbers.
    experiment = Experiment(
        initial=Parameters(w=-1.0, b=0.5),
        trainable=("w", "b"),
        negative_slope=0.5,
        optimizer=SGD(learning_rate=0.5),
        batch_size=4,
        steps=2,
        dtype="float64",
    )
    x = np.round(draw_batches(experiment)[0] * 4) / 4
    y = np.maximum(x, 0)
    ours = train(experiment, batches=(x, y))
    for rewrite in REWRITES:
        record = rewrite.record(experiment, x, y)
        assert record.parameters.w.tolist() == ours.parameters.w.tolist()
        assert record.gradient.b.tolist() == ours.gradient.b.tolist()
        assert record.loss.tolist() == ours.loss.tolist()
