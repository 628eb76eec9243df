"""An ensemble of neurons as one wide Keras layer, trained by plain SGD inside one graph.

Each unit of the layer is a neuron of its own with weight and bias; the loss is the sum of
their mean squared errors, so that none feels the others.
"""

from typing import Any

import keras
import numpy as np

from keras_impl.modes import in_mode
from keras_impl.settings import floatx, require_tensorflow
from reference import Parameters

require_tensorflow("keras_impl.wide_layer")

import tensorflow as tf  # noqa: E402

__all__ = ["WideLayer"]


class WideLayer:
    """Many ReLU neurons, trained on the same batches.

    Parameters
    ----------
    units : int
        Number of neurons.
    dtype : {"float32", "float64"}
    learning_rate : float
    mode : {"graph", "xla", "eager"}
        As for `keras_impl.modes.in_mode`.

    Examples
    --------
    One step with the samples -1 and 2, of w = -1 and of the teacher itself:

    >>> two = WideLayer(2, dtype="float64", learning_rate=0.5)
    >>> x = np.array([[-1.0, 2.0]])
    >>> end = two.train(Parameters(w=np.array([-1.0, 1.0]), b=np.zeros(2)), x, np.maximum(x, 0))
    >>> end.w.tolist(), end.b.tolist()
    ([-0.5, 1.0], [-0.5, 0.0])
    """

    def __init__(self, units: int, *, dtype: str, learning_rate: float, mode: str = "graph") -> None:
        self.dtype = dtype
        with floatx(dtype), tf.device("CPU:0"):
            self._dense = keras.layers.Dense(units, activation="relu")
            self._model = keras.Sequential([keras.Input(shape=(1,)), self._dense])
            self._optimizer = keras.optimizers.SGD(learning_rate=learning_rate)
            self._optimizer.build(self._model.trainable_variables)
            any_batches = tf.TensorSpec((None, None), dtype)
            self._loop = in_mode(self._steps, mode, any_batches, any_batches)

    def train(self, start: Parameters, x: np.ndarray, y: np.ndarray) -> Parameters:
        """Train from a start, and return where it ends.

        Parameters
        ----------
        start : Parameters of ndarray of shape (units,)
            Of which w and b are used.
        x, y : ndarray of shape (steps, n)
            Batches, in the layer's dtype.

        Returns
        -------
        Parameters of ndarray of shape (units,)
        """
        with floatx(self.dtype), tf.device("CPU:0"):
            self._dense.kernel.assign(start.w[None, :])
            self._dense.bias.assign(start.b)
            self._loop(tf.constant(x), tf.constant(y))
            return Parameters(w=self._dense.kernel.numpy()[0], b=self._dense.bias.numpy())

    def _steps(self, x: Any, y: Any) -> None:
        variables = self._model.trainable_variables
        for step in tf.range(tf.shape(x)[0]):
            with tf.GradientTape() as tape:
                residual = self._model(x[step][:, None], training=True) - y[step][:, None]
                loss = keras.ops.sum(keras.ops.mean(keras.ops.square(residual), axis=0))
            self._optimizer.apply(tape.gradient(loss, variables))
