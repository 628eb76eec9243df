"""Without Keras on TensorFlow the import says so in one line."""

import os
import subprocess
import sys

import pytest


def message_of_import(prelude="", **environment):
    """What ImportError says in a fresh interpreter; the traceback's other lines are Python's."""
    code = f"{prelude}\ntry:\n    import keras_impl\nexcept ImportError as error:\n    print(error)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | environment, check=True
    )
    return run.stdout.splitlines()


@pytest.mark.parametrize("backend", ["jax", "torch", "no_such_backend"])
def test_a_backend_that_cannot_be_imported_is_named(backend):
    (line,) = message_of_import(f"import sys; sys.modules['{backend}'] = None", KERAS_BACKEND=backend)
    assert line.startswith("keras_impl needs Keras on TensorFlow, but Keras cannot be imported: ")
    assert backend in line


@pytest.mark.parametrize("module", ["keras", "tensorflow"])
def test_a_missing_package_is_named(module):
    (line,) = message_of_import(f"import sys; sys.modules['{module}'] = None", KERAS_BACKEND="tensorflow")
    assert line.startswith("keras_impl needs Keras on TensorFlow, but Keras cannot be imported: ")
    assert module in line


def test_another_backend_that_works_is_named(tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("class config:\n    backend = staticmethod(lambda: 'jax')\n")
    lines = message_of_import(f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
    assert lines == ["keras_impl needs Keras on TensorFlow, but Keras runs on jax"]
