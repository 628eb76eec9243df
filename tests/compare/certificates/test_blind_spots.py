"""Errors that lockstep alone does not see: each is named, and what is right is not."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

import reference
import reference.subject
from compare import certify
from compare.certificates import examination
from keras_impl.recorders import common as recording
from reference import SGD, Adam, Experiment, Parameters, RMSprop, Target, neuron, training

SHORT = Experiment(initial=Parameters(w=-10.0), steps=6, batch_size=16)


@contextmanager
def replaced(owner, name, make):
    original = getattr(owner, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, make(original))
        yield


def seen(certificate, lane, quantity):
    found = certificate.first_disagreement
    assert not certificate.agrees
    assert (found.lane.rpartition(" twin: ")[2], found.quantity) == (lane, quantity), str(found)
    assert f"{quantity} is " in str(found)
    assert str(certificate).startswith("DISAGREES: ")


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=1e-8), Adam(learning_rate=1e-7), RMSprop(learning_rate=1e-8)])
def test_another_start_in_keras_is_seen_however_small_its_steps_are(optimizer, recorder):
    def elsewhere(original):
        def reset(self, experiment):
            original(self, replace(experiment, initial=experiment.initial._replace(w=-15.0)))

        return reset

    experiment = replace(SHORT, optimizer=optimizer)
    assert certify(experiment, recorder=recorder).agrees
    with replaced(recording.Network, "reset", elsewhere):
        seen(certify(experiment, recorder=recorder), "start", "w")


def test_an_untrained_parameter_that_is_off_is_seen(recorder):
    def other_bias(original):
        def reset(self, experiment):
            original(self, replace(experiment, initial=experiment.initial._replace(b=1.0)))

        return reset

    experiment = replace(SHORT, initial=Parameters(w=1.0, b=0.5))
    with replaced(recording.Network, "reset", other_bias):
        seen(certify(experiment, recorder=recorder), "start", "b")


def test_an_untrained_parameter_that_drifts_is_seen(recorder):
    def drifting(original):
        def record(self, experiment, first_step, x, y):
            block = original(self, experiment, first_step, x, y)
            self.variables.b.assign_add([1e-3])
            return block._replace(parameters=self_parameters(self, block, experiment))

        def self_parameters(graph, block, experiment):
            b = np.full(len(block.loss) + 1, graph.variables.b.numpy().item(), experiment.dtype)
            return block.parameters._replace(b=b)

        return record

    with replaced(recording.Network, "record", drifting):
        seen(certify(replace(SHORT, initial=Parameters(w=1.0, b=0.5)), recorder=recorder), "start", "b")


BORDERS = Experiment(
    initial=Parameters(w=-1.0), optimizer=RMSprop(learning_rate=0.01, centered=True), steps=12, batch_size=10
)


@pytest.fixture
def blocks_of_five(monkeypatch):
    for module in ("reference.experiment", "compare.certificates.certification"):
        monkeypatch.setattr(f"{module}.SAMPLES_PER_BLOCK", 50)


def between_blocks(change):
    def make(original):
        def record(self, experiment, first_step, x, y):
            if first_step:
                change(self)
            return original(self, experiment, first_step, x, y)

        return record

    return make


@pytest.mark.usefixtures("blocks_of_five")
@pytest.mark.parametrize(
    ("quantity", "change"),
    [
        ("w", lambda graph: graph.variables.w.assign_add([[1.0]])),
        ("velocity.w", lambda graph: graph.slots["velocity"][0].assign([[0.0]])),
        ("average_gradient.w", lambda graph: graph.slots["average_gradient"][0].assign([[0.0]])),
    ],
)
def test_what_changes_between_two_blocks_of_keras_is_seen(quantity, change, recorder):
    assert certify(BORDERS, recorder=recorder).agrees
    with replaced(recording.Network, "record", between_blocks(change)):
        certificate = certify(BORDERS, recorder=recorder)
    seen(certificate, "start", quantity)
    assert certificate.first_disagreement.step == 5


def recorded(**changes):
    """`reference.train`, with something else in its Trajectory."""

    def make(original):
        def train(experiment, **options):
            run = original(experiment, **options)
            return replace(run, **{name: change(run) for name, change in changes.items()})

        return train

    return make


def rolled(run):
    return Parameters(*(None if g is None else np.roll(g, 1) for g in run.gradient))


def one_step_later(run):
    w = run.parameters.w.copy()
    w[4:] += 1.0  # as between two blocks
    return run.parameters._replace(w=w)


OF_THE_REFERENCE = {
    "loss doubled": ("loss", {"loss": lambda run: 2 * run.loss}),
    "loss at the new parameters": ("loss", {"loss": lambda run: np.roll(run.loss, -1)}),
    "gradient negated": ("gradient.w", {"gradient": lambda run: Parameters(-run.gradient.w, None, None, None)}),
    "gradient of the batch before": ("gradient.w", {"gradient": rolled}),
    "NaN in the loss": ("loss", {"loss": lambda run: np.where(np.arange(len(run.loss)) == 3, np.nan, run.loss)}),
    "w moved at a border": ("w", {"parameters": one_step_later}),
    "crossed at once": ("crossed_at", {"crossed_at": lambda run: 1}),
    "never crossed": ("crossed_at", {"crossed_at": lambda run: None}),
    "diverged": ("diverged_at", {"diverged_at": lambda run: 3}),
}


@pytest.mark.parametrize("slip", OF_THE_REFERENCE)
def test_what_the_reference_records_is_held_against_its_own_functions(slip, recorder):
    quantity, changes = OF_THE_REFERENCE[slip]
    crossing = replace(SHORT, initial=Parameters(w=-1.0), optimizer=SGD(learning_rate=1.5))
    assert certify(crossing, recorder=recorder).reference.crossed_at is not None
    with replaced(reference, "train", recorded(**changes)):
        certificate = certify(crossing, recorder=recorder)
    if slip == "w moved at a border":
        assert not certificate.agrees
        assert certificate.record["w"].ratio > 1
    else:
        seen(certificate, "record", quantity)


def test_marks_of_keras_that_are_wrong_are_seen_too(recorder):
    with replaced(reference.subject, "first_crossing", lambda original: lambda w: 2):
        seen(certify(SHORT, recorder=recorder), "record", "crossed_at")


OF_KERAS = {
    "loss doubled": ("loss", {"loss": lambda run: 2 * run.loss}),
    "gradient negated": ("gradient.w", {"gradient": lambda run: Parameters(-run.gradient.w, None, None, None)}),
    "gradient of the batch before": ("gradient.w", {"gradient": rolled}),
}


@pytest.mark.parametrize("slip", OF_KERAS)
def test_what_keras_path_is_put_together_from_is_what_it_holds(slip, recorder):
    quantity, changes = OF_KERAS[slip]
    with replaced(examination, "assemble", recorded_by_keras(**changes)):
        seen(certify(SHORT, recorder=recorder), "record", quantity)


def recorded_by_keras(**changes):
    def make(original):
        def assemble(experiment, records, record="all"):
            run = original(experiment, records, record)
            return replace(run, **{name: change(run) for name, change in changes.items()})

        return assemble

    return make


def test_slots_that_are_not_empty_at_the_start_of_the_reference_are_seen(recorder):
    def left_over(original):
        def train(experiment, **options):
            run = original(experiment, **options)
            m = run.slots["momentum"].w.copy()
            m[0] = 1e-8
            return replace(run, slots={"momentum": run.slots["momentum"]._replace(w=m)})

        return train

    with replaced(reference, "train", left_over):
        seen(certify(replace(SHORT, optimizer=SGD(momentum=0.5)), recorder=recorder), "record", "momentum.w")


DIVERGING = Experiment(
    initial=Parameters(w=2.0), negative_slope=3.0, optimizer=SGD(learning_rate=3.0), steps=60, batch_size=20
)


def finite(g):
    return np.where(np.isfinite(g), g, np.zeros_like(g))


def test_a_gradient_that_is_repaired_in_keras_is_seen(recorder):
    def repaired(original):
        def step(self, gradient, variable, learning_rate):
            ops = recording.keras.ops
            fine = ops.isfinite(gradient)
            original(self, ops.where(fine, gradient, ops.zeros_like(gradient)), variable, learning_rate)

        return step

    assert certify(DIVERGING, recorder=recorder).agrees
    with replaced(recording.keras.optimizers.SGD, "update_step", repaired):
        certificate = certify(DIVERGING)
    assert certificate.observed.diverged_at is None
    assert certificate.reference.diverged_at is not None
    seen(certificate, "lockstep", "w")
    assert "no rounding makes that of the other" in str(certificate.first_disagreement)


def test_a_gradient_that_is_repaired_in_the_reference_is_seen(recorder):
    def repaired(original):
        def update(self, w, g, iterations, slots):
            return original(self, w, finite(g) if isinstance(g, (np.ndarray, np.generic)) else g, iterations, slots)

        return update

    with replaced(SGD, "update", repaired):
        certificate = certify(DIVERGING, recorder=recorder)
    assert certificate.reference.diverged_at is None
    assert certificate.observed.diverged_at is not None
    assert not certificate.agrees
    assert certificate.worst == np.inf


def test_a_loss_that_is_masked_is_seen():
    def masked(original):
        def call(self, y_true, y_pred, sample_weight=None):
            ops = recording.keras.ops
            loss = original(self, y_true, y_pred, sample_weight)
            return ops.where(ops.isfinite(loss), loss, ops.zeros_like(loss))

        return call

    with replaced(recording.keras.losses.MeanSquaredError, "__call__", masked):
        assert not certify(DIVERGING).agrees


DRAWN = {
    "variance 1.21": lambda x: (x * 1.1).astype(x.dtype),
    "shifted": lambda x: x + x.dtype.type(0.125),
    "another seed": lambda x: np.random.default_rng(1).standard_normal(x.shape).astype(x.dtype),
}


@pytest.mark.parametrize("slip", DRAWN)
def test_samples_that_are_not_the_experiments_are_seen(slip, recorder):
    def other(original):
        def draw(experiment, steps_per_block):
            for x in original(experiment, steps_per_block):
                yield DRAWN[slip](x)

        return draw

    with replaced(reference.experiment, "draw_samples", other):
        seen(certify(SHORT, recorder=recorder), "drawing", "x")


def test_labels_that_are_not_the_teachers_are_seen(recorder):
    with replaced(Target, "labels", lambda original: lambda self, x: np.maximum(x, x.dtype.type(0.5))):
        seen(certify(SHORT, recorder=recorder), "drawing", "y")


def test_what_is_compared_is_counted_and_nothing_is_no_agreement(recorder):
    huge = certify(Experiment(initial=Parameters(w=1e38), steps=3), recorder=recorder)
    assert huge.agrees
    assert sum(huge.compared.values()) > 0
    assert all(huge.compared[name] for name in ("y_pred", "loss", "gradient.w", "w"))
    alone = certify(Experiment(initial=Parameters(w=3e38), steps=3), recorder=recorder, twins=False)
    assert alone.compared["w"] == 0
    assert not alone.agrees
    assert alone.not_compared.quantity == "w"


def test_functions_of_the_reference_are_what_its_records_are_held_against(recorder):
    def doubled(original):
        return lambda y_pred, y: 2 * original(y_pred, y)

    with replaced(training, "mean_squared_error", doubled):
        seen(certify(SHORT, recorder=recorder), "record", "loss")
    assert neuron.mean_squared_error is not training.mean_squared_error or certify(SHORT, recorder=recorder).agrees
