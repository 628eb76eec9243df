"""Negative controls: correct implementations, of which nothing may be reported.

Random experiments are computed by `compare.defects.rewritten`, the same mathematics in
another order of operations, and compared with the reference as Keras is: lockstep from its
recorded states, free run, and on the dyadic networks exactly. Keras itself, unpatched, in
every mode, is a control too; its baselines are counted by the command.
"""

from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

import numpy as np

import reference
from compare.defects.fma import SUMS
from compare.defects.probes import FAMILIES
from compare.defects.rewritten import Recorded, Rewrite
from compare.exact_cases import exact_cases
from compare.exact_lane import compare_exactly
from compare.free_run import free_run
from compare.lockstep import compare_block
from compare.oracle import exact_run
from reference import SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop, Target, Trajectory, draw_batches
from reference.training import first_crossing, first_non_finite

__all__ = ["EXPERIMENTS", "REWRITES", "false_alarms", "random_experiment", "xla_alarms"]

EXPERIMENTS = 240  # random experiments that the command looks at

REWRITES = tuple(Rewrite(*choice) for choice in product(SUMS, (False, True), (False, True)))


def false_alarms(experiments: int = EXPERIMENTS, seed: int = 0) -> Iterator[str]:
    """Compare rewrites with the reference and yield a line for each report.

    Parameters
    ----------
    experiments : int
        Number of random experiments; the rewrites take turns. The dyadic networks of
        plain SGD come on top, once for each rewrite.
    seed : int

    Yields
    ------
    str
        Nothing, if all is well.

    Examples
    --------
    >>> list(false_alarms(experiments=3))
    []
    """
    rng = np.random.default_rng(seed)
    for number, rewrite in zip(range(experiments), cycle(REWRITES), strict=False):
        experiment = random_experiment(rng)
        batches = draw_batches(experiment)
        record = rewrite.record(experiment, *batches)
        for found in _reports(experiment, record, _trajectory(experiment, record), batches):
            yield f"control {number}, {rewrite}: {found} on {experiment}"
    yield from _exactly(REWRITES[:experiments])


def random_experiment(rng: np.random.Generator) -> Experiment:
    """Draw an experiment: any optimizer, slope, start, teacher, batch size and dtype, short."""
    size = 10.0 ** rng.integers(-6, 4)
    start = Parameters(*(float(p) for p in size * rng.standard_normal(2)), *map(float, rng.standard_normal(2)))
    if rng.random() < 0.1:
        start = start._replace(w=0.0, b=0.0)
    trainable = tuple(name for name in Parameters._fields if rng.random() < 0.6) or ("w",)
    target = Target(*(float(t) for t in rng.standard_normal(2))) if rng.random() < 0.5 else Target()
    return Experiment(
        initial=start,
        trainable=trainable,
        negative_slope=float(rng.choice([0.0, 0.3, rng.uniform(-2, 3)])),
        optimizer=_random_optimizer(rng),
        target=target,
        batch_size=int(rng.integers(1, 65)),
        steps=int(rng.integers(1, 9)),
        seed=int(rng.integers(2**31)),
        dtype=str(rng.choice(["float32", "float64"])),
    )


def _random_optimizer(rng: np.random.Generator) -> Optimizer:
    rate = float(10.0 ** rng.uniform(-4, 0.5))
    momentum, beta_1 = (float(rng.choice([0.5, 0.9, rng.random()])) for _ in range(2))
    beta_2, coin = float(rng.choice([0.9, 0.999])), bool(rng.random() < 0.5)
    choices: list[Optimizer] = [
        SGD(learning_rate=rate),
        SGD(learning_rate=rate, momentum=momentum, nesterov=coin),
        Adam(learning_rate=rate, beta_1=beta_1, beta_2=beta_2, amsgrad=coin),
        AdamW(learning_rate=rate, weight_decay=float(rng.random()), amsgrad=coin),
        RMSprop(learning_rate=rate, rho=beta_1, momentum=momentum if coin else 0.0),
        RMSprop(learning_rate=rate, centered=True, momentum=momentum if coin else 0.0),
    ]
    return choices[rng.integers(len(choices))]


def _reports(
    experiment: Experiment, record: Any, theirs: Trajectory, batches: tuple[np.ndarray, np.ndarray]
) -> Iterator[str]:
    """What lockstep and free run report of another implementation's record."""
    for comparison in compare_block(experiment, record):
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


def _exactly(rewrites: tuple[Rewrite, ...]) -> Iterator[str]:
    """What the exact lane reports on the networks of one dyadic start."""
    for case in exact_cases():
        if "/on-the-kink/" in case.name:
            run = exact_run(case.experiment, case.x, case.y)
            for rewrite in rewrites:
                record = rewrite.record(case.experiment, case.x, case.y)
                result = compare_exactly(case, _observed(record, case.experiment), "a rewrite", run)
                if not result.agrees:
                    yield f"{rewrite}: {result.first_disagreement}"


def _observed(record: Recorded, experiment: Experiment) -> dict[str, np.ndarray]:
    observed = {"y_pred": record.y_pred, "loss": record.loss}
    for name in experiment.trainable:
        observed[f"gradient.{name}"] = getattr(record.gradient, name)
        observed[name] = getattr(record.parameters, name)[1:]
        observed |= {f"{slot}.{name}": getattr(group, name)[1:] for slot, group in record.slots.items()}
    return observed


def xla_alarms(families: tuple[str, ...] = ("output", "adamw")) -> Iterator[str]:
    """Run unpatched Keras compiled by XLA, which fuses and reorders, and yield a line for each report.

    Parameters
    ----------
    families : tuple of str
        Keys of `compare.defects.probes.FAMILIES`.
    """
    import keras_impl
    from keras_impl.training import assemble

    recorder = keras_impl.Recorder("xla")
    for family in families:
        for name, experiment in FAMILIES[family].experiments().items():
            batches = draw_batches(experiment)
            (record,) = recorder.record(experiment, batches)
            keras = assemble(experiment, [record])
            yield from (f"XLA, {family}, {name}: {found}" for found in _reports(experiment, record, keras, batches))
