"""Defects as small as what rounding may do, in float32 or in large batches."""

from functools import partial
from typing import Any

from compare.defects.defect import MISSED_FIRST, Description, Key, Replacement, Substitution, defects
from compare.defects.planted.keras_methods import built_with, keras_ops, loss_times

__all__ = ["DEFECTS"]

in_neuron = partial(Substitution, "reference.neuron")
in_adam = partial(Substitution, "reference.optimizers.adam")
in_rmsprop = partial(Substitution, "reference.optimizers.rmsprop")

_UPSTREAM = "residual * 2 / x.shape[-1]"

_OFF_BY_ONE = "plausible slip: the length of a range that begins at 0 and ends at n"
_INEXACT = "tensorflow/tensorflow#3775: reduce_mean is off by 6e-5 where the array is large"
_SCHEDULE = "plausible slip: a decay schedule evaluated one step early"
_EPSILON = "balancap/SSD-Tensorflow#385: the default of epsilon is another than the optimizer's"


def _gradient_times(factor: float, dtype: str | None = None) -> Replacement:
    """Keras' loss as it is, with a gradient that has a factor, in one dtype or any."""

    def call(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
        loss = original(self, y_true, y_pred)
        if dtype not in (None, y_pred.dtype.name):
            return loss
        extra = loss * (factor - 1)
        return loss + (extra - keras_ops().stop_gradient(extra))

    return Replacement("keras.losses:MeanSquaredError.call", call)


def _over_n_plus_1(n: int) -> dict[Key, Description]:
    """The divisor n + 1 in batches of n, on either side."""
    return {
        (f"gradient-over-n-plus-1-of-{n}", f"batch-of-{n}", MISSED_FIRST): (
            f"The gradient is divided by n + 1, with n = {n}.",
            _OFF_BY_ONE,
            in_neuron(_UPSTREAM, "residual * 2 / (x.shape[-1] + 1)"),
        ),
        (f"keras-loss-over-n-plus-1-of-{n}", f"batch-of-{n}", MISSED_FIRST): (
            f"The loss is divided by n + 1, with n = {n}.",
            _OFF_BY_ONE,
            loss_times(lambda n: n / (n + 1)),
        ),
    }


DEFECTS = defects(
    "precision",
    {
        **_over_n_plus_1(3000),
        **_over_n_plus_1(50_000),
        ("gradient-off-by-1e-4", "batch-of-1000", MISSED_FIRST): (
            "The gradient is 0.01 % too large, in batches of 1000.",
            _INEXACT,
            in_neuron(_UPSTREAM, f"{_UPSTREAM} * 1.0001"),
        ),
        ("keras-gradient-off-by-1e-4", "batch-of-1000", MISSED_FIRST): (
            "The gradient is 0.01 % too large, in batches of 1000.",
            _INEXACT,
            _gradient_times(1.0001),
        ),
        ("gradient-off-in-float32", "batch-of-1000"): (
            "The gradient is 0.1 % too large, in float32 only.",
            "plausible slip: a constant of a path that only float32 takes",
            in_neuron(_UPSTREAM, f"{_UPSTREAM} * (1.001 if x.dtype.itemsize == 4 else 1)"),
        ),
        ("keras-gradient-off-in-float32", "batch-of-1000"): (
            "The gradient is 0.1 % too large, in float32 only.",
            "plausible slip: a constant of a path that only float32 takes",
            _gradient_times(1.001, "float32"),
        ),
        ("adam-rate-off-by-a-thousandth", "default-adam"): (
            "The learning rate of Adam is 0.1 % too large.",
            _SCHEDULE,
            in_adam("scalar(self.learning_rate)\n", "scalar(self.learning_rate * 1.001)\n"),
        ),
        ("keras-adam-rate-off-by-a-thousandth", "default-adam"): (
            "The learning rate of Adam is 0.1 % too large.",
            _SCHEDULE,
            Replacement(
                "keras.optimizers:Adam.update_step", lambda original, self, g, w, lr: original(self, g, w, lr * 1.001)
            ),
        ),
        ("adam-epsilon-half-off", "adam-from-far", MISSED_FIRST): (
            "Epsilon is half as large again, where gradients are of size 10.",
            _EPSILON,
            in_adam("(np.sqrt(v) + scalar(self.epsilon))", "(np.sqrt(v) + scalar(self.epsilon * 1.5))"),
        ),
        ("keras-adam-epsilon-half-off", "adam-from-far", MISSED_FIRST): (
            "Epsilon is half as large again, where gradients are of size 10.",
            _EPSILON,
            built_with("Adam", epsilon=1.5e-7),
        ),
        ("rmsprop-epsilon-half-off", "rmsprop-from-far", MISSED_FIRST): (
            "Epsilon is half as large again, where gradients are of size 10.",
            _EPSILON,
            in_rmsprop("            q = v + scalar(self.epsilon)", "            q = v + scalar(self.epsilon * 1.5)"),
        ),
        ("keras-rmsprop-epsilon-half-off", "rmsprop-from-far", MISSED_FIRST): (
            "Epsilon is half as large again, where gradients are of size 10.",
            _EPSILON,
            built_with("RMSprop", epsilon=1.5e-7),
        ),
    },
)
