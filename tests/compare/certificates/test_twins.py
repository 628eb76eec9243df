"""Sharp twins: what a run in float32, or over many samples, hides."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from compare import certify
from keras_impl.recorders import common as recording
from reference import SGD, Adam, Experiment, Parameters


@pytest.mark.parametrize("n", [3_000, 50_000])
def test_a_mean_over_one_sample_more_is_seen_among_many(n, monkeypatch):
    call = keras.losses.MeanSquaredError.__call__
    large = Experiment(initial=Parameters(w=2.0), batch_size=n, steps=3)
    assert certify(large).agrees
    monkeypatch.setattr(
        keras.losses.MeanSquaredError,
        "__call__",
        lambda *arguments, **options: call(*arguments, **options) * (n / (n + 1)),
    )
    alone, sharp = certify(large, twins=False), certify(large)
    assert alone.agrees  # what a float32 bound of so many samples hides
    assert alone.power["batch_size"] > 1 / n > sharp.power["batch_size"]
    assert not sharp.agrees
    assert {twin.name for twin in sharp.twins if not twin.agrees} == {"float64", "dyadic"}
    assert "DISAGREES; difference/bound at most" in str(sharp)


SMALL_SLIPS = {
    "learning rate of Adam": (Adam(), {"learning_rate": 0.001 * (1 + 1e-3)}),
    "epsilon of Adam from -10": (Adam(learning_rate=0.01), {"epsilon": 1.5e-7}),
    "learning rate of SGD": (SGD(), {"learning_rate": 0.01 * (1 + 1e-4)}),
}


@pytest.mark.parametrize("slip", SMALL_SLIPS)
def test_small_errors_that_float32_hides_are_seen(slip, monkeypatch):
    optimizer, wrong = SMALL_SLIPS[slip]
    build, reset = recording.build_optimizer, recording.Network.reset

    def reset_all_but_the_rate(self, experiment):
        built = float(self.optimizer.learning_rate)
        reset(self, experiment)
        self.optimizer.learning_rate = built

    monkeypatch.setattr(recording, "build_optimizer", lambda chosen: build(replace(chosen, **wrong)))
    monkeypatch.setattr(recording.Network, "reset", reset_all_but_the_rate)
    assert not certify(Experiment(optimizer=optimizer, steps=5)).agrees


def test_a_run_in_float64_has_no_twin_in_float64_and_twins_can_be_left_out():
    short = Experiment(steps=4, batch_size=8)
    assert [twin.name for twin in certify(short).twins] == ["float64", "dyadic"]
    assert [twin.name for twin in certify(replace(short, dtype="float64")).twins] == ["dyadic"]
    alone = certify(short, twins=False)
    assert alone.twins == ()
    assert "twins=False" in alone.reproduce
    assert alone.agrees


def test_twins_take_data_of_ones_own_and_keep_the_batch_size():
    x = np.random.default_rng(3).uniform(-1, 1, (20, 7)).astype("float32")
    certificate = certify(Experiment(initial=Parameters(w=0.5), steps=20, batch_size=7), batches=(x, np.abs(x)))
    assert certificate.agrees
    float64, dyadic = certificate.twins
    assert (float64.experiment.dtype, float64.experiment.steps, float64.experiment.batch_size) == ("float64", 12, 7)
    assert {e.experiment.batch_size for e in dyadic.examinations} == {7}
    assert float64.examinations[0].drawing is None
    assert dyadic.exactly > 0
    # Counts of the twins are in the certificate's.
    assert (
        certificate.compared["w"] == certificate.lockstep["w"].compared + float64.compared["w"] + dyadic.compared["w"]
    )
