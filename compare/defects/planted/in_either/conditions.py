"""Defects that act under a condition: late, at one size, for one sign, or in one mode."""

from typing import Any

from compare.defects.defect import in_keras, in_source, of_kind
from compare.defects.planted.in_keras.losses import loss_times
from compare.defects.planted.in_keras.steps import given, keras_ops

__all__ = ["DEFECTS"]

_BASE = "reference.optimizers.base"
_NEURON = "reference.neuron"
_RECORDER = "keras_impl.recorder"
_UPDATE = "self.update(w, g, state.iterations, mine)"
_UPSTREAM = "residual * 2 / x.shape[-1]"
_AGE = "t = np.add(iterations, 1, dtype=dtype_of(w))"
_SGD = "keras.optimizers:SGD.update_step"
_LOSS = "keras.losses:MeanSquaredError.call"
_BUILT = "self.optimizer = build_optimizer(experiment.optimizer)"

_UNASKED = "plausible slip: a schedule that takes effect where none was asked for"
_ONE_SIZE = "deeplearning4j/deeplearning4j#1452: gradients are divided by a wrong amount at batch size 1"
_SMALL = "openxla/xla#13054: the gradient is wrong for weights below a size, and only in large batches"
_COMPILED = "tensorflow/tensorflow#116258: gradients are off where jit_compile=True"
_SIGN = "plausible slip: one of two branches changed"

_LITTLE = 1e-3  # half of the long run is below it


def _late(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    return keras_ops().where(self.iterations > 1000, gradient * 1.01, gradient), learning_rate


def _positive(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    return keras_ops().where(gradient > 0, gradient * 1.001, gradient), learning_rate


def _small(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    ops = keras_ops()
    return ops.where(ops.abs(gradient) < _LITTLE, gradient * 1.01, gradient), learning_rate


def _for_negative_weights(original: Any) -> Any:
    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        off = keras_ops().where(keras_ops().convert_to_tensor(variable) < 0, gradient * 1.001, gradient)
        original(self, off, variable, learning_rate)

    return update_step


DEFECTS = of_kind(
    "condition",
    in_source(
        _BASE,
        "late-gradient-larger",
        "long",
        "After a thousand steps the gradient is 1 % too large.",
        _UNASKED,
        (_UPDATE, _UPDATE.replace("g,", "np.where(state.iterations > 1000, g * 1.01, g),")),
    ),
    in_keras(
        _SGD,
        "keras-late-gradient-larger",
        "long",
        "After a thousand steps the gradient is 1 % too large.",
        _UNASKED,
        given(_late),
    ),
    in_source(
        "reference.optimizers.adam",
        "late-adam-count-stops",
        "long-adam",
        "The bias correction of Adam stops at step 1000.",
        "plausible slip: powers kept in a table that ends",
        (_AGE, f"{_AGE}\n        t = np.where(t > 1000, 0 * t + 1000, t)"),
    ),
    in_source(
        _NEURON,
        "gradient-off-in-batches-of-1000",
        "batch-of-1000",
        "The gradient is 0.1 % too large in batches of 1000, and in no other.",
        _ONE_SIZE,
        (_UPSTREAM, f"{_UPSTREAM} * (1.001 if x.shape[-1] == 1000 else 1)"),
    ),
    in_keras(
        _LOSS,
        "keras-loss-off-in-batches-of-1000",
        "batch-of-1000",
        "The loss is 0.1 % too large in batches of 1000, and in no other.",
        _ONE_SIZE,
        loss_times(lambda n: keras_ops().where(n == 1000, 1.001, 1.0)),
    ),
    in_source(
        _BASE,
        "positive-gradients-larger",
        "crossing",
        "Derivatives above 0 are 0.1 % too large.",
        _SIGN,
        (_UPDATE, _UPDATE.replace("g,", "np.where(g > 0, g * 1.001, g),")),
    ),
    in_keras(
        _SGD,
        "keras-positive-gradients-larger",
        "crossing",
        "Derivatives above 0 are 0.1 % too large.",
        _SIGN,
        given(_positive),
    ),
    in_source(
        _BASE,
        "positive-weights-faster",
        "crossing",
        "Derivatives by parameters above 0 are 0.1 % too large.",
        _SIGN,
        (_UPDATE, _UPDATE.replace("g,", "np.where(w > 0, g * 1.001, g),")),
    ),
    in_keras(
        _SGD,
        "keras-negative-weights-faster",
        "batch-of-1000",
        "Derivatives by parameters below 0 are 0.1 % too large.",
        _SIGN,
        _for_negative_weights,
    ),
    in_source(
        _BASE,
        "small-gradients-larger",
        "long",
        "Derivatives below a thousandth are 1 % too large.",
        _SMALL,
        (_UPDATE, _UPDATE.replace("g,", "np.where(np.absolute(g) > 1e-3, g, g * 1.01),")),
    ),
    in_keras(
        _SGD,
        "keras-small-gradients-larger",
        "long",
        "Derivatives below a thousandth are 1 % too large.",
        _SMALL,
        given(_small),
    ),
    in_source(
        _RECORDER,
        "keras-compiled-momentum-smaller",
        "compiled",
        "Compiled by XLA, momentum is 0.1 % smaller.",
        "plausible slip: a constant folded into the compiled kernel",
        (_BUILT, f'{_BUILT}\n        self.optimizer.momentum *= 0.999 if mode == "xla" else 1'),
    ),
    in_source(
        _RECORDER,
        "keras-compiled-loss-summed",
        "compiled",
        "Compiled by XLA, the loss is the sum over the batch, and so is its gradient.",
        _COMPILED,
        (
            "self.loss = keras.losses.MeanSquaredError()",
            'self.loss = keras.losses.MeanSquaredError("sum" if mode == "xla" else "sum_over_batch_size")',
        ),
    ),
)
