"""What a run does not exercise, and which run would.

A run whose gradient is always 0 obeys every update rule, and the first step of a momentum
has no velocity yet. Candidates are tried on the reference alone, which records what Keras
would: more steps, a start on either side of the kink, a batch that has samples on both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from compare.certificates.lockstep import examine_block
from compare.certificates.quantities import states_before
from compare.certificates.sensitivity.power import power_of_block
from reference import Experiment, Parameters, draw_batches, forward, train
from reference.subject import Record
from reference.training import constants

__all__ = ["remedies"]

START = Parameters(w=-1.0, b=0.5, v=0.75, d=0.25)
STEPS = (2, 12)
BATCH_SIZE = 64


def remedies(experiment: Experiment, power: Mapping[str, float]) -> dict[str, str]:
    """For each setting that is not exercised, what would change that.

    Parameters
    ----------
    experiment : Experiment
    power : mapping of str to float
        As of a certificate.

    Returns
    -------
    dict of str to str
        Arguments for `Experiment`, or a reason.

    Examples
    --------
    >>> from reference import SGD
    >>> dead = Experiment(initial=Parameters(w=0.1, b=-50.0), trainable=("w", "b"), optimizer=SGD(momentum=0.5))
    >>> remedies(dead, {"momentum": np.inf, "learning_rate": 1e-7})
    {'momentum': 'initial=Parameters(w=-1.0, b=0.5, v=1.0, d=0.0)'}
    """
    silent = [name for name, error in power.items() if not np.isfinite(error)]
    found = {name: "it is 0, which has no relative error" for name in silent if not _value(experiment, name)}
    for text, candidate in _candidates(experiment):
        if len(found) == len(silent):
            break
        exercised = _power(candidate)
        found |= {name: text for name in silent if name not in found and np.isfinite(exercised[name])}
    return {name: found.get(name, "no run that was tried exercises it") for name in silent}


def _value(experiment: Experiment, name: str) -> Any:
    if name.startswith("initial."):
        return getattr(experiment.initial, name.removeprefix("initial."))
    return getattr(experiment, name) if hasattr(experiment, name) else getattr(experiment.optimizer, name)


def _candidates(experiment: Experiment) -> Iterator[tuple[str, Experiment]]:
    """Yield changed arguments as text, and a short experiment with them."""
    short = replace(experiment, steps=min(experiment.steps, STEPS[0]))
    initial = Parameters(
        *(
            new if name in experiment.trainable else old
            for name, old, new in zip(Parameters._fields, experiment.initial, START, strict=True)
        )
    )
    for steps in STEPS:
        if steps > experiment.steps:
            yield f"steps={steps}", replace(short, steps=steps)
    longer = f"steps={STEPS[1]}, " if experiment.steps < STEPS[1] else ""
    short = replace(short, steps=STEPS[1])
    start, batch, sharp = {"initial": initial}, {"batch_size": BATCH_SIZE}, {"dtype": "float64"}
    for changes in (start, start | batch, sharp, start | batch | sharp):
        yield longer + ", ".join(f"{name}={value!r}" for name, value in changes.items()), replace(short, **changes)


def _power(experiment: Experiment) -> dict[str, float]:
    """Smallest errors that a comparison with the reference's own run would show: `power_of_block` of that run."""
    x, y = draw_batches(experiment)
    run = train(experiment, batches=(x, y))
    before, _ = states_before(run)
    with np.errstate(all="ignore"):
        y_pred = forward(before, x, constants(experiment)[0]).y_pred
    record = Record(0, x, y, run.parameters, dict(run.slots), y_pred, run.loss, run.gradient)
    return power_of_block(experiment, record, examine_block(experiment, record))
