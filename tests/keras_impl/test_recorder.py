"""The recorder against an ordinary `model.fit` of the same batches: the same bits."""

import keras
import numpy as np
import pytest

import keras_impl
from keras_impl.model import build_model, build_optimizer
from keras_impl.settings import floatx
from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Parameters, RMSprop, draw_batches

VARIANTS = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    Adam(learning_rate=0.01),
    Adam(learning_rate=0.01, amsgrad=True),
    AdamW(learning_rate=0.01),
    RMSprop(),
    RMSprop(centered=True, momentum=0.5),
]


def fit(experiment):
    """Train with `model.fit`; the parameters after every batch, and the loss of every batch."""
    x, y = draw_batches(experiment)
    with floatx(experiment.dtype):
        model, variables = build_model(experiment)
        for variable, value in zip(variables, experiment.initial, strict=True):
            if variable is not None:
                variable.assign(np.full(variable.shape, value))
        seen = []

        class Watch(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                seen.append([None if v is None else v.numpy().item() for v in variables])

        model.compile(optimizer=build_optimizer(experiment.optimizer), loss="mean_squared_error")
        model.fit(
            x.reshape(-1, 1),
            y.reshape(-1, 1),
            batch_size=experiment.batch_size,
            shuffle=False,
            verbose=0,
            callbacks=[Watch()],
        )
    return seen


def test_every_optimizer_has_a_variant_here():
    assert {type(optimizer).__name__ for optimizer in VARIANTS} == set(OPTIMIZERS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_same_bits_as_fit(optimizer, dtype):
    experiment = Experiment(
        initial=Parameters(w=-1.5, b=0.5, v=0.75, d=0.25),
        trainable=("w", "b", "v", "d"),
        negative_slope=0.3,
        optimizer=optimizer,
        batch_size=100,
        steps=40,
        dtype=dtype,
    )
    ours = keras_impl.train(experiment).parameters
    theirs = np.array(fit(experiment), dtype)
    for i, path in enumerate(ours):
        assert path[1:].tobytes() == np.ascontiguousarray(theirs[:, i]).tobytes()
    assert (ours.w[1:] != ours.w[:-1]).all()
