"""Loss and weight over time: which numbers are drawn where."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from compare.figures import style, trajectory
from compare.figures.training_curves import epoch_means
from reference import SGD, Experiment, Parameters, train


@pytest.fixture
def axes():
    return tuple(Figure().subplots(2, sharex=True))


@pytest.fixture
def counted():
    """250 steps whose losses are 0, 1, 2, ..."""
    run = train(Experiment(steps=250, batch_size=4))
    return replace(run, loss=np.arange(250, dtype=np.float32))


def test_the_loss_of_an_epoch_is_the_mean_over_its_steps(counted):
    # Sums of k consecutive integers over k: the middle.
    at, mean = epoch_means(counted)
    assert at.tolist() == [1.0, 2.0, 2.5]
    assert mean.tolist() == [49.5, 149.5, 224.5]


def test_the_weight_of_an_epoch_is_the_one_after_it(axes, counted):
    _, below = trajectory(counted, ax=axes)
    line = below.lines[0]
    assert line.get_xdata().tolist() == [0.0, 1.0, 2.0, 2.5]
    assert line.get_ydata().tolist() == counted.parameters.w[[0, 100, 200, 250]].tolist()


def test_steps_can_be_drawn_one_by_one(axes, counted):
    above, below = trajectory(counted, per="step", ax=axes)
    assert above.lines[0].get_ydata()[1:].tolist() == counted.loss[1:].tolist()
    assert below.lines[0].get_ydata().tolist() == counted.parameters.w.tolist()
    assert below.get_xlabel() == "step"


def test_axes_are_labelled_shared_and_logarithmic_above(axes, counted):
    assert trajectory(counted, ax=axes) == axes
    above, below = axes
    assert (above.get_yscale(), above.get_ylabel()) == ("log", "loss")
    assert (below.get_yscale(), below.get_ylabel(), below.get_xlabel()) == (
        "linear",
        "weight w",
        "epoch (100 steps)",
    )


def test_the_target_weight_is_marked(axes, counted):
    _, below = trajectory(counted, ax=axes)
    (target,) = (line for line in below.lines if line.get_label() == "target w = 1")
    assert target.get_color() == style.TARGET
    assert list(target.get_ydata()) == [1.0, 1.0]


def test_runs_have_the_colour_of_what_became_of_them_and_lines_of_their_own(axes, backward, right_way):
    above, below = trajectory(right_way, backward, ax=axes)
    for ax in (above, below):
        assert [line.get_color() for line in ax.lines[:2]] == [style.LOOKS["on its way"].colour] * 2
        assert len({line.get_linestyle() for line in ax.lines[:2]}) == 2


def test_all_trained_parameters_are_drawn(axes):
    start = Parameters(w=1.5, b=0.25, v=0.5, d=0.25)
    run = train(Experiment(initial=start, trainable=("w", "b", "v", "d"), steps=120, batch_size=20))
    _, below = trajectory(run, per="step", ax=axes)
    assert below.get_ylabel() == "parameters w, b, v, d"
    drawn = {line.get_label(): line.get_ydata().tolist() for line in below.lines}
    assert drawn == {name: getattr(run.parameters, name).tolist() for name in "wbvd"}
    assert len({line.get_linestyle() for line in below.lines}) == 4


def test_a_loss_of_exactly_0_is_left_out_of_the_logarithm(axes):
    # From the target itself there is nothing to learn: every loss is 0.
    run = train(Experiment(initial=Parameters(w=1.0), steps=150, batch_size=4))
    above, _ = trajectory(run, ax=axes)
    assert (run.loss == 0).all()
    assert np.isnan(above.lines[0].get_ydata()).all()
    above.figure.canvas.draw()


def test_divergence_is_drawn_without_a_warning(axes, diverging):
    above, below = trajectory(diverging, ax=axes)
    assert "diverged" in above.lines[0].get_label()
    assert np.isnan(below.lines[0].get_ydata()[-1])
    above.figure.canvas.draw()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda run: trajectory(), ValueError, "needs at least one Trajectory, got none"),
        (lambda run: trajectory(run, per="day"), ValueError, 'per must be "epoch" or "step", got \'day\''),
        (lambda run: trajectory(run, labels=["a", "b"]), ValueError, "one for each of 1 runs, got 2"),
        (lambda run: trajectory(run.loss), TypeError, "trajectory draws Trajectories"),
        (
            lambda run: trajectory(train(Experiment(initial=Parameters(w=np.ones(3)), steps=2, optimizer=SGD()))),
            ValueError,
            r"got an ensemble of shape \(3,\)",
        ),
    ],
)
def test_mistakes_are_told(counted, call, error, message):
    with pytest.raises(error, match=message):
        call(counted)
