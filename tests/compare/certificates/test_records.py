"""What is told of a run against what was recorded of it, on records written down by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from compare.certificates.records import compare_assembled
from reference import Experiment, Parameters, Trajectory

W = np.array([-2.0, -1.0, 0.5, 1.0, 1.0])
LOSS = np.array([4.0, 3.0, 2.0, 1.0])
GRADIENT = np.array([-1.0, -1.5, -0.5, 0.0])


def block(first, stop, w=W, loss=LOSS):
    return SimpleNamespace(
        loss=loss[first:stop],
        parameters=Parameters(w[first : stop + 1], *(np.zeros(stop + 1 - first) for _ in "bvd")),
        gradient=Parameters(GRADIENT[first:stop], None, None, None),
        slots={},
    )


def told(w=W, loss=LOSS, gradient=GRADIENT):
    others = (np.zeros(len(W)) for _ in "bvd")
    gradients = Parameters(gradient, None, None, None)
    experiment = Experiment(steps=4, dtype="float64")
    return Trajectory(experiment, Parameters(w, *others), gradients, loss, {}, None, None, np.arange(5))


def changed(path, step):
    return np.where(np.arange(len(path)) == step, 7.0, path)


def differing(blocks, account):
    """By quantity, the first step at which the account is not what was recorded."""
    compared = list(compare_assembled(account, blocks))
    assert {c.quantity for c in compared} >= {"loss", "w", "b", "v", "d", "gradient.w"}
    return {c.quantity: int(np.argmax(c.ratio > 1)) for c in compared if (c.ratio > 1).any()}


def test_an_account_of_two_blocks_that_is_right():
    assert differing([block(0, 3), block(3, 4)], told()) == {}


@pytest.mark.parametrize(
    ("account", "found"),
    [
        (told(loss=2 * LOSS), {"loss": 0}),
        (told(loss=changed(LOSS, 3)), {"loss": 3}),
        (told(gradient=-GRADIENT), {"gradient.w": 0}),
        (told(w=changed(W, 2)), {"w": 1}),  # the state after step 1
        (told(loss=changed(LOSS, 1) * np.nan), {"loss": 0}),
    ],
)
def test_what_is_told_otherwise_than_recorded(account, found):
    assert differing([block(0, 2), block(2, 4)], account) == found


def test_what_is_not_finite_is_told_as_it_was_recorded():
    w = np.array([1.0, 2.0, np.inf, np.nan, np.nan])
    diverged = np.array([4.0, 3.0, np.inf, np.nan])
    assert differing([block(0, 4, w, diverged)], told(w=w, loss=diverged)) == {}
    assert differing([block(0, 4, w, diverged)], told(w=w, loss=np.array([4.0, 3.0, np.inf, 0.0]))) == {"loss": 3}
    assert differing([block(0, 4, w, diverged)], told(w=w, loss=np.array([4.0, 3.0, -np.inf, np.nan]))) == {"loss": 2}
