"""The README says what is so: its Python runs, its claim is judged as it shows, its links exist."""

import doctest
import re
from pathlib import Path

import pytest

from compare.claims import judge, load_claims

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_python_prints_what_it_shows():
    example = doctest.DocTestParser().get_doctest(TEXT, {}, "README.md", "README.md", 0)
    said = []
    result = doctest.DocTestRunner().run(example, out=said.append)
    assert result.attempted > 10
    assert not result.failed, "".join(said)


def test_its_claim_is_judged_as_it_shows(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    (tmp_path / "mine.toml").write_text(block)
    (claim,) = load_claims(tmp_path / "mine.toml")
    verdict = judge(claim, keras=False)
    assert f"{claim.id}: {verdict.verdict}\n" in TEXT
    assert verdict.number in TEXT
    assert verdict.boundary.setting == "momentum"


def test_its_table_has_every_statement_of_the_source_with_its_verdict():
    shipped = ROOT / "compare" / "claims" / "shipped" / "source.toml"
    expected = {claim.id: claim.expect for claim in load_claims(shipped)}
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|[^|]*\| \**([a-z ]+?)\** \|", TEXT, flags=re.MULTILINE)
    assert dict(rows) == expected
    assert {(id, verdict) for id, verdict in rows} == set(expected.items())


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#][^):]*)\)", TEXT))
def test_its_files_exist(link):
    assert (ROOT / link).is_file()
