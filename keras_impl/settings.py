"""Keras' global settings, changed for a while and put back."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import keras

from keras_impl.recorders.x64 import in_x64

__all__ = ["floatx", "require_tensorflow", "start_backend"]


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Make Keras compute in `dtype` ("float32" or "float64") inside the with block.

    Sets the float type of variables and the dtype policy of layers, and restores both on
    leaving, also after an error. On JAX, float64 switches its 64-bit types on meanwhile.

    Examples
    --------
    >>> with floatx("float64"):
    ...     keras.config.floatx(), keras.config.dtype_policy().name
    ('float64', 'float64')
    >>> keras.config.floatx()
    'float32'
    """
    before = keras.config.floatx(), keras.config.dtype_policy()
    try:
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)
        with in_x64() if dtype == "float64" and keras.config.backend() == "jax" else nullcontext():
            yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def start_backend() -> None:
    """Let the backend look for its devices now: it would do so, and may print about it, at the first operation."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.list_logical_devices()
    else:
        keras.ops.convert_to_tensor(0.0)


def require_tensorflow(what: str) -> None:
    """Raise an ImportError in one line if Keras runs on another backend, on which `what` has no meaning."""
    if keras.config.backend() != "tensorflow":
        raise ImportError(f"{what} needs Keras on TensorFlow, but KERAS_BACKEND is {keras.config.backend()}")
