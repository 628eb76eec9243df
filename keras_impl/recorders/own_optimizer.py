"""An optimizer of somebody's own, in the place of Keras'."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_impl.model import keras_settings
from reference import Optimizer

__all__ = ["OwnOptimizer"]


class OwnOptimizer:
    """Builds a user's optimizer anew for each network.

    Parameters
    ----------
    given : class or instance of keras.optimizers.Optimizer
        A class is constructed with the settings of the experiment's optimizer, an instance
        copied by way of its `get_config`.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If it is an instance whose learning rate is not a number.

    Examples
    --------
    >>> from reference import SGD
    >>> class Slower(keras.optimizers.SGD):
    ...     pass
    >>> own = OwnOptimizer(Slower)
    >>> own.name, float(own.build(SGD(learning_rate=0.5)).learning_rate)
    ('Slower', 0.5)
    """

    def __init__(self, given: Any) -> None:
        base = keras.optimizers.Optimizer
        self._rate: float | None = None
        if isinstance(given, type) and issubclass(given, base):
            self.name = given.__name__
            self._make: Callable[[dict[str, Any]], Any] = lambda settings: given(**settings)
        elif isinstance(given, base):
            kind, config = type(given), given.get_config()
            self.name = kind.__name__
            if not isinstance(config.get("learning_rate", 0.0), (int, float, np.number)):
                raise ValueError(f"the learning rate of {self.name} must be a number, as the experiment's is")
            self._rate = float(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(given.learning_rate)))
            self._make = lambda settings: kind.from_config(dict(config))
        else:
            found = given.__name__ if isinstance(given, type) else type(given).__name__
            raise TypeError(f"optimizer must be a class or an instance of keras.optimizers.Optimizer, got {found}")

    def build(self, optimizer: Optimizer) -> Any:
        """Build it with the settings of the experiment's optimizer, or as the instance that was given was built.

        Raises
        ------
        TypeError
            If it does not take these settings, in one line.
        ValueError
            If it scales the loss, which is not recorded.
        """
        try:
            built = self._make(keras_settings(optimizer) if self._rate is None else {})
        except (TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            kind = type(optimizer).__name__
            settings = f"the settings of {kind}" if self._rate is None else "its own get_config()"
            raise TypeError(f"{self.name} cannot be constructed with {settings}: {reason}") from None
        if isinstance(built, keras.optimizers.LossScaleOptimizer) or built.loss_scale_factor is not None:
            raise ValueError(f"{self.name} scales the loss, which is not recorded: leave loss_scale_factor at None")
        return built

    def require_rate(self, learning_rate: float) -> None:
        """Raise a ValueError if an instance was given that has another learning rate, in float32."""
        wanted = np.float32(learning_rate)
        if self._rate is not None and np.float32(self._rate) != wanted:
            mine = f"the learning rate of {self.name} is {np.float32(self._rate)!s}"
            raise ValueError(f"{mine}, but the experiment's is {wanted!s}: they must be the same")
