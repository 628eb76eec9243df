"""Every defect is seen by some lane, and nothing is seen where there is no defect."""

import functools

import pytest

keras_impl = pytest.importorskip("keras_impl")

from compare import certify  # noqa: E402
from compare.defects.detection.lanes import look  # noqa: E402
from compare.defects.families import FAMILIES  # noqa: E402
from compare.defects.gallery import GALLERY  # noqa: E402
from compare.defects.patching import planted  # noqa: E402

BY_NAME = {defect.name: defect for defect in GALLERY}
# The others: test_default_certificate, and those of other subjects: subjects/.
PROBED = [name for name, family in FAMILIES.items() if family.experiments and family.subject == "keras"]


@pytest.fixture(scope="module")
def seen(recorder):
    """What is seen of a defect, by its name, looked at once."""

    @functools.cache
    def of(name):
        defect = BY_NAME[name]
        with planted(defect.patches):
            new = keras_impl.Recorder() if defect.side == "keras" else recorder
            return look(FAMILIES[defect.family], new, defect.side)

    return of


@pytest.mark.parametrize("family", PROBED)
def test_nothing_is_seen_without_a_defect(family, recorder):
    assert look(FAMILIES[family], recorder) == []


@pytest.mark.parametrize("defect", [d for d in GALLERY if d.family in PROBED], ids=lambda defect: defect.name)
def test_each_defect_is_seen_if_and_only_if_it_changes_the_mathematics(defect, seen):
    assert bool(seen(defect.name)) == defect.changes_mathematics


# What only one lane can see, and why the others are needed all the same.
ALONE = {
    "labels-from-abs": "exact",  # both witnesses get the same wrong labels
    "step-count-stands-still": "free run",  # lockstep says itself which step it is
    "velocity-starts-at-one": "free run",  # lockstep starts from Keras' slots
}


@pytest.mark.parametrize("name", ALONE)
def test_what_one_lane_alone_can_see_is_seen_by_that_lane(name, seen):
    assert {sighting.lane for sighting in seen(name)} == {ALONE[name]}


def test_a_frozen_learning_rate_is_seen_once_the_rate_changes_and_only_then(seen):
    sightings = seen("keras-learning-rate-frozen")
    assert [(s.lane, s.experiment) for s in sightings] == [("bound", "changing rate")]
    assert sightings[0].step == 2  # two steps at the first rate


def test_conventions_at_the_kink_are_seen_at_the_kink_only(seen):
    for name in ("relu-derivative-at-zero-1", "leaky-derivative-at-zero-1", "keras-relu-as-maximum"):
        sightings = seen(name)
        assert {s.experiment for s in sightings if s.lane != "exact"} == {"kink"}
        assert "exact" in {s.lane for s in sightings}


@pytest.mark.parametrize(
    "name",
    ["keras-momentum-ignored", "keras-adam-beta-2-0.9", "keras-adam-epsilon-inside-root", "keras-leaky-wrong-side"],
)
def test_the_certificate_itself_disagrees(name, recorder):
    defect = BY_NAME[name]
    experiment = FAMILIES[defect.family].experiments["ordinary"]
    with planted(defect.patches):
        assert not certify(experiment).agrees
    assert certify(experiment, recorder=recorder).agrees


@pytest.mark.parametrize("name", ["keras-relu-capped-at-6", "keras-gradient-limited-at-a-million"])
def test_limits_that_ordinary_runs_never_reach_are_seen_from_a_large_start(name, seen):
    assert {s.experiment for s in seen(name) if s.lane != "exact"} == {"large"}


def test_epsilon_matters_most_where_gradients_are_tiny(seen):
    by_experiment = {s.experiment: s.factor for s in seen("adam-epsilon-1e-8") if s.lane == "bound"}
    assert max(by_experiment, key=by_experiment.get) == "tiny"
