"""Keras' global settings, changed for a while and put back."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

__all__ = ["floatx", "start_backend"]


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Make Keras compute in `dtype` ("float32" or "float64") inside the with block.

    Sets the float type of variables and the dtype policy of layers, and restores both on
    leaving, also after an error.

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
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def start_backend() -> None:
    """Let TensorFlow look for its devices now: it would do so, and print about it, at the first operation."""
    tf.config.list_logical_devices()
