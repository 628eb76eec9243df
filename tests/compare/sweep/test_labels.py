"""What a sweep says became of a neuron, against what can be said by hand."""

import numpy as np
import pytest

from compare.sweep import LABELS, Axis, Draw, Sweep, run_sweep
from compare.sweep.chunks import chunks_of
from compare.sweep.labels import label
from reference import SGD, Experiment, Parameters, draw_batches, train

LEARNED, ON_ITS_WAY, STUCK, DEAD, DIVERGED = range(5)


def swept(experiment, *grid, **settings):
    axes = tuple(Axis(setting, tuple(values)) for setting, values in grid)
    return run_sweep(Sweep(name="test", says="", experiment=experiment, grid=axes, **settings))


def kinds(result):
    names = [*(point["kind"] for point in result.points), None]
    return [names[i] for i in result.point.ravel()]


def test_without_bias_the_side_decides_for_a_relu_and_the_step_length_whether_it_stays_finite():
    """Each step multiplies w - 1 on the right, and w on the left, by about 1 - rate, and 0 stays 0."""
    e = Experiment(steps=200, batch_size=100)
    result = swept(e, ("optimizer.learning_rate", (0.25, 5.0)), ("initial.w", (-2.0, 0.0, 2.0)))
    assert result.label.tolist() == [[STUCK, STUCK, LEARNED], [DIVERGED, STUCK, DIVERGED]]
    assert kinds(result)[:3] == ["one-sided stationary", "one-sided stationary", "global minimum"]
    assert result.crossed_at.tolist() == [[-1, -1, -1], [1, -1, 1]]
    assert (result.diverged_at[0] == -1).all()
    assert (result.diverged_at[1, [0, 2]] > 0).all()
    assert np.isnan(result.loss[1, 0])
    assert result.loss[0, 1] == 0.5  # E relu(x)^2


def test_a_leaky_relu_learns_from_the_left_and_one_with_negative_slope_stays_at_its_local_minimum():
    e = Experiment(steps=400, batch_size=1000, optimizer=SGD(learning_rate=0.125))
    result = swept(e, ("negative_slope", (-0.5, 0.5)), ("initial.w", (-1.0, 1.0)))
    assert result.label.tolist() == [[STUCK, LEARNED], [LEARNED, LEARNED]]
    assert kinds(result) == ["local minimum", "global minimum", "global minimum", "global minimum"]
    by_slope = {(p["negative_slope"], p["kind"]): p["w"] for p in result.points}
    assert by_slope[0.5, "global minimum"] == 1 / (1 + 0.5**2)
    assert by_slope[-0.5, "local minimum"] == -0.5 / (1 + 0.5**2)


def test_with_bias_few_active_inputs_are_dead_only_if_they_do_not_bring_the_neuron_back():
    """At (w, b) = (1, -3) inputs above 3 are active and pull up; at (-1, -3) those below -3 push down;
    at (1/16, -3) none will ever be."""
    e = Experiment(trainable=("w", "b"), steps=1, optimizer=SGD(learning_rate=0.0))
    result = swept(e, ("initial.w", (1.0, -1.0, 0.0625, 0.0)), ("initial.b", (-3.0,)))
    assert result.label.ravel().tolist() == [ON_ITS_WAY, DEAD, DEAD, DEAD]
    assert kinds(result) == [None, "dead set", "dead set", "dead set"]


def test_what_is_near_a_saddle_or_near_nothing_is_on_its_way():
    e = Experiment(trainable=("w", "b"), negative_slope=-0.5, steps=1, optimizer=SGD(learning_rate=0.0))
    saddle = swept(e, ("initial.w", (1.0,)))
    at = next(p for p in saddle.points if p["kind"] == "saddle")
    result = swept(e, ("initial.w", (at["w"], 3.0)), ("initial.b", (at["b"],)))
    assert result.label.ravel().tolist() == [ON_ITS_WAY, ON_ITS_WAY]
    assert kinds(result) == ["saddle", None]


def test_the_resolution_decides_how_near_is_there():
    e = Experiment(steps=1, optimizer=SGD(learning_rate=0.0))
    wide, narrow = (swept(e, ("initial.w", (1.25,)), resolution=size) for size in (0.5, 0.125))
    assert (wide.label.item(), narrow.label.item()) == (LEARNED, ON_ITS_WAY)


def test_points_that_cannot_be_listed_leave_neurons_on_their_way_and_are_told():
    e = Experiment(trainable=("w", "b"), initial=Parameters(w=1.0, v=0.0), steps=1)
    result = swept(e, ("initial.w", (1.0, 2.0)))
    assert result.label.tolist() == [ON_ITS_WAY, ON_ITS_WAY]
    assert result.points == ()
    assert len(result.without_points) == 1


def test_steps_until_the_crossing_are_those_of_the_recurrence():
    e = Experiment(steps=400, batch_size=50, dtype="float64", negative_slope=0.5, optimizer=SGD(learning_rate=0.03125))
    starts = (-3.0, -1.0, -0.125, 0.5)
    expected = []
    x, _ = draw_batches(e)
    below, above = ((np.where(side, x, 0) ** 2).sum(axis=1) / 50 for side in (x < 0, x > 0))
    for w in starts:
        crossed = -1
        first = w
        for step in range(e.steps):
            slope_above, slope_below = (1, 0.5) if w > 0 else (0, 0)
            if w > 0:  # active above 0: residual (w - 1) x there, w x / 2 below
                g = 2 * ((w - slope_above) * above[step] + slope_below * slope_below * w * below[step])
            else:  # active below 0: residual w x there, (w / 2 - 1) x above
                g = 2 * (w * below[step] + 0.5 * (0.5 * w - 1) * above[step])
            w -= 0.03125 * g
            if crossed < 0 and w * first < 0:
                crossed = step + 1
        expected.append(crossed)
    assert expected[0] > expected[1] > expected[2] > 0 == expected[3] + 1
    assert swept(e, ("initial.w", starts)).crossed_at.tolist() == expected


@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), Parameters._fields])
@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_labels_are_those_of_the_readable_neuron(slope, trainable):
    # Learning rates at which rounding is forgotten: beyond, a path that is chaotic may end anywhere.
    rng = np.random.default_rng(len(trainable))
    start = Parameters(
        *(rng.normal(size=300) if n in trainable else s for n, s in zip("wbvd", (1, 0, 1, 0), strict=True))
    )
    optimizer = SGD(learning_rate=10 ** rng.uniform(-2.5, -0.5, 300), momentum=rng.uniform(0, 0.5, 300))
    common = {"trainable": trainable, "negative_slope": slope, "optimizer": optimizer, "dtype": "float64"}
    experiment = Experiment(initial=start, batch_size=100, steps=300, **common)
    batches = draw_batches(experiment)
    readable, fast = (train(experiment, batches=batches, record="end", method=m) for m in ("neuron", "moments"))
    points = [label(experiment, run.end, 1 / 64).point for run in (readable, fast)]
    assert np.array_equal(*points)
    assert len(set(points[0].tolist())) > 1
    assert np.array_equal(readable.crossed_at, fast.crossed_at)
    assert np.array_equal(readable.diverged_at, fast.diverged_at)


def test_the_labels_are_named_in_the_order_of_their_numbers():
    assert list(LABELS) == ["learned", "on its way", "stuck", "dead", "diverged"]


def test_random_starts_are_the_same_at_every_point_of_the_grid_and_follow_their_distribution():
    draws = (Draw("initial.w", "normal", 0.0, 1.0), Draw("optimizer.learning_rate", "log_uniform", 0.01, 1.0))
    sweep = Sweep(
        name="a", says="", experiment=Experiment(steps=1), grid=(Axis("seed", (1, 2)),), number=1000, draws=draws
    )
    drawn = sweep.drawn()
    rate = drawn["optimizer.learning_rate"]
    assert ((rate >= 0.01) & (rate <= 1.0)).all()
    assert 400 < (rate < 0.1).sum() < 600  # the middle in logarithms: six standard deviations of 16
    result = run_sweep(sweep)
    assert result.label.shape == (2, 1000)
    frozen = swept(
        Experiment(steps=1, optimizer=SGD(learning_rate=0.0)), ("seed", (1, 2)), number=1000, draws=draws[:1]
    )
    assert (frozen.end.w == drawn["initial.w"].astype(np.float32)).all()


def test_axes_keep_the_order_of_the_grid_also_where_runs_are_looped_over():
    e = Experiment(optimizer=SGD(learning_rate=0.0), trainable=("w", "b"), steps=1)
    result = swept(
        e, ("initial.w", (1.0, 2.0, 3.0)), ("steps", (1, 2)), ("initial.b", (0.0, 4.0, 5.0, 6.0)), ("batch_size", (5,))
    )
    assert result.label.shape == (3, 2, 4, 1)
    assert (result.end.w == result.values("initial.w")).all()
    assert (result.end.b == result.values("initial.b")).all()


def test_few_members_are_trained_sample_by_sample_and_many_from_sums():
    def method(number, batch_size):
        axis = Axis("initial.w", tuple(np.linspace(1, 2, number).tolist()))
        sweep = Sweep(name="a", says="", experiment=Experiment(batch_size=batch_size), grid=(axis,))
        return {chunk.method for chunk in chunks_of(sweep)}

    assert method(3, 1000) == {"neuron"}
    assert method(70_000, 1000) == {"moments"}


@pytest.mark.parametrize("batch_size", [1, 3_000_000])
def test_a_chunk_of_the_neuron_holds_a_bounded_number_of_samples(batch_size):
    axis = Axis("initial.w", (1.0, 2.0, 3.0))
    chunks = chunks_of(Sweep(name="a", says="", experiment=Experiment(batch_size=batch_size), grid=(axis,)))
    assert [chunk.stop for chunk in chunks] == ([3] if batch_size == 1 else [1, 2, 3])
