"""What the terminal shows of runs: whole numbers at any width, and what was trained and what was held."""

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from compare.question.audit import Finding
from compare.question.experiments import Case, shipped
from compare.run.terminal import _findings_table
from reference import Experiment, Parameters, train

WIDTHS = (40, 60, 80, 120, 200)


def finding(id, experiment, worst=0.0084):
    certificate = SimpleNamespace(
        subject="Keras 3.0 on TensorFlow 2.0",
        worst=worst,
        agrees=worst <= 1,
        first_disagreement=None if worst <= 1 else "there",
    )
    return Finding(Case(id, "a setting", experiment), train(experiment), certificate, 0.123456)


def text_of(findings, width):
    console = Console(width=width, file=StringIO())
    console.print(_findings_table(findings))
    return console.file.getvalue()


HELD = Experiment(initial=Parameters(w=-1.0, b=2.0), steps=3, batch_size=10)
USUAL = Experiment(initial=Parameters(w=-1.0), steps=3, batch_size=10)


@pytest.mark.parametrize("width", WIDTHS)
def test_runs_fit_and_their_numbers_are_whole(width):
    findings = [finding(case.id, USUAL) for case in shipped()]
    text = text_of(findings, width)
    assert max(map(len, text.splitlines())) <= width
    for part in ("0.1235", "0.84 %", *(case.id for case in shipped())):
        assert part in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_parameter_that_is_held_is_shown_as_held(width):
    assert "2 (fixed)" in text_of([finding("held", HELD)], width)
    assert "fixed" not in text_of([finding("usual", USUAL)], width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_disagreement_is_told_as_a_multiple(width):
    text = text_of([finding("broken", USUAL, worst=12.0)], width)
    assert "DISAGREE" in text
    assert "12 times" in text
