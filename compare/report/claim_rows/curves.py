"""The picture of a claim about a run: its quantity over the steps, with what the claim compares it with.

The line is the expected dynamics; around it is the band of the reference's runs, each on batches
of its own; Keras' run is dotted, and a run that the claim compares with is dashed.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from compare.claims import SharedRuns, Verdict
from compare.claims.check_text import symbol
from compare.claims.quantities import number_of_values
from compare.claims.values import ComparisonCheck, Condition, StepsCheck, TrajectoryCheck
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, measure_of, other_run, run_checks, series_of
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.shared_runs import SEEDS
from compare.report.claim_rows.axes import Axis
from compare.report.claim_rows.thinning import envelope, thinned
from compare.report.numbers import count, plain
from reference import Experiment

__all__ = ["Curve", "Line", "curve_of"]

WIDTH, HEIGHT = 440, 230  # of the picture, in units of its own
LEFT, RIGHT, TOP, BOTTOM = 58, 416, 24, 190  # of what is inside the axes
LARGEST = 1e6  # what is beyond has diverged, and would leave nothing to be seen of the rest
SPAN = 1e3  # positive numbers that differ by more are on a logarithmic axis
EARLY = 8  # what happens in the first eighth of the run only is looked at more closely
FEWEST = 60  # steps that are shown then
SETTLED = 0.01  # of the height of the picture, within which a line stays where it is
FARTHEST = 50_000  # steps, to which a change after the claim's own run is shown


@dataclass(frozen=True)
class Line:
    """A polyline or polygon: the class it is drawn with, and its points."""

    kind: str  # "exact", "band", "keras" or "other"
    points: str


@dataclass(frozen=True)
class Curve:
    """The picture, in units of its viewBox."""

    quantity: str
    steps: str  # over which it is shown, in words
    settled: bool  # whether it stays where it is after these steps
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, str], ...]  # heights of thresholds
    level_texts: str
    changes_at: tuple[float, str] | None  # step at which the verdict changes
    ends_at: tuple[float, str] | None  # where the claim's own run ends, if more is shown
    runs: int  # in the band

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which lines there are."""
        return tuple(line.kind for line in self.lines)


def curve_of(verdict: Verdict, shared: SharedRuns) -> Curve | None:
    """Draw the first check of a run; None if there is no such check, or nothing to be seen of it."""
    checks = run_checks(verdict.claim)
    if not checks or verdict.witnesses["exact"] is None:
        return None
    _, check = checks[0]
    experiment = verdict.claim.experiment
    changes = next((b.value for b in verdict.boundaries if b.setting == "steps" and not b.windows), None)
    last = _last_step(experiment.steps, changes)
    series = list(_series(check, experiment, last, shared))
    if len(series[0][1]) < 2:
        return None
    levels = _levels(check)
    settled = _settled(series, levels) if changes is None else None
    if settled is not None:
        series = [(kind, values[: settled + 1]) for kind, values in series]
    seen = np.concatenate([values.ravel() for _, values in series] + [np.array(levels)])
    x = Axis(0.0, float(max(len(values) for _, values in series) - 1), LEFT, RIGHT)
    y = _upright(seen)
    drawn = tuple(Line(kind, _points(kind, values, x, y)) for kind, values in series)
    shown = round(x.high) + (number_of_values(series_of(check).quantity, 1) == 1)  # the last state is after its step
    return Curve(
        quantity=symbol(series_of(check)),
        steps=f"the first {count(shown)} of {count(experiment.steps)} steps"
        if shown < experiment.steps
        else f"{count(shown)} steps",
        settled=settled is not None,
        lines=drawn,
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        levels=tuple((y.place(level), plain(level, 4)) for level in levels),
        level_texts=" and ".join(plain(level, 4) for level in levels),
        changes_at=_mark(changes, x),
        ends_at=_mark(experiment.steps, x) if experiment.steps < shown else None,
        runs=next((values.shape[1] for kind, values in series if kind == "band"), 0),
    )


def _last_step(steps: int, changes: float | None) -> int:
    """The last step that is shown: that of the run, but earlier or later if the verdict changes early or later on."""
    if changes is None or steps / EARLY < changes <= steps:
        return steps
    if changes > steps:
        return math.ceil(1.2 * changes) if changes <= FARTHEST else steps
    return min(steps, max(FEWEST, 5 * math.ceil(changes)))


def _settled(series: Sequence[tuple[str, np.ndarray]], levels: Sequence[float]) -> int | None:
    """The last step that is worth a look, if all lines stay where they are from early on; None if they do not."""
    y = _upright(np.concatenate([values.ravel() for _, values in series] + [np.array(levels)]))
    last = max(len(values) for _, values in series) - 1
    if y.logarithmic or last <= FEWEST:
        return None
    moved = [np.flatnonzero((np.abs(v - v[-1]) > SETTLED * (y.high - y.low)).any(axis=1)) for _, v in series]
    moving = max((int(steps[-1]) for steps in moved if len(steps)), default=0)
    return max(FEWEST, 3 * moving) if moving < last / EARLY and 3 * moving < last else None


def _series(check: RunCheck, experiment: Experiment, last: int, shared: SharedRuns) -> Iterator[tuple[str, np.ndarray]]:
    """Kinds of lines with their values, (steps, members): the exact one first."""
    measure, rows = series_of(check), slice(0, last + 1)

    def values_of(path: Path) -> np.ndarray:
        values = path.series(measure.quantity, rows)
        return values if measure.distance_to is None else np.abs(values - measure.distance_to)

    exact = shared.exact_path(experiment) if last <= experiment.steps else shared.descent(experiment).path(last)
    yield "exact", _finite(values_of(exact))
    band = _finite(values_of(shared.reference_path(Request(experiment, SEEDS))))
    if len(band) > 1:
        yield "band", band
    if isinstance(check, ComparisonCheck):
        other = other_run(check, experiment)
        yield from _longer_than_one("other", lambda: values_of(shared.exact_path(other)))
    if shared.keras is not None:
        yield from _longer_than_one("keras", lambda: values_of(shared.keras_path(experiment)))


def _longer_than_one(kind: str, values: Callable[[], np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    finite = _finite(values())
    if len(finite) > 1:
        yield kind, finite


def _finite(values: np.ndarray) -> np.ndarray:
    """The values before the first step at which one is not to be drawn."""
    drawable = (np.isfinite(values) & (np.abs(values) <= LARGEST)).all(axis=1)
    return values[np.logical_and.accumulate(drawable)]


def _levels(check: RunCheck) -> list[float]:
    """The numbers with which the quantity along the run is compared; of a comparison that is another run."""
    measure: TrajectoryCheck | StepsCheck = measure_of(check)
    if isinstance(check, ComparisonCheck) and isinstance(measure, TrajectoryCheck):
        return []
    condition: Condition = series_of(check).condition
    ends = [condition.near] if condition.near is not None and not condition.within else condition.ends
    return [end for end in ends if end is not None and abs(end) <= LARGEST]


def _upright(seen: np.ndarray) -> Axis:
    low, high = float(seen.min()), float(seen.max())
    if low > 0 and high / low >= SPAN:
        return Axis(low / 1.5, high * 1.5, BOTTOM, TOP, True)
    margin = 0.06 * (high - low) or 1.0
    return Axis(low - margin, high + margin, BOTTOM, TOP)


def _points(kind: str, values: np.ndarray, x: Axis, y: Axis) -> str:
    if kind == "band":
        steps, low, high = envelope(values)
        around = [*zip(steps, high, strict=True), *reversed(list(zip(steps, low, strict=True)))]
        return _text(around, x, y)
    return _text(list(zip(*thinned(values[:, 0]), strict=True)), x, y)


def _text(points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> str:
    return " ".join(f"{x.place(float(step)):.1f},{y.place(float(value)):.1f}" for step, value in points)


def _mark(step: float | None, x: Axis) -> tuple[float, str] | None:
    """The place of a step, if it is shown."""
    return None if step is None or not x.low <= step <= x.high else (x.place(step), count(math.ceil(step)))
