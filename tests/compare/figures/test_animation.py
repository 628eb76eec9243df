"""Animations: what each frame shows, and the files."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from PIL import Image

from compare.figures import animate, style, write_gif
from compare.figures.animation import draw_film, frame_steps
from reference import Experiment, Parameters, train


def frames_of(path):
    with Image.open(path) as image:
        for i in range(image.n_frames):
            image.seek(i)
            yield image.info["duration"], np.asarray(image.convert("RGB"))


def test_frames_are_spread_evenly_from_the_start_to_the_last_step(backward):
    assert frame_steps(backward, 8, None, "x").tolist() == [0, 50, 100, 150, 200, 250, 300, 350]
    assert frame_steps(backward, 3, 100, "x").tolist() == [0, 50, 100]


def test_there_are_no_more_frames_than_steps_to_show(backward):
    assert frame_steps(backward, 100, 3, "x").tolist() == [0, 1, 2, 3]


def test_a_frame_shows_the_neuron_and_its_point_on_the_curve(backward):
    show = draw_film(Figure(), backward, np.array([0, 100, 350]))
    for frame, step in enumerate((0, 100, 350)):
        w = backward.parameters.w[step]
        learned, predicted, *dots, reading = show(frame)
        trails, points = dots[:2], dots[2:]
        for line in (learned, predicted):
            assert line.get_ydata().tolist() == np.maximum(w * line.get_xdata(), 0).tolist()
        assert [point.get_xdata().tolist() for point in points] == [[w], [w]]
        for trail in trails:
            assert trail.get_xdata().tolist() == backward.parameters.w[[0, 100, 350][: frame + 1]].tolist()
        assert reading.get_text().startswith(f"step {step}: w = {w:.3f}, expected loss ")


def test_the_target_is_drawn_on_samples_of_the_first_batch(backward):
    figure = Figure()
    draw_film(figure, backward, np.array([0, 1]))
    left = figure.axes[0]
    target, samples = left.lines[:2]
    assert target.get_color() == samples.get_color() == style.TARGET
    assert samples.get_ydata().tolist() == np.maximum(samples.get_xdata(), 0).tolist()
    first = np.random.default_rng(0).standard_normal(50)
    assert samples.get_xdata().tolist() == np.sort(first[:30]).tolist()


def test_panels_are_labelled(backward):
    figure = Figure()
    draw_film(figure, backward, np.array([0, 1]))
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("input x (dots: samples)", "output")
    assert (right.get_xlabel(), right.get_ylabel()) == ("weight w", "expected loss")


def test_animate_returns_an_animation_of_matplotlib_on_the_figure_given(right_way):
    figure, before = Figure(figsize=(4, 2)), dict(mpl.rcParams)
    animation = animate(right_way, frames=3, figure=figure)
    assert isinstance(animation, FuncAnimation)
    assert animation.to_jshtml().count("data:image/png;base64") == 3
    assert len(figure.axes) == 2
    assert dict(mpl.rcParams) == before


def test_a_gif_has_the_frames_the_size_and_the_pace_asked_for(backward, tmp_path):
    path = write_gif(backward, tmp_path / "a.gif", frames=12, size=(5.0, 2.5), dpi=60)
    frames = list(frames_of(path))
    assert [duration for duration, _ in frames] == [50] * 11 + [2000]
    assert {image.shape for _, image in frames} == {(150, 300, 3)}
    with Image.open(path) as image:
        assert image.info["loop"] == 0


def test_a_gif_of_the_questions_run_is_small(backward, tmp_path):
    path = write_gif(backward, str(tmp_path / "a.gif"))
    assert len(list(frames_of(path))) == 100
    assert path.stat().st_size < 500_000


def test_frames_differ_and_show_the_colours_of_their_meaning(backward, tmp_path):
    frames = [image for _, image in frames_of(write_gif(backward, tmp_path / "a.gif", frames=4))]
    for image in frames:
        seen = {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in np.unique(image.reshape(-1, 3), axis=0)}
        assert {"#FFFFFF", style.LOOKS["on its way"].colour, style.TARGET} <= seen
        assert style.LOOKS["learned"].colour not in seen
    assert all((one != other).any() for one, other in pairwise(frames))


def test_the_same_run_gives_the_same_bytes_whatever_the_users_settings(backward, tmp_path):
    first = write_gif(backward, tmp_path / "a.gif", frames=5).read_bytes()
    assert write_gif(backward, tmp_path / "b.gif", frames=5).read_bytes() == first


def test_another_run_gives_another_animation(right_way, backward, tmp_path):
    one, other = (write_gif(run, tmp_path / "a.gif", frames=3).read_bytes() for run in (backward, right_way))
    assert one != other


@pytest.mark.parametrize("draw", [lambda run, **o: animate(run, **o), lambda run, **o: write_gif(run, "a.gif", **o)])
def test_mistakes_are_told_before_anything_is_drawn(backward, draw):
    from matplotlib import pyplot as plt

    before = plt.get_fignums()
    with pytest.raises(ValueError, match="frames must be an integer of at least 2, got 1"):
        draw(backward, frames=1)
    with pytest.raises(ValueError, match="until must be a step of the run, at most 350, got 351"):
        draw(backward, until=351)
    with pytest.raises(ValueError, match="got one that trains w, b"):
        draw(train(Experiment(trainable=("w", "b"), steps=2)))
    with pytest.raises(ValueError, match="got an ensemble"):
        draw(train(Experiment(initial=Parameters(w=np.ones(2)), steps=2)))
    with pytest.raises(TypeError, match="draws Trajectories"):
        draw(None)
    assert plt.get_fignums() == before
