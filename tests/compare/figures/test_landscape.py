"""The surface over (w, b): paths, dead region, minimum."""

from statistics import NormalDist

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from compare.figures import style, surface
from compare.figures.landscape import LEVELS, dead_below
from compare.theory.outcomes import NAMES, outcomes_of
from reference import SGD, Experiment, Parameters, Target, train

W, B = [2.0, -2.0, 0.5], [1.5, -1.0, 1.0]  # the middle one dies


@pytest.fixture(scope="module")
def ensemble():
    initial = Parameters(w=np.array(W), b=np.array(B))
    optimizer = SGD(learning_rate=0.125)
    return train(Experiment(initial=initial, trainable=("w", "b"), steps=200, batch_size=100, optimizer=optimizer))


def paths(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 1]


def minimum(ax):
    (label,) = (line.get_label() for line in ax.lines if str(line.get_label()).startswith("minimum"))
    return label


def hatched(ax):
    return [c for c in ax.collections if isinstance(c, PolyCollection) and c.get_hatch()]


def test_each_member_of_an_ensemble_has_its_path(ax, ensemble):
    surface(ensemble, ax=ax)
    drawn = paths(ax)
    assert len(drawn) == 3
    for i, line in enumerate(drawn):
        assert line.get_xdata().tolist() == ensemble.parameters.w[:, i].tolist()
        assert line.get_ydata().tolist() == ensemble.parameters.b[:, i].tolist()


def test_a_path_has_the_colour_the_line_and_the_marker_of_its_outcome_and_all_that_is_drawn_is_named(ax, ensemble):
    surface(ensemble, ax=ax)
    outcomes = [NAMES[i] for i in outcomes_of(ensemble).outcome]
    assert outcomes == ["learned", "dead", "learned"]
    assert [line.get_color() for line in paths(ax)] == [style.LOOKS[name].colour for name in outcomes]
    assert [line.get_linestyle() for line in paths(ax)] == ["-", "--", "-"]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["at most 1/64 active", "learned", "dead", "start", "minimum (1, 0)"]


def test_paths_begin_with_a_ring_and_end_with_the_marker_of_their_outcome(ax, ensemble):
    surface(ensemble, ax=ax)
    single = [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_color() != style.TARGET]
    starts = [line.get_xydata()[0].tolist() for line in single if line.get_fillstyle() == "none"]
    assert starts == [list(start) for start in zip(W, B, strict=True)]
    ends = {line.get_marker(): line.get_xydata()[0].tolist() for line in single if line.get_fillstyle() != "none"}
    assert ends["X"] == [float(ensemble.end.w[1]), float(ensemble.end.b[1])]
    assert ends["o"] == [float(ensemble.end.w[2]), float(ensemble.end.b[2])]


def test_the_hatched_region_is_where_at_most_one_input_in_64_activates_the_neuron():
    # To six digits, more than a picture shows; by the standard library's normal distribution.
    assert f"{64 * NormalDist().cdf(-dead_below()):.6g}" == "1"


def test_the_dead_region_is_the_wedge_b_below_minus_q_abs_w(ax, ensemble):
    surface(ensemble, ax=ax)
    (wedge,) = hatched(ax)
    q, bottom = dead_below(), ax.get_ylim()[0]
    corners = {(float(w), float(b)) for w, b in wedge.get_paths()[0].vertices}
    assert corners == {(0.0, bottom), (0.0, 0.0), (bottom / q, bottom), (-bottom / q, bottom)}


def test_leaky_neurons_have_no_dead_region(ax):
    surface(train(Experiment(trainable=("w", "b"), negative_slope=0.25, batch_size=10, steps=3)), ax=ax)
    assert hatched(ax) == []


def test_the_minimum_is_the_teacher_where_the_neuron_can_be_it(ax):
    surface(ax=ax, negative_slope=0.25, target=Target(w=-1.5, b=0.5, negative_slope=0.25))
    assert minimum(ax) == "minimum (\N{MINUS SIGN}1.5, 0.5)"


def test_no_level_is_the_plateau_of_the_dead_neuron():
    assert 0.5 not in LEVELS
    assert (np.diff(LEVELS) > 0).all()


def test_axes_are_labelled_and_the_view_can_be_chosen(ax, ensemble):
    assert surface(ensemble, ax=ax, xlim=(-1.0, 3.0), ylim=(-2.0, 2.0)) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("weight w", "bias b")
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-1.0, 3.0, -2.0, 2.0)
    (scale,) = (other for other in ax.figure.axes if other is not ax)
    assert scale.get_xlabel() == "expected loss"


def test_the_scale_can_be_left_out(ax):
    surface(ax=ax, colorbar=False)
    assert ax.figure.axes == [ax]


def test_a_short_run_is_on_its_way_also_where_no_bound_on_the_loss_holds(ax):
    run = train(Experiment(trainable=("w", "b"), negative_slope=-0.5, steps=3))
    surface(run, ax=ax)
    assert paths(ax)[0].get_color() == style.LOOKS["on its way"].colour


def test_mistakes_are_told(ax, ensemble):
    with pytest.raises(ValueError, match="surface draws runs that train w or b, got one that trains w, d"):
        surface(train(Experiment(trainable=("w", "d"), steps=2)), ax=ax)
    with pytest.raises(ValueError, match="an ensemble with different slopes"):
        surface(train(Experiment(trainable=("w", "b"), negative_slope=np.array([0.0, 0.5]), steps=2)))
    with pytest.raises(ValueError, match="an ensemble with different parameters that are not trained"):
        surface(train(Experiment(initial=Parameters(w=1.0, v=np.array([1.0, 2.0])), steps=2)), ax=ax)
    with pytest.raises(ValueError, match="different negative_slope"):
        surface(ensemble, ax=ax, negative_slope=0.5)
    with pytest.raises(ValueError, match="surface: ylim must be two numbers"):
        surface(ensemble, ax=ax, ylim=(1.0, float("inf")))
    with pytest.raises(ValueError, match="surface needs every step"):
        surface(train(ensemble.experiment, record="end"), ax=ax)
