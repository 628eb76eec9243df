"""Ensembles in many ways: cost of a model and step, and times the fast path's."""

from functools import partial
from typing import Any

from compare.bench.agreement import require_agreement
from compare.bench.clock import timed
from compare.bench.plan import Group, Measurement, Prepared, Size
from compare.bench.problem import grid
from compare.bench.results import Meant
from compare.bench.rivals import RIVALS, Rival

__all__ = ["GROUP", "prepare"]

MEANT = {
    "NumPy, broadcasting with out=": Meant("ratio", at_least=150.0),
    "JAX jitted, sorted, lookup table": Meant("ratio", at_least=2.0),
    "JAX jitted, sorted, searchsorted": Meant("ratio", at_least=2.0),
}


def prepare(rival: Rival, size: Size) -> Prepared:
    """Check a rival on the problem it is timed with, and build it.

    Parameters
    ----------
    rival : Rival
    size : Size

    Returns
    -------
    Prepared
        Its unit is a step of one model.

    Raises
    ------
    NotInstalled, Wrong
    """
    build = rival.load()
    problem = grid(min(size.side**2, rival.models), size.samples, size.some(rival.steps))
    checked = require_agreement(lambda one: build(one)(), problem)
    train = build(problem)
    train()  # warms up
    models, steps = problem.w.size, len(problem.x)
    details: dict[str, Any] = {"models": models, "steps": steps, "samples": size.samples, "dtype": "float64", **checked}
    return Prepared(timed(train), models * steps, details)


GROUP = Group(
    name="ensembles",
    says="ensembles of starts (w, b), plain SGD in float64, {side} x {side} starts, batches of {samples}",
    unit="ns a model and step",
    per_amount=1e9,
    baseline=RIVALS[0].name,
    measurements=tuple(Measurement(rival.name, partial(prepare, rival), MEANT.get(rival.name)) for rival in RIVALS),
)
