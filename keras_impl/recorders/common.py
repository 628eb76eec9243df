"""Record every step of an experiment on Keras: what is the same on each of its backends.

A backend adds how a block of batches is run (`Network.run`) and how a function is
evaluated and differentiated. It takes the steps as `model.fit` does there, bit for bit (the tests
show it), and writes down what `fit` never shows.
"""

import abc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np

from keras_impl.model import build_model, build_optimizer
from keras_impl.recorders.own_optimizer import OwnOptimizer
from keras_impl.settings import floatx
from keras_impl.single import probe_single
from keras_impl.subnormals import probe_subnormals
from reference import Experiment, Parameters
from reference.network import needs_bias, needs_output_layer
from reference.subject import Record, Subnormals, require_single
from reference.training import blocks

__all__ = ["Block", "CommonRecorder", "Network"]

Build = Callable[[Any], Any]


class Block(NamedTuple):
    """What a backend writes down of k steps, as numbers in the experiment's dtype.

    A state is the trained parameters, then each slot of each of them.

    Parameters
    ----------
    before : ndarray of shape (numbers in a state,)
    loss : ndarray of shape (k,)
    gradients : ndarray of shape (k, trained parameters)
    states : ndarray of shape (k, numbers in a state)
    y_pred : ndarray of shape (k, batch_size)
    """

    before: np.ndarray
    loss: np.ndarray
    gradients: np.ndarray
    states: np.ndarray
    y_pred: np.ndarray


class Network(abc.ABC):
    """Model, loss and optimizer of an experiment, and the loop over a block of batches.

    Parameters
    ----------
    experiment : Experiment
    mode : str
        One of the recorder's modes.
    own : callable, optional
        Builds the optimizer; by default it is Keras'.
    """

    def __init__(self, experiment: Experiment, mode: str, own: Build | None = None) -> None:
        self.model, self.variables = build_model(experiment)
        self.optimizer = (own or build_optimizer)(experiment.optimizer)
        self.loss = keras.losses.MeanSquaredError()
        self.trained = self.model.trainable_variables
        self.optimizer.build(self.trained)
        self.initial_state = [np.array(keras.ops.convert_to_numpy(v.value)) for v in self.optimizer.variables]
        self.slots = {}
        for name in experiment.optimizer.slots:
            slots = [self._slot(name, variable) for variable in self.trained]
            if all(slot is not None for slot in slots):
                self.slots[name] = slots
            elif own is None:
                raise LookupError(f"Keras' {type(experiment.optimizer).__name__} has no slot {name}")

    @abc.abstractmethod
    def run(self, x: np.ndarray, y: np.ndarray) -> Block:
        """Take a step with each batch, arrays of shape (k, batch_size)."""

    @property
    def state(self) -> list[Any]:
        """Variables that hold a state: the trained ones, then each slot of each of them."""
        return [*self.trained, *(slot for slots in self.slots.values() for slot in slots)]

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
        block = self.run(x, y)
        block = Block(*(array.astype(experiment.dtype, copy=False) for array in block))  # PyTorch's loss is a float32
        gradients, loss = np.ascontiguousarray(block.gradients.T), block.loss
        paths = np.ascontiguousarray(np.concatenate([block.before[None], block.states]).T)
        trained = len(self.trained)
        parameters = self._named(experiment, paths[:trained], self._untrained(experiment, len(x) + 1))
        slots = {
            name: self._named(experiment, paths[trained * (i + 1) : trained * (i + 2)])
            for i, name in enumerate(self.slots)
        }
        gradient = self._named(experiment, gradients)
        return Record(first_step, x, y, parameters, slots, block.y_pred, loss, gradient)

    def _slot(self, name: str, variable: Any) -> Any:
        """The optimizer's variable that is named after a parameter and a slot, if there is one."""
        wanted = f"{variable.path.replace('/', '_')}_{name}"
        return next((slot for slot in self.optimizer.variables if slot.name == wanted), None)

    def _named(self, experiment: Experiment, arrays: np.ndarray, others: Parameters | None = None) -> Parameters:
        mine = dict(zip(experiment.trainable, arrays, strict=True))
        return Parameters(*(mine.get(name, others and getattr(others, name)) for name in Parameters._fields))

    def _untrained(self, experiment: Experiment, length: int) -> Parameters:
        """What is not trained as the network has it now, and as it started where the network does not have it."""
        found: dict[str, Any] = dict.fromkeys(Parameters._fields)
        for name in found.keys() - set(experiment.trainable):
            variable = getattr(self.variables, name)
            start = getattr(experiment.initial, name)
            number = start if variable is None else keras.ops.convert_to_numpy(variable.value).item()
            found[name] = np.full(length, number, experiment.dtype)
        return Parameters(**found)


class CommonRecorder(abc.ABC):
    """Records experiments; those that differ in numbers only share one network and what is compiled of it.

    Shared are start, learning rate, batches and number of steps. What is traced or compiled
    holds what Keras' classes were then: use a new Recorder after patching them.

    Parameters
    ----------
    mode : str, optional
        How the backend runs the loop: one of the keys of `OPERATIONS`, by default the first.
    optimizer : class or instance of keras.optimizers.Optimizer, optional
        Takes the place of Keras' own, without which the experiment's is built. A class is
        constructed with the settings of the experiment's optimizer; of an instance each run gets a
        copy, by way of `get_config`, at the experiment's learning rate. Slots that it does not
        have under the experiment's names are left out of the Records.

    Attributes
    ----------
    name : str
        Keras and its backend with their versions, after the class of an optimizer of one's own.
    system, mode, operations, constants, argument : str
    takes_optimizer : bool
        See `reference.subject.Subject`.

    Raises
    ------
    ValueError
        If there is no such mode.
    TypeError
        If `optimizer` is neither a class nor an instance of Keras' optimizers.
    """

    OPERATIONS: ClassVar[Mapping[str, str]]  # by mode
    NETWORK: ClassVar[type[Network]]
    system, argument, constants, takes_optimizer = "keras", "", "direct", True

    def __init__(self, mode: str | None = None, *, optimizer: Any = None) -> None:
        modes = tuple(self.OPERATIONS)
        if mode is None:
            mode = modes[0]
        if mode not in modes:
            raise ValueError(f"mode must be {'one of ' * (len(modes) > 1)}{', '.join(modes)}, got {mode!r}")
        self._own = None if optimizer is None else OwnOptimizer(optimizer)
        self.mode = mode
        self.operations = self.OPERATIONS[mode]
        self.name = f"Keras {keras.__version__} on {self.framework()}"
        if self._own is not None:
            self.name, self.argument = f"{self._own.name} on {self.name}", f"subject={self._own.name}"
        self._networks: dict[Any, Network] = {}
        self._subnormals: dict[str, Subnormals] = {}
        self._in_single: dict[str, frozenset[str]] = {}

    @staticmethod
    @abc.abstractmethod
    def framework() -> str:
        """Name and version of what Keras runs on."""

    @abc.abstractmethod
    def evaluate(self, function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
        """Evaluate a function of tensors in this mode."""

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
        with floatx(experiment.dtype), keras.device("cpu"):
            if key not in self._networks:
                self._networks[key] = self.NETWORK(experiment, self.mode, self._own.build if self._own else None)
            network = self._networks[key]
            network.reset(experiment)
        first_step = 0
        for x, y in blocks(experiment, batches):
            with floatx(experiment.dtype), keras.device("cpu"):
                block = network.record(experiment, first_step, x, y)
            yield block
            first_step += len(x)

    def require_same_rate(self, experiment: Experiment) -> None:
        """Raise a ValueError if an instance was given as `optimizer` whose learning rate is not the experiment's.

        Both are compared in float32, in which Keras keeps the rate by default. Runs are made at the experiment's
        rate whatever the instance has, so this is to be asked once, of the experiment that a user means.
        """
        if self._own is not None:
            self._own.require_rate(experiment.optimizer.learning_rate)

    def at_kink(self, negative_slope: float, dtype: str) -> float:
        """The slope: not asked here of the backend, lest a wrong one pass for its nature; the tests ask."""
        return float(Experiment(negative_slope=negative_slope, dtype=dtype, constants=self.constants).slope)

    def refuses(self, dtype: str) -> str | None:
        """Why it cannot compute in this dtype; None, as it can."""
        return None

    def subnormals(self, dtype: str) -> Subnormals:
        """What becomes of subnormal numbers in this mode, asked once."""
        if dtype not in self._subnormals:
            self._subnormals[dtype] = probe_subnormals(dtype, self)
        return self._subnormals[dtype]

    def in_single(self, dtype: str) -> frozenset[str]:
        """Which of "y_pred", "loss" and "gradient" are computed in float32 although the dtype is float64, asked once.

        See `keras_impl.single.probe_single`.
        """
        if dtype not in self._in_single:
            self._in_single[dtype] = probe_single(dtype, type(self)(self.mode))
        return self._in_single[dtype]
