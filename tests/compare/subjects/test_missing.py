"""What is said where a system is missing: one line, with what installs it."""

import sys

import pytest

from compare.subjects import open_subject
from compare.subjects.missing import cannot_import


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [
        ("torch", "torch", "PyTorch is needed and cannot be imported ({}); pip install neuron-audit[torch]"),
        ("jax", "jax", "JAX with optax is needed and cannot be imported ({}); pip install neuron-audit[optax]"),
        ("jax", "optax", "JAX with optax is needed and cannot be imported ({}); pip install neuron-audit[optax]"),
    ],
)
def test_a_system_that_is_missing_is_named_with_what_installs_it(name, module, message, monkeypatch):
    if module == "optax":
        pytest.importorskip("jax")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError) as caught:
        open_subject(name)
    assert str(caught.value) == message.format(f"import of {module} halted; None in sys.modules")


def test_a_long_reason_is_told_in_one_line():
    error = cannot_import("PyTorch", "torch", OSError("libtorch.so:\n  no such file"))
    assert "(libtorch.so: no such file)" in str(error)
