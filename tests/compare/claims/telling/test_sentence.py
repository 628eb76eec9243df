"""A verdict as a sentence, which never says more than the verdict does."""

from types import MappingProxyType

import pytest

from compare.claims.telling import verdict_sentence
from compare.claims.values import Claim, Condition, TrajectoryCheck
from compare.claims.verdicts import Boundary, Judged, Verdict, Witness
from reference import Experiment

CHECK = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=0.0))


def boundary(**changes):
    flip = {"setting": "momentum", "value": 0.81, "bracket": (0.81, 0.81), "stated": 0.5, "range": (0.0, 1.0)}
    return Boundary(**({"below": True, "above": False, "confirmed": True} | flip | changes))


STEPS = boundary(setting="steps", value=24, stated=2000, bracket=(23, 24), range=(0, 2000))
LATER = boundary(setting="steps", value=6217, stated=2000, bracket=(6216, 6217), range=(2000, 20000))
LONGER = (("steps", 2000, 200000),)


def verdict(word, *boundaries, exact=None, check=None, share=None, why="because", **more):
    holds = {"holds": True, "refuted": False}.get(word)
    exact = holds if exact is None else exact
    witnesses = {
        "exact": Witness(holds=exact, findings=(None,)),
        "reference": Witness(holds=holds, findings=(None,), share=share),
        "keras": None,
    }
    claim = Claim(id="a", says="It is so.", source="a test", experiment=Experiment(), checks=(CHECK,))
    return Verdict(
        claim=claim,
        verdict=word,
        why=why,
        number="3",
        witnesses=MappingProxyType(witnesses),
        checks=(Judged(check=CHECK, text="w at the end below 0", holds=holds if check is None else check),),
        boundary=boundaries[0] if boundaries else None,
        boundaries=boundaries,
        **more,
    )


NOISELESS = " (looked at without batch noise)"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (verdict("holds"), "True."),
        (verdict("refuted"), "False."),
        (verdict("holds", searched=LONGER), f"True, and stays so for runs of 2,000 to 200,000 steps{NOISELESS}."),
        (verdict("refuted", searched=LONGER), f"False, and stays so for runs of 2,000 to 200,000 steps{NOISELESS}."),
        (verdict("refuted", STEPS), "False. It would be true for runs of fewer than 24 steps."),
        (verdict("holds", boundary()), "True. It would be false for momentum above 0.81."),
        (
            verdict("holds", boundary(found_by="reference")),
            "True. It would be false with some batches for momentum above 0.81.",
        ),
        (
            verdict("refuted", boundary(found_by="reference", stated=0.9)),
            "False. It would be true, whatever the batches, for momentum below 0.81.",
        ),
        (
            verdict(
                "refuted", STEPS, boundary(stated=0.9), boundary(setting="learning_rate", stated=0.9, windows=((0, 1),))
            ),
            "False. It would be true for runs of fewer than 24 steps, or for momentum below 0.81.",
        ),
        (  # a boundary of batches is told alone, and one that the claim is true on this side of not at all
            verdict("refuted", boundary(found_by="reference", stated=0.9), STEPS),
            "False. It would be true, whatever the batches, for momentum below 0.81.",
        ),
        (verdict("refuted", STEPS, boundary()), "False. It would be true for runs of fewer than 24 steps."),
        (verdict("conditional", LATER, check=True), "True only for runs of fewer than 6,217 steps."),
        (
            verdict("conditional", boundary(found_by="reference"), check=True),
            "True, whatever the batches, only for momentum below 0.81.",
        ),
        (
            verdict("conditional", boundary(claimed=True), check=True),
            "True only for momentum below 0.81. It is meant for momentum above 0.81 too, and false there.",
        ),
        (verdict("conditional", share=(13, 32)), "True in 13 of 32 runs: it depends on the batches."),
        (verdict("conditional", LATER, share=(13, 32)), "True in 13 of 32 runs: it depends on the batches."),
        # Where runs in finer numbers decided, the share of the others is no answer.
        (verdict("conditional", share=(0, 0)), "True in some runs and false in others: it depends on the batches."),
        (verdict("undecided", why="in 3 of 32 runs w underflows"), "Not decided: in 3 of 32 runs w underflows."),
        (verdict("not auditable", why="A matter of taste."), "Cannot be checked. A matter of taste."),
        (
            verdict("refuted", boundary(setting="steps", windows=((45, 79), (116, 151)))),
            "False. It is true for runs of 45 to 79 or 116 to 151 steps only.",
        ),
        (
            verdict("holds", contradictions=("one and the other",)),
            "True. The witnesses contradict each other.",
        ),
    ],
)
def test_a_verdict_is_a_sentence(found, sentence):
    assert verdict_sentence(found) == sentence


def test_the_ranges_can_be_left_out():
    assert verdict_sentence(verdict("holds", searched=LONGER), unchanged=False) == "True."


def test_ranges_of_an_expected_dynamics_that_says_otherwise_are_not_told():
    assert verdict_sentence(verdict("refuted", exact=True, searched=LONGER)) == "False."


def test_a_boundary_of_an_expected_dynamics_that_says_otherwise_is_told_as_its_own():
    # Stated is 0.5, where the expected dynamics has it true; with batches it is false.
    assert verdict_sentence(verdict("refuted", boundary(), exact=True)) == (
        "False. Without batch noise it would be true for momentum below 0.81."
    )


@pytest.mark.parametrize(
    "boundaries", [(), (LATER,), (boundary(found_by="reference"),), (boundary(windows=((0, 1), (2, 3))),)]
)
@pytest.mark.parametrize("check", [True, None])
@pytest.mark.parametrize("share", [None, (13, 32), (32, 32)])
def test_what_is_true_on_conditions_never_reads_like_what_is_true(boundaries, check, share):
    said = verdict_sentence(verdict("conditional", *boundaries, check=check, share=share))
    assert said.startswith(("True only for ", "True in ", "True, whatever the batches, only for "))
