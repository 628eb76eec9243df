"""Keras as a witness: its own run, certified; what is installed; and what happens when it is wrong."""

from pathlib import Path

import keras
import pytest

from compare.claims import SharedRuns, judge_all, load_claims
from compare.claims.values import Claim, Condition, DefaultCheck, KinkCheck, TrajectoryCheck
from compare.claims.witnesses.keras import needs_keras
from compare.run.__main__ import main
from keras_impl import Recorder
from keras_impl.kink import BACKENDS, installed_backends
from reference import SGD, Experiment, Parameters

EVERY_KIND = Path(__file__).parents[1] / "every_kind.toml"
STUCK = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=0.0))


@pytest.fixture(scope="module")
def recorder():
    return Recorder()


@pytest.fixture(scope="module")
def verdicts(recorder):
    return {v.claim.id: v for v in judge_all(load_claims(EVERY_KIND), SharedRuns(recorder))}


def claim(*checks, **changes):
    experiment = Experiment(initial=Parameters(w=-1.0), **{"steps": 30, "batch_size": 20} | changes)
    return Claim(id="a", says="b", source="c", experiment=experiment, checks=checks)


def judged(claim, recorder):
    (verdict,) = judge_all([claim], SharedRuns(recorder))
    return verdict


@pytest.mark.parametrize("id", ["kink", "keras-as-installed", "momentum-rule", "backward-start-is-stuck"])
def test_the_worked_example_holds_with_keras(verdicts, id):
    assert verdicts[id].verdict == "holds", verdicts[id].why


def test_keras_certifies_every_run(verdicts):
    for verdict in verdicts.values():
        keras_said = verdict.witnesses["keras"]
        if verdict.witnesses["reference"] is not None and verdict.claim.id != "keras-as-installed":
            word, worst = keras_said.certified
            assert word == "agrees", verdict.claim.id
            assert 0 <= worst <= 1
        assert verdict.contradictions == ()


def test_of_a_share_keras_certifies_the_first_member_and_has_no_opinion(verdicts):
    finding = verdicts["half-the-starts"].witnesses["keras"].findings[0]
    assert finding.met is None
    assert finding.reason == ""
    assert finding.says.startswith("from the first start ")


def test_runs_of_one_structure_share_a_graph(verdicts, recorder):
    before = len(recorder._networks)
    assert judged(claim(STUCK, optimizer=SGD(learning_rate=0.02)), recorder).verdict == "holds"
    assert len(recorder._networks) == before


def test_a_backend_that_is_not_installed_leaves_the_claim_open(recorder):
    missing = next((name for name in BACKENDS if name not in installed_backends()), None)
    if missing is None:
        pytest.skip("all backends are installed")
    check = KinkCheck(function="relu", negative_slope=0.0, side=None, framework=missing, condition=Condition(below=1.0))
    verdict = judged(claim(check), recorder)
    assert (verdict.verdict, verdict.why) == ("undecided", f"{missing} is not installed")


def test_every_installed_backend_has_to_meet_the_check(recorder, monkeypatch):
    monkeypatch.setattr("keras_impl.kink.installed_backends", lambda: ("tensorflow",))  # whatever else is there

    def check(**condition):
        return KinkCheck(
            function="maximum", negative_slope=0.0, side=None, framework="installed", condition=Condition(**condition)
        )

    assert judged(claim(check(near=1.0, within=0.0)), recorder).verdict == "holds"
    assert judged(claim(check(near=0.0, within=0.0)), recorder).verdict == "refuted"


@pytest.mark.parametrize(
    ("argument", "equals", "word"),
    [("momentum", 0, "holds"), ("momentum", 0.9, "refuted"), ("nesterov", 0, "refuted"), ("lr", 0.01, "refuted")],
)
def test_defaults_are_compared_as_values(argument, equals, word, recorder):
    check = DefaultCheck(of="keras.optimizers.SGD", argument=argument, equals=equals)
    assert judged(claim(check), recorder).verdict == word


def test_what_needs_keras_is_known_beforehand():
    claims = {c.id: c for c in load_claims(EVERY_KIND)}
    assert not needs_keras(claims["surface"])
    assert not needs_keras(claims["beauty"])
    assert needs_keras(claims["kink"])
    assert needs_keras(claims["momentum-rule"])
    assert needs_keras(claims["half-the-starts"])


@pytest.fixture
def broken_sgd(monkeypatch):
    """Keras' SGD with a learning rate that is off by a thousandth."""
    right = keras.optimizers.SGD.update_step

    def wrong(self, gradient, variable, learning_rate):
        return right(self, gradient, variable, learning_rate * 1.001)

    monkeypatch.setattr(keras.optimizers.SGD, "update_step", wrong)


def test_witnesses_that_contradict_each_other_are_told(broken_sgd):
    verdict = judged(claim(STUCK), Recorder())
    (said,) = verdict.contradictions
    assert said.startswith("Keras and the reference disagree: lockstep, step 0")
    assert verdict.witnesses["keras"].certified[0] == "disagrees"
    assert verdict.witnesses["keras"].certified[1] > 1


def test_contradicting_witnesses_fail_the_command_loudly(broken_sgd, tmp_path, capsys):
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[claim]]\nid = "stuck"\nsays = "It is stuck."\nsource = "a test"\n'
        "[claim.experiment]\nsteps = 20\nbatch_size = 10\n"
        '[[claim.check]]\nquantity = "w"\nwhen = "always"\nbelow = 0.0\n'
    )
    assert main([str(file), "--no-figures", "--quiet", "--out", str(tmp_path / "audit")]) == 1
    assert "stuck: WITNESSES CONTRADICT EACH OTHER: Keras and the reference disagree" in capsys.readouterr().err
    assert "contradict each other" in (tmp_path / "audit" / "report.html").read_text()


def test_a_rule_that_keras_alone_breaks_is_a_contradiction(broken_sgd):
    from compare.claims.formula import parse
    from compare.claims.values import UpdateCheck

    rule = UpdateCheck(rule=(("w", parse("w - learning_rate * g", {"w", "g", "learning_rate"})),))
    verdict = judged(claim(rule), Recorder())
    assert any("reference the largest difference" in text for text in verdict.contradictions)
