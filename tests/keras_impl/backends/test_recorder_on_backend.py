"""The recorder of the backend that Keras runs on takes the very steps of `model.fit`.

KERAS_BACKEND=jax python -m pytest tests/keras_impl/backends
KERAS_BACKEND=torch python -m pytest tests/keras_impl/backends
"""

import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_impl
import reference.experiment
from keras_impl.fit import Fit
from keras_impl.model import build_model, build_optimizer
from keras_impl.settings import floatx
from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Parameters, RMSprop, draw_batches

BACKEND = keras.config.backend()
STEPS = 6 if BACKEND == "torch" else 20
VARIANTS = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    Adam(learning_rate=0.01),
    Adam(learning_rate=0.01, amsgrad=True),
    AdamW(learning_rate=0.01),
    RMSprop(),
    RMSprop(momentum=0.5),
    RMSprop(centered=True, momentum=0.5),
]
ALL = Parameters(w=-1.5, b=0.5, v=0.75, d=0.25)
STARTS = {("w",): Parameters(w=-1.5), ("w", "b"): ALL._replace(v=1.0, d=0.0), ("w", "b", "v", "d"): ALL}


@pytest.fixture(scope="module")
def recorder():
    return keras_impl.Recorder()


def number(variable):
    return None if variable is None else keras.ops.convert_to_numpy(variable.value).item()


def fit(experiment, optimizer=None):
    """Train with one `model.fit` on all batches; parameters and slots at the end."""
    x, y = draw_batches(experiment)
    with floatx(experiment.dtype):
        model, variables = build_model(experiment)
        for variable, value in zip(variables, experiment.initial, strict=True):
            if variable is not None:
                variable.assign(np.full(variable.shape, value, experiment.dtype))
        optimizer = optimizer or build_optimizer(experiment.optimizer)
        model.compile(optimizer=optimizer, loss="mean_squared_error")
        size = experiment.batch_size
        model.fit(x.reshape(-1, 1), y.reshape(-1, 1), batch_size=size, shuffle=False, verbose=0)
        parameters = [number(v) for v in variables]
        slots = {}
        for name in experiment.optimizer.slots:
            names = {p: f"{getattr(variables, p).path.replace('/', '_')}_{name}" for p in experiment.trainable}
            slots[name] = {p: number(v) for p, n in names.items() for v in optimizer.variables if v.name == n}
    return parameters, slots


def end_of(recorder, experiment):
    *_, last = recorder.record(experiment)
    parameters = [path[-1].item() for path in last.parameters]
    slots = {name: {p: getattr(slot, p)[-1].item() for p in experiment.trainable} for name, slot in last.slots.items()}
    return parameters, slots


def same(ours, theirs):
    known = [i for i, number in enumerate(theirs[0]) if number is not None]
    return [ours[0][i] for i in known] == [theirs[0][i] for i in known] and ours[1] == theirs[1]


def test_every_optimizer_has_a_variant_here():
    assert {type(optimizer).__name__ for optimizer in VARIANTS} == set(OPTIMIZERS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_same_bits_as_fit_for_every_optimizer(optimizer, dtype, recorder):
    e = Experiment(
        initial=ALL,
        trainable=tuple(STARTS)[-1],
        negative_slope=0.3,
        optimizer=optimizer,
        batch_size=20,
        steps=STEPS,
        dtype=dtype,
    )
    assert same(end_of(recorder, e), fit(e))


@pytest.mark.parametrize("batch_size", [1, 33])
@pytest.mark.parametrize("slope", [0.0, 0.3, -0.2])
@pytest.mark.parametrize("trainable", STARTS, ids="".join)
def test_same_bits_as_fit_for_every_network(trainable, slope, batch_size, recorder):
    e = Experiment(
        initial=STARTS[trainable],
        trainable=trainable,
        negative_slope=slope,
        optimizer=SGD(momentum=0.9),
        batch_size=batch_size,
        steps=STEPS,
    )
    assert same(end_of(recorder, e), fit(e))


SHORT = Experiment(
    initial=ALL, trainable=("w", "b", "v", "d"), negative_slope=0.3, optimizer=Adam(), batch_size=20, steps=7
)


def test_the_fit_that_is_measured_is_the_one_here_each_time(recorder):
    fitted, theirs = Fit(SHORT), fit(SHORT)[0]
    assert [number.item() for number in fitted(*draw_batches(SHORT))] == theirs
    assert [number.item() for number in fitted(*draw_batches(SHORT))] == theirs
    assert end_of(recorder, SHORT)[0] == theirs


@pytest.mark.parametrize("samples", [20, 60])
def test_blocks_give_the_bits_of_one_block(samples, recorder, monkeypatch):
    (whole,) = recorder.record(SHORT)
    monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", samples)
    blocks = list(recorder.record(SHORT))
    assert [block.first_step for block in blocks] == list(range(0, 7, samples // 20))
    states = [*(block.parameters.w[:-1] for block in blocks), blocks[-1].parameters.w[-1:]]
    assert np.concatenate(states).tolist() == whole.parameters.w.tolist()
    assert np.concatenate([block.loss for block in blocks]).tolist() == whole.loss.tolist()
    velocities = [block.slots["velocity"].v[1:] for block in blocks]
    assert np.concatenate(velocities).tolist() == whole.slots["velocity"].v[1:].tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_has_its_shape_and_the_dtype_of_the_experiment(dtype, recorder):
    e = replace(SHORT, trainable=("w", "v"), dtype=dtype)
    (record,) = recorder.record(e)
    assert (record.y_pred.shape, record.loss.shape, record.parameters.w.shape) == ((7, 20), (7,), (8,))
    assert (record.gradient.b, record.slots["momentum"].d, record.gradient.v.shape) == (None, None, (7,))
    arrays = [record.y_pred, record.loss, record.gradient.w, *record.parameters, record.slots["velocity"].v]
    assert {type(a) for a in arrays} == {np.ndarray}
    assert {a.dtype.name for a in arrays} == {dtype}
    assert set(record.parameters.b) == {0.5}


@pytest.mark.parametrize("quantity", ["gradient", "state", "rate"])
def test_another_step_is_noticed(quantity, recorder, monkeypatch):
    network = type(recorder).NETWORK
    run, reset = network.run, network.reset

    def other_samples(self, x, y):
        return run(self, np.nextafter(x, 9 * np.ones_like(x)), y)

    def other_state(self, x, y):
        self.trained[0].assign(np.nextafter(keras.ops.convert_to_numpy(self.trained[0].value), np.float32(9)))
        return run(self, x, y)

    def other_rate(self, experiment):
        reset(self, experiment)
        self.optimizer.learning_rate = 1.0001 * experiment.optimizer.learning_rate

    theirs = fit(SHORT)
    assert same(end_of(recorder, SHORT), theirs)
    patches = {"gradient": ("run", other_samples), "state": ("run", other_state), "rate": ("reset", other_rate)}
    monkeypatch.setattr(network, *patches[quantity])
    assert not same(end_of(recorder, SHORT), theirs)


def test_experiments_that_differ_in_numbers_share_a_network(recorder):
    fresh = keras_impl.Recorder()
    for e in (SHORT, replace(SHORT, optimizer=Adam(learning_rate=0.1), initial=ALL._replace(w=2.0), seed=3)):
        assert same(end_of(fresh, e), end_of(recorder, e))
    assert len(fresh._networks) == 1


@pytest.mark.skipif(BACKEND != "jax", reason="float64 has to be switched on in JAX only")
@pytest.mark.parametrize("switch", ["", "1"])
def test_float32_has_the_same_bits_wherever_float64_is_switched_on(switch, recorder):
    import jax

    code = (
        "import keras_impl, numpy as np; from reference import *\n"
        "e = Experiment(initial=Parameters(-1.5, .5, .75, .25), trainable=('w', 'b', 'v', 'd'), optimizer=Adam(),"
        " negative_slope=0.3, batch_size=20, steps=7, dtype=%r)\n"
        "print(keras_impl.train(e).parameters.w.tobytes().hex())"
    )
    here = {}
    for dtype in ("float64", "float32"):
        run = subprocess.run(
            [sys.executable, "-c", code % dtype],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"JAX_ENABLE_X64": switch or "0"},
        )
        here[dtype] = keras_impl.train(replace(SHORT, dtype=dtype), recorder=recorder).parameters.w.tobytes().hex()
        assert run.stdout.strip() == here[dtype]
    assert not jax.config.jax_enable_x64
