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
        scalar = x.dtype.type
        slope = scalar(np.float32(experiment.negative_slope))
        p = {name: scalar(value) for name, value in zip(Parameters._fields, experiment.initial, strict=True)}
        slots = {(slot, name): scalar(0) for slot in experiment.optimizer.slots for name in experiment.trainable}
        states, seen = [(dict(p), dict(slots))], []
        with np.errstate(all="ignore"):
            for t in range(len(x)):
                y_pred, loss, gradient = self._batch(p, x[t], y[t], slope)
                for name in experiment.trainable:
                    mine = {slot: slots[slot, name] for slot in experiment.optimizer.slots}
                    p[name], mine = self._update(experiment.optimizer, p[name], gradient[name], t, mine)
                    slots.update({(slot, name): value for slot, value in mine.items()})
                states.append((dict(p), dict(slots)))
                seen.append((y_pred, loss, gradient))
        return _recorded(experiment, x, y, states, seen)

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

    def _update(
        self, optimizer: Optimizer, w: Any, g: Any, t: int, slots: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        if isinstance(optimizer, AdamW):
            rate = _float32(w, optimizer.weight_decay) * type(w)(optimizer.learning_rate)
            w = self._fma(-w, rate, w) if self.regrouped else w - w * rate
        rules: dict[type[Optimizer], Callable[..., tuple[Any, dict[str, Any]]]] = {
            SGD: self._sgd,
            Adam: self._adam,
            AdamW: self._adam,
            RMSprop: self._rmsprop,
        }
        return rules[type(optimizer)](optimizer, w, g, t, slots)

    def _sgd(self, o: SGD, w: Any, g: Any, t: int, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        lr = type(w)(o.learning_rate)
        if o.momentum == 0:
            return self._fma(-lr, g, w), {}
        mu, step = _float32(w, o.momentum), -lr * g
        m = self._fma(mu, slots["momentum"], step)
        return (w + self._fma(mu, m, step) if o.nesterov else w + m), {"momentum": m}

    def _adam(self, o: Adam, w: Any, g: Any, t: int, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
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

    def _rmsprop(self, o: RMSprop, w: Any, g: Any, t: int, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
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


def _recorded(
    experiment: Experiment, x: np.ndarray, y: np.ndarray, states: list[tuple[Any, Any]], seen: list[Any]
) -> Recorded:
    """Stack what happened, parameters not trained included."""

    def stacked(values: list[Any]) -> np.ndarray:
        return np.array(values, x.dtype)

    def trained(column: Callable[[str], list[Any]]) -> Parameters:
        names = experiment.trainable
        return Parameters(*(stacked(column(name)) if name in names else None for name in Parameters._fields))

    def slot(of: str) -> Parameters:
        return trained(lambda name: [slots[of, name] for _, slots in states])

    return Recorded(
        first_step=0,
        x=x,
        y=y,
        parameters=Parameters(*(stacked([p[name] for p, _ in states]) for name in Parameters._fields)),
        slots={of: slot(of) for of in experiment.optimizer.slots},
        y_pred=stacked([y_pred for y_pred, _, _ in seen]),
        loss=stacked([loss for _, loss, _ in seen]),
        gradient=trained(lambda name: [gradient[name] for _, _, gradient in seen]),
    )
