"""Record every step on JAX: `stateless_call` and `stateless_apply` in one compiled scan over the batches.

Bit for bit what `model.fit` computes there (the tests show it), a hundred times as fast.
JAX is imported when it is first needed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import keras
import numpy as np

from keras_impl.recorders.common import Block, CommonRecorder, Network
from reference import Experiment

__all__ = ["Recorder"]

State = tuple[list[Any], list[Any], list[Any]]  # trained and other variables of the model, those of the optimizer


class _Scan(Network):
    """The loop over a block of batches, compiled once for each number of them and each of their sizes."""

    def __init__(self, experiment: Experiment, mode: str, own: Callable[[Any], Any] | None = None) -> None:
        import jax

        super().__init__(experiment, mode, own)
        places = {id(variable): i for i, variable in enumerate(self.optimizer.variables)}
        self._slot_places = [places[id(slot)] for slots in self.slots.values() for slot in slots]
        self._run = jax.jit(self._loop)

    def run(self, x: np.ndarray, y: np.ndarray) -> Block:
        groups = self.trained, self.model.non_trainable_variables, self.optimizer.variables
        state = tuple([variable.value for variable in group] for group in groups)
        before = _row(self._state_of(state))  # type: ignore[arg-type]
        after, (loss, gradients, states, y_pred) = self._run(state, x[:, :, None], y[:, :, None])
        for group, values in zip(groups, after, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return Block(before, np.asarray(loss), _rows(gradients), _rows(states), np.reshape(np.asarray(y_pred), x.shape))

    def _state_of(self, state: State) -> list[Any]:
        trained, _, optimizer = state
        return [*trained, *(optimizer[place] for place in self._slot_places)]

    def _loss(self, trained: list[Any], others: list[Any], x: Any, y: Any) -> Any:
        y_pred, others = self.model.stateless_call(trained, others, x, training=True)
        return self.loss(y, y_pred), (y_pred, others)

    def _loop(self, state: State, x: Any, y: Any) -> Any:
        """One pass over a block: the state after it, and of each step what is recorded."""
        import jax

        with_gradient = jax.value_and_grad(self._loss, has_aux=True)

        def step(carry: tuple[State, Any], following: Any) -> Any:
            (trained, others, optimizer), batch = carry
            (loss, (y_pred, others)), gradient = with_gradient(trained, others, *batch)
            trained, optimizer = self.optimizer.stateless_apply(optimizer, gradient, trained)
            state = trained, others, optimizer
            return (state, following), (loss, gradient, self._state_of(state), y_pred)

        # A batch that is cut out of all of them within its own step is summed in another order than one that `fit`
        # hands over: XLA makes one kernel of both. So each is cut out in the step before.
        following = jax.numpy.roll(x, -1, 0), jax.numpy.roll(y, -1, 0)
        (after, _), recorded = jax.lax.scan(step, (state, (x[0], y[0])), following)
        return after, recorded


def _row(numbers: list[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(number) for number in numbers])


def _rows(columns: list[Any]) -> np.ndarray:
    return np.stack([np.ravel(column) for column in columns], axis=1)


class Recorder(CommonRecorder):
    """Records experiments on Keras with JAX; those that differ in numbers only share one compiled scan.

    Compiling takes some tenths of a second to three seconds, for each size of a block. An
    experiment in float64 is run with `jax.enable_x64` (see `keras_impl.settings.floatx`), and is
    nevertheless float32 in parts: ask `in_single`. For everything else see
    `keras_impl.recorders.common.CommonRecorder`.

    Examples
    --------
    >>> Recorder.constants, dict(Recorder.OPERATIONS)
    ('direct', {'xla': 'fused'})
    """

    OPERATIONS: ClassVar[Mapping[str, str]] = MappingProxyType({"xla": "fused"})
    NETWORK = _Scan

    def at_kink(self, negative_slope: float, dtype: str) -> float:
        """0 for ReLU, and 1 for any other slope, as JAX takes it: not asked here; the tests ask."""
        return 0.0 if negative_slope == 0 else 1.0

    @staticmethod
    def framework() -> str:
        import jax

        return f"JAX {jax.__version__}"

    def evaluate(self, function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
        import jax

        with keras.device("cpu"):
            return np.asarray(jax.jit(function)(*arrays))
