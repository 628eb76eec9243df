"""The report as text: what goes into it, from where, and that it is the same every time."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from compare.claims import SharedRuns, judge_all
from compare.question.audit import Finding
from compare.question.experiments import Case
from compare.report import kill_table, render
from compare.report.data import as_json, script_data
from compare.run.selection import read_claims
from reference import SGD, Experiment, Parameters, train

PACKAGE = Path(str(resources.files("compare.report")))
PROVENANCE = {
    "seed": 0,
    "dtype": "float64",
    "python": "3",
    "versions": {"numpy": "2"},
    "processor": "one",
    "cores": 2,
    "platform": "some",
    "keras_backend": None,
    "subject": None,
    "flags": {},
}


@pytest.fixture(scope="module")
def finding():
    experiment = Experiment(initial=Parameters(w=-1.0), steps=123, batch_size=4, dtype="float64")
    return Finding(Case("relu-backward", "relu", experiment), train(experiment), None, 0.5)


@pytest.fixture(scope="module")
def judged():
    shared = SharedRuns()
    claims = read_claims([PACKAGE / "example.toml"], seed=0, dtype="float32")
    return list(judge_all(claims, shared)), shared


def scripts_of(page):
    return re.findall(r"<script>(.*?)</script>", page, re.DOTALL)


def test_the_same_arguments_give_the_same_bytes(finding, judged):
    verdicts, shared = judged
    assert render([finding], verdicts, [], PROVENANCE, shared=shared) == render(
        [finding], verdicts, [], PROVENANCE, shared=shared
    )


def test_the_policy_names_the_style_and_the_script_that_are_in_the_page(finding):
    page = render([finding], [], [], PROVENANCE)
    (script,), (style,) = scripts_of(page), re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    for kind, text in (("script-src", script), ("style-src", style)):
        assert f"{kind} 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy


def test_every_part_of_the_page_can_be_read_in_one_sitting():
    files = [path for path in PACKAGE.rglob("*") if path.suffix in {".html", ".css", ".js", ".toml"}]
    assert len(files) > 15
    assert {path.name: n for path in files if (n := len(path.read_text().splitlines())) > 350} == {}


def test_the_template_has_no_handlers_and_no_styles_in_attributes():
    for path in PACKAGE.rglob("*.html"):
        assert re.findall(r"\s(?:on[a-z]+|style)=", path.read_text()) == []


def test_the_script_gets_the_bits_of_the_run(finding):
    (run,) = script_data([finding])["runs"]
    steps = np.array(run["steps"])
    assert steps.tolist() == [*range(100), 100, 110, 120, 123]
    assert run["w"] == finding.trajectory.parameters.w[steps].tolist()
    assert run["loss"] == finding.trajectory.loss[steps[:-1]].tolist()
    assert run["gradient"] == finding.trajectory.gradient.w[steps[:-1]].tolist()
    given = render([finding], [], [], PROVENANCE).split('id="data">')[1].split("</script>")[0]
    assert json.loads(given)["runs"] == [run]


def test_runs_that_have_no_curve_over_w_are_not_moved_along():
    short = {"steps": 30, "batch_size": 4, "dtype": "float64"}
    lost = Experiment(optimizer=SGD(learning_rate=1e200), **short)
    biased = Experiment(trainable=("w", "b"), **short)
    findings = [Finding(Case("a", "relu", e), train(e), None, 0.5) for e in (lost, biased)]
    assert findings[0].trajectory.diverged_at is not None
    assert script_data(findings)["runs"] == []


def test_json_in_a_script_element_cannot_end_it():
    assert "<" not in as_json({"</script>": "<!--"})
    assert json.loads(as_json({"</script>": "<!--"})) == {"</script>": "<!--"}
    with pytest.raises(ValueError, match="JSON"):
        as_json(float("nan"))


def test_the_example_is_a_claim_that_is_refuted(judged, finding):
    (verdict,), _ = judged
    assert verdict.verdict == "refuted"
    page = render([finding], [verdict], [], PROVENANCE)
    assert "id = &#34;momentum-is-stuck-too&#34;" in page
    assert '<a href="#claim-momentum-is-stuck-too">' in page  # among the statements that are wrong


def test_the_printed_result_of_the_example_is_what_the_program_prints(tmp_path):
    (tmp_path / "mine.toml").write_bytes((PACKAGE / "example.toml").read_bytes())
    command = [sys.executable, "-m", "compare.run", "--no-keras", "--no-figures", "mine.toml"]
    plain_pipe = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    printed = subprocess.run(command, cwd=tmp_path, env=plain_pipe, capture_output=True, text=True, check=True).stdout
    lines = [line.rstrip() for line in printed.splitlines()]
    assert (PACKAGE / "example.txt").read_text(encoding="utf-8").splitlines() == lines


def test_a_page_of_claims_alone_says_so_and_has_no_runs(judged):
    page = render([], judged[0], [], PROVENANCE)
    assert "<h1>Claims about gradients, judged</h1>" in page
    assert 'id="recorded"' not in page
    assert 'id="claims-list"' in page
    assert "#figure=" not in page.partition("<script")[0]  # there are none to be shown
    assert "<details open>" in page  # one claim is not hidden


def test_without_claims_the_runs_speak(finding):
    page = render([finding], [], [], PROVENANCE)
    assert "Plain SGD from w = \N{MINUS SIGN}10 is, as the question saw, stuck at w = " in page
    assert 'href="#wrong"' not in page


def test_a_page_without_keras_and_pictures_speaks_of_neither_as_if_it_were_there(finding, judged):
    page = render([finding], judged[0], [], PROVENANCE, shared=judged[1])
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.partition("<main>")[2].partition("<script")[0]))
    about_keras = [sentence for sentence in re.split(r"(?<=[.:;]) ", text) if "Keras" in sentence]
    allowed = ("defaults", "left out", "--no-keras", "as Keras would draw it", "pip install")
    assert [sentence for sentence in about_keras if not any(words in sentence for words in allowed)] == []
    assert "pictures below" not in text
    assert "still pictures" not in text


def certificate():
    """As much of one as the page shows."""
    nothing = {name: {} for name in ("lockstep", "free_run", "bits", "power", "remedies")}
    unheard_of = dict.fromkeys(("first_disagreement", "not_compared", "drawing", "vacuous_from"))
    nothing |= {"subject": "Keras 3.0 on TensorFlow 2.0", "headline": "", "readings": (), "unseen": ()}
    counts = {"compared": {"w": 1_234, "loss": 1_000}, "twins": (), "fork_count": 0, "steps_compared": 123}
    return SimpleNamespace(agrees=True, worst=0.0084, **counts, **nothing, **unheard_of)


def test_a_certificate_is_a_sentence_and_all_of_them_are_counted(finding):
    page = render([replace(finding, certificate=certificate())], [], [], PROVENANCE)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))
    assert "1 run was made twice" in text
    assert "2,234 pairs of numbers were compared: Keras matches the reference in every step;" in text
    assert "the largest difference is 0.84 % of what rounding allows" in text
    assert "in % of what rounding allows: relu-backward 0.84 %" in text


def test_no_template_formats_numbers_in_a_way_of_its_own():
    for path in PACKAGE.rglob("*.html"):
        assert re.findall(r"%[.\d]*[efg]|\| *(?:format|round)\b", path.read_text()) == [], path.name


def test_animations_are_the_pages_own(finding, tmp_path):
    (tmp_path / "film.gif").write_bytes(b"GIF89a")
    size = (801).to_bytes(4) + (400).to_bytes(4)
    (tmp_path / "still.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size)
    pictures = [SimpleNamespace(name=n, path=tmp_path / n, alt=n, caption=n) for n in ("film.gif", "still.png")]
    page = render([finding], [], pictures, PROVENANCE)
    assert "film.gif" not in page
    assert "still.png" in page
    assert 'width="401" height="200"' in page  # half of its pixels


DEFECT = {
    "name": "a",
    "says": "An error.",
    "side": "reference",
    "changes_mathematics": True,
    "killed": True,
    "default": {"killed": True, "lane": "lockstep", "step": 7, "quantity": "w"},
    "lanes": {"exact": {"killed": False}, "bound": {"killed": True, "step": 7}},
    "usual_tests": {"final weight": False},
}


def test_the_kill_table_is_counted_and_shown(finding, tmp_path):
    harmless = DEFECT | {"says": "Nothing.", "changes_mathematics": False, "killed": False}
    missed = DEFECT | {"default": {"killed": False}}
    report = {"defects": [DEFECT, missed, harmless], "controls": {"false_alarms": []}}
    (tmp_path / "defects.json").write_text(json.dumps(report))
    table = kill_table(tmp_path)
    assert (table.changing, table.by_default, table.killed, table.lanes, table.usual_tests) == (
        2,
        1,
        2,
        {"exact": 0, "bound": 2},
        {"final weight": 0},
    )
    page = render([finding], [], [], PROVENANCE, defects=table)
    assert "so 2 defects that change the mathematics were planted" in page
    assert table.subjects == {"Keras": {"planted": 2, "by default": 1, "in every lane": 2}}
    assert "Defects by the system" not in page
    assert "Nothing. (changes nothing)" in page


def test_each_subject_has_a_column_in_the_kill_table(finding, tmp_path):
    missed = DEFECT | {"default": {"killed": False}, "side": "torch", "subject": "PyTorch"}
    report = {"defects": [DEFECT | {"subject": "Keras"}, missed], "controls": {"false_alarms": []}}
    (tmp_path / "defects.json").write_text(json.dumps(report))
    page = render([finding], [], [], PROVENANCE, defects=kill_table(tmp_path))
    table = page[page.index("Defects by the system") :].partition("</table>")[0]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table)
    assert cells == [
        "defects",
        "Keras",
        "PyTorch",
        "planted",
        "1",
        "1",
        *["seen by default", "1", "0", "seen in every lane", "1", "1"],
    ]


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"defects": []}', '{"defects": [{}]}', "\udcff"])
def test_what_is_no_kill_table_is_left_away_and_the_command_named(finding, tmp_path, text):
    if text is not None:
        (tmp_path / "defects.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert kill_table(tmp_path) is None
    page = render([finding], [], [], PROVENANCE, defects=None)
    assert "python -m compare.defects --out DIR" in page
    assert 'id="defects"' not in page
    assert "#defects" not in page


def test_certificates_are_a_line_each_the_worst_first_and_say_only_what_is_out_of_order(finding):
    bad = certificate()
    bad.agrees, bad.worst, bad.first_disagreement, bad.reproduce = False, 1.5, "at step 3", "python"
    late = certificate()
    late.worst, late.vacuous_from = 0.5, 414
    found = [
        replace(finding, case=finding.case._replace(id=name), certificate=one)
        for name, one in (("one", certificate()), ("two", bad), ("three", late))
    ]
    page = render(found, [], [], PROVENANCE)
    lines = [re.sub(r"<[^>]*>", "", line) for line in re.findall(r"<li>\n<details>\n<summary>(.*)</summary>", page)]
    assert lines == ["two 1.5 times that: Keras does not match the reference", "three 50 %", "one 0.84 %"]
    assert "from step 414 on the allowed difference is as large as the path itself" in page
    assert "says nothing" not in page
