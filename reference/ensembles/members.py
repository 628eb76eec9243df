"""A chunk of an ensemble on its way: its state, its own settings, and where each w stands.

Of each member it is kept on which side of 0 its w was last seen. One product and one
comparison a step then find those that need attention: that changed sides, or came so near
to 0, or to it, that the kernel treats them apart. Where all are on one side, as in most
chunks of a grid, the nearest to 0 tells that there are none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import numpy as np

from reference.ensembles.overflow import growth, intermediate, largest, limit, moderate
from reference.ensembles.scratch import Scratch, aligned_copy
from reference.neuron import Parameters
from reference.optimizers import SGD, Optimizer
from reference.optimizers.base import PER_MEMBER

__all__ = ["Members", "optimizer_of", "some"]

NOBODY = np.zeros(0, np.intp)

Values = dict[str, Any]
Slots = dict[str, dict[str, Any]]
State = tuple[Values, Slots, np.ndarray]


@dataclass
class Members:
    """Mutable, unlike everything that leaves this package.

    Parameters
    ----------
    values : dict of str to ndarray of shape (k,) or floating scalar
        w, b, v and d in the experiment's dtype; what is trained is an array, and so are w and b.
    slots : dict of str to dict of str to ndarray
        Of each trained parameter, the optimizer's memory.
    slope : float or ndarray of shape (k,)
        As rounded for the experiment, in float64.
    optimizer : Optimizer
        With these members' settings.
    of_side : callable
        What the kernel keeps of members, from an array that says where w is right of 0, and their slope.
    scratch : Scratch, optional
        Memory of the members' size, which others may use too; by default their own.
    """

    values: Values
    slots: Slots
    slope: Any
    optimizer: Optimizer
    of_side: Callable[[np.ndarray, Any], tuple[np.ndarray, ...]]
    scratch: Scratch = field(default_factory=lambda: Scratch.of(0))
    start_sign: np.ndarray = field(init=False)
    crossed_at: np.ndarray = field(init=False)
    sides: tuple[float, float] = field(init=False, default=(-1.0, 1.0))
    least: float = field(init=False, default=0.0)
    side: np.ndarray = field(init=False)
    common: float = field(init=False, default=0.0)
    special: np.ndarray = field(init=False, default_factory=NOBODY.copy)
    by_side: tuple[np.ndarray, ...] = field(init=False)
    attended: bool = field(init=False, default=False)
    plain_rate: Any = field(init=False, default=None)
    widest: float = field(init=False, default=0.0)
    moderate: float = field(init=False, default=0.0)
    watched: bool = field(init=False, default=True)
    large: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        if len(self.scratch.flags) != len(self.values["w"]):
            self.scratch = Scratch.of(len(self.values["w"]))
        w = self.values["w"]
        if type(self.optimizer) is SGD and not any(self.slots.values()):
            self.plain_rate = w.dtype.type(self.optimizer.learning_rate)
        self.start_sign, self.crossed_at = np.sign(w), np.full(len(w), -1, np.int64)
        self.side = aligned_copy(np.copysign(w.dtype.type(1), w))
        self.by_side = self._kept(self.side > 0, self.slope)

    def _kept(self, right: np.ndarray, slope: Any) -> tuple[np.ndarray, ...]:
        return tuple(map(aligned_copy, self.of_side(right, slope)))

    def attend(self, kernel: Any, first: int, steps: int) -> None:
        """Begin a block of so many steps; nobody is noted as large yet.

        From now on those need attention with ``w side < kernel.least``, where `side` is one of
        the two factors in `kernel.sides`.
        """
        if not self.attended or (kernel.sides, kernel.least) != (self.sides, self.least):
            left, right = (self.side.dtype.type(factor) for factor in kernel.sides)
            self.side = aligned_copy(np.where(self.side < 0, left, right))
            self.sides, self.least, self.attended = kernel.sides, kernel.least, True
            self.look(first)
        lowest, highest = float(self.side.min()), float(self.side.max())
        self.common = lowest if lowest == highest else 0.0
        self.large = np.zeros(len(self.side), bool)
        self.widest, self.moderate = kernel.widest, moderate(self.side.dtype, self.slope, kernel.widest)
        self.watched = not self._stays_moderate(kernel.label, steps)

    def _stays_moderate(self, label: float, steps: int) -> bool:
        """Whether all are moderate, and so many steps of plain SGD cannot change that."""
        sizes = Parameters(*(largest(self.values[name]) for name in Parameters._fields))
        if self.plain_rate is None or not self.slots.keys() <= {"w", "b"} or not all(q <= self.moderate for q in sizes):
            return False
        most = growth(sizes, self.slope, self.widest, label, self.plain_rate)
        return bool(max(1.0, sizes.w, sizes.b) * np.power(most, steps) <= self.moderate)

    def look(self, step: int) -> None:
        """Note who changed sides by update number `step`, and who is next to 0.

        A member of w = 0 stays on the side that it came from.
        """
        w = self.values["w"]
        self.special = NOBODY
        if self.common:
            nearest = (np.minimum if self.common > 0 else np.maximum).reduce(w)
            if nearest * self.common >= self.least:  # not with NaN
                return
        low = np.less(np.multiply(w, self.side, out=self.scratch.like(w)), self.least, out=self.scratch.flags)
        if not low.any():
            return
        those = np.flatnonzero(low)
        near, old = w.take(those), self.side.take(those)
        left, right = (w.dtype.type(factor) for factor in self.sides)
        side = np.where(near < 0, left, np.where(near > 0, right, old))
        turned = np.flatnonzero(side != old)
        if turned.size:
            self._turn(those[turned], side[turned])
        first = (near * self.start_sign.take(those) < 0) & (self.crossed_at.take(those) < 0)
        self.crossed_at[those[first]] = step
        self.special = those[near * side < self.least]

    def _turn(self, those: np.ndarray, side: np.ndarray) -> None:
        self.side[those], self.common = side, 0.0
        slope = self.slope if np.ndim(self.slope) == 0 else self.slope[those]
        for kept, new in zip(self.by_side, self.of_side(side > 0, slope), strict=True):
            kept[those] = new

    def step(self, gradient: Mapping[str, np.ndarray], iterations: int) -> None:
        """Take the optimizer's own step; that of plain SGD in place, as new arrays would cost as much again."""
        for name, derivative in gradient.items():
            w = self.values[name]
            if self.plain_rate is not None:
                w -= np.multiply(derivative, self.plain_rate, out=self.scratch.like(w))
            else:
                self.values[name], self.slots[name] = self.optimizer.update(
                    w, derivative.copy(), iterations, self.slots[name]
                )

    @property
    def state(self) -> State:
        """The state as it is now; what steps write to is copied into the scratch memory."""
        kept, values = iter(self.scratch.kept), dict(self.values)
        if self.plain_rate is not None:
            values |= {name: _copied(values[name], next(kept)) for name in self.slots}
        slots = {name: dict(mine) for name, mine in self.slots.items()}
        return values, slots, _copied(self.crossed_at, next(kept))

    def part(self, state: State, those: np.ndarray) -> "Members":
        """Some of the members as they were in an earlier state."""
        values, slots, crossed_at = state
        part = Members(
            {name: some(value, those) for name, value in values.items()},
            {name: {slot: value[those] for slot, value in mine.items()} for name, mine in slots.items()},
            some(self.slope, those),
            optimizer_of(self.optimizer, itemgetter(those)),
            self.of_side,
        )
        part.start_sign, part.crossed_at = self.start_sign[those], crossed_at[those]
        return part

    @property
    def wide(self) -> Parameters:
        """The parameters in float64: arrays, or Python's floats where there is one for all."""
        return Parameters(
            *(
                float(value) if np.ndim(value) == 0 else value.astype(np.float64, copy=False)
                for value in (self.values[name] for name in Parameters._fields)
            )
        )

    def watch(self) -> None:
        """Note whose numbers are so large that an intermediate result of the neuron may overflow."""
        if not self.watched or all(largest(self.values[name]) <= self.moderate for name in Parameters._fields):
            return
        size = intermediate(self.wide, self.slope, self.widest, with_v="v" in self.slots)
        self.large |= ~(size < limit(self.side.dtype))

    def next_to_overflow(self) -> np.ndarray:
        """Which of them were so large at the beginning of a step since `attend`, or are not finite."""
        arrays = [array for name, mine in self.slots.items() for array in (self.values[name], *mine.values())]
        if not all(largest(array) < np.inf for array in arrays):
            self.large |= ~self.finite
        return np.flatnonzero(self.large) if self.large.any() else NOBODY

    @property
    def finite(self) -> np.ndarray:
        """Where every trained parameter and slot is finite, shape (k,)."""
        groups = [[self.values[name], *slots.values()] for name, slots in self.slots.items()]
        finite: np.ndarray = np.logical_and.reduce([np.isfinite(array) for group in groups for array in group])
        return finite

    def put(self, those: np.ndarray, part: "Members") -> None:
        """Replace the state of some, and when they crossed 0."""
        self.crossed_at[those] = part.crossed_at
        for name, slots in self.slots.items():
            self.values[name] = _put(self.values[name], those, part.values[name])
            for slot, old in slots.items():
                slots[slot] = _put(old, those, part.slots[name][slot])


def _copied(array: np.ndarray, room: np.ndarray) -> np.ndarray:
    copy = room.view(array.dtype)[: len(array)]
    copy[:] = array
    return copy


def _put(old: np.ndarray, those: np.ndarray, new: np.ndarray) -> np.ndarray:
    array = old.copy()
    array[those] = new
    return array


def some(value: Any, where: slice | np.ndarray) -> Any:
    """Entries of an array; what is one for all stays so."""
    return value[where] if np.ndim(value) else value


def optimizer_of(optimizer: Optimizer, pick: Callable[[Any], Any]) -> Optimizer:
    """The optimizer with what is picked of those settings that are arrays."""
    arrays = {name: value for name in PER_MEMBER if np.ndim(value := getattr(optimizer, name, 0.0)) > 0}
    picked: dict[str, Any] = {name: pick(value) for name, value in arrays.items()}
    return replace(optimizer, **picked) if picked else optimizer
