"""A recorder that remembers returns what Keras would record, once."""

import numpy as np
import pytest

keras_impl = pytest.importorskip("keras_impl")

from compare.defects.detection.caching_recorder import CachingRecorder  # noqa: E402
from reference import SGD, Experiment, Parameters, draw_batches  # noqa: E402

SHORT = Experiment(initial=Parameters(w=1.0), optimizer=SGD(momentum=0.5), steps=5, batch_size=4)


def test_records_are_those_of_a_plain_recorder():
    batches = draw_batches(SHORT)
    (mine,), (plain,) = (r.record(SHORT, batches) for r in (CachingRecorder(), keras_impl.Recorder()))
    assert mine.parameters.w.tobytes() == plain.parameters.w.tobytes()
    assert mine.slots["momentum"].w.tobytes() == plain.slots["momentum"].w.tobytes()


def test_other_batches_or_another_experiment_are_run_anew():
    from dataclasses import replace

    recorder, batches = CachingRecorder(), draw_batches(SHORT)
    (first,) = recorder.record(SHORT, batches)
    assert next(recorder.record(SHORT, batches)) is first
    for x, y in ((batches[0] * np.float32(2), batches[1]), (batches[0], batches[1] * np.float32(2))):
        (other,) = recorder.record(SHORT, (x, y))
        assert other.parameters.w[-1] != first.parameters.w[-1]
    (other,) = recorder.record(replace(SHORT, initial=Parameters(w=-1.0)), batches)
    assert other.parameters.w[0] == -1


def test_batches_that_are_drawn_are_drawn_each_time():
    recorder = CachingRecorder()
    (first,), (second,) = recorder.record(SHORT), recorder.record(SHORT)
    assert first is not second
    assert first.loss.tobytes() == second.loss.tobytes()
