"""What a certificate says it would have seen, against errors planted at twice and a tenth of that size."""

import copy
import functools
from contextlib import contextmanager
from dataclasses import replace

import keras
import numpy as np
import pytest

from compare import certify
from compare.certificates.sensitivity.power import combine, numbers
from keras_impl.recorders import common as recording
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop

OPTIMIZERS = (
    SGD(learning_rate=0.05),
    SGD(learning_rate=0.01, momentum=0.9),
    SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    Adam(learning_rate=0.01),
    Adam(learning_rate=0.01, amsgrad=True),
    AdamW(learning_rate=0.01),
    RMSprop(learning_rate=0.01),
    RMSprop(learning_rate=0.01, momentum=0.5, centered=True),
)
SETTINGS = [(o, name) for o in OPTIMIZERS for name in numbers(o) if getattr(o, name)]

SEEN, NOT_SEEN = 2.0, 0.1  # times the size that a certificate states


def experiment(optimizer, **changes):
    common = {"initial": Parameters(w=-1.0, b=0.5), "trainable": ("w", "b"), "negative_slope": 0.25}
    return Experiment(**common | {"steps": 30, "batch_size": 16, "dtype": "float64", "optimizer": optimizer} | changes)


@pytest.fixture(scope="module")
def sound(recorder):
    """An experiment and its certificate by optimizer and dtype, each made once."""

    @functools.cache
    def of(optimizer, dtype):
        e = experiment(optimizer, dtype=dtype, steps=30 if dtype == "float64" else 12)
        return e, certify(e, recorder=recorder)

    return of


@contextmanager
def off_by(optimizer, setting, error):
    """Have the reference compute with a setting that is off by a relative error, and rounded as it rounds it."""
    kind = type(optimizer)
    original = kind.update

    def update(self, w, g, iterations, slots):
        value, other = getattr(self, setting), copy.copy(self)
        if isinstance(value, float):  # not where it carries a derivative
            object.__setattr__(other, setting, value * (1 + error))
        return original(other, w, g, iterations, slots)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "update", update)
        yield


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("optimizer", "setting"), SETTINGS, ids=repr)
def test_twice_the_stated_error_of_a_setting_is_seen_and_a_tenth_is_not(optimizer, setting, dtype, recorder, sound):
    e, certificate = sound(optimizer, dtype)
    assert certificate.agrees
    stated = certificate.power[setting]
    assert np.isfinite(stated)
    with off_by(optimizer, setting, SEEN * stated):
        certificate = certify(e, recorder=recorder)
        assert not certificate.agrees, f"{setting} off by twice {stated:.3g} is not seen"
        assert certificate.first_disagreement is not None
    with off_by(optimizer, setting, NOT_SEEN * stated):
        assert certify(e, recorder=recorder).agrees, f"{setting} off by a tenth of {stated:.3g} is seen"


@contextmanager
def mean_off_by(error):
    """Have Keras divide loss and gradient by something else."""
    call = keras.losses.MeanSquaredError.__call__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keras.losses.MeanSquaredError,
            "__call__",
            lambda *arguments, **options: call(*arguments, **options) * (1 + error),
        )
        yield


@contextmanager
def slope_off_by(error):
    """Have Keras take another slope."""
    build = recording.build_model
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            recording, "build_model", lambda e: build(replace(e, negative_slope=e.negative_slope * (1 + error)))
        )
        yield


@pytest.mark.parametrize(("name", "plant"), [("batch_size", mean_off_by), ("negative_slope", slope_off_by)])
@pytest.mark.parametrize("batch_size", [3, 16, 1000])
def test_so_it_is_for_the_mean_and_for_the_slope(name, plant, batch_size, recorder):
    e = experiment(SGD(learning_rate=0.05), batch_size=batch_size)
    stated = certify(e, recorder=recorder).power[name]
    assert np.isfinite(stated)
    with plant(SEEN * stated):
        assert not certify(e).agrees
    with plant(NOT_SEEN * stated):
        assert certify(e).agrees


@contextmanager
def starting_at(initial):
    reset = recording.Network.reset
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording.Network, "reset", lambda self, e: reset(self, replace(e, initial=initial)))
        yield


@pytest.mark.parametrize(("dtype", "name"), [("float32", "w"), ("float32", "b"), ("float64", "w"), ("float64", "b")])
def test_so_it_is_for_the_start(dtype, name, recorder):
    e = experiment(SGD(), dtype=dtype, steps=4)
    stated, start = certify(e, recorder=recorder, twins=False).power[f"initial.{name}"], getattr(e.initial, name)
    for factor, agrees in ((SEEN, False), (NOT_SEEN, True)):
        elsewhere = e.initial._replace(**{name: start * (1 + factor * stated)})
        with starting_at(elsewhere):
            assert certify(e, recorder=recorder, twins=False).agrees == agrees


def test_what_a_run_does_not_exercise_is_infinite_and_has_a_remedy(recorder):
    dead = experiment(SGD(learning_rate=0.01, momentum=0.9), initial=Parameters(w=0.1, b=-50.0), negative_slope=0.0)
    certificate = certify(dead, recorder=recorder, twins=False)
    assert certificate.agrees
    assert certificate.power["learning_rate"] == certificate.power["momentum"] == np.inf
    assert certificate.remedies["negative_slope"] == "it is 0, which has no relative error"
    remedy = certificate.remedies["momentum"]
    assert remedy.startswith("initial=Parameters(")
    better = replace(dead, **eval(f"dict({remedy})", {"Parameters": Parameters}))
    assert np.isfinite(certify(better, recorder=recorder, twins=False).power["momentum"])
    assert f"not exercised: {remedy}" in str(certificate)


def test_the_first_step_has_no_velocity_and_two_have(recorder):
    one = experiment(SGD(learning_rate=0.01, momentum=0.9), steps=1)
    certificate = certify(one, recorder=recorder, twins=False)
    assert certificate.power["momentum"] == np.inf
    assert certificate.remedies["momentum"] == "steps=2"
    assert np.isfinite(certify(replace(one, steps=2), recorder=recorder, twins=False).power["momentum"])


def test_powers_are_the_best_of_several_looks():
    assert combine([{"a": 1.0, "b": np.inf}, {"a": 0.5, "c": 2.0}]) == {"a": 0.5, "b": np.inf, "c": 2.0}
    assert combine([]) == {}
