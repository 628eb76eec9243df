"""How wide what is printed is."""

import io
import sys

import pytest

from compare.system.console import WIDTH, console


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("200", 200), ("0", WIDTH), ("", WIDTH), ("wide", WIDTH)])
def test_a_pipe_is_as_wide_as_columns_says(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert console().width == width
