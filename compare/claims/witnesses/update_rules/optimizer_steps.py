"""Steps of an optimizer on one parameter, recorded in a run or taken by the reference.

`recorded` are a run's own. `in_float64` are the reference's from the same states, where what
float32 loses is seen; `from_drawn_states` the reference's from states of all sizes, where every
setting matters.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from compare.claims.settings import optimizer_numbers
from compare.rounding import Ball
from reference import Optimizer, OptimizerState, Parameters, Trajectory

__all__ = ["Steps", "from_drawn_states", "in_float64", "recorded", "rounding_of"]

DRAWN = 256  # states
SIZES = 24  # powers of two that gradients are drawn over, on either side of 1


class Steps(NamedTuple):
    """States before steps, and what was found after them; arrays with an entry for each step."""

    optimizer: Optimizer
    w: np.ndarray
    gradient: np.ndarray
    iterations: np.ndarray  # steps completed before
    slots: Mapping[str, np.ndarray]
    after: Mapping[str, np.ndarray]  # of the parameter, "w", and of each slot

    def before(self, quantity: str) -> np.ndarray:
        """The parameter or a slot before the steps."""
        return self.w if quantity == "w" else self.slots[quantity]


def recorded(run: Trajectory, name: str) -> Steps:
    """The steps of one parameter in a run of which every step was recorded."""
    optimizer, path = run.experiment.optimizer, getattr(run.parameters, name)
    slots = {slot: getattr(run.slots[slot], name) for slot in optimizer.slots}
    return Steps(
        optimizer,
        path[:-1],
        getattr(run.gradient, name),
        np.arange(len(path) - 1),
        {slot: values[:-1] for slot, values in slots.items()},
        {"w": path[1:]} | {slot: values[1:] for slot, values in slots.items()},
    )


def in_float64(steps: Steps) -> Steps:
    """The reference's steps from the same states, in float64."""
    slots = {slot: values.astype(np.float64) for slot, values in steps.slots.items()}
    return _taken(
        steps.optimizer, steps.w.astype(np.float64), steps.gradient.astype(np.float64), steps.iterations, slots
    )


def from_drawn_states(optimizer: Optimizer) -> Steps:
    """The reference's steps from drawn states, in float64; what is a mean of squares exceeds the square of a mean."""
    draw = np.random.default_rng(0)
    size = np.exp2(draw.uniform(-SIZES, SIZES, DRAWN))
    w, gradient = draw.standard_normal((2, DRAWN)) * [np.ones(DRAWN), size]
    slots = {}
    for slot in optimizer.slots:
        values = draw.standard_normal(DRAWN) * size
        slots[slot] = (values * values + 16 * size * size) if "velocity" in slot else values
    return _taken(optimizer, w, gradient, np.arange(DRAWN), slots)


def _taken(
    optimizer: Optimizer, w: np.ndarray, gradient: np.ndarray, iterations: np.ndarray, slots: Mapping[str, np.ndarray]
) -> Steps:
    return Steps(optimizer, w, gradient, iterations, slots, _step(optimizer, w, gradient, iterations, slots))


def _step(optimizer: Optimizer, w: Any, gradient: Any, iterations: Any, slots: Mapping[str, Any]) -> dict[str, Any]:
    """The reference's step of one parameter, by quantity."""

    def only(value: Any) -> Parameters:
        return Parameters(w=value, b=None, v=None, d=None)

    state = OptimizerState(iterations, {slot: only(value) for slot, value in slots.items()})
    stepped, after = optimizer.step(only(w), only(gradient), state)
    return {"w": stepped.w} | {slot: after.slots[slot].w for slot in slots}


def rounding_of(steps: Steps) -> dict[str, Any]:
    """Bound on the rounding error of a step, by quantity.

    That is the radius of the reference's own step, for a rule that is implemented in another
    order than it is written, and what half an ulp of each setting moves, a setting being the
    decimal that is written.
    """
    balls = _step(
        steps.optimizer,
        Ball.exact(steps.w),
        Ball.exact(steps.gradient),
        Ball.exact(steps.iterations.astype(steps.w.dtype)),
        {slot: Ball.exact(values) for slot, values in steps.slots.items()},
    )
    rounding = {quantity: ball.radius for quantity, ball in balls.items()}
    for name, value in optimizer_numbers(steps.optimizer).items():
        moved = replace(steps.optimizer, **{name: float(np.nextafter(value, 0.0))})
        for quantity, result in _step(moved, *steps[1:5]).items():
            apart = np.abs(np.asarray(result, np.float64) - balls[quantity].value)
            rounding[quantity] = rounding[quantity] + apart
    return rounding
