"""What is tested here is Keras on TensorFlow, but for backends/, which is for each of them."""

import os
from pathlib import Path

EACH = Path(__file__).with_name("backends")


def pytest_ignore_collect(collection_path):
    """Leave the rest alone where another backend is chosen."""
    chosen = os.environ.get("KERAS_BACKEND") or "tensorflow"
    here = collection_path != EACH and EACH not in collection_path.parents
    return True if chosen != "tensorflow" and here and collection_path.suffix == ".py" else None
