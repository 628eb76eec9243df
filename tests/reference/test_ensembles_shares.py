"""How many processes an ensemble is trained in, by what the caller, the environment and the work say."""

import multiprocessing.process
import os
import sys

import numpy as np
import pytest

from reference import Experiment, Parameters
from reference.ensembles.recorded import Whole
from reference.ensembles.shares import Share, number_of_shares


def share_of(seconds, *, states=1, steps=1000):
    """A share whose members are expected to take so long."""
    members = round(seconds / 20e-9 / steps)
    experiment = Experiment(initial=Parameters(np.zeros(members)), trainable=("w", "b"), steps=steps)
    return Share(experiment, Whole.of(experiment), None, np.arange(steps + 1 - states, steps + 1), slice(0, members))


@pytest.fixture
def machine(monkeypatch):
    """One of eight cores, and nothing said by the environment."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.setattr(multiprocessing.process, "parent_process", lambda: None)
    for name in ("NEURON_AUDIT_WORKERS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 1), (1.9, 1), (2.1, 2), (5.5, 5), (60, 8)])
def test_by_default_each_has_a_seconds_work(seconds, expected, machine):
    assert number_of_shares(share_of(seconds), None) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "3,2"}, 3),
        ({"OMP_NUM_THREADS": "100"}, 8),
        ({"OMP_NUM_THREADS": "0"}, 8),
        ({"OMP_NUM_THREADS": "many"}, 8),  # OpenMP ignores it too
        ({"NEURON_AUDIT_WORKERS": "2", "OMP_NUM_THREADS": "1"}, 2),
        ({"NEURON_AUDIT_WORKERS": " 20 "}, 20),
        ({"NEURON_AUDIT_WORKERS": ""}, 8),
    ],
)
def test_the_environment_is_heeded(environment, expected, machine):
    for name, value in environment.items():
        machine.setenv(name, value)
    assert number_of_shares(share_of(60), None) == expected
    assert number_of_shares(share_of(60), 5) == 5  # what the caller says counts more


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_in_the_environment_that_is_none_is_an_error(value, machine):
    machine.setenv("NEURON_AUDIT_WORKERS", value)
    with pytest.raises(ValueError, match=f"NEURON_AUDIT_WORKERS must be an integer of at least 1, got '{value}'"):
        number_of_shares(share_of(60), None)


def test_there_is_one_in_a_child_process_and_where_states_are_many(machine):
    assert number_of_shares(share_of(60, states=250), None) == 8
    assert number_of_shares(share_of(60, states=251), None) == 1
    machine.setattr(multiprocessing.process, "parent_process", lambda: "a process")
    assert number_of_shares(share_of(60), None) == 1
    assert number_of_shares(share_of(60), 2) == 2


@pytest.mark.parametrize(("name", "value"), [("executable", None), ("executable", ""), ("frozen", True)])
def test_there_is_one_where_no_python_can_be_started(name, value, machine):
    machine.setattr(sys, name, value, raising=False)
    assert number_of_shares(share_of(60), 4) == 1
