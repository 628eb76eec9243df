"""Defects planted in Keras' layers, activation functions and loss."""

import pkgutil
from collections.abc import Callable
from typing import Any

from compare.defects.defect import in_keras
from compare.defects.planted.in_keras.losses import loss_times
from compare.defects.planted.in_keras.steps import keras_ops

__all__ = ["DEFECTS"]

Make = Callable[[Any], Callable[..., Any]]

_RELU = "keras.layers:ReLU.call"
_LEAKY = "keras.layers:LeakyReLU.call"
_DENSE = "keras.layers:Dense.call"
_LOSS = "keras.losses:MeanSquaredError.call"


def _relu_as_maximum(original: Any) -> Callable[..., Any]:
    return lambda self, inputs: keras_ops().maximum(inputs, 0)


def _relu_capped(original: Any) -> Callable[..., Any]:
    return lambda self, inputs: keras_ops().relu6(inputs)


def _leaky(activation: Callable[..., Any]) -> Make:
    """LeakyReLU with another function of (inputs, slope)."""
    return lambda original: lambda self, inputs: activation(inputs, self.negative_slope)


def _leaky_at_zero(x: Any, slope: Any) -> Any:
    return keras_ops().where(x >= 0, x, keras_ops().cast(slope, x.dtype) * x)


def _leaky_wrong_side(x: Any, slope: Any) -> Any:
    return keras_ops().where(x > 0, keras_ops().cast(slope, x.dtype) * x, x)


def _leaky_twice(original: Any) -> Callable[..., Any]:
    return lambda self, inputs: original(self, original(self, inputs))


def _slope_ignored(original: Any) -> Callable[..., Any]:
    return lambda self, inputs: keras_ops().leaky_relu(inputs, 0.2)


def _mask_from_activation(original: Any) -> Callable[..., Any]:
    def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
        ops = keras_ops()
        value = original(x, negative_slope)
        through = x * ops.where(ops.stop_gradient(value) > 0, 1.0, negative_slope)
        return ops.stop_gradient(value) + (through - ops.stop_gradient(through))

    return leaky_relu


def _without_bias(original: Any) -> Callable[..., Any]:
    def call(self: Any, inputs: Any) -> Any:
        return inputs @ self.kernel + 0 * self.bias if self.use_bias else original(self, inputs)

    return call


def _in_float32(original: Any) -> Callable[..., Any]:
    def call(self: Any, inputs: Any) -> Any:
        return keras_ops().cast(keras_ops().cast(original(self, inputs), "float32"), inputs.dtype)

    return call


def _kernel_kept_nonnegative(original: Any) -> Callable[..., Any]:
    def build(self: Any, input_shape: Any) -> None:
        original(self, input_shape)
        self.kernel.constraint = pkgutil.resolve_name("keras.constraints:NonNeg")()

    return build


def _labels_shifted(original: Any) -> Callable[..., Any]:
    return lambda self, y_true, y_pred: original(self, keras_ops().roll(y_true, 1, axis=0), y_pred)


def _residual_limited(original: Any) -> Callable[..., Any]:
    def call(self: Any, y_true: Any, y_pred: Any) -> Any:
        return original(self, y_true * 0, keras_ops().clip(y_pred - y_true, -1, 1))

    return call


DEFECTS = (
    in_keras(
        _RELU,
        "keras-relu-as-maximum",
        "relu",
        "ReLU is maximum(x, 0), whose derivative at 0 is 1 on TensorFlow.",
        "jax-ml/jax#37821: maximum(x, 0) and relu differ in their gradient at 0",
        _relu_as_maximum,
        missed_first=True,
    ),
    in_keras(
        _RELU,
        "keras-relu-capped-at-6",
        "relu",
        "ReLU is ReLU6: it stays at 6 from 6 on, where few samples are.",
        "plausible slip: the neighbour in the list of activations",
        _relu_capped,
    ),
    in_keras(
        _LEAKY,
        "keras-leaky-derivative-at-zero-1",
        "leaky",
        "LeakyReLU counts 0 to the positive side.",
        "plausible slip: >= for >; the values are the same, the derivative at 0 is 1",
        _leaky(_leaky_at_zero),
        missed_first=True,
    ),
    in_keras(
        _LEAKY,
        "keras-leaky-slope-ignored",
        "leaky",
        "LeakyReLU always has the slope 0.2.",
        "Dobiasd/frugally-deep#446: negative_slope of leaky-relu 0.3 in one place, 0.2 in the other",
        _slope_ignored,
    ),
    in_keras(
        _LEAKY,
        "keras-leaky-applied-twice",
        "leaky",
        "LeakyReLU is applied twice, which squares the slope.",
        "plausible slip: an activation in the layer before and a layer of its own",
        _leaky_twice,
    ),
    in_keras(
        _LEAKY,
        "keras-leaky-wrong-side",
        "leaky",
        "LeakyReLU multiplies the positive side by the slope.",
        "plausible slip: the branches of a where swapped",
        _leaky(_leaky_wrong_side),
    ),
    in_keras(
        "keras.activations:leaky_relu",
        "keras-mask-from-activation",
        "negative",
        "leaky_relu decides by its output on which side of the kink it is.",
        "BVLC/caffe#2413: in-place ReLU with a negative slope backpropagates wrongly",
        _mask_from_activation,
    ),
    in_keras(
        _DENSE,
        "keras-dense-without-bias",
        "leaky",
        "Dense leaves its bias out.",
        "plausible slip: use_bias read at the wrong moment",
        _without_bias,
    ),
    in_keras(
        _DENSE,
        "keras-dense-in-float32",
        "leaky",
        "Dense rounds its result to float32, also in float64.",
        "plausible slip: a cast to the default float type left in",
        _in_float32,
        missed_first=True,
    ),
    in_keras(
        "keras.layers:Dense.build",
        "keras-kernel-kept-nonnegative",
        "leaky",
        "The kernel is silently constrained to be non-negative.",
        "plausible slip: a constraint copied along with a layer",
        _kernel_kept_nonnegative,
        missed_first=True,
    ),
    in_keras(
        _LOSS,
        "keras-loss-summed",
        "relu",
        "The loss is the sum over the batch, and so is its gradient.",
        "odlgroup/odl#1114: mean_squared_error computes the squared error without the mean",
        loss_times(lambda n: n),
    ),
    in_keras(
        _LOSS,
        "keras-loss-halved",
        "relu",
        "The loss carries the factor 1/2.",
        "d2l-ai/d2l-en#1987: the factor 1/2 of the squared loss in minibatch SGD",
        loss_times(lambda n: 0.5),
    ),
    in_keras(
        _LOSS,
        "keras-loss-over-n-minus-1",
        "relu",
        "The loss is divided by n - 1.",
        "plausible slip: the divisor of a sample variance",
        loss_times(lambda n: n / (n - 1)),
    ),
    in_keras(
        _LOSS,
        "keras-labels-shifted",
        "relu",
        "Each prediction is compared with the label of the sample before.",
        "JonasGeiping/invertinggradients#4: inputs and labels are indexed by different counters",
        _labels_shifted,
    ),
    in_keras(
        _LOSS,
        "keras-residual-limited",
        "relu",
        "Residuals are clipped to [-1, 1].",
        "plausible slip: a guard against outliers left switched on",
        _residual_limited,
    ),
)
