"""Defects planted in Keras' optimizers."""

from collections.abc import Callable
from typing import Any

from compare.defects.defect import MISSED_FIRST, Replacement, defects
from compare.defects.planted.keras_methods import built_with, keras_ops, sgd_from

__all__ = ["DEFECTS"]

_SGD = "keras.optimizers:SGD.update_step"
_ADAMW = "keras.optimizers:AdamW.apply"


def _velocity(rule: Callable[..., tuple[Any, Any]]) -> Replacement:
    """SGD with another rule: rule(velocity, gradient, learning rate, momentum) -> velocity, step."""

    def update_step(original: Any, self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        slot = self.momentums[self._get_variable_index(variable)]
        mu = keras_ops().cast(self.momentum, variable.dtype)
        velocity, step = rule(slot.value, gradient, learning_rate, mu)
        slot.assign(velocity)
        variable.assign_add(step)

    return Replacement(_SGD, update_step)


def _room_for_the_first_rate(original: Any, self: Any, variables: Any) -> None:
    original(self, variables)
    self.first_rate = self.add_variable((), initializer="zeros", dtype=variables[0].dtype, name="first_rate")


def _first_rate(original: Any, self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    self.first_rate.assign(keras_ops().where(self.first_rate == 0, learning_rate, self.first_rate))
    original(self, gradient, variable, self.first_rate.value)


def _adam(*, ahead: int = 1, corrected: bool = True, inside: bool = False) -> Replacement:
    """Adam, written afresh: how far ahead the powers are, whether they are used, where epsilon is."""

    def update_step(original: Any, self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        ops, index = keras_ops(), self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        m.assign_add((gradient - m) * (1 - self.beta_1))
        v.assign_add((gradient * gradient - v) * (1 - self.beta_2))
        age = ops.cast(self.iterations + ahead, variable.dtype)
        power_1, power_2 = (ops.cast(b, variable.dtype) ** age for b in (self.beta_1, self.beta_2))
        correction = ops.sqrt(1 - power_2) / (1 - power_1) if corrected else 1.0
        root = ops.sqrt(v + self.epsilon) if inside else ops.sqrt(v) + self.epsilon
        variable.assign_sub(m * (learning_rate * correction) / root)

    return Replacement("keras.optimizers:Adam.update_step", update_step)


def _count_stands_still(original: Any, self: Any, grads: Any, trainable_variables: Any) -> None:
    original(self, grads, trainable_variables)
    self.iterations.assign_sub(1)


def _decay_after_step(original: Any, self: Any, grads: Any, trainable_variables: Any) -> None:
    decay, self.weight_decay = self.weight_decay, None
    original(self, grads, trainable_variables)
    self.weight_decay = decay
    for variable in trainable_variables:
        variable.assign_sub(variable * decay * self.learning_rate)


def _decay_not_scaled(original: Any, self: Any, grads: Any, trainable_variables: Any) -> None:
    decay, self.weight_decay = self.weight_decay, None
    for variable in trainable_variables:
        variable.assign_sub(variable * decay)
    original(self, grads, trainable_variables)
    self.weight_decay = decay


def _decay_coupled(original: Any, self: Any, grads: Any, trainable_variables: Any) -> None:
    decay, self.weight_decay = self.weight_decay, None
    decaying = [g + v * decay for g, v in zip(grads, trainable_variables, strict=True)]
    original(self, decaying, trainable_variables)
    self.weight_decay = decay


def _rmsprop_epsilon_outside(original: Any, self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    v = self._velocities[self._get_variable_index(variable)]
    v.assign(self.rho * v + (1 - self.rho) * gradient * gradient)
    variable.assign_sub(learning_rate * gradient / (keras_ops().sqrt(v) + self.epsilon))


DEFECTS = defects(
    "formula",
    {
        ("keras-learning-rate-off-by-a-thousandth", "sgd"): (
            "The learning rate is 0.1 % too large.",
            "plausible slip: a decay schedule evaluated one step early",
            Replacement(_SGD, lambda original, self, g, w, lr: original(self, g, w, lr * 1.001)),
        ),
        ("keras-gradient-clipped-at-1", "sgd"): (
            "Each derivative is clipped to [-1, 1].",
            "neuroailab/tfutils#115: gradients are always clipped to 1.0",
            sgd_from(lambda sgd, gradient, variable: keras_ops().clip(gradient, -1, 1)),
        ),
        ("keras-gradient-limited-at-a-million", "sgd", MISSED_FIRST): (
            "Each derivative is clipped to a million either way, which ordinary runs never reach.",
            "plausible slip: a guard against overflow left switched on",
            sgd_from(lambda sgd, gradient, variable: keras_ops().clip(gradient, -1e6, 1e6)),
        ),
        ("keras-bias-gradient-halved", "sgd"): (
            "Biases learn at half the rate.",
            "plausible slip: a multiplier per layer applied to the bias alone",
            sgd_from(lambda sgd, gradient, variable: gradient / 2 if "bias" in variable.name else gradient),
        ),
        ("keras-momentum-ignored", "momentum"): (
            "SGD never looks at its momentum.",
            "plausible slip: Keras' own tests of SGD pass without momentum",
            built_with("SGD", momentum=0.0),
        ),
        ("keras-momentum-dampened", "momentum"): (
            "The gradient enters the velocity with the factor 1 - momentum.",
            "ml-explore/mlx#87: the gradient is scaled by 1 - momentum, which is non-standard",
            sgd_from(lambda sgd, gradient, variable: gradient * (1 - sgd.momentum)),
        ),
        ("keras-learning-rate-outside-velocity", "momentum"): (
            "The velocity holds bare gradients, the learning rate comes after.",
            "apache/mxnet#15533: SGD with momentum when the learning rate changes",
            _velocity(lambda m, g, lr, mu: (m * mu - g, lr * (m * mu - g))),
        ),
        ("keras-learning-rate-frozen", "momentum", MISSED_FIRST): (
            "The learning rate of the first step is kept; later changes have no effect.",
            "deeplearning4j/deeplearning4j#2317: a learning rate schedule never reaches the momentum updater",
            Replacement("keras.optimizers:SGD.build", _room_for_the_first_rate),
            Replacement(_SGD, _first_rate),
        ),
        ("keras-nesterov-ignored", "nesterov"): (
            "SGD never looks at its flag nesterov.",
            "plausible slip: Keras' own tests of SGD pass without Nesterov's form",
            built_with("SGD", nesterov=False),
        ),
        ("keras-nesterov-steps-twice", "nesterov"): (
            "The look-ahead is added to the step, not put in its place.",
            "oysteijo/simd_neuralnet#17: the interim update and the real one are both applied",
            _velocity(lambda m, g, lr, mu: (m * mu - g * lr, (m * mu - g * lr) * (1 + mu))),
        ),
        ("keras-adam-beta-1-0.8", "adam"): (
            "beta_1 is 0.8 whatever was asked for.",
            "plausible slip: Keras' own tests of Adam pass with 0.8",
            built_with("Adam", beta_1=0.8),
        ),
        ("keras-adam-beta-2-0.9", "adam"): (
            "beta_2 is 0.9 whatever was asked for.",
            "plausible slip: Keras' own tests of Adam pass with 0.9",
            built_with("Adam", beta_2=0.9),
        ),
        ("keras-adam-epsilon-1e-8", "adam", MISSED_FIRST): (
            "Epsilon is 1e-8 whatever was asked for.",
            "plausible slip: another framework's default",
            built_with("Adam", epsilon=1e-8),
        ),
        ("keras-amsgrad-ignored", "amsgrad"): (
            "Adam never looks at its flag amsgrad.",
            "plausible slip: Keras' own tests of Adam pass with AMSGrad ignored",
            built_with("Adam", amsgrad=False),
        ),
        ("keras-adam-epsilon-inside-root", "adam", MISSED_FIRST): (
            "Epsilon is added before the root is taken.",
            "keras-team/keras#17391: the place of epsilon in Adam and its kin",
            _adam(inside=True),
        ),
        ("keras-adam-no-bias-correction", "adam"): (
            "Neither moment is corrected for its start at 0.",
            "oxiglade/mlx-rs#301: missing bias correction in Adam variants",
            _adam(corrected=False),
        ),
        ("keras-adam-powers-one-ahead", "adam"): (
            "The first step is corrected as if it were the second.",
            "google-deepmind/optax#1744: a step count that starts at 1 and is used before it grows",
            _adam(ahead=2),
        ),
        ("keras-step-count-stands-still", "adam"): (
            "The step count never grows.",
            "allenai/OLMo-core#317: the step is not incremented, so the bias correction never fades",
            Replacement("keras.optimizers:Adam.apply", _count_stands_still),
        ),
        ("keras-decay-after-step", "adamw"): (
            "The decay is taken from the parameter that has made its step.",
            "huggingface/transformers#14539: the weight decay is multiplied with the parameter already updated",
            Replacement(_ADAMW, _decay_after_step),
        ),
        ("keras-decay-not-scaled", "adamw"): (
            "The decay is not multiplied by the learning rate.",
            "tensorflow/addons#2282: weight decay is not multiplied with the learning rate",
            Replacement(_ADAMW, _decay_not_scaled),
        ),
        ("keras-decay-coupled", "adamw"): (
            "Weight decay is added to the gradient and passes through the moments.",
            "pytorch/pytorch#4429: L2 regularization in the gradient is not decoupled weight decay",
            Replacement(_ADAMW, _decay_coupled),
        ),
        ("keras-rmsprop-rho-0.99", "rmsprop"): (
            "rho is 0.99 whatever was asked for.",
            "plausible slip: another framework's default",
            built_with("RMSprop", rho=0.99),
        ),
        ("keras-rmsprop-epsilon-outside-root", "rmsprop"): (
            "Epsilon is added after the root is taken.",
            "chainer/chainer#4754: epsilon inside the root in TensorFlow, outside in Chainer",
            Replacement("keras.optimizers:RMSprop.update_step", _rmsprop_epsilon_outside),
        ),
        ("keras-centered-ignored", "centered"): (
            "RMSprop never looks at its flag centered.",
            "plausible slip: the flag adds the slot only",
            built_with("RMSprop", centered=False),
        ),
    },
)
