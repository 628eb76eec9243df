"""Defects that repair an infinity or NaN on one side, so that only the other one diverges."""

from collections.abc import Callable
from typing import Any

from compare.defects.defect import in_keras, in_source, of_kind
from compare.defects.planted.in_keras.losses import loss_capped, loss_or_zero
from compare.defects.planted.in_keras.steps import given, keras_ops

__all__ = ["DEFECTS"]

_TRAINING = "reference.training"
_STEP = "parameters, state = experiment.optimizer.step(parameters, gradient, state)"
_LOSS = "loss = mean_squared_error(at.y_pred, y)"
_SGD = "keras.optimizers:SGD.update_step"

_TO_ZERO = "pytorch/pytorch#46849: clip_grad_norm_ silently turns a gradient of infinite norm into zero"
_MASKED = "facebookresearch/fairchem#441: zero out NaNs, if any, in the loss"


def _gradient_or_zero(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    """Change for `given`: 0 where the gradient is not finite."""
    ops = keras_ops()
    return ops.where(ops.isfinite(gradient), gradient, ops.zeros_like(gradient)), learning_rate


def _step_or_none(original: Any) -> Callable[..., Any]:
    """Take the step, and back where it does not lead to a finite parameter."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        ops = keras_ops()
        before = ops.convert_to_tensor(variable) + 0
        original(self, gradient, variable, learning_rate)
        after = ops.convert_to_tensor(variable)
        variable.assign(ops.where(ops.isfinite(after), after, before))

    return update_step


DEFECTS = of_kind(
    "not finite",
    in_source(
        _TRAINING,
        "gradient-repaired",
        "diverging",
        "A derivative that is not finite becomes 0.",
        _TO_ZERO,
        (
            _STEP,
            "gradient = Parameters(*(g if g is None or np.isfinite(g) else 0 * np.float32(1) for g in gradient))\n"
            f"                {_STEP}",
        ),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "step-taken-back",
        "diverging",
        "A step to where a parameter is not finite is not taken.",
        "plausible slip: a guard against overflow left switched on",
        (
            _STEP,
            f"before = parameters, state\n                {_STEP}\n"
            "                if not all(np.isfinite(p) for p in parameters):\n"
            "                    parameters, state = before",
        ),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "loss-not-a-number-masked",
        "diverging",
        "A loss of NaN is recorded as 0.",
        _MASKED,
        (_LOSS, "loss = np.nan_to_num(mean_squared_error(at.y_pred, y), posinf=np.inf)"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "loss-overflow-capped",
        "diverging",
        "An infinite loss is recorded as the largest number.",
        "plausible slip: nan_to_num on what is plotted",
        (_LOSS, "loss = np.nan_to_num(mean_squared_error(at.y_pred, y), nan=np.nan)"),
        missed_first=True,
    ),
    in_keras(
        _SGD,
        "keras-gradient-repaired",
        "diverging",
        "A derivative that is not finite becomes 0.",
        _TO_ZERO,
        given(_gradient_or_zero),
        missed_first=True,
    ),
    in_keras(
        _SGD,
        "keras-step-taken-back",
        "diverging",
        "A step to where the parameter is not finite is not taken.",
        "plausible slip: a guard against overflow left switched on",
        _step_or_none,
        missed_first=True,
    ),
    in_keras(
        "keras.losses:MeanSquaredError.call",
        "keras-loss-not-a-number-masked",
        "diverging",
        "Squares that are NaN count as 0 in the loss.",
        _MASKED,
        loss_or_zero,
        missed_first=True,
    ),
    in_keras(
        "keras.losses:MeanSquaredError.call",
        "keras-loss-capped",
        "diverging",
        "Squares above a million count as a million, with no gradient.",
        "plausible slip: a limit for the plot applied to the loss",
        loss_capped,
    ),
)
