"""Formulas of boundaries: against exact recurrences, and beside no boundary but their own."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from compare.claims import judge
from compare.claims.boundaries.closed_forms import ClosedForm, closed_form
from compare.claims.telling.explain import explain
from compare.claims.values import Claim, ComparisonCheck, Condition, StepsCheck, TrajectoryCheck, Vary
from reference import SGD, Adam, Experiment, Parameters

STUCK = TrajectoryCheck(quantity="w", when="always", condition=Condition(below=0.0))
ARRIVES = TrajectoryCheck(quantity="w", when="end", condition=Condition(near=1.0, within=0.1))


def run(w=-1.0, **changes):
    return Experiment(initial=Parameters(w=w), **changes)


def crossing(lr, mu, nesterov, most):
    """After how many steps w gets from -1 across 0 where dL/dw = w, in rational arithmetic; infinity if not in most."""
    lr, mu = Fraction(lr), Fraction(mu)
    w, m = Fraction(-1), Fraction(0)
    for n in range(1, most + 1):
        m = mu * m - lr * w
        w += mu * m - lr * w if nesterov else m
        if w > 0:
            return n
        # Denominators would double with each step. Before it crosses, |w| is some 2^-n, with n up to 200 here.
        w, m = (Fraction(round(x * 2**400), 2**400) for x in (w, m))
    return math.inf


def exact_boundary(setting, nesterov, steps):
    """Where crossing in so many steps begins, halved down to 2^-40 along the setting; the other one is fixed."""
    low, high = Fraction(1, 100), Fraction(99, 100)
    for _ in range(40):
        middle = (low + high) / 2
        lr, mu = (0.25, middle) if setting == "momentum" else (middle, 0.25)
        low, high = (low, middle) if crossing(lr, mu, nesterov, steps) <= steps else (middle, high)
    return float(low), float(high)


@pytest.mark.parametrize("steps", [12, 40])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("setting", ["momentum", "learning_rate"])
def test_the_boundary_of_crossing_in_time_is_the_formulas_own(setting, nesterov, steps):
    low, high = exact_boundary(setting, nesterov, steps)
    experiment = run(steps=steps, optimizer=SGD(learning_rate=0.25, momentum=0.25, nesterov=nesterov))
    form = closed_form([STUCK], experiment, setting)
    assert form.value < high
    assert low < form.late
    assert form.is_between(low, high)
    # Twice the run is nearer to the formula, which is for a run of any length.
    assert low - form.value > exact_boundary(setting, nesterov, 2 * steps)[1] - form.value


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("setting", ["momentum", "learning_rate"])
def test_where_the_formula_ends_crossing_takes_half_of_the_run(setting, nesterov):
    steps, sgd = 400, SGD(learning_rate=0.25, momentum=0.25, nesterov=nesterov)
    form = closed_form([STUCK], run(steps=steps, optimizer=sgd), setting)
    lr, mu = (0.25, form.late) if setting == "momentum" else (form.late, 0.25)
    # From rest the rotation begins at a phase, which is worth 1 / sqrt(lr) steps: cos(theta) - r is about sqrt(a).
    assert steps / 2 - 1 / math.sqrt(0.25) - 1 <= crossing(lr, mu, nesterov, steps) <= steps / 2 + 1


def test_where_nothing_turns_fast_enough_the_formula_goes_all_the_way():
    for nesterov in (False, True):
        brief = run(steps=4, optimizer=SGD(learning_rate=0.01, momentum=0.5, nesterov=nesterov))
        assert closed_form([STUCK], brief, "momentum").late == 1.0


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.79), (0.83, 0.9), (2.0, 2.1)])
def test_a_boundary_elsewhere_is_not_the_formulas(low, high):
    form = ClosedForm("f", 0.8, 0.82)
    assert not form.is_between(low, high)
    assert form.is_between(0.79, 0.8)
    assert form.is_between(0.82, 0.83)
    assert form.is_between(0.0, 1.0)


def judged(experiment, vary):
    claim = Claim(id="a", says="It arrives.", source="c", experiment=experiment, checks=(ARRIVES,), vary=(vary,))
    return judge(claim, keras=False)


def test_a_step_too_large_to_come_to_rest_is_not_a_step_too_small_to_jump():
    verdict = judged(
        run(steps=400, batch_size=100, optimizer=SGD(learning_rate=1.5)), Vary("learning_rate", 0.4, 2.5, False)
    )
    jumps, diverges = sorted(verdict.boundaries, key=lambda boundary: boundary.value)
    assert jumps.bracket[0] <= 1 <= jumps.bracket[1]
    assert jumps.closed_form == ("1", 1.0)
    assert diverges.bracket[0] > 1.9
    assert diverges.closed_form is None
    assert explain(verdict).count("in a run of any length that changes at") == 1


def test_a_momentum_too_slow_to_settle_is_not_one_too_small_to_cross():
    experiment = run(steps=400, batch_size=100, optimizer=SGD(learning_rate=0.04, momentum=0.9))
    crosses, settles = sorted(judged(experiment, Vary("momentum", 0.1, 0.999, False)).boundaries, key=lambda b: b.value)
    # It has to cross and to arrive: the crossing is what takes longest.
    assert 0.64 < crosses.value < 0.65
    assert crosses.closed_form == ("(1 - sqrt(learning_rate))^2", 0.8**2)
    assert settles.value > 0.9
    assert settles.closed_form is None


def test_formulas_are_given_only_where_they_hold():
    other = TrajectoryCheck(quantity="loss", when="end", condition=Condition(below=0.0))
    assert closed_form([other], run(), "learning_rate") is None
    assert closed_form([STUCK], run(w=1.0), "learning_rate") is None
    assert closed_form([STUCK], run(negative_slope=0.1), "learning_rate") is None
    assert closed_form([STUCK], run(optimizer=Adam()), "learning_rate") is None
    assert closed_form([STUCK], run(), "batch_size") is None
    form = closed_form([STUCK], Experiment(initial=Parameters(w=-1.0, v=0.5)), "learning_rate")
    assert form[:2] == ("1 / 0.25", 4.0)


def test_a_neuron_that_says_nothing_has_no_formula():
    silent = Experiment(initial=Parameters(w=-1.0, v=0.0))
    for setting in ("learning_rate", "momentum", "initial.w"):
        assert closed_form([STUCK], silent, setting) is None


def test_what_is_asked_of_a_certain_step_is_not_for_a_run_of_any_length():
    early = replace(STUCK, when=100)
    soon = StepsCheck(
        until=replace(STUCK, when="ever", condition=Condition(above=0.0)), condition=Condition(below=100.0)
    )
    compared = ComparisonCheck(measure=early, relation="less", within=None, other_is={})
    for check in (early, soon, compared):
        assert closed_form([check], run(optimizer=SGD(momentum=0.5)), "momentum") is None
