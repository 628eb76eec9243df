"""What the installed Keras is, and the derivatives that backends take at a kink."""

import dataclasses
import importlib.util

import pytest

from keras_impl import kink
from keras_impl.inspection import MissingName, accepts, default_of, exists
from reference import OPTIMIZERS


def test_names_exist_or_not():
    assert exists("keras.optimizers.Adam")
    assert exists("keras.Model.fit")
    for name in (
        "keras.Model.fit_generator",
        "keras.optimizers.Adm",
        "keras._tf_keras",
        "keras.__builtins__",
        "os.system",
    ):
        assert not exists(name)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_references_defaults_are_those_of_keras(name):
    for field in dataclasses.fields(OPTIMIZERS[name]):
        assert default_of(f"keras.optimizers.{name}", field.name) == field.default


def test_a_missing_default_says_what_is_missing():
    for name, argument, said in (
        ("keras.optimizers.SGD", "lr", "no argument lr"),
        ("keras.layers.Dense", "units", "no default for units"),
        ("keras.optimizers.Adm", "learning_rate", "has no keras.optimizers.Adm"),
    ):
        with pytest.raises(MissingName, match=said):
            default_of(name, argument)


def test_constructors_take_what_they_take():
    assert accepts("keras.optimizers.SGD", {"learning_rate": 0.5, "nesterov": True}) == (True, "")
    taken, said = accepts("keras.optimizers.SGD", {"lr": 0.5})
    assert not taken
    assert "lr" in said
    taken, said = accepts("keras.layers.LeakyReLU", {"alpha": 0.3})
    assert taken
    assert "alpha" in said  # taken with a warning
    assert not accepts("keras.layers.ReLU", {"negative_slope": -0.5})[0]
    assert accepts("keras.layers.Dense", {"use_bias": False})[0]


@pytest.mark.parametrize(
    "name",
    ["keras.utils.get_file", "keras.saving.load_model", "keras.layers.TFSMLayer", "keras.layers.Lambda", "keras.Model"],
)
def test_nothing_that_does_anything_is_called(name):
    with pytest.raises(ValueError, match="are constructed, not"):
        accepts(name, {})


@pytest.mark.parametrize(
    ("function", "slope", "expected"), [("relu", 0.0, 0.0), ("leaky_relu", 0.25, 0.25), ("maximum", 0.0, 1.0)]
)
def test_tensorflow_takes_the_slope_but_one_for_maximum(function, slope, expected):
    assert kink.derivative_at_zero(function, slope, "tensorflow") == expected


def test_backends_that_are_installed_are_those_that_can_be_imported():
    assert set(kink.installed_backends()) == {
        name for name in kink.BACKENDS if importlib.util.find_spec(name) is not None
    }


def test_another_backend_is_asked_in_a_process_of_its_own(monkeypatch):
    # TensorFlow again, but as a stranger: the same question, the same answer.
    monkeypatch.setattr("keras.config.backend", lambda: "another")
    assert kink.derivative_at_zero("leaky_relu", 0.25, "tensorflow") == 0.25


def test_a_backend_that_cannot_be_asked_says_so_in_one_line():
    if "jax" in kink.installed_backends():
        pytest.skip("jax is installed")
    with pytest.raises(RuntimeError, match="jax cannot be asked") as caught:
        kink.derivative_at_zero("relu", 0.0, "jax")
    assert "\n" not in str(caught.value)
