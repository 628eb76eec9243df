"""A witness's run of an experiment: a path of states, for one or many members.

A path gives differences with error bounds: how far a quantity is from a number, and by how
much that may be wrong. Numbers of experiments and claims are the decimals that they are written as:
0.1 is 1/10, also where a float of some dtype stands in for it.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from compare.claims.quantities import number_of_values
from compare.claims.values import TrajectoryCheck
from compare.claims.witnesses.paths.offset_states import OffsetStates, nearest_float
from compare.claims.witnesses.paths.unrounded import exact_where_nothing_moved
from compare.claims.witnesses.real_numbers import written
from compare.surface.errors import LOSS_ERROR
from reference import Experiment, Parameters

__all__ = ["NEVER", "STEP_ERROR", "Path", "Shadow"]

NEVER = np.iinfo(np.int64).max
UNIT = 2.0**-53
STEP_ERROR = 2.0**-49  # of the exact witness in floats: 16 roundings of a sum of pieces, see `scalar_gradient`
AT_REST = 10  # last states without a change by which a run is at rest
LINEAR = 2.0**-12  # relative distance from the shadow above which errors no longer grow in proportion to it


class Shadow(NamedTuple):
    """The same run from a perturbed start; `scale` is the rounding error of one step divided by that perturbation."""

    path: "Path"
    scale: float


@dataclass(frozen=True, eq=False)
class Path:
    """A witness's run.

    Parameters
    ----------
    experiment : Experiment
    parameters : Parameters of ndarray of shape (states, members)
    gradient : Parameters of ndarray of shape (states - 1, members)
        None for what is not trained.
    loss : ndarray of shape (states - 1, members), or None
        Of the batch; the exact witness has none of its own.
    resolution : float
        Numbers smaller than this are not told from 0: the smallest normal number of the
        dtype, or 0 where signs are known however small the number.
    cut : bool
        Whether the run was stopped before the experiment's last step, because it is long.
    offsets : OffsetStates or None
        w to more digits than a float has.
    shadow : Shadow or None
        How far rounding may have carried the path away.
    """

    experiment: Experiment
    parameters: Parameters
    gradient: Parameters
    loss: np.ndarray | None
    resolution: float
    cut: bool = False
    offsets: OffsetStates | None = None
    shadow: Shadow | None = None

    @classmethod
    def of_w(
        cls, experiment: Experiment, w: np.ndarray, gradient: np.ndarray, resolution: float, offsets: OffsetStates
    ) -> "Path":
        """The path of a neuron of which w alone is trained, and known by its offsets."""
        parameters = Parameters(*(np.broadcast_to(float(p), w.shape) for p in experiment.initial))._replace(w=w)
        return cls(experiment, parameters, Parameters(gradient, None, None, None), None, resolution, offsets=offsets)

    @property
    def steps(self) -> int:
        """Updates that were made."""
        return len(self.parameters.w) - 1

    @property
    def members(self) -> int:
        """Seeds or starts that were run."""
        return int(np.shape(self.parameters.w)[1])

    @property
    def is_exact(self) -> bool:
        """Whether it is the expected dynamics' own path, and not one of batches."""
        return self.shadow is not None or (self.offsets is not None and not self.offsets.of_batches)

    def series(self, quantity: str, rows: slice = slice(None)) -> np.ndarray:
        """A trajectory quantity at these states, or of these batches, in float64, of shape (values, members)."""
        kind, _, name = quantity.partition(".")
        with np.errstate(all="ignore"):
            if kind == "step":
                return np.diff(np.asarray(getattr(self.parameters, name), np.float64), axis=0)[rows]
            if kind == "gradient":
                return np.asarray(getattr(self.gradient, name)[rows], np.float64)
            if kind in ("expected_loss", "loss"):
                if kind == "loss" and self.loss is not None:
                    return _diverged_is_large(np.asarray(self.loss[rows], np.float64))
                return self._expected_loss(rows if kind == "expected_loss" else _of(slice(0, self.steps), rows))
            return np.asarray(getattr(self.parameters, quantity)[rows], np.float64)

    def beyond(
        self, quantity: str, center: float, radius: float, rows: slice = slice(None)
    ) -> tuple[np.ndarray, np.ndarray]:
        """By how much |quantity - center| exceeds a radius, and the error of that: arrays (values, members).

        Near the radius it is as sharp as `minus` is: no difference of two rounded numbers.
        """
        c, r = written(center), written(radius)
        with np.errstate(invalid="ignore"):
            side, _ = self.minus(quantity, c, rows)
            above, off_above = self.minus(quantity, c + r, rows)
            below, off_below = (above, off_above) if r == 0 else self.minus(quantity, c - r, rows)
            away = np.where(side >= 0, above, -below)
            lost = np.isnan(away)  # a run that diverged is as far away as can be
        return np.where(lost, np.inf, away), np.where(lost, 0.0, np.where(side >= 0, off_above, off_below))

    def minus(
        self, quantity: str, number: float | Fraction, rows: slice = slice(None)
    ) -> tuple[np.ndarray, np.ndarray]:
        """Quantity minus a number as it is written, and the error of that, 0 where it is exact.

        Two arrays of shape (values, members).
        """
        kind, _, name = quantity.partition(".")
        wanted = number if isinstance(number, Fraction) else written(number)
        if self.offsets is not None and (
            quantity in ("w", "expected_loss") or (quantity == "loss" and self.loss is None)
        ):
            if quantity == "w":
                difference, error = self.offsets.minus(wanted)
            else:
                difference, error = self.offsets.loss_minus(wanted, self.parameters.w)
            length = self.length(quantity)
            return difference[:length][rows], error[:length][rows]
        values = self.series(quantity, rows)
        with np.errstate(all="ignore"):
            difference = values - nearest_float(wanted)
            error = self._error(kind, name or quantity, values, rows) + UNIT * abs(nearest_float(wanted))
        return exact_where_nothing_moved(self, kind, name or quantity, wanted, rows, difference, error)

    def _error(self, kind: str, name: str, values: np.ndarray, rows: slice) -> np.ndarray:
        """Bound on the rounding error of `values`, of shape (values, members)."""
        if self.offsets is not None:
            return self._error_by_offsets(kind, values, rows)
        if self.shadow is not None:
            return self._error_by_shadow(kind if kind == name else f"{kind}.{name}", values, rows)
        unit = float(np.finfo(self.experiment.dtype).eps) / 2
        if kind == "step":
            states = np.abs(np.asarray(getattr(self.parameters, name), np.float64))
            error: np.ndarray = unit * (states[1:] + states[:-1])[rows]
        elif kind == "expected_loss":
            error = LOSS_ERROR * np.abs(values) + self._loss_beside(unit, values, rows)
        else:
            error = unit * np.abs(values)
        return error + self.resolution

    def _error_by_offsets(self, kind: str, values: np.ndarray, rows: slice) -> np.ndarray:
        """Error of a gradient, which is that of w times its largest curvature 2 a, or of a step, of both its states."""
        assert self.offsets is not None
        steepest = max(float(2 * side.a) for side in self.offsets.sides)
        off = self.offsets.error
        if kind in Parameters._fields:  # not trained, or it would have offsets
            return np.zeros(values.shape)
        if kind == "gradient":
            return np.asarray((steepest * off[:-1])[rows] + 8 * UNIT * np.abs(values))
        states = np.abs(np.asarray(self.parameters.w, np.float64))
        return np.asarray((off[1:] + off[:-1] + 4 * UNIT * (states[1:] + states[:-1]))[rows])

    def _error_by_shadow(self, quantity: str, values: np.ndarray, rows: slice) -> np.ndarray:
        """Accumulated rounding error: scale * steps * max |difference| from the shadow so far.

        That assumes that perturbations made by later steps grow no more than the first one,
        of the start. Infinite once the difference is above `LINEAR`. Arrays (values, members).
        """
        assert self.shadow is not None
        mine, other = self.series(quantity), self.shadow.path.series(quantity)
        apart = np.abs(mine - other)
        apart[~np.isfinite(apart)] = np.inf
        largest = np.maximum.accumulate(apart, axis=0)
        steps = np.arange(1, len(mine) + 1)[:, None]
        error = self.shadow.scale * steps * largest
        error[largest > LINEAR * (1 + np.abs(mine))] = np.inf
        return np.asarray(error[rows] + STEP_ERROR * np.abs(values) + self.resolution)

    def _loss_beside(self, unit: float, values: np.ndarray, rows: slice) -> np.ndarray:
        """Change of the expected loss when each trained parameter is off by its rounding; shape (values, members)."""
        change = np.zeros(np.shape(values))
        states = Parameters(*(np.asarray(p[rows], np.float64) for p in self.parameters))
        for name in self.experiment.trainable:
            moved = states._replace(**{name: getattr(states, name) * (1 + unit) + self.resolution})
            change += np.abs(replace(self, parameters=moved)._expected_loss(slice(None)) - values)
        return np.where(np.isnan(change), np.inf, change)

    def held_by_rounding(self) -> np.ndarray:
        """Whether each member rests where rounding keeps it, and not the absence of a gradient; shape (members,).

        At its last states no trained parameter changes any more, after it did: either
        updates are lost, or w has landed on a place where residuals are 0, which the run
        without rounding would only have passed or come near to.
        """
        if self.is_exact or self.steps < AT_REST:
            return np.zeros(self.members, bool)
        lately = slice(-AT_REST, None)
        moved, resting = np.zeros(self.members, bool), np.ones(self.members, bool)
        for name in self.experiment.trainable:
            values = np.asarray(getattr(self.parameters, name))
            resting &= (values[lately] == values[-1:]).all(axis=0)
            moved |= values[-1] != values[0]
        if not (moved & resting).any():
            return np.zeros(self.members, bool)
        gradients = [g[lately] for g in self.gradient if g is not None]
        pulled = np.logical_or.reduce([(g != 0).any(axis=0) for g in gradients]) if gradients else np.True_
        landed = np.True_ if self.loss is None else (np.asarray(self.loss[lately]) == 0).all(axis=0)
        return np.asarray(moved & resting & (pulled | landed))

    def until(self, steps: int) -> "Path":
        """The path as it was after so many updates; it is no shorter than that."""
        assert steps <= self.steps

        def head(group: Parameters, rows: int) -> Parameters:
            return Parameters(*(None if p is None else p[:rows] for p in group))

        loss = None if self.loss is None else self.loss[:steps]
        return replace(
            self,
            parameters=head(self.parameters, steps + 1),
            gradient=head(self.gradient, steps),
            loss=loss,
            cut=False,
        )

    def length(self, quantity: str) -> int:
        """How many values a quantity has."""
        return number_of_values(quantity, self.steps)

    def step_of(self, check: TrajectoryCheck) -> int | None:
        """The step that a check is about; None where the path was cut before it."""
        last = self.length(check.quantity) - 1
        if check.when == "end":
            return None if self.cut else last
        return int(check.when) if int(check.when) <= last else None

    def _expected_loss(self, rows: slice) -> np.ndarray:
        from compare.surface import expected_loss

        if self.offsets is not None:
            return self.offsets.loss_minus(Fraction(0), self.parameters.w)[0][rows]
        points = Parameters(*(np.asarray(p[rows], np.float64) for p in self.parameters))
        finite = np.logical_and.reduce([np.isfinite(p) for p in points])
        safe = Parameters(*(np.where(finite, p, 0.0) for p in points))
        slope, target = self.experiment.negative_slope, self.experiment.target
        loss = np.asarray(expected_loss(safe, negative_slope=slope, target=target))
        return np.where(finite, _diverged_is_large(loss), np.inf)

    def on_the_kink_from(self) -> np.ndarray:
        """The first state of each member from which phi'(0) or underflow may decide what follows; shape (members,).

        There w = b = 0, or both are below the resolution. Not where the value of phi'(0) is
        the same in every framework, as it is for ReLU, and w = b = 0 is a fact: the neuron
        starts there, or arithmetic without rounding leads there. NEVER where it does not
        happen, or does not matter because neither w nor b is trained or phi has no kink.
        """
        trained = set(self.experiment.trainable) & {"w", "b"}
        if not trained or self.experiment.negative_slope == 1:
            return np.full(self.members, NEVER)
        w, b = self.parameters.w, self.parameters.b
        if (np.abs(w) > self.resolution).all() or (np.abs(b) > self.resolution).all():
            return np.full(self.members, NEVER)
        zero = (w == 0) & (b == 0)
        small = (np.abs(w) < self.resolution) & (np.abs(b) < self.resolution) if self.resolution else zero
        if self.experiment.negative_slope == 0:
            # As long as it stays where it started, or was led without rounding.
            facts = zero.copy()
            known = 1 if self.offsets is None else len(self.offsets.exact)
            facts[known:] = False
            stays = np.logical_and.accumulate(zero, axis=0)
            small = small & ~facts & ~stays
            if self.offsets is not None and zero[:known].any():
                first = int(zero[:known, 0].argmax())
                small[first:] &= ~np.logical_and.accumulate(zero[first:], axis=0)
        return np.where(small.any(axis=0), small.argmax(axis=0), NEVER)


def _diverged_is_large(loss: np.ndarray) -> np.ndarray:
    """Replace NaN by infinity: a loss that is NaN overflowed before."""
    return np.where(np.isnan(loss), np.inf, loss)


def _of(outer: slice, inner: slice) -> slice:
    """The slice that takes `inner` of the rows up to the end of `outer`."""
    indices = range(outer.stop)[inner]
    return slice(indices.start, indices.stop, indices.step)
