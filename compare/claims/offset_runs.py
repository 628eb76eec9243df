"""The reference's seeds in float64, counted from where they go.

A run in floats that comes near a minimum is held there: what is left of w - 1 is rounded
away with w. Where every sample pulls to the same place, as it does where the neuron can be
the teacher, the gradient of each batch is proportional to the distance from it::

    w > 0    dL/dw = 2 v^2 (P + s^2 N) (w - w*),    w* = p / v,    if n = s p
    w < 0    dL/dw = 2 v^2 (s^2 P + N) (w - w*),    w* = n / v,    if p = s n

with the batch's means P and N of x^2 above and below 0 (see `compare.claims.lines`). Then
the distance itself can be stepped, with all its digits, by the reference's own optimizer,
whose update does not ask where w is. Around 0 on the side without a pull it is the same:
w is its own distance.
"""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from compare.claims.decimal_orbit import sides_of
from compare.claims.expected import half_lines
from compare.claims.lines import Lines, gradient_on, lines_of
from compare.claims.path import Path
from compare.claims.places import Places, written
from compare.claims.streams import Squares, half_squares
from reference import AdamW, Experiment, Parameters

__all__ = ["offset_path", "takes_offsets"]

UNIT = 2.0**-53


def takes_offsets(experiment: Experiment) -> bool:
    """Whether an experiment can be run so."""
    return half_lines(experiment) is not None and not isinstance(experiment.optimizer, AdamW)


def offset_path(
    experiment: Experiment, seeds: int, squares: Iterable[tuple[int, Squares]] | None = None
) -> Path | None:
    """Run seeds in float64, with w counted from a place that all samples pull to.

    Parameters
    ----------
    experiment : Experiment
        In which w alone is trained, without any bias.
    seeds : int
    squares : iterable of int and Squares, optional
        What is needed of the batches, in blocks with their places; by default drawn.

    Returns
    -------
    Path or None
        None for other experiments, and for an optimizer that moves w without a gradient.
    """
    sides = sides_of(experiment)
    if sides is None or not takes_offsets(experiment):
        return None
    run = replace(experiment, dtype="float64")
    places = _places(run)
    where = np.array([float(place) for place in places])
    v, slope = np.full((1, 1), float(run.initial.v)), np.full((1, 1), float(run.negative_slope))
    offset, at = np.empty((run.steps + 1, seeds)), np.zeros((run.steps + 1, seeds), np.int64)
    gradient = np.empty((run.steps, seeds))
    u, place = np.full(seeds, float(run.initial.w)), np.zeros(seeds, np.int64)
    offset[0], slots, optimizer = u, {name: np.zeros(seeds) for name in run.optimizer.slots}, run.optimizer
    with np.errstate(all="ignore"):
        for first, block in half_squares(experiment, run.steps, seeds) if squares is None else squares:
            above, below = block.above[:, None], block.below[:, None]
            lines = lines_of(v, slope, run.target, above, below)
            for i in range(len(above)):
                g = _on_one_side(u, place, where, lines, i)
                if g is None:
                    w = where[place] + u
                    g = gradient_on(lines, i, w[None])[0]
                    curvature = np.where(w > 0, lines.right_curvature[i, 0], lines.left_curvature[i, 0])
                    g = np.where(place > 0, curvature * u, g)
                u, slots = optimizer.update(u, g, first + i, slots)
                if len(places) > 1:
                    u, place = _from_better_places(u, place, where)
                gradient[first + i], offset[first + i + 1], at[first + i + 1] = g, u, place
        w = where[at] + offset
    columns = {name: np.full(w.shape, float(getattr(run.initial, name))) for name in Parameters._fields}
    columns["w"] = w
    tiny = float(np.finfo(np.float64).tiny)
    known = Places(places, at, offset, 4 * UNIT * np.abs(offset) + tiny, (), sides, of_batches=True)
    return Path(run, Parameters(**columns), Parameters(gradient, None, None, None), None, tiny, places=known)


def _places(run: Experiment) -> tuple[Fraction, ...]:
    """0, and on either side the place to which samples of both signs pull, if it is one and on that side."""
    v, s = written(float(run.initial.v)), written(run.negative_slope)
    teacher, t = written(run.target.w), written(run.target.negative_slope)
    p, n = (teacher, t * teacher) if teacher > 0 else (t * teacher, teacher)
    found = [Fraction(0)]
    if v and n == s * p and p / v > 0:
        found.append(p / v)
    if v and p == s * n and n / v < 0:
        found.append(n / v)
    return tuple(found)


def _on_one_side(u: np.ndarray, place: np.ndarray, where: np.ndarray, lines: Lines, i: int) -> np.ndarray | None:
    """The gradient where all seeds are on one side, in proportion to where they count from; None where they are not."""
    home = int(place[0])
    if home:
        if np.abs(u).max() >= abs(where[home]) / 2 or (place != home).any():
            return None
        right = where[home] > 0
    else:
        right = bool(u[0] > 0)
        if place.any() or ((u > 0) != right).any() or not u.all():
            return None
        if (lines.right_pull if right else lines.left_pull)[i].any():
            return None
    return np.asarray((lines.right_curvature if right else lines.left_curvature)[i, 0] * u)


def _from_better_places(u: np.ndarray, place: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count from the place on the side that w is on, unless w is nearer to 0."""
    home = int(place[0])
    if home and np.abs(u).max() < abs(where[home]) / 2 and (place == home).all():
        return u, place
    w, better = where[place] + u, np.zeros_like(place)
    for i in range(1, len(where)):
        better = np.where((w * where[i] > 0) & (np.abs(w) >= abs(where[i]) / 2), i, better)
    return np.where(better == place, u, w - where[better]), better
