"""Defects planted in Keras' optimizers."""

import pkgutil
from collections.abc import Callable
from typing import Any

from compare.defects.defect import Defect, Replacement, in_keras

__all__ = ["DEFECTS"]

Make = Callable[[Any], Callable[..., Any]]

_SGD, _ADAM, _RMSPROP = (f"keras.optimizers:{name}.update_step" for name in ("SGD", "Adam", "RMSprop"))


def _ops() -> Any:
    return pkgutil.resolve_name("keras:ops")


def _given(change: Callable[[Any, Any, Any], tuple[Any, Any]]) -> Make:
    """The original step, given another gradient or learning rate: change(self, gradient, learning_rate)."""

    def make(original: Any) -> Callable[..., Any]:
        def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
            gradient, learning_rate = change(self, gradient, learning_rate)
            original(self, gradient, variable, learning_rate)

        return update_step

    return make


def _with(**settings: Any) -> Make:
    """The optimizer as built, then with other settings."""

    def make(original: Any) -> Callable[..., Any]:
        def build(self: Any, variables: Any) -> None:
            original(self, variables)
            for name, value in settings.items():
                setattr(self, name, value)

        return build

    return make


def _momentum(rule: Callable[..., tuple[Any, Any]]) -> Make:
    """SGD with another rule: rule(velocity, gradient, learning rate, momentum) -> velocity, step."""

    def make(original: Any) -> Callable[..., Any]:
        def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
            slot = self.momentums[self._get_variable_index(variable)]
            mu = _ops().cast(self.momentum, variable.dtype)
            velocity, step = rule(slot.value, gradient, learning_rate, mu)
            slot.assign(velocity)
            variable.assign_add(step)

        return update_step

    return make


def _adam(*, ahead: int = 1, corrected: bool = True, inside: bool = False) -> Make:
    """Adam, written afresh: how far ahead the powers are, whether they are used, where epsilon is."""

    def make(original: Any) -> Callable[..., Any]:
        def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
            ops, index = _ops(), self._get_variable_index(variable)
            m, v = self._momentums[index], self._velocities[index]
            m.assign_add((gradient - m) * (1 - self.beta_1))
            v.assign_add((gradient * gradient - v) * (1 - self.beta_2))
            age = ops.cast(self.iterations + ahead, variable.dtype)
            power_1, power_2 = (ops.cast(b, variable.dtype) ** age for b in (self.beta_1, self.beta_2))
            correction = ops.sqrt(1 - power_2) / (1 - power_1) if corrected else 1.0
            root = ops.sqrt(v + self.epsilon) if inside else ops.sqrt(v) + self.epsilon
            variable.assign_sub(m * (learning_rate * correction) / root)

        return update_step

    return make


def _rmsprop_epsilon_outside(original: Any) -> Callable[..., Any]:
    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        v = self._velocities[self._get_variable_index(variable)]
        v.assign(self.rho * v + (1 - self.rho) * gradient * gradient)
        variable.assign_sub(learning_rate * gradient / (_ops().sqrt(v) + self.epsilon))

    return update_step


def _decay_after_step(original: Any) -> Callable[..., Any]:
    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        original(self, grads, trainable_variables)
        self.weight_decay = decay
        for variable in trainable_variables or ():
            variable.assign_sub(variable * decay * self.learning_rate)

    return apply


def _decay_not_scaled(original: Any) -> Callable[..., Any]:
    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        for variable in trainable_variables or ():
            variable.assign_sub(variable * decay)
        original(self, grads, trainable_variables)
        self.weight_decay = decay

    return apply


def _decay_coupled(original: Any) -> Callable[..., Any]:
    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        variables = trainable_variables or ()
        original(self, [g + v * decay for g, v in zip(grads, variables, strict=True)], variables)
        self.weight_decay = decay

    return apply


def _room_for_the_first_rate(original: Any) -> Callable[..., Any]:
    def build(self: Any, variables: Any) -> None:
        original(self, variables)
        self.first_rate = self.add_variable((), initializer="zeros", dtype=variables[0].dtype, name="first_rate")

    return build


def _first_rate(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    self.first_rate.assign(_ops().where(self.first_rate == 0, learning_rate, self.first_rate))
    return gradient, self.first_rate.value


def _count_stands_still(original: Any) -> Callable[..., Any]:
    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        original(self, grads, trainable_variables)
        self.iterations.assign_sub(1)

    return apply


def _bias_gradient_halved(original: Any) -> Callable[..., Any]:
    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        original(self, gradient / 2 if "bias" in variable.name else gradient, variable, learning_rate)

    return update_step


def _clipped(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    return _ops().clip(gradient, -1, 1), learning_rate


DEFECTS = (
    in_keras(
        _SGD,
        "keras-learning-rate-off-by-a-thousandth",
        "sgd",
        "The learning rate is 0.1 % too large.",
        "plausible slip: a decay schedule evaluated one step early",
        _given(lambda self, gradient, learning_rate: (gradient, learning_rate * 1.001)),
    ),
    in_keras(
        _SGD,
        "keras-gradient-clipped-at-1",
        "sgd",
        "Each derivative is clipped to [-1, 1].",
        "neuroailab/tfutils#115: gradients are always clipped to 1.0",
        _given(_clipped),
    ),
    in_keras(
        _SGD,
        "keras-gradient-limited-at-a-million",
        "sgd",
        "Each derivative is clipped to a million either way, which ordinary runs never reach.",
        "plausible slip: a guard against overflow left switched on",
        _given(lambda self, gradient, learning_rate: (_ops().clip(gradient, -1e6, 1e6), learning_rate)),
    ),
    in_keras(
        _SGD,
        "keras-bias-gradient-halved",
        "sgd",
        "Biases learn at half the rate.",
        "plausible slip: a multiplier per layer applied to the bias alone",
        _bias_gradient_halved,
    ),
    in_keras(
        "keras.optimizers:SGD.build",
        "keras-momentum-ignored",
        "momentum",
        "SGD never looks at its momentum.",
        "plausible slip: Keras' own tests of SGD pass without momentum",
        _with(momentum=0.0),
    ),
    in_keras(
        _SGD,
        "keras-momentum-dampened",
        "momentum",
        "The gradient enters the velocity with the factor 1 - momentum.",
        "ml-explore/mlx#87: the gradient is scaled by 1 - momentum, which is non-standard",
        _given(lambda self, gradient, learning_rate: (gradient * (1 - self.momentum), learning_rate)),
    ),
    in_keras(
        _SGD,
        "keras-learning-rate-outside-velocity",
        "momentum",
        "The velocity holds bare gradients, the learning rate comes after.",
        "apache/mxnet#15533: SGD with momentum when the learning rate changes",
        _momentum(lambda m, g, lr, mu: (m * mu - g, lr * (m * mu - g))),
    ),
    Defect(
        name="keras-learning-rate-frozen",
        says="The learning rate of the first step is kept; later changes have no effect.",
        source="deeplearning4j/deeplearning4j#2317: a learning rate schedule never reaches the momentum updater",
        patches=(
            Replacement("keras.optimizers:SGD.build", _room_for_the_first_rate),
            Replacement(_SGD, _given(_first_rate)),
        ),
        family="momentum",
    ),
    in_keras(
        "keras.optimizers:SGD.build",
        "keras-nesterov-ignored",
        "nesterov",
        "SGD never looks at its flag nesterov.",
        "plausible slip: Keras' own tests of SGD pass without Nesterov's form",
        _with(nesterov=False),
    ),
    in_keras(
        _SGD,
        "keras-nesterov-steps-twice",
        "nesterov",
        "The look-ahead is added to the step, not put in its place.",
        "oysteijo/simd_neuralnet#17: the interim update and the real one are both applied",
        _momentum(lambda m, g, lr, mu: (m * mu - g * lr, (m * mu - g * lr) * (1 + mu))),
    ),
    in_keras(
        "keras.optimizers:Adam.build",
        "keras-adam-beta-1-0.8",
        "adam",
        "beta_1 is 0.8 whatever was asked for.",
        "plausible slip: Keras' own tests of Adam pass with 0.8",
        _with(beta_1=0.8),
    ),
    in_keras(
        "keras.optimizers:Adam.build",
        "keras-adam-beta-2-0.9",
        "adam",
        "beta_2 is 0.9 whatever was asked for.",
        "plausible slip: Keras' own tests of Adam pass with 0.9",
        _with(beta_2=0.9),
    ),
    in_keras(
        "keras.optimizers:Adam.build",
        "keras-adam-epsilon-1e-8",
        "adam",
        "Epsilon is 1e-8 whatever was asked for.",
        "plausible slip: another framework's default",
        _with(epsilon=1e-8),
    ),
    in_keras(
        "keras.optimizers:Adam.build",
        "keras-amsgrad-ignored",
        "amsgrad",
        "Adam never looks at its flag amsgrad.",
        "plausible slip: Keras' own tests of Adam pass with AMSGrad ignored",
        _with(amsgrad=False),
    ),
    in_keras(
        _ADAM,
        "keras-adam-epsilon-inside-root",
        "adam",
        "Epsilon is added before the root is taken.",
        "keras-team/keras#17391: the place of epsilon in Adam and its kin",
        _adam(inside=True),
    ),
    in_keras(
        _ADAM,
        "keras-adam-no-bias-correction",
        "adam",
        "Neither moment is corrected for its start at 0.",
        "oxiglade/mlx-rs#301: missing bias correction in Adam variants",
        _adam(corrected=False),
    ),
    in_keras(
        _ADAM,
        "keras-adam-powers-one-ahead",
        "adam",
        "The first step is corrected as if it were the second.",
        "google-deepmind/optax#1744: a step count that starts at 1 and is used before it grows",
        _adam(ahead=2),
    ),
    in_keras(
        "keras.optimizers:Adam.apply",
        "keras-step-count-stands-still",
        "adam",
        "The step count never grows.",
        "allenai/OLMo-core#317: the step is not incremented, so the bias correction never fades",
        _count_stands_still,
    ),
    in_keras(
        "keras.optimizers:AdamW.apply",
        "keras-decay-after-step",
        "adamw",
        "The decay is taken from the parameter that has made its step.",
        "huggingface/transformers#14539: the weight decay is multiplied with the parameter already updated",
        _decay_after_step,
    ),
    in_keras(
        "keras.optimizers:AdamW.apply",
        "keras-decay-not-scaled",
        "adamw",
        "The decay is not multiplied by the learning rate.",
        "tensorflow/addons#2282: weight decay is not multiplied with the learning rate",
        _decay_not_scaled,
    ),
    in_keras(
        "keras.optimizers:AdamW.apply",
        "keras-decay-coupled",
        "adamw",
        "Weight decay is added to the gradient and passes through the moments.",
        "pytorch/pytorch#4429: L2 regularization in the gradient is not decoupled weight decay",
        _decay_coupled,
    ),
    in_keras(
        "keras.optimizers:RMSprop.build",
        "keras-rmsprop-rho-0.99",
        "rmsprop",
        "rho is 0.99 whatever was asked for.",
        "plausible slip: another framework's default",
        _with(rho=0.99),
    ),
    in_keras(
        _RMSPROP,
        "keras-rmsprop-epsilon-outside-root",
        "rmsprop",
        "Epsilon is added after the root is taken.",
        "chainer/chainer#4754: epsilon inside the root in TensorFlow, outside in Chainer",
        _rmsprop_epsilon_outside,
    ),
    in_keras(
        "keras.optimizers:RMSprop.build",
        "keras-centered-ignored",
        "centered",
        "RMSprop never looks at its flag centered.",
        "plausible slip: the flag adds the slot only",
        _with(centered=False),
    ),
)
