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

from reference.ensembles.scratch import Scratch
from reference.ensembles.tables.affine_sums import AffineSums
from reference.ensembles.tables.kink_ranks import RankTable, counts_above, number_of_cells, rank_table
from reference.ensembles.tables.sums import RunSums, opposite, run_sums
from reference.ensembles.tables.teacher import TeacherLines
from reference.neuron import Parameters

__all__ = ["BatchTable", "batch_loss", "batch_table", "gradients", "ranks_of"]

ZERO = 0.0


class BatchTable(NamedTuple):
    """What many neurons need of one batch.

    Parameters
    ----------
    ranks : RankTable
    sums : RunSums
    x : ndarray of shape (n,)
        The samples as they were drawn.
    lines : AffineSums, optional
        Gradients as lines, where they are looked up.
    """

    ranks: RankTable
    sums: RunSums
    x: np.ndarray
    lines: AffineSums | None = None


def batch_table(x: np.ndarray, lines: TeacherLines, cells: int | None = None) -> BatchTable:
    """Make the tables of one batch, of shape (n,), in the experiment's dtype."""
    ordered = np.sort(x)
    ranks = rank_table(ordered, cells or number_of_cells(len(x)))
    return BatchTable(ranks, run_sums(ordered.astype(np.float64), lines.kink(ordered)), x)


def ranks_of(
    table: RankTable,
    w: np.ndarray,
    b: np.ndarray,
    shift: np.ndarray,
    left: np.ndarray,
    special: np.ndarray,
    scratch: Scratch,
) -> np.ndarray:
    """Rank of each neuron's kink, by lookup where that is exact.

    Parameters
    ----------
    table : RankTable
    w, b : ndarray of shape (k,)
        In the experiment's dtype.
    shift : ndarray of shape (k,)
        What is added to the number of samples above the kink, of the dtype of the codes: n for a rank where
        w > 0, n + 1 for a place (see `AffineSums`), and 0 where w < 0.
    left : ndarray of bool, of shape (k,)
        Where w < 0.
    special : ndarray of int
        Neurons with w = 0 or subnormal.

    Returns
    -------
    ndarray of intp, of shape (k,)
        In the scratch memory, until that is used for other members.
    """
    position, ranks, flags = scratch.floats[0], scratch.ints, scratch.flags
    codes = scratch.codes if table.codes.dtype == np.int16 else np.empty(len(w), table.codes.dtype)
    np.divide(b, w, out=position)
    np.maximum(position, -table.reach, out=position)
    position += table.shift
    np.subtract(position.view(np.int64), table.origin, out=ranks)
    table.codes.take(ranks, out=codes, mode="clip")  # NaN gets any cell: it has no rank
    crowded = np.less(codes, 0, out=flags).nonzero()[0]
    if crowded.size:
        codes[crowded] = counts_above(table, w.take(crowded), b.take(crowded), codes.take(crowded))
    np.copyto(ranks, codes)
    z = table.descending.take(ranks, out=scratch.like(w), mode="clip")
    z *= w
    z += b
    codes += np.not_equal(np.greater(z, 0, out=flags), left, out=flags)
    codes += shift
    np.copyto(ranks, codes)
    if special.size:
        at, beyond = np.copysign(w[special], np.where(left[special], w.dtype.type(-1), 1)), shift[special]
        ranks[special] = counts_above(table, at, b[special]) + beyond
    return ranks


def gradients(
    table: BatchTable,
    ranks: np.ndarray,
    parameters: Parameters,
    slope: Any,
    lines: TeacherLines,
    trainable: tuple[str, ...],
    scratch: Scratch,
) -> dict[str, np.ndarray]:
    """Derivatives with respect to the trained parameters, in float64.

    Parameters
    ----------
    table : BatchTable
    ranks : ndarray of shape (k,)
        From `ranks_of`.
    parameters : Parameters of float64
        Arrays of shape (k,), or numbers, which save work where they are 0 or 1.
    slope : float or ndarray of shape (k,)
    lines : TeacherLines
    trainable : tuple of str
    scratch : Scratch

    Returns
    -------
    dict of ndarray of shape (k,)
        New arrays; two of them may be the same.
    """
    w, b, v, d = parameters
    with_x = "w" in trainable or "v" in trainable
    vw, vb = _times(v, w), _times(v, b)
    closed = _is(slope, ZERO)
    r0, r1 = _residuals(table.sums, ranks, vw, _plus(vb, d), lines, with_x, scratch)
    total = r0
    if "d" in trainable or not closed:
        others = opposite(ranks, len(table.ranks.x))
        height = _plus(_times(slope, vb), d)
        s0, s1 = _residuals(table.sums, others, _times(slope, vw), height, lines, with_x and not closed, scratch)
        total = _plus(r0, s0)
        r0, r1 = _plus(r0, _times(slope, s0)), _plus(r1, _times(slope, s1))
    gradient = {}
    if "w" in trainable:
        gradient["w"] = _times(v, r1)
    if "b" in trainable:
        gradient["b"] = _times(v, r0)
    if "v" in trainable:
        gradient["v"] = _plus(_times(w, r1), _times(b, r0))
    if "d" in trainable:
        gradient["d"] = total
    return {name: np.full(len(ranks), g) if isinstance(g, float) else g for name, g in gradient.items()}


def _residuals(
    sums: RunSums,
    ranks: np.ndarray,
    slope: Any,
    height: Any,
    lines: TeacherLines,
    with_x: bool,
    scratch: Scratch,
) -> tuple[Any, Any]:
    """R_0 and R_1 over the samples on one side of the neuron's kink, where it is ``slope x + height``."""
    spare, coefficient, *_ = scratch.floats
    runs = [run.take(ranks, out=out, mode="clip") for run, out in zip(sums[:2], scratch.pairs, strict=True)]
    r0: Any = ZERO
    r1: Any = ZERO

    def add(total: Any, a: Any, b: np.ndarray) -> Any:
        if isinstance(total, float):
            return a * b
        total += np.multiply(a, b, out=spare)
        return total

    for (tau, _), run in zip((lines.left, lines.right), runs, strict=True):
        alpha = _minus(slope, tau, coefficient)
        if not _is(alpha, ZERO):
            r0 = add(r0, alpha, run.real)
            r1 = add(r1, alpha, run.imag) if with_x else r1
    one, two = runs
    if lines.left[1] == lines.right[1]:  # one beta for both runs
        beta = _minus(height, lines.left[1], coefficient)
        if not _is(beta, ZERO):
            r0 = add(r0, beta, sums.both.take(ranks, out=spare, mode="clip"))
            r1 = add(r1, beta, np.add(one.real, two.real, out=spare)) if with_x else r1
        return r0, r1
    for (_, theta), run, count in zip((lines.left, lines.right), runs, sums.counts, strict=True):
        beta = _minus(height, theta, coefficient)
        r0 = add(r0, beta, count.take(ranks, out=spare, mode="clip"))
        r1 = add(r1, beta, run.real) if with_x else r1
    return r0, r1


def batch_loss(
    table: BatchTable, ranks: np.ndarray, parameters: Parameters, slope: Any, lines: TeacherLines
) -> np.ndarray:
    """Mean squared error of each neuron, in float64; arguments as for `gradients`."""
    w, b, v, d = parameters
    vw, vb = _times(v, w), _times(v, b)
    loss = np.zeros(len(ranks))
    for run, count, (tau, theta) in zip(table.sums[:2], table.sums.counts, (lines.left, lines.right), strict=True):
        mean = run.real / np.where(count == 0, 1.0, count)
        about_mean = np.maximum(run.imag - mean * run.real, 0.0)
        for gain, here in ((1.0, ranks), (slope, opposite(ranks, len(table.ranks.x)))):
            if _is(gain, ZERO) and isinstance(d, float):  # all neurons err as much
                loss += (count * np.square((d - theta) - tau * mean) + tau * tau * about_mean).take(here, mode="clip")
                continue
            alpha, beta = gain * vw - tau, (gain * vb + d) - theta
            error = mean.take(here, mode="clip")
            error *= alpha
            error += beta
            # What nothing is active for is 0, however large: no square is formed first, which could be infinite.
            loss += error * (error * count.take(here, mode="clip"))
            loss += alpha * (alpha * about_mean.take(here, mode="clip"))
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


def _minus(a: Any, b: float, out: np.ndarray) -> Any:
    if b == 0:
        return a
    return a - b if isinstance(a, float) else np.subtract(a, b, out=out)
