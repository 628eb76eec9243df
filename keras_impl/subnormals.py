"""Ask the machine whether TensorFlow flushes subnormal numbers to zero here.

Its CPU kernels set the processor's flush-to-zero and denormals-are-zero flags; whether
they do, depends on the build, the kernel and the processor. Nothing else tells.
"""

import numpy as np
import tensorflow as tf

from keras_impl.modes import in_mode
from reference.subject import Subnormals

__all__ = ["probe_subnormals"]


def probe_subnormals(dtype: str, mode: str = "graph") -> Subnormals:
    """Multiply into and out of the subnormal range, as `Recorder` would.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    mode : {"graph", "xla", "eager"}
        As for `keras_impl.Recorder`.

    Returns
    -------
    Subnormals

    Raises
    ------
    ValueError
        If there is no such dtype or mode.

    Examples
    --------
    >>> flushed = probe_subnormals("float32")
    >>> set(flushed) <= {True, False}
    True
    """
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
    tiny, size = float(np.finfo(dtype).tiny), 1000  # as a batch: a kernel's vector loop may differ from its remainder
    anything = tf.TensorSpec((size,), dtype)
    multiply = in_mode(tf.multiply, mode, anything, anything)

    def product(a: float, b: float) -> np.ndarray:
        with tf.device("CPU:0"):
            result: np.ndarray = multiply(
                tf.fill([size], tf.constant(a, dtype)), tf.fill([size], tf.constant(b, dtype))
            )
        return np.asarray(result)

    return Subnormals(bool((product(tiny, 0.5) == 0).any()), bool((product(tiny / 2, 4.0) == 0).any()))
