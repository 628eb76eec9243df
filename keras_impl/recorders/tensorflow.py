"""Record every step inside one TensorFlow graph.

The loop over the batches, with Keras' own layers, loss and optimizer inside, is one
`tf.function`: bit for bit what `model.fit` computes (the tests show it), an order of
magnitude faster. It can also be compiled by XLA, as `model.fit` does on a GPU, or run operation by
operation.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import keras
import numpy as np

from keras_impl.modes import in_mode
from keras_impl.recorders.common import Block, CommonRecorder, Network
from reference import Experiment

__all__ = ["Recorder"]


class _Graph(Network):
    """The loop over a block of batches as one function, traced once."""

    def __init__(self, experiment: Experiment, mode: str, own: Callable[[Any], Any] | None = None) -> None:
        import tensorflow as tf

        super().__init__(experiment, mode, own)
        any_shape = tf.TensorSpec((None, None), experiment.dtype)
        as_written = tf.autograph.experimental.do_not_convert(self._loop)
        self._run = in_mode(as_written, mode, any_shape, any_shape)

    def run(self, x: np.ndarray, y: np.ndarray) -> Block:
        import tensorflow as tf

        before, columns, y_pred = self._run(tf.constant(x), tf.constant(y))
        rows, trained = columns.numpy()[:, :, 0], len(self.trained)
        return Block(
            before=before.numpy()[:, 0],
            loss=np.ascontiguousarray(rows[:, 0]),
            gradients=rows[:, 1 : trained + 1],
            states=rows[:, trained + 1 :],
            y_pred=np.reshape(y_pred.numpy(), x.shape),
        )

    def _loop(self, x: Any, y: Any) -> Any:
        """One pass over a block: the state before it as a column, then of each step what it recorded and its y_pred."""
        import tensorflow as tf

        steps = tf.shape(x)[0]
        before = _column(variable.value for variable in self.state)

        def step(t: Any, columns: Any, predictions: Any) -> Any:
            with tf.GradientTape() as tape:
                y_pred = self.model(x[t][:, None], training=True)
                loss = self.loss(y[t][:, None], y_pred)
            gradient = tape.gradient(loss, [variable.value for variable in self.trained])
            self.optimizer.apply(gradient, self.trained)
            column = _column([loss, *gradient, *(variable.value for variable in self.state)])
            return t + 1, columns.write(t, column), predictions.write(t, y_pred)

        empty = tf.TensorArray(x.dtype, steps), tf.TensorArray(x.dtype, steps)
        _, columns, predictions = tf.while_loop(lambda t, *_: t < steps, step, (tf.constant(0), *empty))
        return before, columns.stack(), predictions.stack()


def _column(numbers: Iterable[Any]) -> Any:
    """Tensors of one number each, of any rank, as one of shape (numbers, 1)."""
    import tensorflow as tf

    return tf.concat([n if n.shape.rank == 2 else tf.reshape(n, (1, 1)) for n in numbers], 0)


class Recorder(CommonRecorder):
    """Records experiments; those that differ in numbers only share one traced graph.

    Shared are start, learning rate, batches and number of steps. Tracing takes some tenths
    of a second. A graph holds what Keras' classes were when it was traced: use a new
    Recorder after patching them. This is the one for Keras on TensorFlow; on JAX (mode
    "xla") and PyTorch (mode "eager") `keras_impl.Recorder` is another class, which is used in
    the same way.

    Parameters
    ----------
    mode : {"graph", "xla", "eager"}
        How TensorFlow runs the loop, see `keras_impl.modes.in_mode`.
    optimizer : class or instance of keras.optimizers.Optimizer, optional
        Takes the place of Keras' own. A class is constructed with the settings of the
        experiment's optimizer; of an instance each network gets a copy, by way of
        `get_config`, at the experiment's learning rate. Slots that it does not have under the
        experiment's names are left out of the Records.

    Attributes
    ----------
    name : str
        Keras and its backend with their versions, after the class of an optimizer of one's own.
    mode, operations, constants : str
        See `reference.subject.Subject`.

    Raises
    ------
    ValueError
        If there is no such mode.
    TypeError
        If `optimizer` is neither a class nor an instance of Keras' optimizers.

    Examples
    --------
    >>> recorder = Recorder()
    >>> block, = recorder.record(Experiment(steps=3, batch_size=4))
    >>> block.parameters.w.shape, block.y_pred.shape
    ((4,), (3, 4))
    """

    OPERATIONS: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"graph": "rewritten", "xla": "fused", "eager": "as written"}
    )
    NETWORK = _Graph
    constants = "float32"

    @staticmethod
    def framework() -> str:
        import tensorflow as tf

        return f"TensorFlow {tf.__version__}"

    def evaluate(self, function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        with keras.device("cpu"):
            prepared = in_mode(function, self.mode, *(tf.TensorSpec(array.shape, array.dtype) for array in arrays))
            return np.asarray(prepared(*(tf.constant(array) for array in arrays)))

    def in_single(self, dtype: str) -> frozenset[str]:
        """Nothing: what TensorFlow is given in float64 it computes so, and anything else would be a defect."""
        return frozenset()
