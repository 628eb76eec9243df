"""Runs that people try first: default settings, long, into underflow and past convergence; none is a false alarm.

The whole grid is larger than what one waits for; NATURAL_RUNS=all runs it.
"""

import itertools
import os

import numpy as np
import pytest

from compare import certify
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop

OPTIMIZERS = {
    "SGD": SGD(),
    "momentum": SGD(learning_rate=0.01, momentum=0.9),
    "Nesterov": SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    "large steps": SGD(learning_rate=1.5, momentum=0.9),
    "Adam": Adam(learning_rate=0.01),
    "AMSGrad": Adam(learning_rate=0.01, amsgrad=True),
    "AdamW": AdamW(learning_rate=0.01),
    "RMSprop": RMSprop(learning_rate=0.05),
    "RMSprop with momentum": RMSprop(learning_rate=0.01, momentum=0.5),
    "centered RMSprop": RMSprop(learning_rate=0.01, centered=True),
}
TRAINABLE = (("w",), ("w", "b"), ("w", "b", "v", "d"))
STARTS = {
    "right-way": Parameters(w=2.0, b=0.5),
    "backward": Parameters(w=-2.0, b=-1.0),
    "dead": Parameters(w=0.1, b=-50.0),
    "the question's": Parameters(w=-10.0),
}
DTYPES = ("float32", "float64")
BATCH_SIZES = (1, 100, 1000)
STEPS = 3000

ALL = os.environ.get("NATURAL_RUNS") == "all"
GRID = [
    (optimizer, trainable, dtype)
    for optimizer, trainable, dtype in itertools.product(OPTIMIZERS, TRAINABLE, DTYPES)
    # In float32 subnormal numbers are reached soonest, with b in play by a neuron that has died.
    if ALL or (trainable == ("w", "b") and dtype == "float32")
]


def natural(optimizer, trainable, dtype, start, batch_size):
    return Experiment(
        initial=STARTS[start],
        trainable=trainable,
        optimizer=OPTIMIZERS[optimizer],
        batch_size=batch_size,
        steps=STEPS,
        dtype=dtype,
    )


@pytest.mark.parametrize(("optimizer", "trainable", "dtype"), GRID)
def test_no_natural_run_is_a_false_alarm(optimizer, trainable, dtype, recorder):
    starts, sizes = (STARTS, BATCH_SIZES) if ALL else (("backward", "the question's"), (100,))
    for start, batch_size in itertools.product(starts, sizes):
        certificate = certify(natural(optimizer, trainable, dtype, start, batch_size), recorder=recorder, twins=ALL)
        assert certificate.agrees, (start, batch_size, certificate.why_not)


UNDERFLOW = {
    "the question's with bias and momentum": Experiment(trainable=("w", "b"), optimizer=OPTIMIZERS["momentum"]),
    "with Nesterov": Experiment(trainable=("w", "b"), optimizer=OPTIMIZERS["Nesterov"]),
    "large steps from (1, 4)": Experiment(
        initial=Parameters(w=1.0, b=4.0), trainable=("w", "b"), optimizer=OPTIMIZERS["large steps"]
    ),
    "in float64": Experiment(
        trainable=("w", "b"), optimizer=OPTIMIZERS["momentum"], steps=9000, batch_size=100, dtype="float64"
    ),
    "RMSprop": Experiment(initial=Parameters(w=-2.0), optimizer=OPTIMIZERS["RMSprop"], steps=3000),
}


@pytest.mark.parametrize("run", UNDERFLOW)
def test_velocities_that_numpy_keeps_and_tensorflow_flushes_are_no_disagreement(run, recorder):
    certificate = certify(UNDERFLOW[run], recorder=recorder, twins=False)
    assert certificate.agrees, certificate.why_not
    slot = certificate.experiment.optimizer.slots[0]
    name = certificate.experiment.trainable[-1]
    theirs, ours = (getattr(path.slots[slot], name) for path in (certificate.observed, certificate.reference))
    tiny = np.finfo(theirs.dtype).tiny
    subnormal = (np.abs(ours) > 0) & (np.abs(ours) < tiny)
    if any(certificate.subnormals):
        assert (subnormal & (theirs == 0)).any(), "the run does not get that far"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "changes",
    [
        {"negative_slope": 1e-40},
        {"negative_slope": -1e-40},
        {"optimizer": SGD(momentum=1e-40)},
        {"optimizer": SGD(momentum=1e-40, nesterov=True)},
        {"optimizer": AdamW(weight_decay=1e-40)},
        {"optimizer": Adam(beta_1=1e-40)},
        {"optimizer": RMSprop(momentum=1e-40)},
    ],
    ids=repr,
)
def test_settings_that_float32_flushes_are_flushed_in_either_dtype(changes, dtype, recorder):
    common = {"initial": Parameters(w=1.0), "batch_size": 4, "steps": 6, "dtype": dtype}
    e = Experiment(**common | changes)
    x = -np.abs(np.random.default_rng(0).standard_normal((6, 4))).astype(dtype)  # a leaky neuron shows its slope alone
    certificate = certify(e, batches=(x, np.zeros_like(x)), recorder=recorder, twins=dtype == "float32")
    assert certificate.agrees, certificate.why_not
