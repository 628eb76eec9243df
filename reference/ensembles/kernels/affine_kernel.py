"""The kernel for neurons of which w, b or both are trained, and learn a teacher without bias: one line for each place.

With d = 0 and one v and one slope for all members; see `reference.ensembles.tables.affine_sums`.
"""

from typing import Any

import numpy as np

from reference.ensembles.gradients import BatchTable
from reference.ensembles.kernels.general_kernel import GeneralKernel
from reference.ensembles.members import Members
from reference.ensembles.tables.affine_sums import affine_sums, pivots_of
from reference.experiment import Experiment

__all__ = ["AffineKernel"]

MODERATE = 2.0**64  # products of a few such numbers, or their inverses, are far from overflow and underflow


class AffineKernel(GeneralKernel):
    """Gradients that are looked up as straight lines.

    Parameters
    ----------
    experiment : Experiment
        One that `fits`.
    members : int
        As for `GeneralKernel`.
    """

    def __init__(self, experiment: Experiment, members: int) -> None:
        super().__init__(experiment, members)
        dtype = np.dtype(experiment.dtype)
        self.v = float(dtype.type(experiment.initial.v))
        self.slope = float(experiment.slope)
        self.taus = self.lines.left[0], self.lines.right[0]
        self.pivots = np.array(pivots_of(self.taus, self.v))

    @staticmethod
    def fits(experiment: Experiment) -> bool:
        """Whether this is an experiment with such a gradient, and of moderate numbers."""
        _, _, v, d = experiment.initial
        numbers = (v, experiment.negative_slope, *experiment.target)
        if experiment.target.b != 0 or np.ndim(d) or d != 0 or any(np.ndim(number) for number in numbers):
            return False
        return set(experiment.trainable) <= {"w", "b"} and all(
            number == 0 or 1 / MODERATE <= abs(number) <= MODERATE for number in numbers
        )

    def table(self, x: np.ndarray) -> BatchTable:
        """Tables of a batch, x of shape (n,); without lines where the block has samples of no moderate size."""
        table = super().table(x)
        if not self.widest <= MODERATE:
            return table
        return table._replace(lines=affine_sums(table.sums, self.taus, self.v, self.slope))

    def of_side(self, right: np.ndarray, slope: Any) -> tuple[np.ndarray, ...]:
        """What a place is above the number of samples above the kink, where that is none, and the pivot."""
        shift, left = super().of_side(right, slope)
        return shift + right, left, self.pivots.take(right.astype(np.intp))

    def _ranks(self, table: BatchTable, members: Members) -> np.ndarray:
        """Ranks, of which both halves have n: those of `RunSums`."""
        places = super()._ranks(table, members)
        return places - (places > self.samples)

    def gradient(self, table: BatchTable, members: Members) -> dict[str, np.ndarray]:
        """Derivatives with respect to what is trained, in float64, in the members' scratch memory."""
        if table.lines is None:
            return super().gradient(table, members)
        lines, places = table.lines, super()._ranks(table, members)
        from_pivot, spare, mixed, *results = members.scratch.floats
        w, b = (members.values[name].astype(np.float64, copy=False) for name in "wb")
        np.subtract(w, members.by_side[2], out=from_pivot)
        lines.x.take(places, out=mixed, mode="clip")
        gradient = dict(zip(self.trainable, results, strict=False))
        if "w" in gradient:
            by_w = lines.xx.take(places, out=gradient["w"], mode="clip")
            by_w *= from_pivot
            by_w += np.multiply(mixed, b, out=spare)
            by_w += lines.at_w.take(places, out=spare, mode="clip")
        if "b" in gradient:
            by_b = lines.one.take(places, out=gradient["b"], mode="clip")
            by_b *= b
            mixed *= from_pivot
            by_b += mixed
            by_b += lines.at_b.take(places, out=spare, mode="clip")
        return gradient
