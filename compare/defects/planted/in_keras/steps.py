"""Steps of Keras' optimizers that are wrong in one thing, for the defects planted there.

Each function takes the original method and returns the one to put in its place, or makes
such a function from what is to change.
"""

import pkgutil
from collections.abc import Callable
from typing import Any

__all__ = [
    "adam",
    "bias_gradient_halved",
    "built_with",
    "clipped",
    "count_stands_still",
    "decay_after_step",
    "decay_coupled",
    "decay_not_scaled",
    "first_rate",
    "given",
    "keras_ops",
    "momentum",
    "rmsprop_epsilon_outside",
    "room_for_the_first_rate",
]

Make = Callable[[Any], Callable[..., Any]]


def keras_ops() -> Any:
    """Keras' operations, imported when a step is first taken."""
    return pkgutil.resolve_name("keras:ops")


def given(change: Callable[[Any, Any, Any], tuple[Any, Any]]) -> Make:
    """The original step, given another gradient or learning rate: change(self, gradient, learning_rate)."""

    def make(original: Any) -> Callable[..., Any]:
        def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
            gradient, learning_rate = change(self, gradient, learning_rate)
            original(self, gradient, variable, learning_rate)

        return update_step

    return make


def built_with(**settings: Any) -> Make:
    """The optimizer as built, then with other settings."""

    def make(original: Any) -> Callable[..., Any]:
        def build(self: Any, variables: Any) -> None:
            original(self, variables)
            for name, value in settings.items():
                setattr(self, name, value)

        return build

    return make


def momentum(rule: Callable[..., tuple[Any, Any]]) -> Make:
    """SGD with another rule: rule(velocity, gradient, learning rate, momentum) -> velocity, step."""

    def make(original: Any) -> Callable[..., Any]:
        def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
            slot = self.momentums[self._get_variable_index(variable)]
            mu = keras_ops().cast(self.momentum, variable.dtype)
            velocity, step = rule(slot.value, gradient, learning_rate, mu)
            slot.assign(velocity)
            variable.assign_add(step)

        return update_step

    return make


def adam(*, ahead: int = 1, corrected: bool = True, inside: bool = False) -> Make:
    """Adam, written afresh: how far ahead the powers are, whether they are used, where epsilon is."""

    def make(original: Any) -> Callable[..., Any]:
        def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
            ops, index = keras_ops(), self._get_variable_index(variable)
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


def rmsprop_epsilon_outside(original: Any) -> Callable[..., Any]:
    """RMSprop with epsilon added to the root."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        v = self._velocities[self._get_variable_index(variable)]
        v.assign(self.rho * v + (1 - self.rho) * gradient * gradient)
        variable.assign_sub(learning_rate * gradient / (keras_ops().sqrt(v) + self.epsilon))

    return update_step


def decay_after_step(original: Any) -> Callable[..., Any]:
    """Decay what the step has made of the parameters."""

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        original(self, grads, trainable_variables)
        self.weight_decay = decay
        for variable in trainable_variables or ():
            variable.assign_sub(variable * decay * self.learning_rate)

    return apply


def decay_not_scaled(original: Any) -> Callable[..., Any]:
    """Decay without the learning rate as a factor."""

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        for variable in trainable_variables or ():
            variable.assign_sub(variable * decay)
        original(self, grads, trainable_variables)
        self.weight_decay = decay

    return apply


def decay_coupled(original: Any) -> Callable[..., Any]:
    """Add the decay to the gradient, where the moments see it."""

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        variables = trainable_variables or ()
        original(self, [g + v * decay for g, v in zip(grads, variables, strict=True)], variables)
        self.weight_decay = decay

    return apply


def room_for_the_first_rate(original: Any) -> Callable[..., Any]:
    """Build, and keep a variable for `first_rate`."""

    def build(self: Any, variables: Any) -> None:
        original(self, variables)
        self.first_rate = self.add_variable((), initializer="zeros", dtype=variables[0].dtype, name="first_rate")

    return build


def first_rate(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    """Change for `given`: the learning rate of the first step, at every step."""
    self.first_rate.assign(keras_ops().where(self.first_rate == 0, learning_rate, self.first_rate))
    return gradient, self.first_rate.value


def count_stands_still(original: Any) -> Callable[..., Any]:
    """Apply, and take back that a step was counted."""

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        original(self, grads, trainable_variables)
        self.iterations.assign_sub(1)

    return apply


def bias_gradient_halved(original: Any) -> Callable[..., Any]:
    """Update the biases with half their gradient."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        original(self, gradient / 2 if "bias" in variable.name else gradient, variable, learning_rate)

    return update_step


def clipped(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    """Change for `given`: the gradient within -1 and 1."""
    return keras_ops().clip(gradient, -1, 1), learning_rate
