"""Every picture of the report: which there are, what is said, and the bytes."""

import re
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from compare.figures import draw_all, succeeded
from compare.question.experiments import shipped
from reference import Parameters, train

NAMES = {
    "opening",
    *(
        f"{neuron}-{what}"
        for neuron in ("relu", "leaky")
        for what in ("loss-curve", "close-up", "history", "bias-surface")
    ),
    "optimizers",
    "output-functions",
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


def test_captions_carry_the_numbers_of_these_runs(runs, pictures):
    for id in ("relu-backward", "leaky-backward", "momentum-from-10", "jump"):
        assert f"ends at w = {runs[id].parameters.w[-1]:.3g}" in pictures["opening"].caption
    for id in ("adam-from-10", "amsgrad-from-1", "sgd-from-1"):
        assert f"ends at w = {runs[id].parameters.w[-1]:.3g}" in pictures["optimizers"].caption
    reached = sum(bool(succeeded(run)) for id, run in runs.items() if id.startswith("bias-"))
    assert f"{reached} of 8 starts head for the minimum" in pictures["relu-bias-surface"].caption
    # 1 / (1 + 0.09) = 0.917: not the teacher's weight.
    assert "the loss is lowest, 0.041, at w = 0.917" in pictures["leaky-loss-curve"].caption
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
    assert [picture.name for picture in drawn] == ["optimizers"]
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
