"""Keras' global settings are put back, whatever happens in between."""

import keras
import pytest

import keras_impl
from keras_impl.settings import floatx
from reference import Experiment, Parameters


def current():
    return keras.config.floatx(), keras.config.dtype_policy().name


@pytest.fixture
def unusual():
    """Settings that nothing here would choose."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float16")
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield "float16", "mixed_bfloat16"
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_settings_hold_inside_and_are_restored_outside(unusual, dtype):
    with floatx(dtype):
        assert current() == (dtype, dtype)
        assert keras.layers.Dense(1).compute_dtype == dtype
    assert current() == unusual


def test_settings_are_restored_after_an_error(unusual):
    with pytest.raises(ZeroDivisionError), floatx("float64"):
        raise ZeroDivisionError
    assert current() == unusual


def test_settings_are_restored_after_a_dtype_that_keras_refuses(unusual):
    with pytest.raises(ValueError, match="floatx"), floatx("float31"):
        pass
    assert current() == unusual


def test_settings_nest(unusual):
    with floatx("float64"):
        with floatx("float32"):
            assert current() == ("float32", "float32")
        assert current() == ("float64", "float64")


def test_training_restores_settings(unusual):
    keras_impl.train(Experiment(steps=2, batch_size=3, dtype="float64"))
    assert current() == unusual


def test_training_restores_settings_when_a_class_of_keras_fails(unusual, monkeypatch):
    def broken(self, *arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr(keras.optimizers.SGD, "update_step", broken)
    with pytest.raises(RuntimeError, match="broken"):
        keras_impl.train(Experiment(steps=2, batch_size=3, dtype="float64"))
    assert current() == unusual


def test_settings_are_those_of_the_caller_between_two_blocks(unusual):
    records = keras_impl.Recorder().record(Experiment(initial=Parameters(w=1.0), steps=2, batch_size=3))
    next(records)
    assert current() == unusual
    records.close()
    assert current() == unusual
