"""The usual tests, on paths written down by hand."""

import numpy as np
import pytest

from compare.defects.detection.conventional_tests import USUAL_TESTS, caught, failing
from reference import Experiment, Parameters, Trajectory

STEPS = 10
GOOD = np.linspace(2.0, 1.0, STEPS + 1)


def run(path, loss=None):
    nothing = Parameters(None, None, None, None)
    parameters = Parameters(np.asarray(path), *np.zeros((3, STEPS + 1)))
    return Trajectory(
        Experiment(steps=STEPS),
        parameters,
        nothing,
        np.linspace(2, 1, STEPS) if loss is None else loss,
        {},
        None,
        None,
        np.arange(STEPS + 1),
    )


def changed(step, by):
    path = GOOD.copy()
    path[step] += by
    return path


@pytest.mark.parametrize(
    ("path", "caught_by"),
    [
        (GOOD, set()),
        (changed(-1, 1e-3), {"final weight", "whole path"}),
        (changed(7, 1e-3), {"whole path"}),
        (changed(2, 1e-4), {"whole path"}),
        (changed(5, 1e-2), {"whole path", "golden steps"}),
        (changed(0, 1.0), {"whole path"}),
        (np.full(STEPS + 1, np.nan), {"final weight", "whole path", "golden steps"}),
    ],
    ids=["nothing", "end", "late", "early but small", "fifth step", "start", "not a number"],
)
def test_each_looks_where_it_says(path, caught_by):
    found = failing(run(GOOD), run(path))
    assert {name for name, fails in found.items() if fails} == caught_by
    assert list(found) == list(USUAL_TESTS)


def test_a_loss_that_does_not_fall_is_caught_by_nothing_else():
    found = failing(run(GOOD), run(GOOD, loss=np.ones(STEPS)))
    assert {name for name, fails in found.items() if fails} == {"loss decreases"}


def test_a_test_that_fails_anyway_has_caught_nothing():
    rising = run(GOOD, loss=np.arange(STEPS))
    assert failing(rising, rising)["loss decreases"]
    assert not any(caught(rising, rising).values())
    found = caught(rising, run(changed(-1, 1e-3), loss=np.arange(STEPS)))
    assert {name for name, fails in found.items() if fails} == {"final weight", "whole path"}


def test_runs_that_diverge_alike_are_alike():
    path = GOOD.copy()
    path[7:] = np.nan
    assert not failing(run(path), run(path))["whole path"]
    assert failing(run(GOOD), run(path))["whole path"]
