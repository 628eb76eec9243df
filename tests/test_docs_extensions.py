"""What the extensions of docs/ put on the pages: verdicts, lines of certificates, folded solutions."""

import importlib.util
import json
from pathlib import Path

import pytest

from compare.claims import judge, load_claims
from compare.claims.verdicts import NEEDS_KERAS

EXTENSIONS = Path(__file__).parents[1] / "docs" / "extensions"
CLAIM = """
[[claim]]
id = "momentum-is-stuck-too"
says = "From w = -10, momentum 0.9 does not get SGD across zero."
source = "a colleague"
paragraph = "2, a hint; a second reading"
vary = { momentum = [0.0, 0.99] }
[claim.experiment]
optimizer = { name = "SGD", learning_rate = 0.01, momentum = 0.9 }
[[claim.check]]
quantity = "w"
when = "end"
below = 0.0
"""


def extension(name):
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def gallery():
    return extension("gallery")


@pytest.fixture(scope="module")
def row(gallery, tmp_path_factory):
    file = tmp_path_factory.mktemp("claims") / "mine.toml"
    file.write_text(CLAIM, encoding="utf-8")
    (claim,) = load_claims(file)
    return gallery.told(judge(claim, keras=False))


def test_a_verdict_is_told_with_its_sentence_its_number_and_where_it_is_true(row):
    assert row.verdict == "refuted"
    assert row.sentence.startswith("False")
    assert row.number
    assert any("momentum below 0.81" in text for text in row.only_for)
    ((_, witnesses),) = row.checks
    assert [who.partition(",")[0] for who, *_ in witnesses] == ["expected dynamics", "reference"]


def test_an_entry_has_what_was_told(gallery, row):
    entry = gallery.entry(row)
    assert entry["ids"] == ["claim-momentum-is-stuck-too"]
    text = entry.astext()
    told = (row.says, row.sentence, row.number, *row.only_for, "(a second reading)")
    assert [part for part in told if part not in text] == []


def test_what_was_kept_is_read_again_and_replaces_what_other_code_has_judged(gallery, row, tmp_path):
    (tmp_path / "claims-0123456789abcdef.json").write_text("[]", encoding="utf-8")
    gallery.keep([row], tmp_path, with_keras=False)
    assert len(list(tmp_path.iterdir())) == 1
    (read,) = gallery.judged(tmp_path, with_keras=False)
    assert json.dumps(read) == json.dumps(row)


def test_other_code_or_another_claim_has_another_digest(gallery, tmp_path):
    (tmp_path / "compare").mkdir()
    seen = set()
    for name, text in [("a.py", "x = 1"), ("a.py", "x = 2"), ("b.toml", ""), ("notes.md", "")]:
        (tmp_path / "compare" / name).write_text(text, encoding="utf-8")
        seen.add(gallery.digest(False, tmp_path))
    assert len(seen) == 3
    assert gallery.digest(True, tmp_path) not in seen


def test_claims_are_grouped_by_source_and_paragraph_in_the_order_of_the_file(gallery, row):
    places = [("b", "2, x"), ("a", "1"), ("b", "1, y"), ("b", "2, x; another reading")]
    rows = [row._replace(id=f"claim{i}", source=s, paragraph=p) for i, (s, p) in enumerate(places)]
    found = [
        (section[0].astext(), [child[0].astext() for child in section.children if child.tagname == "section"])
        for section in gallery.sections(rows)
    ]
    assert found == [("b", ["Paragraph 2, x", "Paragraph 1, y"]), ("a", ["Paragraph 1"])]


def test_the_overview_counts_and_says_what_is_undecided_for_want_of_keras(gallery, row):
    waiting = row._replace(id="other", verdict="undecided", sentence=f"Not decided: {NEEDS_KERAS}.")
    with_keras, without = (" ".join(n.astext() for n in gallery.overview(rows)) for rows in ([row], [row, waiting]))
    assert "refuted: 1 of 1" in with_keras
    assert "Keras" not in with_keras
    assert "refuted: 1 of 2" in without
    assert "1 claim" in without


def test_every_line_of_the_printed_certificate_is_explained():
    printed = extension("printed")
    page = (EXTENSIONS.parent / "howto" / "certificate.rst").read_text(encoding="utf-8").splitlines()
    (expression,) = {line.partition(":: ")[2] for line in page if line.startswith(".. certificate::")}
    wanted = [w.strip() for line in page if line.startswith("   :lines:") for w in line.partition("s:")[2].split(",")]
    first, *others = printed.printed(expression)
    assert first.startswith("agrees")
    assert len(others) > 15
    assert [line for line in others if not printed.chosen([line], [w for w in wanted if line.startswith(w)])] == []


def test_words_that_begin_no_line_of_a_certificate_are_a_mistake():
    chosen = extension("printed").chosen
    assert chosen(["bit a", "twin b"], ["twin"]) == ["twin b"]
    with pytest.raises(ValueError, match="begins with lane"):
        chosen(["bit a", "twin b"], ["bit", "lane"])


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("for w < 0 and w = -10.", "for w~<~0 and w~=~-10."),
        ("(w - 1)²/2, 95 % of 2,000 steps", "(w~-~1)²/2, 95~% of 2,000 steps"),
        ("a - b = c, and now 3 runs", "a - b = c, and now 3 runs"),
    ],
)
def test_short_formulas_stay_on_one_line(text, joined):
    assert extension("nobreak").joined(text).replace("\N{NO-BREAK SPACE}", "~") == joined
