"""Where Keras cannot be used, the import of keras_impl says so in one line, with what to do; so do the commands."""

import os
import subprocess
import sys

import pytest

FAKE = "class config:\n    backend = staticmethod(lambda: {!r})\n"
STARTED = (
    "from compare.system.command_line import KerasMissing, start_keras\n"
    "try:\n    start_keras(instead=', or leave it')\nexcept KerasMissing as error:\n    print(error)"
)
IMPORTED = "try:\n    import keras_impl\nexcept ImportError as error:\n    print(error)"


def message(prelude="", code=IMPORTED, **environment):
    """What is said in a fresh interpreter; the traceback's other lines are Python's."""
    run = subprocess.run(
        [sys.executable, "-c", f"{prelude}\n{code}"],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=True,
    )
    return run.stdout.splitlines()


def without(module):
    return f"import sys; sys.modules[{module!r}] = None"


MISSING = {
    "tensorflow": "pip install tensorflow keras",
    "jax": "pip install neuron-audit[jax]",
    "torch": "pip install neuron-audit[torch]",
}


@pytest.mark.parametrize("code", [IMPORTED, STARTED])
@pytest.mark.parametrize("backend", MISSING)
def test_a_backend_that_is_not_installed_is_named_with_its_variable_and_its_extra(backend, code):
    (line,) = message(without(backend), code, KERAS_BACKEND=backend)
    said = f"{backend} is not installed, which Keras runs on with KERAS_BACKEND={backend}: {MISSING[backend]}"
    assert line == (said if code == IMPORTED else f"Keras is needed and cannot be imported: {said}, or leave it")


@pytest.mark.parametrize("backend", ["no_such_backend", "numpy", "openvino"])
def test_a_backend_that_is_none_of_the_three_is_refused(backend):
    (line,) = message(KERAS_BACKEND=backend)
    assert line.startswith(f"KERAS_BACKEND={backend} is none of the backends that work here: set it to tensorflow, ")


def test_a_name_that_is_none_is_quoted():
    (line,) = message(KERAS_BACKEND="a\nb")
    assert line.startswith("KERAS_BACKEND='a\\nb' is none")


def test_missing_keras_is_named():
    (line,) = message(without("keras"), KERAS_BACKEND="tensorflow")
    assert line == "keras is not installed: pip install tensorflow keras"


@pytest.mark.parametrize("backend", ["tensorflow", ""])
def test_a_broken_installation_says_what_is_wrong(tmp_path, backend):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("raise RuntimeError('a part\\nis missing')")
    (line,) = message(f"import sys; sys.path.insert(0, {str(tmp_path)!r})", KERAS_BACKEND=backend)
    expected = (
        "Keras cannot be imported with KERAS_BACKEND=tensorflow (a part is missing): pip install tensorflow keras"
    )
    assert line == expected


def test_a_backend_from_a_file_of_settings_is_refused_too(tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text(FAKE.format("numpy"))
    (line,) = message(f"import sys; sys.path.insert(0, {str(tmp_path)!r})", KERAS_BACKEND="tensorflow")
    assert line.startswith("KERAS_BACKEND=numpy is none of the backends that work here")
