"""Defects of PyTorch's layers, activations and loss, in the functions that these call."""

import pkgutil
from typing import Any

from compare.defects.defect import Defect, Replacement, defects

__all__ = ["DEFECTS"]

_LEAKY = "torch.nn.functional:leaky_relu"
_RELU = "torch.nn.functional:relu"
_LINEAR = "torch.nn.functional:linear"
_MSE = "torch.nn.functional:mse_loss"


def _torch() -> Any:
    """PyTorch, imported when a step is first taken."""
    return pkgutil.resolve_name("torch")


def _default_slope(original: Any, z: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return original(z)


def _sign_of_the_output(original: Any, z: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    kept = original(z.detach(), negative_slope)
    derivative = _torch().where(kept > 0, 1.0, negative_slope).to(z.dtype)
    return kept + derivative * (z - z.detach())


def _maximum(original: Any, z: Any, inplace: bool = False) -> Any:
    return _torch().maximum(z, _torch().zeros_like(z))


def _every_pair(original: Any, y_pred: Any, y: Any, **options: Any) -> Any:
    return original(*_torch().broadcast_tensors(y_pred, y[:, 0]), **options)


def _summed(original: Any, y_pred: Any, y: Any, **options: Any) -> Any:
    return original(y_pred, y, reduction="sum")


def _single_loss(original: Any, y_pred: Any, y: Any, **options: Any) -> Any:
    return original(y_pred.float(), y.float(), **options).to(y.dtype)


def _masked_loss(original: Any, y_pred: Any, y: Any, **options: Any) -> Any:
    loss = original(y_pred, y, **options)
    return _torch().where(_torch().isfinite(loss), loss, _torch().zeros_like(loss))


def _brain_floats(original: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    low = [tensor if tensor is None else tensor.bfloat16() for tensor in (x, weight, bias)]
    return original(*low).to(x.dtype)


def _large_outputs_saturate(original: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    return original(x, weight, bias).clamp(max=6.0)


DEFECTS: tuple[Defect, ...] = (
    *defects(
        "formula",
        {
            ("torch-slope-by-default", "torch-output"): (
                "The slope handed to the leaky layer is lost, and PyTorch's default of 0.01 taken.",
                "PantoMatrix/PantoMatrix#52: the argument given to LeakyReLU is not the one that was meant",
                Replacement(_LEAKY, _default_slope),
            ),
            ("torch-mask-from-output", "torch-negative"): (
                "The derivative of the activation follows the sign of its output, also for a negative slope.",
                "pytorch/pytorch#31938: the gradient of leaky_relu_ is wrong for negative slopes",
                Replacement(_LEAKY, _sign_of_the_output),
            ),
            ("torch-relu-as-maximum", "torch-relu"): (
                "ReLU is the maximum with 0, whose derivative at 0 is 1/2.",
                "plausible slip: a tie shared out between both operands",
                Replacement(_RELU, _maximum),
            ),
            ("torch-loss-of-every-pair", "torch-relu"): (
                "The loss is the mean over every pair of a prediction and a label.",
                "pytorch/pytorch#16045: shapes [n, 1] and [n] are broadcast in a loss without an error",
                Replacement(_MSE, _every_pair),
            ),
            ("torch-loss-summed", "torch-relu"): (
                "The loss is the sum over the batch, and so is its gradient.",
                "plausible slip: reduction='sum'",
                Replacement(_MSE, _summed),
            ),
        },
    ),
    *defects(
        "not finite",
        {
            ("torch-infinite-loss-masked", "torch-diverging"): (
                "A loss that is not finite is replaced by 0, and its gradient with it.",
                "facebookresearch/mmf#1073: an option to skip the update where the loss is not a number",
                Replacement(_MSE, _masked_loss),
            ),
        },
    ),
    *defects(
        "precision",
        {
            ("torch-forward-in-bfloat16", "torch-output"): (
                "Layers multiply in bfloat16.",
                "pytorch/pytorch#120376: the whole training loop inside of autocast",
                Replacement(_LINEAR, _brain_floats),
            ),
            ("torch-loss-in-float32", "torch-relu"): (
                "The loss is taken in float32, also of float64.",
                "plausible slip: labels cast where they are read",
                Replacement(_MSE, _single_loss),
            ),
        },
    ),
    *defects(
        "condition",
        {
            ("torch-outputs-capped-at-6", "torch-relu"): (
                "What a layer returns is at most 6.",
                "plausible slip: ReLU6 in place of ReLU",
                Replacement(_LINEAR, _large_outputs_saturate),
            ),
        },
    ),
)
