"""The question's script: the path of `keras_impl.train`, and a command line for students."""

import subprocess
import sys

import numpy as np
import pytest

import keras_impl
from keras_impl.question import OPTIMIZERS, learn, main
from reference import SGD, Adam, Experiment, Parameters

SAME = {  # as an experiment has it
    "sgd": SGD(learning_rate=0.01),
    "momentum": SGD(learning_rate=0.01, momentum=0.9),
    "adam": Adam(learning_rate=0.01),
    "amsgrad": Adam(learning_rate=0.01, amsgrad=True),
}


def experiment(optimizer="sgd", **changes):
    return Experiment(**{"initial": Parameters(w=-10.0), "optimizer": SAME[optimizer]} | changes)


@pytest.mark.parametrize(("optimizer", "slope"), [*((name, 0.0) for name in OPTIMIZERS), ("sgd", 0.3), ("sgd", -0.5)])
def test_its_path_is_that_of_train_to_the_bit(optimizer, slope):
    epochs = learn(negative_slope=slope, optimizer=optimizer, epochs=3, steps_per_epoch=5, batch_size=50, seed=7)
    run = keras_impl.train(experiment(optimizer, negative_slope=slope, steps=15, batch_size=50, seed=7))
    assert [epoch.weight for epoch in epochs] == run.parameters.w[5::5].tolist()
    assert [epoch.number for epoch in epochs] == [1, 2, 3]


def test_the_loss_of_a_batch_is_that_of_train_to_the_bit():
    # Epochs of one batch, and of a power of two of samples, so that Keras' mean rounds nothing.
    epochs = learn(start=-1.0, epochs=6, steps_per_epoch=1, batch_size=64)
    run = keras_impl.train(experiment(initial=Parameters(w=-1.0), steps=6, batch_size=64))
    assert [epoch.loss for epoch in epochs] == run.loss.tolist()


def test_its_defaults_are_the_experiment_of_the_question():
    (epoch,) = learn(epochs=1)
    assert epoch.weight == keras_impl.train(Experiment(steps=100), record="end").end.w


def test_another_seed_gives_another_path_and_the_same_the_same():
    weights = [learn(epochs=1, steps_per_epoch=2, batch_size=10, seed=seed)[0].weight for seed in (1, 1, 2)]
    assert weights[0] == weights[1] != weights[2]


def test_an_unknown_optimizer_is_refused_in_one_line():
    with pytest.raises(ValueError, match=r"^optimizer must be one of sgd, momentum, adam, amsgrad, got 'lion'$"):
        learn(optimizer="lion")


def test_it_prints_a_plain_line_an_epoch(capsys):
    arguments = (
        "--start 2 --epochs 3 --steps-per-epoch 2 --batch-size 10 --negative-slope 0.3 --optimizer adam --seed 5"
    )
    assert main(arguments.split()) == 0
    printed = capsys.readouterr().out.splitlines()
    epochs = learn(start=2.0, epochs=3, steps_per_epoch=2, batch_size=10, negative_slope=0.3, optimizer="adam", seed=5)
    words = [line.split() for line in printed]
    assert [(line[0], int(line[1]), line[2], line[4]) for line in words] == [
        ("epoch", i, "weight", "loss") for i in (1, 2, 3)
    ]
    assert [np.format_float_positional(epoch.weight, 7, fractional=False, trim="-") for epoch in epochs] == [
        line[3] for line in words
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--start nan", "argument --start: must be a number that float32 can hold, got 'nan'"),
        ("--start 1e39", "argument --start: must be a number that float32 can hold, got '1e39'"),
        ("--negative-slope steep", "argument --negative-slope: must be a number that float32 can hold, got 'steep'"),
        ("--learning-rate inf", "argument --learning-rate: must be a number that float32 can hold, got 'inf'"),
        ("--epochs 0", "argument --epochs: must be an integer of at least 1, got '0'"),
        ("--epochs 2.5", "argument --epochs: must be an integer of at least 1, got '2.5'"),
        ("--batch-size=-1", "argument --batch-size: must be an integer of at least 1, got '-1'"),
        ("--seed=-1", "argument --seed: must be an integer of at least 0, got '-1'"),
        ("--momentum 0.9", "unrecognized arguments: --momentum 0.9"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments.split())
    assert end.value.code == 2
    assert capsys.readouterr().err == f"python -m keras_impl.question: {message}\n"


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "keras_impl.question", "--epochs", "1", "--steps-per-epoch", "1"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("epoch   1   weight ")
    assert run.stdout.count("\n") == 1
