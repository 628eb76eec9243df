"""JAX with optax: one neuron, trained by a jitted step for each batch, or by one scan over all of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from reference import Experiment, Parameters

__all__ = ["build", "build_scan"]

Train = Callable[[np.ndarray, np.ndarray], Parameters]


def build(experiment: Experiment) -> Train:
    """A step that is jitted, called for each batch, as optax' own examples do."""
    import jax

    start, step = _start_and_step(experiment)
    jitted = jax.jit(step)

    def train(x: np.ndarray, y: np.ndarray) -> Parameters:
        carry = start
        for batch in zip(x, y, strict=True):
            carry = jitted(carry, batch)
        return _ends(experiment, carry)

    return train


def build_scan(experiment: Experiment) -> Train:
    """The same step in a jitted `jax.lax.scan`, which returns nothing but the end: what is quickest."""
    import jax

    start, step = _start_and_step(experiment)
    scan = jax.jit(lambda x, y: jax.lax.scan(lambda carry, batch: (step(carry, batch), None), start, (x, y))[0])
    return lambda x, y: _ends(experiment, scan(x, y))


def _start_and_step(experiment: Experiment) -> tuple[Any, Callable[[Any, Any], Any]]:
    """What is trained, with the optimizer's state, and a step of it; for (w), (w, b) or all four, plain SGD or Adam."""
    import jax
    import optax

    settings: Any = experiment.optimizer
    if type(settings).__name__ == "SGD":
        optimizer = optax.sgd(settings.learning_rate)
    else:
        optimizer = optax.adam(settings.learning_rate, settings.beta_1, settings.beta_2, settings.epsilon)
    first = {
        name: jax.numpy.asarray(getattr(experiment.initial, name), experiment.dtype) for name in experiment.trainable
    }

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        z = parameters["w"] * x
        a = jax.nn.relu(z + parameters["b"] if "b" in parameters else z)
        return jax.numpy.mean(((parameters["v"] * a + parameters["d"] if "v" in parameters else a) - y) ** 2)

    def step(carry: Any, batch: Any) -> Any:
        parameters, state = carry
        updates, state = optimizer.update(jax.grad(loss)(parameters, *batch), state, parameters)
        return optax.apply_updates(parameters, updates), state

    return (first, optimizer.init(first)), step


def _ends(experiment: Experiment, carry: Any) -> Parameters:
    return experiment.initial._replace(**{name: float(end) for name, end in carry[0].items()})
