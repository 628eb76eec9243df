"""Training on Keras: what is recorded, in which pieces, and what sharing graphs must not change."""

import numpy as np
import pytest

import keras_impl
import reference.experiment
from keras_impl import Recorder
from reference import SGD, Adam, Experiment, Parameters, RMSprop, draw_batches

ALL = ("w", "b", "v", "d")
START = Parameters(0.5, -0.25, 1.5, 0.125)
BASE = {"initial": START, "trainable": ALL, "negative_slope": 0.3, "steps": 12, "batch_size": 10}
OPTIMIZERS = [SGD(momentum=0.9), Adam(learning_rate=0.1, amsgrad=True), RMSprop(momentum=0.5, centered=True)]


@pytest.fixture(scope="module")
def recorder():
    return Recorder()


def arrays(run):
    groups = [run.parameters, run.gradient, *run.slots.values()]
    return {(i, j): a for i, group in enumerate(groups) for j, a in enumerate(group)} | {"loss": run.loss}


def bits(run):
    return {key: a if a is None else (a.shape, a.tobytes()) for key, a in arrays(run).items()}


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_shared_graph_gives_the_bits_of_a_fresh_one(optimizer, recorder):
    first = Experiment(**BASE, optimizer=optimizer)
    different = {"initial": Parameters(-2.0, 1.0, 0.5, 0.0), "steps": 7, "batch_size": 33, "seed": 4}
    other = Experiment(**BASE | different, optimizer=optimizer)
    keras_impl.train(other, recorder=recorder)
    again = bits(keras_impl.train(first, recorder=recorder))
    assert again == bits(keras_impl.train(first, recorder=recorder))
    assert again == bits(keras_impl.train(first))


def test_a_shared_graph_takes_the_learning_rate_of_each_experiment(recorder):
    def path(rate, recorder):
        e = Experiment(**BASE, optimizer=SGD(learning_rate=rate))
        return keras_impl.train(e, recorder=recorder).parameters.w.tolist()

    paths = {rate: path(rate, recorder) for rate in (0.25, 0.0, 0.5)}
    assert set(paths[0.0]) == {0.5}
    assert paths == {rate: path(rate, Recorder()) for rate in paths}
    assert paths[0.25][1] != paths[0.5][1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_blocks_that_bound_the_memory_give_the_bits_of_one_block(optimizer, recorder, monkeypatch):
    e = Experiment(**BASE, optimizer=optimizer)
    whole = bits(keras_impl.train(e, recorder=recorder))
    for samples, lengths in ((10, [1] * 12), (50, [5, 5, 2]), (70, [7, 5])):
        monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", samples)
        assert [len(block.x) for block in recorder.record(e)] == lengths
        assert bits(keras_impl.train(e, recorder=recorder)) == whole


def test_consecutive_blocks_share_the_state_between_them(recorder, monkeypatch):
    monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", 50)
    first, second, _ = recorder.record(Experiment(**BASE, optimizer=Adam()))
    assert (first.first_step, second.first_step) == (0, 5)
    assert first.parameters.w[-1] == second.parameters.w[0]
    assert first.slots["velocity"].b[-1] == second.slots["velocity"].b[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_shapes_and_dtypes_are_those_of_the_reference(optimizer, dtype, recorder):
    e = Experiment(**BASE, optimizer=optimizer, dtype=dtype)
    for record in ("all", "end"):
        theirs = keras_impl.train(e, recorder=recorder, record=record)
        ours = reference.train(e, record=record)
        assert {key: (a.shape, a.dtype) for key, a in arrays(theirs).items()} == {
            key: (a.shape, a.dtype) for key, a in arrays(ours).items()
        }
        assert theirs.experiment is e
        assert theirs.diverged_at is None


def test_recording_the_end_only_is_the_end_of_recording_all(recorder):
    e = Experiment(**BASE, optimizer=OPTIMIZERS[1])
    everything = arrays(keras_impl.train(e, recorder=recorder))
    end = arrays(keras_impl.train(e, recorder=recorder, record="end"))
    assert {key: a.tolist() for key, a in end.items()} == {key: a[-1:].tolist() for key, a in everything.items()}


def test_recording_every_fifth_step_keeps_what_the_reference_keeps(recorder):
    e = Experiment(**BASE, optimizer=OPTIMIZERS[1])
    everything, some = (keras_impl.train(e, recorder=recorder, record=record) for record in ("all", 5))
    assert some.recorded.tolist() == reference.train(e, record=5).recorded.tolist() == [0, 5, 10, 12]
    assert some.parameters.w.tolist() == everything.parameters.w[[0, 5, 10, 12]].tolist()
    assert some.loss.tolist() == everything.loss[[4, 9, 11]].tolist()
    assert some.crossed_at == everything.crossed_at


def test_parameters_that_are_not_trained_keep_their_start_and_have_no_gradient(recorder):
    e = Experiment(**BASE | {"trainable": ("b",)}, optimizer=Adam())
    run = keras_impl.train(e, recorder=recorder)
    for name in ("w", "v", "d"):
        assert set(getattr(run.parameters, name).tolist()) == {getattr(START, name)}
        assert getattr(run.gradient, name) is None
        assert all(getattr(slot, name) is None for slot in run.slots.values())
    assert len(set(run.parameters.b.tolist())) == 13


@pytest.mark.parametrize("record", ["all", "end"])
def test_divergence_is_a_result_with_its_step(record, recorder):
    # As for the reference: w - 1 is multiplied by -2^21 in each step, beyond float32 after seven.
    sgd = SGD(learning_rate=2.0**20 + 0.5)
    e = Experiment(initial=Parameters(w=2.0), negative_slope=1.0, optimizer=sgd, batch_size=1, steps=12)
    ones = np.ones((12, 1), np.float32)
    run = keras_impl.train(e, batches=(ones, ones), recorder=recorder, record=record)
    assert run.diverged_at == 7
    assert not np.isfinite(run.end.w)


def test_samples_of_ones_own_are_taken(recorder):
    e = Experiment(**BASE, optimizer=SGD())
    x, y = draw_batches(e)
    (block,) = recorder.record(e, (x[::-1].copy(), y[::-1].copy()))
    assert block.x.tobytes() == x[::-1].tobytes()
    assert bits(keras_impl.train(e, batches=(x, y), recorder=recorder)) == bits(keras_impl.train(e, recorder=recorder))


def test_an_ensemble_is_refused_in_one_line():
    e = Experiment(initial=Parameters(w=[1.0, 2.0]))
    with pytest.raises(ValueError, match=r"^only the reference runs ensembles, got one of shape \(2,\)$"):
        keras_impl.train(e)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"record": "last"}, 'record must be "all", "end" or an integer of at least 1, got \'last\''),
        ({"batches": "x"}, "batches must be a tuple of x and y, got str"),
        (
            {"batches": (np.ones((12, 10)), np.ones((12, 10)))},
            "batches: x must be float32 of shape (12, 10), got float64 of shape (12, 10)",
        ),
    ],
)
def test_a_bad_argument_is_refused_as_by_the_reference(arguments, message, recorder):
    e = Experiment(**BASE, optimizer=SGD())
    for train in (reference.train, keras_impl.train):
        with pytest.raises((TypeError, ValueError)) as error:
            train(e, **arguments)
        assert str(error.value) == message
