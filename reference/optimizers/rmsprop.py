"""RMSprop, plain or centered, with or without momentum."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from reference.optimizers.base import Optimizer, any_positive, dtype_of

__all__ = ["RMSprop"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RMSprop(Optimizer):
    r"""Gradient descent scaled by a running root mean square of the gradient.

    With gradient g::

        v <- rho v + (1 - rho) g^2
        plain       q = v + epsilon
        centered    a <- rho a + (1 - rho) g;  q = v - a^2 + epsilon
        step = lr g / sqrt(q)
        plain       w <- w - step
        momentum    m <- mu m + step;  w <- w - m

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.001
    rho : float in [0, 1], default 0.9
        Decay of the running means.
    momentum : float in [0, 1] or ndarray, default 0
        mu; 0 keeps no slot for it.
    epsilon : float, default 1e-7
        Added before the root is taken (the docstring of Keras says otherwise).
    centered : bool, default False
        Divide by the standard deviation of the gradient instead.

    Notes
    -----
    Slots: ``velocity`` (v), with momentum ``momentum`` (m), centered ``average_gradient``
    (a). Centered in floating point, v - a^2 cancels for a steady gradient and q may come
    out negative: the step is then NaN, in Keras as here. Formulas and order of
    operations: `keras.optimizers.RMSprop`, Keras 3; Tieleman and Hinton (2012), lecture
    6.5 of "Neural networks for machine learning"; centered: Graves (2013), "Generating
    sequences with recurrent neural networks", equations 38 to 45.

    Examples
    --------
    >>> from reference import RMSprop, Parameters
    >>> p, g = Parameters(w=1.0), Parameters(w=4.0, b=None, v=None, d=None)
    >>> rmsprop = RMSprop(learning_rate=0.25, rho=0.75, epsilon=0.0)
    >>> p, state = rmsprop.step(p, g, rmsprop.init(p))
    >>> float(p.w), float(state.slots["velocity"].w)
    (0.5, 4.0)
    """

    learning_rate: float = 0.001
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    differs: ClassVar[str] = "epsilon is added before the root is taken; the learning rate is inside the momentum"

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "rho": (0.0, 1.0), "momentum": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        momentum = ("momentum",) if any_positive(self.momentum) else ()
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        rho, rest = scalar(self.rho), scalar(1 - self.rho)
        v = rho * slots["velocity"] + rest * np.square(g)
        new = {"velocity": v}
        if self.centered:
            a = new["average_gradient"] = rho * slots["average_gradient"] + rest * g
            q = v - np.square(a) + scalar(self.epsilon)
        else:
            q = v + scalar(self.epsilon)
        change = scalar(self.learning_rate) * g / np.sqrt(q)
        if "momentum" in slots:
            change = new["momentum"] = scalar(self.momentum) * slots["momentum"] + change
        return w - change, new
