"""The network that is built: its layers, its parameters, and what it computes."""

from dataclasses import fields

import keras
import numpy as np
import pytest

from keras_impl.model import build_model, build_optimizer
from keras_impl.settings import floatx
from reference import OPTIMIZERS, SGD, Adam, Experiment, Parameters

DTYPES = ["float32", "float64"]
SLOPES = [-2.0, -0.25, 0.0, 0.25, 1.0, 1.5, 4.0]  # powers of two and such: exact in float32
LAYERS = [
    (("w",), Parameters(w=-10.0), 1, 0),
    (("w",), Parameters(w=-10.0, b=0.5), 2, 0),
    (("b",), Parameters(w=-10.0), 2, 0),
    (("w",), Parameters(w=-10.0, v=2.0), 1, 2),
    (("w",), Parameters(w=-10.0, d=0.5), 1, 2),
    (("v",), Parameters(w=-10.0), 1, 2),
    (("w", "b", "v", "d"), Parameters(w=-10.0), 2, 2),
]


def network(experiment):
    """Model and variables, with the start of the experiment in them."""
    with floatx(experiment.dtype):
        model, variables = build_model(experiment)
        for variable, value in zip(variables, experiment.initial, strict=True):
            if variable is not None:
                variable.assign(np.full(variable.shape, value))
    return model, variables


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", SLOPES)
def test_it_computes_the_neuron_at_every_slope(slope, dtype):
    e = Experiment(initial=Parameters(0.5, -0.25, 2.0, 0.125), negative_slope=slope, dtype=dtype)
    model, _ = network(e)
    x = np.array([-2.0, -0.5, 0.0, 0.5, 1.0, 3.0], dtype)  # z = -1.25, -0.5, -0.25, 0, 0.25, 1.25
    z = [-1.25, -0.5, -0.25, 0.0, 0.25, 1.25]
    got = keras.ops.convert_to_numpy(model(x[:, None]))
    assert got.dtype == dtype
    assert got.ravel().tolist() == [2 * (a if a > 0 else slope * a) + 0.125 for a in z]


@pytest.mark.parametrize("slope", SLOPES)
def test_its_derivative_at_the_kink_is_the_slope(slope):
    import tensorflow as tf

    model, _ = network(Experiment(initial=Parameters(w=1.0), negative_slope=slope, dtype="float64"))
    x = tf.constant([[-1.0], [0.0], [-0.0], [1.0]], "float64")
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)
    assert tape.gradient(y, x).numpy().ravel().tolist() == [slope, slope, slope, 1.0]


@pytest.mark.parametrize(
    ("slope", "kind"), [(0.0, keras.layers.ReLU), (0.25, keras.layers.LeakyReLU), (1.5, keras.layers.LeakyReLU)]
)
def test_the_activation_is_a_layer_of_keras_where_keras_has_one(slope, kind):
    model, _ = network(Experiment(negative_slope=slope))
    assert [type(layer) for layer in model.layers[1:]] == [keras.layers.Dense, kind]


@pytest.mark.parametrize(("trainable", "initial", "first", "second"), LAYERS)
def test_layers_and_biases_exist_only_where_they_are_in_play(trainable, initial, first, second):
    e = Experiment(initial=initial, trainable=trainable)
    model, variables = network(e)
    assert [v is not None for v in variables] == [True, first == 2, second == 2, second == 2]
    assert len(model.weights) == first + second
    own = [getattr(variables, name) for name in trainable]
    assert [v.path for v in model.trainable_variables] == [v.path for v in own]


@pytest.mark.parametrize("dtype", DTYPES)
def test_variables_and_layers_have_the_dtype_of_the_experiment(dtype):
    model, variables = network(Experiment(trainable=("w", "b", "v", "d"), dtype=dtype))
    assert {keras.backend.standardize_dtype(v.dtype) for v in variables} == {dtype}
    assert {layer.compute_dtype for layer in model.layers} == {dtype}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_is_the_class_of_keras_with_all_settings_passed_on(name):
    ours = OPTIMIZERS[name](learning_rate=0.125)
    theirs = build_optimizer(ours)
    assert type(theirs) is getattr(keras.optimizers, name)
    config = theirs.get_config()
    for setting in (field.name for field in fields(ours)):
        assert np.float32(config[setting]) == np.float32(getattr(ours, setting)), setting


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_our_defaults_are_those_of_keras(name):
    ours, config = OPTIMIZERS[name](), getattr(keras.optimizers, name)().get_config()
    for setting in (field.name for field in fields(ours)):
        assert np.float32(config[setting]) == np.float32(getattr(ours, setting)), setting


def test_settings_that_differ_from_the_default_arrive():
    assert build_optimizer(SGD(momentum=0.5, nesterov=True)).get_config()["nesterov"] is True
    assert build_optimizer(Adam(beta_2=0.5, epsilon=0.25)).get_config()["epsilon"] == 0.25
