"""What the cost of the fast path depends on: models, samples, optimizer, what is trained, dtype."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from compare.bench.agreement import require_one_step
from compare.bench.clock import timed
from compare.bench.plan import Goal, Group, Measurement, Prepared, Size
from compare.bench.problem import LEARNING_RATE, grid
from reference import SGD, Adam, Experiment, Parameters, train

__all__ = ["GROUPS"]

STEPS = 40  # of 512 x 512 models; fewer models take more
UP_TO_TWICE = Goal("ratio", at_most=2.0)


def _prepare(size: Size, *, part: int = 1, samples: int = 0, **settings: Any) -> Prepared:
    """The fast path on one part^2-th of the ensemble, with settings of the Experiment.

    The start is a grid over (w, b), or over w if b is not trained.
    """
    usual = {"optimizer": SGD(learning_rate=LEARNING_RATE), "trainable": ("w", "b"), "dtype": "float64"}
    settings = {**usual, **settings}
    steps, n = size.scaled(STEPS * part**2), samples or size.samples
    problem = grid((size.side // part) ** 2, n, steps, settings["dtype"])
    initial = Parameters(w=problem.w, b=problem.b if "b" in settings["trainable"] else 0.0)
    experiment = Experiment(initial=initial, batch_size=n, steps=steps, **settings)

    def run(experiment: Experiment, x: np.ndarray, y: np.ndarray) -> Parameters:
        return train(experiment, record="end", batches=(x, y), method="moments").end

    first, x, y = replace(experiment, steps=1), problem.x[:1], problem.y[:1]
    worst = require_one_step(first, (x, y), run(first, x, y))
    details = {"models": problem.w.size, "steps": steps, "samples": n, "observed_over_bound": worst}
    return Prepared(timed(lambda: run(experiment, problem.x, problem.y)), problem.w.size * steps, details)


def _row(name: str, goal: Goal | None = None, **options: Any) -> Measurement:
    return Measurement(name, partial(_prepare, **options), goal)


def _group(name: str, title: str, baseline: str, *rows: Measurement) -> Group:
    return Group(name, title, "ns a model and step", baseline, rows)


GROUPS: tuple[Group, ...] = (
    _group(
        "models",
        "how the cost grows with the number of models: all {side} x {side} starts, and fewer",
        "all starts",
        *(_row(f"one of {part**2}", part=part) for part in (8, 4, 2)),
        _row("all starts"),
    ),
    _group(
        "samples",
        "how it grows with the size of the batch, {side} x {side} starts",
        "10 samples",
        _row("10 samples", samples=10),  # from there on logarithmic
        *(_row(f"{n} samples", Goal("ratio", at_most=math.log10(n)), samples=n) for n in (100, 1000, 10_000)),
    ),
    _group(
        "optimizers",
        "what the optimizer costs, (w, b) from {side} x {side} starts",
        "SGD",
        _row("SGD"),
        _row("momentum 0.9", UP_TO_TWICE, optimizer=SGD(learning_rate=LEARNING_RATE, momentum=0.9)),
        _row("Adam", UP_TO_TWICE, optimizer=Adam(learning_rate=LEARNING_RATE)),
    ),
    _group(
        "trainable",
        "what is trained, from {side} x {side} starts",
        "(w, b)",
        _row("(w), without bias", Goal("cost", at_most=3.0), trainable=("w",)),
        _row("(w, b)"),
        _row("(w, b, v, d)", Goal("ratio", at_most=4.0), trainable=("w", "b", "v", "d")),
        _row("(w, b), LeakyReLU 0.3", negative_slope=0.3),
    ),
    _group(
        "dtypes",
        "in single precision and in double, (w, b) from {side} x {side} starts",
        "float64",
        _row("float64"),
        _row("float32", dtype="float32"),
    ),
)
