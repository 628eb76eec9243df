"""The exact lane: both sides give the rationals, and one that doesn't is caught."""

import dataclasses
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest

import reference
from compare.certificates.exact import comparison
from compare.certificates.exact.cases import exact_cases
from compare.certificates.exact.comparison import check_keras, check_reference, compare_exactly
from compare.certificates.exact.rational import exact_run
from keras_impl import Recorder
from reference import SGD, Target, neuron

DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_gives_the_exact_rationals(dtype):
    result = check_reference(dtype)
    assert result.agrees, result.first_disagreement
    assert result.cases == len(exact_cases(dtype))
    assert result.compared > 100 * result.cases


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["graph", "xla", "eager"])
def test_keras_gives_the_exact_rationals(mode, dtype):
    cases = [case for case in exact_cases(dtype) if mode != "eager" or case.name.endswith("by hand")]
    result = check_keras(Recorder(mode), dtype, cases=cases)
    assert result.agrees, result.first_disagreement
    assert result.cases == len(cases)
    assert result.compared > 50 * result.cases


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_cases_visit_what_random_samples_never_do(dtype):
    on_the_kink, open_units, whole_runs, skipped = 0, 0, 0, 0
    for case in exact_cases(dtype):
        run = comparison._oracle(case)  # which the tests above have asked already
        state = {"w": case.experiment.initial.w, "b": case.experiment.initial.b}
        for x, step in zip(case.x, run.steps, strict=False):
            z = state["w"] * x + state["b"]
            on_the_kink, open_units = on_the_kink + (z == 0).sum(), open_units + (z > 0).sum()
            state |= {name: float(step[name][0]) for name in ("w", "b") if name in step}
        whole_runs += len(run.steps) == case.experiment.steps
        skipped += run.skipped
    assert on_the_kink > 1000
    assert open_units > 1000
    assert whole_runs > 0
    assert skipped > 0
    starts = {(case.experiment.initial.w, np.signbit(case.experiment.initial.w)) for case in exact_cases(dtype)}
    assert {(0.0, False), (0.0, True)} <= starts
    assert any((case.x == 0).all(axis=1).any() for case in exact_cases(dtype))
    assert {case.experiment.optimizer.momentum > 0 for case in exact_cases(dtype)} == {False, True}


def relu_with_derivative_one_at_zero(z, negative_slope, grad_at_zero=None):
    return np.where(z >= 0, z.dtype.type(1), z.dtype.type(negative_slope))


def steepest_side(z, negative_slope, grad_at_zero=None):
    return np.where(z > 0, z.dtype.type(negative_slope), z.dtype.type(1))


def sum_for_mean(y_pred, y):
    return np.square(y_pred - y).sum(axis=-1)


def slope_squared(z, negative_slope):
    return np.where(z > 0, z, z.dtype.type(negative_slope) ** 2 * z)


@pytest.mark.parametrize(
    ("function", "wrong", "quantity"),
    [
        ("phi_derivative", relu_with_derivative_one_at_zero, "gradient.w"),
        ("phi_derivative", steepest_side, "gradient.w"),
        ("mean_squared_error", sum_for_mean, "loss"),
        ("phi", slope_squared, "y_pred"),
    ],
)
def test_a_wrong_function_of_the_neuron_is_caught(function, wrong, quantity):
    with mock.patch.object(neuron, function, wrong):
        result = check_reference("float64")
    assert not result.agrees
    assert quantity in result.disagreements
    assert result.first_disagreement is not None


def test_a_wrong_optimizer_is_caught():
    def undamped(self, w, g, iterations, slots):
        w, new = update(self, w, g, iterations, slots)
        return w, {name: m * 2 for name, m in new.items()}

    update = SGD.update
    with mock.patch.object(SGD, "update", undamped):
        result = check_reference("float32")
    assert {"momentum.w", "momentum.b"} <= result.disagreements.keys()


def test_a_wrong_teacher_is_caught():
    with mock.patch.object(Target, "labels", lambda self, x: x):
        assert "y" in check_reference("float64").disagreements


def test_a_defect_of_the_training_loop_is_caught():
    def always_the_first_batch(experiment, *, batches):
        x, y = batches
        return train(experiment, batches=(np.repeat(x[:1], len(x), 0), np.repeat(y[:1], len(y), 0)))

    train = reference.training.train
    with mock.patch.object(reference.training, "train", always_the_first_batch):
        result = check_reference("float64")
    assert result.first_disagreement.step == 1
    assert "run" in result.first_disagreement.side


def test_the_last_bit_and_the_sign_of_zero_count():
    case = next(c for c in exact_cases() if c.name == "relu-w/right-way/by hand")
    loss = np.array([float(step["loss"][0]) for step in exact_run(case.experiment, case.x, case.y).steps])
    assert compare_exactly(case, {"loss": loss}, "us").agrees
    off = loss.copy()
    off[0] = np.nextafter(off[0], 1)
    found = compare_exactly(case, {"loss": off}, "us").first_disagreement
    assert (found.step, found.quantity, found.exact) == (0, "loss", Fraction(float(loss[0])))
    assert "exact, relu-w/right-way/by hand, step 0: loss is" in str(found)
    zero = np.flatnonzero(loss == 0)[0]
    off = loss.copy()
    off[zero] = -0.0
    found = compare_exactly(case, {"loss": off}, "us").first_disagreement
    assert (found.step, found.zero) == (zero, 1)
    assert str(found).endswith("loss is -0.0 in us, must be +0")
    off[zero] = np.nan
    assert not compare_exactly(case, {"loss": off}, "us").agrees


def test_a_wrong_sample_is_named():
    case = exact_cases()[0]
    y_pred = np.zeros_like(case.x)
    y_pred[0, 3] = 1.0
    found = compare_exactly(case, {"y_pred": y_pred}, "us").first_disagreement
    assert (found.step, found.sample) == (0, 3)
    assert "sample 3" in str(found)


@pytest.mark.parametrize("loss", [np.zeros(8, "float32"), np.zeros((8, 2))])
def test_other_shapes_and_dtypes_are_refused(loss):
    with pytest.raises(ValueError, match=r"loss of step 0 must be float64 of shape \(1,\)"):
        compare_exactly(exact_cases()[0], {"loss": loss}, "us")


def test_other_dtypes_of_cases_are_refused():
    with pytest.raises(ValueError, match="float16"):
        exact_cases("float16")


def test_an_experiment_is_followed_only_as_far_as_it_is_exact():
    case = next(c for c in exact_cases("float32") if c.name == "relu-wbvd/upside-down/drawn")
    shorter = exact_run(case.experiment, case.x, case.y)
    longer = exact_run(
        dataclasses.replace(case.experiment, dtype="float64"), case.x.astype(float), case.y.astype(float)
    )
    assert 0 < len(shorter.steps) < len(longer.steps)
