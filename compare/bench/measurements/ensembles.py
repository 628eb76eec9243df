"""Time per model and step of several implementations, and the ratio to the fast path."""

from functools import partial

from compare.bench.agreement import require_agreement
from compare.bench.clock import timed
from compare.bench.plan import Group, Measurement, Prepared, Size
from compare.bench.problem import grid
from compare.bench.rivals import RIVALS, Rival

__all__ = ["GROUP", "prepare"]


def prepare(rival: Rival, size: Size) -> Prepared:
    """Check a rival on the problem it is timed with, and build it; its unit is a step of one model."""
    build = rival.load()
    problem = grid(min(size.side**2, rival.models), size.samples, size.scaled(rival.steps))
    checked = require_agreement(lambda one: build(one)(), problem)
    train = build(problem)
    train()  # warms up
    models, steps = problem.w.size, len(problem.x)
    details = {"models": models, "steps": steps, "samples": size.samples, "dtype": "float64", **checked}
    return Prepared(timed(train), models * steps, details)


GROUP = Group(
    name="ensembles",
    title="ensembles of starts (w, b), plain SGD in float64, {side} x {side} starts, batches of {samples}",
    unit="ns a model and step",
    baseline=RIVALS[0].name,
    measurements=tuple(Measurement(rival.name, partial(prepare, rival), rival.goal) for rival in RIVALS),
)
