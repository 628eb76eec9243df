"""All planted defects, and trying one of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import reference
from compare.defects.correct import harmless
from compare.defects.defect import Defect
from compare.defects.detection.conventional_tests import caught, failing
from compare.defects.detection.default_certificate import ByDefault, certify_run
from compare.defects.detection.lanes import LANES, Sighting, look
from compare.defects.families import FAMILIES, Family
from compare.defects.patching import in_blocks, planted
from compare.defects.planted import in_either, in_keras, in_reference
from reference import Trajectory

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["GALLERY", "Baseline", "Outcome", "measure_baseline", "named", "try_defect"]

GALLERY: tuple[Defect, ...] = (*in_reference.DEFECTS, *in_keras.DEFECTS, *in_either.DEFECTS, *harmless.DEFECTS)


def named(name: str) -> Defect:
    """Return the defect of a name."""
    return next(defect for defect in GALLERY if defect.name == name)


@dataclass(frozen=True)
class Baseline:
    """What every lane and test reports of a family without any defect.

    Parameters
    ----------
    alarms : tuple of Sighting
        There should be none.
    by_default : ByDefault
        It should not disagree.
    runs : dict of str to Trajectory
        By side, the family's run as certified: the right values of the usual tests.
    sharp_runs : dict of str to Trajectory
        The same in float64.
    usual_alarms : dict of str to bool
        Which usual tests fail on Keras in float32, given the reference's values.
    """

    alarms: tuple[Sighting, ...]
    by_default: ByDefault
    runs: dict[str, Trajectory]
    sharp_runs: dict[str, Trajectory]
    usual_alarms: dict[str, bool]


@dataclass(frozen=True)
class Outcome:
    """Where each lane and test saw a defect.

    Parameters
    ----------
    name : str
        Of the defect.
    lanes : dict of str to Sighting or None
        The first sighting of each lane.
    by_default : ByDefault
        What a certificate with nothing but defaults sees.
    usual : dict of str to bool
        Whether each usual test would have caught it on the run in float64.
    usual_as_run : dict of str to bool
        The same on the run in float32, which is the one that was certified.
    """

    name: str
    lanes: dict[str, Sighting | None]
    by_default: ByDefault
    usual: dict[str, bool]
    usual_as_run: dict[str, bool]

    @property
    def defect(self) -> Defect:
        """The defect of that name."""
        return named(self.name)

    @property
    def killed(self) -> bool:
        """Whether any lane, or a certificate by default, saw it."""
        return self.by_default.killed or any(sighting is not None for sighting in self.lanes.values())


def measure_baseline(family: str, recorder: "Recorder") -> Baseline:
    """Run everything of a family with nothing planted, Keras on a recorder in the family's mode."""
    here = FAMILIES[family]
    alarms = tuple(look(here, recorder))
    certificate = certify_run(here, recorder)
    runs = {"reference": certificate.reference, "keras": certificate.observed}
    return Baseline(
        alarms=alarms,
        by_default=ByDefault.of(certificate),
        runs=runs,
        sharp_runs={side: _sharp_run(here, side, recorder) for side in runs},
        usual_alarms=failing(runs["reference"], runs["keras"]),
    )


def try_defect(defect: Defect, baseline: Baseline, recorder: "Recorder") -> Outcome:
    """Plant a defect, try every lane and test on it, and take it out.

    It is planted anew for each look, because it may leave something behind for the next run.
    The baseline is that of its family; the recorder has graphs of Keras as it is, and is
    used if the defect is in the reference.
    """
    import keras_impl

    family, side = FAMILIES[defect.family], defect.side
    if side == "keras":
        recorder = keras_impl.Recorder(family.mode)  # traces the classes as they will be then
    with planted(defect.patches):
        sightings = look(family, recorder, side)
    with planted(defect.patches):
        certificate = certify_run(family, recorder)
    with planted(defect.patches):
        sharp_run = _sharp_run(family, side, recorder)
    lanes: dict[str, Sighting | None] = dict.fromkeys(LANES)
    for sighting in reversed(sightings):
        lanes[sighting.lane] = sighting
    return Outcome(
        name=defect.name,
        lanes=lanes,
        by_default=ByDefault.of(certificate),
        usual=caught(baseline.sharp_runs[side], sharp_run),
        usual_as_run=caught(baseline.runs[side], getattr(certificate, side)),
    )


def _sharp_run(family: Family, side: str, recorder: "Recorder") -> Trajectory:
    import keras_impl

    with in_blocks(family.samples_per_block):
        if side == "keras":
            return keras_impl.train(family.sharp_run, recorder=recorder)
        return reference.train(family.sharp_run)
