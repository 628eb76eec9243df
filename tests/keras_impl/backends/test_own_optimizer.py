"""An optimizer of one's own in the recorder: nothing of Keras is patched for it."""

from dataclasses import asdict, replace

import keras
import numpy as np
import pytest

import keras_impl
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop

E = Experiment(initial=Parameters(w=-1.5, b=0.5), trainable=("w", "b"), negative_slope=0.3, batch_size=10, steps=4)


class Twice(keras.optimizers.SGD):
    """Steps twice as far."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(2 * gradient, variable, learning_rate)


class Plain(keras.optimizers.Optimizer):
    """Gradient descent from the base class, with nothing but a learning rate."""

    def __init__(self, learning_rate=0.5, **options):
        super().__init__(learning_rate=learning_rate, **options)

    def update_step(self, gradient, variable, learning_rate):
        rate, gradient = (keras.ops.cast(a, variable.dtype) for a in (learning_rate, gradient))
        self.assign_sub(variable, gradient * rate)


class Settled(Plain):
    """Without the settings of any optimizer."""

    def __init__(self):
        super().__init__(learning_rate=0.5)


def moves(record):
    return np.diff(record.parameters.w)


def only(records):
    (record,) = records
    return record


@pytest.mark.parametrize(
    "optimizer", [SGD(momentum=0.9, nesterov=True), Adam(amsgrad=True), AdamW(), RMSprop()], ids=repr
)
@pytest.mark.parametrize("instance", [False, True])
def test_keras_own_class_given_as_ones_own_is_the_same_to_the_last_bit(optimizer, instance):
    e = replace(E, optimizer=optimizer)
    kind = getattr(keras.optimizers, type(optimizer).__name__)
    own = keras_impl.Recorder(optimizer=kind(**asdict(optimizer)) if instance else kind)
    ours, theirs = only(own.record(e)), only(keras_impl.Recorder().record(e))
    assert ours.slots.keys() == theirs.slots.keys() == set(optimizer.slots)
    for name, slot in theirs.slots.items():
        assert ours.slots[name].w.tobytes() == slot.w.tobytes()
    assert ours.parameters.b.tobytes() == theirs.parameters.b.tobytes()
    assert own.name == f"{type(optimizer).__name__} on {keras_impl.Recorder().name}"


@pytest.mark.parametrize("given", [Twice, Twice(learning_rate=0.01)])
def test_another_rule_takes_other_steps(given):
    ours, theirs = only(keras_impl.Recorder(optimizer=given).record(E)), only(keras_impl.Recorder().record(E))
    assert moves(ours)[0] / moves(theirs)[0] == 2
    assert ours.gradient.w[0] == theirs.gradient.w[0]


def test_slots_that_it_does_not_have_are_left_out():
    e = replace(E, optimizer=SGD(momentum=0.5))
    assert only(keras_impl.Recorder(optimizer=Plain(learning_rate=0.01)).record(e)).slots == {}
    assert keras_impl.train(e, recorder=keras_impl.Recorder(optimizer=Plain(learning_rate=0.01))).slots == {}


def test_an_instance_is_copied_for_each_run_and_takes_the_rate_of_the_experiment():
    given = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
    recorder = keras_impl.Recorder(optimizer=given)
    e = replace(E, optimizer=SGD(momentum=0.9))
    first = only(recorder.record(e)).parameters.w.tobytes()
    faster = only(recorder.record(replace(e, optimizer=SGD(learning_rate=0.5, momentum=0.9))))
    assert only(recorder.record(e)).parameters.w.tobytes() == first
    assert abs(moves(faster)[0]) > 40 * abs(moves(only(recorder.record(e)))[0])
    assert not given.built
    recorder.require_same_rate(e)
    with pytest.raises(ValueError, match=r"^the learning rate of SGD is 0\.01, but the experiment's is 0\.5: "):
        recorder.require_same_rate(replace(e, optimizer=SGD(learning_rate=0.5)))


@pytest.mark.parametrize("optimizer", [None, Twice])
def test_without_an_instance_any_rate_is_right(optimizer):
    keras_impl.Recorder(optimizer=optimizer).require_same_rate(E)


@pytest.mark.parametrize(("given", "shown"), [("adam", "str"), (dict, "dict"), (SGD(), "SGD"), (3, "int")])
def test_what_is_no_optimizer_is_refused(given, shown):
    expected = f"^optimizer must be a class or an instance of keras.optimizers.Optimizer, got {shown}$"
    with pytest.raises(TypeError, match=expected):
        keras_impl.Recorder(optimizer=given)


def test_what_cannot_be_built_is_refused_in_one_line():
    with pytest.raises(TypeError, match=r"^Settled cannot be constructed with the settings of SGD: .*learning_rate"):
        list(keras_impl.Recorder(optimizer=Settled).record(E))
    with pytest.raises(TypeError, match=r"^Settled cannot be constructed with its own get_config\(\): "):
        list(keras_impl.Recorder(optimizer=Settled()).record(E))


def test_schedules_and_scaled_losses_are_refused():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    with pytest.raises(ValueError, match=r"^the learning rate of SGD must be a number, as the experiment's is$"):
        keras_impl.Recorder(optimizer=keras.optimizers.SGD(learning_rate=schedule))
    scaled = keras.optimizers.SGD(learning_rate=0.01, loss_scale_factor=8.0)
    with pytest.raises(ValueError, match=r"^SGD scales the loss, which is not recorded"):
        list(keras_impl.Recorder(optimizer=scaled).record(E))
