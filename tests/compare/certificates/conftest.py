"""Keras as it is: what many certificates share, so that each graph is traced once."""

import pytest


@pytest.fixture(scope="session")
def recorders():
    """By mode, of Keras that nobody has patched; a test that patches its classes needs a new one."""
    keras_impl = pytest.importorskip("keras_impl")
    return {mode: keras_impl.Recorder(mode) for mode in ("graph", "xla", "eager")}


@pytest.fixture(scope="session")
def recorder(recorders):
    """The one that runs graphs."""
    return recorders["graph"]
