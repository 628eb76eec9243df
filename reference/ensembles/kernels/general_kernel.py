"""The kernel for everything else: any trained subset, any slope, any target; see `reference.ensembles.gradients`."""

from typing import Any

import numpy as np

from reference.ensembles.gradients import BatchTable, batch_loss, batch_table, gradients, ranks_of
from reference.ensembles.members import Members
from reference.ensembles.overflow import largest_label
from reference.ensembles.tables.kink_ranks import code_type, number_of_cells
from reference.ensembles.tables.teacher import teacher_lines
from reference.experiment import Experiment

__all__ = ["GeneralKernel"]

TABLE_BYTES = 2**25  # of the tables that are kept at once; more would not stay in cache


class GeneralKernel:
    """Gradients from tables of sums.

    Parameters
    ----------
    experiment : Experiment
    members : int
        How many will use a table, so that it is not larger than is worth while.
    """

    def __init__(self, experiment: Experiment, members: int) -> None:
        self.experiment = experiment
        self.trainable, self.lines = experiment.trainable, teacher_lines(experiment.target, np.dtype(experiment.dtype))
        self.cells = min(number_of_cells(experiment.batch_size), 2 ** max(8, int(members).bit_length()))
        self.sides, self.least = (-1.0, 1.0), float(np.finfo(experiment.dtype).tiny)
        self.widest, self.label = 0.0, 0.0
        self.samples = experiment.batch_size
        size = 2 * self.cells + 7 * 8 * (2 * experiment.batch_size + 1)
        self.batches_at_once = max(1, min(16, TABLE_BYTES // size))

    def tables(self, x: np.ndarray) -> list[BatchTable]:
        """Tables of each batch, x of shape (batches, n)."""
        self.widest = float(np.abs(x).max())
        self.label = largest_label(self.experiment.target, self.widest)
        return list(map(self.table, x))

    def table(self, x: np.ndarray) -> BatchTable:
        """Tables of a batch, x of shape (n,)."""
        return batch_table(x, self.lines, self.cells)

    def of_side(self, right: np.ndarray, slope: Any) -> tuple[np.ndarray, ...]:
        """What a rank is above the number of samples above the kink, and where that is none because w < 0."""
        return np.where(right, self.samples, 0).astype(code_type(self.samples)), ~right

    def _ranks(self, table: BatchTable, members: Members) -> np.ndarray:
        w, b = (members.values[name] for name in "wb")
        shift, left = members.by_side[:2]
        return ranks_of(table.ranks, w, b, shift, left, members.special, members.scratch)

    def gradient(self, table: BatchTable, members: Members) -> dict[str, np.ndarray]:
        """Derivatives with respect to what is trained, in float64."""
        ranks = self._ranks(table, members)
        return gradients(table, ranks, members.wide, members.slope, self.lines, self.trainable, members.scratch)

    def loss(self, table: BatchTable, members: Members) -> np.ndarray:
        """Mean squared error, in float64."""
        return batch_loss(table, self._ranks(table, members), members.wide, members.slope, self.lines)
