"""Defects planted in Keras' layers, activation functions and loss."""

import pkgutil
from collections.abc import Callable
from typing import Any

from compare.defects.defect import MISSED_FIRST, Replacement, defects
from compare.defects.planted.keras_methods import keras_ops, loss_times

__all__ = ["DEFECTS"]

_RELU = "keras.layers:ReLU.call"
_LEAKY = "keras.layers:LeakyReLU.call"
_DENSE = "keras.layers:Dense.call"
_LOSS = "keras.losses:MeanSquaredError.call"


def _leaky(activation: Callable[[Any, Any], Any]) -> Replacement:
    """LeakyReLU as another function of (inputs, slope times inputs)."""

    def call(original: Any, self: Any, inputs: Any) -> Any:
        return activation(inputs, keras_ops().cast(self.negative_slope, inputs.dtype) * inputs)

    return Replacement(_LEAKY, call)


def _mask_from_activation(original: Any, x: Any, negative_slope: float) -> Any:
    ops = keras_ops()
    value = original(x, negative_slope)
    through = x * ops.where(ops.stop_gradient(value) > 0, 1.0, negative_slope)
    return ops.stop_gradient(value) + (through - ops.stop_gradient(through))


def _without_bias(original: Any, self: Any, inputs: Any, training: Any = None) -> Any:
    return inputs @ self.kernel + 0 * self.bias if self.use_bias else original(self, inputs)


def _in_float32(original: Any, self: Any, inputs: Any, training: Any = None) -> Any:
    return keras_ops().cast(keras_ops().cast(original(self, inputs), "float32"), inputs.dtype)


def _kernel_kept_nonnegative(original: Any, self: Any, input_shape: Any) -> None:
    original(self, input_shape)
    self.kernel.constraint = pkgutil.resolve_name("keras.constraints:NonNeg")()


def _labels_shifted(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
    return original(self, keras_ops().roll(y_true, 1, axis=0), y_pred)


def _residual_limited(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
    return original(self, y_true * 0, keras_ops().clip(y_pred - y_true, -1, 1))


DEFECTS = defects(
    "formula",
    {
        ("keras-relu-as-maximum", "relu", MISSED_FIRST): (
            "ReLU is maximum(x, 0), whose derivative at 0 is 1 on TensorFlow.",
            "jax-ml/jax#37821: maximum(x, 0) and relu differ in their gradient at 0",
            Replacement(_RELU, lambda original, self, inputs: keras_ops().maximum(inputs, 0)),
        ),
        ("keras-relu-capped-at-6", "relu"): (
            "ReLU is ReLU6: it stays at 6 from 6 on, where few samples are.",
            "plausible slip: the neighbour in the list of activations",
            Replacement(_RELU, lambda original, self, inputs: keras_ops().relu6(inputs)),
        ),
        ("keras-leaky-derivative-at-zero-1", "leaky", MISSED_FIRST): (
            "LeakyReLU counts 0 to the positive side.",
            "plausible slip: >= for >; the values are the same, the derivative at 0 is 1",
            _leaky(lambda x, scaled: keras_ops().where(x >= 0, x, scaled)),
        ),
        ("keras-leaky-slope-ignored", "leaky"): (
            "LeakyReLU always has the slope 0.2.",
            "Dobiasd/frugally-deep#446: negative_slope of leaky-relu 0.3 in one place, 0.2 in the other",
            Replacement(_LEAKY, lambda original, self, inputs: keras_ops().leaky_relu(inputs, 0.2)),
        ),
        ("keras-leaky-applied-twice", "leaky"): (
            "LeakyReLU is applied twice, which squares the slope.",
            "plausible slip: an activation in the layer before and a layer of its own",
            Replacement(_LEAKY, lambda original, self, inputs: original(self, original(self, inputs))),
        ),
        ("keras-leaky-wrong-side", "leaky"): (
            "LeakyReLU multiplies the positive side by the slope.",
            "plausible slip: the branches of a where swapped",
            _leaky(lambda x, scaled: keras_ops().where(x > 0, scaled, x)),
        ),
        ("keras-mask-from-activation", "negative"): (
            "leaky_relu decides by its output on which side of the kink it is.",
            "BVLC/caffe#2413: in-place ReLU with a negative slope backpropagates wrongly",
            Replacement("keras.activations:leaky_relu", _mask_from_activation),
        ),
        ("keras-dense-without-bias", "leaky"): (
            "Dense leaves its bias out.",
            "plausible slip: use_bias read at the wrong moment",
            Replacement(_DENSE, _without_bias),
        ),
        ("keras-dense-in-float32", "leaky", MISSED_FIRST): (
            "Dense rounds its result to float32, also in float64.",
            "plausible slip: a cast to the default float type left in",
            Replacement(_DENSE, _in_float32),
        ),
        ("keras-kernel-kept-nonnegative", "leaky", MISSED_FIRST): (
            "The kernel is silently constrained to be non-negative.",
            "plausible slip: a constraint copied along with a layer",
            Replacement("keras.layers:Dense.build", _kernel_kept_nonnegative),
        ),
        ("keras-loss-summed", "relu"): (
            "The loss is the sum over the batch, and so is its gradient.",
            "odlgroup/odl#1114: mean_squared_error computes the squared error without the mean",
            loss_times(lambda n: n),
        ),
        ("keras-loss-halved", "relu"): (
            "The loss carries the factor 1/2.",
            "d2l-ai/d2l-en#1987: the factor 1/2 of the squared loss in minibatch SGD",
            loss_times(lambda n: 0.5),
        ),
        ("keras-loss-over-n-minus-1", "relu"): (
            "The loss is divided by n - 1.",
            "plausible slip: the divisor of a sample variance",
            loss_times(lambda n: n / (n - 1)),
        ),
        ("keras-labels-shifted", "relu"): (
            "Each prediction is compared with the label of the sample before.",
            "JonasGeiping/invertinggradients#4: inputs and labels are indexed by different counters",
            Replacement(_LOSS, _labels_shifted),
        ),
        ("keras-residual-limited", "relu"): (
            "Residuals are clipped to [-1, 1].",
            "plausible slip: a guard against outliers left switched on",
            Replacement(_LOSS, _residual_limited),
        ),
    },
)
