"""Sharp twins of an experiment: a few steps each where an error shows that its own run hides.

In float32 and with large batches bounds are wide: gamma_n of 3,000 samples is more than
what tells n from n + 1. So beside the run as it was asked for, both sides also run

float64
    the same experiment in float64, on the same data (drawn with the same seed, or those
    given), where bounds are nine decimal digits narrower;
dyadic
    in the experiment's own dtype and with its batch size, on samples made for it
    (`compare.certificates.exact.dyadic`), on which nothing is rounded but the mean, and that lie on the kink too.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from compare.certificates.differences import Disagreement
from compare.certificates.exact import dyadic
from compare.certificates.examination import Examination, count_compared, examine
from compare.certificates.sensitivity.power import combine
from reference import Experiment, draw_batches

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["Twin", "twins_of"]

Batches = tuple[np.ndarray, np.ndarray]

STEPS = 12  # with bias corrections that matter
SAMPLES = 2**16  # more than one batch in all if there are less


@dataclass(frozen=True, eq=False)
class Twin:
    """A twin of an experiment: a run like it in which smaller errors are seen.

    Parameters
    ----------
    name : {"float64", "dyadic"}
    examinations : tuple of Examination
        One; of the dyadic twin one for each set of samples.
    """

    name: str
    examinations: tuple[Examination, ...]

    @property
    def experiment(self) -> Experiment:
        """What was run."""
        return self.examinations[0].experiment

    @property
    def worst(self) -> float:
        """Largest observed difference / bound."""
        return max(examination.worst for examination in self.examinations)

    @property
    def exactly(self) -> int:
        """Numbers compared with rational arithmetic."""
        return sum(examination.exact.compared for examination in self.examinations)

    @property
    def first_disagreement(self) -> Disagreement | None:
        """The first of the first set of samples that has one."""
        return next(filter(None, (examination.first_disagreement for examination in self.examinations)), None)

    @property
    def agrees(self) -> bool:
        """Whether rounding explains every difference."""
        return self.first_disagreement is None

    @property
    def compared(self) -> dict[str, int]:
        """By quantity, how many numbers had a finite bound and were compared."""
        return count_compared(self.examinations)

    @property
    def power(self) -> dict[str, float]:
        """See `compare.certificates.sensitivity.power`."""
        return combine(examination.power for examination in self.examinations)


def twins_of(experiment: Experiment, recorder: "Recorder", batches: Batches | None) -> tuple[Twin, ...]:
    """Run the twins of an experiment of a single neuron, on data of its own or, if there are none, on drawn samples.

    An experiment in float64 has no other twin of that kind.
    """
    twins = []
    if experiment.dtype != "float64":
        twins.append(Twin("float64", (_in_float64(experiment, recorder, batches),)))
    few = dyadic.experiment_of(experiment)
    runs = [examine(few, recorder, data, drawn=False, prefix="dyadic twin: ") for data in dyadic.batches(few)]
    return (*twins, *([Twin("dyadic", tuple(runs))] if runs else []))


def _in_float64(experiment: Experiment, recorder: "Recorder", batches: Batches | None) -> Examination:
    steps = min(experiment.steps, STEPS, max(2, SAMPLES // experiment.batch_size))
    sharp = replace(experiment, dtype="float64", steps=steps)
    x, y = draw_batches(sharp) if batches is None else (a[:steps].astype(np.float64) for a in batches)
    return examine(sharp, recorder, (x, y), drawn=batches is None, prefix="float64 twin: ")
