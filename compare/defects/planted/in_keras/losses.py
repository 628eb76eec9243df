"""Losses of Keras that are wrong in one thing, for the defects planted there.

Each function takes the original `call` of a loss and returns the one to put in its place,
or makes such a function from what is to change.
"""

from collections.abc import Callable
from typing import Any

from compare.defects.planted.in_keras.steps import keras_ops

__all__ = ["gradient_times", "loss_capped", "loss_or_zero", "loss_times"]

Make = Callable[[Any], Callable[..., Any]]


def loss_times(factor: Callable[[Any], Any]) -> Make:
    """The loss of each sample times a factor that depends on the number of samples."""

    def make(original: Any) -> Callable[..., Any]:
        def call(self: Any, y_true: Any, y_pred: Any) -> Any:
            n = keras_ops().cast(keras_ops().shape(y_pred)[0], y_pred.dtype)
            return original(self, y_true, y_pred) * factor(n)

        return call

    return make


def gradient_times(factor: float, dtype: str | None = None) -> Make:
    """The loss as it is, with a gradient that has a factor, in one dtype or any."""

    def make(original: Any) -> Callable[..., Any]:
        def call(self: Any, y_true: Any, y_pred: Any) -> Any:
            loss = original(self, y_true, y_pred)
            if dtype not in (None, y_pred.dtype.name):
                return loss
            extra = loss * (factor - 1)
            return loss + (extra - keras_ops().stop_gradient(extra))

        return call

    return make


def loss_or_zero(original: Any) -> Callable[..., Any]:
    """The loss of each sample, 0 where it is NaN."""

    def call(self: Any, y_true: Any, y_pred: Any) -> Any:
        loss, ops = original(self, y_true, y_pred), keras_ops()
        return ops.where(ops.isnan(loss), ops.zeros_like(loss), loss)

    return call


def loss_capped(original: Any) -> Callable[..., Any]:
    """The loss of each sample, a million at most, where its gradient ends."""
    return lambda self, y_true, y_pred: keras_ops().minimum(original(self, y_true, y_pred), 1e6)
