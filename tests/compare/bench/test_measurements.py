"""What is measured runs, once and on the smallest sizes; how long it takes is nobody's business here."""

import gc
import importlib.util
import os
import subprocess
import sys

import pytest

from compare.bench import all_cores, elsewhere, one_thread
from compare.bench.measurements import GROUPS, memory, start_up, surface
from compare.bench.measurements.ensembles import prepare
from compare.bench.plan import NotInstalled, Size, Wrong
from compare.bench.rivals import RIVALS, numpy_rivals

TINY = Size(side=4, samples=16, effort=0.0)
BY_NAME = {group.name: group for group in GROUPS}
HERE = [rival for rival in RIVALS if not rival.needs or importlib.util.find_spec(rival.needs)]


def bodies():
    """Every measurement but those of rivals and subjects, tested elsewhere, and the import that takes seconds."""
    for group in GROUPS:
        for measurement in group.measurements:
            if group.name not in ("ensembles", "all-cores", "subjects") and measurement.name != "import keras":
                yield pytest.param(measurement, id=f"{group.name}: {measurement.name}")


@pytest.mark.parametrize("measurement", list(bodies()))
def test_every_measurement_runs(measurement):
    try:
        prepared = measurement.prepare(TINY)
    except NotInstalled as missing:
        pytest.skip(f"not installed: {missing}")
    assert prepared.units >= 1
    reading = prepared.job()
    assert reading.amount >= 0 or measurement.name.startswith("import ")  # a difference of two
    assert prepared.details.get("observed_over_bound", 0) <= 1


@pytest.mark.parametrize("rival", HERE, ids=lambda rival: rival.name)
def test_every_rival_that_is_installed_computes_the_same(rival):
    prepared = prepare(rival, TINY)
    prepared.job()
    assert prepared.details["exact_steps"] == 2
    assert prepared.details["observed_over_bound"] <= 1


def plant(monkeypatch, code):
    """Have something done in a process for jobs, before it answers."""
    code = code.replace("{", "{{").replace("}", "}}")
    monkeypatch.setattr(elsewhere, "START", elsewhere.START.replace("answer({", f"{code}\nanswer({{", 1))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells a process its cores")
@pytest.mark.parametrize("alone", [True, False])
def test_a_rival_in_a_process_of_its_own_has_the_cores_that_it_should_have(alone, tmp_path, monkeypatch):
    noted = tmp_path / "noted"
    found = "repr((os.sched_getaffinity(0), os.environ.get('OMP_NUM_THREADS')))"
    plant(monkeypatch, f"open({str(noted)!r}, 'w').write({found})")
    cores = os.sched_getaffinity(0)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv(one_thread.AT_FIRST, ",".join(map(str, cores)))
    prepared = all_cores.prepare_elsewhere(RIVALS[0].name, TINY, longer=3, alone=alone)
    assert noted.read_text() == repr(({max(cores)}, "1") if alone or len(cores) == 1 else (cores, None))
    assert prepared.details["steps"] == prepared.units / prepared.details["models"]
    assert prepared.details["observed_over_bound"] <= 1
    first, second = prepared.job(), prepared.job()
    assert first.amount == first.wall > 0 < second.amount
    process = prepared.job.func.__self__._process
    del prepared
    gc.collect()
    assert process.returncode == 0


RIVAL = "import compare.bench.rivals.numpy_rivals as n; right = n.build_broadcasting; "


@pytest.mark.parametrize(
    ("planted", "error", "says"),
    [
        ("import sys; sys.modules['jax'] = None", NotInstalled, "jax"),
        (f"{RIVAL}n.build_fast = lambda problem: right(problem._replace(y=-problem.y))", Wrong, "it is exactly"),
        (f"{RIVAL}n.build_fast = None", OSError, "ended with status 1"),
        ("raise SystemExit(3)", OSError, "ended with status 3"),
        (f"{RIVAL}n.build_fast = lambda problem: print('noise', flush=True) or right(problem)", None, ""),
    ],
)
def test_what_goes_wrong_in_a_process_of_its_own_is_said_here(planted, error, says, monkeypatch):
    plant(monkeypatch, planted)
    name = RIVALS[3].name if says == "jax" else RIVALS[0].name
    if error is None:
        assert all_cores.prepare_elsewhere(name, TINY).job().amount > 0
    else:
        with pytest.raises(error, match=says):
            all_cores.prepare_elsewhere(name, TINY)


def test_a_rival_that_is_wrong_is_not_built(monkeypatch):
    right = numpy_rivals.build_broadcasting
    monkeypatch.setattr(numpy_rivals, "build_broadcasting", lambda problem: right(problem._replace(y=-problem.y)))
    with pytest.raises(Wrong, match="it is exactly"):
        prepare(RIVALS[2], TINY)


def test_what_is_not_installed_is_named(monkeypatch):
    for package in ("jax", "torch", "numba"):
        monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.split(".")[0] == "keras_impl"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "keras", None)
    missing = {}
    for rival in RIVALS:
        try:
            rival.load()
        except NotInstalled as error:
            missing[rival.name] = str(error)
    assert missing == {rival.name: rival.needs for rival in RIVALS if rival.needs}
    with pytest.raises(NotInstalled, match="keras"):
        BY_NAME["trajectory"].measurements[-1].prepare(TINY)


def test_an_import_that_fails_is_not_installed(monkeypatch):
    def fail(*arguments, **keywords):
        raise subprocess.CalledProcessError(1, "python")

    monkeypatch.setattr(start_up.subprocess, "run", fail)
    with pytest.raises(NotInstalled, match="numpy"):
        BY_NAME["start-up"].measurements[0].prepare(TINY)


def test_a_larger_ensemble_takes_more_memory():
    small, large = (memory.peak_of("SGD", side, 16, 1) for side in (2, 700))
    assert large - small > 700 * 700 * 2 * 8  # at least what w and b are


def test_a_quadrature_that_is_off_is_wrong():
    def off(w, b, magnitudes=False):
        values, errors = surface.by_quadrature(w, b, magnitudes)
        return [value * (1 + 2.0**-20) for value in values], errors

    surface.require_agreement()
    with pytest.raises(Wrong, match="loss at"):
        surface.require_agreement(off)


def test_names_are_unique_and_baselines_exist():
    assert len(BY_NAME) == len(GROUPS)
    for group in GROUPS:
        names = [measurement.name for measurement in group.measurements]
        assert len(set(names)) == len(names)
        assert {group.baseline, *(measurement.baseline for measurement in group.measurements)} <= {"", *names}
