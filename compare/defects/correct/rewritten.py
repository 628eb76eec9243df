"""The same mathematics written otherwise: another correct implementation, to be left in peace.

Sums in another order, fused multiply-adds, factors of a product and a quotient taken in
another order, roots and quotients as products with a reciprocal: whatever a compiler or
another library may do, and no more. It shares no line with the reference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from compare.defects.correct.fma import SUMS, fma
from reference import SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop

__all__ = ["Recorded", "Rewrite"]

Slots = dict[str, Any]
Rule = Callable[..., tuple[Any, Slots]]


class Recorded(NamedTuple):
    """What `keras_impl.Record` holds, of this implementation."""

    first_step: int
    x: np.ndarray
    y: np.ndarray
    parameters: Parameters
    slots: dict[str, Parameters]
    y_pred: np.ndarray
    loss: np.ndarray
    gradient: Parameters


@dataclass(frozen=True)
class Rewrite:
    """One way of writing it.

    Parameters
    ----------
    order : str
        Key of `compare.defects.correct.fma.SUMS`.
    fused : bool
        Whether products are added to sums in one rounding.
    regrouped : bool
        Whether factors and quotients are taken in another order.
    """

    order: str
    fused: bool
    regrouped: bool

    def record(self, experiment: Experiment, x: np.ndarray, y: np.ndarray) -> Recorded:
        """Train on the batches x, y of shape (steps, n), and record it."""
        scalar, names, optimizer = x.dtype.type, experiment.trainable, experiment.optimizer
        slope = scalar(np.float32(experiment.negative_slope))
        p = {name: scalar(value) for name, value in zip(Parameters._fields, experiment.initial, strict=True)}
        slots = {name: dict.fromkeys(optimizer.slots, scalar(0)) for name in names}
        parameters, states, gradients, losses, predictions = [p], [slots], [], [], []
        with np.errstate(all="ignore"):
            for t in range(len(x)):
                y_pred, loss, gradient = self._batch(p, x[t], y[t], slope)
                stepped = {name: self._update(optimizer, p[name], gradient[name], t, slots[name]) for name in names}
                p = p | {name: w for name, (w, _) in stepped.items()}
                slots = {name: new for name, (_, new) in stepped.items()}
                parameters.append(p)
                states.append(slots)
                gradients.append(gradient)
                losses.append(loss)
                predictions.append(y_pred)
        return Recorded(
            first_step=0,
            x=x,
            y=y,
            parameters=_columns(parameters, Parameters._fields, x.dtype),
            slots={
                slot: _columns([{name: new[slot] for name, new in state.items()} for state in states], names, x.dtype)
                for slot in optimizer.slots
            },
            y_pred=np.array(predictions, x.dtype),
            loss=np.array(losses, x.dtype),
            gradient=_columns(gradients, names, x.dtype),
        )

    def _batch(self, p: dict[str, Any], x: np.ndarray, y: np.ndarray, slope: Any) -> tuple[Any, Any, dict[str, Any]]:
        total, n, two = SUMS[self.order], x.dtype.type(len(x)), x.dtype.type(2)
        z = self._fma(p["w"], x, p["b"])
        active = z > 0
        value = np.where(active, z, slope * z)
        y_pred = self._fma(p["v"], value, p["d"])
        error = y_pred - y
        if self.regrouped:
            loss, upstream = total(error * error / n), error * (two / n)
        else:
            loss, upstream = total(error * error) / n, error * two / n
        inward = upstream * p["v"]
        inward = np.where(active, inward, inward * slope)
        products = {"w": (inward, x), "v": (upstream, value)}
        gradient = {name: self._dot(*pair) for name, pair in products.items()}
        return y_pred, loss, gradient | {"b": total(inward), "d": total(upstream)}

    def _fma(self, a: Any, b: Any, c: Any) -> Any:
        return fma(a, b, c) if self.fused else c + b * a

    def _dot(self, a: np.ndarray, b: np.ndarray) -> Any:
        if not self.fused:
            return SUMS[self.order](b * a)
        total = a.dtype.type(0)
        for one, other in zip(a, b, strict=True):
            total = fma(one, other, total)
        return total

    def _update(self, optimizer: Optimizer, w: Any, g: Any, t: int, slots: Slots) -> tuple[Any, Slots]:
        if isinstance(optimizer, AdamW):
            rate = _float32(w, optimizer.weight_decay) * type(w)(optimizer.learning_rate)
            w = self._fma(-w, rate, w) if self.regrouped else w - w * rate
        rules: dict[type, Rule] = {SGD: self._sgd, Adam: self._adam, AdamW: self._adam, RMSprop: self._rmsprop}
        return rules[type(optimizer)](optimizer, w, g, t, slots)

    def _sgd(self, o: SGD, w: Any, g: Any, t: int, slots: Slots) -> tuple[Any, Slots]:
        lr = type(w)(o.learning_rate)
        if o.momentum == 0:
            return self._fma(-lr, g, w), {}
        mu, step = _float32(w, o.momentum), -lr * g
        m = self._fma(mu, slots["momentum"], step)
        return (w + self._fma(mu, m, step) if o.nesterov else w + m), {"momentum": m}

    def _adam(self, o: Adam, w: Any, g: Any, t: int, slots: Slots) -> tuple[Any, Slots]:
        scalar = type(w)
        power_1, power_2 = (_float32(w, beta) ** scalar(t + 1) for beta in (o.beta_1, o.beta_2))
        m = self._fma(scalar(1 - o.beta_1), g - slots["momentum"], slots["momentum"])
        v = self._fma(scalar(1 - o.beta_2), self._fma(g, g, -slots["velocity"]), slots["velocity"])
        new = {"momentum": m, "velocity": v}
        if o.amsgrad:
            v = new["velocity_hat"] = max(v, slots["velocity_hat"])
        rate, root = np.sqrt(1 - power_2) / (1 - power_1), np.sqrt(v) + scalar(o.epsilon)
        lr = scalar(o.learning_rate)
        step = m * (lr * rate / root) if self.regrouped else m * (lr * rate) / root
        return w - step, new

    def _rmsprop(self, o: RMSprop, w: Any, g: Any, t: int, slots: Slots) -> tuple[Any, Slots]:
        scalar = type(w)
        rho, rest = scalar(o.rho), scalar(1 - o.rho)
        v = self._fma(rho, slots["velocity"], rest * (g * g))
        new = {"velocity": v}
        if o.centered:
            a = new["average_gradient"] = self._fma(rho, slots["average_gradient"], rest * g)
            v = self._fma(-a, a, v)
        root, lr = np.sqrt(v + scalar(o.epsilon)), scalar(o.learning_rate)
        change = lr * g * (1 / root) if self.regrouped else lr * g / root
        if o.momentum > 0:
            change = new["momentum"] = self._fma(scalar(o.momentum), slots["momentum"], change)
        return w - change, new


def _float32(like: Any, value: float) -> Any:
    return type(like)(np.float32(value))


def _columns(rows: list[dict[str, Any]], names: tuple[str, ...], dtype: Any) -> Parameters:
    """An array for each parameter of these names, None for the others."""
    return Parameters(*(np.array([row[n] for row in rows], dtype) if n in names else None for n in Parameters._fields))
