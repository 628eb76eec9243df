"""Keras' account of a run, on records written down by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from compare.defects.accounts import Discrepancy, compare_account
from reference import Experiment, Parameters, Trajectory

W = np.array([-2.0, -1.0, 0.5, 1.0, 1.0])
LOSS = np.array([4.0, 3.0, 2.0, 1.0])
GRADIENT = np.array([-1.0, -1.5, -0.5, 0.0])


def block(first, stop, w=W, loss=LOSS):
    return SimpleNamespace(
        loss=loss[first:stop],
        parameters=Parameters(w[first : stop + 1], *(np.zeros(stop + 1 - first) for _ in "bvd")),
        gradient=Parameters(GRADIENT[first:stop], None, None, None),
    )


def told(w=W, loss=LOSS, gradient=GRADIENT):
    others = (np.zeros(len(W)) for _ in "bvd")
    gradients = Parameters(gradient, None, None, None)
    experiment = Experiment(steps=4, dtype="float64")
    return Trajectory(experiment, Parameters(w, *others), gradients, loss, {}, None, None, np.arange(5))


def changed(path, step):
    return np.where(np.arange(len(path)) == step, 7.0, path)


def test_an_account_of_two_blocks_that_is_right():
    assert list(compare_account([block(0, 3), block(3, 4)], told())) == []


@pytest.mark.parametrize(
    ("account", "found"),
    [
        (told(loss=2 * LOSS), Discrepancy(0, "loss")),
        (told(loss=changed(LOSS, 3)), Discrepancy(3, "loss")),
        (told(gradient=-GRADIENT), Discrepancy(0, "gradient.w")),
        (told(w=changed(W, 2)), Discrepancy(1, "w")),  # the state after step 1
        (told(loss=changed(LOSS, 1) * np.nan), Discrepancy(0, "loss")),
    ],
)
def test_what_is_told_otherwise_than_recorded(account, found):
    assert list(compare_account([block(0, 2), block(2, 4)], account)) == [found]


def test_a_finite_loss_of_what_is_not_finite_has_been_repaired():
    w = np.array([1.0, 2.0, np.inf, np.nan, np.nan])
    diverged = np.array([4.0, 3.0, np.inf, np.nan])
    assert list(compare_account([block(0, 4, w, diverged)], told(w=w, loss=diverged))) == []
    masked = np.array([4.0, 3.0, np.inf, 0.0])
    assert list(compare_account([block(0, 4, w, masked)], told(w=w, loss=masked))) == [Discrepancy(3, "loss")]


@pytest.mark.parametrize("name", ["keras-record-loss-doubled", "keras-loss-not-a-number-masked"])
def test_planted_defects_of_the_account_are_seen(name):
    keras_impl = pytest.importorskip("keras_impl")
    from compare.defects.families import FAMILIES
    from compare.defects.gallery import named
    from compare.defects.lanes import look
    from compare.defects.patching import planted

    defect = named(name)
    with planted(defect.patches):
        sightings = look(FAMILIES[defect.family], keras_impl.Recorder(), "keras")
    assert [(s.lane, s.experiment, s.quantity) for s in sightings] == [("exact", "the run", "loss")]
    assert look(FAMILIES[defect.family], keras_impl.Recorder(), "keras") == []
