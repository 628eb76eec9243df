"""Certificates of other systems' formulas; the subject is the reference itself, with a reading of its own."""

from dataclasses import replace

import numpy as np
import pytest

from compare import certify
from compare.certificates.sensitivity.power import numbers
from reference import Experiment, Parameters, draw_batches, forward, train
from reference.optimizers import READINGS, optax, paper, pytorch
from reference.subject import Record, Subnormals

COMMON = {"initial": Parameters(w=-1.0, b=0.5), "trainable": ("w", "b"), "negative_slope": 0.25}
OPTIMIZERS = [
    pytorch.SGD(learning_rate=0.05, weight_decay=0.1),
    pytorch.SGD(learning_rate=0.05, momentum=0.9, dampening=0.5, weight_decay=0.1),
    pytorch.Adam(learning_rate=0.01, epsilon=0.1, amsgrad=True, weight_decay=0.1),
    pytorch.AdamW(learning_rate=0.01, epsilon=0.1, weight_decay=0.1),
    pytorch.RMSprop(learning_rate=0.01, rho=0.9, momentum=0.5, epsilon=0.1, weight_decay=0.1),
    pytorch.RMSprop(learning_rate=0.01, rho=0.25, epsilon=0.1, centered=True),
    optax.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    optax.Adam(learning_rate=0.01, epsilon=0.1, eps_root=0.1, amsgrad=True),
    optax.AdamW(learning_rate=0.01, epsilon=0.1, weight_decay=0.1),
    optax.RMSprop(learning_rate=0.01, momentum=0.5, epsilon=0.1, initial_scale=1.0, bias_correction=True),
    paper.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    paper.Adam(learning_rate=0.01, epsilon=0.1, amsgrad=True),
    paper.AdamW(learning_rate=0.01, epsilon=0.1, weight_decay=0.01),
    paper.RMSprop(learning_rate=0.01, epsilon=0.1),
]


class Subject:
    """Trains with an optimizer of its own, whatever the experiment says, and writes down what it did."""

    name, system, mode, operations, constants = "the reference", "", "eager", "as written", "direct"
    takes_optimizer, argument = False, ""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def record(self, experiment, batches=None):
        x, y = draw_batches(experiment) if batches is None else batches
        run = train(replace(experiment, optimizer=self.optimizer), batches=(x, y))
        before = Parameters(*(p[:-1] for p in run.parameters))
        y_pred = forward(before, x, experiment.slope).y_pred
        yield Record(0, x, y, run.parameters, dict(run.slots), y_pred, run.loss, run.gradient)

    def at_kink(self, negative_slope, dtype):
        return negative_slope

    def subnormals(self, dtype):
        return Subnormals(results_flushed=False, operands_flushed=False)

    def in_single(self, dtype):
        return frozenset()

    def refuses(self, dtype):
        return None


def certificate(reading, optimizer, dtype="float64"):
    experiment = Experiment(**COMMON, steps=30, batch_size=16, dtype=dtype, optimizer=reading, constants="direct")
    return certify(experiment, recorder=Subject(optimizer), twins=False)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_every_lane_takes_a_reading_and_sees_each_of_its_settings(optimizer, dtype):
    found = certificate(optimizer, optimizer, dtype)
    assert (found.agrees, found.worst) == (True, 0.0)
    assert not found.not_compared
    seen = {name: found.power[name] for name in numbers(optimizer) if getattr(optimizer, name) != 0}
    assert all(0 < error < (2.0**-20 if dtype == "float64" else 0.25) for error in seen.values()), seen


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_setting_that_is_off_by_more_than_the_certificate_says_is_seen(optimizer):
    found = certificate(optimizer, optimizer)
    for name in numbers(optimizer):
        if getattr(optimizer, name) != 0:
            wrong = replace(optimizer, **{name: getattr(optimizer, name) * (1 - 4 * found.power[name])})
            assert not certificate(optimizer, wrong).agrees, name


def test_every_reading_is_certified():
    assert {type(optimizer) for optimizer in OPTIMIZERS} == {
        kind for name, kinds in READINGS.items() if name != "keras" for kind in kinds.values()
    }


def test_a_run_that_overflows_on_the_way_is_finite_in_the_wider_format():
    adam = pytorch.Adam(learning_rate=1e30, weight_decay=1e30)
    for dtype in (np.float32, np.longdouble):
        with np.errstate(over="ignore", invalid="ignore"):
            w, slots = adam.update(dtype(1), dtype(1), 0, {"momentum": dtype(0), "velocity": dtype(0)})
        assert {type(w), *map(type, slots.values())} == {dtype}
