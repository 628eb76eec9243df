"""The gallery as data: complete, with sources, and every patch applies and changes something."""

import re
from collections import Counter
from pathlib import Path

import pytest

from compare.defects.defect import KINDS, SIDES, Replacement, Substitution
from compare.defects.families import FAMILIES
from compare.defects.gallery import GALLERY
from compare.defects.patching import changed_code, planted

ROOT = Path(__file__).parents[3]
REAL = [defect for defect in GALLERY if defect.changes_mathematics]
IN_SOURCE = [defect for defect in GALLERY if isinstance(defect.patches[0], Substitution)]

# What a gallery must have at least, and where it is.
ASKED_FOR = {
    "factor 2 missing": {"gradient-without-factor-2"},
    "sum for mean": {"gradient-summed", "loss-summed", "keras-loss-summed"},
    "n - 1": {"gradient-over-n-minus-1", "loss-over-n-minus-1", "keras-loss-over-n-minus-1"},
    "mask from x": {"mask-from-input"},
    "mask from the output": {"mask-from-activation", "mask-from-prediction", "keras-mask-from-activation"},
    "slope on the wrong side": {"slope-on-the-wrong-side-in-forward", "slope-on-the-wrong-side-in-backward"},
    "slope dropped": {"slope-dropped-in-forward", "slope-dropped-in-backward"},
    "slope squared": {"slope-squared-in-forward", "slope-squared-in-backward", "keras-leaky-applied-twice"},
    "relu'(0) = 1": {"relu-derivative-at-zero-1", "keras-relu-as-maximum"},
    "relu'(0) = 1/2": {"relu-derivative-at-zero-half"},
    "leaky'(0) = 1": {"leaky-derivative-at-zero-1", "keras-leaky-derivative-at-zero-1"},
    "bias gradient averaged twice": {"bias-gradient-averaged-twice"},
    "batches off by one": {"batches-off-by-one", "labels-off-by-one"},
    "batches reused": {"first-batch-reused"},
    "y from the wrong teacher": {"labels-from-abs", "labels-from-own-activation"},
    "learning rate off by 0.1 %": {"learning-rate-off-by-a-thousandth", "keras-learning-rate-off-by-a-thousandth"},
    "momentum ignored": {"momentum-ignored", "keras-momentum-ignored"},
    "momentum dampened": {"momentum-dampened", "keras-momentum-dampened"},
    "learning rate outside the velocity": {"learning-rate-outside-velocity", "keras-learning-rate-outside-velocity"},
    "a changing learning rate": {"keras-learning-rate-frozen"},
    "Nesterov wrong in three ways": {"nesterov-sign", "nesterov-steps-twice", "nesterov-without-factor"},
    "betas wrong": {"adam-beta-1-0.8", "adam-beta-2-0.99", "adam-beta-backwards", "keras-adam-beta-2-0.9"},
    "powers off by one": {"adam-powers-one-ahead", "adam-powers-one-behind", "keras-adam-powers-one-ahead"},
    "no bias correction": {"adam-no-bias-correction", "keras-adam-no-bias-correction"},
    "epsilon inside": {"adam-epsilon-inside-root", "keras-adam-epsilon-inside-root"},
    "epsilon outside": {"rmsprop-epsilon-outside-root", "keras-rmsprop-epsilon-outside-root"},
    "epsilon 1e-8": {"adam-epsilon-1e-8", "keras-adam-epsilon-1e-8"},
    "epsilon missing": {"adam-epsilon-missing"},
    "AMSGrad without max": {"amsgrad-without-maximum", "amsgrad-ignored"},
    "AMSGrad over corrected v": {"amsgrad-over-corrected-moment"},
    "AMSGrad with the previous v": {"amsgrad-over-previous-moment"},
    "decay coupled": {"decay-coupled", "keras-decay-coupled"},
    "decay after the step": {"decay-after-step", "keras-decay-after-step"},
    "decay not scaled by the learning rate": {"decay-not-scaled", "keras-decay-not-scaled"},
    "slots not reset between runs": {"slots-not-reset"},
    "state updated after use": {"velocity-used-before-update", "adam-steps-with-old-moment"},
    "float32 constants in float64": {"rmsprop-rho-through-float32", "constants-in-double"},
    "a gradient clipped at 1": {"gradient-clipped-at-1", "keras-gradient-clipped-at-1"},
    "a weight kept non-negative": {"weight-kept-nonnegative", "keras-kernel-kept-nonnegative"},
    "another start": {"start-at-minus-15-sgd", "keras-start-at-minus-15-adam", "keras-start-at-minus-15-rmsprop"},
    "untrained and off": {"untrained-start-off", "keras-untrained-start-off"},
    "untrained and moving": {"untrained-drifts", "keras-untrained-drifts"},
    "a gradient repaired": {"gradient-repaired", "keras-gradient-repaired"},
    "a loss masked": {"loss-not-a-number-masked", "keras-loss-not-a-number-masked"},
    "loss recorded twice": {"record-loss-doubled", "keras-record-loss-doubled"},
    "loss of other parameters": {"record-loss-after-step"},
    "gradient recorded otherwise": {"record-gradient-negated", "record-gradient-of-batch-before"},
    "crossed and diverged": {"record-crossing-early", "record-divergence-early", "keras-record-divergence-missed"},
    "1 added at a border": {"border-adds-one-centered", "keras-border-adds-one-centered"},
    "slots reset at a border": {"border-resets-slots-momentum", "keras-border-resets-slots-momentum"},
    "other samples": {"samples-of-variance-1.21", "keras-samples-of-variance-1.21"},
    "a seed ignored": {"seed-ignored"},
    "labels off": {"labels-off", "keras-labels-off"},
    "n + 1": {"gradient-over-n-plus-1-of-3000", "keras-loss-over-n-plus-1-of-50000"},
    "a gradient off by 1e-4": {"gradient-off-by-1e-4", "keras-gradient-off-by-1e-4"},
    "Adam's learning rate": {"adam-rate-off-by-a-thousandth", "keras-adam-rate-off-by-a-thousandth"},
    "epsilon half off": {"adam-epsilon-half-off", "keras-rmsprop-epsilon-half-off"},
    "float32 only": {"gradient-off-in-float32", "keras-gradient-off-in-float32"},
    "late": {"late-gradient-larger", "keras-late-gradient-larger"},
    "one batch size": {"gradient-off-in-batches-of-1000", "keras-loss-off-in-batches-of-1000"},
    "one sign": {"positive-gradients-larger", "keras-negative-weights-faster"},
    "small ones": {"small-gradients-larger", "keras-small-gradients-larger"},
    "compiled": {"keras-compiled-momentum-smaller", "keras-compiled-loss-summed"},
}


def test_there_are_enough_and_on_every_side():
    assert len(REAL) >= 60
    for side in SIDES:
        assert sum(defect.side == side for defect in REAL) >= 20


@pytest.mark.parametrize("topic", ASKED_FOR)
def test_each_kind_of_defect_is_there(topic):
    assert {defect.name for defect in REAL} >= ASKED_FOR[topic]


def test_names_are_unique_and_kebab_case():
    names = [defect.name for defect in GALLERY]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", name)] == []


@pytest.mark.parametrize("defect", GALLERY, ids=lambda defect: defect.name)
def test_each_says_in_a_sentence_what_is_wrong_and_where_it_comes_from(defect):
    assert re.fullmatch(r"[A-Za-z0-9].*\.", defect.says)
    kinds = (
        r"[\w.-]+/[\w.-]+#\d+: \S.*|plausible slip: \S.*" if defect.changes_mathematics else "mathematically equal: .*"
    )
    assert re.fullmatch(kinds, defect.source)
    assert defect.family in FAMILIES


@pytest.mark.parametrize("defect", IN_SOURCE, ids=lambda defect: defect.name)
def test_each_source_patch_applies_changes_its_function_and_is_taken_out_again(defect):
    assert all(isinstance(patch, Substitution) for patch in defect.patches)
    changed = changed_code(defect.patches)
    before = [function.__code__ for function, _ in changed]
    with planted(defect.patches):
        for (function, _), original in zip(changed, before, strict=True):
            assert function.__code__.replace(co_linetable=b"") != original.replace(co_linetable=b"")
    assert all(function.__code__ is original for (function, _), original in zip(changed, before, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_on_every_side_and_has_a_control(kind):
    here = [defect for defect in GALLERY if defect.kind == kind]
    assert {defect.side for defect in here if defect.changes_mathematics} == set(SIDES)
    assert any(not defect.changes_mathematics for defect in here)


def test_all_kinds_are_known():
    assert {defect.kind for defect in GALLERY} == set(KINDS)


def test_every_family_has_a_defect():
    assert {defect.family for defect in REAL} == set(FAMILIES)


def test_what_was_reported_is_told_from_what_was_thought_of():
    assert sum(defect.historical for defect in REAL) == sum("#" in defect.source.split(": ")[0] for defect in REAL)
    assert not any(defect.historical for defect in REAL if defect.source.startswith("plausible slip"))


def test_a_side_is_where_the_patch_is():
    sides = {re.split("[.:]", patch.where)[0]: defect.side for defect in GALLERY for patch in defect.patches}
    assert sides.items() >= {"reference": "reference", "keras": "keras", "keras_impl": "keras"}.items()
    assert sides.items() >= {"torch": "torch", "jax": "jax", "optax": "jax"}.items()
    assert sides.keys() == {"reference", "keras", "keras_impl", "torch", "jax", "optax", "compare"}
    assert all(
        (defect.side == "keras") == ("keras" in defect.name) for defect in REAL if defect.kind not in {"formula"}
    )
    driven = {patch.where: defect.side for defect in GALLERY for patch in defect.patches if "subjects" in patch.where}
    assert driven == {"compare.subjects.pytorch": "torch", "compare.subjects.jax_optax": "jax"}


def test_what_is_planted_in_a_subject_is_tried_on_it():
    assert all(FAMILIES[defect.family].subject == defect.side for defect in GALLERY if defect.side != "reference")
    assert all(FAMILIES[defect.family].subject == "keras" for defect in GALLERY if defect.side == "reference")
    for side in ("torch", "jax"):
        assert all(defect.name.startswith(f"{side}-") for defect in GALLERY if defect.side == side)


def test_the_pages_say_how_many_there_are():
    """The README tells of Keras and the reference; the page of defects tells of the other subjects as well."""
    many = Counter(FAMILIES[defect.family].subject for defect in REAL)
    formulas = sum(defect.kind == "formula" for defect in REAL if FAMILIES[defect.family].subject == "keras")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"| {many['keras']} in all |" in readme
    assert f"| {formulas} in formulas |" in readme
    page = " ".join((ROOT / "docs/explanation/defects.rst").read_text(encoding="utf-8").split())
    assert f"{many['torch']} in PyTorch's path and {many['jax']} in JAX'" in page


def test_patches_of_keras_are_methods_and_functions_of_its_public_names():
    of_keras = [defect for defect in GALLERY if defect.side == "keras"]
    places = {patch.where for defect in of_keras for patch in defect.patches if isinstance(patch, Replacement)}
    assert all(re.fullmatch(r"keras\.(optimizers|layers|losses|activations):\w+(\.\w+)?", place) for place in places)
