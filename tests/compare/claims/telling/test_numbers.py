"""The rows of the witnesses' small table: every number says what it is."""

from types import MappingProxyType

from compare.claims.findings import Finding
from compare.claims.telling import numbers
from compare.claims.values import Claim, Condition, ShareOf, SurfaceCheck, TrajectoryCheck
from compare.claims.verdicts import Judged, Verdict, Witness
from reference import Experiment, Parameters

OF_RUN = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=0.0))
STARTS = ShareOf("starts", 4096, {"w": ("normal", 0.0, 1.0)}, 0.999, Condition(above=0.4))
OF_STARTS = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=0.0), share=STARTS)
OF_POINT = SurfaceCheck(quantity="expected_loss", points=({"w": -1.0},), condition=Condition(above=0.5))


def rows(check, exact=None, reference=None, keras=None, holds=True):
    given = {"exact": exact, "reference": reference, "keras": keras}
    witnesses = {name: None if f is None else Witness(holds=f.met, findings=(f,)) for name, f in given.items()}
    experiment = Experiment(initial=Parameters(w=-1.0), seed=7)
    claim = Claim(id="a", says="It is so.", source="a test", experiment=experiment, checks=(check,))
    judged = (Judged(check=check, text="the check", holds=holds),)
    (found,) = numbers(
        Verdict(claim=claim, verdict="holds", why="", number="", witnesses=MappingProxyType(witnesses), checks=judged)
    )
    assert (found.check, found.holds) == ("the check", holds)
    return [tuple(row) for row in found.rows]


def test_three_numbers_of_one_result_are_told_apart():
    said = "true in 13 of 32 runs, median w = -0.25"
    found = rows(
        OF_RUN,
        Finding(True, -0.5, "w = -0.5 at step 2,000"),
        Finding(None, -0.25, said, share=(13, 32, 32)),
        Finding(False, 0.125, "w = 0.125 at step 2,000"),
    )
    assert found == [
        ("expected dynamics", "w = -0.5 at step 2,000", "true"),
        ("reference, median of 32 runs", "w = -0.25", "true in 13 of 32 runs"),
        ("Keras, seed 7", "w = 0.125 at step 2,000", "false"),
    ]


def test_runs_that_cannot_tell_are_not_counted_as_true_or_false():
    why = "in 3 of 32 runs w underflows"
    finding = Finding(None, -1e-40, "true in 29 of 32 runs, median w = -1e-40", why, (29, 29, 32))
    assert rows(OF_RUN, reference=finding) == [
        (
            "reference, median of 32 runs",
            "w = -1e-40",
            "true in 29 of 29 runs; 3 of 32 cannot tell: in 3 of 32 runs w underflows",
        )
    ]
    silent = Finding(None, float("nan"), "", "in 32 of 32 runs w underflows", (0, 0, 32))
    assert rows(OF_RUN, reference=silent)[0][1:] == ("", "32 of 32 cannot tell: in 32 of 32 runs w underflows")


def test_a_share_of_starts_and_a_point_have_names_of_their_own():
    starts = Finding(True, 0.5, "2,048 of 4,096 starts", share=(2048, 4096, 4096))
    first = Finding(None, -0.5, "from the first start w = -0.5 at step 2,000")
    assert rows(OF_STARTS, starts, starts, first) == [
        ("expected dynamics", "2,048 of 4,096 starts", "true"),
        ("reference, 4,096 starts", "2,048 of 4,096 starts", "true"),
        ("Keras, the first start", "from the first start w = -0.5 at step 2,000", "shows that Keras does the same"),
    ]
    assert rows(OF_POINT, Finding(True, 1.0, "expected loss = 1 at w = -1"))[0][0] == "closed form"
