"""`model.fit` on an experiment's batches, with nothing recorded: what Keras' users do, on any of its backends."""

import keras
import numpy as np

from keras_impl.model import build_model, build_optimizer
from keras_impl.settings import floatx
from reference import Experiment, Parameters

__all__ = ["Fit"]


class Fit:
    """Trains an experiment from its start to its end, each time it is called, with one model that is compiled once.

    The first call traces the step, or compiles it.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.

    Examples
    --------
    >>> import keras_impl
    >>> from reference import draw_batches
    >>> experiment = Experiment(steps=3, batch_size=4)
    >>> fit = Fit(experiment)
    >>> fit(*draw_batches(experiment)) == fit(*draw_batches(experiment)) == keras_impl.train(experiment).end
    True
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        with floatx(experiment.dtype), keras.device("cpu"):
            self._model, self._variables = build_model(experiment)
            optimizer = build_optimizer(experiment.optimizer)
            optimizer.build(self._model.trainable_variables)
            self._model.compile(optimizer=optimizer, loss="mean_squared_error")
            self._at_first = [np.array(keras.ops.convert_to_numpy(v.value)) for v in optimizer.variables]

    def __call__(self, x: np.ndarray, y: np.ndarray) -> Parameters:
        """Take a step with each batch.

        Parameters
        ----------
        x, y : ndarray of shape (steps, batch_size)

        Returns
        -------
        Parameters of scalars
            After the last step.
        """
        experiment = self._experiment
        with floatx(experiment.dtype), keras.device("cpu"):
            for variable, value in zip(self._model.optimizer.variables, self._at_first, strict=True):
                variable.assign(value)
            for variable, value in zip(self._variables, experiment.initial, strict=True):
                if variable is not None:
                    variable.assign(np.full(variable.shape, value, experiment.dtype))
            self._model.fit(x.reshape(-1, 1), y.reshape(-1, 1), batch_size=x.shape[1], shuffle=False, verbose=0)
            ends = (
                start if variable is None else keras.ops.convert_to_numpy(variable.value).item()
                for variable, start in zip(self._variables, experiment.initial, strict=True)
            )
            return Parameters(*(np.dtype(experiment.dtype).type(end) for end in ends))
