"""Sharp twins of an experiment: a few steps each where an error shows that its own run hides.

In float32 and with large batches bounds are wide: gamma_n of 3,000 samples is more than
what tells n from n + 1. So beside the run as it was asked for, both sides also run

float64
    the same experiment in float64, on the same data (drawn with the same seed, or those
    given), where bounds are nine decimal digits narrower;
    (A subject that computes part of float64 in float32 has a float32 twin instead.)
dyadic
    in the experiment's own dtype and with its batch size, on samples made for it
    (`compare.certificates.exact.dyadic`), on which nothing is rounded but the mean, and that lie on the kink too.
"""

from dataclasses import dataclass, replace

import numpy as np

from compare.certificates.differences import Disagreement
from compare.certificates.exact import dyadic
from compare.certificates.examination import Examination, count_compared, examine
from compare.certificates.sensitivity.power import combine
from compare.certificates.specification import specify
from reference import Experiment, draw_batches
from reference.subject import Subject

__all__ = ["Twin", "twins_of"]

Batches = tuple[np.ndarray, np.ndarray]

STEPS = 12  # with bias corrections that matter
SAMPLES = 2**16  # more than one batch in all if there are less


@dataclass(frozen=True, eq=False)
class Twin:
    """A twin of an experiment: a run like it in which smaller errors are seen.

    Parameters
    ----------
    name : {"float64", "float32", "dyadic"}
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


def twins_of(experiment: Experiment, subject: Subject, batches: Batches | None) -> tuple[Twin, ...]:
    """Run the twins of an experiment of a single neuron, on data of its own or, if there are none, on drawn samples.

    An experiment in float64 has no other twin of that kind. If the subject computes some of it in
    float32 all the same, what is wrong with that shows in float32, which both of its twins are in.
    """
    twins = []
    single = bool(subject.in_single(experiment.dtype))
    other = "float32" if single else "float64"
    if other != experiment.dtype and subject.refuses(other) is None:
        twins.append(Twin(other, (_in_other_dtype(experiment, other, subject, batches),)))
    few = dyadic.experiment_of(experiment, keep_optimizer=not subject.takes_optimizer)
    few = specify(replace(few, dtype="float32") if single else few, subject)
    told = experiment.grad_at_zero is not None and specify(replace(few, grad_at_zero=None), subject) != few
    runs = [examine(few, subject, data, drawn=False, prefix="dyadic twin: ") for data in dyadic.batches(few, told=told)]
    return (*twins, *([Twin("dyadic", tuple(runs))] if runs else []))


def _in_other_dtype(experiment: Experiment, dtype: str, subject: Subject, batches: Batches | None) -> Examination:
    steps = min(experiment.steps, STEPS, max(2, SAMPLES // experiment.batch_size))
    short = specify(replace(experiment, dtype=dtype, steps=steps), subject)
    x, y = draw_batches(short) if batches is None else (a[:steps].astype(dtype) for a in batches)
    return examine(short, subject, (x, y), drawn=batches is None, prefix=f"{dtype} twin: ")
