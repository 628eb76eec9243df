"""Claims at edges, where one is tempted to say more than is known: right or undecided, never certain and wrong.

edges.toml holds the claims, edges.json what is right of each and why, edge_truths.py and edge_runs.py the computations
that say so, which share nothing with the code under test.
"""

import importlib.util
import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from compare.claims import VERDICTS, ClaimFileError, SharedRuns, judge_all, load_claims
from compare.claims.telling.boundary_text import true_only_for

HERE = Path(__file__).parent
CLAIMS = {claim.id: claim for claim in load_claims(HERE / "edges.toml")}
WRITTEN = {claim["id"]: claim for claim in tomllib.loads((HERE / "edges.toml").read_text(encoding="utf-8"))["claim"]}
STORED = json.loads((HERE / "edges.json").read_text(encoding="utf-8"))
EDGES, MISTAKES = STORED["claims"], STORED["mistakes"]


def module(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


TRUTHS = module("edge_truths")
NAMES = vars(module("edge_runs")) | vars(TRUTHS)


def truth(expression, id=None):
    return eval(expression, NAMES | {"claim": WRITTEN.get(id)})


@pytest.fixture(scope="module")
def judged():
    """Each claim's verdict, or what went wrong: of all together, or if one fails, one by one."""
    try:
        return {verdict.claim.id: verdict for verdict in judge_all(CLAIMS.values(), SharedRuns())}
    except Exception:
        shared, outcome = SharedRuns(), {}
    for id, claim in CLAIMS.items():
        try:
            (outcome[id],) = judge_all([claim], shared)
        except Exception as error:
            outcome[id] = error
    return outcome


def certain_and_wrong(verdict, right):
    return verdict not in {*right, "undecided", "not auditable"}


# What there is.


def test_each_kind_has_six_claims_and_all_have_a_hundred():
    kinds = Counter(edge["kind"] for edge in EDGES.values())
    assert min(kinds.values()) >= 6
    assert kinds.total() >= 100


def test_every_claim_has_what_is_right_of_it():
    assert CLAIMS.keys() == EDGES.keys()
    for id, edge in EDGES.items():
        assert edge["why"], id
        assert {*edge["right"]} < {*VERDICTS}, id


# What the engine says.


@pytest.mark.parametrize("id", EDGES)
def test_the_verdict_is_right(id, judged):
    verdict, edge = judged[id], EDGES[id]
    if isinstance(verdict, Exception):
        raise verdict
    assert verdict.verdict in edge["right"], f"{verdict.why}; {verdict.number}. Known: {edge['why']}"


def test_none_is_certain_and_wrong(judged):
    words = {id: getattr(verdict, "verdict", "a failure") for id, verdict in judged.items()}
    assert [id for id, word in words.items() if certain_and_wrong(word, EDGES[id]["right"])] == []


def test_no_placeholder_is_told_as_a_number(judged):
    verdicts = [verdict for verdict in judged.values() if not isinstance(verdict, Exception)]
    told = {v.claim.id: f"{v.why}; {v.number}; {'; '.join(map(true_only_for, v.boundaries))}" for v in verdicts}
    assert [(id, text) for id, text in told.items() if "e-308" in text or "nan" in text.split()] == []


@pytest.mark.parametrize("id", [id for id, edge in EDGES.items() if "boundary" in edge])
def test_the_boundary_is_where_it_is(id, judged):
    setting, (low, high) = EDGES[id]["boundary"].values()
    found = [boundary for boundary in judged[id].boundaries if boundary.setting == setting]
    assert any(b.bracket[0] <= high and b.bracket[1] >= low for b in found), [(b.value, b.bracket) for b in found]


@pytest.mark.parametrize("id", [id for id, edge in EDGES.items() if "batches" in edge])
def test_what_batches_say_beside_a_boundary_is_what_batches_say(id, judged):
    setting, (low, high) = EDGES[id]["batches"].values()
    shares = {at: share for b in judged[id].boundaries if b.setting == setting for at, share in b.reference.items()}
    assert any(at < 1 for at in shares)
    assert all(2 * met > of for at, (met, of) in shares.items() if at < low and of)
    assert all(2 * met < of for at, (met, of) in shares.items() if at > high and of)


@pytest.mark.parametrize("id", [id for id, edge in EDGES.items() if "not_printed" in edge])
def test_a_verdict_that_comes_and_goes_is_not_told_as_one_boundary(id, judged):
    verdict = judged[id]
    texts = (verdict.why, *map(true_only_for, verdict.boundaries))
    assert not any(EDGES[id]["not_printed"] in text for text in texts), texts


@pytest.mark.parametrize("id", [id for id, edge in EDGES.items() if "number" in edge])
def test_an_exact_number_is_exact_or_not_given(id, judged):
    finding = judged[id].witnesses["exact"].findings[0]
    if finding is not None and finding.met is not None:
        assert f"{finding.number:.6g}" == f"{truth(EDGES[id]['number']):.6g}"


@pytest.mark.parametrize("name", MISTAKES)
def test_a_stated_value_outside_its_range_is_a_mistake_in_the_file(name, tmp_path):
    file = tmp_path / "claims.toml"
    file.write_text(MISTAKES[name], encoding="utf-8")
    with pytest.raises(ClaimFileError):
        load_claims(file)


@pytest.mark.parametrize("name", MISTAKES)
def test_without_its_range_the_same_claim_loads(name, tmp_path):
    file = tmp_path / "claims.toml"
    lines = [line for line in MISTAKES[name].splitlines() if not line.startswith("vary")]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert len(load_claims(file)) == 1


# What is right, computed again.


@pytest.mark.parametrize("id", [id for id, edge in EDGES.items() if edge.get("quick")])
def test_what_is_right_is_what_the_computation_gives(id):
    assert TRUTHS.word(truth(EDGES[id]["truth"], id)) in EDGES[id]["right"]


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([("stated", 64, 64), ("longer", 64, 64)], "holds"),
        ([("stated", 64, 64), ("longer", 63, 64)], "conditional"),
        ([("stated", 1, 64)], "conditional"),
        ([("stated", 0, 64), ("longer", 64, 64)], "refuted"),
        (True, "holds"),
        (False, "refuted"),
        (None, "undecided"),
    ],
)
def test_a_truth_makes_its_verdict_right(rows, word):
    assert TRUTHS.word(rows) == word


# Controls: what these tests would see.


def test_a_certain_and_wrong_verdict_would_be_noticed():
    opposite = {"holds": "refuted", "refuted": "holds", "conditional": "refuted", "undecided": "holds"}
    for id, edge in EDGES.items():
        word = opposite[edge["right"][0]]
        assert certain_and_wrong(word, edge["right"]) or len(edge["right"]) > 1, id
    assert not certain_and_wrong("undecided", ["holds"])
    assert certain_and_wrong("a failure", ["holds"])


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('rational("a + b", {"a": "0.1", "b": "0.2"}, "near", "0.3")', "holds"),
        ('rational("a + b", {"a": "0.1", "b": "0.2"}, "above", "0.3")', "refuted"),
        ('digits("pi", {}, "below", "3.14")', "refuted"),
        ('identity("sqrt(2)**2", "2.000000000000000000000000000001")', "refuted"),
        ('crossings("0.5", "0", c="0", v="1") == 2', "holds"),
        ('crossings("0", "0", c="0", v="1") == 0', "holds"),
        ('never_active("1", "-1", 1000)', "refuted"),
        ('later(always("w", below(0)), (20,), w=-1, learning_rate=1.5)', "refuted"),
        ('later(end("w", near(1, 0.1)), (500,), w=2)', "holds"),
    ],
)
def test_the_computations_themselves_tell_true_from_false(expression, told):
    assert TRUTHS.word(truth(expression)) == told


def test_a_rule_that_is_off_is_told_from_keras():
    claim = {"experiment": {"initial": {"w": -1.0}, "steps": 20, "batch_size": 20}}
    for rule, same in (("w - learning_rate * g", True), ("w - 1.0000001 * learning_rate * g", False)):
        assert truth("update_rule")(claim | {"check": [{"rule": {"w": rule}}]}) is same
