"""The README says what is so: its Python runs, its claim is judged as it shows, its links exist, and it stays short."""

import doctest
import io
import re
from collections import Counter
from pathlib import Path

import pytest

from compare.claims import judge, load_claims
from compare.claims.telling.table import verdicts_table

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHIPPED = {name: load_claims(ROOT / "compare" / "claims" / "shipped" / f"{name}.toml") for name in ("source", "field")}
MOST_WORDS = 1500


def test_it_is_read_to_its_end():
    assert len(re.findall(r"\S*\w\S*", TEXT)) <= MOST_WORDS  # signs and the lines of tables are no words


def test_its_python_prints_what_it_shows():
    example = doctest.DocTestParser().get_doctest(TEXT, {}, "README.md", "README.md", 0)
    said = []
    result = doctest.DocTestRunner().run(example, out=said.append)
    assert result.attempted > 10
    assert not result.failed, "".join(said)


def test_its_first_block_needs_numpy_only():
    first = re.search(r"```python\n(.*?)```", TEXT, flags=re.DOTALL).group(1)
    imported = re.findall(r">>> from (\w+)", first) + re.findall(r">>> import (\w+)", first)
    assert imported == ["reference"]  # which imports NumPy and the standard library, says test_rooms


def test_its_claim_is_judged_as_it_shows(tmp_path):
    from rich.console import Console

    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    (tmp_path / "mine.toml").write_text(block)
    (claim,) = load_claims(tmp_path / "mine.toml")
    verdict = judge(claim, keras=False)
    console = Console(file=io.StringIO(), width=110)
    console.print(verdicts_table([verdict]))
    printed = [line.rstrip() for line in console.file.getvalue().splitlines()]
    shown = TEXT[TEXT.index("compare.run mine.toml --out mine\n") :].split("```")[0].splitlines()
    assert [line for line in printed if line] == [line for line in shown[2:-1] if line]
    assert shown[1] == f"[1/1] {claim.id}: {verdict.verdict}"
    assert verdict.boundary.setting == "momentum"


def test_its_table_has_twelve_statements_with_their_verdicts():
    expected = {claim.id: claim.expect for claim in SHIPPED["source"]}
    rows = re.findall(r"^\| `([a-z0-9-]+)`:[^|]*\| ([a-z ]+?) \|", TEXT, flags=re.MULTILINE)
    assert len(dict(rows)) == len(rows) == 12
    assert all(expected[id] == verdict for id, verdict in rows)
    assert {verdict for _, verdict in rows} == {"refuted", "conditional"}


def test_it_counts_the_statements():
    verdicts = Counter(claim.expect for claim in SHIPPED["source"])
    counted = re.search(
        r"Of (\d+) statements.*?(\d+) hold, (\d+) are refuted,\s+(\d+) are conditional and (\d+) cannot",
        TEXT,
        re.DOTALL,
    )
    names = ("holds", "refuted", "conditional", "not auditable")
    assert [int(number) for number in counted.groups()] == [verdicts.total(), *(verdicts[name] for name in names)]
    assert (
        f"All {sum(map(len, SHIPPED.values()))}\nclaims" in TEXT
        or f"All {sum(map(len, SHIPPED.values()))} claims" in TEXT
    )


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#][^):]*)\)", TEXT))
def test_its_files_exist(link):
    assert (ROOT / link).is_file()
