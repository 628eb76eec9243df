"""What a certificate keeps of all comparisons: the worst of each quantity, and the first beyond its bound."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from compare.certificates.comparison import Comparison

__all__ = ["Differences", "Disagreement", "Worst"]

DUE = frozenset({"exact", "record", "drawing"})  # lanes in which one side is held against what is due


class Disagreement(NamedTuple):
    """The first difference that rounding does not explain.

    Parameters
    ----------
    lane : str
        "start", "record", "drawing", "lockstep", "free run", "bit", "exact: reference" or, with the
        subject's name, "exact: Keras"; of a twin with its name before it, as in "float64 twin: lockstep".
    step : int
        Step, counted from 0, that produced the value.
    quantity : str
        "y_pred", "loss", "gradient.w", a slot such as "momentum.w", or a parameter.
    observed, reference : float
        In the lanes "exact", "record" and "drawing" the value observed, whosever it is, and the
        one that is due.
    bound : float
        Largest admissible difference.
    sample : int or None
        Index in the batch, for "y_pred".
    ulps : float
        Difference in units in the last place.
    compared : bool
        False of what no step had a bound for: then it is no disagreement.
    subject : str
        Whose value `observed` is, in a word.
    """

    lane: str
    step: int
    quantity: str
    observed: float
    reference: float
    bound: float
    sample: int | None = None
    ulps: float = float("nan")
    compared: bool = True
    subject: str = "Keras"

    def __str__(self) -> str:
        sample = "" if self.sample is None else f", sample {self.sample}"
        where = f"{self.lane}, step {self.step}{sample}: {self.quantity} is {self.observed!r}"
        lane = self.lane.rpartition(" twin: ")[2]
        if lane.partition(":")[0] in DUE:
            within = f" within {self.bound:.3g}" if self.bound else ""
            return f"{where}, must be {self.reference!r}{within}"
        if lane == "start":
            return f"{where} in {self.subject}, must be {self.reference!r}"
        both = f"{where} in {self.subject} and {self.reference!r} in the reference"
        if not self.compared:
            return f"{both}; no step had a bound to compare them by"
        if np.isfinite(self.observed) != np.isfinite(self.reference):
            return f"{both}; no rounding makes that of the other"
        times = abs(self.observed - self.reference) / self.bound if self.bound else float("inf")
        return f"{both}, {times:.3g} times the bound {self.bound:.3g}, {self.ulps:.3g} ULP apart"


class Worst(NamedTuple):
    """Largest observed difference / bound of one quantity in a lane, and at which step."""

    ratio: float
    step: int
    # Values that are finite on either side and had no finite bound, and so were not compared: where
    # a square root or quotient of what may be zero enters, or an overflow. And values that had one.
    unbounded: int
    compared: int
    ulps: float = 0.0  # largest difference in units in the last place, and at which step
    ulps_step: int = 0
    sample: int | None = None  # index in the batch of the largest ratio, for "y_pred"


class Differences:
    """The worst entry of each quantity of a lane, and the first that is beyond its bound.

    `ratios` says which ratios of a `Comparison` count in this lane; None if it has none there.
    """

    def __init__(
        self, lane: str, subject: str = "Keras", ratios: Callable[[Comparison], np.ndarray | None] = lambda c: c.ratio
    ) -> None:
        self.lane, self.subject = lane, subject
        self.ratios = ratios
        self.worst: dict[str, Worst] = {}
        self.first: Disagreement | None = None
        self.unseen: set[str] = set()  # quantities that were not there to be compared
        self._unbounded: dict[str, Disagreement] = {}

    def add(self, *comparisons: Comparison) -> None:
        """Take note of comparisons, one after the other."""
        for comparison in comparisons:
            ratios = self.ratios(comparison)
            if not comparison.shown:
                self.unseen.add(comparison.quantity)
            elif ratios is not None:
                self._add(comparison, ratios)

    def _add(self, comparison: Comparison, ratios: np.ndarray) -> None:
        quantity, first, sample = comparison.quantity, comparison.first_step, comparison.sample
        at, at_ulps = int(np.argmax(ratios)), int(np.argmax(comparison.ulps))
        theirs, ours = comparison.observed, comparison.ball.value
        finite = np.isfinite(theirs) | np.isfinite(ours)
        bounded = np.isfinite(comparison.ball.bound) & np.isfinite(ours)
        unbounded = finite & ~bounded
        new = Worst(
            ratio=float(ratios[at]),
            step=first + at,
            unbounded=int(np.count_nonzero(unbounded)) * comparison.numbers,
            compared=int(np.count_nonzero(finite & bounded)) * comparison.numbers,
            ulps=float(comparison.ulps[at_ulps]),
            ulps_step=first + at_ulps,
            sample=None if sample is None else int(sample[at]),
        )
        known = self.worst.get(quantity)
        self.worst[quantity] = new if known is None else _worse(known, new)
        if unbounded.any() and quantity not in self._unbounded:
            differing = unbounded & (theirs != ours)  # rather than where the bits are the same
            example = int(np.argmax(differing if differing.any() else unbounded))
            self._unbounded[quantity] = self._entry(comparison, example, compared=False)
        if new.ratio > 1:
            beyond = int(np.argmax(ratios > 1))
            if self.first is None or first + beyond < self.first.step:
                self.first = self._entry(comparison, beyond)

    @property
    def not_compared(self) -> tuple[Disagreement, ...]:
        """An example of each quantity that was finite and never had a finite bound: nothing can be said of it."""
        return tuple(entry for quantity, entry in self._unbounded.items() if not self.worst[quantity].compared)

    def _entry(self, comparison: Comparison, at: int, compared: bool = True) -> Disagreement:
        return Disagreement(
            lane=self.lane,
            step=comparison.first_step + at,
            quantity=comparison.quantity,
            observed=float(comparison.observed[at]),
            reference=float(comparison.ball.value[at]),
            bound=float(comparison.ball.bound[at]) if self.lane != "bit" else 0.0,
            sample=None if comparison.sample is None else int(comparison.sample[at]),
            ulps=float(comparison.ulps[at]),
            compared=compared,
            subject=self.subject,
        )


def _worse(a: Worst, b: Worst) -> Worst:
    """The larger ratio and the larger distance of two, the earlier where they are equal."""
    by_ratio, by_ulps = max(a, b, key=lambda w: w.ratio), max(a, b, key=lambda w: w.ulps)
    return by_ratio._replace(
        unbounded=a.unbounded + b.unbounded,
        compared=a.compared + b.compared,
        ulps=by_ulps.ulps,
        ulps_step=by_ulps.ulps_step,
    )
