"""Defects as small as what rounding may do, in float32 or in large batches."""

from compare.defects.defect import Defect, in_keras, in_source, of_kind
from compare.defects.planted.in_keras.losses import gradient_times, loss_times
from compare.defects.planted.in_keras.steps import built_with, given

__all__ = ["DEFECTS"]

_NEURON = "reference.neuron"
_ADAM = "reference.optimizers.adam"
_RMSPROP = "reference.optimizers.rmsprop"
_UPSTREAM = "residual * 2 / x.shape[-1]"
_LOSS = "keras.losses:MeanSquaredError.call"

_OFF_BY_ONE = "plausible slip: the length of a range that begins at 0 and ends at n"
_INEXACT = "tensorflow/tensorflow#3775: reduce_mean is off by 6e-5 where the array is large"
_SCHEDULE = "plausible slip: a decay schedule evaluated one step early"
_EPSILON = "balancap/SSD-Tensorflow#385: the default of epsilon is another than the optimizer's"


def _over_n_plus_1(n: int) -> tuple[Defect, Defect]:
    """The divisor n + 1 in batches of n, on either side."""
    says = f"The gradient is divided by n + 1, with n = {n}."
    return (
        in_source(
            _NEURON,
            f"gradient-over-n-plus-1-of-{n}",
            f"batch-of-{n}",
            says,
            _OFF_BY_ONE,
            (_UPSTREAM, "residual * 2 / (x.shape[-1] + 1)"),
            missed_first=True,
        ),
        in_keras(
            _LOSS,
            f"keras-loss-over-n-plus-1-of-{n}",
            f"batch-of-{n}",
            says.replace("gradient", "loss"),
            _OFF_BY_ONE,
            loss_times(lambda n: n / (n + 1)),
            missed_first=True,
        ),
    )


DEFECTS = of_kind(
    "precision",
    *_over_n_plus_1(3000),
    *_over_n_plus_1(50_000),
    in_source(
        _NEURON,
        "gradient-off-by-1e-4",
        "batch-of-1000",
        "The gradient is 0.01 % too large, in batches of 1000.",
        _INEXACT,
        (_UPSTREAM, f"{_UPSTREAM} * 1.0001"),
        missed_first=True,
    ),
    in_keras(
        _LOSS,
        "keras-gradient-off-by-1e-4",
        "batch-of-1000",
        "The gradient is 0.01 % too large, in batches of 1000.",
        _INEXACT,
        gradient_times(1.0001),
        missed_first=True,
    ),
    in_source(
        _NEURON,
        "gradient-off-in-float32",
        "batch-of-1000",
        "The gradient is 0.1 % too large, in float32 only.",
        "plausible slip: a constant of a path that only float32 takes",
        (_UPSTREAM, f"{_UPSTREAM} * (1.001 if x.dtype.itemsize == 4 else 1)"),
    ),
    in_keras(
        _LOSS,
        "keras-gradient-off-in-float32",
        "batch-of-1000",
        "The gradient is 0.1 % too large, in float32 only.",
        "plausible slip: a constant of a path that only float32 takes",
        gradient_times(1.001, "float32"),
    ),
    in_source(
        _ADAM,
        "adam-rate-off-by-a-thousandth",
        "default-adam",
        "The learning rate of Adam is 0.1 % too large.",
        _SCHEDULE,
        ("scalar(self.learning_rate)\n", "scalar(self.learning_rate * 1.001)\n"),
    ),
    in_keras(
        "keras.optimizers:Adam.update_step",
        "keras-adam-rate-off-by-a-thousandth",
        "default-adam",
        "The learning rate of Adam is 0.1 % too large.",
        _SCHEDULE,
        given(lambda self, gradient, learning_rate: (gradient, learning_rate * 1.001)),
    ),
    in_source(
        _ADAM,
        "adam-epsilon-half-off",
        "adam-from-far",
        "Epsilon is half as large again, where gradients are of size 10.",
        _EPSILON,
        ("(np.sqrt(v) + scalar(self.epsilon))", "(np.sqrt(v) + scalar(self.epsilon * 1.5))"),
        missed_first=True,
    ),
    in_keras(
        "keras.optimizers:Adam.build",
        "keras-adam-epsilon-half-off",
        "adam-from-far",
        "Epsilon is half as large again, where gradients are of size 10.",
        _EPSILON,
        built_with(epsilon=1.5e-7),
        missed_first=True,
    ),
    in_source(
        _RMSPROP,
        "rmsprop-epsilon-half-off",
        "rmsprop-from-far",
        "Epsilon is half as large again, where gradients are of size 10.",
        _EPSILON,
        ("            q = v + scalar(self.epsilon)", "            q = v + scalar(self.epsilon * 1.5)"),
        missed_first=True,
    ),
    in_keras(
        "keras.optimizers:RMSprop.build",
        "keras-rmsprop-epsilon-half-off",
        "rmsprop-from-far",
        "Epsilon is half as large again, where gradients are of size 10.",
        _EPSILON,
        built_with(epsilon=1.5e-7),
        missed_first=True,
    ),
)
