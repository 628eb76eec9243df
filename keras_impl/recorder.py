"""Run an experiment inside one TensorFlow graph and record every step.

The loop over the batches, with Keras' own layers, loss and optimizer inside, is one
`tf.function`: bit for bit what `model.fit` computes (the tests show it), an order of
magnitude faster, and it writes down what `fit` never shows. It can also be compiled by
XLA, as `model.fit` does on a GPU, or run operation by operation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_impl.model import build_model, build_optimizer, needs_bias, needs_output_layer
from keras_impl.modes import MODES, in_mode
from keras_impl.settings import floatx
from keras_impl.subnormals import probe_subnormals
from reference import Experiment, Parameters
from reference.subject import Record, Subnormals, require_single
from reference.training import blocks

__all__ = ["Recorder"]


class Recorder:
    """Records experiments; those that differ in numbers only share one traced graph.

    Shared are start, learning rate, batches and number of steps. Tracing takes some tenths
    of a second. A graph holds what Keras' classes were when it was traced: use a new
    Recorder after patching them.

    Parameters
    ----------
    mode : {"graph", "xla", "eager"}
        How TensorFlow runs the loop, see `keras_impl.modes.in_mode`.

    Raises
    ------
    ValueError
        If there is no such mode.

    Examples
    --------
    >>> recorder = Recorder()
    >>> block, = recorder.record(Experiment(steps=3, batch_size=4))
    >>> block.parameters.w.shape, block.y_pred.shape
    ((4,), (3, 4))
    """

    def __init__(self, mode: str = "graph") -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        self.mode = mode
        self._graphs: dict[Any, _Graph] = {}
        self._subnormals: dict[str, Subnormals] = {}

    def subnormals(self, dtype: str) -> Subnormals:
        """What becomes of subnormal numbers in this mode, asked once."""
        if dtype not in self._subnormals:
            self._subnormals[dtype] = probe_subnormals(dtype, self.mode)
        return self._subnormals[dtype]

    def record(self, experiment: Experiment, batches: tuple[np.ndarray, np.ndarray] | None = None) -> Iterator[Record]:
        """Run an experiment, block by block.

        Parameters
        ----------
        experiment : Experiment
            Of a single neuron.
        batches : tuple of x and y, optional
            As for `reference.train`.

        Yields
        ------
        Record

        Raises
        ------
        ValueError
            If the experiment is an ensemble.
        """
        require_single(experiment)
        key = (
            experiment.dtype,
            experiment.trainable,
            experiment.negative_slope,
            needs_bias(experiment),
            needs_output_layer(experiment),
            replace(experiment.optimizer, learning_rate=0.0),
        )
        with floatx(experiment.dtype), tf.device("CPU:0"):
            if key not in self._graphs:
                self._graphs[key] = _Graph(experiment, self.mode)
            graph = self._graphs[key]
            graph.reset(experiment)
        first_step = 0
        for x, y in blocks(experiment, batches):
            with floatx(experiment.dtype), tf.device("CPU:0"):
                block = graph.record(experiment, first_step, x, y)
            yield block
            first_step += len(x)


class _Graph:
    """Model, optimizer and the traced loop over a block of batches."""

    def __init__(self, experiment: Experiment, mode: str) -> None:
        self.model, self.variables = build_model(experiment)
        self.optimizer = build_optimizer(experiment.optimizer)
        self.loss = keras.losses.MeanSquaredError()
        self.trained = self.model.trainable_variables
        self.optimizer.build(self.trained)
        self.initial_state = [tf.constant(variable.numpy()) for variable in self.optimizer.variables]
        self.slots = {
            name: [self._slot(name, variable) for variable in self.trained] for name in experiment.optimizer.slots
        }
        any_shape = tf.TensorSpec((None, None), experiment.dtype)
        as_written = tf.autograph.experimental.do_not_convert(self._loop)
        self.loop = in_mode(as_written, mode, any_shape, any_shape)

    def _slot(self, name: str, variable: Any) -> Any:
        """Keras' slot variable, which is named after its parameter and itself."""
        wanted = f"{variable.path.replace('/', '_')}_{name}"
        return next(slot for slot in self.optimizer.variables if slot.name == wanted)

    def reset(self, experiment: Experiment) -> None:
        """Set parameters to their start, and the optimizer to its own initial state."""
        for variable, value in zip(self.optimizer.variables, self.initial_state, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = experiment.optimizer.learning_rate
        for variable, value in zip(self.variables, experiment.initial, strict=True):
            if variable is not None:
                variable.assign(np.full(variable.shape, value, experiment.dtype))

    def record(self, experiment: Experiment, first_step: int, x: np.ndarray, y: np.ndarray) -> Record:
        """Run a block and arrange what was recorded."""
        before, columns, y_pred = self.loop(tf.constant(x), tf.constant(y))
        loss, *numbers = np.ascontiguousarray(columns.numpy()[:, :, 0].T)
        trained = len(self.trained)
        gradients, states = numbers[:trained], numbers[trained:]
        paths = [np.concatenate(both) for both in zip(before.numpy(), states, strict=True)]
        parameters = self._named(experiment, paths[:trained], self._untrained(experiment, len(x) + 1))
        slots = {
            name: self._named(experiment, paths[trained * (i + 1) : trained * (i + 2)])
            for i, name in enumerate(self.slots)
        }
        gradient = self._named(experiment, gradients)
        return Record(first_step, x, y, parameters, slots, np.reshape(y_pred.numpy(), x.shape), loss, gradient)

    def _state(self) -> list[Any]:
        """Trained parameters, then each slot of each of them."""
        return [*self.trained, *(slot for slots in self.slots.values() for slot in slots)]

    def _named(self, experiment: Experiment, arrays: list[Any], others: Parameters | None = None) -> Parameters:
        mine = dict(zip(experiment.trainable, arrays, strict=True))
        return Parameters(*(mine.get(name, others and getattr(others, name)) for name in Parameters._fields))

    def _untrained(self, experiment: Experiment, length: int) -> Parameters:
        """What is not trained as the network has it now, and as it started where the network does not have it."""
        found: dict[str, Any] = dict.fromkeys(Parameters._fields)
        for name in found.keys() - set(experiment.trainable):
            variable = getattr(self.variables, name)
            number = getattr(experiment.initial, name) if variable is None else variable.numpy().item()
            found[name] = np.full(length, number, experiment.dtype)
        return Parameters(**found)

    def _loop(self, x: Any, y: Any) -> Any:
        """One pass over a block: the state before it as a column, then of each step what it recorded and its y_pred."""
        steps = tf.shape(x)[0]
        before = _column(variable.value for variable in self._state())

        def step(t: Any, columns: Any, predictions: Any) -> Any:
            with tf.GradientTape() as tape:
                y_pred = self.model(x[t][:, None], training=True)
                loss = self.loss(y[t][:, None], y_pred)
            gradient = tape.gradient(loss, [variable.value for variable in self.trained])
            self.optimizer.apply(gradient, self.trained)
            column = _column([loss, *gradient, *(variable.value for variable in self._state())])
            return t + 1, columns.write(t, column), predictions.write(t, y_pred)

        empty = tf.TensorArray(x.dtype, steps), tf.TensorArray(x.dtype, steps)
        _, columns, predictions = tf.while_loop(lambda t, *_: t < steps, step, (tf.constant(0), *empty))
        return before, columns.stack(), predictions.stack()


def _column(numbers: Iterable[Any]) -> Any:
    """Tensors of one number each, of any rank, as one of shape (numbers, 1)."""
    return tf.concat([n if n.shape.rank == 2 else tf.reshape(n, (1, 1)) for n in numbers], 0)
