"""Defects in JAX' path: each is seen by a certificate with its defaults, and nothing where there is none."""

import pytest

pytest.importorskip("optax")

from compare.defects.detection.opening import new_subject
from compare.defects.families import OF_SUBJECTS
from compare.defects.gallery import GALLERY, measure_baseline, named, try_defect

FAMILIES = {name: family for name, family in OF_SUBJECTS.items() if family.subject == "jax"}
PROBED = [name for name, family in FAMILIES.items() if family.experiments]
DEFECTS = [defect for defect in GALLERY if defect.side == "jax"]

# The exact lane where nothing has to be rounded and the formulas are everybody's; no bit lane.
SEEN_BY_LANES = {
    "jax-loss-over-n-minus-1": ("exact", "bound", "free run"),
    "jax-mean-in-float32": ("exact", "bound"),
    "jax-slope-on-both-sides": ("bound", "free run"),
    "jax-epsilons-exchanged": ("bound", "free run"),
}


def test_there_are_enough_of_every_kind():
    assert len(DEFECTS) >= 14
    assert all(defect.changes_mathematics for defect in DEFECTS)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_reported_where_nothing_is_planted(family, by_default):
    assert not by_default(family).killed


@pytest.mark.parametrize("family", PROBED)
def test_no_lane_reports_anything_where_nothing_is_planted(family, in_lanes):
    assert in_lanes(family) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_each_is_planted_and_taken_out_again(defect, inside_and_after):
    inside, after = inside_and_after(defect)
    assert inside
    assert all(inside)
    assert all(after)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_each_is_seen_by_default(defect, by_default):
    assert by_default(defect.family, defect.patches).killed


@pytest.mark.parametrize("name", SEEN_BY_LANES)
def test_lanes_see_it_on_short_experiments(name, in_lanes):
    found = in_lanes(named(name).family, named(name).patches, "jax")
    assert {sighting.lane for sighting in found} == set(SEEN_BY_LANES[name])


def test_an_outcome_has_the_numbers_of_its_subject():
    subject = new_subject(FAMILIES["jax-momentum"])
    baseline = measure_baseline("jax-momentum", subject)
    assert baseline.alarms == ()
    assert not baseline.by_default.killed
    assert baseline.runs.keys() == baseline.sharp_runs.keys() == {"reference", "jax"}
    outcome = try_defect(named("jax-state-thrown-away"), baseline, subject)
    assert outcome.subject == "jax"
    assert outcome.killed
    assert outcome.lanes["bit"] is None
    assert outcome.lanes["bound"].step == 0
    assert outcome.usual["whole path"]
    assert outcome.usual_as_run["whole path"]
