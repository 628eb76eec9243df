"""Ask the machine whether Keras' backend flushes subnormal numbers to zero here.

TensorFlow's kernels set the processor's flush-to-zero and denormals-are-zero flags, and so
do JAX'; whether they do, depends on the build, the kernel and the processor. Nothing else tells.
"""

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np

from keras_impl.settings import floatx
from reference.subject import Subnormals

__all__ = ["Evaluator", "probe_subnormals"]


class Evaluator(Protocol):
    """Evaluates functions of tensors on a backend, as each recorder does."""

    def evaluate(self, function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
        """Evaluate a function."""


def probe_subnormals(dtype: str, recorder: Evaluator) -> Subnormals:
    """Multiply into and out of the subnormal range, as a recorder would.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    recorder : Evaluator
        Such as a `keras_impl.Recorder`, in its mode.

    Returns
    -------
    Subnormals

    Raises
    ------
    ValueError
        If there is no such dtype.

    Examples
    --------
    >>> from keras_impl import Recorder
    >>> flushed = probe_subnormals("float32", Recorder())
    >>> set(flushed) <= {True, False}
    True
    """
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
    tiny, size = float(np.finfo(dtype).tiny), 1000  # as a batch: a kernel's vector loop may differ from its remainder

    def product(a: float, b: float) -> np.ndarray:
        with floatx(dtype):
            return recorder.evaluate(keras.ops.multiply, np.full(size, a, dtype), np.full(size, b, dtype))

    return Subnormals(bool((product(tiny, 0.5) == 0).any()), bool((product(tiny / 2, 4.0) == 0).any()))
