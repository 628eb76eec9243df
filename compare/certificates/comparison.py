"""One quantity at consecutive steps, as Keras has it, against what it may be."""

from typing import Any, NamedTuple

import numpy as np

from compare.rounding import Ball, ratio, ulps

__all__ = ["Comparison"]


class Comparison(NamedTuple):
    """One quantity at k consecutive steps: what Keras has, the reference's ball, their ratio.

    Arrays have the shape (k,); of `y_pred`, the sample of each step with the largest ratio.
    """

    quantity: str
    first_step: int
    observed: np.ndarray
    ball: Ball
    ratio: np.ndarray  # observed difference / bound, see `compare.rounding.ratio`
    ulps: np.ndarray  # distance in units in the last place, of `y_pred` the largest of all samples
    # Observed difference / bound where operations are done as they are written; None for what is a
    # reduction, and where nothing of the kind is expected.
    bits: np.ndarray | None = None
    sample: np.ndarray | None = None  # index in the batch, for `y_pred`
    shown: bool = True  # False of what the subject does not show, or not in this precision: it is not compared
    numbers: int = 1  # how many numbers each entry stands for: of `y_pred` all samples of a batch

    @classmethod
    def of(
        cls, quantity: str, first_step: int, observed: np.ndarray, ball: Ball, written: Ball | None = None
    ) -> "Comparison":
        """Compare k values with the Ball of admissible ones, and for `bits` with that of operations as `written`."""
        bits = None if written is None else ratio(observed, written)
        return cls(quantity, first_step, observed, ball, ratio(observed, ball), ulps(observed, ball.value), bits)

    @classmethod
    def exactly(cls, quantity: str, first_step: int, observed: np.ndarray, due: np.ndarray) -> "Comparison":
        """Compare with a bound of 0."""
        return cls.of(quantity, first_step, observed, Ball(due, np.zeros(len(due))))

    @staticmethod
    def join(parts: "list[Comparison]") -> "Comparison":
        """Join comparisons of consecutive steps of one quantity."""
        first = parts[0]
        joined: dict[str, Any] = {
            field: np.concatenate([getattr(part, field) for part in parts])
            for field in ("observed", "ball", "ratio", "ulps", "bits", "sample")
            if getattr(first, field) is not None
        }
        return first._replace(**joined)

    def unbounded(self) -> "Comparison":
        """Return a copy that compares nothing."""
        nothing = np.zeros(len(self.ratio))
        return self._replace(
            ball=Ball(self.ball.value, nothing + np.inf), ratio=nothing, ulps=nothing, bits=None, shown=False
        )

    def on_one_side(self, rows: np.ndarray, unexplained: np.ndarray) -> "Comparison":
        """Return a copy that is beyond its bound at rows where one side alone is finite, if nothing explains that."""
        ratios = self.ratio.copy()
        ratios[rows] = np.where(unexplained, np.inf, 0.0)
        return self._replace(ratio=ratios)

    def beyond_bound(self, which: np.ndarray) -> "Comparison":
        """Return a copy whose ratio is infinite at some of the k steps, given as a mask or indices."""
        ratios = self.ratio.copy()
        ratios[which] = np.inf
        return self._replace(ratio=ratios)
