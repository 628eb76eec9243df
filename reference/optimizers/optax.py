"""optax' reading of the formulas, as JAX evaluates them operation by operation.

Settings carry the names of `reference.optimizers`: beta_1 and beta_2 are optax' b1 and b2,
epsilon its eps, rho its decay, and momentum 0 its None. The learning rate has no default
there and has none here. A constant is formed in double precision and rounded once; powers
are taken in the dtype, as JAX does (with its float64 enabled, but parameters of float32, JAX
takes powers in float64: that is not read here).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from reference.optimizers.base import Optimizer, any_positive, bias_correction, dtype_of

__all__ = ["SGD", "Adam", "AdamW", "RMSprop"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SGD(Optimizer):
    r"""Gradient descent with momentum, as optax reads it.

    With gradient g::

        plain       w <- w - lr g
        momentum    m <- g + mu m;  w <- w - lr m
        Nesterov    m <- g + mu m;  w <- w - lr (g + mu m)

    The learning rate is outside the trace m: a changed one scales at once what is accumulated.

    Parameters
    ----------
    learning_rate : float or ndarray
    momentum : float in [0, 1] or ndarray, default 0
        0 keeps no slot at all. In an array, a member whose momentum is 0 takes, bit for
        bit, the steps of plain SGD.
    nesterov : bool, default False
        Nesterov's form; no effect without momentum.

    Notes
    -----
    Slot: ``momentum``, optax' trace. Formulas and order of operations: `optax.sgd`, optax
    0.2.8.

    Examples
    --------
    >>> from reference import Parameters
    >>> from reference.optimizers import optax
    >>> p, g = Parameters(w=1.0), Parameters(w=0.5, b=None, v=None, d=None)
    >>> sgd = optax.SGD(learning_rate=0.25, momentum=0.5)
    >>> p, state = sgd.step(p, g, sgd.init(p))
    >>> float(p.w), float(state.slots["momentum"].w)
    (0.875, 0.5)
    >>> float(sgd.step(p, g, state)[0].w)
    0.6875
    """

    learning_rate: float = field()
    momentum: float = 0.0
    nesterov: bool = False

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = "the learning rate multiplies the whole velocity"

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "momentum": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum",) if any_positive(self.momentum) else ()

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        lr = scalar(self.learning_rate)
        if not slots:
            return w - lr * g, {}
        mu = scalar(self.momentum)
        m = g + mu * slots["momentum"]
        return w - lr * (g + mu * m if self.nesterov else m), {"momentum": m}


@dataclass(frozen=True, kw_only=True, eq=False)
class Adam(Optimizer):
    r"""Adaptive moment estimation, as optax reads it.

    At step t = 1, 2, ... with gradient g::

        m <- (1 - beta_1) g + beta_1 m
        v <- (1 - beta_2) g^2 + beta_2 v
        m_hat = m / (1 - beta_1^t)
        v_hat = v / (1 - beta_2^t)
        w <- w - lr m_hat / (sqrt(v_hat + eps_root) + epsilon)

    With `amsgrad`, the largest v_hat so far takes the place of v_hat: the maximum is over
    what is bias-corrected already.

    Parameters
    ----------
    learning_rate : float or ndarray
    beta_1, beta_2 : float in [0, 1], defaults 0.9 and 0.999
        Decay of the first and second moment.
    epsilon : float, default 1e-8
        Added to the root of the bias-corrected second moment: that of algorithm 1.
    eps_root : float, default 0
        Added before the root is taken.
    amsgrad : bool, default False

    Notes
    -----
    Slots: ``momentum`` (m), ``velocity`` (v), with AMSGrad ``velocity_hat``: optax' mu, nu
    and nu_max. Formulas and order of operations: `optax.adam` and `optax.amsgrad`, optax
    0.2.8, the latter with its bias_correction_mu and bias_correction_nu as they are by
    default; optax says of them that False is the paper's. Kingma and Ba (2015), algorithm 1.

    Examples
    --------
    At the first step epsilon 8 meets the corrected root, which is the gradient 8 itself, so
    that half the learning rate is left:

    >>> from reference import Parameters
    >>> from reference.optimizers import optax
    >>> p, g = Parameters(w=1.0), Parameters(w=8.0, b=None, v=None, d=None)
    >>> adam = optax.Adam(learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=8.0)
    >>> p, state = adam.step(p, g, adam.init(p))
    >>> float(p.w), float(state.slots["momentum"].w), float(state.slots["velocity"].w)
    (0.875, 4.0, 16.0)
    """

    learning_rate: float = field()
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    eps_root: float = 0.0
    amsgrad: bool = False

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = (
        "epsilon is added to the root of the bias-corrected velocity (algorithm 1), of which AMSGrad takes the maximum"
    )

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "beta_1": (0.0, 1.0), "beta_2": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum", "velocity", "velocity_hat") if self.amsgrad else ("momentum", "velocity")

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        direction, new = self._direction(w, g, iterations, slots)
        return w - dtype_of(w).type(self.learning_rate) * direction, new

    def _direction(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """What the learning rate is to scale, and the new slots."""
        dtype = dtype_of(w)
        scalar = dtype.type
        m = scalar(1 - self.beta_1) * g + scalar(self.beta_1) * slots["momentum"]
        v = scalar(1 - self.beta_2) * np.square(g) + scalar(self.beta_2) * slots["velocity"]
        new = {"momentum": m, "velocity": v}
        m_hat = m / bias_correction(self.beta_1, iterations, dtype)
        v_hat = v / bias_correction(self.beta_2, iterations, dtype)
        if self.amsgrad:
            v_hat = new["velocity_hat"] = np.maximum(slots["velocity_hat"], v_hat)
        return m_hat / (np.sqrt(v_hat + scalar(self.eps_root)) + scalar(self.epsilon)), new


@dataclass(frozen=True, kw_only=True, eq=False)
class AdamW(Adam):
    r"""Adam with decoupled weight decay, as optax reads it.

    Together with the step of `Adam`, from the parameter before it::

        w <- w - lr (m_hat / (sqrt(v_hat + eps_root) + epsilon) + weight_decay w)

    Parameters
    ----------
    weight_decay : float, default 0.0001
        Relative decay per unit of learning rate.
    learning_rate, beta_1, beta_2, epsilon, eps_root, amsgrad
        As for `Adam`.

    Notes
    -----
    Formulas and order of operations: `optax.adamw`, optax 0.2.8, which has no AMSGrad: with
    `amsgrad` this is its scale_by_amsgrad, add_decayed_weights and scale_by_learning_rate in
    a chain. Loshchilov and Hutter (2019), "Decoupled weight decay regularization", algorithm
    2, whose decay is not multiplied by the learning rate.

    Examples
    --------
    >>> from reference import Parameters
    >>> from reference.optimizers import optax
    >>> p, g = Parameters(w=1.0), Parameters(w=0.0, b=None, v=None, d=None)
    >>> adamw = optax.AdamW(learning_rate=0.25, weight_decay=0.5)
    >>> float(adamw.step(p, g, adamw.init(p))[0].w)
    0.875
    """

    weight_decay: float = 0.0001

    differs: ClassVar[str] = (
        "epsilon is added to the root of the bias-corrected velocity (algorithm 1); "
        "to the step is added weight_decay times the parameter before it, both times the learning rate"
    )

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        direction, new = self._direction(w, g, iterations, slots)
        return w - scalar(self.learning_rate) * (direction + scalar(self.weight_decay) * w), new


@dataclass(frozen=True, kw_only=True, eq=False)
class RMSprop(Optimizer):
    r"""Gradient descent scaled by a running root mean square of the gradient, as optax reads it.

    With gradient g, at step t = 1, 2, ...::

        v <- (1 - rho) g^2 + rho v
        centered    a <- (1 - rho) g + rho a;  q = v - a^2, else q = v
        step = -lr g / sqrt(q + epsilon), or -lr g / (sqrt(q) + epsilon)
        plain       w <- w + step
        momentum    m <- step + mu m;  w <- w + m
        Nesterov    m <- step + mu m;  w <- w + step + mu m

    With `bias_correction`, v and a are divided by 1 - rho^t before q is formed.

    Parameters
    ----------
    learning_rate : float or ndarray
    rho : float in [0, 1], default 0.9
        Decay of the running means.
    momentum : float in [0, 1] or ndarray, default 0
        mu; 0 keeps no slot for it.
    epsilon : float, default 1e-8
    centered : bool, default False
        Divide by the standard deviation of the gradient instead.
    initial_scale : float, default 0
        The v before the first step.
    eps_in_sqrt : bool, default True
        Add epsilon before the root is taken.
    nesterov : bool, default False
        Nesterov's form; no effect without momentum.
    bias_correction : bool, default False

    Notes
    -----
    Slots: ``velocity`` (v), with momentum ``momentum`` (m), centered ``average_gradient``
    (a): optax' nu, trace and mu. They begin at 0, and `initial_scale` takes the place of v
    where ``iterations == 0``. The trace is what is added to w: Keras' momentum with the other
    sign. The quotient is a product with the reciprocal root. Centered in
    floating point, v - a^2 may come out negative: the step is then NaN, unless epsilon is
    larger. Formulas and order of operations: `optax.rmsprop`, optax 0.2.8.

    Examples
    --------
    The gradient 4, whose mean square 4 and epsilon 12 have the root 4:

    >>> from reference import Parameters
    >>> from reference.optimizers import optax
    >>> p, g = Parameters(w=1.0), Parameters(w=4.0, b=None, v=None, d=None)
    >>> rmsprop = optax.RMSprop(learning_rate=0.25, rho=0.75, epsilon=12.0)
    >>> p, state = rmsprop.step(p, g, rmsprop.init(p))
    >>> float(p.w), float(state.slots["velocity"].w)
    (0.75, 4.0)
    """

    learning_rate: float = field()
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-8
    centered: bool = False
    initial_scale: float = 0.0
    eps_in_sqrt: bool = True
    nesterov: bool = False
    bias_correction: bool = False

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = (
        "epsilon is added before the root is taken, unless eps_in_sqrt is False; "
        "the learning rate is inside the momentum"
    )

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "rho": (0.0, 1.0), "momentum": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        momentum = ("momentum",) if any_positive(self.momentum) else ()
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        dtype = dtype_of(w)
        scalar = dtype.type
        rho, rest, epsilon = scalar(self.rho), scalar(1 - self.rho), scalar(self.epsilon)
        before = slots["velocity"]
        if self.initial_scale != 0:
            before = np.where(np.equal(iterations, 0), before * 0 + scalar(self.initial_scale), before)[()]
        v = q = rest * np.square(g) + rho * before
        new = {"velocity": v}
        correction = bias_correction(self.rho, iterations, dtype) if self.bias_correction else None
        if correction is not None:
            q = q / correction
        if self.centered:
            a = new["average_gradient"] = rest * g + rho * slots["average_gradient"]
            q = q - np.square(a if correction is None else a / correction)
        root = np.sqrt(q + epsilon) if self.eps_in_sqrt else np.sqrt(q) + epsilon
        change = scalar(self.learning_rate) * (1 / root * g)
        if "momentum" in slots:
            mu = scalar(self.momentum)
            m = new["momentum"] = mu * slots["momentum"] - change
            return w + (mu * m - change if self.nesterov else m), new
        return w - change, new
