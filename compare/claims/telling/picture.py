"""One claim in a picture: its quantity along the run, as the three witnesses have it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from compare.claims.check_text import describe, label
from compare.claims.values import ComparisonCheck, Condition, TrajectoryCheck
from compare.claims.verdicts import Verdict
from compare.claims.witnesses.paths.path import Path as RunPath
from compare.claims.witnesses.paths.statements import other_run, run_checks, series_of
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.shared_runs import SEEDS, SharedRuns
from compare.figures import Picture
from reference import Experiment

__all__ = ["draw_claim"]

MOST_POINTS = 2000  # of a line; longer runs are thinned
OF_SEEDS = (0.0, 100.0)  # percentiles between which the seeds are shaded: all of them


class Inks(NamedTuple):
    """Neutral colours of a run, as a claim is about more than what became of it: no outcome has them."""

    line: str
    band: str


OWN = Inks("#202020", "#A0A0A0")
OTHER = Inks("#8C8C8C", "#D0D0D0")
THRESHOLD = "#6E6E6E"


def draw_claim(verdict: Verdict, shared: SharedRuns, folder: Path) -> Picture | None:
    """Draw a claim with the runs on which it was judged; None if it is about no run."""
    import matplotlib.style

    from compare.figures import style

    checks = run_checks(verdict.claim)
    if not checks:
        return None
    _, check = checks[0]
    measure = series_of(check)
    with matplotlib.style.context("default"):
        figure = style.file_figure((5.6, 3.6))
        ax = figure.add_subplot()
        _draw_run(ax, measure, verdict.claim.experiment, shared, OWN, "")
        if isinstance(check, ComparisonCheck):
            other = other_run(check, verdict.claim.experiment)
            _draw_run(ax, measure, other, shared, OTHER, ", other run")
        else:
            _thresholds(ax, measure.condition)
        style.dress(ax, xlabel="step", ylabel=label(measure), title=f"{verdict.claim.id}: {verdict.verdict}")
        style.legend(ax)
        path = folder / f"claim-{verdict.claim.id}.png"
        style.save_png(figure, path)
    alt = f"{label(measure)} along the run as the expected dynamics, the reference's runs and Keras have it."
    caption = f"{describe(check)}: {verdict.verdict}; {verdict.number}."
    return Picture(f"claim-{verdict.claim.id}", path, alt, caption)


def _draw_run(
    ax: Any, measure: TrajectoryCheck, experiment: Experiment, shared: SharedRuns, inks: Inks, which: str
) -> None:
    seeds = _values(measure, shared.reference_path(Request(experiment, SEEDS)))
    steps, thin = np.arange(len(seeds)), slice(None, None, max(1, len(seeds) // MOST_POINTS))
    low, high = np.percentile(seeds[thin], OF_SEEDS, axis=1)
    whose = f"reference, {seeds.shape[1]} runs{which}"
    ax.fill_between(steps[thin], low, high, color=inks.band, alpha=0.6, linewidth=0, label=whose)
    exact = _values(measure, shared.exact_path(experiment))[:, 0]
    ax.plot(np.arange(len(exact))[thin], exact[thin], color=inks.line, linewidth=1.8, label=f"expected dynamics{which}")
    if shared.keras is not None:
        keras = _values(measure, shared.keras_path(experiment))[:, 0]
        style = {"color": inks.line, "linewidth": 1.2, "linestyle": (0, (4, 3)) if not which else "dotted"}
        ax.plot(np.arange(len(keras))[thin], keras[thin], label=f"Keras, seed {experiment.seed}{which}", **style)


def _values(measure: TrajectoryCheck, path: RunPath) -> np.ndarray:
    values = path.series(measure.quantity)
    values = values if measure.distance_to is None else np.abs(values - measure.distance_to)
    return np.where(np.isfinite(values), values, np.nan)


def _thresholds(ax: Any, condition: Condition) -> None:
    """Lines at the condition's ends."""
    for i, end in enumerate(condition.ends):
        ax.axhline(end, color=THRESHOLD, linewidth=1.2, linestyle="dashdot", label="threshold" if i == 0 else None)
