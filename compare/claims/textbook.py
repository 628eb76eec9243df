"""The optimizers' textbook update rules on plain floats, one parameter at a time.

They belong to the exact witness and are written independently of the reference: in the
order of the textbooks, with settings as they are, not rounded through float32. Other
optimizers are stepped by the reference's own `update`, in float64.

Where the gradient is proportional to w, as it is for ReLU on the wrong side, plain SGD and
momentum commute with scaling, and `scale` lets a path go on where w itself would
underflow.
"""

import math
from typing import Any, Protocol

import numpy as np

from reference import SGD, Adam, AdamW, Optimizer, RMSprop

__all__ = ["Update", "update_of"]


class Update(Protocol):
    """One parameter's update, with its memory."""

    def step(self, w: float, g: float) -> float:
        """Return the parameter after a step."""

    def memory(self) -> tuple[float, ...]:
        """What is remembered between steps."""


class PlainSGD:
    """w - lr g."""

    def __init__(self, settings: SGD) -> None:
        self.lr = settings.learning_rate

    def step(self, w: float, g: float) -> float:
        return w - self.lr * g

    def memory(self) -> tuple[float, ...]:
        return ()

    def scale(self, factor: float) -> None:
        """Nothing is remembered."""


class MomentumSGD:
    """m <- mu m - lr g; w <- w + m, or with Nesterov w + mu m - lr g."""

    def __init__(self, settings: SGD) -> None:
        self.lr, self.mu, self.nesterov = settings.learning_rate, settings.momentum, settings.nesterov
        self.m = 0.0

    def step(self, w: float, g: float) -> float:
        self.m = self.mu * self.m - self.lr * g
        return w + self.mu * self.m - self.lr * g if self.nesterov else w + self.m

    def memory(self) -> tuple[float, ...]:
        return (self.m,)

    def scale(self, factor: float) -> None:
        """Multiply the velocity."""
        self.m *= factor


class TextbookAdam:
    """Kingma and Ba's algorithm in the form of its section 2, with AMSGrad as Keras has it."""

    def __init__(self, settings: Adam) -> None:
        self.lr, self.b1, self.b2, self.eps = (
            settings.learning_rate,
            settings.beta_1,
            settings.beta_2,
            settings.epsilon,
        )
        self.amsgrad, self.decay = settings.amsgrad, getattr(settings, "weight_decay", 0.0) * settings.learning_rate
        self.m = self.v = self.largest = 0.0
        self.p1 = self.p2 = 1.0

    def step(self, w: float, g: float) -> float:
        b1, b2 = self.b1, self.b2
        self.p1 *= b1
        self.p2 *= b2
        m = self.m = b1 * self.m + (1 - b1) * g
        v = self.v = b2 * self.v + (1 - b2) * g * g
        if self.amsgrad:
            v = self.largest = max(self.largest, v)
        alpha = self.lr * math.sqrt(1 - self.p2) / (1 - self.p1) if self.p1 < 1 else math.nan
        below = math.sqrt(v) + self.eps
        return w - self.decay * w - (alpha * m / below if below else math.nan)

    def memory(self) -> tuple[float, ...]:
        return (self.m, self.v, self.largest)


class TextbookRMSprop:
    """w - lr g / sqrt(v + epsilon), plain or centered, with or without momentum."""

    def __init__(self, settings: RMSprop) -> None:
        self.settings = settings
        self.v = self.a = self.m = 0.0

    def step(self, w: float, g: float) -> float:
        s = self.settings
        self.v = s.rho * self.v + (1 - s.rho) * g * g
        q = self.v + s.epsilon
        if s.centered:
            self.a = s.rho * self.a + (1 - s.rho) * g
            q -= self.a * self.a
        change = s.learning_rate * g / math.sqrt(q) if q > 0 else math.nan
        self.m = s.momentum * self.m + change
        return w - self.m

    def memory(self) -> tuple[float, ...]:
        return (self.v, self.a, self.m)


class ReferenceUpdate:
    """Any other optimizer, by the reference's own rule in float64."""

    def __init__(self, settings: Optimizer) -> None:
        self.settings = settings
        self.slots = dict.fromkeys(settings.slots, np.float64(0.0))
        self.t = 0

    def step(self, w: float, g: float) -> float:
        new: tuple[Any, dict[str, Any]] = self.settings.update(np.float64(w), np.float64(g), self.t, self.slots)
        self.t += 1
        self.slots = new[1]
        return float(new[0])

    def memory(self) -> tuple[float, ...]:
        return tuple(float(slot) for slot in self.slots.values())


def update_of(optimizer: Optimizer) -> Update:
    """A fresh update rule for one parameter.

    Examples
    --------
    >>> update_of(SGD(learning_rate=0.25)).step(1.0, 2.0)
    0.5
    """
    if type(optimizer) is SGD:
        return PlainSGD(optimizer) if optimizer.momentum == 0 else MomentumSGD(optimizer)
    if type(optimizer) in (Adam, AdamW):
        assert isinstance(optimizer, Adam)
        return TextbookAdam(optimizer)
    if type(optimizer) is RMSprop:
        return TextbookRMSprop(optimizer)
    return ReferenceUpdate(optimizer)
