"""Every picture of the report: which there are, what is said, and the bytes."""

import re
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from compare.figures import draw_all
from compare.figures.gallery.captions import counted
from compare.figures.gallery.scenes import filmed_steps
from compare.question.experiments import shipped
from compare.theory.outcomes import outcome_of
from compare.theory.reasons import reason
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
            assert 600 <= image.width <= 1300
            assert "Software" not in image.info


def test_alt_texts_describe_and_captions_are_one_sentence_with_numbers(pictures):
    for picture in pictures.values():
        assert len(picture.alt.split()) >= 20, picture.name
        assert re.search(r"\d", picture.caption)
        assert picture.caption.endswith(".")
        assert ". " not in picture.caption
        for text in (picture.alt, picture.caption):
            assert "nan" not in text
            assert "  " not in text
    assert len({picture.alt for picture in pictures.values()}) == len(pictures)


def test_pictures_are_transparent_where_nothing_is_drawn(pictures):
    for picture in pictures.values():
        if picture.path.suffix == ".png":
            with Image.open(picture.path) as image:
                alpha = np.asarray(image.convert("RGBA"))[..., 3]
            corners = [alpha[i, j] for i in (0, -1) for j in (0, -1)]
            assert max(corners) == 0, picture.name
            if "surface" not in picture.name:
                assert (alpha == 0).mean() > 0.5, picture.name


def test_pictures_are_legible_at_390_pixels(pictures):
    """10 points of type at this width are 10 / 72 of an inch times 390 pixels an inch-width."""
    for name in NAMES - {"opening"}:
        if "animation" not in name:
            with Image.open(pictures[name].path) as image:
                assert 10 * 390 / (image.width / 150) / 72 >= 9.5, name


def test_one_way_is_called_wrong_and_upside_down_is_only_what_has_a_negative_v(pictures):
    for name, picture in pictures.items():
        said = picture.alt + picture.caption
        assert not any(word in said for word in ("backward", "mirrored", "die on their way", "nan"))
        assert "upside down" not in said or name.startswith("output-")


def test_captions_say_on_which_batches_and_after_how_many_steps(pictures):
    for name, picture in pictures.items():
        if "close-up" not in name:
            assert "800 steps on the batches of seed 0" in picture.caption, name


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
    for id in ("relu-backward", "leaky-backward", "momentum-from-10", "jump"):
        assert f"({reason(runs[id])})" in pictures["opening"].caption
    for id, start in (("adam-from-10", -10), ("amsgrad-from-1", -1), ("sgd-from-1", -1)):
        assert f"({reason(runs[id])})" in pictures[f"optimizers-from{start}"].caption
    outcomes = [outcome_of(run) for id, run in runs.items() if id.startswith("bias-")]
    assert f"of 8 starts (w, b) {counted(outcomes)}" in pictures["relu-bias-surface"].caption
    backward = [outcome_of(run) for id, run in runs.items() if id.startswith("bias-backward")]
    assert f"of the 4 that face the wrong way {counted(backward)}" in pictures["relu-bias-surface"].caption
    # 1 / (1 + 0.09) = 0.917: not the teacher's weight.
    assert "the expected loss is lowest, 0.0413, at w = 0.917" in pictures["leaky-loss-curve"].caption
    assert "its slope is 0 on the left of 0 and -1 on the right" in pictures["relu-close-up"].caption
    assert "its slope is -0.3 on the left of 0 and -1 on the right" in pictures["leaky-close-up"].caption


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
