"""The certificate: the source's runs agree, and defects of Keras' side are seen."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from compare import Certificate, certify
from compare.question.experiments import shipped
from reference import SGD, Adam, Experiment, Parameters, RMSprop, draw_batches

DTYPES = ["float32", "float64"]
STEPS = 400  # of the source's 2000, which `python -m compare.run` certifies in full


def shorter(experiment, **changes):
    return replace(experiment, **{"steps": STEPS} | changes)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("id", [case.id for case in shipped()])
def test_a_run_of_the_source_agrees(id, dtype, recorder):
    (case,) = (case for case in shipped(dtype=dtype) if case.id == id)
    certificate = certify(shorter(case.experiment), recorder=recorder)
    assert certificate.agrees, certificate.first_disagreement
    assert 0 < certificate.worst <= 1
    assert certificate.first_disagreement is None
    assert certificate.steps_compared == STEPS


def ignore_momentum(monkeypatch):
    def step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient * ops.cast(learning_rate, variable.dtype))

    monkeypatch.setattr(keras.optimizers.SGD, "update_step", step)
    return Experiment(initial=Parameters(w=-1.0), optimizer=SGD(momentum=0.9), steps=20)


def forget_faster(monkeypatch):
    sound = keras.optimizers.Adam.__init__

    def build(self, *arguments, **settings):
        sound(self, *arguments, **settings)
        self.beta_2 = 0.9

    monkeypatch.setattr(keras.optimizers.Adam, "__init__", build)
    return Experiment(initial=Parameters(w=-1.0), optimizer=Adam(learning_rate=0.01), steps=20)


def put_epsilon_inside_the_root(monkeypatch):
    def step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        t = ops.cast(self.iterations + 1, dtype)
        alpha = (
            learning_rate * ops.sqrt(1 - ops.cast(self.beta_2, dtype) ** t) / (1 - ops.cast(self.beta_1, dtype) ** t)
        )
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (gradient * gradient - v) * (1 - self.beta_2))
        self.assign_sub(variable, m * alpha / ops.sqrt(v + self.epsilon))

    monkeypatch.setattr(keras.optimizers.Adam, "update_step", step)
    # So close to zero that epsilon counts, also among the roundings of float32.
    return Experiment(initial=Parameters(w=-1e-3), optimizer=Adam(learning_rate=0.01), steps=20)


def put_the_slope_on_the_wrong_side(monkeypatch):
    def call(self, inputs):
        return ops.where(inputs > 0, ops.cast(self.negative_slope, inputs.dtype) * inputs, inputs)

    monkeypatch.setattr(keras.layers.LeakyReLU, "call", call)
    return Experiment(negative_slope=0.3, steps=20)


def drop_the_factor_two(monkeypatch):
    monkeypatch.setattr(
        keras.losses.MeanSquaredError, "call", lambda self, y, p: ops.mean(ops.square(p - y), axis=-1) / 2
    )
    return Experiment(steps=20)


def turn_over_the_gradient_at_a_later_step(monkeypatch):
    sound = keras.optimizers.SGD.update_step

    def step(self, gradient, variable, learning_rate):
        sound(self, ops.where(self.iterations == 13, -gradient, gradient), variable, learning_rate)

    monkeypatch.setattr(keras.optimizers.SGD, "update_step", step)
    return Experiment(steps=20)


DEFECTS = {  # the quantity and step at which each shows first
    ignore_momentum: ("momentum.w", 0),
    forget_faster: ("velocity.w", 0),
    put_epsilon_inside_the_root: ("w", 0),
    put_the_slope_on_the_wrong_side: ("y_pred", 0),
    drop_the_factor_two: ("loss", 0),
    turn_over_the_gradient_at_a_later_step: ("w", 13),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_a_defect_of_keras_is_seen_where_it_is_made(defect, dtype, monkeypatch, recorder):
    experiment = shorter(defect(monkeypatch), steps=20, dtype=dtype)
    certificate = certify(experiment)
    assert not certificate.agrees
    assert certificate.worst > 1
    found = certificate.first_disagreement
    assert (found.quantity, found.step) == DEFECTS[defect]
    assert abs(found.observed - found.reference) > found.bound
    assert found.lane in {"lockstep", "bit"}
    monkeypatch.undo()
    assert certify(experiment, recorder=recorder).agrees


def test_a_defect_in_the_reference_is_seen_as_well(monkeypatch, recorder):
    sound = SGD.update

    def heavier(self, w, g, iterations, slots):
        return sound(self, w, g * np.float32(1.001), iterations, slots)

    experiment = shorter(Experiment(), steps=5)
    assert certify(experiment, recorder=recorder).agrees
    monkeypatch.setattr(SGD, "update", heavier)
    assert not certify(experiment, recorder=recorder).agrees


def test_a_disagreement_is_one_line_with_all_that_ends_the_search(monkeypatch):
    certificate = certify(ignore_momentum(monkeypatch))
    found = certificate.first_disagreement
    line = str(found)
    assert "\n" not in line
    for part in (found.lane, "step 0", "momentum.w", repr(found.observed), repr(found.reference)):
        assert part in line


def test_samples_of_ones_own_are_certified(recorder):
    rng = np.random.default_rng(11)
    x = rng.uniform(-3, 3, (30, 50))
    y = np.sin(x)  # no teacher of ours
    experiment = Experiment(
        initial=Parameters(0.5, 0.1),
        trainable=("w", "b"),
        negative_slope=0.3,
        batch_size=50,
        steps=30,
        dtype="float64",
    )
    certificate = certify(experiment, batches=(x, y), recorder=recorder)
    assert certificate.agrees, certificate.first_disagreement
    assert not np.array_equal(certificate.reference.loss, certify(experiment, recorder=recorder).reference.loss)


def test_batches_drawn_in_blocks_give_the_certificate_of_batches_drawn_at_once(recorder, monkeypatch):
    experiment = Experiment(optimizer=Adam(), steps=12, batch_size=10, dtype="float64")
    at_once = certify(experiment, recorder=recorder)
    for module in ("reference.experiment", "compare.certificates.certification"):
        monkeypatch.setattr(f"{module}.SAMPLES_PER_BLOCK", 50)
    in_blocks = certify(experiment, recorder=recorder)
    assert in_blocks.agrees
    assert in_blocks.worst == at_once.worst
    assert in_blocks.observed.parameters.w.tobytes() == at_once.observed.parameters.w.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", [SGD(), SGD(momentum=0.9), Adam(), RMSprop()], ids=repr)
def test_from_zero_everything_stays_at_zero_on_both_sides(optimizer, dtype, recorder):
    # All samples are on the kink, where ReLU's derivative is 0 on TensorFlow.
    experiment = Experiment(initial=Parameters(w=0.0), optimizer=optimizer, steps=10, dtype=dtype)
    certificate = certify(experiment, recorder=recorder)
    assert certificate.agrees
    assert set(certificate.observed.parameters.w.tolist()) == set(certificate.reference.parameters.w.tolist()) == {0.0}


def test_another_value_at_the_kink_is_a_disagreement(recorder):
    experiment = Experiment(initial=Parameters(w=0.0), grad_at_zero=1.0, steps=3)
    certificate = certify(experiment, recorder=recorder)
    assert not certificate.agrees
    assert certificate.first_disagreement.quantity == "gradient.w"


@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_on_both_sides_agrees(dtype, recorder):
    experiment = Experiment(
        initial=Parameters(w=2.0), negative_slope=3.0, optimizer=SGD(learning_rate=100.0), steps=300, dtype=dtype
    )
    certificate = certify(experiment, recorder=recorder)
    assert certificate.agrees
    assert certificate.observed.diverged_at == certificate.reference.diverged_at == certificate.steps_compared


def test_an_ensemble_is_refused_in_one_line(recorder):
    experiment = Experiment(initial=Parameters(w=[1.0, 2.0]))
    with pytest.raises(ValueError, match=r"^only the reference runs ensembles, got one of shape \(2,\)$"):
        certify(experiment, recorder=recorder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batches": 1}, "batches must be a tuple of x and y, got int"),
        (
            {"batches": draw_batches(Experiment(steps=2, batch_size=3))},
            "batches: x must be float32 of shape (2000, 1000), got float32 of shape (2, 3)",
        ),
    ],
)
def test_batches_that_do_not_fit_are_refused_in_one_line(arguments, message, recorder):
    with pytest.raises((TypeError, ValueError)) as error:
        certify(Experiment(), recorder=recorder, **arguments)
    assert str(error.value) == message


def test_a_certificate_is_frozen_and_holds_both_runs(recorder):
    experiment = Experiment(steps=3, batch_size=4)
    certificate = certify(experiment, recorder=recorder)
    assert isinstance(certificate, Certificate)
    assert certificate.experiment is experiment
    assert len(certificate.observed.parameters.w) == len(certificate.reference.parameters.w) == 4
    with pytest.raises(AttributeError):
        certificate.agrees = False
