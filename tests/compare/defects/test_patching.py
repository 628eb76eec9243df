"""Planting a patch and taking it out: everybody sees it, and it leaves no trace."""

import inspect
import json

import numpy as np
import pytest

import reference.training
from compare.defects.defect import Replacement, Substitution
from compare.defects.patching import changed_code, in_blocks, planted
from reference import SGD, Experiment, Optimizer, Parameters, iterate_batches, neuron, phi, train

ABS = Substitution("reference.neuron", "return np.maximum(z, 0)", "return np.abs(z)")
Z = np.array([-2.0, 1.0])


def test_every_importer_sees_the_change_and_its_end():
    with planted([ABS]):
        assert phi(Z, 0.0).tolist() == neuron.phi(Z, 0.0).tolist() == [2.0, 1.0]
        assert reference.training.forward(Parameters(w=1.0), Z, 0.0).y_pred.tolist() == [2.0, 1.0]
    assert phi(Z, 0.0).tolist() == [0.0, 1.0]


def test_the_change_ends_with_an_error_too():
    with pytest.raises(KeyError), planted([ABS]):
        raise KeyError
    assert phi(Z, 0.0).tolist() == [0.0, 1.0]


def test_methods_and_properties_are_patched_where_they_are_defined():
    method = Substitution("reference.optimizers.sgd", "return w - g * lr, {}", "return w + g * lr, {}")
    where = "if any_positive(self.momentum) else ()"
    prop = Substitution("reference.optimizers.sgd", where, where.replace("()", '("none",)'))
    with planted([method, prop]):
        assert SGD(learning_rate=0.5).update(1.0, 2.0, 0, {})[0] == 2.0
        assert SGD().slots == ("none",)
    assert SGD(learning_rate=0.5).update(1.0, 2.0, 0, {})[0] == 0.0
    assert SGD().slots == ()


def test_a_method_that_calls_super_can_be_patched():
    from reference import AdamW

    patch = Substitution("reference.optimizers.adam", "super().update(w - decay, g,", "super().update(w + decay, g,")
    adamw, slots = AdamW(learning_rate=0.5, weight_decay=0.5), {"momentum": 0.0, "velocity": 0.0}
    with planted([patch]):
        assert adamw.update(1.0, 0.0, 0, slots)[0] == 1.25
    assert adamw.update(1.0, 0.0, 0, slots)[0] == 0.75


def test_several_changes_of_one_function_are_made_together():
    patches = (
        Substitution("reference.neuron", "z = w * x + b", "z = w * x - b"),
        Substitution("reference.neuron", "v * activation + d", "v * activation - d"),
    )
    assert len(changed_code(patches)) == 1
    with planted(patches):
        assert neuron.forward(Parameters(1.0, 1.0, 1.0, 1.0), Z, 1.0).y_pred.tolist() == [-4.0, -1.0]
    assert neuron.forward(Parameters(1.0, 1.0, 1.0, 1.0), Z, 1.0).y_pred.tolist() == [0.0, 3.0]


def test_what_a_defect_left_on_a_function_is_removed():
    from reference.training import _step_by_step

    step = "parameters, state = experiment.optimizer.step(parameters, gradient, state)"
    patch = Substitution("reference.training", step, f"{step}; _step_by_step.left = state")
    with planted([patch]):
        train(Experiment(steps=1))
        assert hasattr(_step_by_step, "left")
    assert not hasattr(_step_by_step, "left")


@pytest.mark.parametrize(
    ("old", "complaint"),
    [
        ("no such text", "occurs 0 times"),
        ("np.where", "occurs [2-9] times"),
        ('"Forward", "Parameters"', "inside a function"),
    ],
)
def test_a_text_that_cannot_be_patched_is_refused_in_one_line(old, complaint):
    with pytest.raises(ValueError, match=complaint) as error, planted([Substitution("reference.neuron", old, "")]):
        pass
    assert "\n" not in str(error.value)
    assert "reference.neuron" in str(error.value)


def test_nothing_is_planted_if_one_of_the_patches_cannot_be():
    with pytest.raises(ValueError, match="occurs 0 times"), planted([ABS, Substitution("reference.training", "?", "")]):
        pass
    assert phi(Z, 0.0).tolist() == [0.0, 1.0]


def test_a_method_is_replaced_and_an_inherited_one_put_back_as_inherited():
    with planted([Replacement("reference:SGD.init", lambda original, self, parameters: "planted")]):
        assert SGD().init(Parameters(1.0)) == "planted"
    assert "init" not in vars(SGD)
    assert SGD.init is Optimizer.init


def test_a_function_of_a_module_is_replaced_and_can_call_the_original():
    before = json.dumps
    with planted([Replacement("json:dumps", lambda original, value: f"<{original(value)}>")]):
        assert json.dumps(1) == "<1>"
    assert json.dumps is before


def test_no_defect_of_the_loop_leaves_anything_behind():
    from compare.defects.planted.in_reference import training as in_training

    for defect in in_training.DEFECTS:
        with planted(defect.patches):
            train(Experiment(steps=2, batch_size=4, optimizer=SGD(momentum=0.5)))
    functions = [thing for thing in vars(reference.training).values() if inspect.isfunction(thing)]
    assert [function.__name__ for function in functions if vars(function)] == []


def test_runs_are_cut_into_blocks_for_a_while():
    run = Experiment(steps=5, batch_size=4)
    with in_blocks(12):
        assert [len(x) for x, y in iterate_batches(run)] == [3, 2]
    with pytest.raises(KeyError), in_blocks(12):
        raise KeyError
    assert [len(x) for x, y in iterate_batches(run)] == [5]


def test_blocks_stay_as_they_are_where_none_are_asked_for():
    before = reference.experiment.SAMPLES_PER_BLOCK
    with in_blocks(None):
        assert before == reference.experiment.SAMPLES_PER_BLOCK


def test_who_has_imported_the_size_of_blocks_sees_the_change():
    from compare.certificates import certification

    with in_blocks(12):
        assert certification.SAMPLES_PER_BLOCK == 12
    assert certification.SAMPLES_PER_BLOCK == reference.experiment.SAMPLES_PER_BLOCK
