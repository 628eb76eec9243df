"""Every subject is measured in a process of its own, which checks it first; what is missing is said."""

import gc
import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest

from compare.bench import elsewhere
from compare.bench.measurements import subjects
from compare.bench.measurements.subjects import CERTIFIED, ENTRANTS, EXPERIMENTS, GROUP, RECORDED, WITH_TWINS, Ends
from compare.bench.measuring import measure
from compare.bench.plan import Group, NotInstalled, Size, Wrong
from compare.subjects import Function
from reference import Experiment, Parameters, draw_batches

TINY = Size(side=4, samples=16, effort=0.002)  # steps: 4 of 2000
BY_NAME = {measurement.name: measurement for measurement in GROUP.measurements}
STEP = Experiment(batch_size=16, steps=4)


def rows_of(entrant):
    return [measurement for name, measurement in BY_NAME.items() if name.startswith(f"{entrant}, ")]


def gradient_descent(parameters, x, y, state=None, rate=0.01):
    """A step of the question's experiment, in NumPy."""
    z = parameters.w * x
    gradient = (2 * (np.maximum(z, 0) - y) * (z > 0) * x).mean(dtype=x.dtype)
    return parameters._replace(w=parameters.w - x.dtype.type(rate) * gradient), state


def training(rate):
    """All steps of it, from the start."""

    def train(x, y):
        parameters = Parameters(*map(np.float32, STEP.initial))
        for batch in zip(x, y, strict=True):
            parameters, _ = gradient_descent(parameters, *batch, rate=rate)
        return parameters

    return train


@pytest.mark.parametrize("entrant", ENTRANTS)
def test_every_measurement_of_a_subject_runs_in_one_process(entrant):
    try:
        prepared = [measurement.prepare(TINY) for measurement in rows_of(entrant)]
    except NotInstalled as missing:
        pytest.skip(f"not installed: {missing}")
    assert len({id(one.job.func.__self__) for one in prepared}) == 1
    for one in prepared:
        assert one.units == one.details["steps"] >= 1
        assert one.details["subject"].startswith(entrant.split()[0])
        assert 0 <= one.details["observed_over_bound"] <= 1
        for _ in range(2):
            reading = one.job()
            assert reading.amount >= 0 < reading.wall
    process = prepared[0].job.func.__self__._process
    del prepared, one
    gc.collect()
    assert process.returncode == 0


def test_the_recorder_is_beside_what_users_do_and_certificates_beside_the_recorder():
    for entrant in ENTRANTS.values():
        own, *others = entrant.own
        for label in EXPERIMENTS:
            name = f"{entrant.name}, {label}"
            assert BY_NAME[f"{name}: {own}"].baseline == ""
            for what in (RECORDED, *others):
                assert BY_NAME[f"{name}: {what}"].baseline == f"{name}: {own}"
            for what in (CERTIFIED, WITH_TWINS):
                assert BY_NAME[f"{name}: {what}"].baseline == f"{name}: {RECORDED}"


@pytest.mark.parametrize("entrant", ENTRANTS)
def test_what_is_not_installed_is_said_in_each_line_of_it(entrant, monkeypatch):
    *there, gone = ENTRANTS[entrant].needs
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: sys if name in there else real(name))
    monkeypatch.setitem(sys.modules, gone, None)
    rows = measure(Group("g", "", "s", "", tuple(rows_of(entrant))), TINY, rounds=1)
    assert {row.note for row in rows} == {f"not installed: {gone}"}
    assert {row.costs for row in rows} == {()}


def test_what_cannot_be_imported_there_is_not_installed(monkeypatch):
    planted = "import sys; sys.modules['torch'] = None\nanswer({"
    monkeypatch.setattr(elsewhere, "START", elsewhere.START.replace("answer({", planted, 1))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: sys)
    with pytest.raises(NotInstalled, match=r"^PyTorch is needed and cannot be imported"):
        rows_of("PyTorch")[0].prepare(TINY)


def test_a_training_that_does_something_else_is_wrong():
    batches, subject = draw_batches(STEP), Function(gradient_descent)
    assert subjects.require_agreement(STEP, batches, Ends(subject, training(0.01))) <= 1
    with pytest.raises(Wrong, match="w"):
        subjects.require_agreement(STEP, batches, Ends(subject, training(0.0101)))


def test_each_end_is_compared_with_the_step_that_leads_to_it():
    def late(x, y):
        return training(0.01 if len(x) < STEP.steps else 0.0101)(x, y)

    with pytest.raises(Wrong, match="step 3"):
        subjects.require_agreement(STEP, draw_batches(STEP), Ends(Function(gradient_descent), late))


@pytest.mark.parametrize("what", [RECORDED, CERTIFIED, WITH_TWINS])
def test_a_subject_that_does_something_else_is_not_timed(what, monkeypatch):
    def other(parameters, x, y, state):
        return gradient_descent(parameters, x, y, rate=0.0101)

    setting = STEP, draw_batches(STEP)
    monkeypatch.setattr(subjects, "_setting", lambda *_: (*setting, Function(gradient_descent)))
    ready = subjects.prepare_here("PyTorch", "w, SGD", what, tuple(TINY))
    assert ready.units == 4
    assert ready.job().wall > 0
    monkeypatch.setattr(subjects, "_setting", lambda *_: (*setting, Function(other)))
    with pytest.raises(Wrong, match="w"):
        subjects.prepare_here("PyTorch", "w, SGD", what, tuple(TINY))


def test_quick_takes_fewer_steps(monkeypatch):
    class Other(Function):
        system = "keras"

    monkeypatch.setattr(subjects, "_opened", lambda name: Other(gradient_descent))
    for effort, steps in ((1.0, 100), (0.25, 25)):
        experiment, (x, _), _ = subjects._setting("Keras on PyTorch", "w, SGD", Size(4, 16, effort))
        assert experiment == replace(EXPERIMENTS["w, SGD"], batch_size=16, steps=steps)
        assert x.shape == (steps, 16)
    subjects._setting.cache_clear()
