"""Adam, its AMSGrad variant, and AdamW with decoupled weight decay."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from reference.optimizers.base import Optimizer, dtype_of

__all__ = ["Adam", "AdamW"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Adam(Optimizer):
    r"""Adaptive moment estimation.

    At step t = 1, 2, ... with gradient g::

        alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t)
        m <- m + (g - m) (1 - beta_1)
        v <- v + (g^2 - v) (1 - beta_2)
        w <- w - m alpha / (sqrt(v) + epsilon)

    With `amsgrad`, v_hat <- max(v_hat, v) takes the place of v in the last line, the
    maximum being over the v that is not bias-corrected.

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.001
    beta_1, beta_2 : float in [0, 1], defaults 0.9 and 0.999
        Decay of the first and second moment.
    epsilon : float, default 1e-7
        Added to the root, after it is taken: Kingma and Ba's "epsilon hat", by
        sqrt(1 - beta_2^t) smaller in effect than the epsilon of their algorithm 1.
    amsgrad : bool, default False

    Notes
    -----
    Slots: ``momentum`` (m), ``velocity`` (v), with AMSGrad ``velocity_hat``. The powers
    beta^t take beta rounded through float32 (see `cast_like_keras`), whereas 1 - beta is
    formed in double precision and rounded once. Formulas and order of operations:
    `keras.optimizers.Adam`, Keras 3; Kingma and Ba (2015), algorithm 1 and the end of its
    section 2; AMSGrad: Reddi, Kale and Kumar (2018), algorithm 2.

    Examples
    --------
    The first step has the length of the learning rate, whatever the gradient:

    >>> from reference import Adam, Parameters
    >>> p, g = Parameters(w=1.0), Parameters(w=1024.0, b=None, v=None, d=None)
    >>> adam = Adam(learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=0.0)
    >>> p, state = adam.step(p, g, adam.init(p))
    >>> float(p.w), float(state.slots["momentum"].w), float(state.slots["velocity"].w)
    (0.75, 512.0, 262144.0)
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False

    differs: ClassVar[str] = (
        "epsilon is added to the root of the raw velocity (epsilon hat), of which AMSGrad takes the maximum"
    )

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "beta_1": (0.0, 1.0), "beta_2": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum", "velocity", "velocity_hat") if self.amsgrad else ("momentum", "velocity")

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        t = np.add(iterations, 1, dtype=dtype_of(w))
        alpha = (
            scalar(self.learning_rate)
            * np.sqrt(1 - np.power(self.constant(self.beta_2, dtype_of(w)), t))
            / (1 - np.power(self.constant(self.beta_1, dtype_of(w)), t))
        )
        m = slots["momentum"] + (g - slots["momentum"]) * scalar(1 - self.beta_1)
        v = slots["velocity"] + (np.square(g) - slots["velocity"]) * scalar(1 - self.beta_2)
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = np.maximum(slots["velocity_hat"], v)
        return w - m * alpha / (np.sqrt(v) + scalar(self.epsilon)), new


@dataclass(frozen=True, kw_only=True, eq=False)
class AdamW(Adam):
    r"""Adam with decoupled weight decay.

    Before the step of `Adam`, and apart from its moments::

        w <- w - w weight_decay lr

    Parameters
    ----------
    weight_decay : float, default 0.004
        Relative decay per unit of learning rate.
    learning_rate, beta_1, beta_2, epsilon, amsgrad
        As for `Adam`.

    Notes
    -----
    Formulas and order of operations: `keras.optimizers.AdamW`, Keras 3 (the decay is
    multiplied by the learning rate, and rounded through float32 as `cast_like_keras`
    describes); Loshchilov and Hutter (2019), "Decoupled weight decay regularization",
    algorithm 2, whose schedule multiplier plays the part of the learning rate.

    Examples
    --------
    >>> from reference import AdamW, Parameters
    >>> p, g = Parameters(w=1.0), Parameters(w=0.0, b=None, v=None, d=None)
    >>> adamw = AdamW(learning_rate=0.25, weight_decay=0.5)
    >>> float(adamw.step(p, g, adamw.init(p))[0].w)
    0.875
    """

    weight_decay: float = 0.004

    differs: ClassVar[str] = (
        "epsilon is added to the root of the raw velocity (epsilon hat); "
        "before the step the parameter decays by weight_decay times the learning rate"
    )

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "weight_decay": (0.0, float(np.finfo(np.float32).max))})

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        decay = w * self.constant(self.weight_decay, dtype_of(w)) * dtype_of(w).type(self.learning_rate)
        return super().update(w - decay, g, iterations, slots)
