"""Every picture of the report: which there are, what is said, and the bytes."""

import re
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from compare.figures import draw_all, style
from compare.figures.gallery import scenes, studies
from compare.figures.gallery.captions import counted, fates, optimizer_of
from compare.figures.gallery.scenes import OTHERS, filmed_steps
from compare.question.experiments import shipped
from compare.theory.outcomes import outcome_of
from reference import Parameters, train

NAMES = {
    "opening",
    *(
        f"{neuron}-{what}"
        for neuron in ("relu", "leaky")
        for what in ("loss-curve", "close-up", "history", "bias-surface")
    ),
    "optimizers-from-10",
    "optimizers-from-1",
    *(f"output-{name}" for name in ("right-way", "wrong-way", "upside-down", "both")),
    "relu-right-way-animation",
    "relu-backward-animation",
    "leaky-backward-animation",
}


@pytest.fixture(scope="module")
def runs():
    """The shipped runs, shorter and on smaller batches."""
    return {case.id: train(replace(case.experiment, batch_size=100, steps=800)) for case in shipped()}


@pytest.fixture(scope="module")
def pictures(runs, tmp_path_factory):
    return {picture.name: picture for picture in draw_all(runs, tmp_path_factory.mktemp("pictures"))}


def test_every_picture_of_the_source_is_there_and_the_opening_one_is_first(pictures):
    assert set(pictures) == NAMES
    assert next(iter(pictures)) == "opening"


def test_files_are_named_after_the_pictures_and_small(pictures):
    folder = pictures["opening"].path.parent
    assert {path.name for path in folder.iterdir()} == {picture.path.name for picture in pictures.values()}
    for picture in pictures.values():
        assert picture.path.stem == picture.name
        assert picture.path.suffix == (".gif" if "animation" in picture.name else ".png")
        assert picture.path.stat().st_size < 500_000
        with Image.open(picture.path) as image:
            image.load()
            assert 600 <= image.width <= 1700
            assert "Software" not in image.info


def test_alt_texts_describe_and_captions_are_short(pictures):
    for picture in pictures.values():
        assert len(picture.alt.split()) >= 20, picture.name
        assert picture.caption.endswith(".")
        assert len(re.findall(r"\.(?= |$)", picture.caption)) <= 2
        assert len(picture.caption.split()) <= 46, picture.caption
        for text in (picture.alt, picture.caption):
            assert "nan" not in text
            assert "  " not in text
    assert len({picture.alt for picture in pictures.values()}) == len(pictures)


def test_captions_have_at_most_three_numbers_besides_where_runs_start_and_how_many_steps_they_take(pictures):
    names = r"from w = \S+|after [\d,]+ steps|w < 0|v < 0|at w = 0|LeakyReLU 0.3|momentum 0.9|left of 0|way left to 0"
    for name, picture in pictures.items():
        if name != "relu-bias-surface":  # which counts runs
            rest = re.sub(names, "", picture.caption, flags=re.IGNORECASE)
            assert len(re.findall(r"\d[\d.,e-]*", rest)) <= 3, rest


def test_pictures_are_transparent_where_nothing_is_drawn(pictures):
    for picture in pictures.values():
        if picture.path.suffix == ".png":
            with Image.open(picture.path) as image:
                alpha = np.asarray(image.convert("RGBA"))[..., 3]
            corners = [alpha[i, j] for i in (0, -1) for j in (0, -1)]
            assert max(corners) == 0, picture.name
            if "surface" not in picture.name:
                assert (alpha == 0).mean() > 0.5, picture.name


PAGE = {390: 358, 1280: 420}  # pixels that the page gives to a picture, by those of the window: see tests/browser


@pytest.mark.parametrize("shown", PAGE.values(), ids=map(str, PAGE))
def test_the_smallest_type_has_11_pixels_where_the_page_shows_a_picture(runs, tmp_path, monkeypatch, shown):
    figures = {}
    monkeypatch.setattr(style, "save_png", lambda figure, path: figures.update({path.stem: figure}))
    monkeypatch.setattr(scenes, "FILMS", {})
    draw_all(runs, tmp_path)
    monkeypatch.setattr(studies, "MAPPED_STEPS", 2)
    monkeypatch.setattr(studies, "STARTS", 4)
    studies.draw_studies(tmp_path)
    assert len(figures) == 19
    for name, figure in figures.items():
        FigureCanvasAgg(figure).draw()
        smallest = min(text.get_fontsize() for text in figure.findobj(Text) if text.get_visible() and text.get_text())
        assert smallest / 72 * shown / figure.get_figwidth() >= 11, (name, smallest)


def test_one_way_is_called_wrong_and_upside_down_is_only_what_has_a_negative_v(pictures):
    for name, picture in pictures.items():
        said = picture.alt + picture.caption
        assert not any(word in said for word in ("backward", "mirrored", "die on their way", "nan"))
        assert "upside down" not in said or name.startswith("output-")


def test_captions_say_after_how_many_steps(pictures):
    for name, picture in pictures.items():
        if "close-up" not in name and "animation" not in name:
            assert "after 800 steps" in picture.caption.lower(), name


def test_the_loss_beside_which_a_bound_is_told_is_not_below_it(pictures):
    for name in ("wrong-way", "both"):
        caption = pictures[f"output-{name}"].caption
        loss, bound = (float(n) for n in re.search(r"loss of ([\d.e-]+): .* below ([\d.]+),", caption).groups())
        assert loss >= bound
    assert "below" not in pictures["output-right-way"].caption


def test_animations_end_after_the_run_has_arrived(runs):
    for id in ("relu-right-way", "relu-backward"):
        run = runs[id]
        last = filmed_steps(run)
        w = run.parameters.w
        assert abs(w[last] - w[-1]) <= 1 / 64
        assert abs(w[last // 2] - w[-1]) > 1 / 64


def test_captions_carry_the_numbers_of_these_runs(runs, pictures):
    by_optimizer = {optimizer_of(runs[id]): runs[id] for id in ("sgd-from-1", *(f"{o}-from-1" for o in OTHERS))}
    assert fates(by_optimizer) in pictures["optimizers-from-1"].caption
    outcomes = [outcome_of(run) for id, run in runs.items() if id.startswith("bias-")]
    assert f"where ReLU got to: {counted(outcomes)} after" in pictures["relu-bias-surface"].caption
    backward = [outcome_of(run) for id, run in runs.items() if id.startswith("bias-backward")]
    assert f"that face the wrong way, w < 0, {counted(backward)}" in pictures["relu-bias-surface"].caption
    # 1 / (1 + 0.09) = 0.917: not the teacher's weight.
    assert "expected loss of LeakyReLU is lowest, 0.0413, at w = 0.917" in pictures["leaky-loss-curve"].caption
    for neuron, left in (("relu", 0.0), ("leaky", -0.3)):
        said = f"its slope is {style.number(left)} on the left and {style.number(-1.0)} on the right"
        assert said in pictures[f"{neuron}-close-up"].caption


def test_bytes_are_the_same_again_whatever_the_users_settings_which_stay_as_they_are(runs, pictures, tmp_path):
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9, "savefig.dpi": 20}):
        before = dict(mpl.rcParams)
        again = draw_all(runs, tmp_path)
        assert dict(mpl.rcParams) == before
    for picture in again:
        assert picture.path.read_bytes() == pictures[picture.name].path.read_bytes(), picture.name
        assert picture[2:] == pictures[picture.name][2:]


def test_of_some_runs_the_pictures_they_allow_are_drawn(runs, tmp_path):
    assert draw_all({"jump": runs["jump"]}, tmp_path) == []
    drawn = draw_all({"sgd-from-1": runs["sgd-from-1"]}, str(tmp_path))
    assert [picture.name for picture in drawn] == ["optimizers-from-1"]
    assert "momentum" not in drawn[0].caption


def test_short_and_diverging_runs_are_drawn(runs, tmp_path):
    short = {id: train(replace(run.experiment, steps=3, batch_size=4)) for id, run in runs.items()}
    wild = replace(
        runs["jump"].experiment,
        initial=Parameters(w=10.0),
        optimizer=replace(runs["jump"].experiment.optimizer, learning_rate=9.0),
    )
    short["jump"] = train(wild)
    assert short["jump"].diverged_at is not None
    assert {picture.name for picture in draw_all(short, tmp_path)} == NAMES


def test_mistakes_are_told(runs, tmp_path):
    with pytest.raises(ValueError, match="draw_all needs at least one trajectory, got none"):
        draw_all({}, tmp_path)
    with pytest.raises(ValueError, match="there is no run 'jumps'; there are relu-right-way, "):
        draw_all({"jumps": runs["jump"]}, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist"):
        draw_all(runs, tmp_path / "nowhere")
    ensemble = replace(runs["jump"].experiment, initial=Parameters(w=np.ones(2)), steps=2)
    with pytest.raises(ValueError, match=r"draw_all \(jump\) draws single runs, got an ensemble of shape \(2,\)"):
        draw_all({"jump": train(ensemble)}, tmp_path)
    with pytest.raises(ValueError, match=r"draw_all \(jump\) needs every step"):
        draw_all({"jump": train(replace(ensemble, initial=Parameters(w=1.0)), record="end")}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def modules_after(statement):
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_compare_does_not_import_matplotlib():
    assert "matplotlib" not in modules_after("import compare, compare.surface")


def test_importing_the_figures_chooses_no_backend_and_imports_no_keras():
    modules = modules_after("import compare.figures")
    assert "matplotlib" in modules
    assert not {"matplotlib.pyplot", "keras", "tensorflow"} & set(modules)
