"""What no test has to ask the machine again."""

import functools
import sys

import pytest


@functools.cache
def once(probe, dtype, kind, mode):
    return probe(dtype, kind(mode))


@pytest.fixture(scope="module", autouse=True)
def _subnormals_are_asked_for_once():
    """Patched classes of Keras need a new recorder each, but what becomes of subnormal numbers is the machine's."""
    recorder = sys.modules.get("keras_impl.recorders.common")  # which no collected test may need
    if recorder is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        kind, probe = sys.modules["keras_impl"].Recorder, recorder.probe_subnormals
        patch.setattr(recorder, "probe_subnormals", lambda dtype, asked: once(probe, dtype, kind, asked.mode))
        yield
