"""What the cost of the fast path depends on: models, samples, steps, optimizer, what is trained, dtype."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from compare.bench.agreement import require_one_step
from compare.bench.clock import timed
from compare.bench.measurements.memory import peak_of
from compare.bench.plan import Goal, Group, Measurement, Prepared, Size
from compare.bench.problem import LEARNING_RATE, grid
from reference import SGD, Adam, Experiment, Parameters, train

__all__ = ["GROUPS"]

STEPS = 40  # of 512 x 512 models; fewer models take more
MOST_STEPS = 2000
UP_TO_TWICE = Goal("ratio", at_most=2.0)


def _prepare(
    size: Size, *, side: float = 1.0, samples: int = 0, steps: int = 0, grows: str = "", **settings: Any
) -> Prepared:
    """The fast path on an ensemble of so many times the usual side, with settings of the Experiment.

    The start is a grid over (w, b), or over w if b is not trained. Where it is asked how the
    cost grows, with "models", "samples" or "steps", a process of its own tells the peak of memory.
    """
    usual = {"optimizer": SGD(learning_rate=LEARNING_RATE), "trainable": ("w", "b"), "dtype": "float64"}
    settings = {**usual, **settings}
    across, n = max(2, round(size.side * side)), samples or size.samples
    steps = size.scaled(steps or min(MOST_STEPS, round(STEPS / side**2)))
    problem = grid(across**2, n, steps, settings["dtype"])
    initial = Parameters(w=problem.w, b=problem.b if "b" in settings["trainable"] else 0.0)
    experiment = Experiment(initial=initial, batch_size=n, steps=steps, **settings)

    def run(experiment: Experiment, x: np.ndarray, y: np.ndarray) -> Parameters:
        return train(experiment, record="end", batches=(x, y), method="moments").end

    first, x, y = replace(experiment, steps=1), problem.x[:1], problem.y[:1]
    worst = require_one_step(first, (x, y), run(first, x, y))
    models = problem.w.size
    details = {"models": models, "steps": steps, "samples": n, "observed_over_bound": worst}
    ready = Prepared(timed(lambda: run(experiment, problem.x, problem.y)), models * steps, details)
    if not grows:
        return ready
    details["peak_bytes"] = peak_of("SGD", across, n, steps)
    return ready._replace(size=details[grows], times=1 if grows == "steps" else steps)


def _row(name: str, goal: Goal | None = None, **options: Any) -> Measurement:
    return Measurement(name, partial(_prepare, **options), goal)


def _group(name: str, title: str, baseline: str, *rows: Measurement) -> Group:
    return Group(name, title, "ns a model and step", baseline, rows)


SAMPLES = (10, 100, 1000, 10_000, 100_000)
LENGTHS = {"a short run": 100, "10 times as long": 1000, "100 times": 10_000, "1,000 times": 100_000}

GROUPS: tuple[Group, ...] = (
    _group(
        "models",
        "how the cost of a step grows with the number of models: {side} x {side} starts, fewer and more",
        "all starts",
        *(_row(f"one of {part**2}", side=1 / part, grows="models") for part in (64, 16, 4)),
        _row("all starts", grows="models"),
        _row("four times as many", side=2, grows="models"),
    ),
    _group(
        "samples",
        "how the cost of a step grows with the size of the batch, {side} x {side} starts",
        "10 samples",
        _row("10 samples", samples=10, grows="samples"),  # from there on logarithmic, until tables cost as much
        *(
            _row(f"{n:,} samples", Goal("ratio", at_most=math.log10(n)), samples=n, grows="samples")
            for n in SAMPLES[1:4]
        ),
        _row(f"{SAMPLES[4]:,} samples", samples=SAMPLES[4], grows="samples"),
    ),
    _group(
        "steps",
        "how the cost of a run grows with its steps, from one of 256 starts, batches of 100",
        "a short run",
        *(_row(name, side=1 / 16, samples=100, steps=steps, grows="steps") for name, steps in LENGTHS.items()),
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
