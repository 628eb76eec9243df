"""All planted defects, and trying one of them."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import reference
from compare.defects import (
    harmless,
    in_adam,
    in_keras_networks,
    in_keras_optimizers,
    in_neuron,
    in_rmsprop,
    in_sgd,
    in_training,
)
from compare.defects.defect import Defect
from compare.defects.lanes import LANES, Sighting, look
from compare.defects.patching import planted
from compare.defects.probes import FAMILIES
from compare.defects.usual import failing
from reference import Trajectory

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["GALLERY", "Baseline", "Outcome", "measure_baseline", "named", "try_defect"]

GALLERY: tuple[Defect, ...] = (
    *in_neuron.DEFECTS,
    *in_training.DEFECTS,
    *in_sgd.DEFECTS,
    *in_adam.DEFECTS,
    *in_rmsprop.DEFECTS,
    *in_keras_networks.DEFECTS,
    *in_keras_optimizers.DEFECTS,
    *harmless.DEFECTS,
)


def named(name: str) -> Defect:
    """Return the defect of a name."""
    return next(defect for defect in GALLERY if defect.name == name)


@dataclass(frozen=True)
class Baseline:
    """What a family looks like without any defect.

    Parameters
    ----------
    alarms : tuple of Sighting
        There should be none.
    usual : dict of str to Trajectory
        The long run on each side, the right values of the usual tests.
    usual_alarms : dict of str to bool
        Which usual tests fail on Keras in float32, given the reference's values.
    """

    alarms: tuple[Sighting, ...]
    usual: dict[str, Trajectory]
    usual_alarms: dict[str, bool]


@dataclass(frozen=True)
class Outcome:
    """What became of a defect.

    Parameters
    ----------
    name : str
        Of the defect.
    lanes : dict of str to Sighting or None
        The first sighting of each lane.
    usual : dict of str to bool
        Whether each usual test would have caught it.
    """

    name: str
    lanes: dict[str, Sighting | None]
    usual: dict[str, bool]

    @property
    def defect(self) -> Defect:
        """The defect of that name."""
        return named(self.name)

    @property
    def killed(self) -> bool:
        """Whether any lane saw it."""
        return any(sighting is not None for sighting in self.lanes.values())


def measure_baseline(family: str, recorder: "Recorder") -> Baseline:
    """Run everything of a family with nothing planted.

    Parameters
    ----------
    family : str
        Key of `FAMILIES`.
    recorder : keras_impl.Recorder
    """
    import keras_impl

    alarms = tuple(look(FAMILIES[family], recorder))
    experiment = FAMILIES[family].usual()
    usual = {"reference": reference.train(experiment), "keras": keras_impl.train(experiment, recorder=recorder)}
    everyday = replace(experiment, dtype="float32")
    usual_alarms = failing(reference.train(everyday), keras_impl.train(everyday, recorder=recorder))
    return Baseline(alarms, usual, usual_alarms)


def try_defect(defect: Defect, baseline: Baseline, recorder: "Recorder") -> Outcome:
    """Plant a defect, look at it through every lane and every usual test, take it out.

    Parameters
    ----------
    defect : Defect
    baseline : Baseline
        Of the defect's family.
    recorder : keras_impl.Recorder
        With graphs of Keras as it is; used if the defect is in the reference.
    """
    import keras_impl

    family, experiment = FAMILIES[defect.family], FAMILIES[defect.family].usual()
    with planted(defect.patches):
        if defect.side == "keras":
            recorder = keras_impl.Recorder()
        sightings = look(family, recorder, defect.side)
    # Planted anew, because a defect may have left something behind for the next run.
    with planted(defect.patches):
        run = keras_impl.train(experiment, recorder=recorder) if defect.side == "keras" else reference.train(experiment)
    lanes: dict[str, Sighting | None] = dict.fromkeys(LANES)
    for sighting in reversed(sightings):
        lanes[sighting.lane] = sighting
    return Outcome(defect.name, lanes, failing(baseline.usual[defect.side], run))
