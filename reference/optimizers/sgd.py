"""Stochastic gradient descent, with heavy-ball or Nesterov momentum.

A class is its settings, the `slots` that it remembers, and `update`, the rule for one
parameter; `base` applies it to each of the four. Then read `experiment`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from reference.optimizers.base import Optimizer, any_positive, dtype_of

__all__ = ["SGD"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SGD(Optimizer):
    r"""Gradient descent with momentum.

    With learning rate :math:`\eta`, momentum :math:`\mu` and gradient :math:`g`::

        plain       w <- w - g eta
        momentum    m <- m mu - g eta;  w <- w + m
        Nesterov    m <- m mu - g eta;  w <- w + (m mu - g eta)

    The learning rate sits inside the velocity m: a changed one applies to later gradients
    only, and what is accumulated is not scaled again.

    Parameters
    ----------
    learning_rate : float or ndarray, default 0.01
    momentum : float in [0, 1] or ndarray, default 0
        0 keeps no slot at all. In an array, a member whose momentum is 0 takes, bit for
        bit, the steps of plain SGD.
    nesterov : bool, default False
        Nesterov's form; no effect without momentum.

    Notes
    -----
    Slot: ``momentum``, the velocity m. Keras holds the learning rate as a variable of the
    parameter's dtype, while mu is a Python number that `keras.ops.cast` rounds through
    float32, also in float64 (`cast_like_keras`). Formulas and order of operations: `keras.optimizers.SGD`, Keras 3;
    heavy ball: Polyak (1964), "Some methods of speeding up the convergence of iteration
    methods"; Nesterov's form: Sutskever, Martens, Dahl and Hinton (2013), section 2.

    Examples
    --------
    >>> from reference import SGD, Parameters
    >>> p, g = Parameters(w=1.0), Parameters(w=0.5, b=None, v=None, d=None)
    >>> sgd = SGD(learning_rate=0.25, momentum=0.5)
    >>> p, state = sgd.step(p, g, sgd.init(p))
    >>> float(p.w), float(state.slots["momentum"].w)
    (0.875, -0.125)
    >>> float(sgd.step(p, g, state)[0].w)
    0.6875
    """

    momentum: float = 0.0
    nesterov: bool = False

    differs: ClassVar[str] = "the learning rate is inside the velocity"

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        return MappingProxyType({**super()._ranges, "momentum": (0.0, 1.0)})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum",) if any_positive(self.momentum) else ()

    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        lr = dtype_of(w).type(self.learning_rate)
        if not slots:
            return w - g * lr, {}
        mu = self.constant(self.momentum, dtype_of(w))
        m = slots["momentum"] * mu - g * lr
        return w + (m * mu - g * lr if self.nesterov else m), {"momentum": m}
