"""The reference's seeds as float64 runs that store w as the distance from its limit.

A run in floats that comes near a minimum is held there: what is left of w - 1 is rounded
away with w. Where every sample pulls to the same point, as it does where the neuron can be
the teacher, the gradient of each batch is proportional to the distance from it::

    w > 0    dL/dw = 2 v^2 (P + s^2 N) (w - w*),    w* = p / v,    if n = s p
    w < 0    dL/dw = 2 v^2 (s^2 P + N) (w - w*),    w* = n / v,    if p = s n

with the batch's means P and N of x^2 above and below 0 (`unbiased_batches`). Then the distance
itself can be stepped, with all its digits, by the reference's own optimizer, whose update depends
on w only through its gradient. Around 0, on a side without a pull, the same holds with w* = 0.
Plain SGD and momentum commute with scaling there, so that w and its velocity may be multiplied
by 2^600 whenever they get too small: signs are known however long it takes.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from compare.claims.witnesses.descent.parabolas import half_lines, half_parabolas, teacher_slopes
from compare.claims.witnesses.loss_values import Neuron, neuron_of
from compare.claims.witnesses.paths.offset_states import OffsetStates
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.seeds.batch_streams import Squares, half_squares
from compare.claims.witnesses.seeds.unbiased_batches import Lines, gradient_on, lines_of
from reference import SGD, AdamW, Experiment, Optimizer

__all__ = ["offset_path", "takes_offsets"]

UNIT = 2.0**-53
TINY = 2.0**-1022
SCALE, SMALL = 2.0**600, 2.0**-700
LONGEST, LONG = 100_000, 25_000  # steps of SGD, and of other optimizers
SHORT = 8  # steps that are taken one by one


def takes_offsets(experiment: Experiment) -> bool:
    """Whether an experiment can be run in offsets, in a second or two."""
    possible = half_lines(experiment) is not None and not isinstance(experiment.optimizer, AdamW)
    return possible and experiment.steps <= (LONGEST if type(experiment.optimizer) is SGD else LONG)


def offset_path(
    experiment: Experiment, seeds: int, squares: Iterable[tuple[int, Squares]] | None = None
) -> Path | None:
    """Run seeds in float64, with w counted from a point that all samples pull to; None where that cannot be.

    `squares` is what is needed of the batches, in blocks with their first steps; by default it is drawn.
    """
    if not takes_offsets(experiment):
        return None
    run = replace(experiment, dtype="float64")
    neuron = neuron_of(experiment.initial, experiment)
    origins = _origins(neuron)
    values = np.array([float(origin) for origin in origins])
    v, slope = np.full((1, 1), float(run.initial.v)), np.full((1, 1), float(run.negative_slope))
    offset, visited = np.empty((run.steps + 1, seeds)), np.zeros((run.steps + 1, seeds), np.int64)
    gradient, scales = np.empty((run.steps, seeds)), type(run.optimizer) is SGD
    plain = scales and not run.optimizer.slots
    # All (seeds,): w = values[origin] + u / SCALE**scaled. Lines are (steps, 1, seeds) of the block, i its step.
    u, origin, scaled = np.full(seeds, float(run.initial.w)), np.zeros(seeds, np.int64), np.zeros(seeds, np.int64)
    near, any_scaled = 0, False  # the origin that all seeds are near to, 0 if they are not
    offset[0], slots, optimizer = u, {name: np.zeros(seeds) for name in run.optimizer.slots}, run.optimizer
    with np.errstate(all="ignore"):
        for first, block in half_squares(experiment, run.steps, seeds) if squares is None else squares:
            above, below = block.above[:, None], block.below[:, None]
            lines = lines_of(v, slope, run.target, above, below)
            factors = _Factors(lines, optimizer)
            i = -1
            while (i := i + 1) < len(above):
                if near:
                    g: np.ndarray | None = lines.curvature(values[near] > 0)[i] * u
                else:
                    g = _on_one_side(u, origin, values, lines, i)
                if g is not None and plain:
                    right = bool(values[origin[0]] + u[0] > 0)
                    shrunk = _shrinking(u, scaled, factors.from_step(i, right))
                    if shrunk is not None:
                        begin, count = first + i, len(shrunk.offset)
                        after = slice(begin + 1, begin + 1 + count)
                        offset[after], visited[after] = shrunk.offset, origin
                        curvature = lines.curvature(right)[i : i + count]
                        gradient[begin : begin + count] = curvature * offset[begin : begin + count]
                        u, scaled, i = shrunk.u, shrunk.scaled, i + count - 1
                        any_scaled = bool(scaled.any())
                        continue
                if g is None:
                    w = values[origin] + u
                    g = gradient_on(lines, i, w[None])[0]
                    curvature = np.where(w > 0, lines.right_curvature[i, 0], lines.left_curvature[i, 0])
                    g = np.where(origin > 0, curvature * u, g)
                u, slots = optimizer.update(u, g, first + i, slots)
                if scales and (any_scaled or (not near and np.abs(u).min() < SMALL)):
                    u, slots, scaled = _within_range(u, slots, scaled, origin, lines)
                    any_scaled = bool(scaled.any())
                if len(origins) > 1 and not (near and _is_near(u, values[near])):
                    u, origin = _from_better_origins(u, origin, values)
                    near = _near(u, origin, values)
                recorded = np.where(scaled > 0, np.copysign(TINY, u), u) if any_scaled else u
                gradient[first + i], offset[first + i + 1], visited[first + i + 1] = g, recorded, origin
        w = values[visited] + offset
    lost = 0.0 if scales else TINY
    error = 4 * UNIT * np.abs(offset) + lost
    offsets = OffsetStates(origins, visited, offset, error, (), half_parabolas(neuron), of_batches=True)
    return Path.of_w(run, w, gradient, lost, offsets)


def _origins(neuron: Neuron) -> tuple[Fraction, ...]:
    """0, and the points to which samples of both signs pull on either side of it, as far as these are on that side."""
    v, s = neuron.v, neuron.negative_slope
    p, n = teacher_slopes(neuron.target_w, neuron.target_slope)
    found = [Fraction(0)]
    if v and n == s * p and p / v > 0:
        found.append(p / v)
    if v and p == s * n and n / v < 0:
        found.append(n / v)
    return tuple(found)


def _on_one_side(u: np.ndarray, origin: np.ndarray, values: np.ndarray, lines: Lines, i: int) -> np.ndarray | None:
    """Gradient of step i, curvature * u, (seeds,), if all seeds are on one side, with that origin; None if not."""
    near = _near(u, origin, values)
    if near:
        right = values[near] > 0
    else:
        right = bool(u[0] > 0)
        if origin.any() or ((u > 0) != right).any() or not u.all():
            return None
        if (lines.right_pull if right else lines.left_pull)[i].any():
            return None
    return np.asarray(lines.curvature(right)[i] * u)


def _near(u: np.ndarray, origin: np.ndarray, values: np.ndarray) -> int:
    """The origin other than 0 that all seeds are counted from, if each is nearer to it than half way to 0; else 0."""
    home = int(origin[0])
    return home if home and _is_near(u, values[home]) and (origin == home).all() else 0


def _is_near(u: np.ndarray, value: float) -> bool:
    return bool(np.abs(u).max() < abs(value) / 2)


class _Factors:
    """What each step of plain SGD leaves of the offsets on either side of 0, (steps, seeds), in a block of batches."""

    def __init__(self, lines: Lines, optimizer: Optimizer) -> None:
        self._lines, self._optimizer = lines, optimizer
        self._sides: dict[bool, tuple[np.ndarray, np.ndarray]] = {}

    def from_step(self, i: int, right: bool) -> np.ndarray:
        """Those from a step on, as far as every step takes each seed nearer to its origin and not past it."""
        if right not in self._sides:
            curvature = self._lines.curvature(right)
            factor, _ = self._optimizer.update(np.ones_like(curvature), curvature, 0, {})
            leaves = np.flatnonzero(~((factor > 0) & (factor < 1)).all(axis=1))
            self._sides[right] = factor, np.append(leaves, len(factor))
        factor, leaves = self._sides[right]
        return factor[i : leaves[leaves.searchsorted(i)]]


class _Shrunk(NamedTuple):
    """Several steps at once: offsets after each, (steps, seeds); `u` and `scaled` after the last, (seeds,)."""

    offset: np.ndarray
    u: np.ndarray
    scaled: np.ndarray


def _shrinking(u: np.ndarray, scaled: np.ndarray, factor: np.ndarray) -> _Shrunk | None:
    """Steps of plain SGD that leave these factors; None if they are fewer than `SHORT`, or a seed is on its origin."""
    if len(factor) < SHORT or not u.all():
        return None
    logs = np.log(np.abs(u)) - scaled * math.log(SCALE) + np.cumsum(np.log(factor), axis=0)
    offset = np.copysign(np.maximum(np.exp(logs), TINY), u)
    times = np.maximum(np.ceil((math.log(SMALL) - logs[-1]) / math.log(SCALE)), 0).astype(np.int64)
    return _Shrunk(offset, np.copysign(np.exp(logs[-1] + times * math.log(SCALE)), u), times)


def _within_range(
    u: np.ndarray, slots: dict[str, np.ndarray], scaled: np.ndarray, origin: np.ndarray, lines: Lines
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Scale u and its slots, (seeds,), into range where both may be scaled: on a side of 0 without a pull.

    A seed that crosses 0 is reset to the smallest normal number: on the other side so small a w makes no difference.
    """
    free = ~(np.where(u > 0, lines.right_pull.any(), lines.left_pull.any())) & (origin == 0)
    size = np.maximum.reduce([np.abs(u), *map(np.abs, slots.values())])
    crossed, small, large = (scaled > 0) & ~free, free & (size < SMALL) & (size > 0), free & (scaled > 0) & (size > 1)
    factor = np.where(small, SCALE, np.where(large, 1 / SCALE, np.where(crossed, 0.0, 1.0)))
    u = np.where(crossed, np.copysign(TINY, u), u * factor)
    slots = {name: slot * factor for name, slot in slots.items()}
    return u, slots, np.where(crossed, 0, scaled + small - large.astype(np.int64))


def _from_better_origins(u: np.ndarray, origin: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets, (seeds,), from the origin on the side that w is on, or from 0 if w is nearer to 0; and these origins."""
    w, better = values[origin] + u, np.zeros_like(origin)
    for i in range(1, len(values)):
        better = np.where((w * values[i] > 0) & (np.abs(w) >= abs(values[i]) / 2), i, better)
    return np.where(better == origin, u, w - values[better]), better
