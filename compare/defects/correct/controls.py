"""Negative controls: correct implementations, of which nothing may be reported.

Random experiments are computed by `compare.defects.correct.rewritten`, the same mathematics in
another order of operations, and compared with the reference as Keras is: lockstep from its
recorded states, free run, and on the dyadic networks exactly. Each subject itself, unpatched,
Keras in every mode, is a control too, and so are the gallery's harmless rewrites.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import numpy as np

import reference
from compare.certificates.exact.cases import ExactCase, exact_cases
from compare.certificates.exact.comparison import compare_exactly
from compare.certificates.exact.rational import exact_run
from compare.certificates.free_run import free_run
from compare.certificates.lockstep import examine_block
from compare.defects.correct.fma import SUMS
from compare.defects.correct.random_experiments import random_experiment
from compare.defects.correct.rewritten import Recorded, Rewrite
from compare.defects.counts import Control
from compare.defects.defect import SYSTEMS
from compare.defects.families import FAMILIES
from reference import Experiment, Trajectory, draw_batches
from reference.training import first_crossing, first_non_finite

if TYPE_CHECKING:
    from compare.defects.detection.workers import FamilyResult
    from compare.defects.gallery import Outcome

__all__ = ["EXPERIMENTS", "REWRITES", "all_controls", "exact_alarms", "random_alarms", "xla_alarms"]

EXPERIMENTS = 240  # random experiments that the command looks at
XLA_FAMILIES = ("output", "adamw")

REWRITES = tuple(Rewrite(*choice) for choice in product(SUMS, (False, True), (False, True)))


def all_controls(families: "Sequence[FamilyResult]", outcomes: "Sequence[Outcome]", random: bool) -> list[Control]:
    """Return the controls, subjects as they are and harmless rewrites, with the false alarms that they raised.

    `random` is whether to look at random experiments and at XLA as well, which takes a while.
    """
    harmless = [outcome for outcome in outcomes if not outcome.defect.changes_mathematics]
    reported = tuple(f"harmless rewrite: {outcome.name}" for outcome in harmless if outcome.killed)
    controls = [control for subject in SYSTEMS for control in _as_it_is(subject, families)]
    controls.append(Control("harmless rewrites of either side", len(harmless), reported))
    if random:
        controls += [
            Control(f"random experiments in {len(REWRITES)} rewrites", EXPERIMENTS, tuple(random_alarms())),
            Control("dyadic runs of rewrites", len(REWRITES) * len(_dyadic()), tuple(exact_alarms())),
            Control("experiments compiled by XLA", len(_compiled()), tuple(xla_alarms())),
        ]
    return [control for control in controls if control.tried]


def _as_it_is(subject: str, families: "Sequence[FamilyResult]") -> tuple[Control, Control]:
    """What was seen of a subject where nothing was planted: by the lanes, and by default."""
    system = SYSTEMS[subject]
    here = [family for family in families if FAMILIES[family.family].subject == subject]
    looked_at = [family for family in here if FAMILIES[family.family].experiments]
    unpatched = tuple(f"unpatched {system}, {f.family}: {f.alarms[0]}" for f in looked_at if f.alarms)
    certified = tuple(f"unpatched {system}, {f.family}: {f.by_default}" for f in here if f.by_default.killed)
    return (
        Control(f"kinds of network and optimizer, {system} as it is in every lane", len(looked_at), unpatched),
        Control(f"runs of {system} as it is, certified by default", len(here), certified),
    )


def random_alarms(experiments: int = EXPERIMENTS, seed: int = 0) -> Iterator[str]:
    """Compare rewrites, in turn, with the reference on random experiments and yield a line for each that is reported.

    Examples
    --------
    >>> list(random_alarms(experiments=3))
    []
    """
    rng = np.random.default_rng(seed)
    for number, rewrite in zip(range(experiments), cycle(REWRITES), strict=False):
        experiment = random_experiment(rng)
        batches = draw_batches(experiment)
        record = rewrite.record(experiment, *batches)
        found = next(_reports(experiment, record, _trajectory(experiment, record), batches), None)
        if found:
            yield f"control {number}, {rewrite}: {found} on {experiment}"


def _reports(
    experiment: Experiment, record: Any, theirs: Trajectory, batches: tuple[np.ndarray, np.ndarray]
) -> Iterator[str]:
    """What lockstep and free run report of another implementation's record."""
    for comparison in examine_block(experiment, record).comparisons:
        if (comparison.ratio > 1).any():
            yield f"lockstep reports {comparison.quantity}, {comparison.ratio.max():.3g} times its bound"
    ours = reference.train(experiment, batches=batches)
    for comparison in free_run(experiment, ours, theirs, batches).comparisons:
        if (comparison.ratio > 1).any():
            yield f"the free run reports {comparison.quantity}, {comparison.ratio.max():.3g} times its bound"


def _trajectory(experiment: Experiment, record: Recorded) -> Trajectory:
    return Trajectory(
        experiment,
        record.parameters,
        record.gradient,
        record.loss,
        record.slots,
        first_non_finite(record.parameters, record.slots),
        first_crossing(record.parameters.w),
        np.arange(experiment.steps + 1),
    )


def exact_alarms() -> Iterator[str]:
    """What the exact lane reports of rewrites on the networks of one dyadic start."""
    for case in _dyadic():
        run = exact_run(case.experiment, case.x, case.y)
        for rewrite in REWRITES:
            record = rewrite.record(case.experiment, case.x, case.y)
            result = compare_exactly(case, _observed(record, case.experiment), "a rewrite", run)
            if not result.agrees:
                yield f"{rewrite}: {result.first_disagreement}"


def _dyadic() -> list[ExactCase]:
    return [case for case in exact_cases() if "/on-the-kink/" in case.name]


def _observed(record: Recorded, experiment: Experiment) -> dict[str, np.ndarray]:
    observed = {"y_pred": record.y_pred, "loss": record.loss}
    for name in experiment.trainable:
        observed[f"gradient.{name}"] = getattr(record.gradient, name)
        observed[name] = getattr(record.parameters, name)[1:]
        observed |= {f"{slot}.{name}": getattr(group, name)[1:] for slot, group in record.slots.items()}
    return observed


def xla_alarms() -> Iterator[str]:
    """Run Keras as it is, compiled by XLA, which fuses and reorders, and yield a line for each that is reported."""
    import keras_impl
    from reference.subject import assemble

    recorder = keras_impl.Recorder("xla")
    for name, experiment in _compiled().items():
        batches = draw_batches(experiment)
        (record,) = recorder.record(experiment, batches)
        keras = assemble(experiment, [record])
        found = next(_reports(experiment, record, keras, batches), None)
        if found:
            yield f"XLA, {name}: {found}"


def _compiled() -> dict[str, Experiment]:
    return {
        f"{family}, {name}": experiment
        for family in XLA_FAMILIES
        for name, experiment in FAMILIES[family].experiments.items()
    }
