"""Defects that repair an infinity or NaN on one side, so that only the other one diverges."""

from functools import partial
from typing import Any

from compare.defects.defect import MISSED_FIRST, Replacement, Substitution, defects
from compare.defects.planted.keras_methods import keras_ops, sgd_from

__all__ = ["DEFECTS"]

in_training = partial(Substitution, "reference.training")

_STEP = "parameters, state = experiment.optimizer.step(parameters, gradient, state)"
_LOSS = "loss = mean_squared_error(at.y_pred, y)"
_KERAS_LOSS = "keras.losses:MeanSquaredError.call"

_TO_ZERO = "pytorch/pytorch#46849: clip_grad_norm_ silently turns a gradient of infinite norm into zero"
_MASKED = "facebookresearch/fairchem#441: zero out NaNs, if any, in the loss"


def _step_or_none(original: Any, self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    """Take the step, and back where it does not lead to a finite parameter."""
    ops = keras_ops()
    before = ops.convert_to_tensor(variable) + 0
    original(self, gradient, variable, learning_rate)
    after = ops.convert_to_tensor(variable)
    variable.assign(ops.where(ops.isfinite(after), after, before))


def _loss_or_zero(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
    loss, ops = original(self, y_true, y_pred), keras_ops()
    return ops.where(ops.isnan(loss), ops.zeros_like(loss), loss)


def _loss_capped(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
    return keras_ops().minimum(original(self, y_true, y_pred), 1e6)


DEFECTS = defects(
    "not finite",
    {
        ("gradient-repaired", "diverging", MISSED_FIRST): (
            "A derivative that is not finite becomes 0.",
            _TO_ZERO,
            in_training(
                _STEP,
                "gradient = Parameters(*(g if g is None or np.isfinite(g) else 0 * np.float32(1) for g in gradient))\n"
                f"                {_STEP}",
            ),
        ),
        ("step-taken-back", "diverging", MISSED_FIRST): (
            "A step to where a parameter is not finite is not taken.",
            "plausible slip: a guard against overflow left switched on",
            in_training(
                _STEP,
                f"before = parameters, state\n                {_STEP}\n"
                "                if not all(np.isfinite(p) for p in parameters):\n"
                "                    parameters, state = before",
            ),
        ),
        ("loss-not-a-number-masked", "diverging", MISSED_FIRST): (
            "A loss of NaN is recorded as 0.",
            _MASKED,
            in_training(_LOSS, "loss = np.nan_to_num(mean_squared_error(at.y_pred, y), posinf=np.inf)"),
        ),
        ("loss-overflow-capped", "diverging", MISSED_FIRST): (
            "An infinite loss is recorded as the largest number.",
            "plausible slip: nan_to_num on what is plotted",
            in_training(_LOSS, "loss = np.nan_to_num(mean_squared_error(at.y_pred, y), nan=np.nan)"),
        ),
        ("keras-gradient-repaired", "diverging", MISSED_FIRST): (
            "A derivative that is not finite becomes 0.",
            _TO_ZERO,
            sgd_from(lambda sgd, g, w: keras_ops().where(keras_ops().isfinite(g), g, keras_ops().zeros_like(g))),
        ),
        ("keras-step-taken-back", "diverging", MISSED_FIRST): (
            "A step to where the parameter is not finite is not taken.",
            "plausible slip: a guard against overflow left switched on",
            Replacement("keras.optimizers:SGD.update_step", _step_or_none),
        ),
        ("keras-loss-not-a-number-masked", "diverging", MISSED_FIRST): (
            "Squares that are NaN count as 0 in the loss.",
            _MASKED,
            Replacement(_KERAS_LOSS, _loss_or_zero),
        ),
        ("keras-loss-capped", "diverging"): (
            "Squares above a million count as a million, with no gradient.",
            "plausible slip: a limit for the plot applied to the loss",
            Replacement(_KERAS_LOSS, _loss_capped),
        ),
    },
)
