"""Methods of Keras that are wrong in one thing, for the defects of several files."""

import pkgutil
from collections.abc import Callable
from typing import Any

from compare.defects.defect import Replacement

__all__ = ["built_with", "keras_ops", "loss_times", "sgd_from"]


def keras_ops() -> Any:
    """Keras' operations, imported when a step is first taken."""
    return pkgutil.resolve_name("keras:ops")


def sgd_from(change: Callable[[Any, Any, Any], Any]) -> Replacement:
    """SGD's step from another gradient: change(optimizer, gradient, variable)."""

    def update_step(original: Any, self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        original(self, change(self, gradient, variable), variable, learning_rate)

    return Replacement("keras.optimizers:SGD.update_step", update_step)


def built_with(optimizer: str, **settings: Any) -> Replacement:
    """The optimizer as built, then with other settings."""

    def build(original: Any, self: Any, variables: Any) -> None:
        original(self, variables)
        for name, value in settings.items():
            setattr(self, name, value)

    return Replacement(f"keras.optimizers:{optimizer}.build", build)


def loss_times(factor: Callable[[Any], Any]) -> Replacement:
    """The loss of each sample times a factor that depends on the number of samples."""

    def call(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
        n = keras_ops().cast(keras_ops().shape(y_pred)[0], y_pred.dtype)
        return original(self, y_true, y_pred) * factor(n)

    return Replacement("keras.losses:MeanSquaredError.call", call)
