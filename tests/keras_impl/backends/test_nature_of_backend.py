"""What a backend does by nature, as its recorder tells it, against direct questions to the framework."""

import importlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_impl
from keras_impl.settings import floatx
from reference import SGD, Experiment, Parameters
from reference.subject import Subnormals

BACKEND = keras.config.backend()
MODES = {"tensorflow": ("graph", "xla", "eager"), "jax": ("xla",), "torch": ("eager",)}[BACKEND]
DTYPES = ["float32", "float64"]
SLOPES = [0.0, 0.3, 1.5, -0.25]


@pytest.fixture(scope="module", params=MODES)
def recorder(request):
    return keras_impl.Recorder(request.param)


def test_its_name_has_both_versions(recorder):
    framework = importlib.import_module(BACKEND)
    shown = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}[BACKEND]
    version = str(framework.__version__).split("+")[0]
    assert recorder.name == f"Keras {keras.__version__} on {shown} {version}"


def test_a_mode_that_it_does_not_have_is_refused():
    allowed = f"one of {', '.join(MODES)}" if len(MODES) > 1 else MODES[0]
    with pytest.raises(ValueError, match=f"^mode must be {allowed}, got 'fast'$"):
        keras_impl.Recorder("fast")
    assert keras_impl.Recorder().mode == keras_impl.Recorder(None).mode == MODES[0]


def gradient_of_w(recorder, slope, dtype):
    """Of the first step from w = 0 with the sample 1 and the label -1, d (w x + 1)^2 / dw = 2 phi'(0)."""
    e = Experiment(initial=Parameters(w=0.0), negative_slope=slope, batch_size=1, steps=1, dtype=dtype)
    one = np.ones((1, 1), dtype)
    (record,) = recorder.record(e, (one, -one))
    return record.gradient.w.item()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", SLOPES)
def test_the_derivative_at_the_kink_is_the_one_that_training_takes(slope, dtype, recorder):
    derivative, gradient = recorder.at_kink(slope, dtype), gradient_of_w(recorder, slope, dtype)
    if "gradient" in recorder.in_single(dtype):
        derivative = float(np.float32(derivative))
    assert 2 * derivative == gradient


def test_the_derivatives_at_the_kink_are_those_that_are_known(recorder):
    leaky = 1.0 if BACKEND == "jax" else 0.25
    assert [recorder.at_kink(slope, "float64") for slope in (0.0, 0.25)] == [0.0, leaky]


def product(a, b, dtype):
    """Of full arrays, by the framework itself, as text would compile or run it."""
    a, b = np.full(1000, a, dtype), np.full(1000, b, dtype)
    if BACKEND == "torch":
        import torch

        return (torch.tensor(a) * torch.tensor(b)).numpy()
    if BACKEND == "jax":
        import jax

        with jax.enable_x64(True):
            return np.asarray(jax.jit(lambda a, b: a * b)(a, b))
    import tensorflow as tf

    return tf.function(lambda a, b: a * b)(tf.constant(a), tf.constant(b)).numpy()


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_numbers_are_what_the_framework_makes_of_them(dtype, recorder):
    tiny = np.finfo(dtype).tiny
    found = Subnormals(bool((product(tiny, 0.5, dtype) == 0).any()), bool((product(tiny / 2, 4.0, dtype) == 0).any()))
    assert recorder.subnormals(dtype) == found
    assert recorder.subnormals(dtype) is recorder.subnormals(dtype)


def holds_in_single(number):
    return float(np.float32(number)) == number


def test_what_is_computed_in_float32_although_it_is_float64(recorder):
    """Each is asked for something that is no number of float32, with exact results otherwise."""
    far = 1 + 2.0**-40
    with floatx("float64"):
        dense = keras.layers.Dense(1, use_bias=False)
        dense.build((None, 1))
        dense.kernel.assign([[1.0]])
        forward = keras.ops.convert_to_numpy(dense(keras.ops.convert_to_tensor(np.array([[far]])))).item()
        loss = keras.losses.MeanSquaredError()(np.full((3, 1), 2.0**-20), np.full((3, 1), 1.0 + 2.0**-20 + 2.0**-30))
        loss = keras.ops.convert_to_numpy(loss).item()
    assert recorder.in_single("float32") == frozenset()
    found = recorder.in_single("float64")
    assert ("y_pred" in found) == (forward != far)
    assert ("loss" in found) == holds_in_single(loss)
    known = {"tensorflow": set(), "jax": {"loss", "gradient"}, "torch": {"y_pred", "loss", "gradient"}}
    assert found == known[BACKEND]
    third = gradient_of_third(recorder)
    assert ("gradient" in found) == (third == float(np.float32(1 / 3)))


def gradient_of_third(recorder):
    """The derivative of a mean over three samples of which only one counts: 2 (w x - y) x / 3 with a factor 1/2."""
    e = Experiment(initial=Parameters(w=1.0), batch_size=3, steps=1, dtype="float64")
    x, y = np.array([[1.0, -1.0, -1.0]]), np.array([[0.5, 0.0, 0.0]])
    (record,) = recorder.record(e, (x, y))
    return record.gradient.w.item()


def test_how_constants_are_cast_is_so(recorder):
    e = Experiment(
        initial=Parameters(w=1.0),
        optimizer=SGD(learning_rate=0.5, momentum=0.9),
        batch_size=1,
        steps=2,
        dtype="float64",
    )
    x = np.array([[1.0], [-1.0]])  # a gradient of 2, then none: what is left is the momentum
    (record,) = recorder.record(e, (x, np.zeros_like(x)))
    momentum = record.slots["momentum"].w
    assert momentum[1] == -1.0
    cast = {"float32": float(np.float32(0.9)), "direct": 0.9}
    assert -momentum[2] == cast[recorder.constants]


def test_what_becomes_of_the_operations_is_said_for_each_mode(recorder):
    said = {
        ("tensorflow", "graph"): "rewritten",
        ("tensorflow", "xla"): "fused",
        ("tensorflow", "eager"): "as written",
        ("jax", "xla"): "fused",
        ("torch", "eager"): "contracted",
    }
    assert recorder.operations == said[BACKEND, recorder.mode]


@pytest.mark.skipif(BACKEND != "torch", reason="the other backends compile their steps")
def test_pytorch_contracts_a_step(recorder):
    """w - g lr with w = 1, lr = 1 + 2^-12 and g so that the product needs all its bits."""
    rate, gradient = 1 + 2.0**-12, 1 + 2.0**-12
    e = Experiment(initial=Parameters(w=rate / 2), optimizer=SGD(learning_rate=rate), batch_size=1, steps=1)
    x = np.ones((1, 1), "float32")
    (record,) = recorder.record(e, (x, 0 * x))
    assert record.gradient.w.item() == gradient
    once, twice = float(np.float32(rate / 2 - gradient * rate)), rate / 2 - float(np.float32(gradient * rate))
    assert once != twice
    assert record.parameters.w[1] == once


def test_the_other_frameworks_need_not_be_there():
    others = {"tensorflow", "jax", "torch", "optax"} - {BACKEND}
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({sorted(others)}))\n"
        "import keras_impl; from keras_impl.stepwise import Stepwise; from keras_impl.settings import start_backend\n"
        "from reference import Experiment; start_backend()\n"
        "recorder = keras_impl.Recorder(); recorder.at_kink(0.0, 'float32'), recorder.subnormals('float32')\n"
        "print(len(keras_impl.train(Experiment(steps=2, batch_size=3), recorder=recorder).loss))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "2", run.stderr
