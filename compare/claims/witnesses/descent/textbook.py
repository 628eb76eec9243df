"""The optimizers' textbook update rules, one parameter at a time, on floats or decimals.

They belong to the exact witness and are written independently of the reference, against which it
is held: in the order of the textbooks, with settings as they are, not rounded through float32. Other
optimizers are stepped by the reference's own `update`, in float64.

No rule but the decay of AdamW asks where w is: what it adds depends on gradients only, so
that w may as well be the distance from some other place than 0.

Where the gradient is proportional to w, as it is for ReLU on the wrong side, plain SGD and
momentum commute with scaling, and `scale` lets a path go on where w itself would
underflow.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import numpy as np

from reference import SGD, Adam, AdamW, Optimizer, RMSprop

__all__ = ["DECIMALS", "FLOATS", "Numbers", "Update", "update_of"]


class Numbers(NamedTuple):
    """What a rule is carried out on: how a setting is read, and how square roots are taken."""

    read: Callable[[float], Any]
    sqrt: Callable[[Any], Any]


FLOATS = Numbers(float, math.sqrt)
DECIMALS = Numbers(lambda setting: Decimal(repr(setting)), Decimal.sqrt)  # of the context's precision


class Update(Protocol):
    """One parameter's update, with its memory."""

    def step(self, w: Any, g: Any) -> Any:
        """Return the parameter after a step."""

    def memory(self) -> tuple[Any, ...]:
        """What is remembered between steps."""


class PlainSGD:
    """w - lr g."""

    def __init__(self, settings: SGD, numbers: Numbers) -> None:
        self.lr = numbers.read(settings.learning_rate)

    def step(self, w: Any, g: Any) -> Any:
        return w - self.lr * g

    def memory(self) -> tuple[Any, ...]:
        return ()

    def scale(self, factor: float) -> None:
        """Nothing is remembered."""


class MomentumSGD:
    """m <- mu m - lr g; w <- w + m, or with Nesterov w + mu m - lr g."""

    def __init__(self, settings: SGD, numbers: Numbers) -> None:
        self.lr, self.mu = numbers.read(settings.learning_rate), numbers.read(settings.momentum)
        self.nesterov = settings.nesterov
        self.m = numbers.read(0.0)

    def step(self, w: Any, g: Any) -> Any:
        self.m = self.mu * self.m - self.lr * g
        return w + self.mu * self.m - self.lr * g if self.nesterov else w + self.m

    def memory(self) -> tuple[Any, ...]:
        return (self.m,)

    def scale(self, factor: float) -> None:
        """Multiply the velocity."""
        self.m *= factor


class TextbookAdam:
    """Kingma and Ba's algorithm in the form of its section 2, with AMSGrad as Keras has it."""

    def __init__(self, settings: Adam, numbers: Numbers) -> None:
        read, self.sqrt = numbers
        self.lr, self.b1, self.b2 = read(settings.learning_rate), read(settings.beta_1), read(settings.beta_2)
        self.eps, self.amsgrad = read(settings.epsilon), settings.amsgrad
        self.decay = read(getattr(settings, "weight_decay", 0.0)) * self.lr
        self.m = self.v = self.largest = read(0.0)
        self.p1 = self.p2 = read(1.0)
        self.nan = read(math.nan)

    def step(self, w: Any, g: Any) -> Any:
        b1, b2 = self.b1, self.b2
        self.p1 *= b1
        self.p2 *= b2
        m = self.m = b1 * self.m + (1 - b1) * g
        v = self.v = b2 * self.v + (1 - b2) * g * g
        if self.amsgrad:
            v = self.largest = max(self.largest, v)
        alpha = self.lr * self.sqrt(1 - self.p2) / (1 - self.p1) if self.p1 < 1 else self.nan
        below = self.sqrt(v) + self.eps
        return w - self.decay * w - (alpha * m / below if below else self.nan)

    def memory(self) -> tuple[Any, ...]:
        return (self.m, self.v, self.largest)


class TextbookRMSprop:
    """w - lr g / sqrt(v + epsilon), plain or centered, with or without momentum."""

    def __init__(self, settings: RMSprop, numbers: Numbers) -> None:
        read, self.sqrt = numbers
        self.lr, self.rho, self.mu = read(settings.learning_rate), read(settings.rho), read(settings.momentum)
        self.eps, self.centered = read(settings.epsilon), settings.centered
        self.v = self.a = self.m = read(0.0)
        self.nan = read(math.nan)

    def step(self, w: Any, g: Any) -> Any:
        rho = self.rho
        self.v = rho * self.v + (1 - rho) * g * g
        q = self.v + self.eps
        if self.centered:
            self.a = rho * self.a + (1 - rho) * g
            q -= self.a * self.a
        change = self.lr * g / self.sqrt(q) if q > 0 else self.nan
        self.m = self.mu * self.m + change
        return w - self.m

    def memory(self) -> tuple[Any, ...]:
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

    def memory(self) -> tuple[Any, ...]:
        return tuple(float(slot) for slot in self.slots.values())


def update_of(optimizer: Optimizer, numbers: Numbers = FLOATS) -> Update | None:
    """A fresh update rule for one parameter; None where there is none on such numbers.

    Examples
    --------
    >>> update_of(SGD(learning_rate=0.25)).step(1.0, 2.0)
    0.5
    >>> update_of(SGD(learning_rate=0.1), DECIMALS).step(Decimal("0.3"), 2)
    Decimal('0.1')
    """
    if type(optimizer) is SGD:
        return PlainSGD(optimizer, numbers) if optimizer.momentum == 0 else MomentumSGD(optimizer, numbers)
    if type(optimizer) in (Adam, AdamW):
        assert isinstance(optimizer, Adam)
        return TextbookAdam(optimizer, numbers)
    if type(optimizer) is RMSprop:
        return TextbookRMSprop(optimizer, numbers)
    return ReferenceUpdate(optimizer) if numbers is FLOATS else None
