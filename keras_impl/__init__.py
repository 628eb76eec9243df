"""The same experiment on Keras' public API (Keras 3, TensorFlow backend).

`model` builds the network and optimizer, `recorder` runs them in one graph and writes
down every step, `settings` restores what it changes of Keras' globals. Importing this
package imports Keras, which takes seconds.
"""

import keras

if keras.config.backend() != "tensorflow":
    raise ImportError(f"keras_impl needs Keras on TensorFlow, but Keras runs on {keras.config.backend()}")

from keras_impl.recorder import Record, Recorder
from keras_impl.training import train

__all__ = ["Record", "Recorder", "train"]
