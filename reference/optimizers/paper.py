"""The formulas as they were published, where they were published first.

Settings carry the names of `reference.optimizers`, with the values that a paper recommends
as defaults; what it recommends none for has none here. Powers are formed in double
precision, and everything is evaluated in the order in which it is printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from reference.optimizers.base import Optimizer, any_positive, bias_correction, dtype_of, in_double

__all__ = ["SGD", "Adam", "AdamW", "RMSprop"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SGD(Optimizer):
    r"""Gradient descent, Polyak's heavy ball, and Nesterov's form of it by Sutskever and others.

    With gradient g::

        plain       w <- w - lr g
        momentum    m <- mu m - lr g;  w <- w + m
        Nesterov    m <- mu m - lr g;  w <- w + mu m - lr g

    Parameters
    ----------
    learning_rate : float or ndarray
    momentum : float in [0, 1] or ndarray, default 0
        0 keeps no slot at all. In an array, a member whose momentum is 0 takes, bit for
        bit, the steps of plain gradient descent.
    nesterov : bool, default False
        Nesterov's form; no effect without momentum.

    Notes
    -----
    Slot: ``momentum``, the velocity m. Polyak (1964), "Some methods of speeding up the
    convergence of iteration methods", has the last step in its place: w moves by
    -lr g + mu (w - its predecessor), the same while the settings stay as they are. Sutskever,
    Martens, Dahl and Hinton (2013), "On the importance of initialization and momentum in deep
    learning", section 2, take Nesterov's gradient at u + mu m, m <- mu m - lr g and
    u <- u + m. What is trained here is the point where the gradient is taken, w = u + mu m:
    it moves by m and then by mu times what m has changed, which is the last line above. The
    formulas are those of `reference.SGD`, whose momentum goes through float32.

    Examples
    --------
    >>> from reference import Parameters
    >>> from reference.optimizers import paper
    >>> p, g = Parameters(w=1.0), Parameters(w=0.5, b=None, v=None, d=None)
    >>> sgd = paper.SGD(learning_rate=0.25, momentum=0.5, nesterov=True)
    >>> p, state = sgd.step(p, g, sgd.init(p))
    >>> float(p.w), float(state.slots["momentum"].w)
    (0.8125, -0.125)
    """

    learning_rate: float = field()
    momentum: float = 0.0
    nesterov: bool = False

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = "the learning rate is inside the velocity (heavy ball)"

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
        m = mu * slots["momentum"] - lr * g
        return w + (mu * m - lr * g if self.nesterov else m), {"momentum": m}


@dataclass(frozen=True, kw_only=True, eq=False)
class Adam(Optimizer):
    r"""Adaptive moment estimation, as Kingma and Ba printed it, and AMSGrad as its authors did.

    At step t = 1, 2, ... with gradient g::

        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g^2
        Adam       m_hat = m / (1 - beta_1^t);  v_hat = v / (1 - beta_2^t)
                   w <- w - lr m_hat / (sqrt(v_hat) + epsilon)
        AMSGrad    v_hat <- max(v_hat, v);  w <- w - lr m / (sqrt(v_hat) + epsilon)

    AMSGrad corrects no bias at all: its first steps are of another length than Adam's.

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.001
    beta_1, beta_2 : float in [0, 1], defaults 0.9 and 0.999
        Decay of the first and second moment.
    epsilon : float, default 1e-8
        Added to the root of the bias-corrected second moment. AMSGrad's authors print none:
        theirs is ``epsilon=0``, which makes the step NaN until there was a gradient.
    amsgrad : bool, default False

    Notes
    -----
    Slots: ``momentum`` (m), ``velocity`` (v), with AMSGrad ``velocity_hat``. Kingma and Ba
    (2015), "Adam: a method for stochastic optimization", algorithm 1, with its recommended
    settings; their "epsilon hat", which Keras has, is a remark at the end of section 2.
    Reddi, Kale and Kumar (2018), "On the convergence of Adam and beyond", algorithm 2, of
    which the projection is left out, and learning rate and beta_1 do not depend on the step.

    Examples
    --------
    At the first step epsilon 8 meets the corrected root, which is the gradient 8 itself, so
    that half the learning rate is left. AMSGrad has m = 4 over the root 4 of v = 16:

    >>> from reference import Parameters
    >>> from reference.optimizers import paper
    >>> p, g = Parameters(w=1.0), Parameters(w=8.0, b=None, v=None, d=None)
    >>> adam = paper.Adam(learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=8.0)
    >>> float(adam.step(p, g, adam.init(p))[0].w)
    0.875
    >>> amsgrad = paper.Adam(learning_rate=0.25, beta_1=0.5, beta_2=0.75, epsilon=0.0, amsgrad=True)
    >>> float(amsgrad.step(p, g, amsgrad.init(p))[0].w)
    0.75
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    amsgrad: bool = False

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = (
        "epsilon is added to the root of the bias-corrected velocity (algorithm 1); AMSGrad corrects no bias"
    )

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "beta_1": (0.0, 1.0), "beta_2": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum", "velocity", "velocity_hat") if self.amsgrad else ("momentum", "velocity")

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        change, new = self._change(w, g, iterations, slots)
        return w - change, new

    def _change(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """What is to be subtracted from the parameter, and the new slots."""
        dtype = dtype_of(w)
        scalar, double = dtype.type, in_double(dtype)
        m = scalar(self.beta_1) * slots["momentum"] + scalar(1 - self.beta_1) * g
        v = scalar(self.beta_2) * slots["velocity"] + scalar(1 - self.beta_2) * np.square(g)
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            m_hat, v_hat = m, np.maximum(slots["velocity_hat"], v)
            new["velocity_hat"] = v_hat
        else:
            m_hat = m / bias_correction(self.beta_1, iterations, double).astype(dtype)
            v_hat = v / bias_correction(self.beta_2, iterations, double).astype(dtype)
        return scalar(self.learning_rate) * m_hat / (np.sqrt(v_hat) + scalar(self.epsilon)), new


@dataclass(frozen=True, kw_only=True, eq=False)
class AdamW(Adam):
    r"""Adam with decoupled weight decay, as Loshchilov and Hutter printed it.

    Together with the step of `Adam`, from the parameter before it::

        w <- w - (lr m_hat / (sqrt(v_hat) + epsilon) + weight_decay w)

    The decay is not multiplied by the learning rate: with a learning rate of 0.001, that of
    the libraries is a thousandth of this one.

    Parameters
    ----------
    weight_decay : float
        Relative decay per step.
    learning_rate, beta_1, beta_2, epsilon, amsgrad
        As for `Adam`.

    Notes
    -----
    Loshchilov and Hutter (2019), "Decoupled weight decay regularization", algorithm 2, with
    a schedule multiplier of 1, by which both terms are multiplied there. They name no weight
    decay to be used in general.

    Examples
    --------
    >>> from reference import Parameters
    >>> from reference.optimizers import paper
    >>> p, g = Parameters(w=1.0), Parameters(w=0.0, b=None, v=None, d=None)
    >>> adamw = paper.AdamW(learning_rate=0.25, weight_decay=0.5)
    >>> float(adamw.step(p, g, adamw.init(p))[0].w)
    0.5
    """

    weight_decay: float = field()

    differs: ClassVar[str] = (
        "epsilon is added to the root of the bias-corrected velocity (algorithm 1); "
        "the parameter decays by weight_decay alone, not times the learning rate"
    )

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        change, new = self._change(w, g, iterations, slots)
        return w - (change + dtype_of(w).type(self.weight_decay) * w), new


@dataclass(frozen=True, kw_only=True, eq=False)
class RMSprop(Optimizer):
    r"""Gradient descent scaled by a running root mean square of the gradient, as on Hinton's slide.

    With gradient g::

        v <- rho v + (1 - rho) g^2
        w <- w - lr g / (sqrt(v) + epsilon)

    Parameters
    ----------
    learning_rate : float or ndarray
    rho : float in [0, 1], default 0.9
        Decay of the mean square.
    epsilon : float, default 0
        The slide has none; with 0, the step is NaN until there was a gradient.

    Notes
    -----
    Slot: ``velocity`` (v). Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for
    machine learning", which prints 0.9 and 0.1 and divides by the root. Momentum and the
    centered form came later.

    Examples
    --------
    >>> from reference import Parameters
    >>> from reference.optimizers import paper
    >>> p, g = Parameters(w=1.0), Parameters(w=4.0, b=None, v=None, d=None)
    >>> rmsprop = paper.RMSprop(learning_rate=0.25, rho=0.75)
    >>> p, state = rmsprop.step(p, g, rmsprop.init(p))
    >>> float(p.w), float(state.slots["velocity"].w)
    (0.5, 4.0)
    """

    learning_rate: float = field()
    rho: float = 0.9
    epsilon: float = 0.0

    constants: ClassVar[str] = "direct"
    differs: ClassVar[str] = "the gradient is divided by the root alone; an epsilon would be added to the root"

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "rho": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("velocity",)

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        scalar = dtype_of(w).type
        v = scalar(self.rho) * slots["velocity"] + scalar(1 - self.rho) * np.square(g)
        return w - scalar(self.learning_rate) * g / (np.sqrt(v) + scalar(self.epsilon)), {"velocity": v}
