"""The same experiment on Keras' public API (Keras 3), on TensorFlow, JAX or PyTorch.

Which one is decided as in Keras itself, by KERAS_BACKEND before the import, and stays so
for the process. `model` builds the network and optimizer, `recorders` run them on each
backend and write down every step, `settings` restores what it changes of Keras' globals,
`wide_layer` trains many neurons as the units of one layer. Importing this package imports Keras,
which takes seconds.
"""

from keras_impl.backends import why_not

if _reason := why_not(None):
    raise ImportError(_reason)
try:
    import keras
except Exception as error:  # whatever a broken installation raises
    raise ImportError(why_not(None, error)) from None
if _reason := why_not(keras.config.backend()):  # which may come from Keras' own file of settings
    raise ImportError(_reason)

from keras_impl.recorders.chosen import Recorder
from keras_impl.training import train
from reference.subject import Record

__all__ = ["Record", "Recorder", "train"]
