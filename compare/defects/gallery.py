"""All planted defects, and trying one of them."""

from dataclasses import dataclass

import reference
from compare.defects.correct import harmless
from compare.defects.defect import Defect
from compare.defects.detection.conventional_tests import caught, failing
from compare.defects.detection.default_certificate import ByDefault, certify_run
from compare.defects.detection.lanes import LANES, Sighting, look
from compare.defects.detection.opening import new_subject
from compare.defects.families import FAMILIES, Family
from compare.defects.patching import in_blocks, planted
from compare.defects.planted import in_either, in_jax, in_keras, in_pytorch, in_reference
from reference import Trajectory
from reference.subject import Subject, assemble, without_samples

__all__ = ["GALLERY", "Baseline", "Outcome", "measure_baseline", "named", "try_defect"]

GALLERY: tuple[Defect, ...] = (
    *in_reference.DEFECTS,
    *in_keras.DEFECTS,
    *in_either.DEFECTS,
    *in_pytorch.DEFECTS,
    *in_jax.DEFECTS,
    *harmless.DEFECTS,
)


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
        By side, "reference" and the subject, the family's run as certified: the right values of the usual tests.
    sharp_runs : dict of str to Trajectory
        The same in float64.
    usual_alarms : dict of str to bool
        Which usual tests fail on the subject in float32, given the reference's values.
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
    def subject(self) -> str:
        """What its family is run on: a key of `compare.defects.defect.SYSTEMS`."""
        return FAMILIES[self.defect.family].subject

    @property
    def killed(self) -> bool:
        """Whether any lane, or a certificate by default, saw it."""
        return self.by_default.killed or any(sighting is not None for sighting in self.lanes.values())


def measure_baseline(family: str, subject: Subject) -> Baseline:
    """Run everything of a family with nothing planted, on a subject as the family asks for."""
    here = FAMILIES[family]
    alarms = tuple(look(here, subject))
    certificate = certify_run(here, subject)
    runs = {"reference": certificate.reference, here.subject: certificate.observed}
    return Baseline(
        alarms=alarms,
        by_default=ByDefault.of(certificate),
        runs=runs,
        sharp_runs={side: _sharp_run(here, side, subject) for side in runs},
        usual_alarms=failing(certificate.reference, certificate.observed),
    )


def try_defect(defect: Defect, baseline: Baseline, subject: Subject) -> Outcome:
    """Plant a defect, try every lane and test on it, and take it out.

    It is planted anew for each look, because it may leave something behind for the next run.
    The baseline is that of its family; the subject has graphs of its system as it is, and is
    used if the defect is in the reference.
    """
    family, side = FAMILIES[defect.family], defect.side
    if side != "reference":
        subject = new_subject(family)  # traces its path as it will be then
    with planted(defect.patches):
        sightings = look(family, subject, side)
    with planted(defect.patches):
        certificate = certify_run(family, subject)
    with planted(defect.patches):
        sharp_run = _sharp_run(family, side, subject)
    lanes: dict[str, Sighting | None] = dict.fromkeys(LANES)
    for sighting in reversed(sightings):
        lanes[sighting.lane] = sighting
    return Outcome(
        name=defect.name,
        lanes=lanes,
        by_default=ByDefault.of(certificate),
        usual=caught(baseline.sharp_runs[side], sharp_run),
        usual_as_run=caught(
            baseline.runs[side], certificate.reference if side == "reference" else certificate.observed
        ),
    )


def _sharp_run(family: Family, side: str, subject: Subject) -> Trajectory:
    with in_blocks(family.samples_per_block):
        if side == "reference":
            return reference.train(family.sharp_run)
        return assemble(family.sharp_run, [without_samples(block) for block in subject.record(family.sharp_run)])
