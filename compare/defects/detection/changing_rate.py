"""Lockstep while the learning rate changes.

Where the learning rate stands in the velocity of SGD makes no difference to the parameters
until it changes. Here Keras is driven as its users drive it, with `train_on_batch`, and
`optimizer.learning_rate` is assigned between blocks of steps. Each step is compared with
one whole step of the reference, forward, backward and optimizer, from Keras' state before
it, in ball arithmetic: `train_on_batch` does not show the gradient, so its ball is handed on.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from compare.certificates.comparison import Comparison
from compare.certificates.evaluation import evaluate_batches
from compare.certificates.lockstep import take_step
from reference import Experiment, draw_batches

__all__ = ["compare_changing_rate"]

STEPS_PER_RATE = 2  # the second step after a change is the first to use a velocity of its own rate


def compare_changing_rate(experiment: Experiment, rates: tuple[float, ...]) -> Iterator[Comparison]:
    """Run Keras through learning rates, one after the other, and compare slots and parameters after every step.

    The experiment is of a single neuron, with at least `STEPS_PER_RATE` steps for every rate.
    """
    from keras_impl.stepwise import Stepwise

    x, y = draw_batches(experiment)
    keras = Stepwise(experiment)
    before, slots_before = keras.state()
    for t in range(STEPS_PER_RATE * len(rates)):
        rate = rates[t // STEPS_PER_RATE]
        after, slots_after = keras.step(x[t], y[t], rate)
        here = replace(experiment, optimizer=replace(experiment.optimizer, learning_rate=rate))
        with np.errstate(all="ignore"):
            gradient = evaluate_batches(here, before, x[t : t + 1], y[t : t + 1]).gradient
            parameters, slots = take_step(here, t, before, slots_before, gradient)
        for slot, group in slots.items():
            for name in experiment.trainable:
                yield Comparison.of(f"{slot}.{name}", t, getattr(slots_after[slot], name), getattr(group, name))
        for name in experiment.trainable:
            yield Comparison.of(name, t, getattr(after, name), getattr(parameters, name))
        before, slots_before = after, slots_after
