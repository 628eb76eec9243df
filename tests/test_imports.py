"""What an import pulls in: the reference NumPy alone, the exact parts no framework."""

import subprocess
import sys

import pytest

STANDARD = set(sys.stdlib_module_names)
HEAVY = {"keras", "tensorflow", "torch", "jax", "optax", "matplotlib"}


def newly_imported(statement):
    """Top-level names of the modules that a statement imports in a fresh interpreter."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()}


def test_the_reference_needs_numpy_and_the_standard_library_only():
    assert newly_imported("import reference") - STANDARD == {"reference", "numpy"}


@pytest.mark.parametrize(
    "module",
    [
        "compare",
        "compare.surface",
        "compare.question.experiments",
        "compare.run.__main__",
        "compare.subjects",
        "compare.subjects.pytorch",
        "compare.subjects.jax_optax",
    ],
)
def test_what_needs_no_keras_imports_none(module):
    names = newly_imported(f"import {module}")
    assert "compare" in names
    assert names & HEAVY == set()


def test_the_surface_of_normal_inputs_needs_no_scipy():
    names = newly_imported(
        "from compare.surface import expected_loss_and_gradient; from reference import Parameters; "
        "expected_loss_and_gradient(Parameters(w=-1.0, b=0.5))"
    )
    assert "compare" in names
    assert "scipy" not in names


def test_the_probe_sees_a_framework_where_there_is_one():
    assert "matplotlib" in newly_imported("import matplotlib")
    assert "matplotlib" in newly_imported("import compare.figures")
