"""From what somebody calls a subject to one, and what is no subject."""

import keras
import pytest

from compare import certify
from compare.certificates import readings
from compare.subjects import Function, open_subject
from reference import SGD, Adam, Experiment, Parameters

EXPERIMENT = Experiment(
    initial=Parameters(w=-1.0, b=0.5),
    trainable=("w", "b"),
    negative_slope=0.25,
    optimizer=SGD(learning_rate=0.01, momentum=0.75),
    batch_size=64,
    steps=30,
)


class Damped(keras.optimizers.SGD):
    """Momentum that damps the gradient by mistake."""

    def update_step(self, gradient, variable, learning_rate):
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, self.momentum * velocity - learning_rate * gradient * (1 - self.momentum))
        self.assign_add(variable, velocity)


class Renamed(keras.optimizers.SGD):
    """Keras' own, with a slot of another name, which is therefore replayed."""

    def build(self, variables):
        keras.optimizers.Optimizer.build(self, variables)
        self.momentums = [self.add_variable_from_reference(variable, name="speed") for variable in variables]


class Right(keras.optimizers.SGD):
    """Keras' own, by another name."""


@pytest.mark.parametrize(
    "given", [Right, Right(learning_rate=0.01, momentum=0.75), Renamed], ids=["class", "instance", "slot"]
)
def test_a_right_optimizer_in_the_place_of_keras_own_agrees(given):
    certificate = certify(EXPERIMENT, subject=given)
    assert certificate.agrees, certificate
    name = given.__name__ if isinstance(given, type) else type(given).__name__
    assert certificate.subject.startswith(f"{name} on Keras ")
    hidden = ("momentum.b", "momentum.w") if given is Renamed else ()
    assert certificate.unseen == hidden
    assert f"subject={name}" in certificate.reproduce


@pytest.mark.parametrize("given", [Damped, Damped(learning_rate=0.01, momentum=0.75)], ids=["class", "instance"])
def test_a_wrong_one_does_not(given):
    certificate = certify(EXPERIMENT, subject=given)
    found = certificate.first_disagreement
    assert (found.lane, found.step, found.quantity, found.subject) == ("lockstep", 0, "momentum.w", "Damped")
    assert round(found.reference / found.observed, 3) == 4  # 1 / (1 - momentum)
    assert certificate.readings == ()


def test_keras_own_are_as_they_were_afterwards():
    certify(EXPERIMENT, subject=Damped, twins=False)
    assert certify(EXPERIMENT, twins=False).agrees


def test_an_instance_of_another_rate_is_refused():
    said = r"^the learning rate of Right is 0.5, but the experiment's is 0.01: they must be the same$"
    with pytest.raises(ValueError, match=said):
        certify(EXPERIMENT, subject=Right(learning_rate=0.5))


def test_a_class_that_does_not_take_the_settings_is_told_so_in_one_line():
    class Odd(keras.optimizers.SGD):
        def __init__(self, speed):
            super().__init__(speed)

    with pytest.raises(TypeError, match=r"^Odd cannot be constructed with the settings of SGD: ") as caught:
        certify(EXPERIMENT, subject=Odd)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ("pytorch", {}, "subject must be keras, torch, jax, a function or an optimizer of Keras, got 'pytorch'"),
        (3, {}, "a subject must be a name, a function or an optimizer of Keras, got 3"),
        (None, {}, "a subject must be a name, a function or an optimizer of Keras, got None"),
        (lambda *_: _, {"mode": "xla"}, "mode says how Keras is run, and the subject is "),
        ("torch", {"mode": "eager"}, "mode says how Keras is run, and the subject is 'torch'"),
        ("keras", {"mode": "fast"}, "mode must be one of graph, xla, eager, got 'fast'"),
    ],
)
def test_what_is_no_subject_is_told_so_in_one_line(given, options, said):
    with pytest.raises((TypeError, ValueError)) as caught:
        certify(EXPERIMENT, subject=given, **options)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_subject_that_is_open_is_used_as_it_is():
    opened = open_subject("keras")
    assert open_subject(opened) is opened
    assert certify(EXPERIMENT, subject=opened).subject == opened.name
    assert isinstance(open_subject(lambda *_: _), Function)


def test_optimizers_are_spelled_with_their_system():
    from reference.optimizers import paper, pytorch

    assert readings.spelled(Adam()).startswith("Adam(")
    assert readings.spelled(pytorch.Adam()).startswith("pytorch.Adam(")
    assert readings.spelled(paper.Adam()).startswith("paper.Adam(")
