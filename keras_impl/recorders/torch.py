"""Record every step on PyTorch: one operation after the other, as Keras' trainer runs them there.

Bit for bit what `model.fit` computes (the tests show it), at about its speed: milliseconds
a step. PyTorch is imported when it is first needed.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import keras
import numpy as np

from keras_impl.recorders.common import Block, CommonRecorder, Network

__all__ = ["Recorder"]


class _Loop(Network):
    """The loop over a block of batches, in Python."""

    def run(self, x: np.ndarray, y: np.ndarray) -> Block:
        import torch

        before = _row(variable.value for variable in self.state)
        losses, gradients, states, predictions = [], [], [], []
        for inputs, labels in zip(torch.tensor(x[:, :, None]), torch.tensor(y[:, :, None]), strict=True):
            y_pred = self.model(inputs, training=True)
            self.model.zero_grad()
            loss = self.loss(labels, y_pred)
            loss.backward()
            gradient = [variable.value.grad for variable in self.trained]
            losses.append(_row([loss]))
            gradients.append(_row(gradient))
            predictions.append(_row([y_pred]))
            with torch.no_grad():
                self.optimizer.apply(gradient, self.trained)
            states.append(_row(variable.value for variable in self.state))
        return Block(before, np.concatenate(losses), *(np.stack(rows) for rows in (gradients, states, predictions)))


def _row(tensors: Iterable[Any]) -> np.ndarray:
    """All numbers of some tensors, copied."""
    return np.concatenate([tensor.detach().numpy().ravel() for tensor in tensors])


class Recorder(CommonRecorder):
    """Records experiments on Keras with PyTorch, eagerly; those that differ in numbers only share one network.

    In float64 much is nevertheless computed in float32: ask `in_single`. For everything
    else see `keras_impl.recorders.common.CommonRecorder`.

    Examples
    --------
    >>> Recorder.constants, dict(Recorder.OPERATIONS)
    ('direct', {'eager': 'contracted'})
    """

    OPERATIONS: ClassVar[Mapping[str, str]] = MappingProxyType({"eager": "contracted"})
    NETWORK = _Loop

    @staticmethod
    def framework() -> str:
        import torch

        return f"PyTorch {torch.__version__.partition('+')[0]}"

    def evaluate(self, function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
        import torch

        with keras.device("cpu"):
            return np.array(function(*(torch.tensor(array) for array in arrays)).detach().numpy())
