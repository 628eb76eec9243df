"""The tables on terminals of 40 to 200 columns: whole numbers, whole ids."""

import re
from dataclasses import replace
from importlib import resources
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.console import Console

from compare.claims import SharedRuns, judge_all, load_claims
from compare.claims.telling.table import LEAST_WIDTH, numbers_table, verdicts_table
from compare.claims.verdicts import Boundary, Verdict

WIDTHS = (40, 60, 80, 99, 100, 120, 200)
NUMBERS = ("-1.874e-08", "19,126", "0.04129", "1.864e-08", "200,000")
NUMBER = "true in 32 of 32 runs, median expected loss = -1.874e-08, 19,126 steps, w = 0.04129 at step 200,000"
FLIP = Boundary(
    setting="negative_slope",
    value=1.864e-08,
    below=False,
    above=True,
    bracket=(1.864e-08, 1.864e-08),
    stated=0.3,
    range=(0.0, 1.0),
    confirmed=False,
    with_batches=(0.6188, 0.9464),
)
WORDS = ("holds", "refuted", "conditional", "undecided", "not auditable")


def shipped():
    folder = resources.files("compare.claims").joinpath("shipped")
    with resources.as_file(folder) as path:
        return [claim for name in ("source.toml", "field.toml") for claim in load_claims(path / name)]


@pytest.fixture(scope="module")
def verdicts():
    """A verdict of every kind and with the longest texts on every shipped claim, which none of them is judged for."""
    nobody = MappingProxyType(dict.fromkeys(("exact", "reference", "keras")))
    return [
        Verdict(
            claim=replace(claim, expect=None),
            verdict=WORDS[i % len(WORDS)],
            why=f"not decided: {NUMBER}",
            number=NUMBER,
            witnesses=nobody,
            checks=(),
            boundary=FLIP,
            boundaries=(FLIP,),
        )
        for i, claim in enumerate(shipped())
    ]


def lines_of(table, width):
    console = Console(width=width, file=StringIO())
    console.print(table)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_terminal(verdicts, width):
    assert max(map(len, lines_of(verdicts_table(verdicts), width))) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_is_broken(verdicts, width):
    text = "\n".join(lines_of(verdicts_table(verdicts), width))
    for number in NUMBERS:
        assert len(re.findall(rf"(?<![\w.,-]){re.escape(number)}(?![\w.])", text)) >= len(verdicts)


def test_columns_on_a_narrow_terminal_would_be_seen_to_break_numbers(verdicts):
    table = verdicts_table(verdicts[:1])
    table.least = 0
    text = "\n".join(lines_of(table, 40))
    assert not all(number in text for number in NUMBERS)


@pytest.mark.parametrize("width", WIDTHS)
def test_ids_are_whole_or_folded_behind_hyphens(verdicts, width):
    ends = [replace(verdict, claim=replace(verdict.claim, says="END.")) for verdict in verdicts]
    firsts = [line.split()[0] for line in lines_of(verdicts_table(ends), width) if line.strip()]
    firsts = firsts[2:] if width >= LEAST_WIDTH else firsts  # the heading and its rule
    for verdict in ends:
        parts = firsts[: firsts.index("END.")]
        assert "".join(parts) == verdict.claim.id
        assert all(part.endswith("-") for part in parts[:-1])
        after = firsts[len(parts) :]
        following = next((other for other in ends[ends.index(verdict) + 1 :]), None)
        if following is not None:  # what is left of this claim: its other columns, or lines
            begins = following.claim.id.split("-")[0]
            firsts = after[next(i for i, word in enumerate(after) if word.startswith(f"{begins}-")) :]


def test_a_narrow_terminal_has_a_list_with_every_part_of_the_table(verdicts):
    text = " ".join(" ".join(lines_of(verdicts_table(verdicts[:1]), 40)).split())
    for part in (verdicts[0].claim.says, f"holds: {NUMBER}", "true only for negative slopes above 1.864e-08"):
        assert part in text
    assert "number that decides" not in text


def test_where_batches_move_what_it_is_true_for_the_table_says_so(verdicts):
    for width in WIDTHS:
        text = " ".join(" ".join(lines_of(verdicts_table(verdicts[:1]), width)).split())
        assert "0.6188" in text
        assert "0.9464" in text


@pytest.fixture(scope="module")
def judged():
    return list(judge_all(load_claims(Path(__file__).parents[1] / "every_kind.toml"), SharedRuns()))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_numbers_of_a_claim_fit(judged, width):
    for verdict in judged:
        lines = lines_of(numbers_table(verdict), width)
        assert max(map(len, lines), default=0) <= width


def test_what_is_held_at_another_value_is_said(tmp_path):
    file = tmp_path / "held.toml"
    file.write_text(
        """
        [[claim]]
        id = "held"
        says = "It stays."
        source = "a test"
        experiment = { initial = { w = -1, b = 2 }, steps = 3, batch_size = 10 }
        [[claim.check]]
        quantity = "w"
        when = "end"
        below = 9.0
        """
    )
    (verdict,) = judge_all(load_claims(file), SharedRuns())
    for width in WIDTHS:
        assert "Trained: w; held fixed: b = 2." in " ".join(
            " ".join(lines_of(verdicts_table([verdict]), width)).split()
        )
