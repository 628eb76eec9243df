"""PyTorch's reading of the formulas: `torch.optim`, one tensor at a time, on a CPU.

Settings carry the names of `reference.optimizers`: learning_rate is PyTorch's lr, beta_1 and
beta_2 its betas, epsilon its eps, rho its alpha. What is a Python number there is one here:
formed in double precision, and rounded once where it meets a tensor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from reference.optimizers.base import Optimizer, any_positive, bias_correction, dtype_of, in_double

__all__ = ["SGD", "Adam", "AdamW", "RMSprop"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SGD(Optimizer):
    r"""Gradient descent with momentum, as PyTorch reads it.

    With gradient g, to which the decay is coupled::

        g <- g + weight_decay w
        plain       w <- w - lr g
        momentum    m <- mu m + (1 - dampening) g, in the first step m <- g;  w <- w - lr m
        Nesterov    m likewise;  w <- w - lr (g + mu m)

    The learning rate is outside the velocity m: a changed one scales at once what is accumulated.

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.001
    momentum : float in [0, 1] or ndarray, default 0
        0 keeps no slot at all. In an array, a member whose momentum is 0 takes, bit for
        bit, the steps of plain SGD, which knows no dampening either.
    dampening : float in [0, 1], default 0
        What is taken from the gradient before it enters the velocity, but for the first one.
    weight_decay : float, default 0
        Added to the gradient, times the parameter.
    nesterov : bool, default False
        Nesterov's form; no effect without momentum. Not together with dampening.

    Notes
    -----
    Slot: ``momentum``, PyTorch's momentum_buffer, which is no zero before the first step
    there but does not exist; here the first step is known by ``iterations == 0``. Formulas
    and order of operations: `torch.optim.SGD`, PyTorch 2.13, which refuses Nesterov's form
    without momentum too.

    Examples
    --------
    The second gradient counts by half, the first one does not:

    >>> from reference import Parameters
    >>> from reference.optimizers import pytorch
    >>> p, g = Parameters(w=1.0), Parameters(w=0.5, b=None, v=None, d=None)
    >>> sgd = pytorch.SGD(learning_rate=0.25, momentum=0.5, dampening=0.5)
    >>> p, state = sgd.step(p, g, sgd.init(p))
    >>> float(p.w), float(state.slots["momentum"].w)
    (0.875, 0.5)
    >>> p, state = sgd.step(p, g, state)
    >>> float(p.w), float(state.slots["momentum"].w)
    (0.75, 0.5)
    """

    learning_rate: float = 0.001
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = (
        "the learning rate multiplies the whole velocity, which begins with the first gradient, undampened"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and self.dampening > 0:
            raise ValueError(f"SGD.dampening must be 0 with nesterov, got {self.dampening!r}")

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "momentum": (0.0, 1.0), "dampening": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum",) if any_positive(self.momentum) else ()

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        lr = scalar(self.learning_rate)
        g = _coupled(w, g, self.weight_decay)
        if not slots:
            return w - g * lr, {}
        mu, rest = scalar(self.momentum), scalar(1 - self.dampening)
        if np.ndim(mu):
            rest = np.where(mu == 0, scalar(1), rest)
        m = np.where(np.equal(iterations, 0), g, slots["momentum"] * mu + g * rest)[()]
        return w - (g + m * mu if self.nesterov else m) * lr, {"momentum": m}


@dataclass(frozen=True, kw_only=True, eq=False)
class Adam(Optimizer):
    r"""Adaptive moment estimation, as PyTorch reads it.

    At step t = 1, 2, ... with gradient g, to which the decay is coupled::

        g <- g + weight_decay w
        m <- m + (1 - beta_1) (g - m)
        v <- beta_2 v + (1 - beta_2) g^2
        w <- w - lr / (1 - beta_1^t) m / (sqrt(v) / sqrt(1 - beta_2^t) + epsilon)

    With `amsgrad`, v_hat <- max(v_hat, v) takes the place of v in the last line, the
    maximum being over the v that is not bias-corrected.

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.001
    beta_1, beta_2 : float in [0, 1], defaults 0.9 and 0.999
        Decay of the first and second moment.
    epsilon : float, default 1e-8
        Added to the root of the bias-corrected second moment: that of algorithm 1.
    amsgrad : bool, default False
    weight_decay : float, default 0
        Added to the gradient, times the parameter: it goes through the moments.

    Notes
    -----
    Slots: ``momentum`` (m), ``velocity`` (v), with AMSGrad ``velocity_hat``: PyTorch's
    exp_avg, exp_avg_sq and max_exp_avg_sq. The first moment is a `torch.lerp`, which for
    beta_1 <= 1/2 is g - (g - m) beta_1. Powers and bias corrections are formed in double
    precision, whatever the dtype. Formulas and order of operations: `torch.optim.Adam`,
    PyTorch 2.13; Kingma and Ba (2015), algorithm 1.

    Examples
    --------
    At the first step epsilon 8 meets the corrected root, which is the gradient 8 itself, so
    that half the learning rate is left:

    >>> from reference import Parameters
    >>> from reference.optimizers import pytorch
    >>> p, g = Parameters(w=1.0), Parameters(w=8.0, b=None, v=None, d=None)
    >>> adam = pytorch.Adam(learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=8.0)
    >>> p, state = adam.step(p, g, adam.init(p))
    >>> float(p.w), float(state.slots["momentum"].w), float(state.slots["velocity"].w)
    (0.875, 4.0, 16.0)
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    amsgrad: bool = False
    weight_decay: float = 0.0

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = (
        "epsilon is added to the root of the bias-corrected velocity (algorithm 1), "
        "of which AMSGrad takes the maximum before the correction; weight decay is part of the gradient"
    )

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "beta_1": (0.0, 1.0), "beta_2": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum", "velocity", "velocity_hat") if self.amsgrad else ("momentum", "velocity")

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return self._step(w, _coupled(w, g, self.weight_decay), iterations, slots)

    def _step(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        dtype = dtype_of(w)
        scalar, double = dtype.type, in_double(dtype)
        rate = double.type(self.learning_rate) / bias_correction(self.beta_1, iterations, double)
        root_2 = np.sqrt(bias_correction(self.beta_2, iterations, double))
        m = _lerp(slots["momentum"], g, scalar(1 - self.beta_1))
        v = slots["velocity"] * scalar(self.beta_2) + g * g * scalar(1 - self.beta_2)
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = np.maximum(slots["velocity_hat"], v)
        root = np.sqrt(v) / root_2.astype(dtype) + scalar(self.epsilon)
        return w - m * rate.astype(dtype) / root, new


@dataclass(frozen=True, kw_only=True, eq=False)
class AdamW(Adam):
    r"""Adam with decoupled weight decay, as PyTorch reads it.

    Before the step of `Adam`, and apart from its moments::

        w <- w (1 - lr weight_decay)

    Parameters
    ----------
    weight_decay : float, default 0.01
        Relative decay per unit of learning rate.
    learning_rate, beta_1, beta_2, epsilon, amsgrad
        As for `Adam`.

    Notes
    -----
    The factor is formed in double precision and rounded once. Formulas and order of
    operations: `torch.optim.AdamW`, PyTorch 2.13; Loshchilov and Hutter (2019), "Decoupled
    weight decay regularization", algorithm 2, whose decay is not multiplied by the learning
    rate.

    Examples
    --------
    >>> from reference import Parameters
    >>> from reference.optimizers import pytorch
    >>> p, g = Parameters(w=1.0), Parameters(w=0.0, b=None, v=None, d=None)
    >>> adamw = pytorch.AdamW(learning_rate=0.25, weight_decay=0.5)
    >>> float(adamw.step(p, g, adamw.init(p))[0].w)
    0.875
    """

    weight_decay: float = 0.01

    differs: ClassVar[str] = (
        "epsilon is added to the root of the bias-corrected velocity (algorithm 1); "
        "before the step the parameter decays by weight_decay times the learning rate"
    )

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        kept = dtype_of(w).type(1 - self.learning_rate * self.weight_decay)
        return self._step(w * kept if self.weight_decay != 0 else w, g, iterations, slots)


@dataclass(frozen=True, kw_only=True, eq=False)
class RMSprop(Optimizer):
    r"""Gradient descent scaled by a running root mean square of the gradient, as PyTorch reads it.

    With gradient g, to which the decay is coupled::

        g <- g + weight_decay w
        v <- rho v + (1 - rho) g^2
        plain       q = sqrt(v) + epsilon
        centered    a <- a + (1 - rho) (g - a);  q = sqrt(v - a^2) + epsilon
        plain       w <- w - lr g / q
        momentum    m <- mu m + g / q;  w <- w - lr m

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.01
    rho : float in [0, 1], default 0.99
        Decay of the running means, PyTorch's alpha.
    momentum : float in [0, 1] or ndarray, default 0
        mu; 0 keeps no slot for it.
    epsilon : float, default 1e-8
        Added to the root, after it is taken.
    centered : bool, default False
        Divide by the standard deviation of the gradient instead.
    weight_decay : float, default 0
        Added to the gradient, times the parameter.

    Notes
    -----
    Slots: ``velocity`` (v), with momentum ``momentum`` (m), centered ``average_gradient``
    (a): PyTorch's square_avg, momentum_buffer and grad_avg. Centered in floating point,
    v - a^2 may come out negative: the step is then NaN. Formulas and order of operations:
    `torch.optim.RMSprop`, PyTorch 2.13.

    Examples
    --------
    The gradient 4 over its root mean square 2 and epsilon 2:

    >>> from reference import Parameters
    >>> from reference.optimizers import pytorch
    >>> p, g = Parameters(w=1.0), Parameters(w=4.0, b=None, v=None, d=None)
    >>> rmsprop = pytorch.RMSprop(learning_rate=0.25, rho=0.75, epsilon=2.0)
    >>> p, state = rmsprop.step(p, g, rmsprop.init(p))
    >>> float(p.w), float(state.slots["velocity"].w)
    (0.75, 4.0)
    """

    learning_rate: float = 0.01
    rho: float = 0.99
    momentum: float = 0.0
    epsilon: float = 1e-8
    centered: bool = False
    weight_decay: float = 0.0

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = "epsilon is added to the root; the learning rate multiplies the whole momentum"

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "rho": (0.0, 1.0), "momentum": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        momentum = ("momentum",) if any_positive(self.momentum) else ()
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        lr, rest = scalar(self.learning_rate), scalar(1 - self.rho)
        g = _coupled(w, g, self.weight_decay)
        v = slots["velocity"] * scalar(self.rho) + g * g * rest
        new = {"velocity": v}
        if self.centered:
            a = new["average_gradient"] = _lerp(slots["average_gradient"], g, rest)
            root = np.sqrt(v - np.square(a)) + scalar(self.epsilon)
        else:
            root = np.sqrt(v) + scalar(self.epsilon)
        plain = g * lr / root
        if "momentum" not in slots:
            return w - plain, new
        mu = scalar(self.momentum)
        m = new["momentum"] = slots["momentum"] * mu + g / root
        # Without momentum the learning rate is multiplied first, also next to a member that has some.
        return w - (np.where(mu == 0, plain, m * lr) if np.ndim(mu) else m * lr), new


def _coupled(w: Any, g: Any, weight_decay: Any) -> Any:
    """The gradient with the derivative of a penalty, weight_decay w^2 / 2."""
    return g + w * dtype_of(w).type(weight_decay) if weight_decay != 0 else g


def _lerp(start: Any, end: Any, weight: Any) -> Any:
    """The mean of two numbers with a constant weight, from the nearer end."""
    step = end - start
    return start + step * weight if abs(weight) < 0.5 else end - step * (1 - weight)
