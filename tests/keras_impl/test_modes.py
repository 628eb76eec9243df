"""The three modes of TensorFlow, and what becomes of subnormal numbers in them."""

import numpy as np
import pytest
import tensorflow as tf

from keras_impl import Recorder
from keras_impl.modes import MODES, in_mode
from keras_impl.subnormals import probe_subnormals
from reference import SGD, Experiment, Parameters
from reference.subject import Subnormals

DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_graph_and_eager_give_the_same_bits_where_nothing_is_rewritten(dtype):
    e = Experiment(
        initial=Parameters(w=-1.5, b=0.5),
        trainable=("w", "b"),
        negative_slope=0.3,
        optimizer=SGD(momentum=0.9, nesterov=True),
        batch_size=100,
        steps=10,
        dtype=dtype,
    )
    (graph,), (eager,) = (list(Recorder(mode).record(e)) for mode in ("graph", "eager"))
    for ours, theirs in zip(graph.parameters, eager.parameters, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert graph.y_pred.tobytes() == eager.y_pred.tobytes()
    assert graph.loss.tobytes() == eager.loss.tobytes()


def test_xla_fuses_multiply_and_add():
    # Rounding 1 + 2^-11 + 2^-24 to float32 leaves 1 + 2^-11, and the difference to it 0.
    a, c = tf.constant(1 + 2.0**-12, "float32"), tf.constant(-(1 + 2.0**-11), "float32")
    scalar = tf.TensorSpec((), "float32")
    results = {mode: float(in_mode(lambda a, c: a * a + c, mode, scalar, scalar)(a, c)) for mode in MODES}
    assert results == {"graph": 0.0, "xla": 2.0**-24, "eager": 0.0}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", MODES)
def test_the_probe_says_what_an_activation_does_to_a_subnormal_number(mode, dtype):
    probed = probe_subnormals(dtype, Recorder(mode))
    assert probed == Recorder(mode).subnormals(dtype)
    tiny = float(np.finfo(dtype).tiny)
    e = Experiment(
        initial=Parameters(w=tiny, b=0.0),
        optimizer=SGD(learning_rate=0.0),
        negative_slope=0.25,
        batch_size=64,
        steps=1,
        dtype=dtype,
    )
    x = np.full((1, 64), 0.5, dtype)
    (record,) = Recorder(mode).record(e, (x, x))
    assert (record.y_pred == 0).any() == probed.results_flushed


def test_the_probe_is_asked_once(monkeypatch):
    recorder = Recorder("eager")
    first = recorder.subnormals("float32")
    monkeypatch.setattr("keras_impl.recorders.common.probe_subnormals", lambda dtype, asked: Subnormals(None, None))
    assert recorder.subnormals("float32") is first


def test_unknown_modes_and_dtypes_are_refused():
    for call in (
        lambda: Recorder("fast"),
        lambda: in_mode(tf.add, "fast"),
    ):
        with pytest.raises(ValueError, match="mode must be one of graph, xla, eager, got 'fast'"):
            call()
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got 'half'"):
        probe_subnormals("half", Recorder())
