"""Gradient and loss of many neurons on one batch, in a time that does not depend on its size.

The neuron's kink and the teacher's cut the line into pieces on which the residual is
linear, ``e = alpha x + beta`` with gain g (1 where z > 0, else the slope s) and the
teacher's line ``y = tau x + theta`` there:

    alpha = v g w - tau          beta = (v g b + d) - theta
    R_0 = 2/n sum e   = alpha S_1 + beta S_0
    R_1 = 2/n sum e x = alpha S_2 + beta S_1        S_k = 2/n sum x^k over the piece

    dL/dd = sum R_0                  dL/dv = sum g (w R_1 + b R_0)
    dL/db = v sum g R_0              dL/dw = v sum g R_1

    loss = 1/2 sum (S_0 (alpha m + beta)^2 + alpha^2 (S_2 - m S_1))        m = S_1 / S_0

The residual is formed before anything is summed, so that nothing cancels near the
optimum, and the loss is a sum of two squares a piece. Everything is float64; the caller
rounds once.
"""

from typing import Any, NamedTuple

import numpy as np

from reference.ensembles.places import Places, exact_places, number_of_cells, place_table
from reference.ensembles.sums import RunSums, run_sums
from reference.ensembles.teacher import TeacherLines
from reference.neuron import Parameters

__all__ = ["BatchTable", "batch_loss", "batch_table", "gradients", "places_of"]

ZERO = 0.0


class BatchTable(NamedTuple):
    """What many neurons need of one batch.

    Parameters
    ----------
    places : Places
    sums : RunSums
    active, inactive : ndarray of shape (2n + 1,)
        2/n times the number of those samples, by place.
    """

    places: Places
    sums: RunSums
    active: np.ndarray
    inactive: np.ndarray


def batch_table(x: np.ndarray, lines: TeacherLines, cells: int | None = None) -> BatchTable:
    """Make the tables of one batch, of shape (n,), in the experiment's dtype."""
    x = np.sort(x)
    sums = run_sums(x.astype(np.float64), lines.kink(x))
    active = np.abs(np.arange(-len(x), len(x) + 1)) * 2 / len(x)
    return BatchTable(place_table(x, cells or number_of_cells(len(x))), sums, active, 2 - active)


def places_of(table: Places, w: np.ndarray, b: np.ndarray, shift: np.ndarray, special: np.ndarray) -> np.ndarray:
    """Place of each neuron, by lookup where that is exact.

    Parameters
    ----------
    table : Places
    w, b : ndarray of shape (k,)
        In the experiment's dtype.
    shift : ndarray of intp, of shape (k,)
        n where w > 0, 0 where w < 0.
    special : ndarray of int
        Neurons with w = 0 or subnormal.

    Returns
    -------
    ndarray of intp, of shape (k,)
    """
    position = np.divide(b, w, dtype=np.float64)
    position *= table.scale
    np.clip(position, -table.reach, table.reach, out=position)
    cells = np.empty(len(w), np.intp)
    np.add(position, table.origin, out=cells, casting="unsafe")
    places = table.codes.take(cells, mode="clip")
    unsure = np.flatnonzero(places < 0)
    codes = places.take(unsure)
    places += shift
    if unsure.size:
        places[unsure] = exact_places(table, w.take(unsure), b.take(unsure), codes)
    if special.size:
        places[special] = exact_places(table, w[special], b[special])
    return places


def gradients(
    table: BatchTable, places: np.ndarray, parameters: Parameters, slope: Any, lines: TeacherLines, trainable: Any
) -> dict[str, np.ndarray]:
    """Derivatives with respect to the trained parameters, in float64.

    Parameters
    ----------
    table : BatchTable
    places : ndarray of shape (k,)
        From `places_of`.
    parameters : Parameters of float64
        Arrays of shape (k,), or numbers, which save work where they are 0 or 1.
    slope : float or ndarray of shape (k,)
    lines : TeacherLines
    trainable : tuple of str

    Returns
    -------
    dict of ndarray of shape (k,)
    """
    w, b, v, d = parameters
    inward = "w" in trainable or "v" in trainable
    vw, vb = _times(v, w), _times(v, b)
    sums = table.sums
    r0, r1 = _residuals(sums.active_left, sums.active_right, table.active, places, vw, _plus(vb, d), lines, inward)
    total = r0
    if "d" in trainable or not _is(slope, ZERO):
        inactive = (sums.inactive_left, sums.inactive_right, table.inactive)
        outer = inward and not _is(slope, ZERO)
        s0, s1 = _residuals(*inactive, places, _times(slope, vw), _plus(_times(slope, vb), d), lines, outer)
        total = r0 + s0
        if not _is(slope, ZERO):
            r0 = r0 + _times(slope, s0)
            r1 = r1 + _times(slope, s1) if inward else r1
    gradient = {}
    if "w" in trainable:
        gradient["w"] = _times(v, r1)
    if "b" in trainable:
        gradient["b"] = _times(v, r0)
    if "v" in trainable:
        gradient["v"] = _plus(w * r1, _times(b, r0))
    if "d" in trainable:
        gradient["d"] = total
    return gradient


def _residuals(
    left: np.ndarray,
    right: np.ndarray,
    count: np.ndarray,
    places: np.ndarray,
    slope: Any,
    height: Any,
    lines: TeacherLines,
    with_x: bool,
) -> tuple[Any, Any]:
    """R_0 and R_1 over the samples on one side of the neuron's kink, where it is ``slope x + height``."""
    (left_slope, left_height), (right_slope, right_height) = lines.left, lines.right
    alphas = _minus(slope, left_slope), _minus(slope, right_slope)
    runs = left, right
    r0: Any = ZERO
    r1: Any = ZERO
    if left_height == right_height:  # one beta for both runs
        beta, first = _minus(height, left_height), [run[1].take(places, mode="clip") for run in runs]
        for alpha, run, s1 in zip(alphas, runs, first, strict=True):
            if not _is(alpha, ZERO):
                r0 = _plus(r0, alpha * s1)
                r1 = _plus(r1, alpha * run[2].take(places, mode="clip")) if with_x else r1
        if not _is(beta, ZERO):
            r0 = _plus(r0, beta * count.take(places, mode="clip"))
            r1 = _plus(r1, beta * (first[0] + first[1])) if with_x else r1
        return r0, r1
    for alpha, theta, run in zip(alphas, (left_height, right_height), runs, strict=True):
        beta, s1 = _minus(height, theta), run[1].take(places, mode="clip")
        r0 = _plus(r0, alpha * s1 + beta * run[0].take(places, mode="clip"))
        if with_x:
            r1 = _plus(r1, alpha * run[2].take(places, mode="clip") + beta * s1)
    return r0, r1


def batch_loss(
    table: BatchTable, places: np.ndarray, parameters: Parameters, slope: Any, lines: TeacherLines
) -> np.ndarray:
    """Mean squared error of each neuron, in float64; arguments as for `gradients`."""
    w, b, v, d = parameters
    vw, vb, sums = _times(v, w), _times(v, b), table.sums
    loss = np.zeros(len(places))
    for gain, runs in (
        (1.0, (sums.active_left, sums.active_right)),
        (slope, (sums.inactive_left, sums.inactive_right)),
    ):
        for run, (tau, theta) in zip(runs, (lines.left, lines.right), strict=True):
            s0, s1, s2 = (row.take(places, mode="clip") for row in run)
            mean = s1 / np.where(s0 == 0, 1.0, s0)
            alpha, beta = gain * vw - tau, (gain * vb + d) - theta
            loss += s0 * np.square(alpha * mean + beta) + np.square(alpha) * np.maximum(s2 - mean * s1, 0.0)
    return loss / 2


def _is(value: Any, number: float) -> bool:
    return isinstance(value, float) and value == number


def _times(a: Any, b: Any) -> Any:
    """Product, spared where a number makes it trivial."""
    if _is(a, ZERO) or _is(b, ZERO):
        return ZERO
    if _is(a, 1.0):
        return b
    return a if _is(b, 1.0) else a * b


def _plus(a: Any, b: Any) -> Any:
    if _is(a, ZERO):
        return b
    return a if _is(b, ZERO) else a + b


def _minus(a: Any, b: float) -> Any:
    return a if b == 0 else a - b
