"""What the cost of the fast path depends on: models, samples, optimizer, what is trained, dtype."""

import math
from collections.abc import Mapping
from typing import Any

from compare.bench.agreement import require_one_step
from compare.bench.clock import timed
from compare.bench.plan import Group, Measurement, Prepared, Size
from compare.bench.problem import LEARNING_RATE, grid
from compare.bench.results import Meant
from reference import SGD, Adam, Experiment, Parameters, draw_batches, train

__all__ = ["GROUPS", "prepare"]

UNIT = "ns a model and step"
STEPS = 40  # of 512 x 512 models; fewer models take more


def prepare(models: int, samples: int, steps: int, **settings: Any) -> Prepared:
    """Check the first step of the fast path, and prepare a run of it.

    Parameters
    ----------
    models, samples, steps : int
    **settings
        Of the Experiment; the start is a grid over (w, b), or over w if b is not trained.

    Returns
    -------
    Prepared
        Its unit is a step of one model.

    Raises
    ------
    Wrong
    """
    usual = {"trainable": ("w", "b"), "optimizer": SGD(learning_rate=LEARNING_RATE), "dtype": "float64"}
    settings = {**usual, **settings}
    problem = grid(models, 1, 1, settings["dtype"])
    initial = Parameters(w=problem.w, b=problem.b if "b" in settings["trainable"] else 0.0)
    experiment = Experiment(initial=initial, batch_size=samples, steps=steps, **settings)
    batches = draw_batches(experiment)
    first = Experiment(initial=initial, batch_size=samples, steps=1, **settings)
    first_batches = batches[0][:1], batches[1][:1]
    ends = train(first, record="end", batches=first_batches, method="moments").end
    worst = require_one_step(first, first_batches, ends)
    models = problem.w.size
    details = {"models": models, "steps": steps, "samples": samples, "observed_over_bound": worst}
    job = timed(lambda: train(experiment, record="end", batches=batches, method="moments"))
    return Prepared(job, models * steps, details)


def _group(name: str, says: str, baseline: str, rows: Mapping[str, tuple[dict[str, Any], Meant | None]]) -> Group:
    """Rows that differ in settings of the experiment only, on the whole ensemble."""

    def row(label: str, settings: dict[str, Any], meant: Meant | None) -> Measurement:
        return Measurement(label, lambda size: prepare(size.side**2, size.samples, size.some(STEPS), **settings), meant)

    rows_ = tuple(row(label, settings, meant) for label, (settings, meant) in rows.items())
    return Group(name, says, UNIT, 1e9, baseline, rows_)


def _by_models() -> Group:
    def row(part: int) -> Measurement:
        def ready(size: Size) -> Prepared:
            side = max(2, size.side // part)
            return prepare(side * side, size.samples, size.some(STEPS * part * part))

        return Measurement("all starts" if part == 1 else f"one of {part * part}", ready)

    says = "how the cost grows with the number of models: all {side} x {side} starts, and fewer"
    return Group("models", says, UNIT, 1e9, "all starts", tuple(map(row, (8, 4, 2, 1))))


def _by_samples() -> Group:
    def row(samples: int) -> Measurement:
        meant = Meant("ratio", at_most=math.log10(samples))  # logarithmic from 10 samples on
        return Measurement(
            f"{samples} samples",
            lambda size: prepare(size.side**2, samples, size.some(STEPS)),
            meant if samples > 10 else None,
        )

    says = "how it grows with the size of the batch, {side} x {side} starts"
    return Group("samples", says, UNIT, 1e9, "10 samples", tuple(map(row, (10, 100, 1000, 10_000))))


def _by_starts(name: str) -> dict[str, Any]:
    return {"trainable": tuple(name)}


GROUPS: tuple[Group, ...] = (
    _by_models(),
    _by_samples(),
    _group(
        "optimizers",
        "what the optimizer costs, (w, b) from {side} x {side} starts",
        "SGD",
        {
            "SGD": ({}, None),
            "momentum 0.9": (
                {"optimizer": SGD(learning_rate=LEARNING_RATE, momentum=0.9)},
                Meant("ratio", at_most=2.0),
            ),
            "Adam": ({"optimizer": Adam(learning_rate=LEARNING_RATE)}, Meant("ratio", at_most=2.0)),
        },
    ),
    _group(
        "trainable",
        "what is trained, from {side} x {side} starts",
        "(w, b)",
        {
            "(w), without bias": (_by_starts("w"), Meant("cost", at_most=3.0)),
            "(w, b)": (_by_starts("wb"), None),
            "(w, b, v, d)": (_by_starts("wbvd"), Meant("ratio", at_most=4.0)),
            "(w, b), LeakyReLU 0.3": ({"negative_slope": 0.3}, None),
        },
    ),
    _group(
        "dtypes",
        "in single precision and in double, (w, b) from {side} x {side} starts",
        "float64",
        {"float64": ({}, None), "float32": ({"dtype": "float32"}, None)},
    ),
)
