"""The expected loss over the trained parameters, whose stationary points are to be found."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from compare.surface.critical.teacher import Teacher, facing
from compare.surface.gradient import expected_gradient
from compare.surface.hessian import expected_hessian
from compare.surface.loss import expected_loss
from reference import Parameters, Target

__all__ = ["TrainedSurface", "kink_kind"]


class TrainedSurface(NamedTuple):
    """The expected loss as a function of the trained parameters: the others are fixed, the neuron has slope s."""

    trainable: tuple[str, ...]
    fixed: Parameters
    s: float
    target: Target

    def trains(self, name: str) -> bool:
        """Whether the parameter is trained."""
        return name in self.trainable

    def teacher(self, orientation: int = 1) -> Teacher:
        """The teacher of a neuron that faces right (1) or left (-1)."""
        return facing(self.target, orientation)

    @property
    def d(self) -> float | None:
        """Output bias, None where it is trained."""
        return None if self.trains("d") else float(self.fixed.d)

    @property
    def centre(self) -> float:
        """The output bias of a neuron without output: d, or E[y] where d is trained."""
        return self.teacher().mean if self.trains("d") else float(self.fixed.d)

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments for the surface functions."""
        return {"negative_slope": self.s, "target": self.target}

    @property
    def rows(self) -> list[int]:
        """Where the trained parameters stand among w, b, v, d."""
        return [Parameters._fields.index(name) for name in self.trainable]

    def loss(self, parameters: Parameters) -> float:
        """Expected loss."""
        return float(expected_loss(parameters, **self.options))

    def gradient(self, parameters: Parameters) -> Parameters:
        """First derivatives by all parameters."""
        return expected_gradient(parameters, **self.options)

    def variance(self) -> float:
        """Var y, the loss of the best constant."""
        return self.loss(Parameters(w=0.0, b=0.0, v=0.0, d=self.teacher().mean))

    def silent_loss(self) -> float:
        """The loss of a neuron without output, E[(d - y)^2] or, with d trained, Var y."""
        return self.loss(Parameters(w=0.0, b=0.0, v=0.0, d=self.centre))

    def line_loss(self, slope: float | None = None) -> float:
        """The loss of the best line, of a given slope or any, with the best height."""
        teacher = self.teacher()
        line = Parameters(w=teacher.slope if slope is None else slope, d=teacher.mean)
        return float(expected_loss(line, negative_slope=1.0, target=self.target))

    def hessian(self, parameters: Parameters) -> np.ndarray:
        """Second derivatives by the trained parameters."""
        whole: np.ndarray = expected_hessian(parameters, **self.options)
        return whole[np.ix_(self.rows, self.rows)]


def kink_kind(rates: Iterable[float]) -> str | None:
    """Kind of a point from which the loss is a parabola along every ray, given its first derivatives.

    None if the loss is not stationary there in any sense.
    """
    rates = list(rates)
    if all(rate >= 0 for rate in rates):
        return "local minimum"
    if all(rate < 0 for rate in rates):
        return "local maximum"
    return "one-sided stationary" if any(rate == 0 for rate in rates) else None
