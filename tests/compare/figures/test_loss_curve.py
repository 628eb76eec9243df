"""The loss curve, held against the closed form in rational arithmetic."""

from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pytest

from compare.figures import close_up, loss_curve, style
from reference import Experiment, Parameters, Target, train

# compare.surface.loss: |error| <= 40 u L, u = 2^-53.
RELATIVE_ERROR = Fraction(40, 2**53)


def closed_form(w, s):
    """E (phi(w x) - relu(x))^2 by hand: half of the squares on either side of 0 (E x^2 1(x > 0) = 1/2)."""
    w, s = Fraction(float(w)), Fraction(s)
    if w >= 0:
        return ((w - 1) ** 2 + (s * w) ** 2) / 2
    return ((s * w - 1) ** 2 + w**2) / 2


def lines(ax):
    return {line.get_label().split(":")[0]: line for line in ax.lines}


def assert_on_curve(line, s):
    for w, loss in zip(*line.get_data(), strict=True):
        exact = closed_form(w, s)
        assert abs(Fraction(float(loss)) - exact) <= RELATIVE_ERROR * exact, w


@pytest.mark.parametrize("s", [0.0, 0.25, -0.5, 1.5])
def test_the_curve_is_the_closed_form(ax, s):
    loss_curve(ax=ax, negative_slope=s)
    assert_on_curve(lines(ax)["expected loss"], s)


def test_every_point_visited_lies_on_the_closed_form(ax, backward, right_way):
    loss_curve(right_way, backward, ax=ax, every=7)
    for start, run in ((10, right_way), (-10, backward)):
        line = lines(ax)[f"from w = {style.number(start)}"]
        assert line.get_xdata().tolist() == run.parameters.w[::7].tolist()
        assert_on_curve(line, 0)


def test_the_kink_itself_is_a_point_of_the_curve(ax):
    loss_curve(ax=ax, xlim=(-1.0, 3.0))
    w, loss = lines(ax)["expected loss"].get_data()
    assert loss[w == 0.0].tolist() == [0.5]


def test_colours_say_what_became_of_a_run(ax, backward, right_way):
    loss_curve(backward, right_way, ax=ax)
    drawn = lines(ax)
    assert drawn[f"from w = {style.number(-10)}"].get_color() == style.LOOKS["on its way"].colour
    assert drawn["from w = 10"].get_color() == style.LOOKS["on its way"].colour
    assert drawn["minimum"].get_color() == style.TARGET


def test_markers_say_what_became_of_a_run_and_fillings_tell_equals_apart(ax):
    common = {"steps": 1000, "batch_size": 50}
    learned, stuck, also = (train(Experiment(initial=Parameters(w=w), **common)) for w in (3.0, -3.0, -2.0))
    loss_curve(learned, stuck, also, ax=ax)
    drawn = [lines(ax)[f"from w = {style.number(w)}"] for w in (3, -3, -2)]
    assert [line.get_marker() for line in drawn] == ["o", "s", "s"]
    assert [line.get_color() for line in drawn] == [style.LOOKS[name].colour for name in ("learned", "stuck", "stuck")]
    assert drawn[1].get_fillstyle() != drawn[2].get_fillstyle()
    assert drawn[1].get_label() == f"from w = {style.number(-3)}: stuck, w = {style.number(stuck.parameters.w[-1])}"


def test_a_run_of_which_nothing_is_in_view_says_so(ax):
    close_up(train(Experiment(steps=3, batch_size=4)), ax=ax)
    assert lines(ax)[f"from w = {style.number(-10)}"].get_label().endswith("(not in view)")


def test_a_run_on_its_way_has_its_colour_also_where_no_bound_on_the_loss_holds(ax):
    loss_curve(train(Experiment(steps=5, negative_slope=-0.5)), ax=ax)
    assert lines(ax)[f"from w = {style.number(-10)}"].get_color() == style.LOOKS["on its way"].colour


@pytest.mark.parametrize(
    ("s", "minimum"), [(0.0, "w = 1, loss 0"), (0.25, "w = 0.941, loss 0.029"), (-0.5, "w = 0.8, loss 0.1")]
)
def test_the_minimum_is_at_1_over_1_plus_s_squared(ax, s, minimum):
    # 16/17 with loss s^2 / (2 (1 + s^2)) = 1/34 for s = 1/4; for s = -1/2 the lower of two.
    loss_curve(ax=ax, negative_slope=s)
    assert lines(ax)["minimum"].get_label() == f"minimum: {minimum}"


def test_another_teacher_has_its_minimum_elsewhere(ax):
    loss_curve(ax=ax, target=Target(w=1.5))
    assert "w = 1.5, loss 0" in lines(ax)["minimum"].get_label()


def test_axes_are_labelled_and_returned(ax, backward):
    assert loss_curve(backward, ax=ax) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("weight w", "expected loss")
    assert [text.get_text() for text in ax.get_legend().get_texts()][1] == (
        f"from w = {style.number(-10)}: on its way, w = {style.number(backward.parameters.w[-1])}"
    )


def test_labels_can_be_given(ax, backward):
    loss_curve(backward, ax=ax, labels=["mine"])
    assert "mine" in lines(ax)


def test_without_axes_there_is_a_new_figure_of_pyplot_and_no_setting_is_changed(backward):
    from matplotlib import pyplot as plt

    before, figures = dict(mpl.rcParams), plt.get_fignums()
    ax = loss_curve(backward)
    assert plt.get_fignums() == [*figures, ax.figure.number]
    plt.close(ax.figure)
    assert dict(mpl.rcParams) == before


def test_a_diverging_run_is_drawn_as_far_as_it_goes(ax, diverging):
    loss_curve(diverging, ax=ax, every=1)
    line = lines(ax)["from w = 2"]
    assert line.get_label() == f"from w = 2: diverged after {diverging.diverged_at} steps"
    assert np.isnan(line.get_xdata()[-1])
    assert not np.isnan(line.get_xdata()[:10]).any()
    assert ax.get_xlim()[1] < 3
    ax.figure.canvas.draw()


def test_the_close_up_says_the_slope_on_either_side(ax):
    close_up(ax=ax, negative_slope=0.25, half_width=0.5)
    said = [text.get_text() for text in ax.texts]
    assert said == [
        f"just {side} of 0\nthe loss has slope {style.number(slope)}"
        for side, slope in (("left", -0.25), ("right", -1.0))
    ]
    assert ax.get_xlim() == (-0.5, 0.5)


def test_the_close_up_of_relu_is_level_on_the_left(ax, backward):
    close_up(backward, ax=ax)
    assert ax.texts[0].get_text() == "just left of 0\nthe loss has slope 0"
    low, high = ax.get_ylim()
    # What is in view is the curve over (-1/4, 1/4): from (1/2 + 1/32) down to 9/32.
    assert 0 < low < 9 / 32
    assert 17 / 32 < high < 1


def test_a_neuron_without_output_has_a_level_curve(ax):
    # v = 0: nothing depends on w, the loss is E y^2 = 1/2 everywhere.
    close_up(train(Experiment(initial=Parameters(w=0.1, v=0.0), steps=2)), ax=ax)
    assert set(lines(ax)["expected loss"].get_ydata()) == {0.5}
    assert "minimum" not in lines(ax)
    ax.figure.canvas.draw()


def run_of(**changes):
    return train(Experiment(**{"steps": 3, "batch_size": 4} | changes))


MISTAKES = {
    "no trajectory": (lambda: loss_curve(3.0), TypeError, "loss_curve draws Trajectories"),
    "last state only": (
        lambda: loss_curve(train(Experiment(steps=3), record="end")),
        ValueError,
        "got a trajectory with 1 of 4 states",
    ),
    "an ensemble": (
        lambda: loss_curve(run_of(initial=Parameters(w=np.array([1.0, 2.0])))),
        ValueError,
        r"got an ensemble of shape \(2,\)",
    ),
    "more than w trained": (lambda: loss_curve(run_of(trainable=("w", "b"))), ValueError, "got one that trains w, b"),
    "two curves": (
        lambda: loss_curve(run_of(), run_of(negative_slope=0.5)),
        ValueError,
        "different negative_slope: 0.0 and 0.5",
    ),
    "two biases": (
        lambda: loss_curve(run_of(), run_of(initial=Parameters(w=1.0, b=1.0))),
        ValueError,
        "different parameters that are not trained",
    ),
    "another curve asked for": (lambda: loss_curve(run_of(), target=Target(2.0)), ValueError, "different target"),
    "no slope": (lambda: loss_curve(negative_slope=float("nan")), ValueError, "must be finite"),
    "no target": (lambda: loss_curve(target=1.0), TypeError, "target must be a Target, got 1.0"),
    "every 0": (lambda: loss_curve(every=0), ValueError, "every must be an integer of at least 1"),
    "no limits": (lambda: loss_curve(xlim=(1.0, -1.0)), ValueError, "the lower one first"),
    "one label too few": (lambda: loss_curve(run_of(), labels=[]), ValueError, "one for each of 1 runs, got 0"),
    "no width": (lambda: close_up(half_width=0.0), ValueError, "half_width must be a number above 0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_in_one_line_and_leave_no_figure(mistake):
    from matplotlib import pyplot as plt

    call, error, message = MISTAKES[mistake]
    before = plt.get_fignums()
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert plt.get_fignums() == before
