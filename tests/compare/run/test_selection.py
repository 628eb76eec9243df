"""Claim files on the command line."""

import json
from xml.etree import ElementTree as ET

import pytest

from compare.claims import ClaimFileError
from compare.run.__main__ import main
from compare.run.selection import read_claims

FAST = ["--no-keras", "--no-figures", "--quiet"]
STUCK = """
[[claim]]
id = "stuck"
says = "From w = -1, plain SGD stays below 0."
source = "a test"
expect = "EXPECT"
[claim.experiment]
initial = { w = -1.0 }
steps = 30
batch_size = 20
[[claim.check]]
quantity = "w"
when = "always"
below = 0.0
"""
NICE = """
[[claim]]
id = "nice"
says = "It is nice."
source = "a test"
not_auditable = "A matter of taste."
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(STUCK.replace("EXPECT", "holds") + NICE)
    return path


def out(tmp_path):
    return ["--out", str(tmp_path / "audit")]


def results(tmp_path):
    return json.loads((tmp_path / "audit" / "results.json").read_text())


def test_the_claims_of_a_file_are_judged_in_place_of_what_ships(file, tmp_path):
    assert main([str(file), *FAST, *out(tmp_path)]) == 0
    found = results(tmp_path)
    assert {entry["id"]: entry["verdict"] for entry in found["claims"]} == {"stuck": "holds", "nice": "not auditable"}
    assert found["experiments"] == []


def test_an_expectation_that_is_not_met_fails(file, tmp_path, capsys):
    file.write_text(STUCK.replace("EXPECT", "refuted"))
    assert main([str(file), *FAST, *out(tmp_path)]) == 1
    assert capsys.readouterr().err == "stuck: expected refuted, is holds: true as stated\n"
    assert results(tmp_path)["claims"][0]["as_expected"] is False


def test_mistakes_of_all_files_are_listed_and_nothing_is_written(file, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(NICE.replace("says", "sys"))
    file.write_text(STUCK)
    assert main([str(file), str(other), *FAST, *out(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f'{file}: stuck: expect = "EXPECT": ' in said
    assert f'{other}: nice: sys = "It is nice.": ' in said
    assert not (tmp_path / "audit").exists()


def test_ids_must_differ_between_files(file, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(NICE)
    with pytest.raises(ClaimFileError, match=r'nice: id = "nice": is in .*mine\.toml already'):
        read_claims([file, other], seed=0, dtype="float32")


def test_seed_and_dtype_are_those_of_experiments_that_name_none(file):
    stuck, _ = read_claims([file], seed=7, dtype="float64")
    assert (stuck.experiment.seed, stuck.experiment.dtype) == (7, "float64")


def test_only_one_claim_is_judged_if_asked(file, tmp_path, capsys):
    assert main([str(file), "--only", "nice", *FAST, *out(tmp_path)]) == 0
    assert [entry["id"] for entry in results(tmp_path)["claims"]] == ["nice"]
    assert main([str(file), "--only", "nise", *FAST, *out(tmp_path)]) == 2
    assert "did you mean 'nice'?" in capsys.readouterr().err


def test_a_claim_is_explained_in_words_numbers_and_picture(file, tmp_path, capsys):
    assert main([str(file), "--explain", "stuck", "--no-keras", *out(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "“From w = -1, plain SGD stays below 0.” (a test). True." in said
    assert "w always below 0 reference, median of 32 runs" in said
    assert (tmp_path / "audit" / "figures" / "claim-stuck.png").stat().st_size > 1000
    page = (tmp_path / "audit" / "report.html").read_text()
    assert "reference, median of 32 runs" in page
    assert 'class="run-picture"' in page


def test_junit_is_written_where_asked(file, tmp_path):
    assert main([str(file), "--junit", str(tmp_path / "ci" / "claims.xml"), *FAST, *out(tmp_path)]) == 0
    suite = ET.parse(tmp_path / "ci" / "claims.xml").getroot()
    assert [case.get("name") for case in suite] == ["stuck", "nice"]


def test_a_junit_file_that_cannot_be_written_leaves_nothing_behind(file, tmp_path, capsys):
    assert main([str(file), "--junit", str(tmp_path), *FAST, *out(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"compare.run: --junit {tmp_path}: cannot be written: ")
    assert not (tmp_path / "audit").exists()


def test_claims_are_listed_with_what_they_say(file, tmp_path, capsys):
    assert main([str(file), "--list"]) == 0
    assert "nice\n    It is nice.\n" in capsys.readouterr().out


def test_two_runs_write_the_same_verdicts(file, tmp_path):
    written = []
    for _ in range(2):
        assert main([str(file), *FAST, *out(tmp_path)]) == 0
        written.append((tmp_path / "audit" / "results.json").read_bytes())
    assert written[0] == written[1]


def test_keras_certifies_the_runs_of_claims(file, tmp_path):
    assert main([str(file), "--no-figures", "--quiet", *out(tmp_path)]) == 0
    found = results(tmp_path)
    (entry,) = found["experiments"]
    assert (entry["id"], entry["agrees"]) == ("stuck", True)
    assert 0 <= entry["worst"] <= 1
    keras = found["claims"][0]["witnesses"]["keras"]
    assert keras["holds"] is True
    assert keras["certificate"] == {"agrees": True, "worst": entry["worst"]}
