"""What one witness saw of one experiment: a path of states, for one or many members."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compare.claims.quantities import BATCHWISE
from reference import Experiment, Parameters

__all__ = ["NEVER", "Path"]

NEVER = np.iinfo(np.int64).max


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
    """

    experiment: Experiment
    parameters: Parameters
    gradient: Parameters
    loss: np.ndarray | None
    resolution: float
    cut: bool = False

    @property
    def steps(self) -> int:
        """Updates that were made."""
        return len(self.parameters.w) - 1

    @property
    def members(self) -> int:
        """Seeds or starts that were run."""
        return int(np.shape(self.parameters.w)[1])

    def series(self, quantity: str, rows: slice = slice(None)) -> np.ndarray:
        """A quantity at every state, or of every batch, of every member, in float64.

        Parameters
        ----------
        quantity : str
            One of the schema's trajectory quantities.
        rows : slice
            Which of its values, along the steps.

        Returns
        -------
        ndarray of shape (values, members)
        """
        kind, _, name = quantity.partition(".")
        with np.errstate(all="ignore"):
            if kind == "step":
                return np.diff(np.asarray(getattr(self.parameters, name), np.float64), axis=0)[rows]
            if kind == "gradient":
                return np.asarray(getattr(self.gradient, name)[rows], np.float64)
            if kind in ("expected_loss", "loss"):
                if kind == "loss" and self.loss is not None:
                    return np.asarray(self.loss[rows], np.float64)
                return self._expected_loss(rows if kind == "expected_loss" else _of(slice(0, self.steps), rows))
            return np.asarray(getattr(self.parameters, quantity)[rows], np.float64)

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
        return self.steps if quantity.split(".")[0] in BATCHWISE else self.steps + 1

    def _expected_loss(self, rows: slice) -> np.ndarray:
        from compare.surface import expected_loss

        points = Parameters(*(np.asarray(p[rows], np.float64) for p in self.parameters))
        finite = np.logical_and.reduce([np.isfinite(p) for p in points])
        safe = Parameters(*(np.where(finite, p, 0.0) for p in points))
        slope, target = self.experiment.negative_slope, self.experiment.target
        loss: Any = expected_loss(safe, negative_slope=slope, target=target)
        return np.where(finite, loss, np.nan)

    def on_the_kink_from(self) -> np.ndarray:
        """For each member the first state whose samples all lie on the kink, or seem to.

        There w = b = 0, or both are below the resolution: what follows depends on the value
        that is taken for phi'(0), or on underflow. NEVER where it does not happen, or does
        not matter because neither w nor b is trained or phi has no kink.
        """
        trained = set(self.experiment.trainable) & {"w", "b"}
        if not trained or self.experiment.negative_slope == 1:
            return np.full(self.members, NEVER)
        w, b = self.parameters.w, self.parameters.b
        if self.resolution:
            small = (np.abs(w) < self.resolution) & (np.abs(b) < self.resolution)
        else:
            small = (w == 0) & (b == 0)
        return np.where(small.any(axis=0), small.argmax(axis=0), NEVER)


def _of(outer: slice, inner: slice) -> slice:
    """The rows that `inner` takes of the rows that `outer` takes, both from the start."""
    indices = range(outer.stop)[inner]
    return slice(indices.start, indices.stop, indices.step)
