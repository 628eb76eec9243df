"""What is written and shown of a verdict: JSON, JUnit, the story, the table, the picture."""

import json
import math
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree as ET

import pytest

from compare.claims import SharedRuns, judge_all, load_claims
from compare.claims.check_text import describe
from compare.claims.telling import explain, numbers
from compare.claims.telling.junit import to_junit
from compare.claims.telling.picture import draw_claim
from compare.claims.telling.results import to_json
from compare.claims.telling.table import numbers_table, verdicts_table
from compare.claims.values import Claim
from compare.claims.verdicts import Boundary, Verdict
from compare.system.output import write_json
from reference import Experiment

EVERY_KIND = Path(__file__).parents[1] / "every_kind.toml"


@pytest.fixture(scope="module")
def shared():
    return SharedRuns()


@pytest.fixture(scope="module")
def verdicts(shared):
    return tuple(judge_all(load_claims(EVERY_KIND), shared))


def verdict(word="holds", expect=None, contradictions=(), says="It is so.", **changes):
    claim = Claim(id="a", says=says, source="a test", experiment=Experiment(), expect=expect)
    return Verdict(
        claim=claim,
        verdict=word,
        why="because",
        number="3",
        witnesses=MappingProxyType(dict.fromkeys(("exact", "reference", "keras"))),
        checks=(),
        contradictions=contradictions,
        **changes,
    )


def boundary(**changes):
    settings = {
        "setting": "momentum",
        "value": 0.8125,
        "below": True,
        "above": False,
        "bracket": (0.81, 0.815),
        "stated": 0.5,
        "range": (0.0, 1.0),
        "reference": MappingProxyType({0.75: (32, 32), 0.875: (0, 32)}),
        "confirmed": True,
    }
    return Boundary(**(settings | changes))


def test_json_has_what_the_contract_names(verdicts, tmp_path):
    write_json(tmp_path / "r.json", {"claims": [to_json(v) for v in verdicts]})
    entries = json.loads((tmp_path / "r.json").read_text())["claims"]
    assert [entry["id"] for entry in entries] == [v.claim.id for v in verdicts]
    for entry in entries:
        assert {"id", "says", "verdict", "witnesses", "boundary", "checks"} <= set(entry)
        assert set(entry["witnesses"]) == {"exact", "reference", "keras"}
    stuck = entries[0]
    assert stuck["witnesses"]["reference"]["share"] == [32, 32]
    assert stuck["boundary"]["setting"] == "learning_rate"
    assert stuck["boundary"]["closed_form"] == {"formula": "1", "value": 1.0}
    assert entries[-1]["boundary"] is None


def test_the_same_claims_give_the_same_json(verdicts):
    again = tuple(judge_all(load_claims(EVERY_KIND), SharedRuns()))
    assert json.dumps([to_json(v) for v in again]) == json.dumps([to_json(v) for v in verdicts])


def test_junit_tells_failures_errors_and_what_is_skipped():
    suite = ET.fromstring(
        to_junit(
            [
                verdict(expect="holds"),
                verdict(expect="refuted"),
                verdict(),
                verdict(expect="holds", contradictions=("one and the other",)),
            ]
        )
    )
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    cases = list(suite)
    assert [child.tag for child in cases[0]] == ["system-out"]
    assert cases[1].find("failure").get("message") == "expected refuted, is holds: because"
    assert cases[3].find("error").get("message") == "one and the other"
    assert "holds: because" in cases[0].find("system-out").text


def test_junit_is_xml_whatever_a_claim_says():
    suite = ET.fromstring(to_junit([verdict(says='<&">]]> \x00\ufffe ü \U0001f600')]))
    assert suite[0].find("system-out").text.startswith('<&">]]> ?? ü \U0001f600')


def test_the_worked_example_is_written_as_junit(verdicts):
    suite = ET.fromstring(to_junit(verdicts))
    assert len(suite) == len(verdicts)


def test_the_story_names_claim_verdict_witnesses_and_boundary(verdicts):
    story = explain(verdicts[1])
    assert story.startswith(
        "“From w = -1, momentum 0.9 carries w across 0.” (worked example). True. It would be false for momentum below"
    )
    for part in (
        "Trained: w; held fixed: b = 0.",
        "Expected dynamics: w = ",
        "Reference: true in 32 of 32 runs",
        "True only for momentum above 0.81",
        "(1 - sqrt(learning_rate))^2 = 0.81",
        "runs with batches change there too",
        "Looked at without batch noise, the verdict stays the same for runs of 200 to 20,000 steps.",
    ):
        assert part in story
    assert "\n" not in story


def test_every_claim_has_a_story(verdicts):
    for v in verdicts:
        assert v.claim.says in explain(v)


def test_contradictions_are_the_loudest_thing_in_the_story():
    assert "WITNESSES CONTRADICT EACH OTHER: One and the other." in explain(
        verdict(contradictions=("one and the other",))
    )


@pytest.mark.parametrize(
    ("confirmed", "word"),
    [
        (True, "change there too (true in 32 of 32 at 0.75, in 0 of 32 at 0.875)"),
        (False, "moves it"),
        (None, "cannot all tell"),
    ],
)
def test_the_story_says_what_the_seeds_say_of_a_boundary(confirmed, word):
    assert word in explain(verdict(boundaries=(boundary(confirmed=confirmed),)))


def test_every_check_is_described_and_has_its_numbers(verdicts):
    for v in verdicts:
        for check, judged in zip(v.claim.checks, v.checks, strict=True):
            assert describe(check) == judged.text
            assert judged.text
        said = {check.check for check in numbers(v) if check.rows}
        asked = {j.text for i, j in enumerate(v.checks) if any(w and w.findings[i] for w in v.witnesses.values())}
        assert said == asked


def text_of(table, width=200):
    from io import StringIO

    from rich.console import Console

    console = Console(width=width, file=StringIO())
    console.print(table)
    return console.file.getvalue()


def test_the_table_has_statement_verdict_number_and_boundary(verdicts):
    text = text_of(verdicts_table(verdicts))
    for part in ("backward-start-is-stuck", "true in 32 of 32 runs", "learning rates below 1", "not auditable"):
        assert part in text
    assert "expected dynamics" in text_of(numbers_table(verdicts[0]))


def test_markup_in_a_claim_is_text():
    text = text_of(verdicts_table([verdict(says="[red]It[/red] is [link=x]so[/link].")]))
    assert "[red]It[/red] is [link=x]so[/link]." in text


def test_an_expectation_that_is_not_met_is_seen_in_the_table():
    assert "NOT AS EXPECTED" in text_of(verdicts_table([verdict(expect="refuted")]))


def test_a_claim_about_a_run_is_drawn_the_same_each_time(verdicts, shared, tmp_path):
    by_id = {v.claim.id: v for v in verdicts}
    for id in ("backward-start-is-stuck", "adam-is-slower", "half-way-in-seventy-steps"):
        first = draw_claim(by_id[id], shared, tmp_path)
        written = first.path.read_bytes()
        assert first.path == tmp_path / f"claim-{id}.png"
        assert first.caption
        assert first.alt
        assert draw_claim(by_id[id], shared, tmp_path).path.read_bytes() == written
    assert draw_claim(by_id["surface"], shared, tmp_path) is None


def test_numbers_that_are_not_finite_can_be_written(tmp_path):
    entry = to_json(verdict(boundaries=(boundary(value=math.inf),), boundary=boundary(value=math.inf)))
    write_json(tmp_path / "r.json", entry)
    assert json.loads((tmp_path / "r.json").read_text())["boundary"]["value"] is None
