"""A chunk of an ensemble on its way: its state, its own settings, and where each w stands.

Of each member it is kept on which side of 0 its w was last seen. One product and one
comparison a step then find those that need attention: that changed sides, or came so near
to 0, or to it, that the kernel treats them apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.neuron import Parameters
from reference.optimizers import Optimizer

__all__ = ["Members"]

NOBODY = np.zeros(0, np.intp)


@dataclass
class Members:
    """Mutable, unlike everything that leaves this package.

    Parameters
    ----------
    values : dict of str to ndarray of shape (k,) or floating scalar
        w, b, v and d in the experiment's dtype; what is trained is an array, and so is w.
    slots : dict of str to dict of str to ndarray
        Of each trained parameter, the optimizer's memory.
    slope : float or ndarray of shape (k,)
        As rounded for the experiment, in float64.
    optimizer : Optimizer
        With these members' settings.
    start_sign : ndarray of shape (k,)
        Sign of the very first w.
    crossed_at : ndarray of int, of shape (k,)
        After how many updates w first had the other sign; -1 while it has not.
    sides : tuple of float
        What `side` is for w < 0 and for w > 0.
    least : float
        Members with ``w side < least`` need attention.
    of_side : callable
        What the kernel keeps of members, from an array that says where w is right of 0, and their slope.
    """

    values: dict[str, Any]
    slots: dict[str, dict[str, np.ndarray]]
    slope: Any
    optimizer: Optimizer
    start_sign: np.ndarray
    crossed_at: np.ndarray
    sides: tuple[float, float]
    least: float
    of_side: Callable[[np.ndarray, Any], tuple[np.ndarray, ...]]
    side: np.ndarray = field(init=False)
    special: np.ndarray = field(init=False)
    by_side: tuple[np.ndarray, ...] = field(init=False)
    places: np.ndarray | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        w = self.values["w"]
        left, right = self.sides
        self.side = np.where(np.signbit(w), w.dtype.type(left), w.dtype.type(right))
        self.by_side = self.of_side(self.side > 0, self.slope)

    def look(self, step: int) -> None:
        """Note who changed sides by update number `step`, and who is next to 0.

        A member of w = 0 stays on the side that it came from.
        """
        w = self.values["w"]
        low = w * self.side < self.least
        if not low.any():
            self.special = NOBODY
            return
        those = np.flatnonzero(low)
        near, left = w[those], w.dtype.type(self.sides[0])
        side = np.where(near < 0, left, np.where(near > 0, w.dtype.type(self.sides[1]), self.side[those]))
        turned = those[side != self.side[those]]
        self.side[those] = side
        if turned.size:
            slope = self.slope if np.ndim(self.slope) == 0 else self.slope[turned]
            for kept, new in zip(self.by_side, self.of_side(self.side[turned] > 0, slope), strict=True):
                kept[turned] = new
        first = (near * self.start_sign[those] < 0) & (self.crossed_at[those] < 0)
        self.crossed_at[those[first]] = step
        self.special = those[near * side < self.least]

    def step(self, gradient: Mapping[str, np.ndarray], iterations: int) -> None:
        """Take the optimizer's own step; the gradient is rounded to the experiment's dtype here."""
        self.places = None
        for name, derivative in gradient.items():
            self.values[name], self.slots[name] = self.optimizer.update(
                self.values[name], derivative, iterations, self.slots[name]
            )

    @property
    def wide(self) -> Parameters:
        """The parameters in float64: arrays, or Python's floats where there is one for all."""
        return Parameters(
            *(
                float(value) if np.ndim(value) == 0 else value.astype(np.float64, copy=False)
                for value in (self.values[name] for name in Parameters._fields)
            )
        )

    @property
    def finite(self) -> np.ndarray:
        """Where every trained parameter and slot is finite, shape (k,)."""
        groups = [[self.values[name], *slots.values()] for name, slots in self.slots.items()]
        finite: np.ndarray = np.logical_and.reduce([np.isfinite(array) for group in groups for array in group])
        return finite
