"""Boundaries: against closed forms and exact powers, confirmed by the reference or moved by noise."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from compare.claims import SharedRuns, judge
from compare.claims.boundaries.closed_forms import closed_form
from compare.claims.boundaries.flips_by_setting import Flip, flips_along_setting
from compare.claims.boundaries.flips_by_step import TIMES, first_exception, flip_along_steps, lengths_of
from compare.claims.telling.boundary_text import true_only_for
from compare.claims.telling.explain import explain
from compare.claims.values import Claim, ComparisonCheck, Condition, TrajectoryCheck, Vary
from compare.claims.witnesses.paths.path import Path
from reference import SGD, Adam, Experiment, Parameters

STUCK = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=0.0))


def run(w=-1.0, **changes):
    return Experiment(initial=Parameters(w=w), **changes)


def claim(experiment, *checks, vary=()):
    return Claim(id="a", says="b", source="c", experiment=experiment, checks=checks, vary=tuple(vary))


def boundaries(claim):
    return {boundary.setting: boundary for boundary in judge(claim, keras=False).boundaries}


# Along the steps: w_n = -(1 - lr)^n, in exact powers.


def first_step_above(threshold, lr):
    n, w = 0, Fraction(-1)
    while w <= threshold:
        n, w = n + 1, w * (1 - Fraction(lr))
    return n


def test_the_flip_along_the_steps_is_that_of_the_exact_power():
    check = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=-0.125))
    experiment = run(steps=10, optimizer=SGD(learning_rate=0.0625))
    flip = flip_along_steps([check], experiment, True, SharedRuns())
    # The threshold is met with, so that the flip is where w is no longer below it.
    assert flip.steps == first_step_above(Fraction(-1, 8), Fraction(1, 16))


@pytest.mark.parametrize("when", ["end", "ever"])
def test_what_becomes_true_later_is_refuted_with_its_boundary(when):
    check = TrajectoryCheck(quantity="w", when=when, condition=Condition(above=-0.125))
    verdict = judge(claim(run(steps=10, batch_size=200, optimizer=SGD(learning_rate=0.0625)), check), keras=False)
    assert verdict.verdict == "refuted"
    assert verdict.boundary.setting == "steps"
    assert verdict.boundary.value == first_step_above(Fraction(-1, 8), Fraction(1, 16))
    assert (verdict.boundary.below, verdict.boundary.above) == (False, True)
    assert verdict.boundary.confirmed is True


def test_what_is_false_beyond_a_boundary_is_conditional():
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=-0.125))
    verdict = judge(claim(run(steps=10, batch_size=200, optimizer=SGD(learning_rate=0.0625)), check), keras=False)
    assert verdict.verdict == "conditional"
    assert verdict.boundary.value == first_step_above(Fraction(-1, 8), Fraction(1, 16))
    assert true_only_for(verdict.boundary) == f"runs of fewer than {verdict.boundary.value} steps"
    sides = sorted(verdict.boundary.reference.items())
    assert [met for _, (met, _) in sides] == [32, 0]


def test_what_always_had_to_hold_is_refuted_with_its_first_exception():
    check = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=-0.5))
    verdict = judge(claim(run(steps=100, batch_size=200), check), keras=False)
    assert verdict.verdict == "refuted"
    assert verdict.boundary.value == first_step_above(Fraction(-1, 2), 0.01) == 69
    assert verdict.boundary.confirmed is True


def test_a_step_number_has_no_boundary_along_the_steps():
    check = TrajectoryCheck(quantity="w", when=5, condition=Condition(below=-0.5))
    flip = flip_along_steps([check], run(steps=10), True, SharedRuns())
    assert (flip.steps, flip.looked_to) == (None, TIMES * 10)


def test_the_search_goes_to_a_hundred_times_the_steps():
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=-0.5))
    experiment = run(steps=1, optimizer=SGD(learning_rate=0.0078125))
    # log(1/2) / log(127/128) = 88.4
    assert flip_along_steps([check], experiment, True, SharedRuns()).steps == 89
    slower = run(steps=1, optimizer=SGD(learning_rate=0.00390625))
    flip = flip_along_steps([check], slower, True, SharedRuns())
    assert (flip.steps, flip.looked_to, flip.windows) == (None, 100, ((1, 100),))


def test_plain_sgd_on_the_wrong_side_never_flips():
    flip = flip_along_steps([STUCK], run(), True, SharedRuns())
    assert (flip.steps, flip.looked_to) == (None, 200_000)


def test_a_step_onto_zero_is_a_fact_where_nothing_was_rounded():
    # -1 - 1 (-1) = 0, where ReLU's derivative is 0 in every framework; 0 is not below 0.
    lands = run(steps=10, optimizer=SGD(learning_rate=1.0))
    flip = first_exception([STUCK], lands, SharedRuns())
    assert (flip.steps, flip.looked_to) == (1, 0)


def steps_to_cross(momentum, lr):
    """The first n for which w is across 0, in rational numbers."""
    mu, lr, n = Fraction(momentum), Fraction(lr), 0
    w, m = Fraction(-1), Fraction(0)
    while w < 0:
        m = mu * m - lr * w
        w, n = w + m, n + 1
    return n


def test_a_distance_is_known_where_floats_round_it_to_its_threshold():
    # Distance to 1 above 1: on the way to 0 floats round it to 1 itself, long before w is across.
    check = TrajectoryCheck(quantity="w", when="end", distance_to=1.0, condition=Condition(above=1.0))
    experiment = run(steps=20, batch_size=200, optimizer=SGD(learning_rate=0.25, momentum=0.2509765625))
    across = steps_to_cross(0.2509765625, 0.25)
    verdict = judge(claim(experiment, check), keras=False)
    (boundary,) = verdict.boundaries
    assert boundary.value == across
    assert boundary.bracket == (across - 1, across)


def test_lengths_that_can_all_be_told_leave_a_single_step():
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=-0.125))
    verdict = judge(claim(run(steps=10, batch_size=200, optimizer=SGD(learning_rate=0.0625)), check), keras=False)
    assert verdict.boundary.bracket == (verdict.boundary.value - 1, verdict.boundary.value)
    assert "the flip lies between" not in explain(verdict)


def test_an_exception_after_what_cannot_be_told_has_a_bracket_too():
    tiny = float(np.finfo(np.float64).smallest_subnormal)
    w = np.array([[-1.0], [-0.5], [-tiny], [-tiny], [1.0]])
    none = Parameters(w=None, b=None, v=None, d=None)
    path = Path(run(steps=4), Parameters(w, *np.zeros((3, 5, 1))), none, None, float(np.finfo(np.float64).tiny))
    # Beside w, b is at 0 too, so that all lies on the kink from where w is too small.
    straight = replace(path, experiment=replace(path.experiment, negative_slope=1.0, dtype="float64"))
    found = lengths_of([STUCK], straight.experiment, 4, lambda _run, _steps: straight)
    assert found.resolved[:, 0].tolist() == [True, True, False, False, True]
    assert found.met[:, 0].tolist() == [True, True, True, True, False]


def test_a_run_of_its_own_length_is_compared_as_it_is():
    # Where plain SGD is after 10 steps, -0.99^10, Adam is far beyond at 150 steps, and stays.
    ten = ComparisonCheck(
        measure=TrajectoryCheck(quantity="w", when="end", condition=Condition()),
        relation="greater",
        within=None,
        other_is={"steps": 10, "optimizer": {"name": "SGD"}},
    )
    adam = run(steps=150, batch_size=100, optimizer=Adam(learning_rate=0.01))
    assert flip_along_steps([ten], adam, True, SharedRuns()).steps is None


def test_a_claim_that_is_false_from_the_start_has_no_boundary_along_the_steps():
    verdict = judge(claim(run(w=1.0, steps=5, batch_size=50), STUCK), keras=False)
    assert verdict.verdict == "refuted"
    assert verdict.boundaries == ()
    assert verdict.searched == (("steps", 5, 500),)


# Along settings: closed forms.


@pytest.mark.parametrize("lr", [0.01, 0.04, 0.25])
@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_flips_at_its_closed_form(lr, nesterov):
    root = np.sqrt(lr)
    by_hand = (1 - root) / (1 + root) if nesterov else (1 - root) ** 2
    experiment = run(optimizer=SGD(learning_rate=lr, momentum=0.1, nesterov=nesterov), steps=2000)
    (flip,) = flips_along_setting([STUCK], experiment, Vary("momentum", 0.0, 0.99, False)).flips
    assert flip.holds_below
    # In a finite run the rotation has to be fast enough: half a turn in 2000 steps.
    assert by_hand <= flip.high
    assert flip.low <= by_hand * (1 + (np.pi / 2000) ** 2 / lr)
    form = closed_form([STUCK], experiment, "momentum")
    assert form.value == by_hand
    assert form.formula.startswith("(1 - sqrt(learning_rate))")
    assert form.is_between(flip.low, flip.high)


@pytest.mark.parametrize("mu", [0.0, 0.25, 0.81])
def test_the_learning_rate_flips_at_its_closed_form(mu):
    by_hand = (1 - np.sqrt(mu)) ** 2
    experiment = run(optimizer=SGD(learning_rate=0.001, momentum=mu))
    (flip,) = flips_along_setting([STUCK], experiment, Vary("learning_rate", 0.0005, 1.9, False)).flips
    assert flip.low <= by_hand * (1 + 2.0**-8)
    assert flip.high >= by_hand
    form = closed_form([STUCK], experiment, "learning_rate")
    assert form.value == by_hand
    assert form.is_between(flip.low, flip.high)


def test_the_start_flips_at_zero():
    (flip,) = flips_along_setting([STUCK], run(), Vary("initial.w", -2.0, 3.0, False)).flips
    assert flip.low <= 0 <= flip.high
    assert flip.value == 0.0
    assert closed_form([STUCK], run(), "initial.w").value == 0.0


def test_leaky_slopes_flip_where_the_minimum_leaves_the_band():
    # The end is 1 / (1 + s^2): within 1/5 of 1 for s^2 <= 1/4.
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(near=1.0, within=0.2))
    flips = flips_along_setting(
        [check], run(negative_slope=0.3, steps=3000), Vary("negative_slope", 0.1, 1.0, False)
    ).flips
    # In a finite run w has not quite arrived, and the flip is as much farther on.
    assert flips[0].low - 2.0**-19 <= 0.5 <= flips[0].high + 2.0**-19


def test_the_nearest_flip_on_either_side_is_found():
    check = TrajectoryCheck(quantity="w", when=0, condition=Condition(near=1.0, within=0.5))
    flips = flips_along_setting([check], run(w=1.25), Vary("initial.w", -3.0, 4.0, False)).flips
    assert [flip.holds_below for flip in flips] == [True, False]
    assert flips[0].low <= 1.5 <= flips[0].high
    assert flips[1].low <= 0.5 <= flips[1].high


def test_a_flip_between_two_signs_is_at_zero():
    assert Flip(-1.0, 2.0, True).value == 0.0
    assert Flip(1.0, 2.0, True).value == 1.5


# What the reference says beside a boundary.


def test_noise_that_moves_a_boundary_is_shown():
    # With batches of 10, steps of learning rate 0.9 overshoot long before 1 does on average.
    experiment = run(steps=30, batch_size=10)
    found = boundaries(claim(experiment, STUCK, vary=[Vary("learning_rate", 0.005, 1.5, False)]))
    boundary = found["learning_rate"]
    assert boundary.bracket[0] <= 1 + 2.0**-20
    assert boundary.bracket[1] >= 1
    assert boundary.confirmed is False
    values = sorted(boundary.reference)
    assert len(values) > 2  # it was looked where the seeds flip
    assert values[0] < boundary.value / 2


def test_a_flip_inside_a_claimed_range_makes_a_claim_conditional():
    experiment = run(steps=50, batch_size=500, optimizer=SGD(learning_rate=0.04, momentum=0.1))
    loose, claimed = (Vary("momentum", 0.0, 0.95, claimed) for claimed in (False, True))
    assert judge(claim(experiment, STUCK, vary=[loose]), keras=False).verdict == "holds"
    verdict = judge(claim(experiment, STUCK, vary=[claimed]), keras=False)
    assert verdict.verdict == "conditional"
    assert verdict.boundary.setting == "momentum"
    assert "false for momentum above" in verdict.why


def test_the_batch_size_is_judged_by_the_seeds():
    # An overshoot in one step of learning rate 0.5 takes a batch whose mean of x^2 below 0 is twice the usual.
    experiment = run(steps=40, batch_size=1000, optimizer=SGD(learning_rate=0.5))
    found = boundaries(claim(experiment, STUCK, vary=[Vary("batch_size", 1, 1000, False)]))
    boundary = found["batch_size"]
    assert (boundary.below, boundary.above) == (False, True)
    shares = {size: met for size, (met, _) in boundary.reference.items()}
    assert shares[1.0] < 32 == shares[1000.0]
    assert boundary.bracket[0] < boundary.value <= 1000


def test_settings_without_a_flip_are_listed():
    verdict = judge(claim(run(steps=20, batch_size=50), STUCK, vary=[Vary("initial.w", -5.0, -0.5, True)]), keras=False)
    assert verdict.verdict == "holds"
    assert ("initial.w", -5.0, -0.5) in verdict.searched
    assert verdict.boundary is None
    assert true_only_for(verdict.boundary) == ""


def test_a_path_that_is_known_farther_than_the_search_has_come_hides_no_flip():
    shared, experiment = SharedRuns(), run(steps=10, batch_size=50)
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=-0.01))
    alone = flip_along_steps([check], experiment, True, SharedRuns())
    shared.descent(experiment).path(1_000_000)
    assert flip_along_steps([check], experiment, True, shared) == alone
    assert alone.steps == first_step_above(Fraction(-1, 100), 0.01)


def test_what_is_true_for_some_seeds_as_stated_has_no_length_up_to_which_it_holds():
    # One sample below -sqrt(5) carries w across: 0.0127 a step, so that some seeds have met one within 20 steps.
    experiment = run(steps=20, batch_size=1, optimizer=SGD(learning_rate=0.1))
    verdict = judge(claim(experiment, STUCK), keras=False)
    assert verdict.verdict == "conditional"
    assert "runs" in verdict.why
    assert verdict.boundary is None


def test_noise_that_breaks_a_claim_later_is_looked_for():
    # At rate 0.08 one sample below -2.5 carries w across. Of seeds 56 to 87 none has one among its first two, and of
    # the four that are run on, 56 has it in place 54, 57 in place 155, 58 in place 47, 59 in place 158.
    experiment = run(steps=2, batch_size=1, seed=56, optimizer=SGD(learning_rate=0.08))
    verdict = judge(claim(experiment, STUCK), keras=False)
    assert verdict.verdict == "conditional"
    assert (verdict.boundary.setting, verdict.boundary.found_by) == ("steps", "reference")
    assert verdict.boundary.value == 48
    assert verdict.boundary.with_batches == (47, 159)
    assert true_only_for(verdict.boundary) == "runs of fewer than 48 steps, whatever the batches"


def test_an_exception_in_a_run_too_long_for_the_seeds_is_held_against_distances():
    # 0.99^n is above 1/2 up to n = 68; 40 million samples of a seed are asked for in all.
    check = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=-0.5))
    verdict = judge(claim(run(steps=2000, batch_size=20_000), check), keras=False)
    assert (verdict.verdict, verdict.boundary.setting, verdict.boundary.value) == ("refuted", "steps", 69)
    assert verdict.boundary.confirmed is True
    assert not any("decides nothing" in note for note in verdict.notes)


def test_a_claimed_flip_that_no_seed_can_confirm_leaves_the_claim_open():
    from compare.claims.boundaries.flips_by_setting import SettingFlips
    from compare.claims.boundaries.seeds_by_setting import SeedsBySetting, read_seeds
    from compare.claims.verdicts import Boundary

    vary = Vary("learning_rate", 0.1, 0.9, True)
    flip = Boundary(
        setting="learning_rate",
        value=0.5,
        below=True,
        above=False,
        bracket=(0.5, 0.5),
        stated=0.1,
        range=(0.1, 0.9),
        claimed=True,
    )
    plan = SeedsBySetting(vary, SettingFlips([Flip(0.5, 0.5, True)], (0.1, 0.9)), (flip,), ((),), ())
    told = read_seeds(plan, (STUCK,), run(steps=5), SharedRuns())
    assert told.boundaries[0].confirmed is None
    assert "could not be told" in told.untold[0]


def test_what_comes_and_goes_over_a_claimed_range_is_told_in_windows():
    # One step of rate lr from 2 leaves w = 2 - lr: within 1/4 of 1 for lr in (0.75, 1.25), away from it on either side.
    check = TrajectoryCheck(quantity="w", when="end", distance_to=1.0, condition=Condition(above=0.25))
    experiment = run(w=2.0, steps=1, batch_size=100_000, optimizer=SGD(learning_rate=0.1))
    verdict = judge(claim(experiment, check, vary=[Vary("learning_rate", 0.1, 2.0, True)]), keras=False)
    assert verdict.verdict == "conditional"
    boundary = next(b for b in verdict.boundaries if b.setting == "learning_rate")
    (first, one), (other, last) = boundary.windows
    assert (first, last) == (0.1, 2.0)
    # What a step of the expected dynamics leaves is a line in the rate, which is narrowed down by halves.
    assert (round(one, 4), round(other, 4)) == (0.75, 1.25)
    assert true_only_for(boundary) == "learning rates 0.1 to 0.75 or 1.25 to 2"
