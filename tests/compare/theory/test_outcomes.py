"""One word for what became of a neuron, and why: against what can be said by hand."""

import numpy as np
import pytest

from compare.surface import critical_points
from compare.sweep import Axis, Sweep, run_sweep
from compare.theory.outcomes import NAMES, OUTCOMES, outcome_of, outcomes_at, outcomes_of
from compare.theory.reasons import active_share, reason
from compare.theory.success import succeeded
from reference import SGD, Experiment, Parameters, Target, train

STILL = SGD(learning_rate=0.0)


def at(w, b=0.0, v=1.0, d=0.0, trainable=("w", "b"), **changes):
    """A run that stays where it begins."""
    experiment = Experiment(initial=Parameters(w, b, v, d), trainable=trainable, steps=1, optimizer=STILL, **changes)
    return train(experiment)


@pytest.mark.parametrize(
    ("run", "outcome", "why"),
    [
        # Without bias, ReLU: parabolas (w - 1)^2 / 2 right of 0, w^2 / 2 + 1/2 left of it.
        (at(1.0, trainable=("w",)), "learned", "at w = 1, the minimum"),
        (at(-1e-6, trainable=("w",)), "stuck", "at w = -1e-06, where the slope left of 0 is gone"),
        (at(-0.5, trainable=("w",)), "on its way", "still moving after 1 step, expected loss 0.625"),
        # Minima at w = 1 / (1 + c^2) and, for c < 0, at c / (1 + c^2), with losses 0.1 and 0.4 at -1/2.
        (at(0.8, trainable=("w",), negative_slope=-0.5), "learned", "at w = 0.8, the minimum, loss 0.1"),
        (
            at(-0.4, trainable=("w",), negative_slope=-0.5),
            "stuck",
            "at w = -0.4, a local minimum: loss 0.4, the least is 0.1",
        ),
        # Phi(-3) = 0.00135 of the inputs: on the left they push down, on the right they pull up.
        (at(-1.0, -3.0), "dead", "active on 0.1 % of inputs"),
        (at(1.0, -3.0), "on its way", "active on 0.1 % of inputs, which bring it back"),
        (at(0.0625, -3.0), "dead", "active on no input"),
        (at(0.5, 0.5), "on its way", "still moving after 1 step, expected loss 0.0822"),
        # Wrong way and upside down: a line within 3 parts in 10^5, v w = E[x y] = 1/2.
        (
            at(-0.5, 2.0, -1.0, 2.0 + 1 / np.sqrt(2 * np.pi), trainable=("w", "b", "v", "d")),
            "stuck",
            "at w = -0.5, b = 2, v = -1, d = 2.4, almost a straight line, which it becomes at infinity",
        ),
    ],
)
def test_each_outcome_has_its_reason(run, outcome, why):
    assert outcome_of(run) == outcome
    assert reason(run) == why


def test_a_run_that_diverges_says_when():
    run = train(Experiment(initial=Parameters(w=2.0), steps=300, optimizer=SGD(learning_rate=3.0), batch_size=50))
    assert outcome_of(run) == "diverged"
    assert reason(run) == f"not finite after {run.diverged_at} steps"


def test_below_the_loss_to_beat_a_run_need_not_have_learned():
    run = at(2.0, -1.5)
    assert succeeded(run)
    assert outcome_of(run) == "on its way"


def test_two_equal_minima_have_the_same_outcome():
    """The absolute value, c = -1: a shifted one has learned, from either side; |w x| is no better than a line."""
    alike = critical_points(trainable=("w", "b", "v", "d"), negative_slope=-1.0)[:2]
    experiment = Experiment(trainable=("w", "b", "v", "d"), negative_slope=-1.0)
    assert [NAMES[int(outcomes_at(experiment, point.parameters).outcome)] for point in alike] == ["learned"] * 2
    assert alike[0].loss == alike[1].loss
    assert [outcome_of(at(w, trainable=("w",), negative_slope=-1.0)) for w in (0.5, -0.5)] == ["stuck", "stuck"]


def test_shares_are_those_of_a_sweep_over_the_same_starts():
    w, b = np.linspace(-2, 2, 8), np.linspace(-2, 2, 6)
    common = {"trainable": ("w", "b"), "steps": 400, "batch_size": 200}
    run = train(Experiment(initial=Parameters(w=w, b=b[:, None]), **common), record="end")
    axes = (Axis("initial.b", tuple(b.tolist())), Axis("initial.w", tuple(w.tolist())))
    result = run_sweep(Sweep(name="same", says="", experiment=Experiment(**common), grid=axes))
    found = outcomes_of(run)
    assert np.array_equal(found.outcome, result.label)
    assert {name: found.share(name) for name in OUTCOMES} == {name: result.share(name) for name in OUTCOMES}
    assert len(np.unique(found.outcome)) == 3


def test_members_with_slopes_of_their_own_are_told_one_by_one():
    slopes = np.array([-0.5, 0.0, 0.5])
    found = outcomes_at(Experiment(negative_slope=slopes), Parameters(w=np.array([-0.4, -1e-3, 0.8])))
    assert [NAMES[i] for i in found.outcome] == ["stuck", "stuck", "learned"]


def test_what_is_not_finite_has_diverged_and_no_loss():
    found = outcomes_at(Experiment(initial=Parameters(w=np.ones(2))), Parameters(w=np.array([np.nan, 1.0])))
    assert [NAMES[i] for i in found.outcome] == ["diverged", "learned"]
    assert np.isnan(found.loss[0])
    assert found.loss[1] == 0


def test_a_share_of_inputs_is_said_in_per_cent():
    assert active_share(Parameters(w=1.0)) == "50 % of inputs"
    assert active_share(Parameters(w=0.0, b=-1.0)) == "no input"


@pytest.mark.parametrize(
    ("slope", "trainable", "word"),
    [
        (1.0, ("w",), "stuck"),
        (1.0, ("w", "b"), "stuck"),
        (-1.0, ("w",), "stuck"),  # |x| / 2 is no better than x / 2
        (-1.0, ("w", "b", "v", "d"), "learned"),  # but a shifted one is
        (0.99, ("w",), "learned"),
        (0.3, ("w", "b"), "learned"),
        (1.5, ("w",), "stuck"),
    ],
)
def test_a_least_loss_that_a_straight_line_has_too_is_not_learning(slope, trainable, word):
    (best, *_) = critical_points(trainable=trainable, negative_slope=slope)
    experiment = Experiment(trainable=trainable, negative_slope=slope)
    assert NAMES[int(outcomes_at(experiment, best.parameters).outcome)] == word


def test_a_line_that_learns_a_line_has_learned():
    target = Target(w=2.0, negative_slope=1.0)
    experiment = Experiment(negative_slope=1.0, target=target)
    assert NAMES[int(outcomes_at(experiment, Parameters(w=2.0)).outcome)] == "learned"


def test_only_those_whom_descent_brings_no_further_away_are_stuck_at_a_kink():
    found = outcomes_at(Experiment(initial=Parameters(w=np.zeros(3))), Parameters(w=np.array([-0.01, 0.0, 0.01])))
    assert [NAMES[i] for i in found.outcome] == ["stuck", "stuck", "on its way"]
    w, b = np.array([-0.01, -0.01, 0.01, 0.01]), np.array([-0.001, 0.01, 0.01, -0.001])
    both = Experiment(initial=Parameters(w=w, b=b), trainable=("w", "b"))
    found = outcomes_at(both, Parameters(w=w, b=b))
    assert [NAMES[i] for i in found.outcome] == ["stuck", "on its way", "on its way", "on its way"]
