"""Certificates, lane by lane, in each mode of TensorFlow; and what they say to people."""

import functools
import io
from contextlib import redirect_stdout
from dataclasses import replace
from unittest import mock

import keras
import numpy as np
import pytest

from compare import certify
from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Parameters, RMSprop, draw_batches, neuron

VARIANTS = [
    SGD(learning_rate=0.05),
    SGD(learning_rate=0.05, momentum=0.9),
    SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    Adam(learning_rate=0.01),
    Adam(learning_rate=0.01, amsgrad=True),
    AdamW(learning_rate=0.01, weight_decay=0.25),
    RMSprop(),
    RMSprop(centered=True, momentum=0.5),
]
DTYPES = ["float32", "float64"]


@pytest.fixture(scope="module")
def certified(recorders):
    """Certificates of `experiment`, each made once."""

    @functools.cache
    def of(optimizer, dtype, mode):
        # Twins in the other modes are the same comparison, at a price: eager, a step takes a tenth of a second.
        steps = 12 if mode == "eager" else 60
        return certify(experiment(optimizer, dtype, steps=steps), recorder=recorders[mode], twins=mode == "graph")

    return of


def experiment(optimizer, dtype, steps=60):
    return Experiment(
        initial=Parameters(w=-1.5, b=0.5, v=0.75, d=0.25),
        trainable=("w", "b", "v", "d"),
        negative_slope=0.3,
        optimizer=optimizer,
        batch_size=100,
        steps=steps,
        dtype=dtype,
    )


def test_every_optimizer_has_a_variant_here():
    assert {type(optimizer).__name__ for optimizer in VARIANTS} == set(OPTIMIZERS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["graph", "xla", "eager"])
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_every_optimizer_agrees_in_every_mode(optimizer, mode, dtype, certified):
    certificate = certified(optimizer, dtype, mode)
    e = certificate.experiment
    assert certificate.agrees, certificate
    assert certificate.worst <= 1
    assert certificate.mode == mode
    names = [f"{slot}.{name}" for slot in optimizer.slots for name in e.trainable] + list(e.trainable)
    assert list(certificate.lockstep) == ["y_pred", "loss", *(f"gradient.{n}" for n in e.trainable), *names]
    assert set(certificate.free_run) == set(names)
    assert list(certificate.bits) == ([] if mode == "xla" else ["y_pred", *names])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_bits_are_equal_but_for_pow_and_what_a_graph_rewrites(optimizer, dtype, certified):
    eager, graph = certified(optimizer, dtype, "eager"), certified(optimizer, dtype, "graph")
    assert eager.first_bit_difference is None
    assert graph.first_bit_difference is None
    uses_pow, divides = isinstance(optimizer, Adam), not isinstance(optimizer, SGD)
    for quantity, worst in eager.bits.items():
        assert worst.ulps == 0 or (uses_pow and quantity in "wbvd")
    for quantity, worst in graph.bits.items():
        assert worst.ulps == 0 or (divides and (quantity in "wbvd" or isinstance(optimizer, RMSprop)))


def test_a_step_off_by_a_last_place_fails_the_bit_lane_alone(recorders):
    def update(self, w, g, iterations, slots):
        stepped, new = original(self, w, g, iterations, slots)
        return stepped * (1 + 2.0**-52), new

    original = SGD.update
    with mock.patch.object(SGD, "update", update):
        certificate = certify(experiment(SGD(), "float64"), recorder=recorders["graph"])
    assert certificate.first_bit_difference.lane == "bit"
    assert certificate.first_bit_difference.ulps >= 1
    assert all(w.ratio <= 2 for w in certificate.lockstep.values())
    assert "BEYOND what operations as written allow" in str(certificate)


def test_a_slip_in_the_reference_is_a_disagreement_with_all_there_is_to_know(recorders):
    def twice(y_pred, y):
        return 2 * np.square(y_pred - y).sum(axis=-1) / y.shape[-1]

    e = experiment(SGD(), "float64")
    with (
        mock.patch.object(neuron, "mean_squared_error", twice),
        mock.patch("compare.certificates.evaluation.mean_squared_error", twice),
    ):
        certificate = certify(e, recorder=recorders["graph"])
    found = certificate.first_disagreement
    assert not certificate.agrees
    assert (found.lane, found.step, found.quantity) == ("lockstep", 0, "loss")
    assert abs(found.reference / found.observed - 2) < 2.0**-40  # 2 n u would do
    text = str(certificate)
    assert text.startswith("DISAGREES: Experiment(")
    assert "times the bound" in text
    assert "ULP apart" in text
    assert f"reproduce: {certificate.reproduce}" in text


def test_a_wrong_slope_at_the_kink_in_keras_is_seen_by_the_exact_lane(recorders):
    def steep_at_zero(x, negative_slope=0.2):
        return keras.ops.where(x >= 0, x, negative_slope * x)

    e = Experiment(
        initial=Parameters(w=0.0, b=0.0),
        trainable=("w", "b"),
        negative_slope=-0.5,
        optimizer=SGD(learning_rate=0.25),
        batch_size=4,
        steps=2,
        dtype="float64",
    )
    x = np.array([[1.0, -1.0, 0.5, 0.0], [0.5, 1.0, -0.5, 2.0]])
    assert certify(e, batches=(x, np.abs(x)), recorder=recorders["graph"]).agrees
    with mock.patch.object(keras.activations, "leaky_relu", steep_at_zero):
        certificate = certify(e, batches=(x, np.abs(x)))
    assert not certificate.agrees
    assert certificate.first_disagreement.lane == "exact: Keras"
    assert "must be" in str(certificate.first_disagreement)


def test_a_dyadic_experiment_is_compared_exactly_as_far_as_it_goes(recorders):
    e = Experiment(
        initial=Parameters(w=0.5, b=0.0),
        trainable=("w", "b"),
        optimizer=SGD(learning_rate=0.25),
        batch_size=4,
        steps=40,
        dtype="float64",
    )
    x = np.random.default_rng(0).integers(-2, 3, (40, 4)) / 2
    exact = certify(e, batches=(x, np.abs(x)), recorder=recorders["graph"]).exact
    assert 0 < exact.steps < 40
    assert exact.compared > exact.steps
    assert exact.stopped
    assert exact.first_disagreement is None
    drawn = certify(e, recorder=recorders["graph"]).exact
    assert (drawn.steps, drawn.compared) == (0, 0)
    assert "bits" in drawn.stopped


def test_forks_are_reported_with_step_sample_and_bound(recorders):
    # In float32 fl(w x) + b = 0 for the last sample of the second batch, where w x + b is not.
    e = Experiment(
        initial=Parameters(w=1 + 2.0**-12, b=-(1 + 2.0**-11)),
        trainable=("w", "b"),
        optimizer=SGD(learning_rate=0.0),
        batch_size=2,
        steps=2,
    )
    x = np.array([[2.0, -1.0], [0.5, 1 + 2.0**-12]], "float32")
    certificate = certify(e, batches=(x, x), recorder=recorders["graph"])
    assert certificate.agrees
    ((step, sample, z, bound),) = certificate.forks
    assert (step, sample, z, certificate.fork_count) == (1, 1, 0.0, 1)
    assert bound >= 2.0**-24
    assert "FORK: step 1, sample 1" in str(certificate)
    for mode in ("xla", "eager"):
        assert certify(e, batches=(x, x), recorder=recorders[mode]).agrees


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=30.0), SGD(learning_rate=3.0, momentum=1.0), RMSprop(rho=0.0)])
def test_divergence_is_certified_and_spills_no_warning(optimizer, mode, dtype, recorders):
    # Warnings are errors in this suite.
    e = replace(experiment(optimizer, dtype, steps=200), negative_slope=1.5)
    certificate = certify(e, recorder=recorders[mode])
    assert certificate.agrees, certificate
    if isinstance(optimizer, SGD):
        assert certificate.steps_compared < 200
        assert certificate.vacuous_from is not None
        assert "diverged" in str(certificate)


def test_subnormal_runs_agree_and_say_what_becomes_of_subnormals(recorders):
    e = Experiment(initial=Parameters(w=-1e-36), optimizer=SGD(learning_rate=0.5), batch_size=50, steps=100)
    for mode in ("graph", "xla"):
        certificate = certify(e, recorder=recorders[mode])
        assert certificate.agrees, certificate
        assert certificate.subnormals == recorders[mode].subnormals("float32")
        assert "subnormal numbers are" in str(certificate)


def test_data_of_your_own_with_any_labels(recorders):
    rng = np.random.default_rng(1)
    e = experiment(Adam(learning_rate=0.01), "float64", steps=20)
    x, y = rng.uniform(-3, 3, (20, 100)), rng.standard_cauchy((20, 100))
    certificate = certify(e, batches=(x, y), recorder=recorders["graph"])
    assert certificate.agrees, certificate
    assert certificate.own_data
    assert "batches=(x, y)" in certificate.reproduce


def broken(x, where, value):
    x = x.copy()
    x[where] = value
    return x


def test_data_that_do_not_fit_are_refused_in_one_clear_line(recorders):
    e = experiment(SGD(), "float32", steps=3)
    x, y = draw_batches(e)
    for batches, error, message in [
        ((x.T, y), ValueError, r"batches: x must be float32 of shape \(3, 100\), got float32 of shape \(100, 3\)"),
        ((x, y[:2]), ValueError, r"batches: y must be float32 of shape \(3, 100\), got float32 of shape \(2, 100\)"),
        ((x.astype(float), y), ValueError, "batches: x must be float32 .*, got float64"),
        ((broken(x, (2, 7), np.nan), y), ValueError, "batches: x must be finite, got nan at step 2, sample 7"),
        ((x, broken(y, (0, 1), np.inf)), ValueError, "batches: y must be finite, got inf at step 0, sample 1"),
        ((x, x, x), TypeError, "batches must be a tuple of x and y"),
    ]:
        with pytest.raises(error, match=message) as caught:
            certify(e, batches=batches, recorder=recorders["graph"])
        assert "\n" not in str(caught.value)


def test_ensembles_and_other_modes_are_refused(recorders):
    with pytest.raises(ValueError, match=r"only the reference runs ensembles, got one of shape \(2,\)"):
        certify(Experiment(initial=Parameters(w=np.array([1.0, 2.0]))))
    with pytest.raises(ValueError, match="mode is 'xla', but the recorder's is 'graph'"):
        certify(Experiment(), recorder=recorders["graph"], mode="xla")
    with pytest.raises(ValueError, match="mode must be one of graph, xla, eager, got 'fast'"):
        certify(Experiment(), mode="fast")
    with pytest.raises(TypeError, match="Experiment"):
        certify("relu")


def test_the_command_to_reproduce_prints_the_same_certificate(recorders):
    e = replace(experiment(Adam(learning_rate=0.01), "float64", steps=5), seed=3)
    certificate = certify(e, mode="xla", recorder=recorders["xla"])
    head, code, tail = certificate.reproduce.split('"')
    assert (head, tail) == ("python -c ", "")
    assert "mode='xla'" in code
    with redirect_stdout(io.StringIO()) as printed:
        exec(code, {})
    assert printed.getvalue() == f"{certificate}\n"


def test_a_run_in_several_blocks_is_the_run_in_one(recorders, monkeypatch):
    e = experiment(RMSprop(momentum=0.5), "float64")
    whole = certify(e, recorder=recorders["graph"])
    for module in ("reference.experiment", "compare.certificates.certification"):
        monkeypatch.setattr(f"{module}.SAMPLES_PER_BLOCK", 700)
    blocks = certify(e, recorder=recorders["graph"])
    assert str(blocks) == str(whole)


CANCELLING = RMSprop(rho=0.0, centered=True, epsilon=1e-12)  # g^2 - g^2 + epsilon, in float32 of either sign


def test_a_parameter_without_any_bound_is_no_agreement_and_said(recorders):
    experiment = Experiment(initial=Parameters(w=0.25), optimizer=CANCELLING, batch_size=1, steps=1)
    certificate = certify(experiment, recorder=recorders["graph"], twins=False)
    assert certificate.observed.gradient.w[0] != 0
    assert certificate.compared["w"] == 0
    assert certificate.compared["gradient.w"] == 1
    assert not certificate.agrees
    assert certificate.first_disagreement is None
    assert certificate.not_compared.quantity == "w"
    assert str(certificate).startswith("NOT COMPARED: Experiment(")
    assert "NOT COMPARED: lockstep, step 0: w is " in str(certificate)


def test_a_parameter_that_only_a_twin_compares_is_compared(recorders):
    experiment = Experiment(initial=Parameters(w=0.25), optimizer=CANCELLING, batch_size=1, steps=1)
    certificate = certify(experiment, recorder=recorders["graph"])
    assert certificate.agrees
    assert certificate.lockstep["w"].compared == 0
    assert certificate.compared["w"] > 0
    assert "it was compared in the float64" in str(certificate)


def test_runs_that_are_infinite_at_once_are_no_agreement(recorders):
    divided_by_zero = RMSprop(rho=1.0, epsilon=0.0)
    experiment = Experiment(initial=Parameters(w=2.0), optimizer=divided_by_zero, batch_size=4, steps=3)
    certificate = certify(experiment, recorder=recorders["graph"])
    assert np.isinf(certificate.observed.parameters.w[1])
    assert not certificate.agrees
    assert certificate.first_disagreement is None
    assert "NOT COMPARED: lockstep, step 0: w is inf in Keras" in str(certificate).replace("-inf", "inf")
