"""Keras as it is, whose graphs and runs all defects of the reference share."""

import pytest


@pytest.fixture(scope="session")
def recorder():
    """One that runs no experiment twice, of Keras that nobody has patched."""
    pytest.importorskip("keras_impl")
    from compare.defects.detection.caching_recorder import CachingRecorder

    return CachingRecorder()
