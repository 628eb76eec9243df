"""What a certificate sees with nothing but its defaults, on the run that somebody would try."""

import pytest

keras_impl = pytest.importorskip("keras_impl")

from compare.defects.detection.caching_recorder import CachingRecorder  # noqa: E402
from compare.defects.detection.default_certificate import ByDefault, certify_run  # noqa: E402
from compare.defects.families import FAMILIES  # noqa: E402
from compare.defects.gallery import GALLERY, measure_baseline, named, try_defect  # noqa: E402
from compare.defects.patching import planted  # noqa: E402

# What the run of a family does not show, with the reason. The lanes see it on short experiments.
NOT_SHOWN = {
    "gradient-noise-floor": "no gradient of the run is that small",
    "keras-kernel-kept-nonnegative": "the run stays at w > 0",
    "keras-gradient-limited-at-a-million": "no gradient of the run is that large",
    "keras-learning-rate-frozen": "the learning rate of the run does not change",
}

# Of each run of its own the first defect on either side and a control; `make defects` tries the others.
FIRST = {
    (defect.family, defect.side, defect.changes_mathematics): defect
    for defect in reversed(GALLERY)
    if not FAMILIES[defect.family].experiments and FAMILIES[defect.family].subject == "keras"
}

# Of those that need a twin or a drawing to be seen, some.
MISSED_FIRST = ("relu-derivative-at-zero-1", "labels-from-abs", "constants-in-double", "keras-adam-epsilon-1e-8")


@pytest.fixture(scope="module")
def recorders(recorder):
    """By mode, of Keras as it is."""
    return {"graph": recorder, "xla": CachingRecorder("xla")}


def by_default(defect, recorders):
    family = FAMILIES[defect.family]
    with planted(defect.patches):
        recorder = keras_impl.Recorder(family.mode) if defect.side == "keras" else recorders[family.mode]
        return ByDefault.of(certify_run(family, recorder))


@pytest.mark.parametrize("family", {named(name).family: 0 for name in MISSED_FIRST} | {f: 0 for f, _, _ in FIRST})
def test_keras_as_it_is_agrees(family, recorders):
    certificate = certify_run(FAMILIES[family], recorders[FAMILIES[family].mode])
    assert ByDefault.of(certificate) == ByDefault(killed=False)


@pytest.mark.parametrize("defect", FIRST.values(), ids=lambda defect: defect.name)
def test_a_defect_of_a_run_of_its_own_is_seen_if_and_only_if_it_changes_the_mathematics(defect, recorders):
    assert by_default(defect, recorders).killed == defect.changes_mathematics


@pytest.mark.parametrize("name", [*MISSED_FIRST, *NOT_SHOWN])
def test_what_was_missed_first_is_seen_but_for_what_the_run_does_not_show(name, recorders):
    assert named(name).missed_first
    assert by_default(named(name), recorders).killed == (name not in NOT_SHOWN)


def test_a_disagreement_says_where():
    found = by_default(named("keras-momentum-ignored"), {})
    assert found == ByDefault(killed=True, lane="lockstep", step=0, quantity="momentum.w")


def test_an_outcome_has_both_numbers_and_the_usual_tests_of_the_same_run(recorder):
    baseline = measure_baseline("momentum", recorder)
    assert not baseline.by_default.killed
    assert baseline.alarms == ()
    outcome = try_defect(named("keras-learning-rate-frozen"), baseline, recorder)
    assert outcome.killed  # by the lane that changes the rate
    assert not outcome.by_default.killed
    outcome = try_defect(named("momentum-ignored"), baseline, recorder)
    assert outcome.killed
    assert outcome.by_default.killed
    assert outcome.usual_as_run["whole path"]
    assert baseline.runs["reference"].experiment == FAMILIES["momentum"].run
    assert baseline.sharp_runs["keras"].experiment == FAMILIES["momentum"].sharp_run
