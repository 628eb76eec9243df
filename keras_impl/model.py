"""The neuron and its optimizer, put together from Keras' public classes."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import keras

from reference import Experiment, Optimizer, Parameters
from reference.network import needs_bias, needs_output_layer
from reference.optimizers import READINGS, translate

__all__ = ["activation", "build_model", "build_optimizer", "keras_settings"]


def activation(negative_slope: float) -> Callable[[Any], Any]:
    """Keras' activation of this slope: a layer, or below 0, where the layers refuse it, a function.

    Examples
    --------
    >>> type(activation(0.0)).__name__, type(activation(0.3)).__name__
    ('ReLU', 'LeakyReLU')
    """
    if negative_slope == 0:
        return keras.layers.ReLU()  # type: ignore[no-any-return]
    if negative_slope > 0:
        return keras.layers.LeakyReLU(negative_slope=negative_slope)  # type: ignore[no-any-return]
    return partial(keras.activations.leaky_relu, negative_slope=negative_slope)


def build_model(experiment: Experiment) -> tuple[keras.Model, Parameters]:
    """Build the network of an experiment, in Keras' current float type.

    One Dense unit, then ReLU or LeakyReLU (below 0, where the layers refuse the slope, the
    function `keras.activations.leaky_relu`), then a second Dense unit if v and d are in
    play. Parameters that are not trained are marked so, and `model.trainable_variables`
    holds the others, in the order w, b, v, d.

    Parameters
    ----------
    experiment : Experiment

    Returns
    -------
    model : keras.Model
        Input shape (n, 1), output shape (n, 1). Initial weights are not set.
    variables : Parameters of keras.Variable
        None for what the network does not have.
    """
    first = keras.layers.Dense(1, use_bias=needs_bias(experiment))
    inputs = keras.Input(shape=(1,))
    outputs = activation(experiment.negative_slope)(first(inputs))
    second = None
    if needs_output_layer(experiment):
        second = keras.layers.Dense(1)
        outputs = second(outputs)
    variables = Parameters(
        w=first.kernel,
        b=first.bias,
        v=None if second is None else second.kernel,
        d=None if second is None else second.bias,
    )
    for name, variable in zip(Parameters._fields, variables, strict=True):
        if variable is not None:
            variable.trainable = name in experiment.trainable
    return keras.Model(inputs, outputs), variables


def build_optimizer(optimizer: Optimizer) -> Any:
    """Keras' optimizer of the same name, with the same settings.

    Examples
    --------
    >>> from reference import Adam
    >>> build_optimizer(Adam(amsgrad=True)).get_config()["amsgrad"]
    True
    """
    return getattr(keras.optimizers, type(optimizer).__name__)(**keras_settings(optimizer))


def keras_settings(optimizer: Optimizer) -> dict[str, Any]:
    """The arguments of Keras' optimizer of the same name; ValueError if it lacks one that is in use.

    >>> from reference.optimizers import pytorch
    >>> keras_settings(pytorch.SGD(momentum=0.5))
    {'learning_rate': 0.001, 'momentum': 0.5, 'nesterov': False}
    """
    system = type(optimizer).__module__.rpartition(".")[2]
    return asdict(translate(optimizer, "keras") if system in READINGS else optimizer)
