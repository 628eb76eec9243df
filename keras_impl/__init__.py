"""The same experiment on Keras' public API (Keras 3, TensorFlow backend).

`model` builds the network and optimizer, `recorder` runs them in one graph and writes
down every step, `settings` restores what it changes of Keras' globals, `wide_layer` trains many
neurons as the units of one layer. Importing this package imports Keras, which takes
seconds.
"""

try:
    import keras
except (ImportError, ValueError) as error:  # ValueError for a backend that Keras doesn't know
    raise ImportError(f"keras_impl needs Keras on TensorFlow, but Keras cannot be imported: {error}") from None

if keras.config.backend() != "tensorflow":
    raise ImportError(f"keras_impl needs Keras on TensorFlow, but Keras runs on {keras.config.backend()}")

from keras_impl.recorder import Recorder
from keras_impl.training import train
from reference.subject import Record

__all__ = ["Record", "Recorder", "train"]
