"""The recorder of the backend that Keras runs on."""

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING or keras.config.backend() == "tensorflow":
    from keras_impl.recorders.tensorflow import Recorder
elif keras.config.backend() == "jax":
    from keras_impl.recorders.jax import Recorder
else:
    from keras_impl.recorders.torch import Recorder

__all__ = ["Recorder"]
