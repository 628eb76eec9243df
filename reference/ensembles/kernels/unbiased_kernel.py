"""Without any bias a batch is two sums, and its gradient a line on either side of w = 0.

With ``P = 2/n sum x^2`` over x > 0 and N over x < 0, the teacher's slopes tau_P and tau_N
there, and the neuron's gains g_P, g_N (1 and s where w > 0, s and 1 where w < 0, s and s
at w = 0, where every sample is on the kink)::

    dL/dw = v (g_P (v g_P w - tau_P) P + g_N (v g_N w - tau_N) N)
    loss  = 1/2 ((v g_P w - tau_P)^2 P + (v g_N w - tau_N)^2 N)

Every term has its residual formed first, as in `reference.ensembles.gradients`.

Next to 0 the products w x underflow to 0, and a sample then is on the kink. That changes
a gradient by more than underflow only where it changes the gain of a label that is not
0; such neurons are handed to `reference.neuron`.
"""

from typing import Any, NamedTuple

import numpy as np

from reference.ensembles.members import Members, some
from reference.ensembles.neuron_fallback import neuron_gradient
from reference.ensembles.overflow import largest_label
from reference.ensembles.tables.teacher import TeacherLines, teacher_lines
from reference.experiment import Experiment

__all__ = ["TwoSums", "UnbiasedKernel"]

BLAS_IS_SERIAL = 8192  # OpenBLAS goes parallel from 10,000 on


class TwoSums(NamedTuple):
    """A batch: ``2/n sum x^2`` of the negative and of the positive samples, and the samples."""

    below: float
    above: float
    x: np.ndarray


class UnbiasedKernel:
    """The kernel for w alone, with b, d and the teacher's b all 0."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.lines: TeacherLines = teacher_lines(experiment.target, np.dtype(experiment.dtype))
        self.taus = self.lines.left[0], self.lines.right[0]
        self.closed = np.ndim(experiment.negative_slope) == 0 and experiment.negative_slope == 0
        self.sides, self.least, self.widest, self.label = (-1.0, 1.0), 0.0, 0.0, 0.0

    @staticmethod
    def fits(experiment: Experiment) -> bool:
        """Whether this is an experiment without any bias."""
        fixed = all(np.ndim(p) == 0 and p == 0 for p in (experiment.initial.b, experiment.initial.d))
        return experiment.trainable == ("w",) and fixed and experiment.target.b == 0

    @property
    def batches_at_once(self) -> int:
        """How many batches' tables are made at once."""
        return max(1, min(64, 2**19 // self.experiment.batch_size))

    def tables(self, x: np.ndarray) -> list[TwoSums]:
        """Sums of each batch, x of shape (batches, n); sets from where w is next to 0."""
        wide, n = x.astype(np.float64), x.shape[1]
        positive = np.maximum(wide, 0)
        below, above = (_squares(half) * 2 / n for half in (wide - positive, positive))
        size = np.abs(x)
        self.widest = float(size.max())
        self.label = largest_label(self.experiment.target, self.widest)
        self.sides, self.least = self._attention(size)
        return list(map(TwoSums, below.tolist(), above.tolist(), x))

    def _attention(self, size: np.ndarray) -> tuple[tuple[float, float], float]:
        """Factors of w on either side, and the product below which it needs attention.

        On a side where nothing but w = 0 does, the smallest number of all; elsewhere twice
        the w whose product with the smallest sample is that number.
        """
        info = np.finfo(size.dtype)
        smallest, large = float(info.smallest_subnormal), 2.0 ** (info.maxexp - 8)
        narrowest = float(size.min()) or float(size.min(where=size > 0, initial=1.0))
        near = 2.0 ** np.floor(np.log2(large * min(narrowest, 1.0) / 2))
        sides = tuple(float(near) if tau != 0 else large for tau in self.taus)
        return (-sides[0], sides[1]), smallest * large

    def gradient(self, table: TwoSums, members: Members) -> dict[str, np.ndarray]:
        """dL/dw of each member, in float64."""
        w, _, v, _ = members.wide
        vw = w if isinstance(v, float) and v == 1 else v * w
        if self.closed:  # a ReLU sees one half of the samples
            which, tau = members.by_side
            result = (vw - tau) * np.array([table.below, table.above]).take(which, mode="clip")
        else:
            gain_p, gain_n = members.by_side
            positive = (vw * gain_p - self.taus[1]) * (gain_p * table.above)
            result = positive + (vw * gain_n - self.taus[0]) * (gain_n * table.below)
        result = result if vw is w else result * v
        if members.special.size:
            result[members.special] = self._by_the_neuron(table, members)
        return {"w": result}

    def of_side(self, right: np.ndarray, slope: Any) -> tuple[np.ndarray, ...]:
        """What changes only when a w changes its sign: the gains, or of a ReLU the samples it sees."""
        if self.closed:
            which = right.astype(np.intp)
            return which, np.array(self.taus).take(which)
        return np.where(right, 1.0, slope), np.where(right, slope, 1.0)

    def _by_the_neuron(self, table: TwoSums, members: Members) -> Any:
        those = members.special
        slope = some(members.slope, those)
        w, _, v, _ = (some(p, those) for p in members.wide)
        result = np.broadcast_to(-v * slope * (self.taus[1] * table.above + self.taus[0] * table.below), w.shape).copy()
        near = np.flatnonzero(w)
        if near.size:
            values = {name: some(value, those[near]) for name, value in members.values.items()}
            gradient, _ = neuron_gradient(self.experiment, values, some(slope, near), table.x)
            result[near] = gradient["w"]
        return result

    def loss(self, table: TwoSums, members: Members) -> np.ndarray:
        """Mean squared error of each member, in float64."""
        w, _, v, _ = members.wide
        right = members.side > 0
        return self.loss_of(v * w, right, members.slope, table.above, table.below)

    def loss_of(self, vw: Any, right: Any, slope: Any, above: Any, below: Any) -> np.ndarray:
        """Loss at v w, from which side `right` tells, on batches of these sums; everything broadcasts."""
        tau_n, tau_p = self.taus
        up, down = np.where(right, 1.0, slope) * vw, np.where(right, slope, 1.0) * vw
        loss: np.ndarray = (np.square(up - tau_p) * above + np.square(down - tau_n) * below) / 2
        return loss


def _squares(x: np.ndarray) -> np.ndarray:
    """Sum of x^2 along the last axis; by BLAS, but where that would start threads of its own."""
    return np.asarray(np.vecdot(x, x) if x.shape[-1] <= BLAS_IS_SERIAL else np.einsum("ij,ij->i", x, x))
