"""Defects of PyTorch's optimizers, in the functions that update one tensor after the other."""

import math
import pkgutil
from collections.abc import Callable
from typing import Any

from compare.defects.defect import Defect, Replacement, defects

__all__ = ["DEFECTS"]

_SGD = "torch.optim.sgd:_single_tensor_sgd"
_ADAM = "torch.optim.adam:_single_tensor_adam"
_RMSPROP = "torch.optim.rmsprop:_single_tensor_rmsprop"


def _torch() -> Any:
    """PyTorch, imported when a step is first taken."""
    return pkgutil.resolve_name("torch")


def _with(where: str, **changed: Callable[[Any], Any]) -> Replacement:
    """An update with other settings, each a function of what it was."""

    def update(original: Any, *tensors: Any, **settings: Any) -> None:
        original(*tensors, **settings | {name: change(settings[name]) for name, change in changed.items()})

    return Replacement(where, update)


def _first_gradient_dampened(original: Any, params: Any, grads: Any, buffers: Any, *more: Any, **settings: Any) -> None:
    for i, parameter in enumerate(params):
        if buffers and buffers[i] is None:
            buffers[i] = _torch().zeros_like(parameter)
    original(params, grads, buffers, *more, **settings)


def _buffer_made_anew(original: Any, params: Any, grads: Any, buffers: Any, *more: Any, **settings: Any) -> None:
    buffers[:] = [None] * len(buffers)
    original(params, grads, buffers, *more, **settings)


def _only_where_finite(original: Any, params: Any, grads: Any, *more: Any, **settings: Any) -> None:
    if all(bool(_torch().isfinite(g).all()) for g in grads):
        original(params, grads, *more, **settings)


def _gradients_a_bit_larger(original: Any, params: Any, grads: Any, *more: Any, **settings: Any) -> None:
    original(params, [g * (1 + 1e-6) for g in grads], *more, **settings)


def _large_gradients_clipped(original: Any, params: Any, grads: Any, *more: Any, **settings: Any) -> None:
    original(params, [g.clamp(-1.0, 1.0) for g in grads], *more, **settings)


def _epsilon_uncorrected(original: Any, *tensors: Any, beta2: float, eps: float, **settings: Any) -> None:
    steps = tensors[5]
    scaled = eps / math.sqrt(1 - beta2 ** (float(steps[0]) + 1))
    original(*tensors, beta2=beta2, eps=scaled, **settings)


def _corrected_in_place(original: Any, *tensors: Any, beta1: float, **settings: Any) -> None:
    original(*tensors, beta1=beta1, **settings)
    for m, step in zip(tensors[2], tensors[5], strict=True):
        m.div_(1 - beta1 ** float(step))


def _counter_saturates(original: Any, *tensors: Any, **settings: Any) -> None:
    for step in tensors[5]:
        step.clamp_(max=255)  # 256 + 1 is 256 in bfloat16
    original(*tensors, **settings)


def _maximum_of_corrected(original: Any, *tensors: Any, beta2: float, **settings: Any) -> None:
    maxima, steps = tensors[4], tensors[5]
    for maximum, step in zip(maxima, steps, strict=True):
        if float(step) > 0:  # the largest corrected moment so far, as the one that this step's correction gives it
            maximum.mul_((1 - beta2 ** (float(step) + 1)) / (1 - beta2 ** float(step)))
    original(*tensors, beta2=beta2, **settings)


def _decay_after_step(original: Any, *tensors: Any, lr: float, weight_decay: float, **settings: Any) -> None:
    original(*tensors, lr=lr, weight_decay=0.0, **settings)
    for parameter in tensors[0]:
        parameter.mul_(1 - lr * weight_decay)


def _half_moments(original: Any, *tensors: Any, **settings: Any) -> None:
    original(*tensors, **settings)
    for v in tensors[3]:
        v.copy_(v.half())


def _epsilon_in_the_root(original: Any, *tensors: Any, eps: float, alpha: float, **settings: Any) -> None:
    squares = tensors[2]
    for square in squares:  # what is left of it after the decay is epsilon
        square.add_(eps / alpha)
    original(*tensors, eps=0.0, alpha=alpha, **settings)
    for square in squares:
        square.sub_(eps)


DEFECTS: tuple[Defect, ...] = (
    *defects(
        "formula",
        {
            ("torch-first-gradient-dampened", "torch-momentum"): (
                "The first gradient enters the velocity dampened, as all others do.",
                "ml-explore/mlx#473: the first velocity was (1 - dampening) times the gradient",
                Replacement(_SGD, _first_gradient_dampened),
            ),
            ("torch-buffer-made-anew", "torch-momentum"): (
                "The velocity is made anew in each step.",
                "kozistr/pytorch_optimizer#516: the momentum buffer is zeroed before every update",
                Replacement(_SGD, _buffer_made_anew),
            ),
            ("torch-nesterov-ignored", "torch-nesterov"): (
                "Nesterov's form is asked for, and plain momentum is taken.",
                "plausible slip: a flag that is not passed on",
                _with(_SGD, nesterov=lambda nesterov: False),
            ),
            ("torch-adam-epsilon-uncorrected", "torch-adam"): (
                "Epsilon is divided by the root of the second moment's bias correction.",
                "pytorch/pytorch#22628: epsilon is scaled by the bias correction, which is not as in the paper",
                Replacement(_ADAM, _epsilon_uncorrected),
            ),
            ("torch-adam-corrected-in-place", "torch-adam"): (
                "The bias correction of the first moment stays in it.",
                "frgfm/holocron#1: the bias correction is made in place, and adds up",
                Replacement(_ADAM, _corrected_in_place),
            ),
            ("torch-amsgrad-over-corrected-moment", "torch-amsgrad"): (
                "AMSGrad takes the maximum of what is bias-corrected.",
                "pytorch/pytorch#142323: the documentation takes the maximum after the correction, the code before",
                Replacement(_ADAM, _maximum_of_corrected),
            ),
            ("torch-amsgrad-ignored", "torch-amsgrad"): (
                "AMSGrad is asked for, and Adam is taken.",
                "chaoshangcs/GTS#16: AMSGrad is not used anywhere",
                _with(_ADAM, amsgrad=lambda amsgrad: False),
            ),
            ("torch-decay-coupled", "torch-adamw"): (
                "AdamW adds the decay to the gradient, as Adam does.",
                "pytorch/pytorch#41679: the documentation had decoupled decay where the code adds it to the gradient",
                _with(_ADAM, decoupled_weight_decay=lambda decoupled: False),
            ),
            ("torch-decay-after-step", "torch-adamw"): (
                "The decay is of the parameter after the step.",
                "bitsandbytes-foundation/bitsandbytes#2010: weight decay is applied in the wrong order",
                Replacement(_ADAM, _decay_after_step),
            ),
            ("torch-rmsprop-epsilon-in-root", "torch-rmsprop"): (
                "Epsilon is added before the root is taken.",
                "pytorch/pytorch#23796: epsilon is inside the root in TensorFlow and outside of it in PyTorch",
                Replacement(_RMSPROP, _epsilon_in_the_root),
            ),
        },
    ),
    *defects(
        "not finite",
        {
            ("torch-step-skipped", "torch-diverging"): (
                "A step whose gradient is not finite is left out.",
                "pytorch/pytorch#152279: the scaler leaves out steps that overflow, and does not say so",
                Replacement(_SGD, _only_where_finite),
            ),
        },
    ),
    *defects(
        "precision",
        {
            ("torch-gradient-off-by-1e-6", "torch-momentum"): (
                "The optimizer takes the gradient 1e-6 too large.",
                "plausible slip: a scale divided out again in fewer digits",
                Replacement(_SGD, _gradients_a_bit_larger),
            ),
            ("torch-moments-in-half-precision", "torch-adam"): (
                "The second moment is kept in float16.",
                "plausible slip: a state of fewer bytes",
                Replacement(_ADAM, _half_moments),
            ),
        },
    ),
    *defects(
        "condition",
        {
            ("torch-counter-stops-at-256", "torch-adam"): (
                "Adam's count of steps stops at 256.",
                "pytorch/ao#4915: the step counter saturates where the default dtype is bfloat16",
                Replacement(_ADAM, _counter_saturates),
            ),
            ("torch-gradient-clipped-at-1", "torch-crossing"): (
                "Derivatives beyond 1 are clipped.",
                "plausible slip: a limit that nobody asked for",
                Replacement(_SGD, _large_gradients_clipped),
            ),
        },
    ),
)
