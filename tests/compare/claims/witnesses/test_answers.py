"""What a path says about a check, and when that does not count."""

from dataclasses import replace

import numpy as np
import pytest

from compare.claims.values import ComparisonCheck, Condition, StepsCheck, TrajectoryCheck
from compare.claims.witnesses.paths.answers import answer, answer_comparison
from compare.claims.witnesses.paths.path import Path
from reference import Experiment, Parameters

TINY32 = float(np.finfo(np.float32).tiny)


def path(*columns, b=None, slope=0.0, resolution=TINY32, cut=False, trainable=("w",), loss=None):
    """A path of w, one column for each member, with b at 0 unless given."""
    w = np.array(columns, np.float64).T
    b = np.zeros_like(w) if b is None else np.array(b, np.float64).T
    one = np.ones_like(w)
    experiment = Experiment(trainable=trainable, negative_slope=slope, steps=len(w) - 1)
    gradient = Parameters(np.zeros_like(w[1:]), None, None, None)
    return Path(experiment, Parameters(w, b, one, 0 * one), gradient, loss, resolution, cut)


def another(run):
    """The same path, of an experiment that is another one."""
    return replace(run, experiment=replace(run.experiment, seed=1))


def check(when, after=0, quantity="w", distance_to=None, **condition):
    return TrajectoryCheck(
        quantity=quantity, when=when, after=after, distance_to=distance_to, condition=Condition(**condition)
    )


def said(answers):
    """Met, or None where it does not count."""
    return [bool(met) if counts else None for met, counts in zip(answers.met, answers.resolved, strict=True)]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (check("end", below=0.0), [True, False]),
        (check("end", above=0.0), [False, True]),
        (check("end", near=2.0, within=0.5), [False, True]),
        (check("ever", above=0.5), [True, True]),
        (check("ever", above=0.5, after=2), [False, True]),
        (check("always", below=1.5), [True, False]),
        (check("always", above=-0.75, after=1), [False, True]),
        (check(0, near=-1.0, within=0.25), [True, True]),
        (check(1, above=0.5), [True, False]),
        (check("end", distance_to=1.0, above=1.5), [True, False]),
        (check("always", quantity="step.w", distance_to=0.0, below=2.75), [True, True]),
        (check(0, quantity="step.w", above=1.0), [True, False]),
        (check("ever", quantity="step.w", below=0.0), [True, False]),
    ],
)
def test_a_check_is_read_off_the_path(check, expected):
    assert said(answer(check, path([-1, 1, -1], [-1, -0.5, 2]))) == expected


def test_the_number_is_the_one_that_decides():
    answers = answer(check("always", below=1.5), path([-1, 1, -1], [-1, 2, 3]))
    assert answers.number.tolist() == [1.0, 2.0]  # the nearest to the threshold; the first beyond it
    assert answers.step.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("until", "condition", "expected"),
    [
        ({"above": 0.0}, {"below": 5.0}, [True, None]),  # met at 1; not met in 2 steps, perhaps in 4
        ({"above": 0.0}, {"above": 0.5}, [True, True]),  # later than 0.5 in any case
        ({"above": 0.0}, {"below": 1.0}, [False, False]),
        ({"above": -2.0}, {"near": 0.0, "within": 0.0}, [True, True]),
        ({"below": -5.0}, {"near": 9.0, "within": 1.0}, [None, None]),
    ],
)
def test_steps_until_something_happens(until, condition, expected):
    steps = StepsCheck(until=check("ever", **until), condition=Condition(**condition))
    assert said(answer(steps, path([-1, 1, -1], [-1, -0.5, -0.25]))) == expected


def test_underflow_decides_nothing():
    """What lies on the threshold, or nearer to it than the smallest normal number, does not count."""
    answers = answer(check("always", below=0.0), path([-1, -1e-40, -1e-40], [-1, -1e-3, 0.0], [-1, -1e-3, -1e-30]))
    assert answers.met.tolist() == [True, False, True]
    assert said(answers) == [None, None, True]
    assert "underflow" in answers.reason


def test_it_is_told_which_resolution_ends_and_in_how_many_runs():
    below = check("always", below=0.0)
    assert answer(below, path([-1, -1e-40, -1e-40], [-1, -1, -0.5], [-1, -1e-3, -1e-39])).reason == (
        "in 2 of 3 runs w underflows"
    )
    assert answer(below, path([-1, -1e-40, -1e-40], [-1, -1e-3, 0.0])).reason == (
        "in 1 of 2 runs w underflows and "
        "in 1 of 2 runs w is exactly 0, where the value taken for the derivative decides"
    )
    assert answer(below, path([-1, -1e-40, -1e-40])).reason == "w underflows"
    both = path([-1, -1e-40, -1e-40], b=[[1, 1e-40, 1e-40]], trainable=("w", "b"))
    assert answer(below, both).reason == "w and b underflow"


def test_where_all_runs_can_tell_there_is_no_reason():
    assert answer(check("always", below=0.0), path([-1, -0.5], [-1, -0.25])).reason == ""


def test_a_sign_that_is_known_counts_however_small():
    assert said(answer(check("always", below=0.0), path([-1, -1e-300], resolution=0.0))) == [True]


def test_nothing_counts_once_all_samples_were_on_the_kink():
    through_zero = path([-1, 0.0, 3.0], [-1, -0.5, 3.0])
    assert said(answer(check("end", above=1.0), through_zero)) == [None, True]
    assert said(answer(check("ever", above=1.0), through_zero)) == [None, True]
    # What had happened before stands.
    assert said(answer(check(0, below=0.0), through_zero)) == [True, True]
    assert said(answer(check("ever", below=-0.5), through_zero)) == [True, True]


def test_a_start_at_zero_is_decided_by_the_derivative_that_all_frameworks_take():
    # relu'(0) is 0 everywhere; of leaky ReLU frameworks take different ones.
    for slope, told in ((0.0, True), (0.25, None)):
        at_zero = path([0.0, 0.0, 0.0], slope=slope)
        assert said(answer(check("end", near=0.0, within=0.5), at_zero)) == [told]
        assert said(answer(check(0, near=0.0, within=0.5), at_zero)) == [True]
        assert said(answer(check(0, quantity="gradient.w", below=1.0), at_zero)) == [told]


def test_a_start_counts_as_it_is_written():
    start = Experiment(initial=Parameters(w=-0.1), steps=1, batch_size=4)
    w = np.float32([[-0.1], [-0.05]])
    run = Path(start, Parameters(w, 0 * w, 1 + 0 * w, 0 * w), Parameters(-w[1:], None, None, None), None, TINY32)
    assert float(w[0, 0]) < -0.1  # in float32
    assert said(answer(check(0, near=-0.1, within=0.0), run)) == [True]
    assert said(answer(check("ever", below=-0.1), run)) == [False]
    # What an update has touched is known to half an ulp, and -0.05 may be on either side.
    assert said(answer(check("end", below=-0.05), run)) == [None]
    assert said(answer(check("end", below=-0.0499999), run)) == [True]


def test_a_gradient_without_a_sample_is_exactly_zero_and_one_that_is_too_small_is_not():
    still, tiny = path([-1.0, -1.0]), path([-1e-30, -1e-30])
    for quantity in ("gradient.w", "step.w"):
        moved = check(0, quantity=quantity, distance_to=0.0, above=0.0)
        assert said(answer(moved, still)) == [False]
        assert said(answer(moved, tiny)) == [None]


def test_a_loss_that_overflowed_is_not_below_anything():
    loss = np.array([[1.0], [np.inf], [np.nan]])
    run = path([-1, 1e30, np.inf, np.nan], loss=loss)
    assert said(answer(check("end", quantity="loss", below=1.0), run)) == [False]
    assert said(answer(check("ever", quantity="loss", above=1e6), run)) == [True]
    assert said(answer(check("end", quantity="expected_loss", below=1.0), run)) == [False]


def test_zero_weight_is_no_kink_where_a_bias_or_a_straight_line_is():
    assert said(answer(check("end", above=1.0), path([-1, 0.0, 3.0], b=[[1, 1, 1]]))) == [True]
    assert said(answer(check("end", above=1.0), path([-1, 0.0, 3.0], slope=1.0))) == [True]
    assert said(answer(check("end", above=1.0), path([-1, 0.0, 3.0], trainable=("v",)))) == [True]


def test_a_run_that_was_cut_tells_what_it_saw():
    short = path([-1, -0.5, 2.0], [-1, -0.5, -0.25], cut=True)
    assert said(answer(check("end", above=0.0), short)) == [None, None]
    assert said(answer(check("ever", above=0.0), short)) == [True, None]
    assert said(answer(check("always", below=0.0), short)) == [False, None]
    assert said(answer(check(1, below=0.0), short)) == [True, True]


def test_what_is_not_a_number_is_neither_above_nor_below_nor_near():
    diverged = path([-1, np.inf, np.nan])
    for side in ({"above": 0.0}, {"below": 0.0}):
        answers = answer(check("end", **side), diverged)
        assert said(answers) == [None]
        assert "diverged" in answers.reason
    assert said(answer(check("end", near=0.0, within=1e30), diverged)) == [False]
    # What came before counts.
    assert said(answer(check("always", below=0.0), diverged)) == [False]
    assert said(answer(check("ever", above=0.0), diverged)) == [True]
    # A run that diverged is infinitely far from anything.
    assert said(answer(check("end", distance_to=1.0, above=5.0), diverged)) == [True]


@pytest.mark.parametrize(
    ("relation", "more", "expected"),
    [
        ("less", {}, [True, False, None]),
        ("greater", {}, [False, True, None]),
        ("near", {"within": 0.75}, [False, True, True]),
    ],
)
def test_two_runs_are_compared_member_by_member(relation, more, expected):
    compared = ComparisonCheck(
        measure=check("end", distance_to=1.0),
        relation=relation,
        within=more.get("within"),
        other_is={},
    )
    ours = path([-1, 1.0], [-1, 2.0], [-1, 3.0])
    theirs = another(path([-1, 2.0], [-1, 1.5], [-1, 3.0]))
    assert said(answer_comparison(compared, ours, theirs)) == expected


@pytest.mark.parametrize(("relation", "expected"), [("less", False), ("greater", False), ("near", True)])
@pytest.mark.parametrize("when", ["end", 0])
def test_a_run_compared_with_itself_is_a_tie(relation, expected, when):
    within = 0.0 if relation == "near" else None
    compared = ComparisonCheck(measure=check(when), relation=relation, within=within, other_is={"seed": 0})
    alike = path([-1, 0.3], [-1, 1e-30], [-1, np.nan])
    assert said(answer_comparison(compared, alike, alike)) == [expected] * 3


@pytest.mark.parametrize(
    ("relation", "expected"), [("less", [True, False]), ("greater", [False, False]), ("near", [False, True])]
)
def test_equal_numbers_of_steps_are_equal(relation, expected):
    until = StepsCheck(until=check("ever", above=0.0), condition=Condition())
    within = 0.0 if relation == "near" else None
    compared = ComparisonCheck(measure=until, relation=relation, within=within, other_is={})
    ours, theirs = path([-1, 1, 1], [-1, -1, 1]), path([-1, -1, 1], [-1, -1, 1])
    assert said(answer_comparison(compared, ours, theirs)) == expected


def test_never_is_later_than_any_step_but_not_than_never():
    until = StepsCheck(until=check("ever", above=0.0), condition=Condition())
    later = ComparisonCheck(measure=until, relation="greater", within=None, other_is={})
    ours, theirs = path([-1, -1], [-1, -1]), another(path([-1, 1], [-1, -1]))
    assert said(answer_comparison(later, ours, theirs)) == [True, None]
