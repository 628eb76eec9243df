"""A claim as the page shows it: story, numbers, where it flips on a scale, and the exact run in a picture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.claims import SharedRuns, Verdict
from compare.claims.check_text import label, shown
from compare.claims.telling.boundary_text import boundary_text
from compare.claims.telling.explain import explain, numbers
from compare.claims.verdicts import Boundary
from compare.claims.witnesses.paths.statements import run_checks, series_of

if TYPE_CHECKING:
    from compare.figures import Picture  # which imports matplotlib

__all__ = ["ClaimView", "Curve", "Scale", "views"]

WIDTH, HEIGHT = 300.0, 90.0  # of a curve, in units of its own
MOST_POINTS = 150
DECADES = 2.0  # a range that spans as much is shown on a logarithmic scale


@dataclass(frozen=True)
class Scale:
    """The range of a setting in which a boundary was looked for, drawn as a bar.

    `holds` says in words where the claim holds, `below` and `above` whether it does on that
    side; `at` and `stated_at` are the places of the boundary and of the claim's own value, in
    per cent of the bar; `low`, `high` and `stated` label them.
    """

    holds: str
    setting: str
    low: str
    high: str
    stated: str
    at: float
    stated_at: float
    below: bool
    above: bool


@dataclass(frozen=True)
class Curve:
    """A quantity along the exact run: `points` of an SVG polyline, heights of thresholds, and labels."""

    quantity: str
    points: str
    thresholds: tuple[str, ...]
    low: str
    high: str
    steps: int


@dataclass(frozen=True)
class ClaimView:
    """What the page's table shows of one verdict."""

    verdict: Verdict
    story: str
    numbers: list[tuple[str, str, str]]
    boundary: str
    scales: tuple[Scale, ...]
    curve: Curve | None
    picture: "Picture | None"

    @property
    def flips(self) -> bool:
        """Whether a boundary was found."""
        return bool(self.boundary)


def views(verdicts: Sequence[Verdict], pictures: "Sequence[Picture]", shared: SharedRuns | None) -> Iterator[ClaimView]:
    """Show verdicts: with those pictures that are of claims, and with curves of the runs they were judged on."""
    drawn = {picture.name: picture for picture in pictures}
    for verdict in verdicts:
        yield ClaimView(
            verdict,
            explain(verdict),
            numbers(verdict),
            boundary_text(verdict.boundary),
            tuple(scale for boundary in verdict.boundaries if (scale := _scale(boundary)) is not None),
            None if shared is None else _curve(verdict, shared),
            drawn.get(f"claim-{verdict.claim.id}"),
        )


def _scale(boundary: Boundary) -> Scale | None:
    if boundary.windows:  # one bar for all of them would need more than two colours meeting once
        return None
    low, high = boundary.range
    ends = (low, high, boundary.value, boundary.stated)
    if not all(map(math.isfinite, ends)) or not low < high:
        return None
    logarithmic = low > 0 and math.log10(high / low) >= DECADES

    def place(value: float) -> float:
        value = min(max(value, low), high)
        if logarithmic:
            return 100 * math.log(value / low) / math.log(high / low)
        return 100 * (value - low) / (high - low)

    return Scale(
        boundary_text(boundary),
        boundary.setting,
        shown(low),
        shown(high),
        shown(boundary.stated),
        round(place(boundary.value), 2),
        round(place(boundary.stated), 2),
        boundary.below,
        boundary.above,
    )


def _curve(verdict: Verdict, shared: SharedRuns) -> Curve | None:
    """The first check of a run, along the run that the exact witness made to judge it."""
    checks = run_checks(verdict.claim)
    if not checks or verdict.witnesses["exact"] is None:
        return None
    measure = series_of(checks[0][1])
    path = shared.exact_path(verdict.claim.experiment)
    last = path.length(measure.quantity) - 1
    every = max(1, math.ceil(last / MOST_POINTS))
    rows = [slice(None, last, every), slice(last, None)]  # the last one always
    values = np.concatenate([path.series(measure.quantity, part)[:, 0] for part in rows])
    steps = np.concatenate([np.arange(last + 1)[part] for part in rows])
    if measure.distance_to is not None:
        values = np.abs(values - measure.distance_to)
    drawable = np.isfinite(values) & (np.abs(values) < np.finfo(np.float32).max)
    before_the_first_gap = np.logical_and.accumulate(drawable)
    values, steps = values[before_the_first_gap], steps[before_the_first_gap]
    if len(values) < 2:
        return None
    thresholds = measure.condition.ends
    low, high = float(min([*values, *thresholds])), float(max([*values, *thresholds]))
    if not low < high:
        low, high = low - 1, high + 1
    heights = HEIGHT * (high - values) / (high - low)
    across = WIDTH * steps / steps[-1]
    return Curve(
        label(measure),
        " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True)),
        tuple(f"{HEIGHT * (high - value) / (high - low):.1f}" for value in thresholds),
        shown(low),
        shown(high),
        int(steps[-1]),
    )
