"""Experiments that random search found to be misjudged once, by name.

All of them start below the smallest normal number, which TensorFlow's kernels flush to zero,
and grow from there: the two paths differ by as much as they have moved, and nothing that
holds for small differences holds.
"""

import numpy as np
import pytest

from compare import certify
from reference import SGD, Adam, Experiment, Parameters, Target

TINY = float(np.finfo(np.float64).tiny)
CASES = {
    "a path that diverges later is not wide yet": Experiment(
        initial=Parameters(w=TINY / 4, b=TINY / 4),
        trainable=("w", "b"),
        negative_slope=3.0,
        optimizer=SGD(learning_rate=1.0),
        target=Target(w=0.0, b=-1.5, negative_slope=-2.0),
        batch_size=20,
        steps=85,
        seed=99139,
        dtype="float64",
    ),
    "a slot that wakes up below the resolution": Experiment(
        initial=Parameters(w=0.0, b=-TINY, v=0.0, d=1.0),
        trainable=("w", "b", "v", "d"),
        negative_slope=-0.07895758628591043,
        optimizer=Adam(
            learning_rate=1.0, beta_1=0.21855769782391019, beta_2=0.6251081886128794, epsilon=1e-8, amsgrad=True
        ),
        target=Target(w=2.1796314586366314, b=2.877353855007404),
        batch_size=25,
        steps=25,
        seed=509,
        dtype="float64",
    ),
    "Adam multiplies a flushed start by 1 / epsilon in each step": Experiment(
        initial=Parameters(w=TINY / 4),
        trainable=("w", "b"),
        optimizer=Adam(learning_rate=1.0, beta_1=0.0, beta_2=0.5, epsilon=1e-8),
        target=Target(w=0.0),
        batch_size=2,
        steps=10,
        seed=2,
        dtype="float64",
    ),
    "a second moment, whose derivative vanishes where the other side was flushed to": Experiment(
        initial=Parameters(w=0.0, d=float(np.finfo(np.float32).tiny)),
        trainable=("d",),
        optimizer=Adam(learning_rate=1.0, beta_1=0.0, beta_2=0.0, epsilon=1e-8),
        target=Target(w=0.0),
        batch_size=3,
        steps=5,
        dtype="float32",
    ),
}
SCALES = {"Adam multiplies a flushed start by 1 / epsilon in each step": 1e15}


@pytest.mark.parametrize("name", CASES)
def test_counterexample(name, recorder):
    experiment = CASES[name]
    shape = experiment.steps, experiment.batch_size
    x = np.random.default_rng(experiment.seed).standard_normal(shape) * SCALES.get(name, 1.0)
    x = x.astype(experiment.dtype)
    certificate = certify(experiment, batches=(x, experiment.target.labels(x)), recorder=recorder)
    assert certificate.agrees, certificate.first_disagreement
