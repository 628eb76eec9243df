"""The three ways in which TensorFlow runs a function."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["MODES", "in_mode"]

MODES = ("graph", "xla", "eager")


def in_mode(function: Callable[..., Any], mode: str, *signature: "tf.TensorSpec") -> Callable[..., Any]:
    """Prepare a function to be run in a mode, tracing it now unless that is "eager".

    "graph" is TensorFlow's graph as `model.fit` runs it on a CPU, where its graph
    optimizer may rewrite the quotient by a square root and reassociate products of
    constants. "xla" is compiled by XLA, once for each shape of the arguments, and
    contracts multiplications and additions. "eager" runs one operation after the other
    as they are written, fifty times slower.

    Parameters
    ----------
    function : callable
        Of tensors.
    mode : {"graph", "xla", "eager"}
    *signature : tf.TensorSpec
        Of the arguments.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is no such mode.

    Examples
    --------
    >>> import tensorflow as tf
    >>> add = in_mode(tf.add, "xla", tf.TensorSpec((), "float64"), tf.TensorSpec((), "float64"))
    >>> float(add(tf.constant(0.5, "float64"), tf.constant(0.25, "float64")))
    0.75
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    if mode == "eager":
        return function
    import tensorflow as tf

    prepared: Callable[..., Any] = tf.function(function, jit_compile=mode == "xla").get_concrete_function(*signature)
    return prepared
