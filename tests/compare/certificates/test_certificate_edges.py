"""Edges at which a certificate was wrong once: false alarms, and what passed though it should not."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import reference
from compare import certify
from keras_impl.recorders import common as recording
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target, draw_batches


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer",
    [SGD(learning_rate=0.01, momentum=0.9, nesterov=True), RMSprop(learning_rate=0.01, momentum=0.9, centered=True)],
    ids=repr,
)
def test_xla_may_evaluate_the_gradient_of_one_sample_anew_for_each_use(optimizer, dtype):
    e = Experiment(
        initial=Parameters(w=3.0, b=-1.0),
        trainable=("w", "b"),
        optimizer=optimizer,
        batch_size=1,
        steps=300,
        dtype=dtype,
    )
    assert certify(e, mode="xla", twins=False).agrees


@pytest.mark.parametrize(
    "optimizer",
    [SGD(learning_rate=30.0), AdamW(learning_rate=0.1, weight_decay=100.0), Adam(learning_rate=1e30)],
    ids=repr,
)
def test_a_relu_with_bias_may_make_0_of_nan(optimizer):
    # TensorFlow's fused kernel does; the loss is then finite although w is not.
    e = Experiment(initial=Parameters(w=-10.0, b=0.3), optimizer=optimizer, steps=100, batch_size=10)
    certificate = certify(e, twins=False)
    assert certificate.first_disagreement is None


def test_a_velocity_that_is_infinite_may_leave_a_parameter_finite():
    # g^2 overflows, and 0 times infinity is no number where rho is flushed; where it is not, the step is 0.
    e = Experiment(
        initial=Parameters(w=1e19), trainable=("v", "d"), optimizer=RMSprop(rho=1e-40), batch_size=3, steps=3
    )
    assert certify(e, twins=False).first_disagreement is None


def test_a_teacher_too_large_for_the_dtype_is_named():
    with pytest.raises(ValueError, match=r"^Experiment\.target must give labels that are finite in float32"):
        certify(Experiment(target=Target(w=3e38), steps=3, batch_size=100))


@pytest.mark.parametrize("w", [1e30, 1e-40, -0.0])
def test_a_certificate_of_extreme_starts_prints_without_a_warning(w):
    e = Experiment(initial=Parameters(w=w, b=0.5), trainable=("w", "v"), negative_slope=1.0, batch_size=10, steps=2)
    certificate = certify(e, twins=False)
    assert "power" in str(certificate)
    assert all(error > 0 for error in certificate.power.values())


def test_power_ends_where_nothing_moves():
    e = Experiment(initial=Parameters(w=2.0), optimizer=RMSprop(rho=1.0, epsilon=0.0), batch_size=4, steps=3)
    assert all(error > 0 for error in certify(e).power.values())


def test_keras_on_other_samples_is_seen_also_where_the_free_run_says_nothing(monkeypatch):
    record = recording.Network.record

    def on_zeros(self, experiment, first_step, x, y):
        x, y = x.copy(), y.copy()
        x[100:] = y[100:] = 0
        return record(self, experiment, first_step, x, y)

    e = Experiment(
        initial=Parameters(w=-1.0, b=0.5, v=2.0, d=0.1),
        trainable=("w", "b", "v", "d"),
        optimizer=Adam(learning_rate=0.5),
        steps=120,
        batch_size=50,
    )
    monkeypatch.setattr(recording.Network, "record", on_zeros)
    for batches in (None, draw_batches(e)):
        found = certify(e, batches=batches, twins=False).first_disagreement
        assert (found.lane, found.quantity, found.step) == ("start", "x", 100)


def test_every_recorded_loss_is_looked_at(monkeypatch):
    train = reference.train

    def slip(experiment, **options):
        run = train(experiment, **options)
        loss = run.loss.copy()
        loss[-7] *= 2
        return replace(run, loss=loss)

    monkeypatch.setattr(reference, "train", slip)
    found = certify(Experiment(), twins=False).first_disagreement
    assert (found.lane, found.quantity, found.step) == ("record", "loss", 1993)


def test_an_infinite_loss_has_its_sign(monkeypatch):
    train = reference.train

    def slip(experiment, **options):
        run = train(experiment, **options)
        return replace(run, loss=np.where(np.isposinf(run.loss), -run.loss, run.loss))

    e = Experiment(optimizer=SGD(learning_rate=30.0), steps=100, batch_size=10)
    assert np.isposinf(train(e).loss).any()
    monkeypatch.setattr(reference, "train", slip)
    assert certify(e, twins=False).first_disagreement.lane == "record"


def test_a_slip_for_one_sign_of_the_gradient_is_seen_although_the_run_has_the_other(monkeypatch):
    step = keras.optimizers.SGD.update_step

    def twice_if_positive(self, gradient, variable, learning_rate):
        rate = keras.ops.cast(learning_rate, variable.dtype)
        return step(self, gradient, variable, keras.ops.where(gradient > 0, 2 * rate, rate))

    alone = certify(Experiment(steps=20), twins=False)
    assert (alone.observed.gradient.w < 0).all()
    monkeypatch.setattr(keras.optimizers.SGD, "update_step", twice_if_positive)
    assert certify(Experiment(steps=20), twins=False).agrees
    assert not certify(Experiment(steps=20)).agrees
