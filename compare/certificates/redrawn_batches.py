"""Hold samples and labels that somebody drew for an experiment against an independent drawing.

An experiment says what its batches are: of one stream of normal numbers, made in float64
by NumPy's PCG64, seeded with the experiment's seed through a SeedSequence, each batch
takes the next `batch_size`, cast once to the experiment's dtype. That stream is drawn here
once more, from the generator itself, and compared with ``==``. The stream goes on from
block to block: blocks are handed in one after the other, in the order of the steps.

Labels are the teacher's, phi(W x + B) with its slope T, whose settings are first rounded
to the dtype, at the samples that were handed in. What operations as they are written give
in that dtype is right, also where they overflow. What is not equal to that is held against
the label in float64. Let u be the dtype's unit roundoff plus float64's, so that it covers
both sides, E the dtype's smallest number, and [c] 1 if c holds and else 0. With p = W x
and z = p + B,

    r_z = [W is no power of two] u |p| (1 + u) + [W, B not 0] u |z| + [W not 0, 1, -1] 2 E

bounds how far two values of z can be apart that are rounded after each operation, or only
after the sum (fused multiply-add): z' = (p (1 + e) + B) (1 + f), |e| and |f| <= u (Higham,
"Accuracy and Stability of Numerical Algorithms", 2nd ed., equation 2.4), and a product
loses at most E/2 on each side to underflow. phi is a line on either side of 0 and has the
Lipschitz constant max(1, |T|) across it, so labels are apart by at most

    r_z                                                                      if z > r_z
    g r_z + [T is no power of two] u g (|z| + r_z) + [T not 0, 1, -1] 2 E    else

with g = |T| if z < -r_z and max(1, |T|) between. For T = 0 that is 0 where z < -r_z. Powers
of two here include 0.

The default teacher has nothing to round: its labels are ``max(x, 0)`` exactly.

Of the reference only the settings are used, and none of its drawing and labelling: that is
what is under test here.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from compare.certificates.differences import Disagreement
from compare.rounding.arithmetic import SLACK
from reference import Experiment, Target

__all__ = ["Drawing", "Redrawing", "check_drawing", "draw_independently"]

CHUNK = 2**14  # numbers that are drawn and compared at once: they stay in cache


class Drawing(NamedTuple):
    """What came of a comparison so far: how many samples and labels were compared, and how many are beyond their bound.

    The first disagreement is the first by step, then by sample, the sample before its label; its
    `keras` is what was handed in, and its `reference` what is due.
    """

    compared: int = 0
    differing: int = 0
    first_disagreement: Disagreement | None = None

    @property
    def agrees(self) -> bool:
        """Whether anything was compared, and nothing differs."""
        return self.compared > 0 and self.differing == 0


def draw_independently(experiment: Experiment) -> tuple[np.ndarray, np.ndarray]:
    """Draw all batches of an experiment from the documented generator, and label them by the teacher's formula.

    Returns what `reference.draw_batches` does, and refuses with a ValueError a label that is
    too large for the dtype.

    >>> from reference import draw_batches
    >>> e = Experiment(steps=3, batch_size=4, target=Target(w=-0.5, b=0.3))
    >>> all(np.array_equal(a, b) for a, b in zip(draw_independently(e), draw_batches(e)))
    True
    """
    x = _stream(experiment).standard_normal((experiment.steps, experiment.batch_size))
    x = x.astype(experiment.dtype, copy=False)
    w, b, slope = (x.dtype.type(setting) for setting in experiment.target)
    with np.errstate(over="ignore", invalid="ignore"):
        y = np.maximum(x, 0) if w == 1 and b == 0 and slope == 0 else _phi(w * x + b, slope)
    if not (np.isfinite(y.min()) and np.isfinite(y.max())):
        raise ValueError(
            f"Experiment.target must give labels that are finite in {experiment.dtype}, got {experiment.target}"
        )
    return x, y


def _stream(experiment: Experiment) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(experiment.seed)))


def check_drawing(experiment: Experiment, x: np.ndarray, y: np.ndarray, first_step: int = 0) -> Drawing:
    """Compare samples and labels of consecutive steps with an independent drawing.

    Parameters
    ----------
    experiment : Experiment
    x, y : ndarray of shape (steps of the block, batch_size)
        In the experiment's dtype.
    first_step : int
        Step of the first batch. What comes before is drawn too: for block after block use
        one `Redrawing`.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If x or y has another shape or dtype, or there are more steps than the experiment's.

    Examples
    --------
    >>> from reference import draw_batches
    >>> e = Experiment(steps=3, batch_size=4, dtype="float64")
    >>> x, y = draw_batches(e)
    >>> check_drawing(e, x, y)
    Drawing(compared=24, differing=0, first_disagreement=None)
    >>> y[2, 1] = 0.5
    >>> print(check_drawing(e, x[1:], y[1:], first_step=1).first_disagreement)
    drawing, step 2, sample 1: y is 0.5, must be 0.0
    """
    redrawing = Redrawing(experiment)
    redrawing.skip(first_step)
    return redrawing.check(x, y)


class Redrawing:
    """The independent drawing of an experiment, for block after block; `drawing` is what came of all so far.

    >>> from reference import iterate_batches
    >>> e = Experiment(steps=5, batch_size=3)
    >>> redrawing = Redrawing(e)
    >>> for x, y in iterate_batches(e, steps_per_block=2):
    ...     drawing = redrawing.check(x, y)
    >>> drawing, drawing.agrees
    (Drawing(compared=30, differing=0, first_disagreement=None), True)
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.drawing = Drawing()
        self.step = 0
        self._stream = _stream(experiment)
        self._wide = np.empty(CHUNK)
        self._cast = np.empty(CHUNK, experiment.dtype)

    def skip(self, steps: int) -> None:
        """Leave out the next steps."""
        rest = steps * self.experiment.batch_size
        while rest > 0:
            rest -= len(self._draw(min(rest, CHUNK)))
        self.step += steps

    def check(self, x: np.ndarray, y: np.ndarray) -> Drawing:
        """Compare the next block, of shape (steps, batch_size); returns what came of all so far."""
        self._require_block(x, y)
        samples, labels = x.reshape(-1), y.reshape(-1)
        for start in range(0, samples.size, CHUNK):
            chunk = slice(start, start + CHUNK)
            self._compare(start, samples[chunk], labels[chunk])
        self.step += len(x)
        return self.drawing

    def _draw(self, count: int) -> np.ndarray:
        wide, cast = self._wide[:count], self._cast[:count]
        self._stream.standard_normal(out=wide)
        np.copyto(cast, wide, casting="same_kind")
        return cast

    def _compare(self, start: int, x: np.ndarray, y: np.ndarray) -> None:
        drawn = self._draw(len(x))
        wrong_x = x != drawn
        label, bound, wrong_y = _labels(self.experiment.target, x, y)
        compared, differing, first = self.drawing
        here = int(np.count_nonzero(wrong_x)) + int(np.count_nonzero(wrong_y))
        if here and first is None:
            at = int(np.argmax(wrong_x | wrong_y))
            step, sample = divmod(self.step * self.experiment.batch_size + start + at, self.experiment.batch_size)
            if wrong_x[at]:
                first = Disagreement("drawing", step, "x", float(x[at]), float(drawn[at]), 0.0, sample)
            else:
                first = Disagreement("drawing", step, "y", float(y[at]), float(label[at]), float(bound[at]), sample)
        self.drawing = Drawing(compared + 2 * len(x), differing + here, first)

    def _require_block(self, x: Any, y: Any) -> None:
        e, left = self.experiment, self.experiment.steps - self.step
        for name, array in (("x", x), ("y", y)):
            fits = np.ndim(array) == 2 and array.shape[1] == e.batch_size and array.shape[0] == len(x)
            if not fits or array.dtype != e.dtype or len(array) > left:
                raise ValueError(
                    f"{name} must be {e.dtype} of shape (at most {left}, {e.batch_size}), as long as x,"
                    f" got {np.asarray(array).dtype} of shape {np.shape(array)}"
                )


def _labels(target: Target, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each sample the label, what it may be off by, and whether `y` is off by more."""
    w, b, slope = (x.dtype.type(setting) for setting in target)
    if w == 1 and b == 0 and slope == 0:
        label, bound = np.maximum(x, 0), np.broadcast_to(0.0, x.shape)
        return label, bound, y != label
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        label, bound = _phi(w * x + b, slope), np.broadcast_to(0.0, x.shape)
        wrong = y != label
        if wrong.any():
            product = float(w) * x.astype(np.float64)
            z = product + float(b)
            label, bound = _phi(z, float(slope)), _bound(product, z, (float(w), float(b), float(slope)), x.dtype)
            wrong &= ~((np.abs(y - label) <= bound) & np.isfinite(label))
    return label, bound, wrong


def _phi(z: Any, slope: Any) -> Any:
    return np.maximum(z, 0) if slope == 0 else np.where(z > 0, z, slope * z)


def _bound(product: Any, z: Any, settings: tuple[float, float, float], dtype: Any) -> Any:
    w, b, slope = settings
    info = np.finfo(dtype)
    u = float(info.eps) / 2 + float(np.finfo(np.float64).eps) / 2
    lost, size = 2 * float(info.smallest_subnormal), np.abs(z)
    r_z = _is_rounded(w) * u * (1 + u) * np.abs(product) + (w != 0 != b) * u * size + (abs(w) not in (0, 1)) * lost
    r_z *= SLACK
    steep = abs(slope)
    gain = np.where(z < -r_z, steep, max(1.0, steep))
    left = gain * r_z + _is_rounded(slope) * u * gain * (size + r_z) + (steep not in (0, 1)) * lost
    return np.where(z > r_z, r_z, left * SLACK)


def _is_rounded(factor: float) -> bool:
    """Whether a product with it has to be rounded, if it does not underflow."""
    return abs(math.frexp(factor)[0]) not in (0.0, 0.5)
