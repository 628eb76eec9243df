"""Drive Keras one batch at a time, as its users do, with a learning rate that may change."""

from typing import Any

import keras
import numpy as np

from keras_impl.model import build_model, build_optimizer
from keras_impl.settings import floatx
from reference import Experiment, Parameters

__all__ = ["Stepwise"]


class Stepwise:
    """An experiment's network on `train_on_batch`, eagerly, with Keras' classes as they are now.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.

    Examples
    --------
    >>> from reference import SGD, Parameters
    >>> start = Parameters(w=-1.0)
    >>> keras = Stepwise(Experiment(initial=start, batch_size=2, dtype="float64"))
    >>> x = np.array([-1.0, 2.0])
    >>> parameters, slots = keras.step(x, np.maximum(x, 0), learning_rate=0.5)
    >>> float(parameters.w[0]), slots
    (-0.5, {})
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        with floatx(experiment.dtype):
            self.model, self.variables = build_model(experiment)
            self.optimizer = build_optimizer(experiment.optimizer)
            self.model.compile(optimizer=self.optimizer, loss="mean_squared_error", run_eagerly=True)
            self.optimizer.build(self.model.trainable_variables)
            for variable, value in zip(self.variables, experiment.initial, strict=True):
                if variable is not None:
                    variable.assign(np.full(variable.shape, value, experiment.dtype))

    def step(self, x: np.ndarray, y: np.ndarray, learning_rate: float) -> tuple[Parameters, dict[str, Parameters]]:
        """Train on one batch, arrays of shape (n,), and return the state after it."""
        with floatx(self.experiment.dtype):
            self.optimizer.learning_rate = learning_rate
            self.model.train_on_batch(x[:, None], y[:, None])
        return self.state()

    def state(self) -> tuple[Parameters, dict[str, Parameters]]:
        """Parameters, and slots of the trained ones, as arrays of shape (1,)."""
        parameters = Parameters(
            *(
                np.full(1, start if variable is None else self._number(variable), self.experiment.dtype)
                for variable, start in zip(self.variables, self.experiment.initial, strict=True)
            )
        )
        slots = {name: self._slot(name) for name in self.experiment.optimizer.slots}
        return parameters, slots

    def _slot(self, name: str) -> Parameters:
        values: dict[str, Any] = dict.fromkeys(Parameters._fields)
        for trained in self.experiment.trainable:
            wanted = f"{getattr(self.variables, trained).path.replace('/', '_')}_{name}"
            slot = next(slot for slot in self.optimizer.variables if slot.name == wanted)
            values[trained] = np.full(1, self._number(slot), self.experiment.dtype)
        return Parameters(**values)

    @staticmethod
    def _number(variable: keras.Variable) -> Any:
        return keras.ops.convert_to_numpy(variable.value).item()
