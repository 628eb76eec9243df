"""From what witnesses say to a verdict."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compare.claims import VERDICTS, SharedRuns, judge, judge_all, judging, load_claims
from compare.claims.conclusions import SOME, Conclusion, conclude_runs
from compare.claims.telling.results import to_json
from compare.claims.values import Claim, Condition, ConvexCheck, ExistsCheck, ShareOf, TrajectoryCheck, Vary
from compare.claims.witnesses.paths.answers import Answers
from compare.claims.witnesses.paths.statements import together
from reference import SGD, Adam, Experiment, Parameters

EVERY_KIND = Path(__file__).with_name("every_kind.toml")
STUCK = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=0.0))


def said(met, resolved=None, reason="underflow"):
    met = np.array(met, bool)
    resolved = np.ones(len(met), bool) if resolved is None else np.array(resolved, bool)
    nothing = np.zeros(len(met))
    return together((Answers(nothing, nothing, met, resolved, "" if resolved.all() else reason),))


def claim(*checks, **changes):
    start = Parameters(w=changes.pop("w", -1.0))
    experiment = Experiment(initial=start, **{"steps": 20, "batch_size": 50} | changes)
    return Claim(id="a", says="b", source="c", experiment=experiment, checks=checks)


YES, NO, LOST = said([True]), said([False]), said([True], [False])

# exact, seeds, Keras -> together
TOGETHER = [
    (YES, said([True] * 4), YES, True),
    (NO, said([False] * 4), NO, False),
    (YES, said([True] * 4), None, True),
    (YES, said([True, True, False, True]), YES, SOME),
    # The noise of batches decides against the expected dynamics.
    (YES, said([False] * 4), NO, False),
    # Seeds that cannot tell: the closed form decides, if nothing speaks against it.
    (YES, said([True] * 4, [False] * 4), LOST, True),
    (NO, said([True] * 4, [False] * 4), LOST, None),
    (YES, said([False] * 4, [False] * 4), LOST, None),
    (LOST, said([True] * 4, [False] * 4), LOST, None),
    (YES, said([True] * 4, [True, True, False, False]), YES, True),
    (YES, said([True, False, True, True], [True, True, False, False]), YES, SOME),
    # Keras on the other side of the threshold, from the same batches.
    (YES, said([True] * 4), NO, None),
    (YES, said([True] * 4), said([False], [False]), None),
    (YES, said([True, False, True, True]), NO, SOME),
]


@pytest.mark.parametrize(("exact", "seeds", "keras", "expected"), TOGETHER, ids=range(len(TOGETHER)))
def test_what_witnesses_say_together(exact, seeds, keras, expected):
    into = Conclusion()
    assert conclude_runs(exact, seeds, keras, None, into) == (expected,)
    assert into.of_runs == expected
    if expected is None:
        assert into.why


# What seeds that lose their resolution say in float64 -> together.
FINER = [
    (said([True] * 4), True),
    (said([True, True, False, True]), SOME),
    # What float64 does not tell either, the expected dynamics does if nothing speaks against it.
    (said([True] * 4, [True, True, False, True]), True),
]


@pytest.mark.parametrize(("finer", "expected"), FINER, ids=range(len(FINER)))
def test_what_runs_below_the_resolution_is_asked_in_float64(finer, expected):
    into = Conclusion()
    assert conclude_runs(YES, said([True] * 4, [False] * 4), None, finer, into) == (expected,)
    assert into.notes


@pytest.mark.parametrize(
    ("finer", "expected"), [(None, None), (said([True] * 4), True), (said([True, False] * 2), SOME), (NO, False)]
)
def test_runs_that_rounding_brings_to_rest_do_not_overrule_the_expected_dynamics(finer, expected):
    into, held = Conclusion(), said([False] * 4)._replace(held=True)
    assert conclude_runs(YES, held, None, finer, into) == (expected,)
    # Of one mind with the expected dynamics they count, and so do runs that move.
    assert conclude_runs(NO, held, None, None, Conclusion()) == (False,)
    assert conclude_runs(YES, held._replace(held=False), None, None, Conclusion()) == (False,)


def test_a_long_run_is_decided_by_the_exact_witness_and_says_so():
    from compare.claims.witnesses.paths.answers import CUT

    into = Conclusion()
    cut = said([True] * 4, [False] * 4, CUT)
    assert conclude_runs(NO, cut, said([True], [False], CUT), None, into) == (False,)
    assert "first steps only" in into.notes[0]


EXPECTED = {
    "backward-start-is-stuck": "holds",
    "heavy-momentum-crosses-zero": "holds",
    "half-way-in-seventy-steps": "holds",
    "adam-is-slower": "conditional",
    "scale-invariance": "holds",
    "half-the-starts": "holds",
    "most-seeds-overshoot": "holds",
    "surface": "holds",
    "where-the-minimum-is": "holds",
    "a-line-crosses-thrice": "holds",
    "kink": "undecided",
    "keras-as-installed": "undecided",
    "momentum-rule": "holds",
    "central-difference-at-the-kink": "holds",
    "beauty": "not auditable",
}


@pytest.fixture(scope="module")
def verdicts():
    return {v.claim.id: v for v in judge_all(load_claims(EVERY_KIND), SharedRuns())}


@pytest.mark.parametrize("id", EXPECTED)
def test_the_worked_example_without_keras(verdicts, id):
    assert verdicts[id].verdict == EXPECTED[id], verdicts[id].why
    assert verdicts[id].verdict in VERDICTS
    assert verdicts[id].contradictions == ()


def test_every_witness_that_was_asked_has_a_finding_for_its_checks(verdicts):
    for verdict in verdicts.values():
        assert set(verdict.witnesses) == {"exact", "reference", "keras"}
        assert verdict.witnesses["keras"] is None
        for witness in verdict.witnesses.values():
            if witness is not None:
                assert len(witness.findings) == len(verdict.claim.checks)


def test_the_reference_is_asked_over_at_least_32_seeds(verdicts):
    runs = [v for v in verdicts.values() if v.witnesses["reference"] is not None and v.witnesses["reference"].share]
    assert runs
    for verdict in runs:
        finding = next(f for f in verdict.witnesses["reference"].findings if f is not None and f.share)
        assert finding.share[2] >= 32


def test_judging_alone_and_together_is_the_same(verdicts):
    for one in load_claims(EVERY_KIND)[:4]:
        alone, together = judge(one, keras=False), verdicts[one.id]
        assert (alone.verdict, alone.number, alone.why) == (together.verdict, together.number, together.why)
        assert alone.boundaries == together.boundaries


@pytest.mark.parametrize("seed", range(100, 110))
def test_verdicts_are_stable_over_seeds(seed):
    ids = ("backward-start-is-stuck", "heavy-momentum-crosses-zero", "half-way-in-seventy-steps", "momentum-rule")
    claims = [c for c in load_claims(EVERY_KIND, defaults=Experiment(seed=seed)) if c.id in ids]
    reseeded = [Claim(**{**vars(c), "experiment": Experiment(**{**vars(c.experiment), "seed": seed})}) for c in claims]
    assert {v.claim.id: v.verdict for v in judge_all(reseeded, SharedRuns())} == dict.fromkeys(ids, "holds")


def test_a_claim_that_depends_on_the_seed_says_so_with_the_share():
    check = TrajectoryCheck(quantity="w", when=1, condition=Condition(above=0.0))
    verdict = judge(claim(check, optimizer=SGD(learning_rate=1.0), batch_size=200), keras=False)
    assert verdict.verdict == "conditional"
    met, number = verdict.witnesses["reference"].share
    assert number == 32
    assert 0 < met < 32
    low, high = verdict.witnesses["reference"].interval
    assert low < met / 32 < high
    assert f"true in {met} of 32 runs" in verdict.why


def test_a_start_at_exactly_zero_is_decided_where_all_frameworks_agree():
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(near=1.0, within=0.5))
    verdict = judge(claim(check, w=0.0, steps=400), keras=False)
    assert verdict.verdict == "refuted"
    # relu'(0) is 0 in all of them; with any other value w gets to 1.
    assert (verdict.boundary.setting, verdict.boundary.value, verdict.boundary.above) == ("relu'(0)", 0.0, True)
    # Of leaky ReLU they take the slope or 1.
    leaky = judge(claim(check, w=0.0, steps=400, negative_slope=0.3), keras=False)
    assert leaky.verdict == "undecided"
    assert "exactly 0" in leaky.why


def test_underflow_is_told_from_zero():
    # 0.1^n leaves float32 after 38 steps: w is 0 there, and is not where numbers have no end.
    verdict = judge(claim(STUCK, optimizer=SGD(learning_rate=0.9), steps=60, batch_size=20000), keras=False)
    assert verdict.verdict == "holds"
    assert any("float64" in note for note in verdict.notes)


def test_what_underflow_leaves_as_it_is_is_decided_by_closed_form():
    verdict = judge(claim(STUCK, steps=12000, batch_size=20), keras=False)
    assert verdict.verdict == "holds"
    assert any("it is true in 32 of 32 runs" in note for note in verdict.notes)
    # Where float64 ends too, at 0.99^n < 1e-308, w and its gradient are scaled.
    longer = judge(claim(STUCK, steps=80_000, batch_size=20), keras=False)
    assert longer.verdict == "holds"
    assert any("it is true in 32 of 32 runs" in note for note in longer.notes)


def test_a_share_that_is_too_close_to_call_needs_more_members():
    share = ShareOf("starts", 200, {"w": ("normal", 0.0, 1.0)}, 0.999, Condition(above=0.5))
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.0), share=share)
    verdict = judge(claim(check, steps=300), keras=False)
    assert verdict.verdict == "undecided"
    assert "more starts or runs are needed" in verdict.why


@pytest.mark.parametrize(("above", "word"), [(0.3, "holds"), (0.8, "refuted")])
def test_a_share_of_starts_is_judged_by_its_interval(above, word):
    share = ShareOf("starts", 1000, {"w": ("uniform", -1.0, 1.0)}, 0.999, Condition(above=above))
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.0), share=share)
    verdict = judge(claim(check, steps=300), keras=False)
    assert verdict.verdict == word
    met, _, number = verdict.witnesses["reference"].findings[0].share
    assert f"{met} of {number:,} starts" in verdict.number


def test_one_false_check_refutes_and_one_unknown_leaves_open():
    true, false = STUCK, TrajectoryCheck(quantity="w", when="end", condition=Condition(above=0.0))
    keras_only = ExistsCheck(of="keras.Model", expected=True)
    assert judge(claim(true, keras_only), keras=False).verdict == "undecided"
    surface = load_claims(EVERY_KIND)[8].checks[0]
    assert judge(claim(surface, false, keras_only), keras=False).verdict == "refuted"


def test_expectations_are_met_or_not_or_open():
    def judged(expect, *checks):
        return judge(Claim(**{**vars(claim(*checks)), "expect": expect}), keras=False).as_expected

    assert judged(None, STUCK) is None
    assert judged("holds", STUCK) is True
    assert judged("refuted", STUCK) is False
    # Without Keras nothing can be said about Keras: that is no failure.
    assert judged("holds", ExistsCheck(of="keras.Model", expected=True)) is None


def test_a_claim_that_cannot_be_audited_gives_its_reason():
    verdict = judge(Claim(id="a", says="b", source="c", experiment=Experiment(), not_auditable="A matter of taste."))
    assert (verdict.verdict, verdict.why) == ("not auditable", "A matter of taste.")
    assert set(verdict.witnesses.values()) == {None}


def test_what_is_false_at_rest_has_no_boundary_along_a_run():
    # Adam crosses 0 from -0.05 in some hundred steps, so that the first check alone flips.
    adam = {"w": -0.05, "optimizer": Adam(learning_rate=0.001)}
    alone = judge(claim(STUCK, **adam), keras=False)
    assert (alone.verdict, alone.boundary.setting) == ("conditional", "steps")
    both = judge(claim(STUCK, ConvexCheck(expected=True), **adam), keras=False)
    assert (both.verdict, both.boundary) == ("refuted", None)


def test_where_nothing_can_be_told_it_is_not_said_that_nothing_changes():
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=0.5))
    from_zero = replace(claim(check, w=0.0, negative_slope=0.3), vary=(Vary("learning_rate", 0.001, 0.5, False),))
    verdict = judge(from_zero, keras=False)
    assert verdict.verdict == "undecided"
    assert verdict.searched == ()
    # A start on the right is told, and at 0; on the left it comes to rest on 0 itself at once.
    at_once = replace(
        claim(STUCK, w=1.0, optimizer=SGD(learning_rate=1.0)), vary=(Vary("initial.w", -4.0, 4.0, False),)
    )
    assert ("initial.w", 0.0, 4.0) in judge(at_once, keras=False).searched


def test_an_ensemble_is_no_experiment_of_a_claim():
    for arrays in ({"negative_slope": [0.0, 0.5]}, {"optimizer": SGD(learning_rate=[0.1, 0.2])}, {"w": np.zeros(2)}):
        with pytest.raises(ValueError, match=r"Claim.experiment must be of a single neuron, .* of shape \(2,\)"):
            claim(STUCK, **arrays)


def test_claims_that_would_fill_the_memory_take_turns(monkeypatch):
    claims = [replace(claim(STUCK, w=w, steps=5), id=f"from-{-w:g}") for w in (-1.0, -2.0, -3.0)]
    together, shared = list(judge_all(claims, SharedRuns())), SharedRuns()
    monkeypatch.setattr(judging, "MOST_BYTES", 1)
    apart = list(judge_all(claims, shared))
    assert [to_json(verdict) for verdict in apart] == [to_json(verdict) for verdict in together]
    assert {request.experiment.initial.w for request in shared._paths} == {-3.0}


def test_claims_with_a_bias_are_prepared_when_the_first_of_them_is_due(monkeypatch):
    without, biased = claim(STUCK, steps=5), claim(STUCK, steps=5, trainable=("w", "b"))
    claims = [replace(one, id=str(i)) for i, one in enumerate((without, biased, without, biased))]
    prepared, prepare = [], judging._prepared
    monkeypatch.setattr(
        judging, "_prepared", lambda some, shared: prepared.append([c.id for c in some]) or prepare(some, shared)
    )
    verdicts = judge_all(claims, SharedRuns())
    assert (next(verdicts).claim.id, prepared) == ("0", [["0", "2"]])
    assert [verdict.claim.id for verdict in verdicts] == ["1", "2", "3"]
    assert prepared == [["0", "2"], ["1", "3"]]


END_AT_ONE = TrajectoryCheck(quantity="w", when="end", condition=Condition(near=1.0, within=0.1))
# Claims at the edge of what the format allows, with the verdict that hand algebra gives.
EDGES = {
    "one step": (claim(STUCK, steps=1), "holds"),
    "batches of one": (claim(STUCK, batch_size=1, optimizer=SGD(learning_rate=0.001)), "holds"),
    "slope -1: the minimum on the left is at -1/2": (claim(END_AT_ONE, negative_slope=-1.0, steps=2000), "refuted"),
    "slope 1: a straight line ends at 1/2": (claim(END_AT_ONE, negative_slope=1.0, steps=2000), "refuted"),
    "a million steps": (claim(STUCK, steps=1_000_000, batch_size=2), "holds"),
    "a million steps to 1": (claim(END_AT_ONE, steps=1_000_000, batch_size=2), "refuted"),
    "a large start": (claim(STUCK, w=-1e30), "holds"),
    "a start below the smallest normal number": (claim(STUCK, w=-1e-40), "holds"),
    "no learning": (claim(STUCK, optimizer=SGD(learning_rate=0.0)), "holds"),
    "ascent": (claim(STUCK, optimizer=SGD(learning_rate=-0.01)), "holds"),
    "divergence": (claim(END_AT_ONE, optimizer=SGD(learning_rate=3.0), steps=500), "refuted"),
    "exactly at the optimum, within nothing": (
        claim(TrajectoryCheck(quantity="w", when="always", condition=Condition(near=1.0, within=0.0)), w=1.0),
        "holds",  # no sample has a residual: nothing ever moves
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_claims_at_the_edge_have_their_verdict(name):
    one, word = EDGES[name]
    verdict = judge(one, keras=False)
    assert verdict.verdict == word, verdict.why
    assert verdict.why


@pytest.mark.parametrize(("finer", "met"), [(said([True, False] * 4), 4), (said([True] * 7 + [False]), 7)])
def test_a_share_in_float64_is_what_the_verdict_says(finer, met):
    into = Conclusion()
    assert conclude_runs(YES, said([True] * 8, [False] * 8), None, finer, into) == (SOME,)
    into.holds = into.of_runs
    word, why = judging._word(into, [], ())
    assert (word, f"true in {met} of 8 runs" in why) == ("conditional", True)


@pytest.mark.parametrize(("rate", "diverges"), [(-0.01, True), (0.01, False)])
def test_a_run_that_diverges_is_said_to(rate, diverges):
    optimizer = SGD(learning_rate=rate, momentum=0.9)
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=2.0))
    claim = Claim(id="a", says="a", source="a", checks=(check,), experiment=Experiment(optimizer=optimizer))
    verdict = judge(claim, keras=False)
    assert verdict.verdict == "holds"
    assert any("diverges" in note for note in verdict.notes) == diverges
