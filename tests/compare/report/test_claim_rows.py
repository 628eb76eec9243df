"""A claim as a row: its words, its picture and its bars."""

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from compare.claims import VERDICTS, Boundary, SharedRuns, judge_all
from compare.report.claim_rows import rows
from compare.report.claim_rows.axes import Axis
from compare.report.claim_rows.curves import BOTTOM, LEFT, RIGHT, TOP
from compare.report.claim_rows.scales import LEFT as FIRST
from compare.report.claim_rows.scales import RIGHT as LAST
from compare.report.claim_rows.thinning import envelope, thinned
from compare.report.claim_rows.words import MEANINGS, SIGNS, TALLY, split_sentence
from compare.run.selection import read_claims
from reference import Experiment, Parameters

EXAMPLE = Path(str(resources.files("compare.report"))) / "example.toml"


def judged(path, shared):
    return list(judge_all(read_claims([path], seed=0, dtype="float32"), shared))


@pytest.fixture(scope="module")
def example():
    shared = SharedRuns()
    (verdict,) = judged(EXAMPLE, shared)
    (row,) = rows([verdict], shared)
    return verdict, row


def row_with(verdict, *boundaries):
    (row,) = rows([replace(verdict, boundaries=boundaries, boundary=boundaries[0])], None)
    return row


def boundary(low, high, value, stated, **more):
    given = {
        "setting": "learning_rate",
        "below": True,
        "above": False,
        "bracket": (value, value),
        "reference": {},
    } | more
    return Boundary(value=value, stated=stated, range=(low, high), **given)


def test_every_verdict_has_a_sign_of_its_own_and_its_meaning():
    assert set(SIGNS) == set(MEANINGS) == set(TALLY) == set(VERDICTS)
    assert len(set(SIGNS.values())) == len(set(MEANINGS.values())) == len(VERDICTS)


@pytest.mark.parametrize(
    ("sentence", "head"),
    [
        ("True. It would be false for momentum below 0.81.", "True."),
        ("True only for momentum below 0.81.", "True only for"),
        ("True in every run only for momentum below 0.81.", "True in every run only for"),
        ("True in 13 of 32 runs: it depends on the batches.", "True in 13 of 32 runs"),
        ("False.", "False."),
        ("Not decided: only Keras can tell.", "Not decided:"),
        ("Cannot be checked. Advice.", "Cannot be checked."),
    ],
)
def test_what_stands_out_of_a_sentence_never_reads_as_another_verdict(sentence, head):
    assert split_sentence(sentence) == (head, sentence.removeprefix(head))


def test_the_row_says_what_was_run_what_was_trained_and_what_decides(example):
    verdict, row = example
    assert (row.sign, row.head, row.rest) == ("✗", "False.", " It would be true for momentum below 0.81.")
    assert row.run == (
        "ReLU, SGD 0.01, momentum 0.9, from w = \N{MINUS SIGN}10; 2,000 steps with batches of 1,000. "
        "Trained: w; held fixed: b = 0."
    )
    assert row.number == "true in 0 of 32 runs, median w = 1"
    assert float(row.number_key) == verdict.witnesses["reference"].findings[0].number
    assert row.show_me == "#figure=reach&w=-10&optimizer=SGD&rate=0.01&second=0.9&slope=0&steps=2000"


def test_a_parameter_that_is_held_is_named(tmp_path):
    path = tmp_path / "held.toml"
    path.write_text(
        '[[claim]]\nid = "held"\nsays = "It is held."\nsource = "me"\n[claim.experiment]\nsteps = 60\nbatch_size = 10\n'
        'initial = { w = -1.0, b = 2.0 }\n[[claim.check]]\nquantity = "w"\nwhen = "end"\nabove = 0.0\n'
    )
    shared = SharedRuns()
    (row,) = rows(judged(path, shared), shared)
    assert ", b = 2; 60 steps" in row.run
    assert "Trained: w; held fixed: b = 2." in row.run
    assert row.show_me is None  # as the figure without a bias holds b at 0


def test_how_many_runs_are_undecided_and_why_is_in_the_row(tmp_path):
    path = tmp_path / "kink.toml"
    path.write_text(
        '[[claim]]\nid = "kink"\nsays = "It crosses."\nsource = "me"\n[claim.experiment]\nsteps = 200\n'
        'initial = { w = -1.0 }\noptimizer = { name = "SGD", learning_rate = 0.8 }\n'
        '[[claim.check]]\nquantity = "w"\nwhen = "end"\nabove = 0.0\n'
    )
    shared = SharedRuns()
    (row,) = rows(judged(path, shared), shared)
    assert row.verdict.verdict == "undecided"
    assert (row.sign, row.head) == ("?", "Not decided:")
    assert re.search(r"in \d+ of 32 runs", row.rest)
    assert re.search(r"underflow|exactly 0", row.rest)
    says = [witness.says for check in row.checks for witness in check.rows]
    assert any(re.search(r"\d+ of 32 cannot tell", text) for text in says)


def places(line):
    return np.array([[float(number) for number in point.split(",")] for point in line.points.split()])


def test_the_picture_of_a_run_has_axes_and_stays_inside_them(example):
    _, row = example
    assert row.curve.kinds == ("exact", "band")
    assert row.curve.runs == 32
    for line in row.curve.lines:
        x, y = places(line).T
        assert (x.min(), x.max()) == (LEFT, RIGHT)
        assert y.min() >= TOP
        assert y.max() <= BOTTOM
    assert len(row.curve.x_ticks) >= 3
    assert [text for _, text in row.curve.y_ticks] == [f"{chr(0x2212)}10", f"{chr(0x2212)}5", "0"]
    heights = [y for y, _ in row.curve.y_ticks]
    assert heights == sorted(heights, reverse=True)
    assert row.curve.level_texts == "0"
    assert row.curve.levels == ((heights[-1], "0"),)  # the threshold is drawn where the axis has it


def test_the_line_is_the_exact_run(example):
    verdict, row = example
    exact = SharedRuns().exact_path(verdict.claim.experiment).series("w")[:, 0]
    x, y = places(row.curve.lines[0]).T
    low, high = (place for place, _ in (row.curve.y_ticks[0], row.curve.y_ticks[-1]))
    steps = np.rint((x - LEFT) / (RIGHT - LEFT) * float(row.curve.steps.split()[2])).astype(int)
    drawn = -10 + 10 * (y - low) / (high - low)
    per_unit = 10 / (low - high)  # heights are rounded to a tenth of a unit
    assert np.abs(drawn - exact[steps]).max() <= 0.1 * per_unit


def test_a_change_early_in_a_long_run_is_looked_at_closely_and_a_later_one_is_shown(tmp_path):
    text = """[[claim]]
id = "a"
says = "a"
source = "me"
[claim.experiment]
{}
[[claim.check]]
quantity = "w"
when = "always"
below = 0.0
"""
    shared = SharedRuns()
    found = []
    for run in (
        'optimizer = { name = "SGD", learning_rate = 0.01, momentum = 0.9 }',  # crosses at step 24
        'optimizer = { name = "Adam", learning_rate = 0.05 }\nsteps = 500',  # after its end
    ):
        (tmp_path / "a.toml").write_text(text.format(run))
        (row,) = rows(judged(tmp_path / "a.toml", shared), shared)
        found.append(row.curve)
    early, late = found
    assert early.steps == "the first 120 of 2,000 steps"
    assert early.changes_at == (LEFT + (RIGHT - LEFT) * 24 / 120, "24")
    assert early.ends_at is None
    assert late.ends_at is not None
    assert late.ends_at[1] == "500"
    assert late.changes_at[0] > late.ends_at[0]


def test_what_swings_between_two_points_of_a_picture_is_seen():
    values = np.zeros(50_000)
    values[777], values[778] = 1.0, -1.0
    kept, drawn = thinned(values)
    assert {0, 777, 778, 49_999} <= set(kept.tolist())
    assert drawn.tolist() == values[kept].tolist()
    assert len(kept) < 500
    swinging = np.where(np.arange(9000) % 2, 1.0, -1.0)[:, None] * np.ones((1, 3))
    _, low, high = envelope(swinging)
    assert {-1.0, 1.0} <= set(low)
    assert (low <= high).all()


@pytest.mark.parametrize(
    ("low", "high", "log"), [(-10.0, 1.0, False), (0.0, 123.0, False), (1e-9, 5.0, True), (0.3, 0.30001, False)]
)
def test_ticks_are_round_and_where_their_numbers_are(low, high, log):
    axis = Axis(low, high, 10.0, 410.0, log)
    found = axis.ticks()
    assert 2 <= len(found) <= 7
    for place, text in found:
        if high - low > 1e-3:
            assert round(axis.place(float(text.replace(chr(0x2212), "-").replace(",", ""))) - place, 1) == 0


@pytest.mark.parametrize(
    ("ends", "places"),
    [
        ((0.0, 4.0, 1.0, 3.0), (0.25, 0.75)),
        ((0.01, 100.0, 1.0, 0.1), (0.5, 0.25)),  # four decades: logarithmic
        ((-1.0, 1.0, 0.0, 5.0), (1 / 6, 1.0)),  # the bar reaches to the claim's own value
    ],
)
def test_a_bar_puts_the_change_where_it_is(example, ends, places):
    verdict, _ = example
    (scale,) = row_with(verdict, boundary(*ends)).scales
    true, false = scale.parts
    share = [(place - FIRST) / (LAST - FIRST) for place in (true.x + true.width, scale.stated[0])]
    assert [round(one, 3) for one in share] == [round(one, 3) for one in places]
    assert (true.kind, false.kind, true.x + true.width) == ("true", "false", false.x)
    assert round(true.width + false.width, 6) == LAST - FIRST


def test_a_bar_shows_between_what_batches_change_it_and_what_each_says(example):
    verdict, _ = example
    reference = {0.7: (0, 32), 0.8: (20, 32), 0.85: (32, 32)}
    noisy = boundary(
        0.5, 2.5, 1.0, 0.9, below=False, above=True, reference=reference, confirmed=False, with_batches=(0.7, 0.85)
    )
    (scale,) = row_with(verdict, noisy).scales
    (mixed,) = scale.mixed
    axis = Axis(0.5, 2.5, FIRST, LAST)
    ends = (mixed.x, mixed.x + mixed.width)
    assert [round(x, 6) for x in ends] == [round(axis.place(rate), 6) for rate in (0.7, 0.85)]
    assert [kind for _, kind, _ in scale.tried] == ["false", "mixed", "true"]
    assert [text for _, _, text in scale.tried] == ["0 of 32", "20 of 32", "32 of 32"]
    assert "with batches it changes between 0.7 and 0.85" in scale.true_for


def test_two_changes_of_a_setting_share_a_bar_and_windows_have_one_part_each(example):
    verdict, _ = example
    low = boundary(0.0, 4.0, 1.0, 2.0, below=False, above=True)
    high = boundary(0.0, 4.0, 3.0, 2.0)
    (scale,) = row_with(verdict, low, high).scales
    assert [part.kind for part in scale.parts] == ["false", "true", "false"]
    assert scale.true_for == "learning rates between 1 and 3"
    several = boundary(0.0, 4.0, 1.0, 2.0, windows=((0.0, 1.0), (2.0, 3.0)))
    (scale,) = row_with(verdict, several).scales
    assert [part.kind for part in scale.parts] == ["true", "false", "true", "false"]


def test_dots_that_would_cover_one_another_stand_side_by_side(example):
    verdict, _ = example
    reference = {1.0 - 1e-9: (0, 32), 1.0 + 1e-9: (32, 32)}
    (scale,) = row_with(verdict, boundary(0.0, 2.0, 1.0, 0.5, reference=reference)).scales
    (first, _, _), (second, _, _) = scale.tried
    assert second - first >= 10
    assert round((first + second) / 2, 3) == round((FIRST + LAST) / 2, 3)


def test_a_range_without_an_end_has_no_bar_but_its_sentence(example):
    verdict, _ = example
    row = row_with(verdict, boundary(0.0, float("inf"), 1.0, 2.0))
    assert row.scales == ()
    assert any(sentence.startswith("It would be true for learning rates below 1") for sentence in row.story)


def test_a_claim_about_no_run_has_no_picture(example):
    verdict, _ = example
    nothing = replace(
        verdict, claim=replace(verdict.claim, checks=(), experiment=Experiment(initial=Parameters(w=1.0)))
    )
    (row,) = rows(
        [replace(nothing, checks=(), witnesses=dict.fromkeys(verdict.witnesses), boundaries=())], SharedRuns()
    )
    assert (row.curve, row.checks, row.show_me) == (None, (), None)
