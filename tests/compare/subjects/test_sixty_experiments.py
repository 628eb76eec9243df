"""Sixty experiments, certified on every subject.

All of them where SUBJECTS=both, in either dtype, on Keras with TensorFlow too. By turns in float32 and
float64 where SUBJECTS=all, as `make test-subjects` has it, which leaves TensorFlow to the rest of
the suite; every fifth of these, with each optimizer and each kind of network, where SUBJECTS=some,
as CI has it. A few of them without it.
"""

import os
from dataclasses import replace

import pytest

from compare import certify
from compare.subjects import open_subject
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop
from reference.optimizers import translate

OPTIMIZERS = {
    "sgd": SGD(learning_rate=0.125),
    "momentum": SGD(learning_rate=0.05, momentum=0.9),
    "nesterov": SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    "adam": Adam(learning_rate=0.01),
    "adam-large-epsilon": Adam(learning_rate=0.05, beta_1=0.8, beta_2=0.9, epsilon=0.1),
    "amsgrad": Adam(learning_rate=0.01, amsgrad=True),
    "adamw": AdamW(learning_rate=0.01, weight_decay=0.1),
    "rmsprop": RMSprop(learning_rate=0.01),
    "rmsprop-momentum": RMSprop(learning_rate=0.01, momentum=0.5),
    "rmsprop-centered": RMSprop(learning_rate=0.01, rho=0.5, momentum=0.5, epsilon=0.01, centered=True),
}
STARTS = {
    ("w",): Parameters(w=-1.0),
    ("w", "b"): Parameters(w=1.5, b=-0.5),
    ("w", "b", "v", "d"): Parameters(w=-0.75, b=0.5, v=0.75, d=0.25),
}
SLOPES = {"relu": 0.0, "leaky": 0.3}


def experiments(system="keras"):
    """Sixty experiments by name, with the optimizers as a system reads them at the settings above."""
    return {
        f"{name}-{''.join(trainable)}-{activation}": Experiment(
            initial=initial,
            trainable=trainable,
            negative_slope=slope,
            optimizer=optimizer if system == "keras" or name == "sgd" else translate(optimizer, system),
            batch_size=100,
            steps=40,
        )
        for name, optimizer in OPTIMIZERS.items()
        for trainable, initial in STARTS.items()
        for activation, slope in SLOPES.items()
    }


BACKEND = os.environ.get("KERAS_BACKEND") or "tensorflow"
MODES = {"tensorflow": ("graph", "eager", "xla"), "jax": ("xla",), "torch": ("eager",)}[BACKEND]
SUBJECTS = {f"keras-{mode}": ("keras", mode) for mode in MODES}
if BACKEND == "tensorflow":
    SUBJECTS = {} if os.environ.get("SUBJECTS") in ("all", "some") else SUBJECTS
    SUBJECTS |= {"torch": ("torch", None), "jax": ("jax", None)}

NAMES = tuple(experiments())
# By turns over each of optimizers, parameters and activations, of which there are 10, 3 and 2.
BY_TURNS = [(name, ("float32", "float64")[(i // 6 + i // 2 + i) % 2]) for i, name in enumerate(NAMES)]
BOTH = [(name, dtype) for name in NAMES for dtype in ("float32", "float64")]
ASKED = {"all": BY_TURNS, "some": BY_TURNS[::5], "both": BOTH}.get(os.environ.get("SUBJECTS", ""), BY_TURNS[::13])


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(request):
    name, mode = SUBJECTS[request.param]
    if name != "keras":
        pytest.importorskip({"torch": "torch", "jax": "optax"}[name])
    return open_subject(name, mode)


@pytest.mark.parametrize(("name", "dtype"), ASKED)
def test_they_agree_and_what_is_compared_is_all_that_is_computed_in_the_dtype(subject, name, dtype, record_property):
    experiment = replace(experiments(subject.system)[name], dtype=dtype)
    certificate = certify(experiment, subject=subject)
    record_property("subject", certificate.subject)
    record_property("worst", certificate.worst)
    assert certificate.agrees, certificate
    assert 0 <= certificate.worst <= 1
    single = subject.in_single(dtype)
    assert {quantity.partition(".")[0] for quantity in certificate.unseen} == single
    assert all(certificate.lockstep[trained].compared == experiment.steps for trained in experiment.trainable)
    if not single:
        gradients = [f"gradient.{trained}" for trained in experiment.trainable]
        assert all(certificate.lockstep[quantity].compared for quantity in ("y_pred", "loss", *gradients))


def test_there_are_sixty():
    assert len(NAMES) == len(set(experiments("keras").values())) == 60
    for of in (lambda name: name.rsplit("-", 2)[0], lambda name: name.split("-")[-2], lambda name: name.split("-")[-1]):
        met = {(of(name), dtype) for name, dtype in BY_TURNS}
        assert len(met) == 2 * len({part for part, _ in met})  # each in both
    fifth = [name for name, _ in BY_TURNS[::5]]
    assert {name.rsplit("-", 2)[0] for name in fifth} == set(OPTIMIZERS)
    assert len({tuple(name.rsplit("-", 2)[1:]) for name in fifth}) == 6


def test_a_setting_that_is_off_is_seen(subject):
    experiment = experiments(subject.system)["adamw-wb-leaky"]
    wrong = replace(experiment, optimizer=replace(experiment.optimizer, beta_2=0.999 * (1 + 2**-12)))

    class Off:
        """The subject, with a setting that nobody asked for."""

        def __getattr__(self, name):
            return getattr(subject, name)

        def record(self, asked, batches=None):
            rate = asked.optimizer.learning_rate
            return subject.record(replace(asked, optimizer=replace(wrong.optimizer, learning_rate=rate)), batches)

    assert not certify(experiment, subject=Off()).agrees
