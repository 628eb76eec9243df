"""Experiments nobody thought of: Keras and the reference agree on every one of them.

Tracing a graph costs about a second and a graph is shared by all experiments that differ in
numbers only, so structures (optimizer, trained parameters, slope, dtype) come from a fixed
list, in the profile "fuzz" also from anywhere, and numbers and samples are drawn freely.
FUZZ_SECONDS lets rounds go on for so long; without it there is one.
"""

import os
import time
from dataclasses import fields, replace
from typing import NamedTuple

import keras
import numpy as np
import pytest
from hypothesis import Phase, given, settings, target
from hypothesis import strategies as st

import keras_impl
from compare import certify
from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop, Target

FUZZ_SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
EXAMPLES = 300
NAMES = Parameters._fields


class Structure(NamedTuple):
    """What a traced graph is made for."""

    optimizer: Optimizer
    trainable: tuple[str, ...]
    negative_slope: float
    dtype: str
    extended: bool = False  # whether parameters that are not trained may start anywhere


STRUCTURES = [
    Structure(SGD(), ("w",), 0.0, "float32"),
    Structure(SGD(), ("w",), 0.0, "float64"),
    Structure(SGD(), NAMES, 0.3, "float32"),
    Structure(SGD(), ("w", "b"), 3.0, "float64"),
    Structure(SGD(), ("v",), 1.0, "float32"),
    Structure(SGD(), ("b", "d"), -2.0, "float64", extended=True),
    Structure(SGD(momentum=0.9), ("w",), -0.5, "float32"),
    Structure(SGD(momentum=1.0), ("w", "d"), 0.3, "float64"),
    Structure(SGD(momentum=0.5, nesterov=True), ("w", "b"), 0.0, "float32"),
    Structure(SGD(momentum=0.99, nesterov=True), ("w", "v"), 1.5, "float64"),
    Structure(Adam(), ("w",), 0.0, "float32"),
    Structure(Adam(), NAMES, 0.1, "float64"),
    Structure(Adam(beta_1=0.0, beta_2=0.5, epsilon=1e-3), ("w", "b"), -1.0, "float32"),
    Structure(Adam(amsgrad=True), ("b",), 0.3, "float32"),
    Structure(Adam(beta_2=0.9, amsgrad=True), ("w", "b", "v"), 0.0, "float64"),
    Structure(AdamW(), ("w",), 2.0, "float64"),
    Structure(AdamW(weight_decay=0.5, amsgrad=True), ("w", "d"), 0.0, "float32"),
    Structure(RMSprop(), ("w", "b"), 0.3, "float32"),
    Structure(RMSprop(momentum=0.9), ("w",), 0.0, "float64"),
    Structure(RMSprop(rho=0.5, centered=True, epsilon=1e-3), ("v", "d"), -0.25, "float32", extended=True),
    Structure(RMSprop(momentum=0.5, centered=True), ("w",), 0.3, "float64"),
]


@st.composite
def structures(draw):
    """Any structure at all."""
    fraction = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 0.9, 0.999, 1.0])
    settings_of = {
        "momentum": fraction,
        "rho": fraction,
        "beta_1": st.floats(0, 0.999),
        "beta_2": st.floats(0, 0.9999),
        "epsilon": st.sampled_from([0.0, 1e-8, 1e-7, 1e-3, 1.0]),
        "weight_decay": st.floats(0, 2),
        "nesterov": st.booleans(),
        "amsgrad": st.booleans(),
        "centered": st.booleans(),
    }
    kind = OPTIMIZERS[draw(st.sampled_from(sorted(OPTIMIZERS)))]
    drawn = {field.name: draw(settings_of[field.name]) for field in fields(kind) if field.name in settings_of}
    return Structure(
        kind(**drawn),
        tuple(draw(st.sets(st.sampled_from(NAMES), min_size=1))),
        draw(st.sampled_from([0.0, 0.3, 1.0]) | st.floats(-2, 3)),
        draw(st.sampled_from(["float32", "float64"])),
        draw(st.booleans()),
    )


def numbers(dtype):
    """Starts: ordinary, on and around the kink, below the smallest normal number, enormous."""
    info = np.finfo(dtype)
    tiny, large = float(info.tiny), float(info.max)
    special = [0.0, -0.0, 1.0, -1.0, tiny, -tiny, tiny / 4, -float(info.smallest_subnormal), large**0.4, -(large**0.5)]
    return st.floats(-10, 10, allow_subnormal=False) | st.sampled_from(special)


def rates():
    exponent = st.floats(-6, 1) | st.floats(-20, 10)
    return exponent.map(lambda e: 10.0**e) | st.sampled_from([0.01, 0.5, 1.0, 1.5, 0.0, -0.1])


@st.composite
def experiments(draw, structure):
    """An experiment of a structure, and its samples: its own (None), or coarse, or badly scaled ones."""
    place = numbers(structure.dtype)
    rest = {"w": place, "b": st.just(0.0), "v": st.just(1.0), "d": st.just(0.0)}
    rest |= {} if not structure.extended else dict.fromkeys("bvd", place)
    initial = Parameters(*(draw(place if name in structure.trainable else rest[name]) for name in NAMES))
    batch_size = draw(st.integers(1, 40) | st.integers(1, 4096))
    experiment = Experiment(
        initial=initial,
        trainable=structure.trainable,
        negative_slope=structure.negative_slope,
        optimizer=replace(structure.optimizer, learning_rate=draw(rates())),
        target=draw(st.just(Target()) | st.builds(Target, *[st.floats(-3, 3)] * 3)),
        batch_size=batch_size,
        steps=draw(st.integers(1, 25) | st.integers(1, 200)) if batch_size <= 40 else draw(st.integers(1, 10)),
        seed=draw(st.integers(0, 2**32)),
        dtype=structure.dtype,
    )
    return experiment, draw(st.just(None) | samples(experiment))


@st.composite
def samples(draw, experiment):
    rng = np.random.default_rng(experiment.seed)
    shape = experiment.steps, experiment.batch_size
    x = rng.integers(-2, 3, shape) / 2 if draw(st.booleans()) else rng.standard_normal(shape)
    x = (x * 10.0 ** draw(st.sampled_from([0, -45, -30, -10, 5, 15]))).astype(experiment.dtype)
    return x, experiment.target.labels(x)


def agree(recorder, phases=tuple(Phase)):
    """One round of experiments, each certified."""

    @settings(max_examples=EXAMPLES, phases=phases)
    @given(data=st.data())
    def round_of(data):
        known, anything = st.sampled_from(STRUCTURES), structures()
        structure = data.draw(known if settings.default.derandomize else known | anything)
        experiment, batches = data.draw(experiments(structure))
        certificate = certify(experiment, batches=batches, recorder=recorder)
        assert certificate.agrees, certificate.first_disagreement
        target(certificate.worst)

    round_of()


def test_random_experiments_agree(recorder):
    end = time.monotonic() + FUZZ_SECONDS
    agree(recorder)
    while time.monotonic() < end:
        agree(recorder)


def test_a_defect_of_one_part_in_a_thousand_is_found(monkeypatch):
    sound = keras.optimizers.SGD.update_step

    def too_fast(self, gradient, variable, learning_rate):
        sound(self, gradient, variable, learning_rate * 1.001)

    monkeypatch.setattr(keras.optimizers.SGD, "update_step", too_fast)
    with pytest.raises(AssertionError, match="lockstep"):
        agree(keras_impl.Recorder(), phases=(Phase.generate,))
