"""Runs to draw, and axes that no pyplot knows of."""

import pytest
from matplotlib.figure import Figure

from reference import SGD, Experiment, Parameters, train


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture(scope="session")
def backward():
    """The question's own run, 3 epochs and a half: fails."""
    return train(Experiment(steps=350, dtype="float64", batch_size=50))


@pytest.fixture(scope="session")
def right_way():
    """From the other side: succeeds."""
    return train(Experiment(initial=Parameters(w=10.0), steps=350, dtype="float64", batch_size=50))


@pytest.fixture(scope="session")
def diverging():
    return train(Experiment(initial=Parameters(w=2.0), steps=300, optimizer=SGD(learning_rate=3.0), batch_size=50))
